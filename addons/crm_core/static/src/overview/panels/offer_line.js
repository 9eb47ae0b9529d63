import { formatMoney, formatQuantity, isUnknown } from "../overview_format";
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { parseFloat } from "@web/views/fields/parsers";

/** One suggested product: chosen or not, how many, why, what it costs, whether it is in stock. */
export class OfferLine extends Component {
    static template = "crm_core.OfferLine";
    static props = { line: Object, onDecline: Function, onQuantityChanged: Function };

    setup() {
        this.line = useState(this.props.line);
        this.state = useState({ isInvalid: false });
    }

    get inputId() {
        return `crm_offer_line_${this.line.product_id}`;
    }

    get quantity() {
        return formatQuantity(this.line.quantity);
    }

    get price() {
        return formatMoney(this.line.price_unit, this.line.currency_id);
    }

    get amount() {
        return formatMoney(this.line.quantity * this.line.price_unit, this.line.currency_id);
    }

    get stock() {
        const { stock, quantity } = this.line;
        if (isUnknown(stock)) {
            return null;
        }
        if (stock <= 0) {
            return { text: _t("Not in stock"), class: "text-danger", icon: "fa-times" };
        }
        const isEnough = stock >= quantity;
        return {
            text: _t("%s in stock", formatQuantity(stock)),
            class: isEnough ? "text-success" : "text-warning",
            icon: isEnough ? "fa-check" : "fa-exclamation-triangle",
        };
    }

    toggle() {
        this.line.isChosen = !this.line.isChosen;
    }

    /** Who changes the quantity wants the product. */
    setQuantity(ev) {
        let quantity = NaN;
        try {
            quantity = parseFloat(ev.target.value);
        } catch {
            // Shown as invalid below.
        }
        this.state.isInvalid = !(quantity > 0 && quantity < 1e9);
        if (!this.state.isInvalid) {
            this.line.quantity = quantity;
            this.line.isChosen = true;
        }
    }

    /** Larger quantities may be cheaper. */
    askForPrice() {
        if (!this.state.isInvalid) {
            this.props.onQuantityChanged(this.line);
        }
    }

    /** What is not a quantity gives way to the last one that was. */
    restoreQuantity(ev) {
        this.state.isInvalid = false;
        ev.target.value = this.quantity;
    }
}
