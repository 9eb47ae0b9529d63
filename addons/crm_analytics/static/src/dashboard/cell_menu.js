import { customersText } from "./dashboard_format";
import { ProfileDialog } from "./profile_dialog";
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { useService } from "@web/core/utils/hooks";

const ACTS = [
    { key: "open", label: _t("Open customers"), icon: "fa-users" },
    { key: "target_group", label: _t("Make target group"), icon: "fa-bullseye" },
    { key: "offers", label: _t("Prepare offers"), icon: "fa-gift" },
    { key: "activity", label: _t("Schedule activity"), icon: "fa-check-square-o" },
];

/** What can be done with the customers behind a figure: the same everywhere. */
export class CellMenu extends Component {
    static template = "crm_analytics.CellMenu";
    static props = {
        model: Object,
        name: String,
        count: { type: Number, optional: true },
        detail: { type: String, optional: true },
        what: Object,
        close: { type: Function, optional: true },
    };

    setup() {
        this.dialog = useService("dialog");
        this.state = useState({ isBusy: false });
        this.acts = ACTS;
    }

    get countText() {
        return this.props.count === undefined ? "" : customersText(this.props.count);
    }

    async do(act) {
        this.state.isBusy = true;
        try {
            await this.props.model.act(this.props.what, act, this.props.name);
        } finally {
            this.state.isBusy = false;
            this.props.close?.();
        }
    }

    openProfile() {
        const { model, what, name } = this.props;
        this.dialog.add(ProfileDialog, { model, what, name });
        this.props.close?.();
    }
}

/** @returns {(ev: Event, cell: {what: Object, name: string, count?: number, detail?: string}) => void} */
export function useCellMenu(getModel) {
    const popover = usePopover(CellMenu, {
        useBottomSheet: useService("ui").isSmall,
        popoverClass: "o_analytics_menu_popover",
    });
    return (ev, { what, name, count, detail }) => {
        // What is lazily translated is no string to the props of a component.
        popover.open(ev.currentTarget, { model: getModel(), what, name: name.toString(), count, detail });
    };
}
