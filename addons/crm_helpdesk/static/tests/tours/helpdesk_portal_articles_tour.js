import { registry } from "@web/core/registry";

/** A customer begins to write, and is shown an article that may help at once. */
registry.category("web_tour.tours").add("helpdesk_portal_articles", {
    steps: () => [
        { trigger: ".o_helpdesk_suggestions.d-none:not(:visible)", content: "nothing to say yet" },
        { trigger: "#helpdesk_subject", run: "edit It should be shaken zyxgently" },
        { trigger: ".o_helpdesk_suggestions a:contains(printer leaks toner)" },
        { trigger: "#helpdesk_subject", run: "edit qqqq" },
        { trigger: "body:not(:has(.o_helpdesk_suggestions a))" },
    ],
});
