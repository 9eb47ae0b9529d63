import { useCellMenu } from "./cell_menu";
import { DashboardFilters } from "./dashboard_filters";
import { DashboardModel } from "./dashboard_model";
import { KpiTile } from "./kpi_tile";
import { CohortsPanel } from "./panels/cohorts_panel";
import { GridPanel } from "./panels/grid_panel";
import { LoyaltyPanel } from "./panels/loyalty_panel";
import { MonthsPanel } from "./panels/months_panel";
import { PyramidPanel } from "./panels/pyramid_panel";
import { RiskPanel } from "./panels/risk_panel";
import { SegmentsPanel } from "./panels/segments_panel";
import { Component, useRef, useState } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * Panels of the screen, in their order: `component` gets the model; `part` is the part of the answer it
 * needs. Another addon adds one of its own, and its part in `crm.analytics.dashboard._get_parts`.
 */
export const analyticsPanels = registry.category("crm_analytics_panels");
analyticsPanels
    .add("grid", { component: GridPanel, part: "grid", position: "half" }, { sequence: 10 })
    .add("segments", { component: SegmentsPanel, part: "segments", position: "half" }, { sequence: 20 })
    .add("value", { component: PyramidPanel, part: "value", position: "half" }, { sequence: 30 })
    .add("months", { component: MonthsPanel, part: "months", position: "half" }, { sequence: 40 })
    .add("cohorts", { component: CohortsPanel, part: "cohorts", position: "full" }, { sequence: 50 })
    .add("risk", { component: RiskPanel, part: "risk", position: "half" }, { sequence: 60 })
    .add("loyalty", { component: LoyaltyPanel, part: "loyalty", position: "half" }, { sequence: 70 });

/** "Who matters, and what changed?" */
export class AnalyticsDashboard extends Component {
    static template = "crm_analytics.AnalyticsDashboard";
    static components = { DashboardFilters, KpiTile, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.rootRef = useRef("root");
        this.model = useState(
            new DashboardModel({
                orm: useService("orm"),
                action: useService("action"),
                filters: this.props.state?.filters,
            })
        );
        this.notification = useService("notification");
        // What was chosen is still chosen when coming back by the breadcrumb.
        useSetupAction({ rootRef: this.rootRef, getLocalState: () => ({ filters: { ...this.model.filters } }) });
        this.openMenu = useCellMenu(() => this.model);
        this.model.load();
    }

    get panels() {
        return analyticsPanels
            .getEntries()
            .map(([key, panel]) => ({ key, ...panel }))
            .filter(({ part }) => this.model.data[part]);
    }

    get asOf() {
        return _t("As of %s", formatDate(deserializeDate(this.model.data.as_of)));
    }

    get isGuess() {
        return this.model.data.model.as_of && !this.model.data.model.is_reliable;
    }

    async scoreNow() {
        await this.model.call("crm_score_now", {});
        this.notification.add(_t("Customers are scored in the background. Look again in a few minutes."), {
            type: "success",
        });
    }

    async makeWorkbook() {
        const action = await this.model.orm.call("crm.analytics.workbook", "crm_request", [], {
            filters: this.model.filters,
        });
        await this.model.action.doAction(action);
    }

    openSales() {
        return this.model.action.doAction("sale.action_orders");
    }
}

registry.category("actions").add("crm_analytics.dashboard", AnalyticsDashboard);
