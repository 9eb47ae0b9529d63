from odoo import Command
from odoo.tests import tagged

from odoo.addons.im_livechat.tests.chatbot_common import ChatbotCase
from odoo.addons.mail.tests.common import MailCommon

from ..models.chatbot_script_step import TICKETS_PER_CHAT


@tagged("post_install", "-at_install")
class TestChatbotTicket(MailCommon, ChatbotCase):
    """A chatbot asks for the address, and opens a ticket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.helpdesk = cls.env["helpdesk.team"].sudo().create({"name": "Printers"})
        cls.answer_ticket = (
            cls.env["chatbot.script.answer"]
            .sudo()
            .create({"name": "Open a ticket", "script_step_id": cls.step_dispatch.id})
        )
        steps = (
            ("question_email", "What is your e-mail address?", {}),
            ("question_phone", "And your phone number?", {}),
            ("create_ticket", "Thank you, we look into it.", {"helpdesk_team_id": cls.helpdesk.id}),
        )
        cls.step_ticket = (
            cls.env["chatbot.script.step"]
            .sudo()
            .create(
                [
                    {
                        "step_type": kind,
                        "message": text,
                        "sequence": 20 + number,
                        "triggering_answer_ids": [Command.link(cls.answer_ticket.id)],
                        "chatbot_script_id": cls.chatbot_script.id,
                        **values,
                    }
                    for number, (kind, text, values) in enumerate(steps)
                ]
            )[-1]
        )

    def play(self):
        """A visitor goes through the chatbot's questions."""
        data = self.make_jsonrpc_request(
            "/im_livechat/get_session",
            {"chatbot_script_id": self.chatbot_script.id, "channel_id": self.livechat_channel.id},
        )
        channel = self.env["discuss.channel"].sudo().browse(data["channel_id"])
        self._post_answer_and_trigger_next_step(channel, chatbot_script_answer=self.answer_ticket)
        self._post_answer_and_trigger_next_step(channel, email="max@nowhere.example")
        self._post_answer_and_trigger_next_step(channel, "+32 470 12 34 56")
        return channel

    def tickets(self):
        return self.env["helpdesk.ticket"].sudo().search([("team_id", "=", self.helpdesk.id)])

    def test_visitor_gets_a_ticket(self):
        channel = self.play()
        ticket = self.tickets()
        self.assertRecordValues(
            ticket,
            [
                {
                    "partner_email": "max@nowhere.example",
                    "partner_phone": "+32 470 12 34 56",
                    "partner_id": False,
                    "livechat_id": channel.id,
                    "user_id": False,
                }
            ],
        )
        self.assertIn("max@nowhere.example", ticket.description)
        self.assertIn("Testing Bot", ticket.name)
        self.assertTrue(ticket.acknowledged_at)

    def test_chatbot_opens_no_tickets_without_end(self):
        channel = self.play()
        for _turn in range(TICKETS_PER_CHAT + 3):
            self.step_ticket._open_ticket(channel)
        self.assertEqual(len(self.tickets()), TICKETS_PER_CHAT)

    def test_team_that_is_gone_stops_no_chat(self):
        self.step_ticket.helpdesk_team_id = False
        self.env["helpdesk.team"].sudo().search([]).active = False
        self.play()
        self.assertFalse(self.tickets())
