import { useCellMenu } from "../cell_menu";
import { DashboardPanel } from "../dashboard_panel";
import { customersText, formatAmount, formatCount, formatShare, getHeat } from "../dashboard_format";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const GOOD = 4;

/** Who bought how lately and how often: five by five. */
export class GridPanel extends Component {
    static template = "crm_analytics.GridPanel";
    static components = { DashboardPanel };
    static props = { model: Object };

    setup() {
        this.openMenu = useCellMenu(() => this.props.model);
    }

    get grid() {
        return this.props.model.data.grid;
    }

    get rows() {
        const highest = Math.max(...this.grid.rows.flatMap((row) => row.cells.map((cell) => cell.customer_count)));
        return this.grid.rows.map((row) => ({
            ...row,
            cells: row.cells.map((cell) => this.prepareCell(row, cell, highest)),
        }));
    }

    prepareCell(row, cell, highest) {
        const { currencyId } = this.props.model;
        const name = _t("Recency %(recency)s, frequency %(frequency)s", { recency: row.recency, frequency: cell.frequency });
        const amount = formatAmount(cell.revenue_12m, currencyId);
        return {
            ...cell,
            name,
            detail: _t("%s in 12 months", amount),
            title: `${name}: ${customersText(cell.customer_count)}, ${amount}`,
            countText: cell.customer_count ? formatCount(cell.customer_count) : "–",
            shareText: cell.customer_count ? formatShare(cell.share) : "",
            heat: getHeat(cell.customer_count, highest),
        };
    }

    get finding() {
        const best = this.grid.rows
            .filter((row) => row.recency >= GOOD)
            .flatMap((row) => row.cells.filter((cell) => cell.frequency >= GOOD));
        const count = best.reduce((sum, cell) => sum + cell.customer_count, 0);
        return _t("%(count)s of %(total)s customers bought lately and often (%(share)s)", {
            count: formatCount(count),
            total: formatCount(this.grid.customer_count),
            share: formatShare(this.grid.customer_count ? count / this.grid.customer_count : 0),
        });
    }

    get unscored() {
        const count = this.grid.unscored_count;
        return count > 0 ? _t("Without a score, since they want no profile: %s.", formatCount(count)) : "";
    }

    pick(ev, cell) {
        this.openMenu(ev, { what: cell.what, name: cell.name, count: cell.customer_count, detail: cell.detail });
    }
}
