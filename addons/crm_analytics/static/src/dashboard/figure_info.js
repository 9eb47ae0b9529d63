import { FIGURE_TEXTS } from "./figure_texts";
import { Component, useRef } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { useService } from "@web/core/utils/hooks";

export class FigureInfoText extends Component {
    static template = "crm_analytics.FigureInfoText";
    static props = { figure: String, data: Object, close: { type: Function, optional: true } };

    get text() {
        return FIGURE_TEXTS[this.props.figure];
    }

    get asOf() {
        return formatDate(deserializeDate(this.props.data.as_of));
    }

    get basis() {
        return this.props.data.basis;
    }

    /** How sure a prediction is: what it would have told of days that are over. */
    get sure() {
        const { model } = this.props.data;
        if (!this.text.predicts) {
            return _t("Counted, not estimated.");
        }
        return [model.doubts, model.holdout_note].filter(Boolean).join(" ") || _t("Nothing was held back to compare with yet.");
    }
}

/** A button that tells what a figure means, how it is made, how sure it is, and as of when. */
export class FigureInfo extends Component {
    static template = "crm_analytics.FigureInfo";
    static props = { figure: String, data: Object };

    setup() {
        this.buttonRef = useRef("button");
        this.popover = usePopover(FigureInfoText, {
            useBottomSheet: useService("ui").isSmall,
            popoverClass: "o_analytics_info_popover",
        });
    }

    get label() {
        return _t("About %s", FIGURE_TEXTS[this.props.figure].title);
    }

    open() {
        this.popover.open(this.buttonRef.el, { figure: this.props.figure, data: this.props.data });
    }
}
