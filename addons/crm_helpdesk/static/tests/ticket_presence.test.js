import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryAllTexts, waitFor, waitForNone } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    defineModels,
    fields,
    MockServer,
    models,
    mountView,
    onRpc,
    serverState,
} from "@web/../tests/web_test_helpers";

class Ticket extends models.Model {
    _name = "helpdesk.ticket";

    name = fields.Char();

    _records = [
        { id: 1, name: "Toner leaks" },
        { id: 2, name: "Chair squeaks" },
    ];
}

defineMailModels();
defineModels([Ticket]);

const ARCH = `
    <form>
        <widget name="helpdesk_ticket_presence"/>
        <div class="o-mail-Composer"><field name="name"/></div>
    </form>`;
const BEN = { ticket_id: 1, tab: "ben-tab-1", user_id: 901, name: "Ben", is_writing: false };
const PEOPLE = ".o_helpdesk_presence span";

let ownTab, timesLeft;

/** Open the first ticket; what the browser says to the server is among the steps. */
async function openTicket(others = []) {
    timesLeft = 0;
    onRpc("helpdesk.ticket", "presence_enter", ({ args }) => {
        ownTab = args[1];
        expect.step(`enter ${args[0][0]}${args[2] ? " writing" : ""}`);
        return others;
    });
    onRpc("helpdesk.ticket", "presence_leave", () => {
        timesLeft++; // also when the test is over
        return true;
    });
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 1, resIds: [1, 2], arch: ARCH });
    await animationFrame();
    expect.verifySteps(["enter 1"]);
}

function tell(presence) {
    MockServer.env["bus.bus"]._sendone(serverState.partnerId, "helpdesk.ticket/presence", presence);
}

test("nobody else: no hint", async () => {
    await openTicket();
    expect(".o_helpdesk_presence").toHaveText("");
});

test("who is there, who comes, writes and leaves", async () => {
    await openTicket([BEN]);
    await waitFor(PEOPLE);
    expect(queryAllTexts(PEOPLE)).toEqual(["Ben has this ticket open"]);
    expect(".o_helpdesk_presence .alert").toHaveClass("alert-info");
    const zoe = { ticket_id: 1, tab: "zoe-tab-1", user_id: 902, name: "Zoe", is_there: true };
    tell({ ...zoe, is_writing: true });
    await waitFor(".alert-warning");
    expect(queryAllTexts(PEOPLE)).toEqual(["Zoe is writing an answer", "Ben has this ticket open"]);
    tell({ ...zoe, is_writing: false });
    await waitForNone(".alert-warning");
    tell({ ...zoe, is_there: false });
    tell({ ...BEN, is_there: false });
    await waitForNone(PEOPLE);
    expect(".o_helpdesk_presence").toHaveText("");
});

test("a person with two tabs is one person; other tickets and the own tabs say nothing", async () => {
    await openTicket([BEN]);
    tell({ ...BEN, tab: "ben-tab-2", is_there: true, is_writing: true });
    await waitFor(".alert-warning");
    expect(queryAllTexts(PEOPLE)).toEqual(["Ben is writing an answer"]);
    tell({ ...BEN, ticket_id: 2, tab: "x", user_id: 903, name: "Max", is_there: true });
    tell({ ...BEN, tab: "own-tab-2", user_id: serverState.userId, name: "Me", is_there: true });
    tell({ ...BEN, tab: "ben-tab-2", is_there: false });
    await waitForNone(".alert-warning");
    expect(queryAllTexts(PEOPLE)).toEqual(["Ben has this ticket open"]);
});

test("writing is said once, and ends by itself", async () => {
    await openTicket();
    await contains(".o-mail-Composer input").edit("Dear", { confirm: false });
    await contains(".o-mail-Composer input").edit("Dear Iris", { confirm: false });
    await animationFrame();
    expect.verifySteps(["enter 1 writing"]);
    await advanceTime(16000);
    await animationFrame();
    expect.verifySteps(["enter 1"]);
});

test("the next ticket is another one", async () => {
    await openTicket([BEN]);
    await waitFor(PEOPLE);
    await contains(".o_pager_next").click();
    await animationFrame();
    expect.verifySteps(["enter 2"]);
    expect(timesLeft).toBe(1);
});

test("who is said to have left, but is here, enters again", async () => {
    await openTicket();
    tell({ ...BEN, tab: ownTab, user_id: serverState.userId, is_there: false });
    await animationFrame();
    await expect.waitForSteps(["enter 1"]);
});
