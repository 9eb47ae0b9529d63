import { AnalyticsChart, getChartColor } from "../analytics_chart";
import { useCellMenu } from "../cell_menu";
import { DashboardPanel } from "../dashboard_panel";
import { formatAmount, formatCount, formatShare } from "../dashboard_format";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** How few customers bring how much: classes as a pyramid, and the Pareto curve. */
export class PyramidPanel extends Component {
    static template = "crm_analytics.PyramidPanel";
    static components = { AnalyticsChart, DashboardPanel };
    static props = { model: Object };

    setup() {
        this.openMenu = useCellMenu(() => this.props.model);
        this.formatShare = formatShare;
    }

    get value() {
        return this.props.model.data.value;
    }

    get classes() {
        const { currencyId } = this.props.model;
        return this.value.classes.map((row) => ({
            ...row,
            name: _t("%s customers", row.key.toUpperCase()),
            countText: formatCount(row.customer_count),
            customerShare: formatShare(row.customer_share),
            revenueShare: formatShare(row.revenue_share),
            revenueText: formatAmount(row.revenue_12m, currencyId),
            valueText: formatAmount(row.lifetime_value, currencyId),
        }));
    }

    get finding() {
        const { top_fifth } = this.value;
        if (top_fifth === null) {
            return _t("No revenue in the last 12 months");
        }
        return _t("The best fifth of the customers brings %s of the revenue", formatShare(top_fifth));
    }

    get chart() {
        // Made once for each load: a chart is drawn anew when its data is another object.
        if (this.chartOf !== this.value) {
            this.chartOf = this.value;
            this.chartData = {
                datasets: [
                    {
                        label: _t("Revenue"),
                        data: this.value.curve.map(([x, y]) => ({ x, y })),
                        borderColor: getChartColor(0),
                        backgroundColor: getChartColor(0, 0.2),
                        fill: true,
                        pointRadius: 0,
                    },
                ],
            };
        }
        return this.chartData;
    }

    get table() {
        return this.value.top.map(([customers, revenue]) => ({
            customers: formatShare(customers),
            revenue: formatShare(revenue),
        }));
    }

    formatTooltip({ parsed }) {
        return _t("%(customers)s of customers, %(revenue)s of revenue", {
            customers: formatShare(parsed.x),
            revenue: formatShare(parsed.y),
        });
    }

    pick(ev, row) {
        this.openMenu(ev, { what: row.what, name: row.name, count: row.customer_count, detail: row.revenueText });
    }
}
