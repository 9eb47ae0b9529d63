import { customerPanels } from "@crm_core/overview/customer_panels";
import { OverviewPanel } from "@crm_core/overview/overview_panel";
import { Component } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { formatMonetary } from "@web/views/fields/formatters";

const RISKS = {
    low: { badge: "text-bg-success", text: _t("Low risk") },
    medium: { badge: "text-bg-warning", text: _t("Medium risk") },
    high: { badge: "text-bg-danger", text: _t("High risk") },
};

/** What the customer is worth, whether he stays, and why we think so. */
export class ValuePanel extends Component {
    static template = "crm_analytics.ValuePanel";
    static components = { OverviewPanel };
    static props = { model: Object, section: Object, isFolded: Boolean };

    get risk() {
        return RISKS[this.props.section.risk];
    }

    get figures() {
        const section = this.props.section;
        return [
            {
                key: "expected",
                label: _t("Expected in 12 months"),
                value: this.money(section.expected_revenue),
                detail: _t("%s orders", section.expected_orders),
            },
            {
                key: "value",
                label: _t("Customer value"),
                value: this.money(section.lifetime_value),
                detail: _t("36 months, discounted"),
            },
            {
                key: "stake",
                label: _t("At stake"),
                value: this.money(section.at_stake),
                detail: _t("%s % chance of no order in 90 days", section.no_order),
            },
            {
                key: "next",
                label: _t("Next order expected"),
                value: formatDate(deserializeDate(section.next_day)),
                detail: _t("as of %s", formatDate(deserializeDate(section.as_of))),
            },
        ];
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.props.section.currency_id, digits: [16, 0] });
    }

    openPeer(peer) {
        return this.props.model.openDocument("res.partner", peer.id);
    }
}

customerPanels.add("value", {
    component: ValuePanel,
    section: "value",
    sequence: 60,
    position: "full",
});
