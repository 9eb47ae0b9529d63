import { registry } from "@web/core/registry";

/** A morning at the desk: take a ticket, answer, merge a duplicate, wait for the customer, solve. */
registry.category("web_tour.tours").add("helpdesk_agent_day", {
    steps: () => [
        {
            content: "the dashboard of teams",
            trigger: ".o_kanban_record:contains(Tour printers) a[name=action_open_unassigned]",
            run: "click",
        },
        { trigger: ".o_kanban_record:contains(Printer is offline)", run: "click" },
        { content: "take it", trigger: "button[name=action_take]", run: "click" },
        { trigger: ".o_form_view:not(:has(button[name=action_take]))" },
        { content: "answer with a canned answer", trigger: ".o-mail-Chatter-sendMessage", run: "click" },
        { trigger: ".o-mail-Composer-input", run: "edit ::tour" },
        { trigger: ".o-mail-Composer-suggestion:contains(tourcable)", run: "click" },
        { trigger: ".o-mail-Composer-input:value(Is the cable in?)" },
        { trigger: ".o-mail-Composer-send:enabled", run: "click" },
        { trigger: ".o-mail-Message-body:contains(Is the cable in?)" },
        { content: "the customer wrote twice", trigger: ".o_back_button", run: "click" },
        { trigger: ".o_kanban_record:contains(Still offline)", run: "click" },
        { trigger: ".o_last_breadcrumb_item:contains(Still offline)" },
        { trigger: ".o_cp_action_menus i.fa-cog", run: "click" },
        { trigger: ".o-dropdown-item:contains(Merge)", run: "click" },
        { content: "suggested", trigger: ".modal .o_field_widget[name=target_id] input:value(Printer is offline)" },
        { trigger: ".modal button[name=action_merge]", run: "click" },
        { content: "in what is left", trigger: ".o_last_breadcrumb_item:contains(Printer is offline)" },
        { trigger: ".o-mail-Message-body:contains(I wrote this morning)" },
        { trigger: "button[name=action_open_merged]:contains(1)" },
        {
            content: "it is the customer's turn",
            trigger: ".o_statusbar_status button:contains(Waiting for Customer)",
            run: "click",
        },
        { trigger: ".o_statusbar_status .o_arrow_button_current:contains(Waiting for Customer)" },
        { content: "solved", trigger: "button[name=action_close]", run: "click" },
        { trigger: "button[name=action_reopen]" },
        { trigger: "button[name=action_make_article]" },
    ],
});
