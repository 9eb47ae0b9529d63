from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..lib.sla_clock import FAILED, Clock
from ..lib.sla_course import CANCEL, PAUSE, REACH, RUN, Course, replay
from .helpdesk_sla import Asked
from .helpdesk_sla_time import WorkingTimes, aware, naive

# Whoever gets a ticket when more than this share of the time is used up is not the cause of the miss.
LATE_SHARE = 0.5


class HelpdeskSlaEngine(models.AbstractModel):
    """Keeps the promises' clocks of tickets right, for one ticket as for thousands.

    Everything is read once for all tickets of a call, worked out in plain Python, and written in one go.
    Callers say what happened; nothing here looks at who asks.
    """

    _name = "helpdesk.sla.engine"
    _description = "Service Level Engine"

    # What happens to tickets ---------------------------------------------------

    @api.model
    def _start(self, tickets):
        """The tickets were just opened."""
        if tickets:
            self.env["helpdesk.stage.log"].sudo()._record(tickets.sudo(), fields.Datetime.now())
            self._update(tickets, moved=tickets)

    @api.model
    def _follow(self, tickets, moved):
        """What promises depend on has changed; ``moved`` are those in another stage than before."""
        if moved:
            self.env["helpdesk.stage.log"].sudo()._record(moved.sudo(), fields.Datetime.now())
        self._update(tickets, moved=moved)

    @api.model
    def _answer(self, tickets):
        """The customers of the tickets were answered now."""
        now = fields.Datetime.now()
        rows = self._get_rows(tickets).filtered(
            lambda row: not row.is_over and row.metric in ("first_response", "next_response")
        )
        work = _Work(self.env, tickets.sudo(), rows, now)
        for row in rows:
            work.store(row, row._get_course().follow(REACH, work.now, work.time_of(row)))
        self._summarize(tickets)

    @api.model
    def _cancel(self, tickets):
        """Nothing is promised any more, for example because the tickets went into others."""
        now = fields.Datetime.now()
        rows = self._get_rows(tickets).filtered(lambda row: not row.is_over)
        work = _Work(self.env, tickets.sudo(), rows, now)
        for row in rows:
            work.store(row, row._get_course().follow(CANCEL, work.now, work.time_of(row)))
        self._summarize(tickets)

    @api.model
    def _settle(self, rows):
        """Write down which clocks have run out."""
        work = _Work(self.env, rows.ticket_id, rows, fields.Datetime.now())
        for row in rows:
            course = row._get_course()
            work.store(row, course.follow(RUN, work.now, work.time_of(row)))
        self._summarize(rows.ticket_id)

    @api.model
    def _update(self, tickets, moved=None):
        """Match the policies anew and bring every clock up to date.

        Promises that still hold go on untouched. New ones begin with the ticket and remember its pauses,
        those that hold no longer are cancelled, and what was kept or missed stays.
        """
        tickets = tickets.sudo()
        rows = self._get_rows(tickets)
        work = _Work(self.env, tickets, rows, fields.Datetime.now(), moved=moved)
        self._match(work)
        for row in work.rows:
            work.advance(row)
        work.begin()
        self._summarize(tickets)

    # How ------------------------------------------------------------------------

    @api.model
    def _get_rows(self, tickets):
        """All promises of the tickets, also those of the past."""
        # sudo: the engine alone writes them, whoever it works for
        return self.env["helpdesk.sla.status"].sudo().search([("ticket_id", "in", tickets.ids)], order="id")

    @api.model
    def _match(self, work):
        """Find out which promises hold for which ticket, in one pass."""
        policies = self.env["helpdesk.sla"].sudo()._get_policies(work.tickets.company_id)
        if not policies and not work.rows:
            return
        needs_partners = any(criteria.partners for criteria in policies)
        above = self._get_partners_above(work.tickets) if needs_partners else defaultdict(set)
        for ticket in work.tickets:
            asked, people = Asked(ticket), above[ticket.partner_id.id]
            # Of a merged ticket nothing is promised any more: its target has promises of its own.
            asking = () if ticket.merged_into_id else policies
            work.promise(ticket, [criteria.policy for criteria in asking if criteria.matches(asked, people)])

    @api.model
    def _get_partners_above(self, tickets):
        """For each customer of the tickets the ids of himself and of everybody above him.

        :rtype: dict[int, set[int]]
        """
        above = defaultdict(set)
        level = {partner.id: partner for partner in tickets.partner_id.with_context(active_test=False)}
        while level:
            for partner_id, partner in level.items():
                above[partner_id].add(partner.id)
            level = {key: partner.parent_id for key, partner in level.items() if partner.parent_id}
        return above

    @api.model
    def _summarize(self, tickets):
        """Copy the earliest open deadline and the worst state to the tickets.

        In SQL, so that nobody seems to have changed the ticket.
        """
        if not tickets:
            return
        self.env["helpdesk.sla.status"].flush_model()
        tickets.flush_model(["sla_deadline", "sla_state"])
        self.env.execute_query(
            SQL(
                """
                WITH summary AS (
                    SELECT ticket.id,
                           min(COALESCE(status.deadline, status.failed_at))
                               FILTER (WHERE status.running_since IS NOT NULL) AS deadline,
                           CASE WHEN bool_or(status.state = 'failed') THEN 'failed'
                                WHEN bool_or(status.state = 'running') THEN 'running'
                                WHEN bool_or(status.state = 'paused') THEN 'paused'
                                WHEN bool_or(status.state = 'reached') THEN 'reached'
                                WHEN bool_or(status.state = 'cancelled') THEN 'cancelled'
                            END AS state
                      FROM helpdesk_ticket ticket
                      LEFT JOIN helpdesk_sla_status status ON status.ticket_id = ticket.id
                     WHERE ticket.id IN %(ids)s
                     GROUP BY ticket.id)
                UPDATE helpdesk_ticket ticket
                   SET sla_deadline = summary.deadline, sla_state = summary.state
                  FROM summary
                 WHERE summary.id = ticket.id
                   AND (ticket.sla_deadline IS DISTINCT FROM summary.deadline
                        OR ticket.sla_state IS DISTINCT FROM summary.state)
                RETURNING ticket.id
                """,
                ids=tuple(tickets.ids),
            )
        )
        tickets.invalidate_recordset(["sla_deadline", "sla_state", "sla_countdown"], flush=False)


