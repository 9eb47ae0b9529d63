import { customerPanels } from "../customer_panels";
import { formatMoney } from "../overview_format";
import { OverviewPanel } from "../overview_panel";
import { TurnoverChart } from "./turnover_chart";
import { Component, useState } from "@odoo/owl";

const { DateTime } = luxon;

/** Turnover per month beside the year before: as bars, or as the table behind them. */
export class TurnoverPanel extends Component {
    static template = "crm_core.TurnoverPanel";
    static components = { OverviewPanel, TurnoverChart };
    static props = { model: Object, section: Object, isFolded: Boolean };

    setup() {
        this.state = useState({ isTable: false });
    }

    get isEmpty() {
        const { current, previous } = this.props.section;
        return ![...current, ...previous].some(Boolean);
    }

    get rows() {
        const { months, current, previous } = this.props.section;
        return months.map((month, index) => ({
            month: DateTime.fromISO(`${month}-01`).toFormat("LLLL yyyy"),
            current: this.format(current[index]),
            previous: this.format(previous[index]),
        }));
    }

    format(amount) {
        return formatMoney(amount || null, this.props.model.currencyId);
    }
}

customerPanels.add("turnover", { component: TurnoverPanel, section: "turnover", sequence: 30, position: "main" });
