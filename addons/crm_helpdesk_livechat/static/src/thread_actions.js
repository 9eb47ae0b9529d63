import { LivechatCommandDialog } from "@im_livechat/core/common/livechat_command_dialog";
import { registerThreadAction } from "@mail/core/common/thread_actions";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";

// A button over the chat for what the command does: also once the visitor has left, when nothing can be
// typed any more.
registerThreadAction("helpdesk-create-ticket", {
    actionPanelComponent: LivechatCommandDialog,
    actionPanelComponentProps: ({ action }) => ({
        close: () => action.close(),
        commandName: "ticket",
        icon: "fa fa-ticket",
        placeholderText: _t("e.g. Toner leaks in the printer"),
        title: _t("Create Ticket"),
    }),
    close: ({ action }) => action.popover?.close(),
    condition: ({ owner, store, thread }) =>
        thread?.channel_type === "livechat" &&
        store.has_access_livechat &&
        store.helpdesk_may_open_tickets &&
        !owner.isDiscussSidebarChannelActions,
    icon: "fa fa-ticket",
    name: _t("Create Ticket"),
    open({ owner, thread }) {
        this.popover?.open(owner.root.el.querySelector(`[name="${this.id}"]`), {
            thread,
            ...this.actionPanelComponentProps,
        });
    },
    panelOuterClass: "bg-100",
    sequence: 15,
    sequenceGroup: 25,
    setup({ owner }) {
        if (!owner.env.inChatWindow) {
            this.popover = usePopover(LivechatCommandDialog, {
                onClose: () => this.close(),
                popoverClass: this.panelOuterClass,
            });
        }
    },
    toggle: true,
});
