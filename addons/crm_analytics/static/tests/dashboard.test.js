import { formatShortAmount, getHeat, getHoldoutText } from "@crm_analytics/dashboard/dashboard_format";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { animationFrame, Deferred } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    makeServerError,
    mountWithCleanup,
    onRpc,
    preloadBundle,
} from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";

describe.current.tags("desktop");
defineMailModels();
preloadBundle("web.chartjs_lib");

const MONTHS = ["2026-01-01", "2026-02-01", "2026-03-01"];

function makeGrid() {
    return [5, 4, 3, 2, 1].map((recency) => ({
        recency,
        cells: [1, 2, 3, 4, 5].map((frequency) => ({
            frequency,
            customer_count: recency === 5 && frequency === 5 ? 8 : 0,
            revenue_12m: 100,
            share: 0.5,
            what: { kind: "rfm", recency, frequency },
        })),
    }));
}

function makeTile(key, type, values = {}) {
    return { key, type, value: 10, before: 8, trend: 0.25, more_is_good: true, spark: [1, 3, 2], what: { kind: "all" }, ...values };
}

function makeCell(customers, offset, values = {}) {
    const what = { kind: "cohort", month: MONTHS[0], offset };
    return { customers, revenue: 50, cumulative: 90, retention: customers / 4, low: 0.1, high: 0.9, is_partial: false, what, ...values };
}

function makeDashboard(values = {}) {
    return {
        company: { id: 1, name: "My Company", currency_id: 1 },
        as_of: "2026-03-20",
        basis: "All customers of My Company, as summed up at night.",
        is_whole: true,
        is_empty: false,
        filters: { company_id: 1, months: 12, moved_days: 30 },
        choices: {
            companies: [{ id: 1, name: "My Company" }],
            months: [3, 12],
            moved_days: [30, 90],
            can_export: true,
            can_manage: true,
        },
        model: { as_of: "2026-03-20", is_reliable: true, doubts: "", holdout: { expected: 90, actual: 100, days: 180 }, holdout_note: "90 expected, 100 came." },
        kpis: [makeTile("revenue", "monetary"), makeTile("stake", "monetary", { more_is_good: false, trend: null, spark: [] })],
        grid: { rows: makeGrid(), customer_count: 16, unscored_count: 2 },
        segments: {
            rows: [{ id: 3, name: "Champions", description: "", customer_count: 8, share: 0.5, revenue_12m: 5, money_at_stake: 0, joined: 2, left: 0, what: { kind: "segment", id: 3 } }],
            moved: 0,
            moves: [],
        },
        value: { classes: [], curve: [], top: [], top_fifth: null },
        cohorts: {
            rows: [{ cohort: MONTHS[0], size: 4, is_small: true, cells: [makeCell(4, 0), makeCell(2, 1), makeCell(1, 2, { is_partial: true })] }],
            width: 3,
            small: 30,
            average: [1, 0.5, null],
        },
        months: {
            rows: MONTHS.map((month, place) => ({
                month,
                is_partial: place === 2,
                revenue: 10,
                customer_count: 5,
                new_count: 3,
                returning_count: 2,
                reactivated_count: 0,
                lost_count: 1,
            })),
        },
        risk: { levels: [], rows: [] },
        loyalty: { repeat_rate: 0.4, rhythm: [], more: [{ label: "Points redeemed", value: 0.3, type: "percentage", hint: "" }] },
        ...values,
    };
}

async function openDashboard() {
    await mountWithCleanup(WebClient);
    await getService("action").doAction({ type: "ir.actions.client", tag: "crm_analytics.dashboard", name: "Customer Analytics" });
    await animationFrame();
}

test("a skeleton stands where the figures will be", async () => {
    const answer = new Deferred();
    onRpc("crm_dashboard", () => answer);
    await openDashboard();
    expect(".placeholder-glow .o_analytics_place_tile").toHaveCount(8);
    answer.resolve(makeDashboard());
    await animationFrame();
    await animationFrame();
    expect(".placeholder-glow").toHaveCount(0);
    expect(".o_analytics_tile").toHaveCount(2);
});

