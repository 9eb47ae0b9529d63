import { withCustomerAddress } from "@crm_core/overview/overview_url";
import { OverviewPanel } from "@crm_core/overview/overview_panel";
import { customerPanels } from "@crm_core/overview/customer_panels";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { click, queryAllTexts, queryFirst, queryOne } from "@odoo/hoot-dom";
import { advanceTime, animationFrame, Deferred, mockDate } from "@odoo/hoot-mock";
import { Component, xml } from "@odoo/owl";
import {
    contains,
    getService,
    makeServerError,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
    preloadBundle,
} from "@web/../tests/web_test_helpers";
import { browser } from "@web/core/browser/browser";
import { router } from "@web/core/browser/router";
import { WebClient } from "@web/webclient/webclient";

describe.current.tags("desktop");
defineMailModels();
preloadBundle("web.chartjs_lib");

const PARTNER_ID = 7;
const USD = 1;
const MONTHS = Array.from({ length: 12 }, (_, index) => `2026-${String(index + 1).padStart(2, "0")}`);

function tile(key, values = {}) {
    return { key, label: key, type: "monetary", value: null, records: key, trend: null, hint: "", level: "", ...values };
}

function makeOverview(values = {}) {
    return {
        partner: {
            id: PARTNER_ID,
            name: "Northwind",
            is_company: true,
            is_archived: false,
            email: "orders@northwind.example",
            phone: "+420 224 555 010",
            website: "",
            place: "Prague",
            tags: [{ id: 1, name: "Key account", color: 4 }],
            salesperson: "Mitchell",
            contacts: [],
            has_more_contacts: false,
        },
        company: { id: 1, name: "My Company", currency_id: USD, is_one_of_many: false },
        lifecycle: { state: "late", label: "Late", reason: "52 days since the last order.", level: "warning" },
        tiles: [
            tile("turnover", { label: "Turnover", value: 48200.4, trend: 0.08, records: "invoices" }),
            tile("orders", { label: "Orders", type: "integer", value: 23 }),
            tile("last_order", { label: "Last order", type: "days_ago", value: 52, level: "warning" }),
            tile("on_time", { label: "On time", type: "percentage", value: 0.954 }),
            tile("returned", { label: "Returned", type: "percentage" }),
        ],
        todo: [{ key: "overdue", level: "danger", text: "$ 12 is overdue", records: "overdue" }],
        turnover: { months: MONTHS, current: MONTHS.map(() => 10), previous: MONTHS.map(() => 9), title: "Turnover is up" },
        products: { count: 0, rows: [] },
        history: {
            groups: [{ key: "invoices", label: "Invoices", kinds: ["invoice", "refund"] }],
            channels: [{ value: "phone", label: "Phone" }],
        },
        rights: { create_quotation: true, edit_partner: true },
        ...values,
    };
}

function makeEmptyOverview() {
    const zeros = MONTHS.map(() => 0);
    return makeOverview({
        tiles: [tile("turnover")],
        todo: [],
        turnover: { months: MONTHS, current: zeros, previous: zeros, title: "No turnover yet" },
    });
}

function suggestion(product_id, values = {}) {
    return {
        product_id,
        name: `Product ${product_id}`,
        quantity: 2,
        uom: "Units",
        price_unit: 10,
        currency_id: USD,
        reason: "Bought 11 of 12 times",
        source: "repeat",
        score: 0.5,
        stock: 40,
        ...values,
    };
}

function historyRow(id, values = {}) {
    return {
        id,
        model: "sale.order",
        res_id: id,
        kind: "order",
        kind_label: "Order",
        channel: "document",
        channel_label: "Document",
        direction: "out",
        date: "2026-03-10T09:00:00",
        day: null,
        contact_id: PARTNER_ID,
        contact: "Northwind",
        user: "",
        subject: `S000${id}`,
        outcome: "",
        state: "Sales Order",
        level: "success",
        amount: 100,
        currency_id: USD,
        unfolds: true,
        ...values,
    };
}

/** The server: what each method of `res.partner` answers, by name. */
let answers;

