import { livechatModels } from "@im_livechat/../tests/livechat_test_helpers";
import { click, contains, insertText, openDiscuss, start, startServer } from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, test } from "@odoo/hoot";
import { asyncStep, Command, defineModels, onRpc, serverState, waitForSteps } from "@web/../tests/web_test_helpers";

let mayOpenTickets = true;

class ResUsers extends livechatModels.ResUsers {
    _init_store_data(store) {
        super._init_store_data(...arguments);
        store.add({ helpdesk_may_open_tickets: mayOpenTickets });
    }
}

describe.current.tags("desktop");
defineModels({ ...livechatModels, ResUsers });
beforeEach(() => {
    mayOpenTickets = true;
});

/** Sit before a chat, as somebody of the live chat. */
async function openChat(values = {}) {
    const pyEnv = await startServer();
    pyEnv["res.users"].write([serverState.userId], {
        group_ids: [Command.link(serverState.groupLivechatId)],
    });
    const guestId = pyEnv["mail.guest"].create({ name: "Visitor" });
    const channelId = pyEnv["discuss.channel"].create({
        channel_type: "livechat",
        channel_member_ids: [
            Command.create({ partner_id: serverState.partnerId, livechat_member_type: "agent" }),
            Command.create({ guest_id: guestId, livechat_member_type: "visitor" }),
        ],
        livechat_operator_id: serverState.partnerId,
        ...values,
    });
    await start();
    onRpc("discuss.channel", "execute_command_ticket", ({ args, kwargs }) => {
        asyncStep(`${args[0]} ${kwargs.body}`);
        return true;
    });
    await openDiscuss(channelId);
    return channelId;
}

test("the command is offered in a live chat and says what to open", async () => {
    const channelId = await openChat();
    await insertText(".o-mail-Composer-input", "/");
    await contains(".o-mail-Composer-suggestion", { text: "ticket" });
    await insertText(".o-mail-Composer-input", "ticket Toner leaks");
    await click(".o-mail-Composer button[title='Send']:enabled");
    await waitForSteps([`${channelId} /ticket Toner leaks`]);
});

test("whoever may open no tickets is offered neither command nor button", async () => {
    mayOpenTickets = false;
    await openChat();
    await insertText(".o-mail-Composer-input", "/");
    await contains(".o-mail-Composer-suggestion", { text: "history" });
    await contains(".o-mail-Composer-suggestion", { text: "ticket", count: 0 });
    await contains(".o-mail-DiscussContent-header button[title='Create Ticket']", { count: 0 });
});

test("a channel of employees has neither command nor button", async () => {
    await openChat({ channel_type: "channel", name: "Office", livechat_operator_id: false });
    await insertText(".o-mail-Composer-input", "/");
    await contains(".o-mail-Composer-suggestion", { text: "leave" });
    await contains(".o-mail-Composer-suggestion", { text: "ticket", count: 0 });
    await contains(".o-mail-DiscussContent-header button[title='Create Ticket']", { count: 0 });
});

test("the button opens a ticket, also once the visitor has left", async () => {
    const channelId = await openChat({ livechat_end_dt: "2026-03-02 10:00:00" });
    await click(".o-mail-DiscussContent-header button[title='Create Ticket']");
    await insertText(".o-livechat-LivechatCommandDialog-form input", "Toner leaks");
    await click(".o-mail-ActionPanel button", { text: "Create Ticket" });
    await waitForSteps([`${channelId} /ticket Toner leaks`]);
});
