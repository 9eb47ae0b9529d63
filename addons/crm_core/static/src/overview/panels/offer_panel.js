import { CreateQuotationButton } from "../create_quotation_button";
import { customerPanels } from "../customer_panels";
import { formatMoney } from "../overview_format";
import { OverviewPanel } from "../overview_panel";
import { DeclineDialog } from "./decline_dialog";
import { OfferLine } from "./offer_line";
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** The next offer: what, why, how many, for how much, and the one click that makes it a quotation. */
export class OfferPanel extends Component {
    static template = "crm_core.OfferPanel";
    static components = { CreateQuotationButton, OfferLine, OverviewPanel };
    static props = { model: Object, section: { optional: true }, isFolded: Boolean };

    setup() {
        this.model = useState(this.props.model);
        this.dialog = useService("dialog");
        this.notification = useService("notification");
    }

    get offer() {
        return this.model.offer;
    }

    get total() {
        return formatMoney(this.offer.total, this.offer.currencyId);
    }

    get canCreateQuotation() {
        return this.model.overview.rights.create_quotation;
    }

    /** It can't be taken back, so it is asked for and what will happen is named. */
    askToDecline(line) {
        this.dialog.add(DeclineDialog, {
            product: line.name,
            onConfirm: async (reason) => {
                await this.offer.decline(line, reason);
                this.notification.add(_t("%s is not suggested to this customer for now.", line.name), {
                    type: "info",
                });
            },
        });
    }
}

customerPanels.add("offer", { component: OfferPanel, sequence: 20, position: "side" });
