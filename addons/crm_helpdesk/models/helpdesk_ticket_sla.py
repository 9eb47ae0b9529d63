from odoo import api, fields, models
from odoo.tools import SQL

from .helpdesk_sla_status import STATES
from .helpdesk_sla_time import WorkingTimes, aware, is_working

HOUR = 3600
# Changes of these may change what is promised, or by when.
SLA_INPUTS = frozenset(
    {
        "stage_id",
        "team_id",
        "priority",
        "type_id",
        "tag_ids",
        "partner_id",
        "product_id",
        "sale_order_id",
        "active",
    }
)


class HelpdeskTicket(models.Model):
    """What is promised to the customer, and how long everything took."""

    _inherit = "helpdesk.ticket"

    # Copied from the promises by the engine, never computed on reading.
    sla_deadline = fields.Datetime(
        string="Deadline", readonly=True, copy=False, help="The earliest one that is still open."
    )
    sla_state = fields.Selection(STATES, string="Service Level", readonly=True, copy=False)
    sla_status_ids = fields.One2many("helpdesk.sla.status", "ticket_id", string="Promises", readonly=True)
    sla_countdown = fields.Json(compute="_compute_sla_countdown", string="Time Left")
    stage_log_ids = fields.One2many("helpdesk.stage.log", "ticket_id", string="Stage History", readonly=True)

    # What happened first, and since when
    first_response_at = fields.Datetime(string="First Answer on", readonly=True, copy=False)
    first_assigned_at = fields.Datetime(string="First Assigned on", readonly=True, copy=False)
    reopened_at = fields.Datetime(string="Reopened on", readonly=True, copy=False)
    customer_waits_since = fields.Datetime(readonly=True, copy=False)

    # How long it took, in working hours
    hours_to_response = fields.Float(
        string="Hours to First Answer", readonly=True, copy=False, aggregator="avg", digits=(10, 2)
    )
    hours_to_assign = fields.Float(readonly=True, copy=False, aggregator="avg", digits=(10, 2))
    hours_to_close = fields.Float(readonly=True, copy=False, aggregator="avg", digits=(10, 2))

    _deadline_idx = models.Index("(sla_deadline) WHERE sla_deadline IS NOT NULL")

    @api.depends("sla_deadline", "sla_state")
    def _compute_sla_countdown(self):
        """Working time left until the deadline, for the badge: one query per calendar, not per ticket."""
        self.sla_countdown = False
        waiting = self.filtered("sla_deadline")
        if not waiting:
            return
        next_of = waiting._get_next_promises()
        # sudo: the deadline is on the ticket, this only says whose working time counts
        policies = self.env["helpdesk.sla"].sudo().browse({promise[3] for promise in next_of.values()})
        policies.fetch(["name"])
        names = {policy.id: policy.name for policy in policies}
        now = fields.Datetime.now()
        times = WorkingTimes(min([*waiting.mapped("sla_deadline"), now]))
        calendars, companies = self.env["resource.calendar"], self.env["res.company"]
        badges = {
            key: _Badge(times.of(calendars.browse(key[0]), companies.browse(key[1])), now)
            for key in {promise[1:3] for promise in next_of.values()}
        }
        for ticket in waiting:
            if promise := next_of.get(ticket.id):
                deadline, calendar_id, company_id, policy_id = promise
                badge = badges[calendar_id, company_id]
                ticket.sla_countdown = badge.count_down(deadline) | {"policy": names[policy_id]}

    def _get_next_promises(self):
        """Of each ticket the open promise with the earliest deadline, for however many there are on a screen.

        :return: by id of the ticket: (deadline, ids of calendar or None, company, policy)
        :rtype: dict[int, tuple]
        """
        self.env["helpdesk.sla.status"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (ticket_id) ticket_id, COALESCE(deadline, failed_at) AS due,
                       calendar_id, company_id, policy_id
                  FROM helpdesk_sla_status
                 WHERE ticket_id = ANY(%s) AND running_since IS NOT NULL
                 ORDER BY ticket_id, due, deadline, id
                """,
                self.ids,
            )
        )
        return {ticket_id: tuple(promise) for ticket_id, *promise in rows}

    # Create and write ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        later = self.with_context(helpdesk_sla_later=True)
        tickets = super(HelpdeskTicket, later).create(vals_list).with_env(self.env)
        self.env["helpdesk.sla.engine"]._start(tickets)
        tickets._note_assigned()
        return tickets

    def write(self, vals):
        watched = not SLA_INPUTS.isdisjoint(vals) and not self.env.context.get("helpdesk_sla_later")
        stages = {ticket: ticket.stage_id for ticket in self} if watched else {}
        closed = self.filtered("is_closed") if watched else self.browse()
        result = super().write(vals)
        if watched:
            self._note_ends(closed)
            moved = self.filtered(lambda ticket: ticket.stage_id != stages[ticket])
            engine = self.env["helpdesk.sla.engine"]
            engine._note_moves(moved)
            if not self.env.context.get("helpdesk_clocks_later"):
                engine._update(self, moved)
        if vals.get("user_id") and not self.env.context.get("helpdesk_sla_later"):
            self._note_assigned()
        return result

    # Messages ------------------------------------------------------------------------

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        self._sla_hear(message)
        return result

    def _sla_hear(self, message):
        """Tell the clocks what a message means: an answer, a question, or nothing."""
        self.ensure_one()
        # sudo: subtypes, authors and what we owe are not the customer's to read
        ticket, message = self.sudo(), message.sudo()
        if not ticket._is_said_by_people(message):
            return
        if ticket._is_from_us(message):
            ticket._note_answer()
        else:
            ticket._note_question(message)

    def _is_said_by_people(self, message):
        """Whether somebody of either side wrote for the other one.

        :rtype: bool
        """
        if message.message_type not in ("comment", "email") or message.is_internal or self._is_automatic():
            return False
        subtype = message.subtype_id
        if not subtype or subtype == self._creation_subtype() or subtype.internal:
            return False
        return message.author_id.id != self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")

    def _is_automatic(self):
        """Whether what is posted now came from a machine; the gateway says so."""
        return bool(self.env.context.get("helpdesk_automatic_mail"))

    def _is_from_us(self, message):
        """Whether a public message is one by which we answer the customer.

        An employee who asks for himself is a customer.
        """
        return self._is_from_employee(message.author_id)

    def _is_from_employee(self, author):
        """:param author: ``res.partner``"""
        if not author or author == self.partner_id:
            return False
        return any(not user.share for user in author.with_context(active_test=False).user_ids)

    def _note_answer(self):
        now = fields.Datetime.now()
        values = {"customer_waits_since": False}
        if not self.first_response_at:
            values |= {"first_response_at": now, "hours_to_response": self._get_hours_until(now)[self]}
        self.write(values)
        self.env["helpdesk.sla.engine"]._answer(self)

    def _note_question(self, _message, moved=False):
        """The first answer is owed from the beginning; the next ones from what the customer writes.

        :param bool moved: it has moved the ticket, whose clocks wait for this
        """
        begins_to_wait = self.first_response_at and not self.customer_waits_since
        if begins_to_wait:
            self.customer_waits_since = fields.Datetime.now()
        if begins_to_wait or moved:
            self.env["helpdesk.sla.engine"]._update(self, moved=self if moved else None)

    # How long it took --------------------------------------------------------------------

    def _note_assigned(self):
        """Who had it first, and after how long."""
        taken = self.filtered(lambda ticket: ticket.user_id and not ticket.first_assigned_at)
        if taken:
            now = fields.Datetime.now()
            hours = taken._get_hours_until(now)
            for ticket in taken:
                ticket.write({"first_assigned_at": now, "hours_to_assign": hours[ticket]})

    def _note_ends(self, closed_before):
        """Note when tickets were closed or opened again."""
        now = fields.Datetime.now()
        closing = (self - closed_before).filtered("is_closed")
        if closing:
            hours = closing._get_hours_until(now)
            for ticket in closing:
                ticket.write({"hours_to_close": hours[ticket], "customer_waits_since": False})
        opening = closed_before.filtered(lambda ticket: not ticket.is_closed)
        if opening:
            opening.write({"reopened_at": now})
            opening._forget_closing()

    def _forget_closing(self):
        """What is open again took no time to close yet: nothing, not 0, so that averages stay right."""
        self.flush_model(["hours_to_close"])
        self.env.execute_query(
            SQL(
                "UPDATE helpdesk_ticket SET hours_to_close = NULL WHERE id IN %s RETURNING id",
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["hours_to_close"], flush=False)

    def _get_hours_until(self, moment):
        """Working hours from the opening of each ticket.

        :rtype: dict[helpdesk.ticket, float]
        """
        logs = self.sudo().stage_log_ids.grouped("ticket_id")  # sudo: when it was opened
        openings = {ticket: ticket._get_opening(logs) for ticket in self}
        times = WorkingTimes(min(openings.values(), default=moment))
        calendars = self._get_sla_calendars()
        return {
            ticket: times.of(calendars[ticket], ticket.company_id).elapsed(aware(opening), aware(moment))
            / HOUR
            for ticket, opening in openings.items()
        }

    def _get_opening(self, logs_of):
        """When the ticket was opened, in whole seconds.

        :param dict logs_of: stage logs by ticket
        """
        self.ensure_one()
        logs = logs_of.get(self.sudo()) or logs_of.get(self)
        return logs[0].date_from if logs else self.create_date.replace(microsecond=0)

    def _get_sla_calendars(self):
        """Hours that count for each ticket: those of its customer, else those of its team.

        :rtype: dict[helpdesk.ticket, resource.calendar]
        """
        calendars = {}
        # sudo: agreed hours of a customer count also where the employee may not see the customer
        for company, tickets in self.sudo().grouped("company_id").items():
            partners = tickets.commercial_partner_id.with_company(company)
            partners.fetch(["helpdesk_calendar_id"])  # a customer has many fields, this needs one
            agreed = {partner.id: partner.helpdesk_calendar_id for partner in partners}
            for ticket in tickets:
                calendars[ticket] = (
                    agreed.get(ticket.commercial_partner_id.id) or ticket.team_id.resource_calendar_id
                )
        return calendars


class _Badge:
    """What badges show by one calendar: working seconds left, negative when late."""

    def __init__(self, time, now):
        self._time, self._now = time, now
        self._is_working = is_working(time, aware(now))

    def count_down(self, deadline):
        now, due = aware(self._now), aware(deadline)
        is_late = deadline < self._now
        seconds = -self._time.elapsed(due, now) if is_late else self._time.elapsed(now, due)
        return {"seconds": seconds, "is_late": is_late, "is_working": self._is_working}
