import { formatRoundMoney } from "@crm_core/overview/overview_format";
import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor } from "@web/core/colors/colors";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

/** Lines from low to high above the bars of the months ahead. */
const intervals = {
    id: "crmForecastIntervals",
    afterDatasetsDraw(chart, _args, { ranges, color }) {
        const { ctx, scales } = chart;
        ctx.save();
        ctx.strokeStyle = color;
        ctx.lineWidth = 1.5;
        for (const [place, range] of (ranges || []).entries()) {
            if (range) {
                const x = scales.x.getPixelForValue(place);
                const [low, high] = range.map((value) => scales.y.getPixelForValue(value));
                ctx.beginPath();
                ctx.moveTo(x, low);
                ctx.lineTo(x, high);
                for (const end of [low, high]) {
                    ctx.moveTo(x - 4, end);
                    ctx.lineTo(x + 4, end);
                }
                ctx.stroke();
            }
        }
        ctx.restore();
    },
};

/** Months behind and ahead: what they are made of, how sure, and the year before. */
export class ForecastChart extends Component {
    static template = "crm_analytics.ForecastChart";
    static props = { past: Array, months: Array, currencyId: Number, label: String };

    setup() {
        this.canvasRef = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.months, this.canvasRef.el]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        // Canvas does not inherit: text and lines take their colors from the theme in force.
        const theme = window.getComputedStyle(this.canvasRef.el);
        const text = theme.color;
        const line = theme.getPropertyValue("--border-color") || theme.borderColor;
        this.chart = new window.Chart(this.canvasRef.el, {
            type: "bar",
            data: this.getData(text),
            options: this.getOptions(text, line),
            plugins: [intervals],
        });
    }

    getData(text) {
        const { past, months } = this.props;
        const scheme = cookie.get("color_scheme");
        const bars = { stack: "parts", borderRadius: 2, categoryPercentage: 0.75, order: 1 };
        const part = (number, label, before, key) => ({
            ...bars,
            label,
            data: [...past.map(before), ...months.map((month) => month[key])],
            backgroundColor: getColor(number, scheme, "sm"),
        });
        return {
            labels: [...past, ...months].map(({ month }) => DateTime.fromISO(month).toFormat("LLL yy")),
            datasets: [
                part(0, _t("Sold"), (month) => month.direct + month.from_deals, "booked"),
                part(1, _t("Usual sales"), () => 0, "history"),
                part(2, _t("Open deals"), () => 0, "pipeline"),
                part(3, _t("Deals to come"), () => 0, "future"),
                {
                    type: "line",
                    label: _t("Year before"),
                    data: [...past, ...months].map((month) => month.last_year),
                    borderColor: text,
                    borderDash: [4, 4],
                    borderWidth: 1.5,
                    pointRadius: 0,
                    backgroundColor: "transparent",
                    order: 0,
                },
            ],
        };
    }

    getOptions(text, line) {
        const { past, months, currencyId } = this.props;
        return {
            maintainAspectRatio: false,
            animation: false,
            interaction: { mode: "index", intersect: false },
            plugins: {
                crmForecastIntervals: {
                    color: text,
                    ranges: [...past.map(() => false), ...months.map(({ low, high }) => [low, high])],
                },
                legend: { position: "top", align: "end", labels: { color: text, boxWidth: 12 } },
                tooltip: {
                    callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${formatRoundMoney(raw, currencyId)}` },
                },
            },
            scales: {
                x: {
                    stacked: true,
                    ticks: { color: text, maxRotation: 0, autoSkipPadding: 8 },
                    grid: { display: false },
                },
                y: {
                    stacked: true,
                    beginAtZero: true,
                    suggestedMax: Math.max(...months.map(({ high }) => high)),
                    ticks: {
                        color: text,
                        maxTicksLimit: 6,
                        callback: (value) => formatCurrency(value, currencyId, { humanReadable: true, digits: [16, 0] }),
                    },
                    grid: { color: line },
                    border: { display: false },
                },
            },
        };
    }
}
