import { Component, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { TagsList } from "@web/core/tags_list/tags_list";

const LIFECYCLE_ICONS = {
    active: "fa-check",
    late: "fa-clock-o",
    lost: "fa-chain-broken",
    new: "fa-star",
    prospect: "fa-search",
};

/** Who the customer is, how it stands with him, and how to reach him. */
export class OverviewHeader extends Component {
    static template = "crm_core.OverviewHeader";
    static components = { Dropdown, DropdownItem, TagsList };
    static props = { model: Object, onRefresh: Function };

    setup() {
        this.model = useState(this.props.model);
    }

    get partner() {
        return this.model.overview.partner;
    }

    get tags() {
        return this.partner.tags.map((tag) => ({ id: tag.id, text: tag.name, colorIndex: tag.color }));
    }

    get lifecycle() {
        const { state, label, reason, level } = this.model.overview.lifecycle;
        return { label, reason, class: `text-bg-${level}`, icon: LIFECYCLE_ICONS[state] || "fa-circle" };
    }

    get consentClass() {
        return this.model.overview.consent.is_allowed ? "text-success" : "text-danger";
    }

    get phoneLink() {
        return `tel:${this.partner.phone.replace(/\s+/g, "")}`;
    }

    editContact() {
        return this.model.openDocument("res.partner", this.partner.id);
    }
}
