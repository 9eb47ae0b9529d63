from collections import defaultdict
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from odoo import api, fields, models

from ..lib.sla_clock import FAILED, Clock
from ..lib.sla_course import CANCEL, PAUSE, REACH, RUN, Course, replay
from .helpdesk_sla_terms import Asked
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
            # sudo: the engine alone writes promises and the log, whoever it works for; nothing is shown
            tickets, now = tickets.sudo(), fields.Datetime.now()
            none = self.env["helpdesk.sla.status"].sudo().browse()  # sudo: see _get_rows
            opening = {ticket: (_Opening(ticket.stage_id, now),) for ticket in tickets}
            log = self.env["helpdesk.stage.log"].sudo()._begin_query(tickets, now)  # sudo: as above
            self._work_out(_Work(tickets, none, now, moved=tickets, logs_of=opening), log)
            tickets.invalidate_recordset(["stage_log_ids"], flush=False)

    @api.model
    def _note_moves(self, moved):
        """Write down that the tickets are in another stage than before; their clocks are not told yet."""
        if moved:
            # sudo: see _start
            self.env["helpdesk.stage.log"].sudo()._move(moved.sudo(), fields.Datetime.now())

    @api.model
    def _answer(self, tickets):
        """The customers of the tickets were answered now."""
        now = fields.Datetime.now()
        rows = self._get_rows(tickets)
        answers = rows.filtered(
            lambda row: not row.is_over and row.metric in ("first_response", "next_response")
        )
        if answers:
            # sudo: see _start
            work = _Work(tickets.sudo(), answers, now)
            for row in answers:
                work.store(row, row._get_course().follow(REACH, work.now, work.time_of(row)))
            self._summarize(tickets.sudo(), rows)

    @api.model
    def _cancel(self, tickets):
        """Nothing is promised any more, for example because the tickets went into others."""
        now = fields.Datetime.now()
        rows = self._get_rows(tickets)
        going_on = rows.filtered(lambda row: not row.is_over)
        # sudo: see _start
        work = _Work(tickets.sudo(), going_on, now)
        for row in going_on:
            work.store(row, row._get_course().follow(CANCEL, work.now, work.time_of(row)))
        self._summarize(tickets.sudo(), rows)

    @api.model
    def _settle(self, rows):
        """Write down which clocks have run out."""
        work = _Work(rows.ticket_id, rows, fields.Datetime.now())
        for row in rows:
            course = row._get_course()
            work.store(row, course.follow(RUN, work.now, work.time_of(row)))
        self._summarize(rows.ticket_id, self._get_rows(rows.ticket_id))

    @api.model
    def _update(self, tickets, moved=None):
        """What promises depend on has changed: match the policies anew and bring every clock up to date.

        Promises that still hold go on untouched. New ones begin with the ticket and remember its pauses,
        those that hold no longer are cancelled, and what was kept or missed stays.
        """
        tickets = tickets.sudo()
        rows = self._get_rows(tickets)
        self._work_out(_Work(tickets, rows, fields.Datetime.now(), moved=moved))

    # How ------------------------------------------------------------------------

    @api.model
    def _work_out(self, work, besides=None):
        """:param SQL besides: what is written in the same go, see :meth:`_summarize`"""
        self._match(work)
        for row in work.rows:
            work.advance(row)
        begun = work.begin()
        self._summarize(work.tickets, work.rows | begun, besides)

    @api.model
    def _get_rows(self, tickets):
        """All promises of the tickets, also those of the past."""
        # sudo: the engine alone writes them, whoever it works for
        Status = self.env["helpdesk.sla.status"].sudo()
        return Status.search_fetch([("ticket_id", "in", tickets.ids)], order="id")

    @api.model
    def _match(self, work):
        """Find out which promises hold for which ticket, in one pass."""
        policies = work.terms.values()
        if not policies:
            return
        needs_partners = any(terms.partners for terms in policies)
        above = self._get_partners_above(work.tickets) if needs_partners else defaultdict(set)
        for ticket in work.tickets:
            asked, people = Asked(ticket), above[ticket.partner_id.id]
            # Of a merged ticket nothing is promised any more: its target has promises of its own.
            asking = () if ticket.merged_into_id else policies
            work.promise(ticket, [terms for terms in asking if terms.matches(asked, people)])

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


