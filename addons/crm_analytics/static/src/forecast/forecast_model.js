import { _t } from "@web/core/l10n/translation";

/** What the screen *Forecast* shows and does; every figure opens its records. */
export class ForecastModel {
    status = "loading";
    failure = "";
    data = {};

    constructor({ orm, action, notification }) {
        this.orm = orm;
        this.action = action;
        this.notification = notification;
    }

    get chosen() {
        return this.data.chosen;
    }

    get months() {
        return this.data.months;
    }

    /** @param {{dimension?: string, member_id?: number, since?: string}} wanted */
    async load(wanted = {}) {
        const { chosen, changes } = this.data;
        const args = { ...chosen, since: changes?.since || false, ...wanted };
        try {
            this.data = await this.orm.call("crm.analytics.forecast", "crm_forecast", [], {
                dimension: args.dimension || false,
                member_id: args.member_id || 0,
                since: args.since || false,
            });
            this.status = this.data.is_empty ? "empty" : "ready";
        } catch (error) {
            this.failure = error.data?.message || _t("The forecast could not be loaded.");
            this.status = "failed";
        }
    }

    async forecastNow() {
        this.status = "loading";
        try {
            await this.orm.call("crm.analytics.forecast", "crm_forecast_now", []);
        } finally {
            await this.load();
        }
    }

    /** @param {number|false} amount false: the forecast holds again */
    async adjust(month, amount, reason) {
        await this.orm.call("crm.analytics.forecast.line", "crm_adjust", [[month.id]], {
            amount,
            reason,
            known: month.number,
        });
        await this.load();
    }

    async open(part, month = "") {
        const { dimension, member_id } = this.chosen;
        const action = await this.orm.call("crm.analytics.forecast", "crm_forecast_records", [], {
            part,
            dimension,
            member_id,
            month,
        });
        return this.action.doAction(action);
    }

    openLeads(name, ids) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: "crm.lead",
            views: [
                [false, "list"],
                [false, "kanban"],
                [false, "form"],
            ],
            domain: [["id", "in", ids]],
            context: { active_test: false },
        });
    }

    openMade() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "crm.analytics.forecast",
            res_id: this.data.made.id,
            views: [[false, "form"]],
        });
    }

    openAdjustments() {
        return this.action.doAction("crm_analytics.crm_analytics_forecast_adjustment_action");
    }
}