beforeEach(() => {
    mockDate("2026-03-15 12:00:00");
    answers = {
        crm_overview: () => makeOverview(),
        crm_suggest_offer: ({ basket }) => (basket ? [] : [suggestion(1), suggestion(2, { price_unit: 5 })]),
        crm_timeline: () => ({ rows: [historyRow(1)], next: null }),
        crm_upcoming: () => ({ rows: [], more: false }),
        crm_price_products: ({ lines }) => lines.map((line) => ({ ...line, price_unit: line.product_id === 2 ? 5 : 10 })),
    };
    for (const method of [
        "crm_overview",
        "crm_overview_products",
        "crm_suggest_offer",
        "crm_timeline",
        "crm_timeline_detail",
        "crm_upcoming",
        "crm_open_records",
        "crm_create_quotation",
        "crm_decline_product",
        "crm_price_products",
        "action_crm_consents",
    ]) {
        onRpc("res.partner", method, ({ kwargs }) => answers[method](kwargs));
    }
});

async function openOverview(context = { active_id: PARTNER_ID }) {
    await mountWithCleanup(WebClient);
    await getService("action").doAction({ type: "ir.actions.client", tag: "crm_core.overview", context });
    await animationFrame();
    await animationFrame();
}

/** Follow actions without opening them. */
function catchActions() {
    const actions = [];
    patchWithCleanup(getService("action"), {
        doAction(action) {
            actions.push(action);
            return Promise.resolve();
        },
    });
    return actions;
}

const value = (key) => queryOne(`.o_crm_tile[data-key=${key}] .o_crm_tile_value`).textContent.trim();

describe("header and figures", () => {
    test("the customer, how it stands and why", async () => {
        await openOverview();
        expect("h1").toHaveText("Northwind");
        expect(".o_crm_lifecycle").toHaveText("Late");
        expect(".o_crm_lifecycle_reason").toHaveText("52 days since the last order.");
        expect("a[href='tel:+420224555010']").toHaveCount(1);
        expect("a[href='mailto:orders@northwind.example']").toHaveCount(1);
        expect(".o_breadcrumb").toHaveText("Northwind");
    });

    test("whether offers may be mailed, and why not", async () => {
        const consent = { is_allowed: false, label: "No offers by e-mail", reason: "Objected on 12 May 2026" };
        answers.crm_overview = () => makeOverview({ consent });
        answers.action_crm_consents = () => ({ type: "ir.actions.act_window", res_model: "crm.consent.state" });
        await openOverview();
        expect(".o_crm_consent").toHaveText("No offers by e-mail");
        expect(".o_crm_consent").toHaveAttribute("title", "Objected on 12 May 2026");
        expect(".o_crm_consent .fa-ban").toHaveCount(1);
        const actions = catchActions();
        await contains(".o_crm_consent").click();
        expect(actions.map(({ res_model }) => res_model)).toEqual(["crm.consent.state"]);
    });

    test("without the purpose nothing is said about consent", async () => {
        await openOverview();
        expect(".o_crm_consent").toHaveCount(0);
    });

    test("figures in their units, unknown is no zero", async () => {
        await openOverview();
        expect(value("turnover")).toBe("$\u00a048,200");
        expect(".o_crm_tile[data-key=turnover]").toHaveText(/\+8%/);
        expect(value("orders")).toBe("23");
        expect(value("last_order")).toBe("52 days ago");
        expect(value("on_time")).toBe("95%");
        expect(value("returned")).toBe("–");
    });

    test("a figure opens its records", async () => {
        answers.crm_open_records = ({ kind }) => ({ type: "ir.actions.act_window", kind });
        await openOverview();
        const actions = catchActions();
        await contains(".o_crm_tile[data-key=turnover]").click();
        await contains(".o_crm_todo button").click();
        expect(actions.map(({ kind }) => kind)).toEqual(["invoices", "overdue"]);
    });

    test("an empty customer is told what will be where", async () => {
        answers.crm_overview = makeEmptyOverview;
        answers.crm_suggest_offer = () => [];
        answers.crm_timeline = () => ({ rows: [], next: null });
        await openOverview();
        expect(value("turnover")).toBe("–");
        expect(".o_crm_empty").toHaveCount(5);
        expect(".o_crm_panel_offer button").toHaveText("New quotation");
        expect("canvas").toHaveCount(0);
    });

    test("the skeleton stands until the figures are there", async () => {
        const deferred = new Deferred();
        answers.crm_overview = () => deferred;
        await openOverview();
        expect(".o_crm_skeleton").toHaveCount(1);
        deferred.resolve(makeOverview());
        await animationFrame();
        expect(".o_crm_skeleton").toHaveCount(0);
        expect("h1").toHaveText("Northwind");
    });
});

