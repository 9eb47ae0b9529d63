import { customerPanels } from "../customer_panels";
import { formatDay, formatRelativeDay } from "../overview_format";
import { OverviewPanel } from "../overview_panel";
import { HistoryDocument } from "./history_document";
import { HistoryList } from "./history_list";
import { Component, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useDebounced } from "@web/core/utils/timing";

const SEARCH_DELAY = 300;

const KINDS = [
    { kind: null, label: _t("All") },
    { kind: "order", label: _t("Orders") },
    { kind: "quotation", label: _t("Quotations") },
    { kind: "invoice", label: _t("Invoices") },
    { kind: "refund", label: _t("Refunds") },
    { kind: "delivery", label: _t("Deliveries") },
    { kind: "return", label: _t("Returns") },
];

/** Orders, invoices, deliveries and returns in one list, newest first, without end. */
export class HistoryPanel extends Component {
    static template = "crm_core.HistoryPanel";
    static components = { HistoryDocument, OverviewPanel };
    static props = { model: Object, section: { optional: true }, isFolded: Boolean };

    setup() {
        this.kinds = KINDS;
        this.model = useState(this.props.model);
        this.history = useState(new HistoryList((method, kwargs) => this.model.call(method, kwargs)));
        this.endRef = useRef("end");
        this.search = useDebounced((text) => this.history.setFilter({ search: text.trim() }), SEARCH_DELAY);
        useEffect(
            () => {
                this.history.reload();
            },
            () => [this.model.version]
        );
        this.loadWhenEndIsNear();
    }

    /** The button "Load more" does the same for those who don't scroll. */
    loadWhenEndIsNear() {
        useEffect(
            (end) => {
                if (!end) {
                    return;
                }
                const observer = new IntersectionObserver(
                    (entries) => entries.at(-1).isIntersecting && this.history.loadMore(),
                    { rootMargin: "300px" }
                );
                observer.observe(end);
                return () => observer.disconnect();
            },
            // Observed anew with each page: an end that stays in view reports itself only once.
            () => [this.endRef.el, this.history.rows.length]
        );
    }

    get days() {
        return this.history.days.map(({ key, day, moment, rows }) => ({
            key,
            rows,
            date: formatDay(day),
            weekday: moment.toFormat("cccc"),
            relative: formatRelativeDay(moment),
        }));
    }

    clearFilter() {
        return this.history.setFilter({ kind: null, search: "" });
    }
}

customerPanels.add("history", { component: HistoryPanel, sequence: 100, position: "full" });
