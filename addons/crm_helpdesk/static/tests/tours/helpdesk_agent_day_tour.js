import { registry } from "@web/core/registry";

/** Open what a phone hides behind "More". */
const unfold = [
    {
        trigger: ".o_statusbar_buttons button:has(.oi-ellipsis-v):not(.show)",
        run: "click",
    },
];

/**
 * A morning at the desk: take a ticket, answer, merge a duplicate, wait for the customer, solve.
 *
 * @param {object} screen how buttons and stages are reached where there is little room
 */
function agentDay({ more = [], merged = [], stages, current, solved }) {
    return [
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
        { trigger: ".o_breadcrumb:contains(Still offline)" },
        { trigger: ".o_cp_action_menus i.fa-cog", run: "click" },
        { trigger: ".o-dropdown-item:contains(Merge)", run: "click" },
        { content: "suggested", trigger: ".modal .o_field_widget[name=target_id] input:value(Printer is offline)" },
        { trigger: ".modal button[name=action_merge]", run: "click" },
        { content: "in what is left", trigger: ".o_breadcrumb:contains(Printer is offline)" },
        { trigger: ".o-mail-Message-body:contains(I wrote this morning)" },
        ...merged,
        { content: "it is the customer's turn", ...stages[0] },
        ...stages.slice(1),
        { trigger: current },
        ...more,
        { content: "solved", trigger: "button[name=action_close]", run: "click" },
        ...solved,
    ];
}

registry.category("web_tour.tours").add("helpdesk_agent_day", {
    steps: () =>
        agentDay({
            merged: [{ trigger: "button[name=action_open_merged]:contains(1)" }],
            stages: [{ trigger: ".o_statusbar_status button:contains(Waiting for Customer)", run: "click" }],
            current: ".o_statusbar_status .o_arrow_button_current:contains(Waiting for Customer)",
            solved: [{ trigger: "button[name=action_reopen]" }, { trigger: "button[name=action_make_article]" }],
        }),
});

registry.category("web_tour.tours").add("helpdesk_agent_day_phone", {
    steps: () =>
        agentDay({
            more: unfold,
            stages: [
                { trigger: ".o_statusbar_status button.dropdown-toggle:visible", run: "click" },
                { trigger: ".o-dropdown-item:contains(Waiting for Customer)", run: "click" },
            ],
            current: ".o_statusbar_status button:contains(Waiting for Customer)",
            solved: [{ trigger: ".o_statusbar_status button:contains(Solved)" }],
        }),
});
