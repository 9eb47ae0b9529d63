import { FigureInfo } from "./figure_info";
import { FIGURE_TEXTS } from "./figure_texts";
import { Component, useState } from "@odoo/owl";

/** A card of the screen: its title says the finding, below it stands what it is about. */
export class DashboardPanel extends Component {
    static template = "crm_analytics.DashboardPanel";
    static components = { FigureInfo };
    static props = {
        figure: String,
        finding: String,
        data: Object,
        slots: Object,
    };

    setup() {
        this.state = useState({ showsTable: false });
    }

    get label() {
        return FIGURE_TEXTS[this.props.figure].title;
    }

    get hasTable() {
        return Boolean(this.props.slots.table);
    }

    toggle() {
        this.state.showsTable = !this.state.showsTable;
    }
}
