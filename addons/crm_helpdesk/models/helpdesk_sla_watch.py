import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

BATCH = 200


class HelpdeskSlaStatus(models.Model):
    """Tells people before it is too late, and when it is, each once."""

    _inherit = "helpdesk.sla.status"

    @api.model
    def _cron_watch(self, limit=BATCH):
        """Note what has run out, warn, tell and escalate, in batches with a transaction each."""
        cron = self.env["ir.cron"]
        for step in (self._fail_due, self._warn_due, self._tell_missed):
            while done := step(limit):
                if not cron._commit_progress(done):
                    return

    @api.model
    def _fail_due(self, limit=BATCH):
        """Mark as missed what has run out; returns how many rows were looked at."""
        due = [("state", "=", "running"), ("fail_at", "<=", fields.Datetime.now())]
        rows = self.search(due, order="fail_at, id", limit=limit)._lock_with_tickets()
        self.env["helpdesk.sla.engine"]._settle(rows)
        return len(rows)

    @api.model
    def _warn_due(self, limit=BATCH):
        """Warn of what runs out soon; returns how many rows were looked at."""
        now = fields.Datetime.now()
        due = [("state", "=", "running"), ("warn_at", "<=", now), ("warned_at", "=", False)]
        rows = self.search(due, order="warn_at, id", limit=limit)._lock_with_tickets()
        rows.write({"warned_at": now})
        for row in rows:
            row._tell(row._get_warning(), escalate=row.policy_id.escalate_on == "warning")
        return len(rows)

    @api.model
    def _tell_missed(self, limit=BATCH):
        """Tell of what is missed and still to be done; returns how many rows were looked at."""
        now = fields.Datetime.now()
        missed = [("state", "=", "failed"), ("told_at", "=", False)]
        rows = self.search(missed, order="id", limit=limit)._lock_with_tickets()
        rows.write({"told_at": now})
        rows.filtered(lambda row: not row.warned_at).warned_at = now
        for row in rows:
            row._tell(row._get_miss(), escalate=not row.escalated_at)
        return len(rows)

    def _lock_with_tickets(self):
        """Those that nobody else works on now; the others come with the next turn.

        Tickets first, as everybody does who changes one.
        """
        tickets = self.ticket_id.try_lock_for_update(allow_referencing=True)
        return self.filtered(lambda row: row.ticket_id in tickets).try_lock_for_update()

    def _tell(self, text, escalate):
        """Tell the people the policy names, also of a ticket that refuses the escalation."""
        self.ensure_one()
        ticket, policy = self.ticket_id, self.policy_id
        people = ticket.user_id if policy.notify_assigned else ticket.user_id.browse()
        if policy.notify_leader:
            people |= ticket.team_id.user_id
        if escalate:
            self._attempt(self._escalate)
        if people:
            self._attempt(
                ticket.message_post,
                body=text,
                subject=text,
                message_type="notification",
                subtype_xmlid="mail.mt_note",
                author_id=self.env.ref("base.partner_root").id,
                partner_ids=people.partner_id.ids,
            )

    def _attempt(self, step, **values):
        """Take a step; where it is refused, the rest goes on."""
        try:
            with self.env.cr.savepoint():
                step(**values)
        except UserError as error:
            _logger.warning("Ticket %s could not be escalated: %s", self.ticket_id.number, error)

    def _escalate(self):
        """Do what the policy wants done when time runs short."""
        ticket, policy = self.ticket_id, self.policy_id
        values = {}
        if policy.reassign_user_id and policy.reassign_user_id != ticket.user_id:
            values["user_id"] = policy.reassign_user_id.id
        if policy.raise_priority and ticket.priority < "3":
            values["priority"] = str(int(ticket.priority) + 1)
        if values:
            self.escalated_at = fields.Datetime.now()
            ticket.write(values)

    def _get_warning(self):
        left = self.target_seconds * (100 - self.policy_id.warn_percent) // 100
        hours, minutes = divmod(left // 60, 60)
        return self.env._(
            "Time runs short: %(policy)s, about %(hours)s:%(minutes)s hours left",
            policy=self.policy_id.name,
            hours=hours,
            minutes=f"{minutes:02d}",
        )

    def _get_miss(self):
        return self.env._("The time is over: %s", self.policy_id.name)
