import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .helpdesk_sla_time import WorkingTimes, aware, naive

_logger = logging.getLogger(__name__)

BATCH = 100
HOUR = 3600
# Calendars may change: each ticket is looked at again after so long at the latest.
LOOK_AGAIN = timedelta(days=1)


class HelpdeskTicket(models.Model):
    """Tickets about which nobody writes any more: the customer is reminded, then they are closed."""

    _inherit = "helpdesk.ticket"

    last_message_at = fields.Datetime(string="Last Message on", readonly=True, copy=False)
    inactive_warned_at = fields.Datetime(string="Reminded on", readonly=True, copy=False)
    # Never later than it is due by the calendar of the day when it was set; empty: not looked at yet.
    inactive_check_at = fields.Datetime(readonly=True, copy=False)

    # What resets it -----------------------------------------------------------------

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        # sudo: subtypes are not the customer's to read, and he writes nothing on tickets
        if self.sudo()._is_said_by_people(message.sudo()):
            self.sudo().last_message_at = fields.Datetime.now()
        return result

    def _get_inactive_since(self):
        """Since when the ticket stands in its stage and nobody wrote."""
        self.ensure_one()
        since = self.stage_changed_at or self.create_date
        return max(since, self.last_message_at or since)

    # The job ------------------------------------------------------------------------

    @api.model
    def _cron_close_inactive(self, limit=BATCH):
        """Remind and close, in batches with a transaction each."""
        cron = self.env["ir.cron"]
        while done := self._close_inactive(limit):
            if not cron._commit_progress(done):
                return

    @api.model
    def _close_inactive(self, limit=BATCH):
        """Look at the next tickets that may be due; returns how many."""
        tickets = self._claim_inactive(limit)
        if not tickets:
            return 0
        now = fields.Datetime.now()
        times = WorkingTimes(min(ticket._get_inactive_since() for ticket in tickets))
        for ticket in tickets:
            time = times.of(ticket.team_id.resource_calendar_id, ticket.company_id)
            try:
                with self.env.cr.savepoint():
                    check_at = ticket._remind_or_close(time, now)
            except UserError as error:  # a ticket that refuses holds nobody up
                _logger.warning("Ticket %s could not be closed: %s", ticket.number, error)
                check_at = now + LOOK_AGAIN
            ticket._set_inactive_check(check_at)
        return len(tickets)

    @api.model
    def _claim_inactive(self, limit):
        """Tickets that may be due and that no other worker has, locked until the end of the transaction.

        :rtype: helpdesk.ticket
        """
        self.flush_model()
        self.env["helpdesk.team"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT ticket.id
                  FROM helpdesk_ticket ticket
                  JOIN helpdesk_team team ON team.id = ticket.team_id
                  JOIN helpdesk_team_auto_close_stage_rel stage
                    ON stage.team_id = team.id AND stage.stage_id = ticket.stage_id
                 WHERE team.auto_close AND team.active
                   AND ticket.active IS TRUE AND ticket.is_closed IS NOT TRUE
                   AND (ticket.inactive_check_at IS NULL OR ticket.inactive_check_at <= %(now)s)
                 ORDER BY ticket.id
                 LIMIT %(limit)s
                   FOR NO KEY UPDATE OF ticket SKIP LOCKED
                """,
                now=fields.Datetime.now(),
                limit=limit,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _remind_or_close(self, time, now):
        """Do what is due for one ticket.

        :param WorkingTime time: of the team
        :return: when to look at the ticket again
        """
        self.ensure_one()
        team, since = self.team_id, self._get_inactive_since()
        warned = self.inactive_warned_at
        if not warned or warned < since:
            seconds = team.auto_close_warn_hours * HOUR
            if time.elapsed(aware(since), aware(now)) < seconds:
                return self._plan_check(time, since, seconds, now)
            self._remind_customer()
            self.inactive_warned_at = warned = now
        seconds = team.auto_close_hours * HOUR
        if time.elapsed(aware(warned), aware(now)) < seconds:
            return self._plan_check(time, warned, seconds, now)
        self._close_as_inactive()
        return False

    def _plan_check(self, time, since, seconds, now):
        due = naive(time.plan(aware(since), seconds))
        return min(due or now + LOOK_AGAIN, now + LOOK_AGAIN)

    def _remind_customer(self):
        """Write to the customer, in the name of nobody: it is no answer of ours."""
        template = self.team_id.auto_close_template_id
        if template:
            self.message_post_with_source(
                template,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                author_id=self.env.ref("base.partner_root").id,
            )

    def _close_as_inactive(self):
        self.message_post(body=self.env._("Closed, as nobody has written for long."))
        # Whoever did not answer us is not asked how satisfied he is.
        self.with_context(helpdesk_no_rating_mail=True)._move_to_kind("closed")

    def _set_inactive_check(self, moment):
        """In SQL, so that nobody seems to have changed the ticket."""
        self.flush_model(["inactive_check_at"])
        self.env.cr.execute(
            SQL(
                "UPDATE helpdesk_ticket SET inactive_check_at = %s WHERE id IN %s",
                moment or None,
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["inactive_check_at"], flush=False)


class HelpdeskTeam(models.Model):
    """When the team gives up waiting for an answer."""

    _inherit = "helpdesk.team"

    auto_close = fields.Boolean(
        string="Close Inactive Tickets",
        help="When neither side writes for long, the customer is reminded; then the ticket is closed. An"
        " answer within the days for reopening opens it again.",
    )
    auto_close_stage_ids = fields.Many2many(
        "helpdesk.stage",
        "helpdesk_team_auto_close_stage_rel",
        "team_id",
        "stage_id",
        string="In the Stages",
        domain="[('kind', 'in', ('open', 'waiting')), '|', ('team_ids', '=', False), ('team_ids', 'in', id)]",
        default=lambda self: self._default_auto_close_stages(),
        help="Usually those that wait for the customer.",
    )
    auto_close_warn_hours = fields.Integer(string="Remind after", default=40)
    auto_close_hours = fields.Integer(string="Close", default=24)
    auto_close_template_id = fields.Many2one(
        "mail.template",
        string="E-Mail to Remind",
        domain=[("model", "=", "helpdesk.ticket")],
        default=lambda self: self.env.ref(
            "crm_helpdesk.mail_template_ticket_inactive", raise_if_not_found=False
        ),
    )

    _auto_close_hours_positive = models.Constraint(
        "CHECK (auto_close_warn_hours > 0 AND auto_close_hours > 0)",
        "A customer needs at least one working hour to answer.",
    )

    @api.model
    def _default_auto_close_stages(self):
        return self.env["helpdesk.stage"].search([("kind", "=", "waiting"), ("team_ids", "=", False)])

    def write(self, vals):
        result = super().write(vals)
        if any(name.startswith("auto_close") or name == "resource_calendar_id" for name in vals):
            tickets = self.env["helpdesk.ticket"].search(
                [("team_id", "in", self.ids), ("is_closed", "=", False), ("inactive_check_at", "!=", False)]
            )
            if tickets:
                tickets._set_inactive_check(False)
        return result
