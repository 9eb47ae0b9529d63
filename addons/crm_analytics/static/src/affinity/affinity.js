import { placeNodes } from "./affinity_layout";
import { Component, useState } from "@odoo/owl";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const WIDTH = 1000;
const HEIGHT = 560;
const PHONE_HEIGHT = 1100; // a tall picture, so that names stay legible
const NAME = 22; // letters of a name in the picture

/** "What goes with what?": products as dots, ties between them as lines, the table beside. */
export class Affinity extends Component {
    static template = "crm_analytics.Affinity";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        useSetupAction();
        this.orm = useService("orm");
        this.action = useService("action");
        this.ui = useService("ui");
        this.state = useState({ status: "loading", kind: "order", chosen: false, failure: "" });
        this.load("order");
    }

    async load(kind) {
        try {
            this.data = await this.orm.call("crm.analytics.pair", "crm_affinity", [], { kind });
            this.size = { width: this.ui.isSmall ? 640 : WIDTH, height: this.ui.isSmall ? PHONE_HEIGHT : HEIGHT };
            this.places = placeNodes(this.data.nodes, this.data.edges, this.size.width, this.size.height);
            Object.assign(this.state, { kind, chosen: false, status: this.data.edges.length ? "ready" : "empty" });
        } catch (error) {
            Object.assign(this.state, { status: "failed", failure: error.data?.message || _t("Please try again.") });
        }
    }

    get kinds() {
        return [
            { key: "order", label: _t("In one order") },
            { key: "customer", label: _t("By one customer") },
        ];
    }

    get headline() {
        const [strongest] = this.data.edges;
        const name = (id) => this.data.nodes.find((node) => node.id === id).name;
        return _t("%(one)s and %(other)s belong together most: %(lift)s times luck", {
            one: name(strongest.from),
            other: name(strongest.to),
            lift: strongest.lift.toFixed(1),
        });
    }

    get nodes() {
        const most = Math.max(...this.data.nodes.map(({ weight }) => weight));
        return this.data.nodes.map((node) => ({
            ...node,
            ...this.places[node.id],
            radius: 5 + 13 * Math.sqrt(node.weight / most),
            short: node.name.length > NAME ? `${node.name.slice(0, NAME - 1)}…` : node.name,
            isDim: this.state.chosen && !this.isNear(node.id),
        }));
    }

    get edges() {
        const most = Math.max(...this.data.edges.map(({ lift }) => Math.log(lift)));
        return this.data.edges.map((edge) => ({
            ...edge,
            one: this.places[edge.from],
            two: this.places[edge.to],
            width: 1 + (5 * Math.log(edge.lift)) / (most || 1),
            isDim: this.state.chosen && ![edge.from, edge.to].includes(this.state.chosen),
        }));
    }

    get rows() {
        return this.edges.filter(({ isDim }) => !isDim);
    }

    isNear(id) {
        const { chosen } = this.state;
        const ties = this.data.edges.some(({ from, to }) => [from, to].includes(chosen) && [from, to].includes(id));
        return id === chosen || ties;
    }

    choose(id) {
        this.state.chosen = this.state.chosen === id ? false : id;
    }

    onKeydown(ev, id) {
        if (["Enter", " "].includes(ev.key)) {
            ev.preventDefault();
            this.choose(id);
        }
    }

    get note() {
        const { as_of, baskets, skipped, pairs } = this.data.look;
        const facts = { day: formatDate(luxon.DateTime.fromISO(as_of)), baskets, skipped, pairs };
        return skipped
            ? _t("%(baskets)s baskets, %(pairs)s ties beyond luck, as of %(day)s; %(skipped)s baskets with more than 50 products left out.", facts)
            : _t("%(baskets)s baskets, %(pairs)s ties beyond luck, as of %(day)s.", facts);
    }

    openAll() {
        const name = this.state.kind === "order" ? "in_orders" : "by_customers";
        return this.action.doAction("crm_analytics.crm_analytics_pair_action", {
            additionalContext: { [`search_default_${name}`]: 1, ...(name === "in_orders" ? {} : { search_default_in_orders: 0 }) },
        });
    }

    openWhiteSpots() {
        const { chosen } = this.state;
        return this.action.doAction("crm_analytics.crm_analytics_white_spot_action", {
            additionalContext: chosen ? { search_default_product_id: chosen } : {},
        });
    }
}

registry.category("actions").add("crm_analytics.affinity", Affinity);
