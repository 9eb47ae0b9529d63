import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("analytics_spreadsheet_dashboard", {
    steps: () => [
        { trigger: ".o_search_panel li:contains(Customers)", run: "click" },
        { content: "figures", trigger: ".o-figure canvas" },
        { content: "charts", trigger: ".o-figure:nth-of-type(8) canvas, .o-chart-container canvas" },
        { trigger: "body:not(:has(.o_error_dialog))" },
    ],
});