class _Work:
    """What one call of the engine has read and is going to write."""

    def __init__(self, env, tickets, rows, now, moved=None):
        self.env = env
        self.tickets = tickets
        self.rows = rows
        self.stored_now = now
        self.now = aware(now)
        self.moved = set(moved.ids) if moved else set()
        self.rows_of = rows.grouped("ticket_id")
        self.held = defaultdict(set)  # ticket: policies that hold
        self.missing = []  # (ticket, policy, row to write anew, from when)
        self.situations = {}
        self.calendars = {}
        moments = [row.running_since or row.stopped_at for row in rows]
        self.times = WorkingTimes(min(filter(None, moments), default=now))

    # Matching

    def promise(self, ticket, policies):
        """Note which policies hold for the ticket, and which of them have no clock yet."""
        rows = self.rows_of.get(ticket, self.rows.browse())
        self.held[ticket] = set(policies)
        once = {row.policy_id: row for row in rows if row.metric != "next_response"}
        answering = {row.policy_id for row in rows if row.metric == "next_response" and not row.is_over}
        for policy in policies:
            row = once.get(policy)
            if policy.metric == "next_response":
                since = ticket.customer_waits_since
                if since and policy not in answering:
                    self.missing.append((ticket, policy, row, since))
            elif not row or row.state == "cancelled":
                self.missing.append((ticket, policy, row, None))

    def situation(self, ticket, policy, stage):
        """What the ticket's being in the stage means for the promise."""
        key = policy, stage
        if key not in self.situations:
            self.situations[key] = self._situation_in(policy, stage)
        found = self.situations[key]
        # Who put a ticket away does not expect work on it.
        return PAUSE if found == RUN and not ticket.active else found

    @staticmethod
    def _situation_in(policy, stage):
        if stage.kind == "cancelled":
            return CANCEL
        if policy.metric == "stage" and policy._is_reached_in(stage):
            return REACH
        if stage.kind == "closed":
            return CANCEL if policy.metric == "next_response" else PAUSE
        return PAUSE if stage in policy.excluded_stage_ids else RUN

    # Working time

    def calendar_of(self, ticket, policy):
        """Working hours by which the promise counts: its own, else the customer's, else the team's."""
        if policy.calendar_id:
            return policy.calendar_id
        key = ticket.commercial_partner_id, ticket.team_id
        if key not in self.calendars:
            self.calendars[key] = ticket._get_sla_calendar()
        return self.calendars[key]

    def time_of(self, row):
        """The working time by which a row has counted so far."""
        return self.times.of(row.calendar_id, row.company_id)

    # Rows that are there

    def advance(self, row):
        """Take a promise to where the ticket is now."""
        ticket, policy = row.ticket_id, row.policy_id
        holds = policy in self.held[ticket]
        if row.state == "cancelled" or (row.is_over and (not holds or row.metric == "next_response")):
            return
        if row.reached_at and row.metric == "first_response":
            return
        if not holds:
            self.store(row, row._get_course().follow(CANCEL, self.now, self.time_of(row)))
            return
        situation = self.situation(ticket, policy, ticket.stage_id)
        if row.reached_at and situation == REACH:
            return
        calendar = self.calendar_of(ticket, policy)
        time = self.times.of(calendar, row.company_id)
        course = row._get_course()
        if calendar != row.calendar_id:
            course = course.rescheduled(self.now, time, self.time_of(row))
        course = course.promised(policy.target_seconds)
        if ticket.id in self.moved or situation != _current_situation(course):
            course = course.follow(situation, self.now, time)
        else:
            course = course.rescheduled(self.now, time)
        self.store(row, course, calendar)

    def store(self, row, course, calendar=None):
        """Store what has changed of a row."""
        calendar = row.calendar_id if calendar is None else calendar
        time = self.times.of(calendar, row.company_id)
        values = row._prepare_course_values(course, row.policy_id, time)
        values["calendar_id"] = calendar.id
        values.update(self._prepare_miss(row, row.ticket_id, course, row.started_at, time))
        values = {
            name: value
            for name, value in values.items()
            if row._fields[name].convert_to_write(row[name], row) != value
        }
        if values:
            row.write(values)

    def _prepare_miss(self, row, ticket, course, start, time):
        """Why a promise is missed, and that nobody needs to hear of it when it is over."""
        if course.clock.state != FAILED:
            return {}
        values = {} if row and row.cause else {"cause": self._get_cause(ticket, course, start, time)}
        if course.is_over and not (row and row.told_at):
            values["told_at"] = self.stored_now
        return values

    @staticmethod
    def _get_cause(ticket, course, start, time):
        missed, assigned = naive(course.clock.failed_at), ticket.first_assigned_at
        if not ticket.user_id or not assigned or assigned > missed:
            return "unassigned"
        if ticket.reopened_at and ticket.reopened_at <= missed:
            return "reopened"
        before = time.elapsed(aware(start), aware(assigned))
        return "handed_over" if before > course.clock.target * LATE_SHARE else "work"

    # Rows to come

    def begin(self):
        """Begin the missing promises, each with what has happened to its ticket before."""
        if not self.missing:
            return
        tickets = self.tickets.browse({ticket.id for ticket, *_rest in self.missing})
        logs = self.env["helpdesk.stage.log"].sudo().search([("ticket_id", "in", tickets.ids)])
        logs_of = logs.grouped("ticket_id")
        beginning = min(
            (since or ticket._get_opening(logs_of) for ticket, _policy, _row, since in self.missing)
        )
        self.times = WorkingTimes(min(beginning, self.stored_now))
        values_list = []
        for ticket, policy, row, since in self.missing:
            values = self._prepare_promise(ticket, policy, logs_of, since)
            if not values:
                continue
            if row:
                row.write(values)
            else:
                values_list.append(values)
        # sudo: see _get_rows
        self.env["helpdesk.sla.status"].sudo().create(values_list)

    def _prepare_promise(self, ticket, policy, logs_of, since):
        """Values of a new promise; None: it is cancelled before it begins."""
        start = since or ticket._get_opening(logs_of)
        calendar = self.calendar_of(ticket, policy)
        time = self.times.of(calendar, ticket.company_id)
        begun = Course(Clock(policy.target_seconds), reopens=policy.metric == "stage")
        course = replay(self._get_events(ticket, policy, logs_of, start), begun, time)
        if course.clock.state == "cancelled":
            return None
        if course.clock.running_since:
            course = course.follow(RUN, self.now, time)
        Status = self.env["helpdesk.sla.status"]
        values = {
            "ticket_id": ticket.id,
            "policy_id": policy.id,
            "metric": policy.metric,
            "company_id": ticket.company_id.id,
            "calendar_id": calendar.id,
            "started_at": start,
            **Status._prepare_course_values(course, policy, time),
            **self._prepare_miss(None, ticket, course, start, time),
        }
        if course.clock.state == FAILED:
            # It was too late before it was promised: no news for anybody.
            values.update(told_at=self.stored_now, warned_at=self.stored_now, escalated_at=self.stored_now)
        return values

    def _get_events(self, ticket, policy, logs_of, start):
        """What the ticket's history means for a promise that begins at ``start``."""
        events = [
            (aware(max(log.date_from, start)), self.situation(ticket, policy, log.stage_id))
            for log in logs_of.get(ticket, ())
            if not log.date_to or log.date_to > start
        ]
        if not events:
            events = [(aware(start), self.situation(ticket, policy, ticket.stage_id))]
        if policy.metric == "first_response" and ticket.first_response_at:
            events.append((aware(ticket.first_response_at), REACH))
        return events


def _current_situation(course):
    """In which situation a course is by its own account."""
    if course.clock.reached_at is not None:
        return REACH
    if course.is_over:
        return CANCEL
    return RUN if course.clock.running_since is not None else PAUSE
