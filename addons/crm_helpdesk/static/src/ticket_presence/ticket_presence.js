import { Component, onWillUnmount, useEffect, useExternalListener, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useBus, useService } from "@web/core/utils/hooks";
import { uuid } from "@web/core/utils/strings";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const NOTIFICATION = "helpdesk.ticket/presence";
const STOPS_WRITING_AFTER = 15000;
const COMPOSERS = ".o-mail-Composer, .o_mail_composer_form_view";

/** Who else has the ticket open, or is writing an answer; heard by the bus, nothing is asked for. */
export class TicketPresence extends Component {
    static template = "crm_helpdesk.TicketPresence";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.bus = useService("bus_service");
        this.state = useState({ tabs: {} });
        this.tab = uuid();
        this.ticketId = null;
        this.isWriting = false;
        this.onNotification = this.onNotification.bind(this);
        this.bus.subscribe(NOTIFICATION, this.onNotification);
        useEffect(
            (ticketId) => {
                this.open(ticketId);
                return () => this.close();
            },
            () => [this.props.record.resId]
        );
        useBus(this.bus, "BUS:RECONNECT", () => this.enter());
        useExternalListener(window, "input", (ev) => this.onInput(ev), { capture: true });
        useExternalListener(window, "pagehide", () => this.leaveWithPage());
        onWillUnmount(() => this.bus.unsubscribe(NOTIFICATION, this.onNotification));
    }

    get channel() {
        return `helpdesk.ticket_${this.ticketId}`;
    }

    /** Others, each once, who are writing first. */
    get people() {
        const people = new Map();
        for (const { user_id, name, is_writing } of Object.values(this.state.tabs)) {
            const isWriting = is_writing || Boolean(people.get(user_id)?.isWriting);
            people.set(user_id, { id: user_id, name, isWriting });
        }
        return [...people.values()].sort((one, other) => other.isWriting - one.isWriting);
    }

    get isSomebodyWriting() {
        return this.people.some((person) => person.isWriting);
    }

    label(person) {
        return person.isWriting
            ? _t("%s is writing an answer", person.name)
            : _t("%s has this ticket open", person.name);
    }

    open(ticketId) {
        if (ticketId) {
            this.ticketId = ticketId;
            this.bus.addChannel(this.channel);
            this.enter();
        }
    }

    close() {
        browser.clearTimeout(this.timer);
        if (this.ticketId) {
            this.bus.deleteChannel(this.channel);
            this.orm.silent.call("helpdesk.ticket", "presence_leave", [this.tab]).catch(() => {});
        }
        Object.assign(this, { ticketId: null, isWriting: false });
        this.state.tabs = {};
    }

    /** Say that this tab is here. A hint that fails must not disturb who works. */
    async enter() {
        const ticketId = this.ticketId;
        if (!ticketId) {
            return;
        }
        const others = await this.orm.silent
            .call("helpdesk.ticket", "presence_enter", [[ticketId], this.tab, this.isWriting])
            .catch(() => []);
        if (ticketId === this.ticketId) {
            this.state.tabs = Object.fromEntries(others.map((other) => [other.tab, other]));
        }
    }

    onNotification(presence) {
        if (presence.ticket_id !== this.ticketId) {
            return;
        }
        if (presence.tab === this.tab) {
            // Another browser of the same person was closed; this one is still here.
            return presence.is_there ? undefined : this.enter();
        }
        if (presence.user_id === user.userId) {
            return;
        }
        if (presence.is_there) {
            this.state.tabs[presence.tab] = presence;
        } else {
            delete this.state.tabs[presence.tab];
        }
    }

    onInput(ev) {
        if (!this.ticketId || !ev.target.closest?.(COMPOSERS)) {
            return;
        }
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(() => this.setWriting(false), STOPS_WRITING_AFTER);
        this.setWriting(true);
    }

    setWriting(isWriting) {
        if (this.isWriting !== isWriting) {
            this.isWriting = isWriting;
            this.enter();
        }
    }

    leaveWithPage() {
        if (this.ticketId) {
            browser.navigator.sendBeacon?.(
                "/helpdesk/presence/leave",
                new URLSearchParams({ tab: this.tab })
            );
        }
    }
}

registry.category("view_widgets").add("helpdesk_ticket_presence", { component: TicketPresence });
