import { formatMoney } from "../overview_format";
import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor, hexToRGBA } from "@web/core/colors/colors";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

export class TurnoverChart extends Component {
    static template = "crm_core.TurnoverChart";
    static props = { turnover: Object, currencyId: Number };

    setup() {
        this.canvasRef = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.turnover, this.canvasRef.el]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        this.chart = new window.Chart(this.canvasRef.el, {
            type: "bar",
            data: this.getData(),
            options: this.getOptions(),
        });
    }

    getData() {
        const { months, current, previous } = this.props.turnover;
        const color = getColor(0, cookie.get("color_scheme"), "sm");
        const bars = { borderRadius: 2, categoryPercentage: 0.75, barPercentage: 0.95 };
        return {
            labels: months.map((month) => DateTime.fromISO(`${month}-01`).toFormat("LLL yy")),
            datasets: [
                { ...bars, label: _t("Year before"), data: previous, backgroundColor: hexToRGBA(color, 0.3) },
                { ...bars, label: _t("These 12 months"), data: current, backgroundColor: color },
            ],
        };
    }

    getOptions() {
        // Canvas does not inherit: text and lines take their colors from the theme in force.
        const theme = window.getComputedStyle(this.canvasRef.el);
        const text = theme.color;
        const line = theme.getPropertyValue("--border-color") || theme.borderColor;
        const { currencyId } = this.props;
        return {
            maintainAspectRatio: false,
            animation: false,
            interaction: { mode: "index", intersect: false },
            plugins: {
                legend: { position: "top", align: "end", labels: { color: text, boxWidth: 12 } },
                tooltip: {
                    callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${formatMoney(raw, currencyId)}` },
                },
            },
            scales: {
                x: { ticks: { color: text, maxRotation: 0, autoSkipPadding: 8 }, grid: { display: false } },
                y: {
                    beginAtZero: true,
                    ticks: {
                        color: text,
                        maxTicksLimit: 6,
                        callback: (value) =>
                            formatCurrency(value, currencyId, {
                                humanReadable: true,
                                // $ 1.5k beside $ 2k, but no $ 500.0
                                digits: [16, value < 1000 || value % 1000 === 0 ? 0 : value % 100 === 0 ? 1 : 2],
                            }),
                    },
                    grid: { color: line },
                    border: { display: false },
                },
            },
        };
    }
}
