import { getHoldoutText } from "./dashboard_format";
import { FigureInfo } from "./figure_info";
import { FIGURE_TEXTS } from "./figure_texts";
import { formatFigure, formatTrend } from "@crm_core/overview/overview_format";
import { Component } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const WIDTH = 100;
const HEIGHT = 24;

/** One figure with its trend and the course of it; it opens the customers behind. */
export class KpiTile extends Component {
    static template = "crm_analytics.KpiTile";
    static components = { FigureInfo };
    static props = { tile: Object, model: Object, onPick: Function };

    get label() {
        return FIGURE_TEXTS[this.props.tile.key].title;
    }

    get figure() {
        return formatFigure(this.props.tile, this.props.model.currencyId);
    }

    /** Of shares the change is in points: from 40 % to 44 % are 4 points, no 10 %. */
    get trend() {
        const { trend, type, more_is_good } = this.props.tile;
        if (trend === null) {
            return null;
        }
        const isFlat = Math.abs(trend) < 0.005;
        const text =
            type === "percentage" ? _t("%s pts", `${trend < 0 ? "−" : "+"}${Math.abs(Math.round(trend * 100))}`) : formatTrend(trend);
        const icon = trend < 0 ? "fa-caret-down" : "fa-caret-up";
        const isGood = trend > 0 === more_is_good;
        return {
            text,
            icon: isFlat ? "fa-caret-right" : icon,
            class: isFlat ? "text-muted" : isGood ? "text-success" : "text-danger",
            title: this.compared,
        };
    }

    /** Beside a prediction: how far it would have been off. */
    get holdout() {
        return FIGURE_TEXTS[this.props.tile.key].predicts ? getHoldoutText(this.props.model.data.model) : "";
    }

    get compared() {
        const { tile, model } = this.props;
        if (tile.since) {
            return _t("Compared with %s", formatDate(deserializeDate(tile.since)));
        }
        return _t("Compared with the %s months before", model.data.filters.months);
    }

    get points() {
        const { spark } = this.props.tile;
        if (!spark || spark.length < 2) {
            return "";
        }
        const low = Math.min(...spark);
        const span = Math.max(...spark) - low || 1;
        return spark
            .map((value, place) => {
                const x = (place / (spark.length - 1)) * WIDTH;
                const y = HEIGHT - 2 - ((value - low) / span) * (HEIGHT - 4);
                return `${x.toFixed(1)},${y.toFixed(1)}`;
            })
            .join(" ");
    }

    pick(ev) {
        const { tile, onPick } = this.props;
        onPick(ev, { what: tile.what, name: this.label, detail: this.figure });
    }
}
