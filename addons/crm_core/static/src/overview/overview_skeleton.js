import { Component } from "@odoo/owl";

/** The final layout in grey while the figures are on their way, so that nothing jumps. */
export class OverviewSkeleton extends Component {
    static template = "crm_core.OverviewSkeleton";
    static props = {};
}