describe("offer", () => {
    const total = () => queryOne(".o_crm_offer_total").textContent;

    test("the total follows choice and quantity", async () => {
        await openOverview();
        expect(total()).toBe("$\u00a030.00");
        await contains(".o_crm_offer_line:eq(0) input[type=checkbox]").click();
        expect(total()).toBe("$\u00a010.00");
        await contains(".o_crm_offer_line:eq(1) .o_crm_offer_quantity").edit("3", { confirm: false });
        expect(total()).toBe("$\u00a015.00");
        await contains(".o_crm_offer_line:eq(0) .o_crm_offer_quantity").edit("1", { confirm: false });
        expect(total()).toBe("$\u00a025.00", { message: "who changes the quantity wants the product" });
    });

    test("a larger quantity has its own price, also on the quotation made at once", async () => {
        const requests = [];
        const priced = new Deferred();
        answers.crm_price_products = () => priced;
        answers.crm_create_quotation = (kwargs) => {
            requests.push(kwargs);
            return { type: "ir.actions.act_window", res_id: 99 };
        };
        await openOverview();
        catchActions();
        await contains(".o_crm_offer_line:eq(0) .o_crm_offer_quantity").edit("50", { confirm: "blur" });
        await contains(".o_crm_create_quotation").click();
        expect(requests).toHaveLength(0);
        priced.resolve([{ product_id: 1, quantity: 50, price_unit: 8 }]);
        await animationFrame();
        await animationFrame();
        expect(requests[0].lines[0].price_unit).toBe(8);
        expect(total()).toBe("$\u00a0410.00");
    });

    test("what is no quantity counts for nothing", async () => {
        await openOverview();
        await contains(".o_crm_offer_line:eq(0) .o_crm_offer_quantity").edit("x", { confirm: false });
        expect(".o_crm_offer_line:eq(0) .o_crm_offer_quantity").toHaveClass("is-invalid");
        expect(total()).toBe("$\u00a030.00");
    });

    test("a double click makes one quotation of the chosen lines", async () => {
        const created = new Deferred();
        const requests = [];
        answers.crm_create_quotation = (kwargs) => {
            requests.push(kwargs);
            return created;
        };
        await openOverview();
        const actions = catchActions();
        await contains(".o_crm_offer_line:eq(0) input[type=checkbox]").click();
        const button = queryFirst(".o_crm_create_quotation");
        click(button);
        click(button);
        await animationFrame();
        expect(button).not.toBeEnabled();
        created.resolve({ type: "ir.actions.act_window", res_id: 99 });
        await animationFrame();
        expect(requests).toHaveLength(1);
        expect(requests[0].lines.map((line) => [line.product_id, line.quantity])).toEqual([[2, 2]]);
        expect(actions).toEqual([{ type: "ir.actions.act_window", res_id: 99 }]);
    });

    test("a repeated request carries the same key, another intent another one", async () => {
        expect.errors(2);
        const keys = [];
        answers.crm_create_quotation = ({ request_key }) => {
            keys.push(request_key);
            throw makeServerError({ message: "no answer" });
        };
        await openOverview();
        await contains(".o_crm_create_quotation").click();
        await contains(".modal .btn-primary, .modal .btn-close").click();
        await contains(".o_crm_create_quotation").click();
        await contains(".modal .btn-primary, .modal .btn-close").click();
        expect(keys).toHaveLength(2);
        expect(keys[0]).toBe(keys[1]);
        answers.crm_create_quotation = ({ request_key }) => {
            keys.push(request_key);
            return { type: "ir.actions.act_window_close" };
        };
        await contains(".o_crm_offer_line:eq(1) input[type=checkbox]").click();
        await contains(".o_crm_create_quotation").click();
        expect(keys[2]).not.toBe(keys[0]);
        expect.verifyErrors(["no answer", "no answer"]);
    });

    test("who may not quote is not asked to", async () => {
        const rights = { create_quotation: false, edit_partner: false };
        answers.crm_overview = () => makeOverview({ rights });
        await openOverview();
        expect(".o_crm_offer_line").toHaveCount(2);
        expect(".o_crm_create_quotation").toHaveCount(0);
    });

    test("a product not wanted gives way to the next suggestion", async () => {
        const declined = [];
        answers.crm_decline_product = ({ product_id, reason }) => declined.push([product_id, reason]);
        await openOverview();
        answers.crm_suggest_offer = () => [suggestion(2), suggestion(3)];
        await contains(".o_crm_offer_line:eq(0) .o_crm_decline").click();
        await contains(".modal input").edit("Too expensive", { confirm: false });
        await contains(".modal .btn-primary").click();
        expect(declined).toEqual([[1, "Too expensive"]]);
        await animationFrame();
        expect(queryAllTexts(".o_crm_offer_line label")).toEqual(["Product 2", "Product 3"]);
    });

    test("more suggestions fit what is chosen and change no total", async () => {
        answers.crm_suggest_offer = ({ basket }) =>
            basket
                ? [suggestion(6, { reason: `with ${basket}` })]
                : [1, 2, 3, 4, 5].map((id) => suggestion(id, { price_unit: 1 }));
        await openOverview();
        await contains(".o_crm_offer_line:eq(4) input[type=checkbox]").click();
        await contains(".o_crm_more_suggestions").click();
        expect(".o_crm_offer_line:eq(5) .o_crm_offer_reason").toHaveText("with 1,2,3,4");
        expect(total()).toBe("$\u00a08.00");
        expect(".o_crm_more_suggestions").toHaveCount(0);
    });
});

