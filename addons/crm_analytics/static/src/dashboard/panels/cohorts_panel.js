import { useCellMenu } from "../cell_menu";
import { DashboardPanel } from "../dashboard_panel";
import { formatAmount, formatCount, formatLongMonth, formatMonth, formatShare, formatShortAmount, getHeat } from "../dashboard_format";
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

const MEASURES = {
    retention: _t("Came again"),
    customers: _t("Customers"),
    revenue: _t("Revenue"),
    cumulative: _t("Revenue so far"),
};
const COLUMNS = { small: 4, large: 13 };
const LOOK_AHEAD = 3; // months: what the title tells

/** Who came first in which month, and what they did in the months since. */
export class CohortsPanel extends Component {
    static template = "crm_analytics.CohortsPanel";
    static components = { DashboardPanel };
    static props = { model: Object };

    setup() {
        this.state = useState({ measure: "retention", start: 0 });
        this.ui = useService("ui");
        this.openMenu = useCellMenu(() => this.props.model);
    }

    get cohorts() {
        return this.props.model.data.cohorts;
    }

    get measures() {
        return Object.entries(MEASURES).map(([key, label]) => ({ key, label }));
    }

    get columns() {
        const count = this.ui.isSmall ? COLUMNS.small : COLUMNS.large;
        const start = Math.max(0, Math.min(this.state.start, this.cohorts.width - count));
        return Array.from({ length: Math.min(count, this.cohorts.width) }, (_unused, place) => start + place);
    }

    get canGoBack() {
        return this.columns[0] > 0;
    }

    get canGoOn() {
        return this.columns.at(-1) < this.cohorts.width - 1;
    }

    go(direction) {
        this.state.start = this.columns[0] + direction * this.columns.length;
    }

    /** Of what is colored the most; the month of first purchase would pale all others. */
    get highest() {
        const { measure } = this.state;
        const cells = this.cohorts.rows.flatMap((row) => row.cells.slice(measure === "cumulative" ? 0 : 1));
        return Math.max(0, ...cells.map((cell) => cell[measure]));
    }

    get rows() {
        const { highest, columns } = this;
        return [...this.cohorts.rows].reverse().map((row) => ({
            ...row,
            name: formatMonth(row.cohort),
            longName: formatLongMonth(row.cohort),
            sizeText: formatCount(row.size),
            shown: columns.map((offset) => this.prepareCell(row, offset, highest)),
        }));
    }

    prepareCell(row, offset, highest) {
        const cell = row.cells[offset];
        if (!cell) {
            return { offset, isUnknown: true };
        }
        const { currencyId } = this.props.model;
        const { measure } = this.state;
        const name = _t("First in %(month)s, %(offset)s months later", { month: formatLongMonth(row.cohort), offset });
        const parts = [
            _t("%(customers)s of %(size)s customers (%(share)s, between %(low)s and %(high)s)", {
                customers: formatCount(cell.customers),
                size: formatCount(row.size),
                share: formatShare(cell.retention),
                low: formatShare(cell.low),
                high: formatShare(cell.high),
            }),
            formatAmount(cell.revenue, currencyId),
            cell.is_partial ? _t("the month still runs") : "",
            row.is_small ? _t("few customers: the share says little") : "",
        ];
        const texts = {
            retention: formatShare(cell.retention),
            customers: formatCount(cell.customers),
            revenue: formatShortAmount(cell.revenue, currencyId),
            cumulative: formatShortAmount(cell.cumulative, currencyId),
        };
        return {
            ...cell,
            offset,
            name,
            title: `${name}: ${parts.filter(Boolean).join(", ")}`,
            text: cell.customers || measure === "cumulative" ? texts[measure] : "–",
            // The month of first purchase is 100 % of itself.
            heat: cell.is_partial || (measure === "retention" && !offset) ? 0 : getHeat(cell[measure], highest),
        };
    }

    get average() {
        return this.columns.map((offset) => ({ offset, text: formatShare(this.cohorts.average[offset]) }));
    }

    get finding() {
        const known = this.cohorts.average[LOOK_AHEAD];
        if (known === null || known === undefined) {
            return _t("Too early to tell who comes back: the first cohorts are younger than %s months", LOOK_AHEAD);
        }
        return _t("%(share)s of new customers buy in the third month after their first purchase", {
            share: formatShare(known),
        });
    }

    get smallNote() {
        return this.cohorts.rows.some((row) => row.is_small)
            ? _t("~ fewer than %s customers: look at the interval.", this.cohorts.small)
            : "";
    }

    pick(ev, cell) {
        this.openMenu(ev, { what: cell.what, name: cell.name, count: cell.customers });
    }
}
