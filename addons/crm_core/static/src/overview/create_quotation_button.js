import { Component, useState } from "@odoo/owl";

export class CreateQuotationButton extends Component {
    static template = "crm_core.CreateQuotationButton";
    static props = { model: Object };

    setup() {
        this.model = useState(this.props.model);
    }

    get offer() {
        return this.model.offer;
    }
}