describe("history", () => {
    const names = () => queryAllTexts(".o_crm_history_row strong");

    test("pages follow one another until the last", async () => {
        const requests = [];
        answers.crm_timeline = ({ before, kinds, search }) => {
            requests.push({ before, kinds, search });
            return before ? { rows: [historyRow(2)], next: null } : { rows: [historyRow(1)], next: "cursor 1" };
        };
        await openOverview();
        if (queryFirst(".o_crm_history_more")) {
            await contains(".o_crm_history_more").click();
        }
        await animationFrame();
        expect(names()).toEqual(["S0001", "S0002"]);
        expect(requests.map(({ before }) => before)).toEqual([null, "cursor 1"]);
        expect(".o_crm_history_more").toHaveCount(0);
    });

    test("kinds and search narrow it down", async () => {
        const requests = [];
        answers.crm_timeline = ({ kinds, search }) => {
            requests.push([kinds, search]);
            return { rows: search ? [] : [historyRow(1)], next: null };
        };
        await openOverview();
        await contains(".o_crm_history_kinds [data-kind=invoices]").click();
        expect("[data-kind=invoices]").toHaveAttribute("aria-pressed", "true");
        await contains(".o_crm_history_search input").edit("toner", { confirm: false });
        await advanceTime(400);
        await animationFrame();
        expect(requests).toEqual([
            [null, null],
            [["invoice", "refund"], null],
            [["invoice", "refund"], "toner"],
        ]);
        expect(names()).toEqual([]);
        await contains(".o_crm_panel_history .o_crm_empty button").click();
        expect(names()).toEqual(["S0001"]);
    });

    test("finer filters are counted and cleared together", async () => {
        const requests = [];
        answers.crm_timeline = ({ channels, direction, since }) => {
            requests.push([channels, direction, since]);
            return { rows: [historyRow(1)], next: null };
        };
        await openOverview();
        await contains(".o_crm_history_filter").click();
        await contains(".o_crm_filter_channel").select("phone");
        await contains(".o_crm_filter_direction").select("in");
        await contains(".o_crm_history_filters fieldset button:eq(0)").click();
        await animationFrame();
        expect(requests.at(-1)).toEqual([["phone"], "in", "2026-02-13"]);
        expect(".o_crm_history_filter .badge").toHaveText("3");
        await contains(".o_crm_filter_clear").click();
        await animationFrame();
        expect(requests.at(-1)).toEqual([null, null, null]);
    });

    test("a row unfolds to its products and opens its document", async () => {
        answers.crm_timeline_detail = ({ interaction_id }) => ({
            text: "",
            lines: [{ product: `row ${interaction_id}`, quantity: 4, uom: "Units", amount: 356, currency_id: USD }],
        });
        await openOverview();
        await contains(".o_crm_history_toggle").click();
        expect(".o_crm_history_toggle").toHaveAttribute("aria-expanded", "true");
        expect(queryAllTexts(".o_crm_history_lines td")).toEqual(["row 1", "4 Units", "$ 356.00"]);
        const actions = catchActions();
        await contains(".o_crm_history_open").click();
        expect(actions[0].res_model).toBe("sale.order");
        expect(actions[0].res_id).toBe(1);
    });

    test("a row that does not unfold opens its source", async () => {
        const row = historyRow(7, { model: "crm.lead", kind: "lead", kind_label: "Opportunity", unfolds: false });
        answers.crm_timeline = () => ({ rows: [row], next: null });
        await openOverview();
        const actions = catchActions();
        await contains(".o_crm_history_toggle").click();
        expect(actions[0].res_model).toBe("crm.lead");
    });

    test("who said it and how it went stands beside the subject", async () => {
        const call = { kind: "call", kind_label: "Call", amount: null, state: "", contact_id: 9, contact: "Anna", user: "Mitchell" };
        answers.crm_timeline = () => ({
            rows: [historyRow(1, { ...call, outcome: "Reached" }), historyRow(2, { ...call, direction: "in", user: "" })],
            next: null,
        });
        await openOverview();
        expect(queryAllTexts(".o_crm_history_about")).toEqual(["with Anna · by Mitchell · Reached", "from Anna"]);
    });

    test("what is to come stands above, until something is looked for", async () => {
        const row = { ...historyRow(3), key: "sale.order,3", kind: "quotation", kind_label: "Quotation", day: "2026-03-17" };
        answers.crm_upcoming = ({ limit }) => ({ rows: [row], more: limit < 50 });
        await openOverview();
        expect(".o_crm_upcoming_row").toHaveText(/S0003.*in 2 days/s);
        await contains(".o_crm_upcoming_more").click();
        expect(".o_crm_upcoming_more").toHaveCount(0);
        await contains("[data-kind=invoices]").click();
        await animationFrame();
        expect(".o_crm_upcoming").toHaveCount(0);
    });

    test("a document without a time keeps its day in every time zone", async () => {
        mockDate("2026-03-15 12:00:00", -8);
        answers.crm_timeline = () => ({
            rows: [
                // The end of 5 March in Auckland: still 4 March in the time zone of the browser.
                historyRow(1, { kind: "invoice", date: "2026-03-05T10:59:59", day: "2026-03-05" }),
                historyRow(2, { date: "2026-03-05T04:00:00" }),
            ],
            next: null,
        });
        await openOverview();
        const days = queryAllTexts(".o_crm_history_day h3");
        expect(days[0]).toMatch(/03\/05\/2026/);
        expect(days[1]).toMatch(/03\/04\/2026/);
        expect(queryAllTexts(".o_crm_history_time")).toEqual(["", "8:00 PM"]);
    });
});

