import { customerPanels } from "../customer_panels";
import { formatDay, formatMoney, formatQuantity, formatRelativeDay, UNKNOWN } from "../overview_format";
import { OverviewPanel } from "../overview_panel";
import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const PAGE = 200;

const DUE_STATES = {
    soon: { class: "text-bg-info", icon: "fa-clock-o", label: _t("soon") },
    due: { class: "text-bg-warning", icon: "fa-bell", label: _t("due") },
    missed: { class: "text-bg-danger", icon: "fa-exclamation-triangle", label: _t("missed") },
};

/** What the customer buys, how regularly, and when the next time is due. */
export class ProductsPanel extends Component {
    static template = "crm_core.ProductsPanel";
    static components = { OverviewPanel };
    static props = { model: Object, section: Object, isFolded: Boolean };

    setup() {
        this.state = useState({ rows: [...this.props.section.rows], isLoading: false });
        onWillUpdateProps(({ section }) => {
            if (section !== this.props.section) {
                this.state.rows = [...section.rows];
            }
        });
    }

    get hasMore() {
        return this.state.rows.length < this.props.section.count;
    }

    get rows() {
        return this.state.rows.map((row) => ({
            ...row,
            lastBought: formatRelativeDay(row.last_date),
            lastDay: formatDay(row.last_date),
            rhythm: this.formatRhythm(row),
            due: row.next_due_date ? formatRelativeDay(row.next_due_date) : UNKNOWN,
            dueDay: formatDay(row.next_due_date),
            dueLook: DUE_STATES[row.due_state],
            quantity: _t("%(quantity)s %(unit)s in all", {
                quantity: formatQuantity(row.net_quantity),
                unit: row.uom,
            }),
            money: formatMoney(row.amount, this.props.model.currencyId),
        }));
    }

    formatRhythm({ interval, times_bought }) {
        if (!interval) {
            return times_bought === 1 ? _t("bought once") : _t("no rhythm yet");
        }
        return interval === 1 ? _t("every day") : _t("every %s days", interval);
    }

    async showMore() {
        this.state.isLoading = true;
        try {
            const offset = this.state.rows.length;
            const { rows } = await this.props.model.call("crm_overview_products", { limit: PAGE, offset });
            this.state.rows.push(...rows);
        } finally {
            this.state.isLoading = false;
        }
    }
}

customerPanels.add("products", { component: ProductsPanel, section: "products", sequence: 40, position: "side" });
