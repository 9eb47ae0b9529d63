from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.bus.models.bus_listener_mixin import BusListenerMixin
from odoo.addons.crm_helpdesk.tests.common import HelpdeskCommon
from odoo.addons.mail.tools.discuss import Store

AGENT = "crm_helpdesk.group_crm_helpdesk_agent,im_livechat.im_livechat_group_user"


@tagged("post_install", "-at_install")
class TestLivechatTicket(HelpdeskCommon, HttpCase):
    """What an employee makes of a live chat by ``/ticket Subject``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = cls.make_user("operator", AGENT)
        cls.chatter = cls.make_user("chatter", "im_livechat.im_livechat_group_user")
        cls.team.member_ids = [Command.create({"user_id": cls.operator.id})]
        cls.visitor = new_test_user(
            cls.env, "helpdesk_visitor", groups="base.group_portal", email="visitor@alma.example"
        )
        cls.env["mail.presence"]._update_presence(cls.operator)
        cls.livechat = cls.env["im_livechat.channel"].create(
            {"name": "Support", "user_ids": [Command.set(cls.operator.ids)]}
        )

    def chat(self, user=None, *words):
        """A chat of a visitor with the operator."""
        self.authenticate(user and user.login, user and user.login)
        data = self.make_jsonrpc_request(
            "/im_livechat/get_session", {"channel_id": self.livechat.id, "persisted": True}
        )
        channel = self.env["discuss.channel"].browse(data["channel_id"])
        author = {"author_id": user.partner_id.id} if user else {"author_id": False, "email_from": False}
        if not user:
            author["author_guest_id"] = channel.livechat_customer_guest_ids.id
        for text in words:
            channel.sudo().with_context(guest=None).message_post(
                body=text, message_type="comment", subtype_xmlid="mail.mt_comment", **author
            )
        return channel

    def command(self, channel, body, user=None):
        """The new ticket, and what the employee was told."""
        told, before = [], self.env["helpdesk.ticket"].search([])

        def tell(_user, _channel, text):
            told.append(text)

        with patch.object(self.registry["res.users"], "_bus_send_transient_message", tell):
            channel.with_user(user or self.operator).execute_command_ticket(body=body)
        return self.env["helpdesk.ticket"].search([]) - before, "".join(told)

    def test_chat_of_a_known_visitor_is_his_ticket(self):
        channel = self.chat(self.visitor, "The toner leaks", "Everywhere!")
        ticket, told = self.command(channel, "/ticket Toner leaks")
        self.assertRecordValues(
            ticket,
            [{"name": "Toner leaks", "partner_id": self.visitor.partner_id.id, "livechat_id": channel.id}],
        )
        self.assertIn("The toner leaks", ticket.description)
        self.assertIn("Everywhere!", ticket.description)
        self.assertIn(ticket.number, told)
        self.assertIn(f"data-oe-id='{ticket.id}'", told)
        self.assertTrue(ticket.acknowledged_at)

    def test_chat_of_a_stranger_has_his_name(self):
        channel = self.chat(None, "Hello")
        ticket, _told = self.command(channel, "/ticket Somebody asks")
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.partner_name, channel.livechat_customer_guest_ids.name)
        self.assertFalse(ticket.acknowledged_at)

    def test_script_of_a_visitor_is_text(self):
        ticket, _told = self.command(self.chat(self.visitor, "<script>evil()</script>"), "/ticket x")
        self.assertNotIn("<script", ticket.description)

    def test_command_alone_says_how_it_is_used(self):
        ticket, told = self.command(self.chat(self.visitor), "/ticket  ")
        self.assertFalse(ticket)
        self.assertIn("Subject", told)

    def test_employee_without_the_role_opens_none(self):
        channel = self.chat(self.visitor, "Hello")
        ticket, told = self.command(channel, "/ticket Hello", self.chatter)
        self.assertFalse(ticket)
        self.assertIn("role", told)

    def test_chat_that_one_may_not_see_tells_nothing(self):
        channel = self.chat(self.visitor, "Secret")
        with self.assertRaises(AccessError):
            self.command(channel, "/ticket What was said?", self.anna)
        with self.assertRaises(AccessError):
            channel.with_user(self.anna)._helpdesk_open_ticket("What was said?")

    def test_other_channels_open_none(self):
        channel = self.env["discuss.channel"].with_user(self.operator).create({"name": "Among us"})
        ticket, told = self.command(channel, "/ticket Hello")
        self.assertFalse(ticket)
        self.assertIn("live chats alone", told)

    def test_chat_is_opened_from_the_ticket_by_who_may_see_it(self):
        channel = self.chat(self.visitor, "Hello")
        ticket, _told = self.command(channel, "/ticket Hello")
        self.assertTrue(ticket.with_user(self.operator).may_open_livechat)
        self.assertFalse(ticket.with_user(self.anna).may_open_livechat)
        with patch.object(BusListenerMixin, "_bus_send"):
            ticket.with_user(self.operator).action_open_livechat()
        with self.assertRaises(AccessError):
            ticket.with_user(self.anna).action_open_livechat()

    def test_nobody_chooses_the_chat_of_a_ticket(self):
        channel = self.chat(self.visitor, "Secret")
        ticket = self.ticket()
        with self.assertRaises(AccessError):
            ticket.with_user(self.anna).livechat_id = channel
        with self.assertRaises(AccessError):
            self.env["helpdesk.ticket"].with_user(self.anna).create(
                {"name": "x", "team_id": self.team.id, "livechat_id": channel.id}
            )

    def test_timeline_has_the_ticket_once_and_the_chat_as_before(self):
        channel = self.chat(self.visitor, "Hello")
        wanted = [("res_model", "=", "discuss.channel"), ("res_id", "=", channel.id)]
        chats = self.env["crm.interaction"].search_count(wanted)
        ticket, _told = self.command(channel, "/ticket Hello")
        self.env.flush_all()
        rows = self.env["crm.interaction"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id)]
        )
        self.assertEqual(rows.mapped("kind"), ["ticket"])
        self.assertEqual(self.env["crm.interaction"].search_count(wanted), chats)

    def test_client_offers_the_command_to_who_may(self):
        for user, expected in ((self.operator, True), (self.chatter, False)):
            store = Store()
            self.env.user.with_user(user)._init_store_data(store)
            self.assertEqual(store.get_result()["Store"]["helpdesk_may_open_tickets"], expected)
