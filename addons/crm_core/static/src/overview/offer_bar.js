import { CreateQuotationButton } from "./create_quotation_button";
import { formatMoney } from "./overview_format";
import { Component, useState } from "@odoo/owl";

/** On the phone the main act stays in reach of the thumb, wherever the page is scrolled to. */
export class OfferBar extends Component {
    static template = "crm_core.OfferBar";
    static components = { CreateQuotationButton };
    static props = { model: Object };

    setup() {
        this.model = useState(this.props.model);
    }

    get offer() {
        return this.model.offer;
    }

    get total() {
        return formatMoney(this.offer.total, this.offer.currencyId);
    }
}
