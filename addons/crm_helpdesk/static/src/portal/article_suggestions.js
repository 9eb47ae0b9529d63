import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

const WAIT = 500; // ms after the last key
const SHORTEST = 4; // characters

/** Articles that may help, while a customer writes a new ticket. */
export class ArticleSuggestions extends Interaction {
    static selector = ".o_helpdesk_new_form";
    dynamicContent = {
        "#helpdesk_subject, #helpdesk_body": { "t-on-input": this.debounced(this.suggest, WAIT) },
    };

    setup() {
        this.place = this.el.querySelector(".o_helpdesk_suggestions");
        this.asked = "";
    }

    get text() {
        const [subject, body] = ["#helpdesk_subject", "#helpdesk_body"].map(
            (name) => this.el.querySelector(name).value
        );
        return `${subject} ${body}`.trim().slice(0, 300);
    }

    async suggest() {
        const text = this.text;
        if (!this.place || text === this.asked) {
            return;
        }
        this.asked = text;
        const articles =
            text.length < SHORTEST
                ? []
                : await this.waitFor(rpc("/my/articles/suggest", { text }, { silent: true }));
        if (text === this.asked) {
            this.protectSyncAfterAsync(() => this.show(articles))();
        }
    }

    show(articles) {
        const links = articles.map(({ name, url }) => {
            const link = document.createElement("a");
            Object.assign(link, { href: url, target: "_blank", textContent: name });
            link.className = "list-group-item list-group-item-action text-break";
            return link;
        });
        this.place.querySelector(".list-group").replaceChildren(...links);
        this.place.classList.toggle("d-none", !links.length);
    }
}

registry.category("public.interactions").add("crm_helpdesk.article_suggestions", ArticleSuggestions);
