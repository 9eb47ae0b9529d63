import { AnalyticsChart, getChartColor } from "../analytics_chart";
import { useCellMenu } from "../cell_menu";
import { DashboardPanel } from "../dashboard_panel";
import { formatAmount, formatCount, formatLongMonth, formatMonth, formatShare } from "../dashboard_format";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const SERIES = [
    { which: "new", label: _t("New"), color: 2 },
    { which: "returning", label: _t("Returning"), color: 0 },
    { which: "reactivated", label: _t("Reactivated"), color: 4 },
    { which: "lost", label: _t("Lost"), color: 1, isLoss: true },
];

/** Who buys in each month, and who stopped. */
export class MonthsPanel extends Component {
    static template = "crm_analytics.MonthsPanel";
    static components = { AnalyticsChart, DashboardPanel };
    static props = { model: Object };

    setup() {
        this.openMenu = useCellMenu(() => this.props.model);
        this.series = SERIES;
        this.formatY = (value) => formatCount(Math.abs(value));
        this.formatTooltip = ({ dataset, raw }) => `${dataset.label}: ${formatCount(Math.abs(raw))}`;
    }

    get months() {
        return this.props.model.data.months;
    }

    get complete() {
        return this.months.rows.filter((row) => !row.is_partial);
    }

    get finding() {
        const last = this.complete.at(-1);
        if (!last) {
            return _t("The first month still runs");
        }
        return _t("%(month)s: %(new)s new, %(back)s came back, %(lost)s lost", {
            month: formatLongMonth(last.month),
            new: formatCount(last.new_count),
            back: formatCount(last.reactivated_count),
            lost: formatCount(last.lost_count),
        });
    }

    get chart() {
        if (this.chartOf !== this.months) {
            this.chartOf = this.months;
            const { rows } = this.months;
            this.chartData = {
                // The month that runs is marked, and paler.
                labels: rows.map((row) => formatMonth(row.month) + (row.is_partial ? "*" : "")),
                datasets: SERIES.map(({ which, label, color, isLoss }) => ({
                    label: label.toString(),
                    data: rows.map((row) => (isLoss ? -1 : 1) * row[`${which}_count`]),
                    backgroundColor: rows.map((row) => getChartColor(color, row.is_partial ? 0.4 : 1)),
                })),
            };
        }
        return this.chartData;
    }

    get table() {
        const { currencyId } = this.props.model;
        return [...this.months.rows].reverse().map((row) => ({
            ...row,
            name: formatLongMonth(row.month),
            customers: formatCount(row.customer_count),
            revenueText: formatAmount(row.revenue, currencyId),
            repeat: row.customer_count ? formatShare(1 - row.new_count / row.customer_count) : "–",
            cells: SERIES.map(({ which, label }) => ({ which, label, count: row[`${which}_count`] })),
        }));
    }

    onPick(native, index, series) {
        const { which, label } = SERIES[series];
        this.pick({ currentTarget: native.target }, this.months.rows[index], which, label);
    }

    pick(ev, row, which, label) {
        this.openMenu(ev, {
            what: { kind: "month", month: row.month, which },
            name: `${label}, ${formatLongMonth(row.month)}`,
            count: row[`${which}_count`],
        });
    }
}
