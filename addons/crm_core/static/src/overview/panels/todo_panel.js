import { MyDayModel } from "../../my_day/my_day_model";
import { NextActionButtons } from "../../my_day/next_action_buttons";
import { customerPanels } from "../customer_panels";
import { OverviewPanel } from "../overview_panel";
import { Component, useEffect, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

const LEVELS = {
    danger: { class: "text-danger", icon: "fa-exclamation-circle", label: _t("Urgent") },
    warning: { class: "text-warning", icon: "fa-exclamation-triangle", label: _t("Attention") },
    info: { class: "text-info", icon: "fa-info-circle", label: _t("To know") },
    success: { class: "text-success", icon: "fa-check-circle", label: _t("Good") },
};

/** What to do for the customer now, most pressing first, and whom to talk to about it. */
export class TodoPanel extends Component {
    static template = "crm_core.TodoPanel";
    static components = { NextActionButtons, OverviewPanel };
    static props = { model: Object, section: Array, isFolded: Boolean };

    setup() {
        this.model = useState(this.props.model);
        this.list = useState(
            new MyDayModel({
                orm: useService("orm"),
                action: useService("action"),
                notification: useService("notification"),
                reload: () => this.props.model.load(),
            })
        );
        useEffect(
            () => {
                const { rows, reasons } = this.props.model.overview.next_actions || { rows: [], reasons: [] };
                this.list.items = rows.map((row) => ({ ...row, isDone: false }));
                this.list.reasons = reasons;
            },
            () => [this.model.version]
        );
    }

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
