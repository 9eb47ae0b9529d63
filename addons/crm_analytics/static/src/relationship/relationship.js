import { Pyramid, PyramidParts, formatChange } from "./pyramid";
import { Component, onWillStart, useState } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "crm.analytics.pyramid";
const LEVELS = ["response", "reliability", "relationship"];

/** "How do we serve our customers, and what would help most?" */
export class Relationship extends Component {
    static template = "crm_analytics.Relationship";
    static components = { Layout, Pyramid, PyramidParts };
    static props = { ...standardActionServiceProps };

    setup() {
        useSetupAction();
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.state = useState({ status: "loading", segment: 0, data: null, failure: "" });
        onWillStart(() => {
            this.load();
        });
    }

    async load() {
        this.state.status = "loading";
        try {
            this.state.data = await this.keepLast.add(
                this.orm.call(MODEL, "crm_relationship", [this.state.segment || false])
            );
            this.state.status = "ready";
        } catch (error) {
            this.state.failure = error.data?.message || _t("The figures could not be loaded.");
            this.state.status = "failed";
        }
    }

    chooseSegment(ev) {
        this.state.segment = Number(ev.target.value);
        this.load();
    }

    get months() {
        return this.state.data.months.map((month) => ({
            key: month.month,
            name: deserializeDate(month.month).toFormat("LLL yyyy"),
            count: month.count,
            scores: LEVELS.map((level) => (month[level] === null ? "–" : Math.round(month[level]))),
        }));
    }

    get asOf() {
        const { as_of: asOf, earlier_on: earlierOn } = this.state.data;
        const day = formatDate(deserializeDate(asOf));
        if (!earlierOn) {
            return _t("As of %s. Movement shows from the second month on.", day);
        }
        const month = deserializeDate(earlierOn).toFormat("LLLL yyyy");
        return _t("As of %(day)s, compared with %(month)s.", { day, month });
    }

    formatChange(change) {
        return formatChange(change);
    }

    /** @param {string|false} part those for whom mending this part would lift most; false: all */
    async openCustomers(part) {
        const found = await this.orm.call(MODEL, "crm_relationship_customers", [
            part,
            this.state.segment || false,
        ]);
        return this.action.doAction(found);
    }

    openCustomer(customer) {
        return this.action.doActionButton({
            type: "object",
            name: "action_crm_overview",
            resModel: "res.partner",
            resId: customer.id,
        });
    }
}

registry.category("actions").add("crm_analytics.relationship", Relationship);
