from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCommon

from .common import HelpdeskCommon

MAIL = """From: {sender}
To: {to}
Cc: {cc}
Subject: {subject}
Message-ID: {message_id}
{more}Content-Type: text/plain; charset=utf-8

{body}
"""


class TicketMailCase(HelpdeskCommon, MailCommon):
    """A team with an address, and mails to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.write({"alias_name": "printers", "alias_domain_id": cls.mail_alias_domain.id})

    def receive(
        self, subject="Toner leaks", sender="Iris <iris@alma.example>", cc="", body="Please help", **values
    ):
        self.counter = getattr(self, "counter", 0) + 1
        more = "".join(f"{name}: {value}\n" for name, value in values.get("headers", {}).items())
        mail = MAIL.format(
            sender=sender,
            to=values.get("to", f"printers@{self.alias_domain}"),
            cc=cc,
            subject=subject,
            message_id=values.get("message_id", f"<mail{self.counter}@alma.example>"),
            more=more,
            body=body,
        )
        ticket_id = self.env["mail.thread"].message_process("helpdesk.ticket", mail)
        return self.env["helpdesk.ticket"].browse(ticket_id)


@tagged("post_install", "-at_install")
class TestTicketMail(TicketMailCase):
    """Tickets by e-mail, through the ERP's gateway."""

    def test_mail_opens_a_ticket_of_the_contact(self):
        ticket = self.receive()
        self.assertEqual((ticket.name, ticket.team_id, ticket.stage_id), ("Toner leaks", self.team, self.new))
        self.assertEqual((ticket.partner_id, ticket.partner_email), (self.contact, "iris@alma.example"))
        self.assertIn("Please help", ticket.message_ids.filtered(lambda m: m.message_type == "email").body)
        self.assertFalse(ticket.user_id)

    def test_stranger_is_kept_by_address_and_name(self):
        ticket = self.receive(sender="Max Unknown <max@nowhere.example>")
        self.assertFalse(ticket.partner_id)
        self.assertEqual((ticket.partner_email, ticket.partner_name), ("max@nowhere.example", "Max Unknown"))

    def test_answer_comes_to_its_ticket(self):
        ticket = self.receive(message_id="<first@alma.example>")
        sent = ticket.with_user(self.anna).message_post(body="Have you tried it?", message_type="comment")
        same = self.receive(
            "Re: Toner leaks", headers={"In-Reply-To": sent.message_id, "References": sent.message_id}
        )
        self.assertFalse(same.ids and same != ticket)
        self.assertEqual(len(ticket.message_ids.filtered(lambda message: message.message_type == "email")), 2)

    def test_who_was_copied_and_is_known_follows(self):
        colleague = self.env["res.partner"].create({"name": "Otto", "email": "otto@alma.example"})
        ticket = self.receive(cc="Otto <otto@alma.example>, Zoe <zoe@nowhere.example>")
        self.assertIn(colleague, ticket.message_partner_ids)
        self.assertFalse(self.env["res.partner"].search([("email", "ilike", "zoe@nowhere.example")]))
        self.assertIn("zoe@nowhere.example", ticket.email_cc)

    def test_no_subject_is_said(self):
        self.assertEqual(self.receive(subject="").name, "No subject")

    def test_same_mail_twice_is_one_ticket(self):
        first = self.receive(message_id="<twice@alma.example>")
        again = self.receive(message_id="<twice@alma.example>")
        self.assertTrue(first)
        self.assertFalse(again)
