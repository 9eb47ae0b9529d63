from odoo import api, models

from ..lib.raw_mail import read_headers
from ..models.helpdesk_mail_router import SetAside
from ..models.mail_thread import TooLarge

DOMAIN = "example.com"
MAIL = """From: {sender}
To: support@{domain}
Subject: {subject}
Message-ID: <{id}@demo.example>
Content-Type: text/plain; charset=utf-8

{body}
"""
MAILS = (
    (
        TooLarge(),
        "Bay Reprographics <orders@bayrepro.example>",
        "Film of the machine that jams",
        "You see it at minute two. The file is rather large, sorry.",
    ),
    (
        SetAside("machine"),
        "Postmaster <postmaster@harborlaw.example>",
        "Delivery delayed: Re: Two chairs squeak",
        "Your mail is in the queue. This is a warning only, you need not do anything.",
    ),
    (
        SetAside("machine"),
        "Otto Lind <otto.lind@northwind.example>",
        "Out of the office until Monday",
        "I am away and read mail on Monday again.",
    ),
)


class HelpdeskDemoMail(models.AbstractModel):
    """Mail of which no ticket came by itself. Demo data only."""

    _name = "helpdesk.demo.mail"
    _description = "Demo mail that was not taken in"

    @api.model
    def _create_mails(self):
        team = self.env.ref("crm_helpdesk.helpdesk_team_support")
        domain = team.company_id.alias_domain_id or self.env["mail.alias.domain"].search([], limit=1)
        if not team.alias_name:
            team.write({"alias_name": "support", "alias_domain_id": domain.id})
        failures = self.env["helpdesk.mail.failure"]
        for number, (error, sender, subject, body) in enumerate(MAILS):
            raw = MAIL.format(
                sender=sender,
                domain=domain.name or DOMAIN,
                subject=subject,
                body=body,
                id=f"kept-{number}",
            ).encode()
            kept = failures._note("helpdesk.ticket", raw, read_headers(raw), None, error)
            # There may be no domain yet by which the address tells the team.
            kept.write({"team_id": team.id, "company_id": team.company_id.id})
