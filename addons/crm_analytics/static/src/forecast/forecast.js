import { AdjustDialog } from "./adjust_dialog";
import { ForecastChart } from "./forecast_chart";
import { ForecastModel } from "./forecast_model";
import { Component, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { deserializeDateTime, formatDate, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatPercentage } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;

const NEAR = 3; // months the headline speaks of
const CHANGES = [
    { key: "new", label: _t("New"), sign: 1, icon: "fa-plus-circle" },
    { key: "raised", label: _t("Raised"), sign: 1, icon: "fa-arrow-up" },
    { key: "lowered", label: _t("Lowered"), sign: -1, icon: "fa-arrow-down" },
    { key: "won", label: _t("Won"), sign: -1, icon: "fa-trophy" },
    { key: "lost", label: _t("Lost"), sign: -1, icon: "fa-times-circle" },
    { key: "gone", label: _t("Archived"), sign: -1, icon: "fa-archive" },
];
const MOVES = [
    { key: "slipped", label: _t("Put off to a later month"), icon: "fa-step-forward" },
    { key: "earlier", label: _t("Moved to an earlier month"), icon: "fa-step-backward" },
];
const NAMES = { forecast: _t("This forecast"), plain: _t("Plain pipeline"), naive: _t("As last year") };
const FEW = 6; // months compared that tell little

/** "What will we sell, how sure is it, and what changed?" */
export class ForecastScreen extends Component {
    static template = "crm_analytics.Forecast";
    static components = { ForecastChart, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        useSetupAction();
        this.dialog = useService("dialog");
        this.model = useState(
            new ForecastModel({
                orm: useService("orm"),
                action: useService("action"),
                notification: useService("notification"),
            })
        );
        this.model.load();
    }

    // Words and numbers --------------------------------------------------------

    money(amount) {
        return Math.round(amount) ? formatCurrency(amount, this.model.data.currency_id, { digits: [16, 0] }) : "–";
    }

    /** From – to, where nothing is an end as well. */
    interval(month) {
        const format = (amount) => formatCurrency(amount, this.model.data.currency_id, { digits: [16, 0] });
        return `${format(month.low)} – ${format(month.high)}`;
    }

    percent(share) {
        return formatPercentage(share, { digits: [16, 0] });
    }

    monthName(month) {
        return DateTime.fromISO(month).toFormat("LLLL yyyy");
    }

    day(day) {
        return formatDate(DateTime.fromISO(day));
    }

    get hasTargets() {
        return this.model.months.some(({ target }) => target);
    }

    get near() {
        return this.model.months.slice(0, NEAR);
    }

    sum(key) {
        return this.near.reduce((sum, month) => sum + month[key], 0);
    }

    dealCount(count) {
        return count === 1 ? _t("1 deal") : _t("%s deals", count);
    }

    /** What holds of a month: what a manager said, else the forecast. */
    standing(month) {
        return month.adjustment ? month.adjustment.amount : month.expected;
    }

    get headline() {
        const amount = this.near.reduce((sum, month) => sum + this.standing(month), 0);
        const before = this.sum("last_year");
        const values = { amount: this.money(amount), until: this.monthName(this.near.at(-1).month) };
        if (before <= 0) {
            return _t("%(amount)s until the end of %(until)s", values);
        }
        const change = amount / before - 1;
        values.change = this.percent(Math.abs(change));
        return change >= 0
            ? _t("%(amount)s until the end of %(until)s, %(change)s more than a year before", values)
            : _t("%(amount)s until the end of %(until)s, %(change)s less than a year before", values);
    }

    get counts() {
        return this.model.data.counts === "invoices"
            ? _t("Posted invoices less credit notes, without taxes, by invoice date.")
            : _t("Confirmed orders without taxes, by order date; later credit notes are not taken off.");
    }

    get tiles() {
        const [now] = this.model.months;
        const categories = Object.fromEntries(this.model.data.categories.map((row) => [row.key, row]));
        const said = (key) => (categories[key]?.cells || []).slice(0, NEAR).filter(Boolean);
        const tiles = [
            {
                key: "now",
                label: _t("This month"),
                value: this.money(this.standing(now)),
                detail: _t("%s sold already", this.money(now.booked)),
                help: _t("Sold already, usual sales still to come, open deals and deals nobody has made yet."),
                open: () => this.model.open("booked", now.month),
            },
            {
                key: "deals",
                label: _t("Open deals, 3 months"),
                value: this.money(this.sum("pipeline")),
                detail: _t("%s open", this.openDeals),
                help: _t("What open deals bring by their chance as it turned out before, and by how late deals close."),
                open: () => this.model.open("pipeline"),
            },
        ];
        for (const [key, help] of [
            ["committed", _t("What salespeople commit to, not weighed: from 80 %, or chosen by hand.")],
            ["best_case", _t("What may come if all goes well, not weighed: from 50 %, or chosen by hand.")],
        ]) {
            const cells = said(key);
            if (categories[key]) {
                tiles.push({
                    key,
                    label: _t("%s, 3 months", categories[key].name),
                    value: this.money(cells.reduce((sum, cell) => sum + cell.amount, 0)),
                    detail: this.dealCount(cells.reduce((sum, cell) => sum + cell.count, 0)),
                    help,
                    open: () => this.model.openCategory(key, [0, 1, 2]),
                });
            }
        }
        return tiles;
    }

    /** How many deals are open and not left out: of what is shown; of the company where deals have no such owner. */
    get openDeals() {
        const rows = this.model.data.categories.filter(({ key }) => key !== "omitted");
        const counts = rows.flatMap(({ cells }) => cells.filter(Boolean).map(({ count }) => count));
        return rows.length ? counts.reduce((sum, count) => sum + count, 0) : this.model.data.made.deals;
    }

    get accuracyByAhead() {
        return Object.fromEntries(this.model.data.accuracy.map((row) => [row.ahead, row]));
    }

    /** How right forecasts so far ahead were, and what to think of it. */
    doubt(month) {
        const row = this.accuracyByAhead[month.ahead];
        if (!row) {
            return { short: "–", text: _t("No forecast so far ahead can be compared with what came yet.") };
        }
        const values = { off: this.percent(row.forecast.wape), count: row.count };
        const best = row.forecast.wape <= Math.min(row.plain.wape, row.naive.wape);
        let text = best
            ? _t("So far ahead it was off by %(off)s, over %(count)s months.", values)
            : _t("So far ahead it was off by %(off)s over %(count)s months: a simpler rule was closer.", values);
        if (row.count < FEW) {
            text = `${text} ${_t("Few months: luck plays a part.")}`;
        }
        return { short: `±${values.off}`, text, isWorse: !best };
    }

    get accuracyRows() {
        return this.model.data.accuracy.map((row) => ({
            ahead: row.ahead,
            title: this.getAhead(row.ahead),
            count: row.count,
            best: Object.keys(NAMES).reduce((best, key) => (row[key].wape < row[best].wape ? key : best), "forecast"),
            cells: Object.keys(NAMES).map((key) => ({ key, ...row[key] })),
        }));
    }

    getAhead(ahead) {
        if (ahead < 2) {
            return ahead ? _t("Next month") : _t("Running month");
        }
        return _t("%s months ahead", ahead);
    }

    get accuracyNames() {
        return Object.values(NAMES);
    }

    bias(value) {
        return `${value >= 0 ? "+" : "−"}${this.percent(Math.abs(value))}`;
    }

    // Deals ---------------------------------------------------------------------

    get categoryMonths() {
        return [...this.near.map(({ month }) => DateTime.fromISO(month).toFormat("LLL")), _t("Later")];
    }

    get changes() {
        return this.getKinds(CHANGES);
    }

    get moves() {
        return this.getKinds(MOVES);
    }

    getKinds(kinds) {
        const found = this.model.data.changes.kinds;
        return kinds.filter(({ key }) => found[key]).map((kind) => ({ ...kind, ...found[kind.key] }));
    }

    get pipelineSum() {
        const { before, now } = this.model.data.changes.kinds;
        return { before: before?.amount || 0, now: now?.amount || 0 };
    }

    // Acts ------------------------------------------------------------------------

    choose(ev) {
        const [dimension, member] = ev.target.value.split(",");
        return this.model.load({ dimension, member_id: Number(member) });
    }

    compare(ev) {
        return this.model.load({ since: ev.target.value });
    }

    get groups() {
        const labels = {
            company: _t("Company"),
            team: _t("Sales teams"),
            user: _t("Salespeople"),
            country: _t("Territories: countries"),
            state: _t("Territories: regions"),
            category: _t("Product categories"),
        };
        const groups = [];
        for (const choice of this.model.data.choices) {
            let group = groups.find(({ key }) => key === choice.dimension);
            if (!group) {
                group = { key: choice.dimension, label: labels[choice.dimension] || choice.dimension, choices: [] };
                groups.push(group);
            }
            group.choices.push(choice);
        }
        return groups;
    }

    isChosen(choice) {
        const { dimension, member_id } = this.model.chosen;
        return choice.dimension === dimension && choice.member_id === member_id;
    }

    adjust(month) {
        this.dialog.add(AdjustDialog, {
            title: _t("%(month)s, %(name)s", { month: this.monthName(month.month), name: this.model.chosen.name }),
            month,
            money: (amount) => this.money(amount),
            save: (amount, reason) => this.model.adjust(month, amount, reason),
        });
    }

    adjustmentText({ user, date, reason, before }) {
        return _t("%(user)s, %(date)s: “%(reason)s” (before: %(before)s)", {
            user,
            date: formatDateTime(deserializeDateTime(date)),
            reason,
            before: this.money(before),
        });
    }
}

registry.category("actions").add("crm_analytics.forecast", ForecastScreen);
