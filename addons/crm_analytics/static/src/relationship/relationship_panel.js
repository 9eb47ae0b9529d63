import { PyramidParts, formatChange, judge } from "./pyramid";
import { customerPanels } from "@crm_core/overview/customer_panels";
import { OverviewPanel } from "@crm_core/overview/overview_panel";
import { Component } from "@odoo/owl";

/** How well this customer is served, and what would lift it. */
export class RelationshipPanel extends Component {
    static template = "crm_analytics.RelationshipPanel";
    static components = { OverviewPanel, PyramidParts };
    static props = { model: Object, section: Object, isFolded: Boolean };

    judge(level) {
        return judge(level.score);
    }

    formatChange(change) {
        return formatChange(change);
    }
}

customerPanels.add("relationship", {
    component: RelationshipPanel,
    section: "relationship",
    sequence: 62,
    position: "full",
});
