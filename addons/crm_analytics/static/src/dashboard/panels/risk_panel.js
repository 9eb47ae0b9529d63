import { useCellMenu } from "../cell_menu";
import { DashboardPanel } from "../dashboard_panel";
import { customersText, formatAmount, formatShare, getHoldoutText, RISKS } from "../dashboard_format";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** Who may leave, and what is at stake with them. */
export class RiskPanel extends Component {
    static template = "crm_analytics.RiskPanel";
    static components = { DashboardPanel };
    static props = { model: Object };

    setup() {
        this.openMenu = useCellMenu(() => this.props.model);
    }

    get risk() {
        return this.props.model.data.risk;
    }

    money(amount) {
        return formatAmount(amount, this.props.model.currencyId);
    }

    get levels() {
        return this.risk.levels
            .filter((level) => level.customer_count)
            .map((level) => ({
                ...level,
                ...RISKS[level.key],
                text: _t("%(customers)s, %(money)s", {
                    customers: customersText(level.customer_count),
                    money: this.money(level.money_at_stake),
                }),
            }));
    }

    get rows() {
        return this.risk.rows.map((row) => ({
            ...row,
            ...RISKS[row.risk],
            noOrder: formatShare(row.no_order),
            stake: this.money(row.at_stake),
            revenue: this.money(row.revenue_12m),
        }));
    }

    get holdout() {
        const text = getHoldoutText(this.props.model.data.model);
        return text ? _t("How good the model is: %s purchases against what came.", text) : "";
    }

    get finding() {
        const high = this.risk.levels.find((level) => level.key === "high");
        if (!high?.money_at_stake) {
            return _t("Nobody with revenue is at high risk");
        }
        return _t("%(money)s at stake with customers at high risk", { money: this.money(high.money_at_stake) });
    }

    pick(ev, level) {
        this.openMenu(ev, { what: level.what, name: level.label, detail: this.money(level.money_at_stake) });
    }

    pickCustomer(ev, row) {
        this.openMenu(ev, { what: row.what, name: row.name, count: 1, detail: row.stake });
    }
}
