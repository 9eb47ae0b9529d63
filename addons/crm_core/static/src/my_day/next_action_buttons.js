import { Component, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";

const LATER = [
    { days: 1, label: _t("Tomorrow") },
    { days: 3, label: _t("In 3 days") },
    { days: 7, label: _t("Next week") },
    { days: 30, label: _t("In a month") },
];

/** Do it, later, or not: the answers to one thing to do. */
export class NextActionButtons extends Component {
    static template = "crm_core.NextActionButtons";
    static components = { Dropdown, DropdownItem };
    static props = {
        item: Object,
        reasons: Array,
        onDo: Function,
        onLater: Function,
        onReject: Function,
        isPrimary: { type: Boolean, optional: true },
    };

    setup() {
        this.later = LATER;
        this.state = useState({ isBusy: false });
    }

    get canPostpone() {
        return this.props.item.type !== "meeting";
    }

    get canReject() {
        return this.props.item.type === "recommendation";
    }

    /** A second click while the first is under way does nothing. */
    async run(work) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await work();
        } finally {
            this.state.isBusy = false;
        }
    }
}
