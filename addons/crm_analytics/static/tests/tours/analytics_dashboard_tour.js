import { registry } from "@web/core/registry";

function assertNoSidewaysScroll() {
    if (document.documentElement.scrollWidth > window.innerWidth) {
        throw new Error(`The page is wider than the screen of ${window.innerWidth}`);
    }
}

function fromDashboardToTargetGroup() {
    return [
        {
            content: "The figures are there, with their course",
            trigger: ".o_analytics_tile[data-key=revenue] .o_analytics_spark polyline",
        },
        {
            content: "The title of a panel says the finding",
            trigger: ".o_analytics_panel[data-figure=grid] h2:contains(customers bought lately and often)",
            run: assertNoSidewaysScroll,
        },
        {
            content: "What a figure means",
            trigger: ".o_analytics_panel[data-figure=risk] .o_analytics_info",
            run: "click",
        },
        {
            content: "With how sure it is, and as of when",
            trigger: ".o_analytics_info_text:contains(How sure):contains(As of)",
            run: "press Escape",
        },
        {
            content: "The figures behind a chart",
            trigger: "body:not(:has(.o_analytics_info_text)) .o_analytics_panel[data-figure=months] .o_analytics_toggle",
            run: "click",
        },
        {
            trigger: ".o_analytics_panel[data-figure=months] table.o_analytics_months tbody tr",
        },
        {
            content: "Cohorts by what they brought",
            trigger: ".o_analytics_measure:contains(Revenue so far)",
            run: "click",
        },
        {
            trigger: ".o_analytics_measure.active:contains(Revenue so far)",
        },
        {
            content: "Who buys lately and often",
            trigger: ".o_analytics_cell[data-cell='5-5']",
            run: "click",
        },
        {
            content: "What sets them apart",
            trigger: ".o_analytics_act[data-act=profile]",
            run: "click",
        },
        {
            trigger: ".o_analytics_profile:contains(others)",
        },
        {
            trigger: ".modal-footer button:contains(Close)",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_analytics_cell[data-cell='5-5']",
            run: "click",
        },
        {
            content: "They become a target group",
            trigger: ".o_analytics_act[data-act=target_group]",
            run: "click",
        },
        {
            content: "It is there, with its members",
            trigger: ".o_form_view .o_field_widget[name=refreshed_at]:not(:empty)",
            run: assertNoSidewaysScroll,
        },
    ];
}

registry.category("web_tour.tours").add("analytics_dashboard_to_target_group", {
    steps: () => [
        ...fromDashboardToTargetGroup(),
        {
            content: "Look at the members",
            trigger: "button[name=action_view_members]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Tour Regular)",
        },
        {
            content: "Back to the figures",
            trigger: ".o_breadcrumb a:contains(Customer Analytics), .breadcrumb-item a:contains(Customer Analytics)",
            run: "click",
        },
        {
            content: "Only one country",
            trigger: ".o_analytics_filter[data-filter=country_id] input",
            run: "edit Germ",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Germany)",
            run: "click",
        },
        {
            content: "Summed up of these alone",
            trigger: ".o_analytics_filters:contains(in the country)",
        },
        {
            trigger: ".o_analytics_reset",
            run: "click",
        },
        {
            trigger: ".o_analytics_filters:contains(as summed up at night)",
        },
    ],
});

registry.category("web_tour.tours").add("analytics_dashboard_to_target_group_phone", {
    steps: () => [
        ...fromDashboardToTargetGroup(),
        {
            trigger: ".o_field_widget[name=name]",
        },
    ],
});
