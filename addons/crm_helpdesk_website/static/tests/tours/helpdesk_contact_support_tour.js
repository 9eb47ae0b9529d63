import { registry } from "@web/core/registry";

function fits() {
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > window.innerWidth) {
        throw new Error(`The page is ${scrollWidth} pixels wide, the window ${window.innerWidth}`);
    }
}

function keeps(selector, value) {
    return {
        content: `${value} is still there`,
        trigger: selector,
        run({ anchor }) {
            if (anchor.value !== value) {
                throw new Error(`${selector} holds "${anchor.value}"`);
            }
        },
    };
}

/** A visitor chooses a team, forgets to say what happened, finds everything as he wrote it, and sends it. */
registry.category("web_tour.tours").add("helpdesk_contact_support", {
    steps: () => [
        { content: "the address has chosen a team", trigger: "input[name=team_id]:checked", run: fits },
        { trigger: "label:contains(Invoices)", run: "click" },
        { trigger: "#helpdesk_name", run: "edit Max Unknown" },
        { trigger: "#helpdesk_email", run: "edit max@nowhere.example" },
        { trigger: "#helpdesk_subject", run: "edit The printer leaks" },
        {
            content: "what the browser takes for words is none",
            trigger: "#helpdesk_body",
            run({ anchor }) {
                anchor.value = "   ";
            },
        },
        { trigger: "button.o_helpdesk_send", run: "click", expectUnloadPage: true },
        { trigger: ".alert-danger:contains(tell us what it is about)", run: fits },
        keeps("#helpdesk_name", "Max Unknown"),
        keeps("#helpdesk_email", "max@nowhere.example"),
        keeps("#helpdesk_subject", "The printer leaks"),
        { content: "so is the team", trigger: ".form-check:contains(Invoices) input:checked" },
        { trigger: "#helpdesk_body", run: "edit Since this morning." },
        { trigger: "button.o_helpdesk_send", run: "click", expectUnloadPage: true },
        { trigger: "h1:contains(Thank you)", run: fits },
        { content: "the number", trigger: ".o_helpdesk_number:not(:empty)" },
    ],
});
