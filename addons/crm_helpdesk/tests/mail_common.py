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


class HelpdeskMailCommon(HelpdeskCommon, MailCommon):
    """A team with an address, and mail to it through the ERP's gateway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.write({"alias_name": "printers", "alias_domain_id": cls.mail_alias_domain.id})
        cls.address = f"printers@{cls.alias_domain}"

    def compose(
        self, subject="Toner leaks", sender="Iris <iris@alma.example>", cc="", body="Please help", **values
    ):
        """A mail to the team, as text."""
        self.counter = getattr(self, "counter", 0) + 1
        return MAIL.format(
            sender=sender,
            to=values.get("to", self.address),
            cc=cc,
            subject=subject,
            message_id=values.get("message_id", f"<mail{self.counter}@alma.example>"),
            more="".join(f"{name}: {value}\n" for name, value in values.get("headers", {}).items()),
            body=body,
        )

    def receive(self, *args, **values):
        """The ticket that a mail became or was added to."""
        return self.process(self.compose(*args, **values))

    def process(self, mail):
        ticket_id = self.env["mail.thread"].message_process("helpdesk.ticket", mail)
        return self.env["helpdesk.ticket"].browse(ticket_id)

    def answer(self, ticket, **values):
        """What the agent writes, and the customer's mail in answer to it."""
        sent = ticket.with_user(self.anna).message_post(
            body="Have you tried it?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        headers = {"In-Reply-To": sent.message_id, "References": sent.message_id, **values.pop("headers", {})}
        return self.receive("Re: Toner leaks", headers=headers, **values)

    @staticmethod
    def mails_of(ticket):
        return ticket.message_ids.filtered(lambda message: message.message_type == "email")

    @staticmethod
    def notes_of(ticket):
        return " ".join(
            ticket.message_ids.filtered(lambda m: m.message_type == "notification").mapped("body")
        )
