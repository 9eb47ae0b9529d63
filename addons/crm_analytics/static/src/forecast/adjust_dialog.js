import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { parseFloat as parseNumber } from "@web/views/fields/parsers";

/** What a month will bring in the manager's eyes, and why. */
export class AdjustDialog extends Component {
    static template = "crm_analytics.AdjustDialog";
    static components = { Dialog };
    static props = { title: String, month: Object, money: Function, save: Function, close: Function };

    setup() {
        const { month } = this.props;
        const amount = month.adjustment ? month.adjustment.amount : month.expected;
        this.state = useState({ amount: String(Math.round(amount)), reason: "", failure: "", isBusy: false });
    }

    async save(isWithdrawn) {
        let amount = false;
        if (!isWithdrawn) {
            try {
                amount = parseNumber(this.state.amount);
            } catch {
                this.state.failure = _t("Please write a number.");
                return;
            }
        }
        this.state.isBusy = true;
        try {
            await this.props.save(amount, this.state.reason);
            this.props.close();
        } catch (error) {
            this.state.failure = error.data?.message || _t("It could not be saved. Please try again.");
        } finally {
            this.state.isBusy = false;
        }
    }
}
