import { useCellMenu } from "../cell_menu";
import { DashboardPanel } from "../dashboard_panel";
import { formatAmount, formatCount, formatShare, formatShortAmount } from "../dashboard_format";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** The named segments, and who moved between them. */
export class SegmentsPanel extends Component {
    static template = "crm_analytics.SegmentsPanel";
    static components = { DashboardPanel };
    static props = { model: Object };

    setup() {
        this.openMenu = useCellMenu(() => this.props.model);
    }

    get segments() {
        return this.props.model.data.segments;
    }

    get days() {
        return this.props.model.data.filters.moved_days;
    }

    get rows() {
        const { currencyId } = this.props.model;
        return this.segments.rows.map((row) => ({
            ...row,
            countText: row.customer_count ? formatCount(row.customer_count) : "–",
            shareText: formatShare(row.share),
            stakeText: row.money_at_stake ? formatShortAmount(row.money_at_stake, currencyId) : "–",
            stakeTitle: formatAmount(row.money_at_stake, currencyId),
            detail: _t("%s in 12 months", formatAmount(row.revenue_12m, currencyId)),
        }));
    }

    get finding() {
        const { moved, moves } = this.segments;
        if (!moved) {
            return _t("Nobody moved to another segment in %s days", this.days);
        }
        const [most] = moves;
        return _t("%(moved)s moved in %(days)s days, most from %(from)s to %(to)s (%(count)s)", {
            moved: formatCount(moved),
            days: this.days,
            from: most.from,
            to: most.to,
            count: formatCount(most.count),
        });
    }

    pick(ev, row) {
        this.openMenu(ev, { what: row.what, name: row.name, count: row.customer_count, detail: row.detail });
    }

    pickMove(ev, move) {
        const name = _t("From %(from)s to %(to)s", move);
        this.openMenu(ev, { what: move.what, name, count: move.count });
    }

    setDays(ev) {
        return this.props.model.setFilter("moved_days", Number(ev.target.value));
    }
}
