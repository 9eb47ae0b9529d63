from odoo import api, fields, models

from ..lib.sla_clock import Clock
from ..lib.sla_course import Course
from .helpdesk_sla import METRICS
from .helpdesk_sla_time import aware, naive

STATES = [
    ("running", "Running"),
    ("paused", "Standing still"),
    ("reached", "Kept"),
    ("failed", "Missed"),
    ("cancelled", "Cancelled"),
]
CAUSES = [
    ("unassigned", "Nobody had the ticket"),
    ("reopened", "Came back after it was solved"),
    ("handed_over", "Given to somebody when most of the time was over"),
    ("work", "Assigned, but not done in time"),
]


class HelpdeskSlaStatus(models.Model):
    """What became of a promise for a ticket. Written by the engine alone, nothing is computed on reading."""

    _name = "helpdesk.sla.status"
    _description = "Service Level of a Ticket"
    _order = "deadline, id"
    _rec_name = "policy_id"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, ondelete="cascade", index=True)
    policy_id = fields.Many2one("helpdesk.sla", required=True, ondelete="restrict", index=True)
    metric = fields.Selection(METRICS, string="Promise", required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    state = fields.Selection(STATES, required=True, index=True)
    is_over = fields.Boolean(help="Nothing is waited for any more.")

    # The clock
    calendar_id = fields.Many2one("resource.calendar", string="Working Hours", ondelete="set null")
    started_at = fields.Datetime(string="From", required=True)
    target_seconds = fields.Integer(required=True)
    elapsed_seconds = fields.Integer(help="Working seconds used until it was last looked at.")
    paused_seconds = fields.Integer(help="Working seconds during which the clock stood still.")
    exceeded_seconds = fields.Integer(help="Working seconds beyond the target.")
    running_since = fields.Datetime(help="Empty: the clock stands still.")
    stopped_at = fields.Datetime()
    deadline = fields.Datetime(help="The earliest instant at which the time is used up.")

    # What comes of it
    warn_at = fields.Datetime()
    warned_at = fields.Datetime(string="Warned on")
    fail_at = fields.Datetime(help="The first instant that is too late.")
    reached_at = fields.Datetime(string="Done on")
    failed_at = fields.Datetime(string="Missed on")
    told_at = fields.Datetime(string="Miss Told on")
    escalated_at = fields.Datetime(string="Escalated on")
    cause = fields.Selection(CAUSES, string="Cause of the Miss")

    # An answer is promised as often as it is asked for, everything else once.
    _once_uniq = models.UniqueIndex(
        "(ticket_id, policy_id) WHERE metric != 'next_response'", "The ticket has this promise already."
    )
    _open_idx = models.Index("(ticket_id) WHERE is_over IS NOT TRUE")
    _calendar_idx = models.Index("(calendar_id, ticket_id) WHERE is_over IS NOT TRUE")
    _warn_idx = models.Index("(warn_at) WHERE state = 'running' AND warned_at IS NULL")
    _fail_idx = models.Index("(fail_at) WHERE state = 'running'")
    _tell_idx = models.Index("(id) WHERE state = 'failed' AND told_at IS NULL")

    def _get_course(self):
        """The record as what the clock works with.

        :rtype: Course
        """
        self.ensure_one()
        clock = Clock(
            target=self.target_seconds,
            state=self.state,
            elapsed=self.elapsed_seconds,
            running_since=aware(self.running_since),
            deadline=aware(self.deadline),
            reached_at=aware(self.reached_at),
            failed_at=aware(self.failed_at),
        )
        return Course(
            clock=clock,
            stopped_at=aware(self.stopped_at),
            paused=self.paused_seconds,
            is_over=self.is_over,
            reopens=self.metric == "stage",
        )

    @api.model
    def _prepare_course_values(self, course, terms, time):
        """Values of a record for such a course of events."""
        clock = course.clock
        warns_at = course.warns_at(terms.warn_percent, time) if terms.warn_percent else None
        return {
            "state": clock.state,
            "is_over": course.is_over,
            "target_seconds": clock.target,
            "elapsed_seconds": clock.elapsed,
            "paused_seconds": course.paused,
            "exceeded_seconds": clock.exceeded,
            "running_since": naive(clock.running_since),
            "stopped_at": naive(course.stopped_at),
            "deadline": naive(clock.deadline),
            "warn_at": naive(warns_at),
            "fail_at": naive(course.fails_at(time)),
            "reached_at": naive(clock.reached_at),
            "failed_at": naive(clock.failed_at),
        }

    def action_open_ticket(self):
        """The ticket of the promise."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
            "views": [(False, "form")],
        }
