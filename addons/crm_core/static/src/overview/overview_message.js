import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const TITLES = {
    access: _t("You may not see this customer's business"),
    missing: _t("This customer does not exist"),
    other: _t("The overview could not be loaded"),
};

/** Instead of the screen when there is nothing to show: what is wrong and where to go. */
export class OverviewMessage extends Component {
    static template = "crm_core.OverviewMessage";
    static props = {
        kind: { validate: (kind) => kind in TITLES },
        message: String,
        onRetry: Function,
        onOpenCustomers: Function,
    };

    get title() {
        return TITLES[this.props.kind];
    }
}
