import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { useService } from "@web/core/utils/hooks";

/** Which customers are looked at, and over which time. */
export class DashboardFilters extends Component {
    static template = "crm_analytics.DashboardFilters";
    static components = { RecordSelector };
    static props = { model: Object, onWorkbook: Function };

    setup() {
        this.state = useState({ isOpen: false });
        this.ui = useService("ui");
    }

    get isShown() {
        return !this.ui.isSmall || this.state.isOpen;
    }

    get chosen() {
        return this.props.model.data.filters;
    }

    get choices() {
        return this.props.model.data.choices;
    }

    get selectors() {
        const { filters } = this.props.model;
        const companies = [false, this.chosen.company_id];
        return [
            { name: "team_id", resModel: "crm.team", label: _t("Team"), domain: [["company_id", "in", companies]] },
            {
                name: "user_id",
                resModel: "res.users",
                label: _t("Salesperson"),
                domain: [
                    ["share", "=", false],
                    ["company_ids", "in", [this.chosen.company_id]],
                ],
            },
            { name: "country_id", resModel: "res.country", label: _t("Country"), domain: [] },
            { name: "categ_id", resModel: "product.category", label: _t("Bought of"), domain: [] },
        ].map((selector) => ({
            ...selector,
            label: selector.label.toString(),
            resId: filters[selector.name] || false,
        }));
    }

    get canExport() {
        return this.choices.can_export && !this.props.model.data.is_empty;
    }

    getPeriod(months) {
        return _t("%s months", months);
    }

    setNumber(name, ev) {
        return this.set(name, Number(ev.target.value));
    }

    set(name, value) {
        return this.props.model.setFilter(name, value);
    }
}