class _Opening(NamedTuple):
    """What the stage log says of a ticket that was just opened."""

    stage_id: models.Model
    date_from: datetime
    date_to: None = None


class _Work:
    """What one call of the engine has read and is going to write."""

    def __init__(self, tickets, rows, now, moved=None, logs_of=None):
        self.env = tickets.env
        self.tickets = tickets
        self.rows = rows
        self.stored_now = now
        self.now = aware(now)
        self.moved = set(moved.ids) if moved else set()
        self.logs_of = logs_of
        self.rows_of = rows.grouped("ticket_id")
        # sudo: promises hold also for who may not read the policies
        self.terms = self.env["helpdesk.sla"].sudo()._get_terms(tickets.team_id, rows.policy_id.ids)
        self.held = defaultdict(set)  # ticket: ids of policies that hold
        self.missing = []  # (ticket, terms, row to write anew, from when)
        self.situations = {}
        moments = [row.running_since or row.stopped_at for row in rows]
        self.times = WorkingTimes(min(filter(None, moments), default=now))

    # Matching

    def promise(self, ticket, policies):
        """Note which policies hold for the ticket, and which of them have no clock yet.

        :param policies: ``Terms``
        """
        rows = self.rows_of.get(ticket, ())
        self.held[ticket] = {terms.id for terms in policies}
        once = {row.policy_id.id: row for row in rows if row.metric != "next_response"}
        answering = {row.policy_id.id for row in rows if row.metric == "next_response" and not row.is_over}
        for terms in policies:
            row = once.get(terms.id)
            if terms.metric == "next_response":
                since = ticket.customer_waits_since
                if since and terms.id not in answering:
                    self.missing.append((ticket, terms, row, since))
            elif not row or row.state == "cancelled":
                self.missing.append((ticket, terms, row, None))

    def situation(self, ticket, terms, stage):
        """What the ticket's being in the stage means for the promise."""
        key = terms.id, stage
        if key not in self.situations:
            self.situations[key] = self._situation_in(terms, stage)
        found = self.situations[key]
        # Who put a ticket away does not expect work on it.
        return PAUSE if found == RUN and not ticket.active else found

    @staticmethod
    def _situation_in(terms, stage):
        if stage.kind == "cancelled":
            return CANCEL
        if terms.is_reached_in(stage):
            return REACH
        if stage.kind == "closed":
            return CANCEL if terms.metric == "next_response" else PAUSE
        return PAUSE if stage.id in terms.excluded_stages else RUN

    # Working time

    @cached_property
    def calendars(self):
        """Working hours of each ticket's customer, else of its team."""
        return self.tickets._get_sla_calendars()

    def calendar_of(self, ticket, terms):
        """Working hours by which the promise counts: its own, else the ticket's."""
        if terms.calendar_id:
            return self.env["resource.calendar"].browse(terms.calendar_id)
        return self.calendars[ticket]

    def time_of(self, row):
        """The working time by which a row has counted so far."""
        return self.times.of(row.calendar_id, row.company_id)

    # Rows that are there

    def advance(self, row):
        """Take a promise to where the ticket is now."""
        ticket, terms = row.ticket_id, self.terms[row.policy_id.id]
        holds = terms.id in self.held[ticket]
        if row.state == "cancelled" or (row.is_over and (not holds or row.metric == "next_response")):
            return
        if row.reached_at and row.metric == "first_response":
            return
        if not holds:
            self.store(row, row._get_course().follow(CANCEL, self.now, self.time_of(row)))
            return
        situation = self.situation(ticket, terms, ticket.stage_id)
        if row.reached_at and situation == REACH:
            return
        calendar = self.calendar_of(ticket, terms)
        time = self.times.of(calendar, row.company_id)
        course = row._get_course()
        if calendar != row.calendar_id:
            course = course.rescheduled(self.now, time, self.time_of(row))
        course = course.promised(terms.target_seconds)
        if ticket.id in self.moved or situation != _current_situation(course):
            course = course.follow(situation, self.now, time)
        else:
            course = course.rescheduled(self.now, time)
        self.store(row, course, calendar)

    def store(self, row, course, calendar=None):
        """Store what has changed of a row."""
        calendar = row.calendar_id if calendar is None else calendar
        time = self.times.of(calendar, row.company_id)
        values = row._prepare_course_values(course, self.terms[row.policy_id.id], time)
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
        """Begin the missing promises, each with what has happened to its ticket before.

        :rtype: helpdesk.sla.status
        """
        Status = self.env["helpdesk.sla.status"].sudo()  # sudo: see _get_rows
        if not self.missing:
            return Status
        logs_of = self.logs_of
        if logs_of is None:
            tickets = {ticket.id for ticket, *_rest in self.missing}
            # sudo: what happened to the tickets, also before the user could see them
            logs = self.env["helpdesk.stage.log"].sudo().search_fetch([("ticket_id", "in", list(tickets))])
            logs_of = logs.grouped("ticket_id")
        beginning = min(
            (since or ticket._get_opening(logs_of) for ticket, _terms, _row, since in self.missing)
        )
        self.times = WorkingTimes(min(beginning, self.stored_now))
        values_list = []
        for ticket, terms, row, since in self.missing:
            values = self._prepare_promise(ticket, terms, logs_of, since)
            if not values:
                continue
            if row:
                row.write(values)
            else:
                values_list.append(values)
        return Status.create(values_list)

    def _prepare_promise(self, ticket, terms, logs_of, since):
        """Values of a new promise; None: it is cancelled before it begins."""
        start = since or ticket._get_opening(logs_of)
        calendar = self.calendar_of(ticket, terms)
        time = self.times.of(calendar, ticket.company_id)
        begun = Course(Clock(terms.target_seconds), reopens=terms.metric == "stage")
        course = replay(self._get_events(ticket, terms, logs_of, start), begun, time)
        if course.clock.state == "cancelled":
            return None
        if course.clock.running_since:
            course = course.follow(RUN, self.now, time)
        Status = self.env["helpdesk.sla.status"]
        values = {
            "ticket_id": ticket.id,
            "policy_id": terms.id,
            "metric": terms.metric,
            "company_id": ticket.company_id.id,
            "calendar_id": calendar.id,
            "started_at": start,
            **Status._prepare_course_values(course, terms, time),
            **self._prepare_miss(None, ticket, course, start, time),
        }
        if course.clock.state == FAILED:
            # It was too late before it was promised: no news for anybody.
            values.update(told_at=self.stored_now, warned_at=self.stored_now, escalated_at=self.stored_now)
        return values

    def _get_events(self, ticket, terms, logs_of, start):
        """What the ticket's history means for a promise that begins at ``start``."""
        events = [
            (aware(max(log.date_from, start)), self.situation(ticket, terms, log.stage_id))
            for log in logs_of.get(ticket, ())
            if not log.date_to or log.date_to > start
        ]
        if not events:
            events = [(aware(start), self.situation(ticket, terms, ticket.stage_id))]
        if terms.metric == "first_response" and ticket.first_response_at:
            events.append((aware(ticket.first_response_at), REACH))
        return events


def _current_situation(course):
    """In which situation a course is by its own account."""
    if course.clock.reached_at is not None:
        return REACH
    if course.is_over:
        return CANCEL
    return RUN if course.clock.running_since is not None else PAUSE
