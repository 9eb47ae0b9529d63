from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .mail_common import HelpdeskMailCommon

LOGGER = "odoo.addons.crm_helpdesk.models.helpdesk_ticket_acknowledge"


@tagged("post_install", "-at_install")
class TestTicketAcknowledge(HelpdeskMailCommon):
    """Who writes to a team learns the number of his ticket, and machines learn nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Other mails of a new ticket would only be in the way.
        cls.team.user_id = False

    def receive(self, *args, job=True, **options):
        ticket = super().receive(*args, **options)
        if job:
            self.env["helpdesk.ticket"]._acknowledge_due()
        return ticket

    def test_mail_is_taken_in_first_and_confirmed_then_once(self):
        ticket = self.receive(job=False)
        self.assertFalse(ticket.acknowledged_at)
        self.env["helpdesk.ticket"]._acknowledge_due()
        self.assertTrue(ticket.acknowledged_at)
        self.assertFalse(ticket.is_acknowledgement_due)
        self.assertFalse(self.env["helpdesk.ticket"]._acknowledge_due())
        confirmations = ticket.message_ids.filtered(lambda message: message.message_type == "auto_comment")
        self.assertEqual(len(confirmations), 1)

    def test_confirmation_that_cannot_be_made_holds_up_no_other(self):
        Ticket = type(self.env["helpdesk.ticket"])
        first = self.receive(job=False)
        second = self.receive(job=False, sender="max@nowhere.example")
        send = Ticket._send_acknowledgement

        def refuse_first(ticket):
            if ticket == first:
                raise UserError(self.env._("Not this one"))
            return send(ticket)

        with patch.object(Ticket, "_send_acknowledgement", refuse_first), mute_logger(LOGGER):
            self.assertEqual(self.env["helpdesk.ticket"]._acknowledge_due(), 2)
        self.assertFalse(first.acknowledged_at)
        self.assertTrue(second.acknowledged_at)

    def sent_by(self, work):
        outgoing = [("state", "=", "outgoing")]
        before = self.env["mail.mail"].search(outgoing)
        with self.mock_mail_gateway():
            ticket = work()
            (self.env["mail.mail"].search(outgoing) - before).send()
        return ticket, self._mails

    def test_customer_gets_number_and_link(self):
        ticket, mails = self.sent_by(self.receive)
        (mail,) = mails
        self.assertIn("iris@alma.example", mail["email_to"][0])
        self.assertIn(ticket.number, mail["subject"])
        self.assertIn(
            f"/my/tickets/{ticket.id}?access_token={ticket.access_token}", mail["body"].replace("&amp;", "&")
        )
        self.assertIn(self.address, mail["reply_to"])
        self.assertTrue(ticket.acknowledged_at)

    def test_confirmation_says_that_a_machine_wrote_it(self):
        _ticket, (mail,) = self.sent_by(self.receive)
        self.assertEqual(mail["headers"]["Auto-Submitted"], "auto-replied")
        self.assertEqual(mail["headers"]["X-Auto-Response-Suppress"], "All")

    def test_stranger_is_confirmed_without_becoming_a_contact(self):
        _ticket, (mail,) = self.sent_by(lambda: self.receive(sender="Max <max@nowhere.example>"))
        self.assertIn("max@nowhere.example", mail["email_to"][0])
        self.assertFalse(self.env["res.partner"].search([("email", "ilike", "max@nowhere")]))

    def test_answer_to_the_confirmation_comes_to_the_ticket(self):
        ticket = self.receive()
        sent = ticket.message_ids.filtered(lambda message: message.message_type == "auto_comment")
        same = self.receive("Re: number", headers={"In-Reply-To": sent.message_id})
        self.assertEqual(same, ticket)
        self.assertFalse(self.mails_of(ticket)[0].is_internal)

    def test_answers_are_not_confirmed(self):
        ticket = self.receive()
        _same, mails = self.sent_by(lambda: self.receive(f"{ticket.number} again"))
        self.assertFalse(mails)

    def test_machines_and_lists_are_not_confirmed(self):
        for headers in (
            {"Auto-Submitted": "auto-generated"},
            {"Precedence": "bulk"},
            {"Precedence": "list"},
            {"List-Id": "<people.alma.example>"},
            {"X-Auto-Response-Suppress": "DR, AutoReply"},
        ):
            with self.subTest(headers=headers):
                ticket, mails = self.sent_by(lambda headers=headers: self.receive(headers=headers))
                self.assertTrue(ticket)
                self.assertFalse(mails)

    def test_address_that_nobody_reads_is_not_confirmed(self):
        ticket, mails = self.sent_by(lambda: self.receive(sender="Shop <no-reply@shop.example>"))
        self.assertTrue(ticket)
        self.assertFalse(mails)

    def test_so_many_an_hour_and_no_more(self):
        self.team.acknowledgement_limit = 2
        _ticket, mails = self.sent_by(lambda: [self.receive(f"Request {number}") for number in range(4)])
        self.assertEqual(len(mails), 2)
        _ticket, mails = self.sent_by(lambda: self.receive(sender="max@nowhere.example"))
        self.assertEqual(len(mails), 1)

    def test_limit_of_none_sends_none(self):
        self.team.acknowledgement_limit = 0
        self.assertFalse(self.sent_by(self.receive)[1])

    def test_hour_passes(self):
        self.team.acknowledgement_limit = 1
        self.receive().acknowledged_at = "2020-01-01 10:00:00"
        self.assertEqual(len(self.sent_by(self.receive)[1]), 1)

    def test_team_that_confirms_nothing(self):
        self.team.use_acknowledgement = False
        self.assertFalse(self.sent_by(self.receive)[1])

    def test_confirmation_is_no_answer_of_ours(self):
        ticket = self.receive()
        self.assertTrue(ticket.acknowledged_at)
        self.assertFalse(ticket.first_response_at)

    def test_no_link_where_customers_see_nothing(self):
        self.team.privacy_visibility = "employees"
        _ticket, (mail,) = self.sent_by(self.receive)
        self.assertNotIn("/my/tickets", mail["body"])

    @mute_logger(
        LOGGER,
        "odoo.addons.mail.models.mail_render_mixin",
    )
    def test_broken_template_loses_no_ticket(self):
        Template = self.env["mail.template"]
        # Broken by something that came later: the ERP tries a template out when it is saved.
        with patch.object(type(Template), "_check_can_be_rendered", lambda *_args, **_options: None):
            self.team.acknowledgement_template_id = Template.create(
                {
                    "name": "Broken",
                    "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                    "subject": "{{ object.no_such_field }}",
                    "body_html": "<p>Hello</p>",
                }
            )
        ticket, mails = self.sent_by(self.receive)
        self.assertEqual(ticket.partner_id, self.contact)
        self.assertFalse(mails)
        self.assertFalse(ticket.acknowledged_at)

    def test_ticket_by_hand_is_not_confirmed(self):
        def by_hand():
            with Form(self.env["helpdesk.ticket"].with_user(self.anna)) as form:
                form.name = "By phone"
                form.team_id = self.team
                form.partner_id = self.contact
            return form.record

        self.assertFalse(self.sent_by(by_hand)[1])

    def test_out_of_hours_it_says_when_we_are_back(self):
        calendar = self.env["resource.calendar"].create({"name": "Office", "tz": "Europe/Brussels"})
        ticket = self.ticket()
        self.assertFalse(ticket._get_back_text(), "around the clock")
        self.team.resource_calendar_id = calendar
        with freeze_time("2026-03-06 19:00:00"):
            self.assertIn("Monday, 03/09/2026 at 8:00", ticket._get_back_text())
            # Spaces of all kinds stand between the hour and its half of the day.
            _ticket, (mail,) = self.sent_by(self.receive)
        self.assertIn("we are back on Monday, 03/09/2026", mail["body"])
        with freeze_time("2026-03-09 09:00:00"):
            self.assertFalse(ticket._get_back_text())
            _ticket, (mail,) = self.sent_by(self.receive)
        self.assertNotIn("we are back", mail["body"])
