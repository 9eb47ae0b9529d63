from datetime import datetime, timedelta

from odoo import Command
from odoo.tests import freeze_time, tagged

from .common import HelpdeskCommon

MONDAY = datetime(2026, 3, 2, 9)


@tagged("post_install", "-at_install")
class TestTicketAssign(HelpdeskCommon):
    """Who gets a new ticket."""

    def test_by_hand_nobody_gets_it(self):
        ticket = self.ticket()
        self.assertFalse(ticket.user_id or ticket.activity_ids)

    def test_in_turn(self):
        self.team.assignment = "turn"
        users = []
        for minute in range(4):
            with freeze_time(MONDAY + timedelta(minutes=minute)):
                users.append(self.ticket().user_id)
        self.assertEqual(users, [self.anna, self.ben, self.anna, self.ben])

    def test_several_at_once_go_in_turn(self):
        self.team.assignment = "turn"
        values = {"name": "Bulk", "team_id": self.team.id}
        tickets = self.env["helpdesk.ticket"].create([dict(values) for _number in range(4)])
        self.assertEqual([ticket.user_id for ticket in tickets], [self.anna, self.ben, self.anna, self.ben])

    def test_to_who_has_the_fewest_open(self):
        self.ticket(user_id=self.anna.id)
        done = self.ticket(user_id=self.ben.id) | self.ticket(user_id=self.ben.id)
        done.action_close()
        self.team.assignment = "balanced"
        self.assertEqual(self.ticket().user_id, self.ben, "what is solved does not count")

    def test_tags_decide_first(self):
        fuser, drum = self.env["helpdesk.tag"].create([{"name": "Fuser"}, {"name": "Drum"}])
        self.team.write({"assignment": "balanced", "assign_by_tags": True})
        self.team.member_ids.filtered(lambda member: member.user_id == self.ben).tag_ids = fuser
        tickets = [self.ticket(tag_ids=[Command.link(fuser.id)]) for _number in range(3)]
        self.assertEqual({ticket.user_id for ticket in tickets}, {self.ben})
        self.assertEqual(
            self.ticket(tag_ids=[Command.link(drum.id)]).user_id, self.anna, "nobody is good at it"
        )

    def test_who_takes_none_gets_none(self):
        self.team.assignment = "turn"
        self.team.member_ids.filtered(lambda member: member.user_id == self.anna).takes_tickets = False
        self.assertEqual((self.ticket() | self.ticket()).user_id, self.ben)

    def absent(self, user, start, stop):
        resource = self.env["resource.resource"].create(
            {"name": user.name, "user_id": user.id, "calendar_id": self.office.id, "tz": "UTC"}
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Vacation",
                "calendar_id": self.office.id,
                "resource_id": resource.id,
                "date_from": start,
                "date_to": stop,
            }
        )

    @property
    def office(self):
        calendar = self.team.resource_calendar_id
        if not calendar:
            calendar = self.env["resource.calendar"].create({"name": "Office", "tz": "UTC"})
            self.team.resource_calendar_id = calendar
        return calendar

    def test_who_is_away_gets_none(self):
        self.team.assignment = "turn"
        self.absent(self.anna, MONDAY - timedelta(days=1), MONDAY + timedelta(days=4))
        with freeze_time(MONDAY):
            self.assertEqual((self.ticket() | self.ticket()).user_id, self.ben)
        with freeze_time(MONDAY + timedelta(days=7)):
            self.assertEqual(self.ticket().user_id, self.anna)

    def test_at_night_those_of_the_next_morning_count(self):
        self.team.assignment = "turn"
        self.absent(self.anna, datetime(2026, 3, 3), datetime(2026, 3, 4))
        with freeze_time(datetime(2026, 3, 2, 23)):
            self.assertEqual(self.ticket().user_id, self.ben)

    def test_nobody_there_leaves_it_open_and_tells_the_leader(self):
        self.team.assignment = "turn"
        for user in (self.anna, self.ben):
            self.absent(user, MONDAY - timedelta(days=1), MONDAY + timedelta(days=4))
        with freeze_time(MONDAY):
            ticket = self.ticket()
        self.assertFalse(ticket.user_id)
        self.assertEqual(ticket.activity_ids.user_id, self.lead)

    def test_absence_is_counted_for_an_agent_who_may_not_see_it(self):
        self.team.assignment = "turn"
        self.absent(self.anna, MONDAY - timedelta(days=1), MONDAY + timedelta(days=4))
        values = {"name": "By phone", "team_id": self.team.id}
        with freeze_time(MONDAY):
            ticket = self.env["helpdesk.ticket"].with_user(self.ben).create(values)
        self.assertEqual(ticket.user_id, self.ben)

    def time_off(self, user, company=None, calendar=None, hours=None, **values):
        """An approved time off, with the fields that the ERP's own time off writes for an employee.

        :param company: where he is employed
        :param calendar: of his contract at that time
        :param hours: his calendar today
        """
        resource = self.env["resource.resource"].create(
            {
                "name": user.name,
                "user_id": user.id,
                "calendar_id": (hours or self.office).id,
                "company_id": (company or self.company).id,
                "tz": "Europe/Brussels",
            }
        )
        return self.env["resource.calendar.leaves"].create(
            {
                "name": f"{user.name}: Time Off",
                "resource_id": resource.id,
                "calendar_id": (calendar or self.office).id,
                "time_type": "leave",
                "date_from": MONDAY.replace(hour=7),
                "date_to": MONDAY.replace(hour=16),
                **values,
            }
        )

    def assigned_on_monday(self):
        self.team.assignment = "turn"
        with freeze_time(MONDAY):
            return self.ticket().user_id

    def test_time_off_of_an_employee_counts(self):
        self.time_off(self.anna)
        self.assertEqual(self.assigned_on_monday(), self.ben)

    def test_time_off_approved_in_another_company_counts(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.office.company_id = False
        leave = self.time_off(self.anna)
        leave.flush_recordset()
        leave.company_id = branch  # as it is when somebody of the branch approves it
        self.assertEqual(self.assigned_on_monday(), self.ben)

    def test_time_off_by_the_hours_of_an_earlier_contract_counts(self):
        earlier = self.env["resource.calendar"].create({"name": "Part time", "tz": "UTC"})
        self.time_off(self.anna, calendar=earlier)
        self.assertEqual(self.assigned_on_monday(), self.ben)

    def test_time_off_of_somebody_employed_in_another_company_counts(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.time_off(self.anna, company=branch)
        self.assertEqual(self.assigned_on_monday(), self.ben)

    def test_time_off_counts_where_the_team_works_around_the_clock(self):
        self.time_off(self.anna, hours=self.env["resource.calendar"])
        self.team.resource_calendar_id = False
        self.assertEqual(self.assigned_on_monday(), self.ben)

    def test_training_is_work(self):
        self.time_off(self.anna, time_type="other")
        self.assertEqual(self.assigned_on_monday(), self.anna)

    def test_half_a_day_off_is_half_a_day(self):
        self.time_off(self.anna, date_to=MONDAY.replace(hour=12))
        self.team.assignment = "turn"
        for hour, user in ((9, self.ben), (13, self.anna)):
            with freeze_time(MONDAY.replace(hour=hour)):
                self.assertEqual(self.ticket().user_id, user)

    def test_who_is_there_takes_as_many_queries_for_ten_as_for_two(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with freeze_time(MONDAY):
                self.team._get_members_at_work()
            return self.env.cr.sql_log_count - before

        for user in (self.anna, self.ben):
            self.time_off(user, date_to=MONDAY.replace(hour=8))
        count()
        few = count()
        for number in range(8):
            user = self.make_user(f"more_{number}")
            self.team.member_ids = [Command.create({"user_id": user.id})]
            self.time_off(user, date_to=MONDAY.replace(hour=8))
        count()
        self.assertEqual(count(), few)

    def test_holiday_of_another_company_is_none_of_ours(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        holiday = self.env["resource.calendar.leaves"].create(
            {
                "name": "Branch holiday",
                "calendar_id": False,
                "date_from": MONDAY - timedelta(days=1),
                "date_to": MONDAY + timedelta(days=30),
            }
        )
        holiday.flush_recordset()
        holiday.company_id = branch
        self.assertTrue(self.office)
        self.team.assignment = "turn"
        with freeze_time(MONDAY):
            self.assertEqual(self.ticket().user_id, self.anna)
