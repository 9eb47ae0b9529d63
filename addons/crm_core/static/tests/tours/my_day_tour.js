import { registry } from "@web/core/registry";

const CUSTOMER = "Tour Customer Ltd";

function answerProposals() {
    return [
        {
            content: "The proposal says why",
            trigger: `.o_crm_day_item[data-type=recommendation]:contains(${CUSTOMER}):contains(Tour reason)`,
        },
        {
            content: "Later or not",
            trigger: ".o_crm_day_item:contains(Tour reason) .o_crm_later",
            run: "click",
        },
        {
            trigger: ".o-dropdown-item:contains(Tomorrow)",
            run: "click",
        },
        {
            content: "It leaves, and can be taken back",
            trigger: ".o_notification:contains(Comes again) button:contains(Undo)",
            run: "click",
        },
        {
            content: "Do it: the contact is logged",
            trigger: ".o_crm_day_item:contains(Tour reason) .o_crm_do",
            run: "click",
        },
        {
            trigger: ".modal [name=note] textarea",
            run: "edit Everything is fine",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "Done, the activity is left",
            trigger: "body:not(:has(.modal)) .o_crm_day_progress:contains(1 of 2 done)",
        },
        {
            trigger: ".o_crm_day_item[data-type=activity]:contains(Tour activity) .o_crm_do",
            run: "click",
        },
        {
            content: "The day is done",
            trigger: ".o_crm_day_progress:contains(2 of 2 done)",
        },
        {
            trigger: ".o_crm_day_empty:contains(Nothing due)",
        },
    ];
}

registry.category("web_tour.tours").add("crm_core_my_day", {
    steps: () => [
        ...answerProposals(),
        {
            content: "Look at the customer",
            trigger: `.o_crm_day_done .o_crm_day_partner:contains(${CUSTOMER})`,
            run: "click",
        },
        {
            content: "The call is in the history",
            trigger: ".o_crm_history_row[data-kind=call]:contains(Tour rule)",
        },
    ],
});

registry.category("web_tour.tours").add("crm_core_my_day_phone", {
    steps: () => [
        {
            content: "One column, without sideways scroll",
            trigger: ".o_crm_day_item",
            run() {
                if (document.documentElement.scrollWidth > window.innerWidth) {
                    throw new Error(`My day is ${document.documentElement.scrollWidth} pixels wide`);
                }
            },
        },
        ...answerProposals(),
    ],
});
