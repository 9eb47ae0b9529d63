from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, plaintext2html

# What two people of a law office ask: login, days ago, subject, request,
# answers (is it the customer, words), end (kind, days ago, rating).
TICKETS = [
    (
        "harbor",
        74,
        "Order came without the binders",
        "Ten boxes arrived, the binders are missing. They are on the delivery slip.",
        [(False, "I am sorry. The binders left our warehouse today and are with you tomorrow.")],
        ("closed", 72, None),
    ),
    (
        "harbor",
        9,
        "Two chairs squeak",
        "Two of the chairs of last month squeak when one leans back. Can somebody look at them?",
        [
            (False, "Of course. Our fitter comes on Thursday morning, it takes a quarter of an hour."),
            (True, "Perfect, thank you. He was here and they are quiet now."),
        ],
        ("closed", 6, (5, "Answered within the hour and fixed in two days.")),
    ),
    (
        "harbor",
        3,
        "Toner leaks on the second floor",
        "The new cartridge leaks: grey stripes on each page, and powder in the tray.",
        [(False, "Please do not use it any longer. A replacement is on its way; keep the old one for us.")],
        ("open", None, None),
    ),
    (
        "harbor.ben",
        2,
        "Invoice names the wrong department",
        "The last invoice says Litigation. It should say Real Estate, our accounting sent it back.",
        [(False, "We can change that. Which cost center shall we put on it?")],
        ("waiting", None, None),
    ),
    (
        "harbor.ben",
        0,
        "Two boxes of paper are wet",
        "The driver left them in the rain. The sheets in the middle may be fine, the rest is not.",
        [],
        None,
    ),
]


class HelpdeskDemoPortal(models.AbstractModel):
    """Customers who open, answer, close and rate tickets in the portal. Demo data only."""

    _name = "helpdesk.demo.portal"
    _description = "Demo tickets of the portal"

    @api.model
    def _create_tickets(self):
        team = self.env.ref("crm_helpdesk.helpdesk_team_support")
        team.use_rating = True
        agent = self.env.ref("base.user_demo")
        agent.group_ids |= self.env.ref("crm_helpdesk.group_crm_helpdesk_agent")
        for login, days_ago, *said in TICKETS:
            user = self.env["res.users"].search([("login", "=", login)])
            if user:
                self._tell(team, agent, user.partner_id, days_ago, said)

    def _tell(self, team, agent, person, days_ago, said):
        subject, request, answers, end = said
        now = fields.Datetime.now()
        opened = now - timedelta(days=days_ago, hours=2)
        ticket = self.env["helpdesk.ticket"].create(
            {
                "name": subject,
                "description": plaintext2html(request),
                "team_id": team.id,
                "partner_id": person.id,
                "user_id": agent.id if end else False,
            }
        )
        ticket.message_subscribe(person.ids)
        for hours, (is_customer, words) in enumerate(answers, start=1):
            ticket.with_context(mail_notify_force_send=False).message_post(
                body=words,
                author_id=person.id if is_customer else agent.partner_id.id,
                date=opened + timedelta(hours=3 * hours),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        if end:
            self._end(ticket, person, *end)
        self._date_back(ticket, opened)

    def _end(self, ticket, person, kind, days_ago, rating):
        if kind == "open":
            ticket.stage_id = self.env.ref("crm_helpdesk.helpdesk_stage_progress")
            return
        ticket.with_context(helpdesk_no_rating_mail=True)._move_to_kind(kind)
        if days_ago:
            ticket.closed_at = fields.Datetime.now() - timedelta(days=days_ago)
        if rating:
            ticket._portal_rate(person, *rating)

    def _date_back(self, ticket, opened):
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE helpdesk_ticket SET create_date = %s WHERE id = %s", opened, ticket.id)
        )
        ticket.invalidate_recordset(["create_date"])
