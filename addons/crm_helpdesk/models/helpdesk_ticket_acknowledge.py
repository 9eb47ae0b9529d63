import logging
from datetime import timedelta

from pytz import UTC, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_time, formataddr

_logger = logging.getLogger(__name__)

# RFC 3834, and what Exchange listens to: no absence notice comes back.
ACKNOWLEDGEMENTS = 50  # in one transaction
HEADERS = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}


class HelpdeskTeam(models.Model):
    """Whether the team says that a request has arrived."""

    _inherit = "helpdesk.team"

    use_acknowledgement = fields.Boolean(
        string="Confirm New Tickets",
        default=True,
        help="Whoever writes to the team gets a mail with the ticket's number and a link to it. Never sent to"
        " machines, to mailing lists, or for answers.",
    )
    acknowledgement_template_id = fields.Many2one(
        "mail.template",
        string="E-Mail of Confirmation",
        domain=[("model", "=", "helpdesk.ticket")],
        default=lambda self: self._default_acknowledgement_template(),
    )
    acknowledgement_limit = fields.Integer(
        string="Confirmations per Hour",
        default=5,
        help="To one address at most so many within an hour, over all teams.",
    )

    _acknowledgement_limit_positive = models.Constraint(
        "CHECK (acknowledgement_limit >= 0)", "The number of confirmations per hour cannot be negative."
    )

    def _default_acknowledgement_template(self):
        return self.env.ref("crm_helpdesk.mail_template_ticket_acknowledgement", raise_if_not_found=False)


class HelpdeskTicket(models.Model):
    """Tells the customer that his request has arrived, and how he finds it again."""

    _inherit = "helpdesk.ticket"

    acknowledged_at = fields.Datetime(string="Confirmed on", readonly=True, copy=False)
    is_acknowledgement_due = fields.Boolean(readonly=True, copy=False)

    _acknowledgement_idx = models.Index("(id) WHERE is_acknowledgement_due IS TRUE")

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        ticket = self.sudo()  # sudo: of whomever the message is, this reads what kind it is
        opens = message.sudo().subtype_id == ticket._creation_subtype()
        if message.message_type == "email" and opens:
            ticket._acknowledge_later()
        return result

    def _acknowledge_later(self):
        """Have a new ticket confirmed within a minute: mail comes in bursts, all of it is taken in first."""
        self.ensure_one()
        if not self.is_acknowledgement_due and self._is_acknowledgement_wanted(self.team_id):
            self.is_acknowledgement_due = True

    @api.model
    def _is_acknowledgement_wanted(self, team):
        """Whether what comes in now is to be confirmed: not to machines, nor where the team does without.

        :param team: ``helpdesk.team``, may be empty
        :rtype: bool
        """
        if self._is_automatic() or self.env.context.get("helpdesk_no_acknowledgement"):
            return False
        return team.use_acknowledgement

    @api.model
    def _cron_acknowledge(self, limit=ACKNOWLEDGEMENTS):
        """Confirm the tickets that wait for it, in batches with a transaction each."""
        cron = self.env["ir.cron"]
        while done := self._acknowledge_due(limit):
            if not cron._commit_progress(done):
                return

    @api.model
    def _acknowledge_due(self, limit=ACKNOWLEDGEMENTS):
        """Confirm the next tickets that no other worker has; returns how many were looked at."""
        due = [("is_acknowledgement_due", "=", True)]
        tickets = self.with_context(active_test=False).search(due, order="id", limit=limit)
        tickets = tickets.try_lock_for_update(allow_referencing=True)
        tickets.is_acknowledgement_due = False
        for ticket in tickets:
            ticket._acknowledge()
        return len(tickets)

    def _acknowledge(self):
        """Confirm a new ticket to whom it is of; where the mail can't be made, the ticket stays all the same.

        :return: whether it was confirmed
        :rtype: bool
        """
        self.ensure_one()
        if not self._may_acknowledge():
            return False
        try:
            with self.env.cr.savepoint():
                self._send_acknowledgement()
        except UserError as error:
            _logger.warning("Ticket %s could not be confirmed: %s", self.number, error)
            return False
        self.acknowledged_at = fields.Datetime.now()
        return True

    def _may_acknowledge(self):
        team, address = self.team_id, self.partner_email_normalized
        if not (team.use_acknowledgement and team.acknowledgement_template_id and address):
            return False
        if (
            self.acknowledged_at
            or self._is_automatic()
            or self.env.context.get("helpdesk_no_acknowledgement")
        ):
            return False
        if self.env["helpdesk.mail.router"]._is_own_address(address):
            return False
        recent = [
            ("partner_email_normalized", "=", address),
            ("acknowledged_at", ">", fields.Datetime.now() - timedelta(hours=1)),
        ]
        sent = self.with_context(active_test=False).search_count(
            recent, limit=team.acknowledgement_limit or 1
        )
        return sent < team.acknowledgement_limit

    def _send_acknowledgement(self):
        """Post what the team's template says; a stranger gets it without becoming a contact."""
        template, partner = self.team_id.acknowledgement_template_id, self.partner_id
        by_contact = partner and partner.email_normalized == self.partner_email_normalized
        subject, body, sender = (
            template._render_field(name, self.ids, compute_lang=True)[self.id]
            for name in ("subject", "body_html", "email_from")
        )
        self.message_post(
            subject=subject,
            body=body,
            email_from=sender or self.company_id.email_formatted,
            author_id=self.company_id.partner_id.id,
            message_type="auto_comment",
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid="mail.mail_notification_light",
            partner_ids=partner.ids if by_contact else [],
            outgoing_email_to=False
            if by_contact
            else formataddr((self.partner_name or "", self.partner_email_normalized)),
            notify_skip_followers=True,
            # Whoever is signed in and opens a ticket counts as its author: he is the one to be told.
            notify_author=True,
            mail_headers=HEADERS,
            force_send=False,
        )

    def _get_back_text(self):
        """When the team is at work again, empty while it is: nobody waits in vain for an answer tonight.

        :rtype: str
        """
        self.ensure_one()
        now, team = fields.Datetime.now().replace(tzinfo=UTC), self.team_id
        back = team._get_next_working_moment(now)
        if not back or back <= now:
            return ""
        back = back.astimezone(timezone(team.resource_calendar_id.tz))
        return self.env._(
            "We are not at work now; we are back on %(weekday)s, %(day)s at %(time)s.",
            weekday=format_date(self.env, back.date(), date_format="EEEE"),
            day=format_date(self.env, back.date()),
            time=format_time(self.env, back.time(), time_format="short"),
        )

    def _get_customer_link(self):
        """Where the customer finds the ticket without signing in, empty where it is not shown to customers.

        :rtype: str
        """
        self.ensure_one()
        return self.get_base_url() + self.get_portal_url() if self._is_in_portal() else ""
