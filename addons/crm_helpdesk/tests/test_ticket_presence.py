import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.http_routing.tests.common import MockRequest

from .common import HelpdeskCommon

ANNAS_TAB, BENS_TAB = "0a0a0a0a0a0a0a0a", "0b0b0b0b0b0b0b0b"


@tagged("post_install", "-at_install")
class TestTicketPresence(HelpdeskCommon, HttpCase):
    """Who has a ticket open, and who hears of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leaking = cls.ticket()
        cls.private = cls.make_team("Legal", cls.anna, privacy_visibility="followers")
        cls.secret = cls.ticket("Contract", team_id=cls.private.id)
        cls.rows = cls.env["helpdesk.ticket.presence"]

    def enter(self, user, tab, ticket=None, **values):
        return (ticket or self.leaking).with_user(user).presence_enter(tab, **values)

    def said(self):
        """What was sent on the bus since the last call: (channel, payload)."""
        sent = self.env.cr.precommit.data.pop("bus.bus.values", [])
        self.env.cr.precommit.data["bus.bus.values"] = []
        rows = [(json.loads(row["channel"]), json.loads(row["message"])) for row in sent]
        return [
            (channel[1:], message["payload"])
            for channel, message in rows
            if message["type"] == "helpdesk.ticket/presence"
        ]

    def channels(self, user, names):
        """What a browser of the user that asks for these channels listens to."""
        with MockRequest(self.env(user=user)) as request:
            request.session.uid = user.id
            return self.env["ir.websocket"].with_user(user)._build_bus_channel_list(names)

    def test_second_person_sees_the_first_and_the_first_hears_of_the_second(self):
        self.assertEqual(self.enter(self.anna, ANNAS_TAB), [])
        self.said()
        [other] = self.enter(self.ben, BENS_TAB)
        self.assertEqual((other["user_id"], other["is_writing"]), (self.anna.id, False))
        [(channel, payload)] = self.said()
        self.assertEqual(channel, ["helpdesk.ticket", self.leaking.id, "presence"])
        self.assertEqual(
            (payload["user_id"], payload["tab"], payload["is_there"]), (self.ben.id, BENS_TAB, True)
        )
        self.enter(self.ben, BENS_TAB, is_writing=True)
        [(_channel, payload)] = self.said()
        self.assertTrue(payload["is_writing"])
        [other] = self.enter(self.anna, ANNAS_TAB)
        self.assertTrue(other["is_writing"])

    def test_entering_again_is_the_same_entry_and_leaving_ends_it(self):
        for _time in range(2):
            self.enter(self.anna, ANNAS_TAB)
        self.assertEqual(self.rows.search_count([("tab", "=", ANNAS_TAB)]), 1)
        self.said()
        self.env["helpdesk.ticket"].with_user(self.ben).presence_leave(ANNAS_TAB)
        self.assertEqual(self.said(), [], "of others nothing ends")
        self.env["helpdesk.ticket"].with_user(self.anna).presence_leave(ANNAS_TAB)
        [(_channel, payload)] = self.said()
        self.assertFalse(payload["is_there"])
        self.assertFalse(self.rows.search([("tab", "=", ANNAS_TAB)]))

    def test_entries_end_when_the_browser_dies(self):
        self.enter(self.anna, ANNAS_TAB)
        self.enter(self.anna, "0c0c0c0c0c0c0c0c", self.secret)
        self.enter(self.ben, BENS_TAB)
        self.said()
        self.env["ir.websocket"].with_user(self.anna)._on_websocket_closed({})
        self.assertEqual({payload["user_id"] for _channel, payload in self.said()}, {self.anna.id})
        self.assertEqual(self.rows.search([("user_id", "in", (self.anna | self.ben).ids)]).user_id, self.ben)

    def test_what_nothing_ended_is_forgotten(self):
        self.enter(self.anna, ANNAS_TAB)
        row = self.rows.search([("tab", "=", ANNAS_TAB)])
        row.seen_at = fields.Datetime.now() - timedelta(hours=5)
        self.assertEqual(self.enter(self.ben, BENS_TAB), [])
        self.rows._gc_forgotten()
        self.assertFalse(row.exists())

    def test_only_who_may_read_the_ticket_enters_and_hears(self):
        with self.assertRaises(AccessError):
            self.enter(self.ben, BENS_TAB, self.secret)
        with self.assertRaises(UserError):
            self.enter(self.ben, "<script>")
        names = [f"helpdesk.ticket_{ticket.id}" for ticket in (self.leaking, self.secret)]
        for user, heard in ((self.anna, self.leaking | self.secret), (self.ben, self.leaking)):
            channels = self.channels(user, [*names, "other"])
            tickets = [channel[0] for channel in channels if isinstance(channel, tuple)]
            tickets = {ticket for ticket in tickets if ticket._name == "helpdesk.ticket"}
            self.assertEqual(tickets, set(heard))
            self.assertFalse(set(names) & {channel for channel in channels if isinstance(channel, str)})
            self.assertIn("other", channels)

    def test_customers_neither_enter_nor_hear(self):
        portal = self.env["res.users"].create(
            {
                "name": "Iris",
                "login": "presence_portal",
                "partner_id": self.contact.id,
                "group_ids": [(6, 0, [self.env.ref("base.group_portal").id])],
            }
        )
        self.enter(self.anna, ANNAS_TAB)
        self.assertEqual(self.enter(portal, BENS_TAB), [])
        self.assertFalse(self.rows.search([("user_id", "=", portal.id)]))
        name = f"helpdesk.ticket_{self.leaking.id}"
        channels = self.channels(portal, [name])
        self.assertFalse([channel for channel in channels if "helpdesk.ticket" in str(channel)])
        self.assertNotIn(name, [channel for channel in channels if isinstance(channel, str)])
        for user in (portal, self.ben):
            with self.assertRaises(AccessError):
                self.rows.with_user(user).search([])

    def test_tab_says_that_it_is_closed(self):
        self.enter(self.anna, ANNAS_TAB)
        self.enter(self.ben, BENS_TAB)
        self.authenticate(self.anna.login, self.anna.login)
        for tab in (ANNAS_TAB, BENS_TAB):
            answer = self.url_open("/helpdesk/presence/leave", data={"tab": tab})
            self.assertEqual(answer.status_code, 204)
        self.assertEqual(self.rows.search([("tab", "in", [ANNAS_TAB, BENS_TAB])]).tab, BENS_TAB)
