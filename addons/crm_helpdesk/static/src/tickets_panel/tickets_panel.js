import { customerPanels } from "@crm_core/overview/customer_panels";
import { OverviewPanel } from "@crm_core/overview/overview_panel";
import { Component } from "@odoo/owl";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const KINDS = {
    open: "text-bg-info",
    waiting: "text-bg-warning",
};

/** The customer's open tickets, the most pressing first. */
export class TicketsPanel extends Component {
    static template = "crm_helpdesk.TicketsPanel";
    static components = { OverviewPanel };
    static props = { model: Object, section: Object, isFolded: Boolean };

    get rows() {
        return this.props.section.rows.map((row) => ({
            ...row,
            badge: KINDS[row.kind] || "text-bg-secondary",
            ...this.describeDeadline(row.deadline),
            person: row.user || _t("Nobody yet"),
        }));
    }

    /** When an answer or solution is due as people say it, and to the minute for who points at it. */
    describeDeadline(text) {
        if (!text) {
            return {};
        }
        const deadline = deserializeDateTime(text);
        return {
            deadlineText: _t("due %s", deadline.toRelative()),
            deadlineHint: toLocaleDateTimeString(deadline, { showSeconds: false }),
        };
    }

    openTicket(row) {
        return this.props.model.openDocument("helpdesk.ticket", row.id);
    }

    newTicket() {
        return this.props.model.action.doAction(
            {
                type: "ir.actions.act_window",
                name: _t("New Ticket"),
                res_model: "helpdesk.ticket",
                views: [[false, "form"]],
                context: { default_partner_id: this.props.model.partnerId },
            },
            { onClose: () => this.props.model.load() }
        );
    }
}

customerPanels.add("tickets", {
    component: TicketsPanel,
    section: "tickets",
    sequence: 50,
    position: "full",
});
