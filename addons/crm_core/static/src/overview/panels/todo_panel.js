import { customerPanels } from "../customer_panels";
import { OverviewPanel } from "../overview_panel";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const LEVELS = {
    danger: { class: "text-danger", icon: "fa-exclamation-circle", label: _t("Urgent") },
    warning: { class: "text-warning", icon: "fa-exclamation-triangle", label: _t("Attention") },
    info: { class: "text-info", icon: "fa-info-circle", label: _t("To know") },
    success: { class: "text-success", icon: "fa-check-circle", label: _t("Good") },
};

/** What to do for the customer now, most pressing first, and whom to talk to about it. */
export class TodoPanel extends Component {
    static template = "crm_core.TodoPanel";
    static components = { OverviewPanel };
    static props = { model: Object, section: Array, isFolded: Boolean };

    get todo() {
        return this.props.section.map((entry) => ({ ...entry, look: LEVELS[entry.level] || LEVELS.info }));
    }

    get partner() {
        return this.props.model.overview.partner;
    }

    getPhoneLink(phone) {
        return `tel:${phone.replace(/\s+/g, "")}`;
    }
}

customerPanels.add("todo", { component: TodoPanel, section: "todo", sequence: 10, position: "main" });
