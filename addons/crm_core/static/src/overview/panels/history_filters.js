import { Component } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";

const { DateTime } = luxon;

/** Who, which way, over which channel and when: the finer filters of the history. */
export class HistoryFilters extends Component {
    static template = "crm_core.HistoryFilters";
    static components = { Dropdown, RecordSelector };
    static props = { filter: Object, channels: Array, customerId: Number, onChange: Function };

    setup() {
        this.directions = [
            { value: "in", label: _t("From the customer") },
            { value: "out", label: _t("To the customer") },
        ];
        this.periods = [
            { label: _t("30 days"), days: 30 },
            { label: _t("90 days"), days: 90 },
            { label: _t("12 months"), days: 365 },
        ];
    }

    get contactDomain() {
        return [
            ["commercial_partner_id", "=", this.props.customerId],
            ["type", "=", "contact"],
        ];
    }

    get userDomain() {
        return [["share", "=", false]];
    }

    get count() {
        const { channel, direction, userId, contactId, since, until } = this.props.filter;
        return [channel, direction, userId, contactId, since || until].filter(Boolean).length;
    }

    lastDays(days) {
        return this.props.onChange({ since: DateTime.local().minus({ days }).toISODate(), until: "" });
    }

    clear() {
        const none = { channel: null, direction: null, userId: null, contactId: null, since: "", until: "" };
        return this.props.onChange(none);
    }
}
