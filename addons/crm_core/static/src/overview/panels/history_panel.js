import { customerPanels } from "../customer_panels";
import { formatDay, formatRelativeDay } from "../overview_format";
import { OverviewPanel } from "../overview_panel";
import { HistoryFilters } from "./history_filters";
import { HistoryList } from "./history_list";
import { HistoryRow } from "./history_row";
import { Component, useEffect, useRef, useState } from "@odoo/owl";
import { useDebounced } from "@web/core/utils/timing";

const SEARCH_DELAY = 300;
const UPCOMING = 3;
const UPCOMING_MAX = 50;

/** Every contact over every channel in one list, newest first, without end; above it what is to come. */
export class HistoryPanel extends Component {
    static template = "crm_core.HistoryPanel";
    static components = { HistoryFilters, HistoryRow, OverviewPanel };
    static props = { model: Object, section: Object, isFolded: Boolean };

    setup() {
        this.model = useState(this.props.model);
        this.history = useState(
            new HistoryList((method, kwargs, partnerId) => this.model.call(method, kwargs, partnerId))
        );
        this.endRef = useRef("end");
        this.search = useDebounced((text) => this.history.setFilter({ search: text.trim() }), SEARCH_DELAY);
        useEffect(
            () => {
                this.history.reload();
                this.history.loadUpcoming(UPCOMING);
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

    get upcoming() {
        return this.history.upcoming.rows.map((row) => ({ ...row, when: formatRelativeDay(row.day || row.date) }));
    }

    showAllUpcoming() {
        return this.history.loadUpcoming(UPCOMING_MAX);
    }
}

customerPanels.add("history", { component: HistoryPanel, section: "history", sequence: 100, position: "full" });
