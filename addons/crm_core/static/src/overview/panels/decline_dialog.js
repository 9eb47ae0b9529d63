import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useAutofocus } from "@web/core/utils/hooks";

/** Asks why the customer does not want a product, before it is no longer suggested. */
export class DeclineDialog extends Component {
    static template = "crm_core.DeclineDialog";
    static components = { Dialog };
    static props = { product: String, onConfirm: Function, close: Function };

    setup() {
        useAutofocus({ refName: "reason" });
        this.state = useState({ reason: "", isSaving: false });
        this.reasons = [_t("Too expensive"), _t("Has another supplier"), _t("Does not need it")];
    }

    async confirm() {
        this.state.isSaving = true;
        try {
            await this.props.onConfirm(this.state.reason.trim() || null);
            this.props.close();
        } finally {
            this.state.isSaving = false;
        }
    }
}
