import { useCellMenu } from "../cell_menu";
import { DashboardPanel } from "../dashboard_panel";
import { formatAmount, formatCount, formatShare, formatValue, RHYTHMS } from "../dashboard_format";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** How many buy again, and in which rhythm. */
export class LoyaltyPanel extends Component {
    static template = "crm_analytics.LoyaltyPanel";
    static components = { DashboardPanel };
    static props = { model: Object };

    setup() {
        this.openMenu = useCellMenu(() => this.props.model);
    }

    get loyalty() {
        return this.props.model.data.loyalty;
    }

    get rows() {
        const { currencyId } = this.props.model;
        return this.loyalty.rhythm.map((row) => ({
            ...row,
            name: RHYTHMS[row.key],
            countText: formatCount(row.customer_count),
            shareText: formatShare(row.share),
            detail: _t("%s in 12 months", formatAmount(row.revenue_12m, currencyId)),
        }));
    }

    get more() {
        return this.loyalty.more.map((figure) => ({
            ...figure,
            text: formatValue(figure, this.props.model.currencyId),
        }));
    }

    get finding() {
        const most = [...this.rows].sort((left, right) => right.customer_count - left.customer_count)[0];
        return _t("%(share)s of the customers have bought more than once; most of all: %(rhythm)s", {
            share: formatShare(this.loyalty.repeat_rate),
            rhythm: (most?.name || "–").toString().toLowerCase(),
        });
    }

    pick(ev, row) {
        this.openMenu(ev, { what: row.what, name: row.name, count: row.customer_count, detail: row.detail });
    }
}