describe("products and turnover", () => {
    function product(id, values = {}) {
        return {
            id,
            product_id: id,
            name: `Product ${id}`,
            uom: "Units",
            times_bought: 3,
            net_quantity: 12,
            amount: 120,
            last_price: 10,
            last_date: "2026-03-05",
            interval: 31,
            next_due_date: "2026-03-20",
            due_in_days: 5,
            due_state: "soon",
            ...values,
        };
    }

    const cells = (row) => queryAllTexts(`.o_crm_products tbody tr:eq(${row}) td`);

    test("rhythm and next day due in words, the rest on demand", async () => {
        const unknown = { interval: null, times_bought: 1, next_due_date: null, due_state: "" };
        answers.crm_overview = () =>
            makeOverview({ products: { count: 3, rows: [product(1), product(2, unknown)] } });
        answers.crm_overview_products = ({ offset }) => ({ count: 3, rows: [product(offset + 1)] });
        await openOverview();
        expect(cells(0)[0]).toMatch(/every 31 days/);
        expect(cells(0).slice(1)).toEqual(["3", "$ 120.00", "10 days ago", "in 5 days soon"]);
        expect(cells(1)[0]).toMatch(/bought once/);
        expect(cells(1).at(-1)).toBe("–");
        await contains(".o_crm_panel_products button:contains(Show all 3)").click();
        expect(cells(2)[0]).toMatch(/Product 3/);
        expect(".o_crm_panel_products button:contains(Show all)").toHaveCount(0);
    });

    test("the table behind the chart", async () => {
        await openOverview();
        expect(".o_crm_panel_turnover canvas").toHaveCount(1);
        await contains(".o_crm_panel_turnover header button").click();
        expect(".o_crm_panel_turnover canvas").toHaveCount(0);
        expect(queryAllTexts(".o_crm_turnover_table tbody tr:eq(0) > *")).toEqual([
            "January 2026",
            "$ 10.00",
            "$ 9.00",
        ]);
    });
});

