import { _t } from "@web/core/l10n/translation";

const LINES_SHOWN = 5;
const LINES_MAX = 50;

function newRequestKey() {
    // randomUUID exists in secure contexts only; plain http in an office network is not one.
    if (window.crypto.randomUUID) {
        return window.crypto.randomUUID();
    }
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The suggested offer while the user works on it: which products, how many, for how much. */
export class OfferBasket {
    /** @type {"loading"|"ready"|"failed"} */
    status = "loading";
    failure = "";
    lines = [];
    isLoadingMore = false;
    /** The last answer brought nothing new. */
    isExhausted = false;
    isCreating = false;
    /** The question for a price that was asked last. */
    pricing = null;
    /** What was asked to become a quotation, and the key of that intent. */
    intent = null;

    /** @param {(method: string, kwargs: Object) => Promise<any>} call calls the customer on the server */
    constructor(call) {
        this.call = call;
    }

    get chosen() {
        return this.lines.filter((line) => line.isChosen && line.quantity > 0);
    }

    get total() {
        return this.chosen.reduce((sum, line) => sum + line.quantity * line.price_unit, 0);
    }

    get currencyId() {
        return this.lines[0]?.currency_id;
    }

    get canCreate() {
        return this.chosen.length > 0 && !this.isCreating;
    }

    async load() {
        try {
            const suggestions = await this.call("crm_suggest_offer", { limit: LINES_SHOWN });
            this.lines = suggestions.map((line) => ({ ...line, isChosen: true }));
            this.isExhausted = suggestions.length < LINES_SHOWN;
            this.status = "ready";
        } catch (error) {
            this.failure = error.data?.message || _t("The suggestions could not be loaded.");
            this.status = "failed";
        }
    }

    /** Further products that go with the chosen ones; they come unchosen, the total does not jump. */
    async loadMore(count = LINES_SHOWN) {
        this.isLoadingMore = true;
        try {
            const basket = this.chosen.map((line) => line.product_id);
            const known = new Set(this.lines.map((line) => line.product_id));
            // Only what is in the basket is left out by the server.
            const limit = Math.min(count + known.size - basket.length, LINES_MAX);
            const suggestions = await this.call("crm_suggest_offer", { limit, basket });
            const added = suggestions.filter((line) => !known.has(line.product_id)).slice(0, count);
            this.lines.push(...added.map((line) => ({ ...line, isChosen: false })));
            this.isExhausted = added.length < count;
        } finally {
            this.isLoadingMore = false;
        }
    }

    /** The price of the customer's pricelist for the quantity the line has now. */
    async reprice(line) {
        const { product_id, quantity } = line;
        this.pricing = this.call("crm_price_products", { lines: [{ product_id, quantity }] });
        const [{ price_unit }] = await this.pricing;
        if (line.quantity === quantity) {
            line.price_unit = price_unit;
        }
    }

    /** The customer does not want it: out with the line, the next suggestion takes its place. */
    async decline(line, reason) {
        await this.call("crm_decline_product", { product_id: line.product_id, reason });
        this.lines.splice(this.lines.findIndex((other) => other.product_id === line.product_id), 1);
        await this.loadMore(1);
    }

    /**
     * @returns {Promise<Object|null>} the action that opens the quotation; null while one is being made
     */
    async createQuotation() {
        if (!this.canCreate) {
            return null;
        }
        this.isCreating = true;
        try {
            // A price on its way belongs on the quotation.
            await this.pricing;
            const lines = this._getChosenLines();
            const action = await this.call("crm_create_quotation", {
                lines,
                request_key: this._getRequestKey(lines),
            });
            this.intent = null;
            return action;
        } finally {
            this.isCreating = false;
        }
    }

    _getChosenLines() {
        return this.chosen.map(({ product_id, quantity, price_unit, reason, source, score }) => ({
            product_id,
            quantity,
            price_unit,
            reason,
            source,
            score,
        }));
    }

    /** The same lines asked for again after a failure are the same intent: one quotation. */
    _getRequestKey(lines) {
        const content = JSON.stringify(lines);
        if (this.intent?.content !== content) {
            this.intent = { content, key: newRequestKey() };
        }
        return this.intent.key;
    }
}
