import { Component, useState } from "@odoo/owl";

/**
 * The frame of a panel: a card with a heading, acts beside it and a body, which folds where
 * `isFolded` (how it starts) is given. Slots: `default` (body), `actions` (beside the heading),
 * `footer`.
 */
export class OverviewPanel extends Component {
    static template = "crm_core.OverviewPanel";
    static props = {
        title: { type: [String, Object] },
        name: String,
        count: { type: Number, optional: true },
        isFolded: { type: Boolean, optional: true },
        slots: { type: Object, optional: true },
    };

    setup() {
        this.state = useState({ isOpen: !this.props.isFolded });
    }

    get headingId() {
        return `crm_overview_${this.props.name}`;
    }

    get isFoldable() {
        return this.props.isFolded !== undefined;
    }

    get isOpen() {
        return !this.isFoldable || this.state.isOpen;
    }

    toggle() {
        this.state.isOpen = !this.state.isOpen;
    }
}
