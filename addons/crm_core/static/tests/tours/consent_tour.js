import { registry } from "@web/core/registry";

function assertNoSidewaysScroll() {
    if (document.documentElement.scrollWidth > window.innerWidth) {
        throw new Error(`The page is ${document.documentElement.scrollWidth} pixels wide`);
    }
}

const OFFERS = ".o_crm_consent[data-purpose=offers][data-channel=phone]";

function steps() {
    return [
        {
            content: "The page fits the screen",
            trigger: ".o_crm_save_wishes",
            run: assertNoSidewaysScroll,
        },
        {
            content: "Nothing was agreed to yet: allow offers by phone",
            trigger: `${OFFERS} .o_crm_allow`,
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Granted; stop it again",
            trigger: `${OFFERS}:contains(Granted) .o_crm_stop`,
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: `${OFFERS}:contains(Withdrawn) .o_crm_allow`,
        },
        {
            content: "The history tells both",
            trigger: "#consents details summary",
            run: "click",
        },
        {
            trigger: "#consents details:contains(Granted):contains(Withdrawn)",
        },
        {
            content: "Best reached by e-mail",
            trigger: "#crm_first_channel",
            run: "selectByLabel E-mail",
        },
        {
            trigger: ".o_crm_save_wishes",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".alert-success:contains(Saved)",
        },
    ];
}

registry.category("web_tour.tours").add("crm_core_consent", { steps });
registry.category("web_tour.tours").add("crm_core_consent_phone", { steps });
