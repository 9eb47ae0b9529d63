import { KeepLast } from "@web/core/utils/concurrency";

const FAILURES = { "odoo.exceptions.AccessError": "access" };

/**
 * What the screen knows, shared by all its panels (make it reactive with `useState`). A panel reads `data`
 * and uses the methods; it never changes the fields.
 */
export class DashboardModel {
    /** @type {"loading"|"ready"|"failed"} */
    status = "loading";
    /** Loads again while the figures before stay on the screen. */
    isRefreshing = false;
    /** Answer of `crm.analytics.dashboard.crm_dashboard()` */
    data = null;
    failure = null;

    constructor({ orm, action, filters }) {
        this.orm = orm;
        this.action = action;
        this.filters = filters || {};
        this.keepLast = new KeepLast();
    }

    get currencyId() {
        return this.data.company.currency_id;
    }

    call(method, kwargs) {
        return this.orm.call("crm.analytics.dashboard", method, [], kwargs);
    }

    async load() {
        this.isRefreshing = this.status === "ready";
        if (!this.isRefreshing) {
            this.status = "loading";
        }
        try {
            this.data = await this.keepLast.add(this.call("crm_dashboard", { filters: this.filters }));
            this.status = "ready";
        } catch (error) {
            this.failure = {
                kind: FAILURES[error.exceptionName] || "other",
                message: (error.data?.message || error.message).toString(),
            };
            this.status = "failed";
        }
        this.isRefreshing = false;
    }

    setFilter(name, value) {
        const filters = { ...this.filters, [name]: value };
        if (!value) {
            delete filters[name];
        }
        this.filters = filters;
        return this.load();
    }

    resetFilters() {
        this.filters = {};
        return this.load();
    }

    get hasFilters() {
        return ["team_id", "user_id", "country_id", "categ_id"].some((name) => this.filters[name]);
    }

    /** Open the customers of a cell, or do something with them. */
    async act(what, act, name) {
        await this.action.doAction(
            await this.call("crm_dashboard_act", { what, act, name, filters: this.filters })
        );
    }

    loadProfile(what) {
        return this.call("crm_dashboard_profile", { what, filters: this.filters });
    }

    openCustomer(partnerId) {
        return this.action.doAction("crm_core.crm_overview_action", {
            additionalContext: { active_id: partnerId },
        });
    }
}
