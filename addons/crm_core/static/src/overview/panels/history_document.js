import { formatExact, formatMoney, formatQuantity, getMoment, isUnknown } from "../overview_format";
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

const KINDS = {
    order: { label: _t("Order"), icon: "fa-shopping-cart" },
    quotation: { label: _t("Quotation"), icon: "fa-file-text-o" },
    invoice: { label: _t("Invoice"), icon: "fa-money" },
    refund: { label: _t("Refund"), icon: "fa-undo" },
    delivery: { label: _t("Delivery"), icon: "fa-truck" },
    return: { label: _t("Return"), icon: "fa-reply" },
};

const LEVELS = {
    success: "text-bg-success",
    info: "text-bg-info",
    warning: "text-bg-warning",
    danger: "text-bg-danger",
    muted: "text-bg-secondary",
};

/** One document of the history: a row that unfolds to its products. */
export class HistoryDocument extends Component {
    static template = "crm_core.HistoryDocument";
    static props = { row: Object, model: Object };

    setup() {
        this.state = useState({ isOpen: false, lines: null, failure: "" });
    }

    get kind() {
        return KINDS[this.props.row.kind] || { label: this.props.row.kind, icon: "fa-file-o" };
    }

    get levelClass() {
        return LEVELS[this.props.row.level] || LEVELS.muted;
    }

    get amount() {
        const { amount, currency_id } = this.props.row;
        return isUnknown(amount) ? "" : formatMoney(amount, currency_id);
    }

    get time() {
        const { row } = this.props;
        return row.has_time ? getMoment(row).toLocaleString(DateTime.TIME_SIMPLE) : "";
    }

    get exact() {
        return formatExact(this.props.row);
    }

    get linesId() {
        return `crm_history_${this.props.row.key.replace(/\W/g, "_")}`;
    }

    get lines() {
        return this.state.lines.map((line) => ({
            product: line.product,
            quantity: `${formatQuantity(line.quantity)} ${line.uom}`,
            amount: isUnknown(line.amount) ? "" : formatMoney(line.amount, line.currency_id),
        }));
    }

    async toggle() {
        this.state.isOpen = !this.state.isOpen;
        if (!this.state.isOpen || this.state.lines) {
            return;
        }
        const { model, id } = this.props.row;
        this.state.failure = "";
        try {
            this.state.lines = await this.props.model.call("crm_history_lines", { model, res_id: id });
        } catch (error) {
            this.state.failure = error.data?.message || _t("The products could not be loaded.");
        }
    }
}
