import { formatFigure, formatMoney, formatTrend, isUnknown } from "./overview_format";
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const LEVELS = {
    warning: { text: "text-warning", icon: "fa-exclamation-triangle", label: _t("Attention") },
    danger: { text: "text-danger", icon: "fa-exclamation-circle", label: _t("Urgent") },
};

/** One figure; it opens the records it is made of. */
export class OverviewTile extends Component {
    static template = "crm_core.OverviewTile";
    static props = { tile: Object, currencyId: Number, onOpen: Function };

    get level() {
        return LEVELS[this.props.tile.level];
    }

    get figure() {
        return formatFigure(this.props.tile, this.props.currencyId);
    }

    get exact() {
        const { type, value } = this.props.tile;
        return type === "monetary" && !isUnknown(value) ? formatMoney(value, this.props.currencyId) : undefined;
    }

    get trend() {
        const { trend } = this.props.tile;
        if (isUnknown(trend)) {
            return null;
        }
        const icon = trend < 0 ? "fa-caret-down" : "fa-caret-up";
        return { text: formatTrend(trend), icon, class: trend < 0 ? "text-danger" : "text-success" };
    }
}
