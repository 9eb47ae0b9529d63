from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .sla_common import HOUR, NEW_YORK, NINE_TO_FIVE, SlaCommon, at


@tagged("post_install", "-at_install")
class TestSlaPolicy(SlaCommon):
    """Which policies hold for a ticket, and what happens when that changes."""

    def held(self, **values):
        ticket = self.opened("03-02 09:00", **values)
        return ticket.sla_status_ids.policy_id

    def test_no_priority_chosen_means_all(self):
        every, urgent = self.policy(8), self.policy(2, for_urgent=True, for_high=True)
        self.assertEqual(self.held(priority="0"), every)
        self.assertEqual(self.held(priority="3"), every | urgent)
        self.assertEqual(self.held(priority="2"), every | urgent)

    def test_by_team_type_tag_and_product(self):
        other = self.make_team("Cables", self.anna)
        fuser, paper = self.env["helpdesk.tag"].create([{"name": "Fuser"}, {"name": "Paper"}])
        complaint = self.env.ref("crm_helpdesk.helpdesk_ticket_type_complaint")
        printer = self.env["product.product"].create({"name": "Printer"})
        everywhere = self.policy(9, team_ids=False)
        by_type = self.policy(8, type_ids=complaint.ids)
        by_tag = self.policy(7, tag_ids=(fuser | paper).ids)
        by_product = self.policy(6, product_ids=printer.ids)
        self.assertEqual(self.held(), everywhere)
        self.assertEqual(self.held(team_id=other.id, type_id=complaint.id), everywhere)
        self.assertEqual(self.held(type_id=complaint.id), everywhere | by_type)
        self.assertEqual(self.held(tag_ids=[Command.set(fuser.ids)]), everywhere | by_tag)
        self.assertEqual(self.held(product_id=printer.id), everywhere | by_product)

    def test_customer_with_everybody_below(self):
        group = self.env["res.partner"].create({"name": "Alma Group", "is_company": True})
        stranger = self.env["res.partner"].create({"name": "Zoe"})
        own, whole = self.policy(4, partner_ids=self.customer.ids), self.policy(8, partner_ids=group.ids)
        self.assertEqual(self.held(), own)
        self.assertFalse(self.held(partner_id=stranger.id))
        self.assertFalse(self.held(partner_id=group.id) & own)
        self.customer.parent_id = group
        self.assertEqual(self.held(), own | whole)

    def test_merged_customers_bring_their_promises(self):
        other = self.env["res.partner"].create({"name": "Alma Wholesale Ltd", "is_company": True})
        policy = self.policy(4, partner_ids=other.ids)
        ticket = self.opened("03-02 09:00", partner_id=self.customer.id)
        self.assertFalse(self.row(ticket, policy))
        self.work_out("03-02 09:00")
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        self.env.flush_all()
        wizard._merge((self.customer | other).ids, dst_partner=other, extra_checks=False)
        self.env.invalidate_all()
        self.work_out("03-02 10:00")
        self.assertEqual(ticket.partner_id, other)
        self.assertDeadline(ticket, "03-02 14:00")

    def test_order_with_the_line_that_bought_it(self):
        plan = self.env["product.product"].create({"name": "Gold care", "type": "service"})
        orders = self.env["sale.order"].create(
            [
                {"partner_id": self.customer.id, "order_line": [Command.create({"product_id": plan.id})]},
                {"partner_id": self.customer.id},
            ]
        )
        gold = self.policy(2, sale_line_ids=orders[0].order_line.ids)
        self.assertEqual(self.held(sale_order_id=orders[0].id), gold)
        self.assertFalse(self.held(sale_order_id=orders[1].id))

    def test_earliest_of_several_deadlines_is_shown(self):
        self.policy(2, "first_response")
        self.policy(8)
        ticket = self.opened("03-02 09:00")
        self.assertDeadline(ticket, "03-02 11:00")
        self.say(ticket, "03-02 10:30")
        self.assertDeadline(ticket, "03-03 09:00")

    def test_new_promise_begins_with_the_ticket_and_remembers_its_pauses(self):
        normal, urgent = self.policy(8), self.policy(4, for_urgent=True)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.waiting)
        self.move(ticket, "03-02 14:00", self.progress)
        with self.moment("03-02 15:00"):
            ticket.priority = "3"
        row = self.row(ticket, urgent)
        self.assertEqual((row.started_at, row.elapsed_seconds), (at("03-02 09:00"), 2 * HOUR))
        self.assertEqual(row.paused_seconds, 3 * HOUR)
        self.assertDeadline(ticket, "03-02 17:00")
        before = self.row(ticket, normal).read()[0]
        with self.moment("03-02 16:00"):
            ticket.priority = "0"
        self.assertEqual(row.state, "cancelled")
        self.assertEqual(self.row(ticket, normal).deadline, before["deadline"])

    def test_what_was_kept_stays_when_the_policy_no_longer_holds(self):
        urgent = self.policy(4, for_urgent=True)
        ticket = self.opened("03-02 09:00", priority="3")
        self.move(ticket, "03-02 10:00", self.solved)
        with self.moment("03-02 11:00"):
            ticket.priority = "0"
        self.assertEqual(self.row(ticket, urgent).state, "reached")
        self.move(ticket, "03-02 12:00", self.new)
        self.assertEqual(self.row(ticket, urgent).state, "reached", "it is promised no longer")

    def test_missed_and_no_longer_promised_is_late_no_longer(self):
        urgent = self.policy(1, for_urgent=True)
        ticket = self.opened("03-02 09:00", priority="3")
        self.watch("03-02 10:30")
        self.assertTrue(self.is_late(ticket, "03-02 10:31"))
        with self.moment("03-02 11:00"):
            ticket.priority = "0"
        self.assertEqual(self.row(ticket, urgent).state, "failed")
        self.assertFalse(self.is_late(ticket, "03-02 12:00"))

    def test_team_with_other_hours_takes_it_over(self):
        """What was worked by the old hours stays worked, the rest is planned by the new ones."""
        new_york = self.make_calendar("New York", NINE_TO_FIVE, "America/New_York")
        other = self.make_team("Boston", self.anna, resource_calendar_id=new_york.id)
        policy = self.policy(8, team_ids=(self.team | other).ids)
        ticket = self.opened("03-02 09:00")
        with self.moment("03-02 11:00"):
            ticket.team_id = other
        self.assertEqual(self.row(ticket, policy).elapsed_seconds, 2 * HOUR)
        self.assertDeadline(ticket, "03-02 15:00", NEW_YORK)

    def test_hours_of_the_policy_before_those_of_the_customer_before_those_of_the_team(self):
        always = self.make_calendar("Always", dict.fromkeys("0123456", ((0, 24),)))
        new_york = self.make_calendar("New York", NINE_TO_FIVE, "America/New_York")
        policy = self.policy(2)
        self.customer.helpdesk_calendar_id = new_york
        self.assertEqual(self.row(self.opened("03-02 20:00"), policy).calendar_id, new_york)
        policy.calendar_id = always
        self.assertDeadline(self.opened("03-02 20:00"), "03-02 22:00")

    # Changes that many tickets depend on -----------------------------------------

    def test_new_holiday_moves_open_deadlines_only(self):
        policy = self.policy(4)
        ticket, done = self.opened("03-02 16:00"), self.opened("03-02 09:00")
        self.move(done, "03-02 10:00", self.solved)
        self.assertDeadline(ticket, "03-03 11:00")
        before = self.row(done, policy).read()[0]
        with self.moment("03-02 18:00"):
            self.holiday("03-03 00:00", "03-03 23:59:59")
        self.assertDeadline(ticket, "03-03 11:00")
        self.work_out("03-02 18:00")
        self.assertDeadline(ticket, "03-04 11:00")
        self.assertEqual(self.row(done, policy).read()[0], before)

    def test_holiday_taken_back(self):
        self.policy(4)
        holiday = self.holiday("03-03 00:00", "03-03 23:59:59")
        ticket = self.opened("03-02 16:00")
        self.assertDeadline(ticket, "03-04 11:00")
        with self.moment("03-02 17:00"):
            holiday.unlink()
        self.work_out("03-02 18:00")
        self.assertDeadline(ticket, "03-03 11:00")

    def test_other_hours_of_the_calendar(self):
        self.policy(4)
        ticket = self.opened("03-02 16:00")
        with self.moment("03-02 18:00"):
            self.office.attendance_ids.filtered(lambda line: line.hour_from == 8).write({"hour_from": 10})
        self.work_out("03-02 18:00")
        self.assertDeadline(ticket, "03-03 14:00")

    def test_holidays_of_other_companies_do_not_count(self):
        """Also for the cron and the gateway, who see all of them."""
        branch = self.env["res.company"].create({"name": "Branch"})
        self.policy(4)
        values = {"name": "Theirs", "date_from": at("03-03 00:00"), "date_to": at("03-03 23:59:59")}
        elsewhere = self.env["resource.calendar.leaves"].with_company(branch).create(values)
        self.assertEqual(elsewhere.company_id, branch)
        self.assertDeadline(self.opened("03-02 16:00"), "03-03 11:00")
        elsewhere.company_id = self.company
        self.work_out("03-02 16:00")
        self.assertDeadline(self.opened("03-02 16:00"), "03-04 11:00")

    def test_absence_of_one_person_moves_nothing(self):
        resource = self.env["resource.resource"].create({"name": "Anna", "calendar_id": self.office.id})
        self.policy(4)
        ticket = self.opened("03-02 16:00")
        self.work_out("03-02 16:00")
        self.holiday("03-03 00:00", "03-03 23:59:59", resource_id=resource.id)
        self.assertFalse(self.env["helpdesk.sla.change"].search([]))
        self.work_out("03-02 16:00")
        self.assertDeadline(ticket, "03-03 11:00")

    def test_other_target(self):
        policy = self.policy(4)
        tickets = self.opened("03-02 09:00"), self.opened("03-02 09:00"), self.opened("03-02 09:00")
        done = self.opened("03-02 09:00")
        self.move(done, "03-02 11:00", self.solved)
        with self.moment("03-02 10:00"):
            policy.target_hours = 1.5
        self.work_out("03-02 10:00")
        for ticket in tickets:
            self.assertDeadline(ticket, "03-02 10:30")
        self.assertEqual(self.row(done, policy).target_seconds, 4 * HOUR)
        self.assertFalse(self.env["helpdesk.sla.change"].search([]))

    def test_other_stage_in_which_time_stands_still(self):
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.progress)
        with self.moment("03-02 11:00"):
            policy.excluded_stage_ids = self.progress
        self.work_out("03-02 11:00")
        self.assertEqual(self.row(ticket, policy).state, "paused")

    def test_new_and_archived_policies(self):
        ticket = self.opened("03-02 09:00")
        policy = self.policy(4)
        self.assertFalse(ticket.sla_deadline)
        self.work_out("03-02 10:00")
        self.assertDeadline(ticket, "03-02 14:00")
        policy.active = False
        self.work_out("03-02 10:00")
        self.assertEqual((self.row(ticket, policy).state, ticket.sla_deadline), ("cancelled", False))

    def test_promise_made_too_late_alarms_nobody(self):
        ticket = self.opened("03-02 09:00")
        policy = self.policy(1)
        messages = len(ticket.message_ids)
        self.work_out("03-05 10:00")
        self.assertEqual(self.row(ticket, policy).state, "failed")
        self.assertFalse(self.watch("03-05 10:01"))
        self.assertEqual(len(ticket.message_ids), messages)

    def test_other_hours_of_the_team_and_of_the_customer(self):
        always = self.make_calendar("Always", dict.fromkeys("0123456", ((0, 24),)))
        self.policy(4)
        ticket = self.opened("03-02 16:00")
        with self.moment("03-02 17:00"):
            self.team.resource_calendar_id = always
        self.work_out("03-02 17:00")
        self.assertDeadline(ticket, "03-02 20:00")
        with self.moment("03-02 18:00"):
            self.customer.helpdesk_calendar_id = self.office
        self.work_out("03-02 18:00")
        self.assertDeadline(ticket, "03-03 10:00")

    def test_working_out_changes_nobody_elses_dates(self):
        """What is worked out in the background is no change of the ticket."""
        policy = self.policy(4, notify_assigned=False, notify_leader=False)
        ticket = self.opened("03-02 09:00")
        self.env.flush_all()
        self.env.cr.execute("UPDATE helpdesk_ticket SET write_date = '2020-01-01' WHERE id = %s", [ticket.id])
        ticket.invalidate_recordset()
        policy.target_hours = 2
        self.work_out("03-02 09:30")
        self.watch("03-02 12:30")
        self.env.invalidate_all()
        self.assertEqual(ticket.sla_state, "failed")
        self.assertEqual(str(ticket.write_date.date()), "2020-01-01")

    def test_policy_with_results_is_not_deleted_nor_made_another(self):
        policy = self.policy(4)
        self.opened("03-02 09:00")
        with self.assertRaisesRegex(ValidationError, policy.name):
            policy.unlink()
        with self.assertRaises(ValidationError):
            policy.metric = "first_response"
        self.policy(3).unlink()
