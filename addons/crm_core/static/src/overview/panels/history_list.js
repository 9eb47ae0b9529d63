import { getMoment } from "../overview_format";
import { KeepLast } from "@web/core/utils/concurrency";
import { _t } from "@web/core/l10n/translation";

const PAGE = 20;

/** The pages of the history loaded so far, for one choice of kinds and one search. */
export class HistoryList {
    rows = [];
    /** Where the next page starts; null after the last one. */
    next = null;
    kind = null;
    search = "";
    isLoading = false;
    failure = "";

    constructor(call) {
        this.call = call;
        this.keepLast = new KeepLast();
    }

    get isFiltered() {
        return Boolean(this.kind || this.search);
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
        Object.assign(this, filter);
        return this.reload();
    }

    /** From the top. The rows before stay until the answer is there, so that the page keeps its height. */
    async reload() {
        const page = await this._fetch(null);
        if (page) {
            this.rows = page.rows;
        }
    }

    async loadMore() {
        if (this.isLoading || !this.next) {
            return;
        }
        const page = await this._fetch(this.next);
        if (page) {
            this.rows.push(...page.rows);
        }
    }

    async _fetch(before) {
        this.isLoading = true;
        this.failure = "";
        let page = null;
        try {
            page = await this.keepLast.add(
                this.call("crm_history", {
                    limit: PAGE,
                    before,
                    kinds: this.kind ? [this.kind] : null,
                    search: this.search || null,
                })
            );
            this.next = page.next;
        } catch (error) {
            this.failure = error.data?.message || _t("The history could not be loaded.");
        }
        this.isLoading = false;
        return page;
    }
}
