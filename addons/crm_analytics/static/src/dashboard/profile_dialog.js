import { formatAmount, formatCount, formatShare } from "./dashboard_format";
import { UNKNOWN } from "@crm_core/overview/overview_format";
import { Component, onWillStart, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";

/** The customers of a cell against the rest: where they are, what they buy, how they pay. */
export class ProfileDialog extends Component {
    static template = "crm_analytics.ProfileDialog";
    static components = { Dialog };
    static props = { model: Object, what: Object, name: String, close: Function };

    setup() {
        this.state = useState({ profile: null });
        onWillStart(() => {
            this.load();
        });
    }

    async load() {
        this.state.profile = await this.props.model.loadProfile(this.props.what);
    }

    get title() {
        return _t("What sets apart: %s", this.props.name);
    }

    get finding() {
        const clear = this.state.profile.sides
            .flatMap((side) => side.rows.map((row) => ({ ...row, label: side.label })))
            .filter((row) => row.is_clear)
            .sort((left, right) => Math.abs(right.share - right.rest_share) - Math.abs(left.share - left.rest_share));
        if (!clear.length) {
            return _t("Nothing sets them clearly apart: all differences may be chance.");
        }
        const { label, name, share, rest_share } = clear[0];
        return _t("%(label)s: %(name)s, %(share)s of them against %(rest)s of the rest.", {
            label,
            name,
            share: formatShare(share),
            rest: formatShare(rest_share),
        });
    }

    get based() {
        const { customers, rest, sampled } = this.state.profile;
        const counted = _t("%(customers)s customers against %(rest)s others.", {
            customers: formatCount(customers),
            rest: formatCount(rest),
        });
        return sampled > 1 ? `${counted} ${_t("One customer in %s was looked at.", sampled)}` : counted;
    }

    get sides() {
        return this.state.profile.sides.map((side) => ({
            ...side,
            rows: side.rows.map((row) => ({
                ...row,
                shareText: formatShare(row.share),
                restText: formatShare(row.rest_share),
            })),
        }));
    }

    get habits() {
        return this.state.profile.habits.map((habit) => ({
            ...habit,
            valueText: this.formatHabit(habit, habit.value),
            restText: this.formatHabit(habit, habit.rest),
        }));
    }

    formatHabit({ type }, value) {
        if (value === null) {
            return UNKNOWN;
        }
        const { currencyId } = this.props.model;
        return { days: formatCount, percentage: formatShare, monetary: (amount) => formatAmount(amount, currencyId) }[type](
            type === "days" ? Math.round(value) : value
        );
    }
}