describe("panels of other addons", () => {
    class TicketsPanel extends Component {
        static template = xml`
            <OverviewPanel name="'tickets'" title="'Tickets'" isFolded="props.isFolded">
                <p class="o_tickets" t-out="props.section.count"/>
            </OverviewPanel>`;
        static components = { OverviewPanel };
        static props = ["*"];
    }

    const panels = () => queryAllTexts(".o_crm_panel h2");

    test("stand between products and history", async () => {
        customerPanels.add("tickets", { component: TicketsPanel, section: "tickets" });
        answers.crm_overview = () => makeOverview({ tickets: { count: 3 } });
        await openOverview();
        expect(panels()).toEqual([
            "What to do now",
            "Next offer",
            "Turnover is up",
            "Products and rhythm",
            "Tickets",
            "History",
        ]);
        expect(".o_tickets").toHaveText("3");
    });

    test("are folded when empty and missing without their section", async () => {
        customerPanels.add("tickets", { component: TicketsPanel, section: "tickets" });
        customerPanels.add("visits", { component: TicketsPanel, section: "visits" });
        answers.crm_overview = () => makeOverview({ tickets: { count: 0 } });
        await openOverview();
        expect(panels()).toHaveLength(6);
        expect(".o_tickets").toHaveCount(0);
        await contains(".o_crm_panel_tickets h2 button").click();
        expect(".o_tickets").toHaveCount(1);
    });
});

describe("nothing to show", () => {
    test("no access is said in words", async () => {
        answers.crm_overview = () => {
            throw makeServerError({ type: "AccessError", message: "Northwind is looked after by another team." });
        };
        answers.crm_suggest_offer = answers.crm_overview;
        await openOverview();
        expect("[role=alert]").toHaveText(/Northwind is looked after by another team/);
        expect("[role=alert] .btn-primary").toHaveText("Open the list of customers");
        expect(".modal").toHaveCount(0);
    });

    test("an address without a customer", async () => {
        answers.crm_overview = () => expect.step("crm_overview");
        await openOverview({});
        expect("[role=alert] h1").toHaveText("This customer does not exist");
        expect.verifySteps([]);
    });
});

describe("address", () => {
    test("is that of the customer, whatever way led there", () => {
        const stack = [
            { action: "customer-relations", displayName: "Customers" },
            { action: "overview", active_id: 7, displayName: "Northwind" },
        ];
        expect(router.stateToUrl({ actionStack: stack })).toBe("/odoo/customers/7/overview");
        stack.push({ model: "sale.order", resId: 45 });
        expect(router.stateToUrl({ actionStack: stack })).toBe("/odoo/customers/7/overview/sale.order/45");
        expect(stack[0].action).toBe("customer-relations", { message: "the breadcrumb stays" });
    });

    test("others are left alone", () => {
        const state = { actionStack: [{ action: "crm", resId: 3 }] };
        expect(withCustomerAddress(state)).toBe(state);
        expect(router.stateToUrl(state)).toBe("/odoo/crm/3");
    });

    test("is read back as the customer", () => {
        const url = new URL(`${browser.location.origin}/odoo/customers/7/overview`);
        const { action, active_id } = router.urlToState(url);
        expect({ action, active_id }).toEqual({ action: "overview", active_id: 7 });
    });
});
