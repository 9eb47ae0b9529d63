import { registry } from "@web/core/registry";

const CUSTOMER = "Tour Customer Ltd";

function assertNoSidewaysScroll() {
    const page = document.querySelector(".o_crm_overview");
    if (page.scrollWidth > window.innerWidth || document.documentElement.scrollWidth > window.innerWidth) {
        throw new Error(`The overview is ${page.scrollWidth} pixels wide on a screen of ${window.innerWidth}`);
    }
}

function readHistory() {
    return [
        {
            content: "Unfold the last order",
            trigger: ".o_crm_history_row[data-kind=order]:first .o_crm_history_toggle",
            run: "click",
        },
        {
            content: "Read what was on it",
            trigger: ".o_crm_history_lines:contains(Tour Toner)",
        },
    ];
}

function orderSevenToners() {
    return [
        {
            content: "The toner comes with its reason, and with the stock",
            trigger: ".o_crm_offer_line:contains(Tour Toner):contains(in stock) .o_crm_offer_reason:not(:empty)",
        },
        {
            content: "Adjust the quantity",
            trigger: ".o_crm_offer_line:contains(Tour Toner) .o_crm_offer_quantity",
            run: "edit 7",
        },
        {
            content: "The line follows",
            trigger: ".o_crm_offer_line:contains(Tour Toner) .o_crm_offer_amount:contains(700.00)",
        },
        {
            content: "Create the quotation",
            trigger: ".o_crm_create_quotation:enabled",
            run: "click",
        },
        {
            content: "It opens with the toner on it",
            trigger: ".o_form_view [name=order_line]:contains(Tour Toner)",
        },
    ];
}

registry.category("web_tour.tours").add("crm_core_next_offer", {
    steps: () => [
        {
            content: "Look for the customer",
            trigger: ".o_searchview_input",
            run: `edit ${CUSTOMER}`,
        },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:first",
            run: "click",
        },
        {
            content: "Open the customer",
            trigger: `.o_data_row:contains(${CUSTOMER}) td[name=partner_id]`,
            run: "click",
        },
        {
            content: "The overview says who it is",
            trigger: `.o_crm_header h1:contains(${CUSTOMER})`,
        },
        {
            content: "Its address is that of the customer",
            trigger: ".o_crm_tile[data-key=orders]:contains(4)",
            run() {
                if (!/^\/odoo\/customers\/\d+\/overview$/.test(window.location.pathname)) {
                    throw new Error(`Unexpected address: ${window.location.pathname}`);
                }
            },
        },
        ...readHistory(),
        ...orderSevenToners(),
        {
            content: "Confirm it",
            trigger: ".o_form_view button[name=action_confirm]:enabled",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_arrow_button_current:contains(Sales Order)",
        },
        {
            content: "Back to the overview",
            trigger: `.o_breadcrumb a:contains(${CUSTOMER})`,
            run: "click",
        },
        {
            content: "The figures know the new order",
            trigger: ".o_crm_tile[data-key=orders]:contains(5)",
        },
        {
            trigger: ".o_crm_tile[data-key=last_order]:contains(Today)",
        },
        {
            content: "So does the history",
            trigger: ".o_crm_history_day:first:contains(today) .o_crm_history_row[data-kind=order]",
        },
    ],
});

registry.category("web_tour.tours").add("crm_core_next_offer_phone", {
    steps: () => [
        {
            content: "One column, without sideways scroll",
            trigger: `.o_crm_header h1:contains(${CUSTOMER})`,
            run: assertNoSidewaysScroll,
        },
        {
            content: "The main act is at the bottom of the screen from the start",
            trigger: ".o_crm_offer_bar .o_crm_create_quotation:enabled",
            run() {
                const { bottom } = this.anchor.closest(".o_crm_offer_bar").getBoundingClientRect();
                if (Math.abs(bottom - window.innerHeight) > 1) {
                    throw new Error(`The bar ends at ${bottom} on a screen of ${window.innerHeight}`);
                }
            },
        },
        ...readHistory(),
        {
            content: "Still no sideways scroll with a row unfolded",
            trigger: ".o_crm_history_lines",
            run: assertNoSidewaysScroll,
        },
        ...orderSevenToners(),
        {
            content: "Back to the overview",
            trigger: ".o_navbar_breadcrumbs .o_back_button, .o_back_button",
            run: "click",
        },
        {
            content: "The new quotation is to come, before it is sent",
            trigger: ".o_crm_upcoming_row[data-kind=quotation]:contains(today)",
        },
    ],
});