test("titles say the finding, and a prediction says how far it was off", async () => {
    onRpc("crm_dashboard", () => makeDashboard());
    await openDashboard();
    expect("[data-figure=grid] h2").toHaveText("8 of 16 customers bought lately and often (50%)");
    expect("[data-figure=months] h2").toHaveText("February 2026: 3 new, 0 came back, 1 lost");
    expect("[data-figure=cohorts] h2").toHaveText(/Too early to tell/);
    expect("[data-key=stake]").toHaveText(/checked over 180 days: −10%/);
    expect("[data-key=revenue]").not.toHaveText(/checked/);
    expect("[data-figure=loyalty]").toHaveText(/Points redeemed/);
});

test("months that run are hatched, small cohorts marked, and no cell is invented", async () => {
    onRpc("crm_dashboard", () => makeDashboard());
    await openDashboard();
    expect(queryAllTexts(".o_analytics_cohort")).toEqual(["100%", "50%", "25%"]);
    expect(".o_analytics_partial").toHaveCount(1);
    expect(".o_analytics_few").toHaveCount(3);
    await contains(".o_analytics_measure:contains(/^Customers$/)").click();
    expect(queryAllTexts(".o_analytics_cohort")).toEqual(["4", "2", "1"]);
});

test("a cell offers what can be done, an empty one nothing", async () => {
    const acts = [];
    onRpc("crm_dashboard", () => makeDashboard());
    onRpc("crm_dashboard_act", ({ kwargs }) => {
        acts.push([kwargs.what, kwargs.act]);
        return { type: "ir.actions.act_window_close" };
    });
    await openDashboard();
    await contains("[data-cell='5-5']").click();
    expect(queryAllTexts(".o_analytics_act")).toHaveLength(5);
    await contains(".o_analytics_act[data-act=offers]").click();
    expect(acts).toEqual([[{ kind: "rfm", recency: 5, frequency: 5 }, "offers"]]);
    await contains("[data-cell='1-1']").click();
    expect(queryOne(".o_analytics_act[data-act=offers]")).toHaveProperty("disabled", true);
});

test("a filter asks for its part, and the figures before stay until it is there", async () => {
    const asked = [];
    const answers = [makeDashboard(), new Deferred()];
    onRpc("crm_dashboard", ({ kwargs }) => {
        asked.push(kwargs.filters);
        return answers.shift();
    });
    await openDashboard();
    const pending = answers[0];
    await contains(".o_analytics_period").select("3");
    expect(asked).toEqual([{}, { months: 3 }]);
    expect(".o_analytics_tile").toHaveCount(2);
    expect(".o_analytics_page").toHaveAttribute("aria-busy", "true");
    pending.resolve(makeDashboard({ filters: { company_id: 1, months: 3, moved_days: 30 } }));
    await animationFrame();
    await animationFrame();
    expect(".o_analytics_page").toHaveAttribute("aria-busy", "false");
});

test("what went wrong is told, and tried again", async () => {
    let isBroken = true;
    onRpc("crm_dashboard", () => {
        if (isBroken) {
            throw makeServerError({ message: "Switch this company on to look at its customers." });
        }
        return makeDashboard();
    });
    await openDashboard();
    expect("[role=alert]").toHaveText("Switch this company on to look at its customers.");
    isBroken = false;
    await contains(".btn:contains(Try again)").click();
    await animationFrame();
    expect(".o_analytics_tile").toHaveCount(2);
});

test("nothing yet: one sentence, one button", async () => {
    onRpc("crm_dashboard", () => makeDashboard({ is_empty: true, model: {} }));
    onRpc("crm_score_now", () => {
        expect.step("score");
        return true;
    });
    await openDashboard();
    expect(".o_analytics_empty .btn").toHaveCount(1);
    await contains(".o_analytics_empty .btn").click();
    expect.verifySteps(["score"]);
});

test("small helpers", async () => {
    onRpc("crm_dashboard", () => makeDashboard());
    await openDashboard(); // loads the translations
    expect(getHeat(0, 5)).toBe(0);
    expect(getHeat(5, 5)).toBe(0.55);
    expect(getHeat(3, 0)).toBe(0);
    expect(getHoldoutText({})).toBe("");
    expect(formatShortAmount(12345, 99)).toBe("12k");
});
