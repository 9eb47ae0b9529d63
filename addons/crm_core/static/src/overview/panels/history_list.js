import { getMoment } from "../overview_format";
import { KeepLast } from "@web/core/utils/concurrency";
import { _t } from "@web/core/l10n/translation";

const PAGE = 20;

/** What narrows the history down; null and "" mean everything. */
const NO_FILTER = {
    group: null,
    channel: null,
    direction: null,
    userId: null,
    contactId: null,
    since: "",
    until: "",
    search: "",
};

function addKey(row) {
    return { ...row, key: `crm.interaction,${row.id}` };
}

/** The pages of the history loaded so far for one filter, and what is to come. */
export class HistoryList {
    rows = [];
    upcoming = { rows: [], more: false };
    /** Where the next page starts; null after the last one. */
    next = null;
    filter = { ...NO_FILTER };
    isLoading = false;
    failure = "";

    /** @param {(method: string, kwargs: Object, partnerId?: number) => Promise<Object>} call */
    constructor(call) {
        this.call = call;
        this.keepLast = new KeepLast();
    }

    get isFiltered() {
        return Object.entries(NO_FILTER).some(([name, none]) => this.filter[name] !== none);
    }

    /** @returns {{day: string, moment: DateTime, rows: Object[]}[]} rows under the day they stand for */
    get days() {
        const days = [];
        for (const row of this.rows) {
            const moment = getMoment(row);
            const day = moment.toISODate();
            if (days.at(-1)?.day !== day) {
                days.push({ day, moment, key: row.key, rows: [] });
            }
            days.at(-1).rows.push(row);
        }
        return days;
    }

    setFilter(filter) {
        Object.assign(this.filter, filter);
        return this.reload();
    }

    clearFilter() {
        return this.setFilter(NO_FILTER);
    }

    /** From the top. The rows before stay until the answer is there, so that the page keeps its height. */
    async reload() {
        const page = await this._fetch(null);
        if (page) {
            this.rows = page.rows.map(addKey);
        }
    }

    async loadUpcoming(limit) {
        try {
            this.upcoming = await this.call("crm_upcoming", { limit });
        } catch {
            // What was is shown all the same.
            this.upcoming = { rows: [], more: false };
        }
    }

    async loadMore() {
        if (this.isLoading || !this.next) {
            return;
        }
        const page = await this._fetch(this.next);
        if (page) {
            this.rows.push(...page.rows.map(addKey));
        }
    }

    async _fetch(before) {
        this.isLoading = true;
        this.failure = "";
        let page = null;
        const { group, channel, direction, userId, contactId, since, until, search } = this.filter;
        try {
            page = await this.keepLast.add(
                this.call(
                    "crm_timeline",
                    {
                        limit: PAGE,
                        before,
                        kinds: group?.kinds || null,
                        channels: channel ? [channel] : null,
                        direction,
                        user_id: userId,
                        since: since || null,
                        until: until || null,
                        search: search || null,
                        this_contact: Boolean(contactId),
                    },
                    contactId
                )
            );
            this.next = page.next;
        } catch (error) {
            this.failure = error.data?.message || _t("The history could not be loaded.");
        }
        this.isLoading = false;
        return page;
    }
}
