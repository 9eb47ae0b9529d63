import { OfferBasket } from "./offer_basket";
import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";

const FAILURES = {
    "odoo.exceptions.AccessError": "access",
    "odoo.exceptions.MissingError": "missing",
};

const DELETED = _t("It may have been deleted or merged with another one since the address was written down.");

/**
 * What the screen knows about one customer, shared by all its panels (make it reactive with
 * `useState`). A panel reads `overview` and uses the methods; it never changes the fields.
 */
export class CustomerOverview {
    /** @type {"loading"|"ready"|"failed"} */
    status = "loading";
    /** Loads again in the background while the figures before stay on the screen. */
    isRefreshing = false;
    /** Answer of `res.partner.crm_overview()` */
    overview = null;
    /** @type {{kind: "access"|"missing"|"other", message: string}|null} */
    failure = null;
    /** Counts the loads, so that panels with data of their own know when to load it again. */
    version = 0;

    constructor({ orm, action, partnerId }) {
        this.orm = orm;
        this.action = action;
        this.partnerId = partnerId;
        this.offer = new OfferBasket(this.call.bind(this));
        this.keepLast = new KeepLast();
    }

    get currencyId() {
        return this.overview?.company.currency_id;
    }

    /** Call a public method of `res.partner` on this customer, or on one of its contacts. */
    call(method, kwargs = {}, partnerId = null) {
        return this.orm.call("res.partner", method, [[partnerId || this.partnerId]], kwargs);
    }

    async load() {
        if (!this.partnerId) {
            this._fail("missing", _t("The address names no customer."));
            return;
        }
        this.isRefreshing = this.status === "ready";
        this.offer.load();
        try {
            this.overview = await this.keepLast.add(this.call("crm_overview"));
            this.status = "ready";
            this.version++;
        } catch (error) {
            const kind = FAILURES[error.exceptionName] || "other";
            this._fail(kind, kind === "missing" ? DELETED : error.data?.message || error.message);
        }
        this.isRefreshing = false;
    }

    _fail(kind, message) {
        // A lazy translation is not a string to the props of a component.
        this.failure = { kind, message: message.toString() };
        this.status = "failed";
    }

    /** Open the records behind a figure. */
    async openRecords(kind) {
        this.action.doAction(await this.call("crm_open_records", { kind }));
    }

    openDocument(resModel, resId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: resModel,
            res_id: resId,
            views: [[false, "form"]],
        });
    }

    newQuotation() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("New Quotation"),
            res_model: "sale.order",
            views: [[false, "form"]],
            context: { default_partner_id: this.partnerId },
        });
    }

    /** A contact by hand; the timeline and the figures are read anew after it. */
    async openConsents() {
        this.action.doAction(await this.call("action_crm_consents"));
    }

    logContact() {
        return this.action.doAction("crm_core.crm_contact_log_new_action", {
            additionalContext: { default_partner_id: this.partnerId },
            onClose: () => this.load(),
        });
    }

    async createQuotation() {
        const action = await this.offer.createQuotation();
        if (action) {
            await this.action.doAction(action);
        }
    }
}
