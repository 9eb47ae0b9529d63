import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor, hexToRGBA } from "@web/core/colors/colors";

/** Colors of the charts in the theme in force; the same number is the same color everywhere. */
export function getChartColor(number, opacity = 1) {
    return hexToRGBA(getColor(number, cookie.get("color_scheme"), "sm"), opacity);
}

/** A chart of Chart.js, loaded when the first one is drawn; text and lines take the colors of the theme. */
export class AnalyticsChart extends Component {
    static template = "crm_analytics.AnalyticsChart";
    static props = {
        type: String,
        data: Object,
        label: String,
        formatX: { type: Function, optional: true },
        formatY: { type: Function, optional: true },
        formatTooltip: { type: Function, optional: true },
        titleX: { type: String, optional: true },
        titleY: { type: String, optional: true },
        isStacked: { type: Boolean, optional: true },
        linearX: { type: Boolean, optional: true },
        onPick: { type: Function, optional: true },
    };

    setup() {
        this.canvasRef = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.data, this.canvasRef.el]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        const { type, data } = this.props;
        this.chart = new window.Chart(this.canvasRef.el, { type, data, options: this.getOptions() });
    }

    getOptions() {
        const theme = window.getComputedStyle(this.canvasRef.el);
        const text = theme.color;
        const line = theme.getPropertyValue("--border-color") || theme.borderColor;
        const { formatX, formatY, formatTooltip, titleX, titleY, isStacked, linearX, onPick } = this.props;
        const title = (content) => ({ display: Boolean(content), text: content, color: text });
        return {
            maintainAspectRatio: false,
            animation: false,
            interaction: { mode: "index", intersect: false },
            onClick: (event, elements, chart) => {
                if (onPick) {
                    const [element] = chart.getElementsAtEventForMode(event.native, "nearest", { intersect: true }, false);
                    if (element) {
                        onPick(event.native, element.index, element.datasetIndex);
                    }
                }
            },
            plugins: {
                legend: {
                    display: this.props.data.datasets.length > 1,
                    position: "top",
                    align: "end",
                    labels: { color: text, boxWidth: 12 },
                },
                tooltip: formatTooltip ? { callbacks: { label: formatTooltip } } : {},
            },
            scales: {
                x: {
                    type: linearX ? "linear" : "category",
                    stacked: isStacked,
                    title: title(titleX),
                    ticks: {
                        color: text,
                        maxRotation: 0,
                        autoSkipPadding: 8,
                        ...(formatX ? { callback: (value) => formatX(value) } : {}),
                    },
                    grid: { display: false },
                    ...(linearX ? { min: 0, max: 1 } : {}),
                },
                y: {
                    stacked: isStacked,
                    title: title(titleY),
                    ticks: {
                        color: text,
                        maxTicksLimit: 6,
                        ...(formatY ? { callback: (value) => formatY(value) } : {}),
                    },
                    grid: { color: line },
                    border: { display: false },
                    ...(linearX ? { min: 0, max: 1 } : {}),
                },
            },
        };
    }
}
