import { registry } from "@web/core/registry";

/** A customer asks, answers in the conversation, says that it is solved and how satisfied he is. */
function steps() {
    return [
        { trigger: "a.o_helpdesk_new", run: "click", expectUnloadPage: true },
        { trigger: "#helpdesk_subject", run: "edit The printer leaks" },
        { trigger: "#helpdesk_body", run: "edit Powder all over the tray." },
        { trigger: "button.o_helpdesk_send", run: "click", expectUnloadPage: true },
        { content: "the ticket is there", trigger: ".alert-success:contains(we have your ticket)" },
        { trigger: "h1:contains(The printer leaks)" },
        {
            content: "add to it in the conversation",
            trigger: "#chatterRoot:shadow .o-mail-Composer-input",
            run: "edit A photo follows.",
        },
        { trigger: "#chatterRoot:shadow .o-mail-Composer-send:enabled", run: "click" },
        { trigger: "#chatterRoot:shadow .o-mail-Message-body:contains(A photo follows.)" },
        { trigger: ".o_helpdesk_close summary", run: "click" },
        {
            trigger: ".o_helpdesk_close[open] button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "closed", trigger: "#state .alert-success" },
        { trigger: "label[for=helpdesk_rate_5]", run: "click" },
        { trigger: "#helpdesk_feedback", run: "edit Quick" },
        { trigger: "button.o_helpdesk_rate", run: "click", expectUnloadPage: true },
        { content: "rated", trigger: "#rating .alert-success" },
        { trigger: ".o_helpdesk_reopen summary", run: "click" },
        { trigger: "#helpdesk_reopen_text", run: "edit It leaks again" },
        {
            trigger: ".o_helpdesk_reopen[open] button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "open again", trigger: "#state .alert-success:contains(open again)" },
    ];
}

registry.category("web_tour.tours").add("helpdesk_portal_customer", { steps });
