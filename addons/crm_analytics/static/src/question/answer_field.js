import { AnalyticsChart, getChartColor } from "../dashboard/analytics_chart";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const BARS = 25;
const MODEL = "crm.analytics.question";

/** The answer to a question: a chart, the table behind it, and from each row to its records and customers. */
export class AnswerField extends Component {
    static template = "crm_analytics.AnswerField";
    static components = { AnalyticsChart };
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get answer() {
        return this.props.record.data[this.props.name] || {};
    }

    get hasChart() {
        return this.answer.rows?.length > 1 && this.answer.chart !== "none";
    }

    get chart() {
        const { rows, columns, chart } = this.answer;
        const shown = chart === "line" ? rows : rows.slice(0, BARS);
        return {
            labels: shown.map((row) => row.label),
            datasets: columns.map((label, number) => ({
                label,
                data: shown.map((row) => row.values[number]),
                backgroundColor: getChartColor(number, chart === "line" ? 0.2 : 0.8),
                borderColor: getChartColor(number),
                borderWidth: chart === "line" ? 2 : 0,
                pointRadius: 2,
            })),
        };
    }

    get cut() {
        return _t("Only the first %s are shown.", this.answer.rows.length);
    }

    getShown(datasetIndex, index) {
        return this.answer.rows[index].shown[datasetIndex];
    }

    formatTooltip(item) {
        return `${item.dataset.label}: ${this.getShown(item.datasetIndex, item.dataIndex)}`;
    }

    openRecords(row) {
        return this.open("crm_open_rows", row);
    }

    openCustomers(row) {
        return this.open("crm_open_customers", row);
    }

    async open(method, row) {
        const found = await this.orm.call(MODEL, method, [this.answer.subject_id, row.domain, row.label]);
        return this.action.doAction(found);
    }
}

registry.category("fields").add("crm_analytics_answer", {
    component: AnswerField,
    supportedTypes: ["json"],
});
