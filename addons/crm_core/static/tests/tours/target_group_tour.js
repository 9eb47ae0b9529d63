import { registry } from "@web/core/registry";

const CUSTOMER = "Tour Customer Ltd";

function assertNoSidewaysScroll() {
    if (document.documentElement.scrollWidth > window.innerWidth) {
        throw new Error(`The page is wider than the screen of ${window.innerWidth}`);
    }
}

function createGroup() {
    return [
        {
            content: "A new group",
            trigger: ".o-kanban-button-new",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input, .o_field_widget[name=name] textarea",
            run: "edit Tour Group",
        },
        {
            content: "Start from a ready-made condition",
            trigger: ".o_field_widget[name=preset] .o_select_menu_toggler, .o_field_widget[name=preset] select, .o_field_widget[name=preset] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(With products due)",
            run: "click",
        },
        {
            content: "The condition is there to read and to change",
            trigger: ".o_field_widget[name=domain]:contains(Products Due)",
        },
        {
            content: "The size shows before anything is saved",
            trigger: ".o_field_widget[name=preview_count]:not(:contains(/^0$/))",
            run() {
                if (!Number(this.anchor.textContent.replace(/\D/g, ""))) {
                    throw new Error("Nobody would be in the group");
                }
                assertNoSidewaysScroll();
            },
        },
        {
            content: "Find the members",
            trigger: "button[name=action_refresh]:enabled",
            run: "click",
        },
        {
            content: "The group says as of when",
            trigger: ".o_field_widget[name=refreshed_at]:not(:empty)",
        },
    ];
}

registry.category("web_tour.tours").add("crm_core_target_group", {
    steps: () => [
        ...createGroup(),
        {
            content: "Look at the members",
            trigger: "button[name=action_view_members]",
            run: "click",
        },
        {
            content: "Each with the facts",
            trigger: `.o_list_view .o_data_row:contains(${CUSTOMER}) td[name=lifecycle]:contains(Active)`,
        },
        {
            content: "Back to the group",
            trigger: ".o_breadcrumb a:contains(Tour Group)",
            run: "click",
        },
        {
            content: "Offers for all of them",
            trigger: "button[name=action_make_offers]:enabled",
            run: "click",
        },
        {
            content: "The selection has them",
            trigger: `.o_form_view [name=line_ids]:contains(${CUSTOMER})`,
        },
    ],
});

registry.category("web_tour.tours").add("crm_core_target_group_phone", {
    steps: () => [
        ...createGroup(),
        {
            content: "The buttons fold on a phone",
            trigger: ".o_cp_action_menus_more, .o_statusbar_buttons .dropdown-toggle, .o_cp_action_menus .fa-bolt",
            run: "click",
        },
        {
            content: "Offers for all of them",
            trigger: "button[name=action_make_offers]:enabled",
            run: "click",
        },
        {
            content: "The selection has them",
            trigger: `.o_form_view [name=line_ids]:contains(${CUSTOMER})`,
            run: assertNoSidewaysScroll,
        },
    ],
});
