import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

registry.category("discuss.channel_commands").add("ticket", {
    channel_types: ["livechat"],
    condition: ({ store }) => store.has_access_livechat && store.helpdesk_may_open_tickets,
    help: _t("Open a ticket with what was said (/ticket Subject)"),
    methodName: "execute_command_ticket",
});
