import { registry } from "@web/core/registry";

const SUBJECT = "Price of toner";

function logCall() {
    return [
        {
            content: "Log a call",
            trigger: ".o_crm_log_contact",
            run: "click",
        },
        {
            content: "About what",
            trigger: ".modal [name=subject] input",
            run: `edit ${SUBJECT}`,
        },
        {
            content: "What was said",
            trigger: ".modal [name=note] textarea",
            run: "edit He compares with another shop",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "It is at the top of the history",
            trigger: `.o_crm_history_day:first:contains(today) .o_crm_history_row[data-kind=call]:contains(${SUBJECT})`,
        },
    ];
}

function readCall() {
    return [
        {
            content: "Unfold it",
            trigger: `.o_crm_history_row[data-kind=call]:contains(${SUBJECT}) .o_crm_history_toggle`,
            run: "click",
        },
        {
            trigger: ".o_crm_history_said:contains(another shop)",
        },
    ];
}

registry.category("web_tour.tours").add("crm_core_timeline", {
    steps: () => [
        ...logCall(),
        ...readCall(),
        {
            content: "Calls alone",
            trigger: ".o_crm_history_kinds [data-kind=calls]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.o_crm_history_row[data-kind=order])) .o_crm_history_row[data-kind=call]",
        },
        {
            content: "Everything again, narrowed down by what goes to the customer in the last 30 days",
            trigger: ".o_crm_history_kinds [data-kind=all]",
            run: "click",
        },
        {
            trigger: ".o_crm_history_row[data-kind=order]",
        },
        {
            trigger: ".o_crm_history_filter",
            run: "click",
        },
        {
            trigger: ".o_crm_filter_direction",
            run: "selectByLabel To the customer",
        },
        {
            trigger: ".o_crm_history_filters fieldset button:contains(30 days)",
            run: "click",
        },
        {
            content: "The order of 35 days ago is out",
            trigger: "body:not(:has(.o_crm_history_row[data-kind=order])) .o_crm_history_row[data-kind=call]",
        },
        {
            trigger: ".o_crm_filter_clear",
            run: "click",
        },
        {
            content: "Look for a product",
            trigger: ".o_crm_history_search input",
            run: "edit Tour Paper",
        },
        {
            content: "Its documents are found",
            trigger: "body:not(:has(.o_crm_history_row[data-kind=call])) .o_crm_history_row[data-kind=order]",
        },
        {
            content: "Open one",
            trigger: ".o_crm_history_row[data-kind=order]:first .o_crm_history_open",
            run: "click",
        },
        {
            trigger: ".o_form_view [name=order_line]:contains(Tour Paper)",
        },
    ],
});

registry.category("web_tour.tours").add("crm_core_timeline_phone", {
    steps: () => [
        ...logCall(),
        ...readCall(),
        {
            content: "No sideways scroll of the page",
            trigger: ".o_crm_history_said",
            run() {
                const page = document.querySelector(".o_crm_overview");
                if (page.scrollWidth > window.innerWidth || document.documentElement.scrollWidth > window.innerWidth) {
                    throw new Error(`The overview is ${page.scrollWidth} pixels wide on a screen of ${window.innerWidth}`);
                }
            },
        },
        {
            content: "Calls alone",
            trigger: ".o_crm_history_kinds [data-kind=calls]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.o_crm_history_row[data-kind=order])) .o_crm_history_row[data-kind=call]",
        },
    ],
});
