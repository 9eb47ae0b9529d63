import { formatExact, formatMoney, formatQuantity, getMoment, isUnknown } from "../overview_format";
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

const { DateTime } = luxon;

/** Icon of each kind of contact; an addon that adds a kind adds its icon here. */
export const timelineIcons = registry.category("crm_timeline_icons");

for (const [kind, icon] of Object.entries({
    activity: "fa-check-square-o",
    call: "fa-phone",
    contact: "fa-comment-o",
    delivery: "fa-truck",
    email: "fa-envelope-o",
    invoice: "fa-money",
    lead: "fa-star-o",
    lost: "fa-thumbs-o-down",
    meeting: "fa-calendar",
    order: "fa-shopping-cart",
    past_order: "fa-history",
    payment: "fa-credit-card",
    quotation: "fa-file-text-o",
    refund: "fa-undo",
    reminder: "fa-bell-o",
    return: "fa-reply",
    won: "fa-trophy",
})) {
    timelineIcons.add(kind, icon);
}

const LEVELS = {
    success: "text-bg-success",
    info: "text-bg-info",
    warning: "text-bg-warning",
    danger: "text-bg-danger",
    muted: "text-bg-secondary",
};

/** One contact of the history: opens its source, and unfolds to products or text where it has some. */
export class HistoryRow extends Component {
    static template = "crm_core.HistoryRow";
    static props = { row: Object, model: Object };

    setup() {
        this.state = useState({ isOpen: false, detail: null, failure: "" });
    }

    get icon() {
        return timelineIcons.get(this.props.row.kind, "fa-circle-o");
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
        return row.day ? "" : getMoment(row).toLocaleString(DateTime.TIME_SIMPLE);
    }

    get exact() {
        return formatExact(this.props.row);
    }

    /** With whom, by whom and how it went: the customer itself needs no mention. */
    get about() {
        const { contact, contact_id, direction, outcome, user } = this.props.row;
        const parts = [];
        if (contact && contact_id !== this.props.model.overview.partner.id) {
            parts.push(direction === "in" ? _t("from %s", contact) : _t("with %s", contact));
        } else if (direction === "in" && !user) {
            parts.push(_t("from the customer"));
        }
        if (user) {
            parts.push(_t("by %s", user));
        }
        if (outcome) {
            parts.push(outcome);
        }
        return parts.join(" · ");
    }

    get detailId() {
        return `crm_history_${this.props.row.key.replace(/\W/g, "_")}`;
    }

    get lines() {
        return this.state.detail.lines.map((line) => ({
            product: line.product,
            quantity: `${formatQuantity(line.quantity)} ${line.uom}`,
            amount: isUnknown(line.amount) ? "" : formatMoney(line.amount, line.currency_id),
        }));
    }

    openSource() {
        return this.props.model.openDocument(this.props.row.model, this.props.row.res_id);
    }

    onClick() {
        return this.props.row.unfolds ? this.toggle() : this.openSource();
    }

    async toggle() {
        this.state.isOpen = !this.state.isOpen;
        if (!this.state.isOpen || this.state.detail) {
            return;
        }
        this.state.failure = "";
        try {
            this.state.detail = await this.props.model.call("crm_timeline_detail", {
                interaction_id: this.props.row.id,
            });
        } catch (error) {
            this.state.failure = error.data?.message || _t("The details could not be loaded.");
        }
    }
}
