import { registry } from "@web/core/registry";

function reviewForecast() {
    return [
        { content: "The headline says what will come", trigger: ".o_crm_forecast_headline:contains(until the end of)" },
        { content: "Each part is visible", trigger: ".o_crm_forecast_months tbody tr:first-child .o_crm_open_pipeline" },
        { content: "How right it was", trigger: ".o_crm_forecast_accuracy:contains(Running month)" },
        { content: "Its weakness in words", trigger: ".o_crm_forecast_weakness li" },
        {
            content: "Adjust the next month",
            trigger: ".o_crm_forecast_months tbody tr:nth-child(2) .o_crm_adjust",
            run: "click",
        },
        { trigger: ".modal #crm_forecast_amount", run: "edit 4321" },
        { content: "Not without a reason", trigger: ".modal .o_crm_adjust_save", run: "click" },
        { trigger: ".modal .text-danger:contains(say why)" },
        { trigger: ".modal #crm_forecast_reason", run: "edit Trade fair in spring" },
        { trigger: ".modal .o_crm_adjust_save", run: "click" },
        {
            content: "It stands beside the forecast, with who and why",
            trigger:
                "body:not(:has(.modal)) .o_crm_forecast_months tbody tr:nth-child(2) .o_crm_adjusted:contains(4,321)",
        },
        {
            trigger: ".o_crm_forecast_months .o_crm_adjusted[title*='Trade fair in spring']",
        },
        {
            content: "What changed since",
            trigger: ".o_crm_forecast_changes tr[data-kind=raised]:contains(1 deal) .btn-link",
            run: "click",
        },
        { content: "It opens the opportunity", trigger: ".o_data_row:contains(Tour Deal Raised), .o_kanban_record:contains(Tour Deal Raised)" },
        { trigger: ".o_back_button, .breadcrumb-item a", run: "click" },
        {
            content: "Another one's forecast",
            trigger: ".o_crm_forecast_member",
            run: "selectByLabel Tour Forecast Team",
        },
        {
            content: "What the deals are",
            trigger: ".o_crm_forecast_page[data-dimension=team] .o_crm_forecast_months tbody tr:first-child .o_crm_open_pipeline",
            run: "click",
        },
        { trigger: ".o_data_row:contains(Tour Deal), .o_kanban_record:contains(Tour Deal)" },
    ];
}

registry.category("web_tour.tours").add("analytics_forecast_review", { steps: () => reviewForecast() });

registry.category("web_tour.tours").add("analytics_forecast_review_phone", {
    steps: () => [
        {
            content: "One column, without sideways scroll",
            trigger: ".o_crm_forecast_headline",
            run() {
                if (document.documentElement.scrollWidth > window.innerWidth) {
                    throw new Error(`The forecast is ${document.documentElement.scrollWidth} pixels wide`);
                }
            },
        },
        ...reviewForecast(),
    ],
});
