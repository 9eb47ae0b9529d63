import { Component, onWillUnmount, useState } from "@odoo/owl";
import { formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { formatWorkingTime } from "./working_time";

const TICK = 30000; // the badge shows minutes

/** The earliest deadline of a ticket as working time left. Red only when it is late. */
export class SlaCountdownField extends Component {
    static template = "crm_helpdesk.SlaCountdownField";
    static props = { ...standardFieldProps, showPolicy: { type: Boolean, optional: true } };

    setup() {
        this.state = useState({ now: luxon.DateTime.now() });
        const timer = setInterval(() => (this.state.now = luxon.DateTime.now()), TICK);
        onWillUnmount(() => clearInterval(timer));
        this.loaded = { of: null, at: null };
    }

    get deadline() {
        return this.props.record.data[this.props.name];
    }

    get countdown() {
        const countdown = this.props.record.data.sla_countdown;
        if (countdown !== this.loaded.of) {
            this.loaded = { of: countdown, at: luxon.DateTime.now() };
        }
        return countdown;
    }

    get isLate() {
        return Boolean(this.deadline) && this.deadline < this.state.now;
    }

    /** Working seconds left: the clock goes on while people are at work. */
    get seconds() {
        if (!this.countdown) {
            return null;
        }
        const passed = this.countdown.is_working
            ? Math.max(0, this.state.now.diff(this.loaded.at, "seconds").seconds)
            : 0;
        return this.countdown.seconds - passed;
    }

    get label() {
        if (this.seconds === null) {
            return formatDateTime(this.deadline);
        }
        const time = formatWorkingTime(Math.abs(this.seconds));
        return this.isLate ? _t("%s late", time) : _t("%s left", time);
    }

    get hint() {
        const deadline = formatDateTime(this.deadline);
        return this.countdown
            ? _t("%(policy)s: until %(deadline)s, counted in working time", {
                  policy: this.countdown.policy,
                  deadline,
              })
            : deadline;
    }

    get className() {
        if (this.isLate) {
            return "text-bg-danger";
        }
        return this.seconds !== null && this.seconds < 3600 ? "text-bg-warning" : "text-bg-light border";
    }
}

export const slaCountdownField = {
    component: SlaCountdownField,
    displayName: _t("Working Time Left"),
    supportedTypes: ["datetime"],
    extractProps: ({ options }) => ({ showPolicy: Boolean(options.show_policy) }),
    fieldDependencies: [{ name: "sla_countdown", type: "json", readonly: true }],
};

registry.category("fields").add("helpdesk_sla_countdown", slaCountdownField);
