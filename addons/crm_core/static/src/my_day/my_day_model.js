import { _t } from "@web/core/l10n/translation";

/**
 * A list of things to do and the answers to them, for one employee's day or for one customer; each act
 * leaves its item struck until the list is read anew.
 */
export class MyDayModel {
    status = "loading";
    failure = "";
    items = [];
    done = 0;
    reasons = [];
    winBack = [];

    /** @param {{reload?: () => Promise}} services `reload` reads the list anew where it is not a day */
    constructor({ orm, action, notification, reload }) {
        this.reloadElsewhere = reload;
        this.orm = orm;
        this.action = action;
        this.notification = notification;
    }

    get total() {
        return this.done + this.items.filter((item) => !item.isDone).length;
    }

    get share() {
        return this.total ? Math.round((100 * this.done) / this.total) : 0;
    }

    get isEmpty() {
        return !this.items.some((item) => !item.isDone);
    }

    async load() {
        try {
            const day = await this.orm.call("crm.next.action", "crm_my_day", []);
            this.items = day.items.map((item) => ({ ...item, isDone: false }));
            this.done = day.done;
            this.reasons = day.reasons;
            this.winBack = day.win_back;
            this.status = "ready";
        } catch (error) {
            this.failure = error.data?.message || _t("The day could not be loaded.");
            this.status = "failed";
        }
    }

    reload() {
        return this.reloadElsewhere ? this.reloadElsewhere() : this.load();
    }

    async perform(item) {
        if (item.type === "meeting") {
            return this.open(item);
        }
        if (item.type === "activity") {
            await this.orm.call("mail.activity", "action_feedback", [[item.id]]);
            return this.strike(item);
        }
        const action = await this.orm.call("crm.next.action", "action_accept", [[item.id]]);
        if (action && typeof action === "object") {
            // A contact is done when it was logged: the form tells by being saved.
            return this.action.doAction(action, { onClose: () => this.reload() });
        }
        return this.strike(item);
    }

    async postpone(item, days) {
        if (item.type === "activity") {
            const { DateTime } = luxon;
            const date_deadline = DateTime.local().plus({ days }).toISODate();
            await this.orm.write("mail.activity", [item.id], { date_deadline });
        } else {
            await this.orm.call("crm.next.action", "action_later", [[item.id], days]);
        }
        this.leave(item, _t("Comes again in %s days.", days), "action_reopen");
    }

    async reject(item, reason) {
        await this.orm.call("crm.next.action", "action_reject", [[item.id], reason]);
        this.done++;
        this.leave(item, _t("Not proposed again for now."), "action_reopen");
    }

    strike(item) {
        item.isDone = true;
        this.done++;
    }

    /** Undo rather than ask. */
    leave(item, message, undo) {
        this.items = this.items.filter((other) => other !== item);
        const buttons = [];
        if (item.type === "recommendation") {
            buttons.push({
                name: _t("Undo"),
                onClick: async () => {
                    close();
                    await this.orm.call("crm.next.action", undo, [[item.id]]);
                    await this.reload();
                },
            });
        }
        const close = this.notification.add(`${item.partner}: ${message}`, { type: "info", buttons });
    }

    open(item) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: item.model,
            res_id: item.res_id,
            views: [[false, "form"]],
        });
    }

    openCustomer(partnerId) {
        return this.action.doAction("crm_core.crm_overview_action", {
            additionalContext: { active_id: partnerId, active_model: "res.partner" },
        });
    }

    openLateCustomers() {
        return this.action.doAction("crm_core.crm_customer_stat_action", {
            additionalContext: { search_default_late: 1 },
        });
    }
}
