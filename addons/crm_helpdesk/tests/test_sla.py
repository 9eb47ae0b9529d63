from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .sla_common import (
    ALL_DAY,
    BRUSSELS,
    HOUR,
    NEW_YORK,
    NINE_TO_FIVE,
    OFFICE_SHORT_FRIDAY,
    UTC,
    SlaCommon,
    at,
)


@tagged("post_install", "-at_install")
class TestSla(SlaCommon):
    """Deadlines of tickets, worked out by hand; 2026-03-02 is a Monday."""

    def check(self, created, hours, expected, zone=BRUSSELS):
        """When it should be done; the zone is the one of the expected time."""
        self.policy(hours)
        ticket = self.opened(created)
        self.assertDeadline(ticket, expected, zone)
        ticket.sla_status_ids.policy_id.active = False

    def test_cases_by_office_hours(self):
        for number, created, hours, expected in (
            (1, "03-02 09:00", 2, "03-02 11:00"),
            (2, "03-02 11:00", 3, "03-02 15:00"),
            (3, "03-02 15:00", 2, "03-02 17:00"),
            (4, "03-02 16:00", 4, "03-03 11:00"),
            (5, "03-02 20:00", 1, "03-03 09:00"),
            (6, "03-06 16:30", 4, "03-09 11:30"),
            (7, "03-02 12:30", 1, "03-02 14:00"),
            (8, "03-07 10:00", 8, "03-09 17:00"),
        ):
            with self.subTest(number):
                self.check(created, hours, expected)

    def test_cases_with_holidays(self):
        self.holiday("05-14 00:00", "05-14 23:59:59")
        self.check("05-13 16:00", 8, "05-15 16:00")
        self.holiday("03-03 13:00", "03-03 17:00")
        self.check("03-03 10:00", 6, "03-04 12:00")

    def test_cases_of_other_calendars(self):
        self.team.resource_calendar_id = self.make_calendar("Always", ALL_DAY)
        self.check("03-28 23:00", 4, "03-29 02:00", UTC)
        self.team.resource_calendar_id = self.make_calendar("New York", NINE_TO_FIVE, "America/New_York")
        self.check("03-02 10:00", 2, "03-02 11:00", NEW_YORK)  # 04:00 over there
        self.team.resource_calendar_id = self.make_calendar("Short Friday", OFFICE_SHORT_FRIDAY)
        self.check("03-06 10:00", 4, "03-09 10:00")
        self.team.resource_calendar_id = False
        self.check("03-02 16:00", 4, "03-02 20:00")

    def test_calendar_without_hours_gives_no_deadline(self):
        self.team.resource_calendar_id = self.make_calendar("Nobody", {})
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00")
        self.assertFalse(ticket.sla_deadline)
        self.assertEqual(self.row(ticket, policy).state, "running")
        self.assertFalse(self.is_late(ticket, "06-02 09:00"))
        self.assertFalse(self.watch("06-02 09:00"))

    def test_flexible_hours_count_around_the_clock(self):
        self.office.flexible_hours = True
        self.policy(4)
        self.assertDeadline(self.opened("03-02 20:00"), "03-03 00:00")

    def test_far_deadline_is_found_and_one_beyond_the_horizon_is_none(self):
        self.policy(8 * 5 * 60)
        self.assertTrue(self.opened("03-02 08:00").sla_deadline)
        self.env["helpdesk.sla"].search([]).active = False
        self.policy(8 * 5 * 52 * 5)
        self.assertFalse(self.opened("03-02 08:00").sla_deadline)

    def test_waiting_takes_no_time(self):
        policy = self.policy(8)
        ticket = self.opened("03-02 09:00")
        self.assertDeadline(ticket, "03-03 09:00")
        self.move(ticket, "03-02 11:00", self.waiting)
        row = self.row(ticket, policy)
        self.assertEqual((row.state, row.deadline, row.elapsed_seconds), ("paused", False, 2 * HOUR))
        self.assertFalse(ticket.sla_deadline)
        self.move(ticket, "03-03 14:00", self.progress)
        self.assertDeadline(ticket, "03-04 11:00")
        self.assertEqual(row.paused_seconds, 10 * HOUR)

    def test_solved_straight_out_of_waiting_is_kept(self):
        """Fault (a) of others: paused beyond the old deadline, then solved, turns red later."""
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.waiting)
        self.move(ticket, "03-04 10:00", self.solved)
        row = self.row(ticket, policy)
        self.assertEqual((row.state, row.elapsed_seconds, row.failed_at), ("reached", HOUR, False))
        self.assertEqual(row.reached_at, at("03-04 10:00"))
        self.assertFalse(self.watch("03-06 16:00"))
        self.assertFalse(self.is_late(ticket, "03-06 16:00"))
        self.assertEqual((row.state, ticket.sla_state), ("reached", "reached"))

    def test_exactly_in_time_is_in_time(self):
        policy = self.policy(4)
        met, missed = self.opened("03-02 09:00"), self.opened("03-02 09:00")
        self.move(met, "03-02 14:00:00", self.solved)
        self.move(missed, "03-02 14:00:01", self.solved)
        row = self.row(met, policy)
        self.assertEqual((row.state, row.elapsed_seconds), ("reached", 14400))
        row = self.row(missed, policy)
        self.assertEqual((row.state, row.elapsed_seconds, row.exceeded_seconds), ("failed", 14401, 1))
        self.assertEqual((row.failed_at, row.reached_at), (at("03-02 14:00"), at("03-02 14:00:01")))

    def test_still_open_at_the_deadline(self):
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00")
        self.assertFalse(self.is_late(ticket, "03-02 14:00:00"))
        self.watch("03-02 14:00:00")
        self.assertEqual(self.row(ticket, policy).state, "running")
        self.assertTrue(self.is_late(ticket, "03-02 14:00:01"), "late without any job having run")
        self.watch("03-02 14:00:01")
        self.assertEqual(self.row(ticket, policy).state, "failed")
        self.assertTrue(self.is_late(ticket, "03-02 15:00"), "late as long as it is not done")
        self.move(ticket, "03-02 15:00", self.solved)
        self.assertFalse(self.is_late(ticket, "03-02 16:00"))
        row = self.row(ticket, policy)
        self.assertEqual(
            (row.state, row.reached_at, row.exceeded_seconds), ("failed", at("03-02 15:00"), HOUR)
        )

    def test_cancelled_is_neither_kept_nor_missed(self):
        """Fault (c) of others: a cancelled stage comes after the solved one and counts as reached."""
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.cancelled)
        row = self.row(ticket, policy)
        self.assertEqual((row.state, row.reached_at, row.failed_at), ("cancelled", False, False))
        self.assertEqual((ticket.sla_state, ticket.sla_deadline), ("cancelled", False))

    def test_stages_of_equal_order_are_told_apart(self):
        """Fault (c) of others: equal sequences count as reached at creation."""
        last = self.env["helpdesk.stage"].create({"name": "Shipped", "sequence": self.new.sequence})
        policy = self.policy(4, stage_id=last.id)
        ticket = self.opened("03-02 09:00")
        self.assertEqual(self.row(ticket, policy).state, "running")
        self.move(ticket, "03-02 10:00", last)
        self.assertEqual(self.row(ticket, policy).state, "reached")

    def test_stage_is_needed_and_is_none_for_cancelled(self):
        with self.assertRaises(ValidationError):
            self.policy(4, stage_id=False)
        with self.assertRaises(ValidationError):
            self.policy(4, stage_id=self.cancelled.id)

    def test_hours_are_whole_seconds(self):
        """Fault (f) of others: 0.1 h is no number of a computer."""
        with Form(self.env["helpdesk.sla"]) as form:
            form.name, form.stage_id, form.target_hours = "Six minutes", self.solved, 0.1
        policy = form.record
        self.assertEqual(policy.target_seconds, 360)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 09:06:00", self.solved)
        self.assertEqual(self.row(ticket, policy).state, "reached")

    def test_later_stage_counts_as_reached(self):
        policy = self.policy(4, stage_id=self.progress.id)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.waiting)
        self.assertEqual(self.row(ticket, policy).state, "reached")

    def test_created_in_a_waiting_stage(self):
        self.policy(2)
        ticket = self.opened("03-02 09:00", stage_id=self.waiting.id)
        self.assertFalse(ticket.sla_deadline)
        self.move(ticket, "03-02 14:00", self.progress)
        self.assertDeadline(ticket, "03-02 16:00")

    def test_reopened_goes_on_where_it_stood(self):
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 11:00", self.solved)
        self.move(ticket, "03-05 09:00", self.new)
        row = self.row(ticket, policy)
        self.assertEqual((row.state, row.reached_at, row.elapsed_seconds), ("running", False, 2 * HOUR))
        self.assertDeadline(ticket, "03-05 11:00")

    def test_missed_stays_missed_when_reopened(self):
        policy = self.policy(1)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 11:00", self.solved)
        self.move(ticket, "03-03 09:00", self.new)
        self.move(ticket, "03-03 10:00", self.solved)
        row = self.row(ticket, policy)
        self.assertEqual((row.state, row.failed_at), ("failed", at("03-02 10:00")))
        self.assertEqual(row.exceeded_seconds, 2 * HOUR)

    def test_reopened_after_cancelling_is_promised_again(self):
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.cancelled)
        self.move(ticket, "03-03 09:00", self.new)
        self.assertEqual(len(ticket.sla_status_ids), 1)
        self.assertEqual(self.row(ticket, policy).elapsed_seconds, HOUR)
        self.assertDeadline(ticket, "03-03 12:00")

    def test_merged_ticket_is_promised_nothing_and_the_other_goes_on(self):
        policy = self.policy(4)
        ticket, target = self.opened("03-02 09:00"), self.opened("03-02 09:00")
        with self.moment("03-02 10:00"):
            self.env["helpdesk.sla.engine"]._cancel(ticket)
        self.assertEqual(self.row(ticket, policy).state, "cancelled")
        self.assertEqual(self.row(target, policy).state, "running")
        self.assertDeadline(target, "03-02 14:00")

    def test_archived_ticket_stands_still(self):
        self.policy(4)
        ticket = self.opened("03-02 09:00")
        with self.moment("03-02 10:00"):
            ticket.active = False
        self.assertFalse(ticket.sla_deadline)
        with self.moment("03-03 09:00"):
            ticket.active = True
        self.assertDeadline(ticket, "03-03 12:00")

    def test_stage_history_is_kept_without_gaps(self):
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.progress)
        self.move(ticket, "03-02 11:00", self.solved)
        logs = ticket.stage_log_ids
        self.assertEqual(logs.stage_id, self.new | self.progress | self.solved)
        self.assertEqual(logs[0].date_to, logs[1].date_from)
        self.assertEqual(logs.filtered(lambda log: not log.date_to).stage_id, self.solved)

    def test_working_time_left_is_shown(self):
        self.policy(4)
        ticket = self.opened("03-02 16:00")
        for moment, seconds, late, working in (
            ("03-02 16:30", 3.5 * HOUR, False, True),
            ("03-02 22:00", 3 * HOUR, False, False),
            ("03-03 11:30", -0.5 * HOUR, True, True),
        ):
            with self.subTest(moment), self.moment(moment):
                ticket.invalidate_recordset(["sla_countdown"])
                shown = ticket.sla_countdown
                self.assertEqual(
                    (shown["seconds"], shown["is_late"], shown["is_working"]), (seconds, late, working)
                )

    def test_how_long_it_took_in_working_hours(self):
        ticket = self.opened("03-06 16:30")
        with self.moment("03-09 09:30"):
            ticket.user_id = self.anna
        self.say(ticket, "03-10 09:30")
        self.move(ticket, "03-10 10:30", self.solved)
        self.assertEqual(ticket.hours_to_assign, 2.0)
        self.assertEqual(ticket.hours_to_response, 10.0)
        self.assertEqual(ticket.hours_to_close, 11.0)
        self.say(ticket, "03-11 09:30")
        self.assertEqual(ticket.hours_to_response, 10.0, "the first answer is the first")
        self.move(ticket, "03-11 10:30", self.new)
        self.env.flush_all()
        average = self.env["helpdesk.ticket"]._read_group(
            [("id", "=", ticket.id)], [], ["hours_to_close:avg"]
        )
        self.assertFalse(average[0][0], "an open ticket has no time to close, not even 0")

    def test_team_counts_late_and_due_today(self):
        self.policy(2)
        self.opened("03-02 09:00")
        self.opened("03-02 13:00")
        self.opened("03-02 16:00")
        with self.moment("03-02 11:30"):
            self.team.invalidate_recordset()
            self.assertEqual((self.team.late_count, self.team.due_today_count), (1, 1))
            action = self.team.action_open_late()
            self.assertEqual(action["context"]["search_default_late"], 1)

    def test_many_tickets_cost_as_many_queries_as_one(self):
        self.policy(4)
        self.policy(2, "first_response", partner_ids=self.customer.ids)
        self.holiday("03-10 00:00", "03-10 23:59:59")

        engine = self.env["helpdesk.sla.engine"]

        def count_queries(work, *args):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            work(*args)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        def follow(tickets):
            engine._note_moves(tickets)
            engine._update(tickets, tickets)

        def cost(count):
            values = {"name": "Bulk", "team_id": self.team.id, "partner_id": self.contact.id}
            tickets = self.env["helpdesk.ticket"].create([dict(values) for _number in range(count)])
            tickets.sla_status_ids.unlink()
            tickets.stage_log_ids.unlink()
            with self.moment("03-02 09:00"):
                started = count_queries(engine._start, tickets)
            with self.moment("03-02 10:00"):
                # The base ticket's own cost of a move is none of the engine's.
                tickets.with_context(helpdesk_sla_later=True, tracking_disable=True).stage_id = self.waiting
                moved = count_queries(follow, tickets)
            self.assertEqual(set(tickets.sla_status_ids.mapped("state")), {"paused"})
            return started, moved

        cost(1)
        few, many = cost(1), cost(100)
        # Rows are written a hundred at a time.
        self.assertLessEqual(many[0] - few[0], 4)
        self.assertLessEqual(many[1] - few[1], 4)
