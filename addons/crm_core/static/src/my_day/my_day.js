import { formatRelativeDay } from "../overview/overview_format";
import { MyDayModel } from "./my_day_model";
import { NextActionButtons } from "./next_action_buttons";
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;

const ICONS = {
    activity: "fa-check-square-o",
    meeting: "fa-calendar",
    recommendation: "fa-lightbulb-o",
};
const KIND_ICONS = { contact: "fa-phone", offer: "fa-gift", mail: "fa-envelope-o", phonecall: "fa-phone" };

/** "What do I do now?": one list for one employee and one day. */
export class MyDay extends Component {
    static template = "crm_core.MyDay";
    static components = { Layout, NextActionButtons };
    static props = { ...standardActionServiceProps };

    setup() {
        useSetupAction();
        this.model = useState(
            new MyDayModel({
                orm: useService("orm"),
                action: useService("action"),
                notification: useService("notification"),
            })
        );
        this.model.load();
    }

    getIcon(item) {
        return KIND_ICONS[item.kind] || ICONS[item.type];
    }

    getType(item) {
        return { activity: _t("Activity"), meeting: _t("Meeting"), recommendation: _t("Proposal") }[item.type];
    }

    getUntil(item) {
        if (item.type === "meeting") {
            return DateTime.fromISO(item.until, { zone: "utc" }).toLocal().toLocaleString(DateTime.TIME_SIMPLE);
        }
        return formatRelativeDay(item.until);
    }

    getPhoneLink(phone) {
        return `tel:${phone.replace(/\s+/g, "")}`;
    }

    get summary() {
        return _t("%(done)s of %(total)s done", { done: this.model.done, total: this.model.total });
    }
}

registry.category("actions").add("crm_core.my_day", MyDay);
