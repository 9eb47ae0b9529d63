from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestHelpdeskFacts(HelpdeskCommon, CrmCoreCommon):
    """What the helpdesk knows of a customer, for screens, conditions and rules."""

    def solve(self, ticket, rate=None, **values):
        ticket.stage_id = self.solved
        if rate:
            ticket.rating_apply(rate, token=ticket._rating_get_access_token(self.contact))
        return ticket

    def test_tickets_alone_make_a_row(self):
        self.assertFalse(self.stat(self.customer))
        self.ticket()
        stat = self.stat(self.customer)
        self.assertEqual((stat.helpdesk_ticket_count, stat.helpdesk_open_count), (1, 1))
        self.assertEqual((stat.helpdesk_last_date, stat.lifecycle), (self.today, "prospect"))
        self.assertEqual((stat.helpdesk_rating_count, stat.helpdesk_sla_count), (0, 0))

    def test_solving_cancelling_archiving_and_ratings(self):
        one, two, three = self.ticket(), self.ticket(), self.ticket()
        self.order(self.contact, [(self.paper, 1)])
        self.solve(one, rate=5)
        self.solve(two, rate=1)
        three.action_cancel()
        stat = self.stat(self.customer)
        self.assertEqual((stat.helpdesk_ticket_count, stat.helpdesk_open_count), (2, 0))
        self.assertEqual((stat.helpdesk_satisfaction, stat.helpdesk_rating_count), (3.0, 2))
        self.assertEqual(stat.order_count, 1)
        two.active = False
        stat = self.stat(self.customer)
        self.assertEqual((stat.helpdesk_ticket_count, stat.helpdesk_satisfaction), (1, 5.0))
        one.action_reopen()
        self.assertEqual(self.stat(self.customer).helpdesk_open_count, 1)
        self.assert_rebuild_changes_nothing(self.customer)

    def test_ticket_of_another_customer_leaves_both_right(self):
        ticket = self.ticket()
        other = self.make_customer("Other")
        ticket.partner_id = other
        self.assertFalse(self.stat(self.customer))
        self.assertEqual(self.stat(other).helpdesk_ticket_count, 1)
        ticket.unlink()
        self.assertFalse(self.stat(other))

    def test_promises_kept_and_missed(self):
        policy = self.env["helpdesk.sla"].search([]).filtered("active")
        policy.active = False
        tickets = [self.ticket() for _number in range(3)]
        rows = self.env["helpdesk.sla.status"].sudo()
        policy = self.env["helpdesk.sla"].create(self.get_policy_values())
        for ticket, state in zip(tickets, ("reached", "reached", "failed"), strict=True):
            ticket.sla_status_ids.unlink()
            rows.create(
                {
                    "ticket_id": ticket.id,
                    "policy_id": policy.id,
                    "metric": "stage",
                    "company_id": self.company.id,
                    "state": state,
                    "started_at": fields.Datetime.now(),
                    "target_seconds": 3600,
                }
            )
        stat = self.stat(self.customer)
        self.assertAlmostEqual(stat.helpdesk_sla_rate, 2 / 3)
        self.assertEqual(stat.helpdesk_sla_count, 3)
        # The engine alone writes the rows, and the facts follow.
        tickets[2].sla_status_ids.state = "cancelled"
        self.assertEqual(self.stat(self.customer).helpdesk_sla_rate, 1.0)

    def get_policy_values(self):
        return {
            "name": "Solved within an hour",
            "team_ids": self.team.ids,
            "metric": "stage",
            "stage_id": self.solved.id,
            "target_hours": 1,
        }

    def test_conditions(self):
        silent = self.make_customer("Silent")
        self.solve(self.ticket(), rate=1)
        self.Dirty._fold()
        Partner = self.env["res.partner"]
        among = [("id", "in", (self.customer | silent).ids)]
        for condition, found in (
            (("crm_ticket_count", ">", 0), self.customer),
            (("crm_open_ticket_count", "=", 0), self.customer | silent),
            (("crm_satisfaction", "<", 2), self.customer | silent),
            (("crm_last_ticket_date", "=", False), silent),
        ):
            self.assertEqual(Partner.search([*among, condition]), found, condition)
        self.assertEqual(self.contact.crm_ticket_count, 1)
        profiles = Partner._crm_profile_fields()
        self.assertIn("crm_satisfaction", profiles)
        self.assertNotIn("crm_open_ticket_count", profiles)

    def rule(self, name, **values):
        rule = self.env.ref(f"crm_helpdesk.crm_action_rule_{name}").copy(
            {"company_id": self.company.id, "active": True, "channel": False, "purpose_id": False, **values}
        )
        rule.action_run()
        return self.env["crm.next.action"].search([("rule_id", "=", rule.id)])

    def test_bad_rating_is_a_call_by_the_leader(self):
        happy = self.make_customer("Happy")
        for customer, rate in ((self.contact, 1), (happy, 5)):
            ticket = self.ticket(partner_id=customer.id)
            ticket.rating_apply(rate, token=ticket._rating_get_access_token(customer))
        self.Dirty._fold()
        action = self.rule("bad_rating")
        self.assertEqual(action.partner_id.commercial_partner_id, self.customer)
        self.assertEqual(action.user_id, self.lead)
        self.assertIn("with 1 of 5", action.reason)

    def test_old_ratings_are_left_alone(self):
        self.solve(self.ticket(), rate=1)
        self.env.flush_all()
        self.env.cr.execute("UPDATE rating_rating SET write_date = write_date - interval '9 days'")
        self.Dirty._fold()
        self.assertFalse(self.rule("bad_rating"))

    def test_solved_and_due_is_an_offer(self):
        for days in (91, 61, 31):
            self.order(self.customer, [(self.toner, 1)], days_ago=days)
        ticket = self.ticket()
        self.Dirty._fold()
        self.assertFalse(self.rule("solved_due"))
        self.solve(ticket)
        self.Dirty._fold()
        action = self.rule("solved_due")
        self.assertEqual(action.partner_id, self.customer)
        self.assertIn(ticket.number, action.reason)
        ticket.closed_at = fields.Datetime.now() - timedelta(days=30)
        self.env.flush_all()
        action.unlink()
        self.assertFalse(self.rule("solved_due"))

    def test_leader_of_a_team_needs_a_team(self):
        rule = self.env.ref("crm_helpdesk.crm_action_rule_solved_due")
        with self.assertRaises(ValidationError):
            rule.copy({"owner_kind": "leader"})
        team = self.env["crm.team"].create({"name": "Sales of this test", "user_id": self.ben.id})
        own = rule.copy({"owner_kind": "leader", "team_id": team.id})
        self.assertEqual(own._get_owners(self.customer.ids), {self.customer.id: self.ben.id})

    def test_overview_has_the_tickets(self):
        self.env["helpdesk.sla"].search([]).active = False
        ticket = self.ticket(user_id=self.anna.id)
        self.solve(self.ticket())
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET sla_deadline = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(hours=1), ticket.id],
        )
        self.env.invalidate_all()
        overview = self.customer.with_user(self.lead).crm_overview()
        section = overview["tickets"]
        self.assertEqual((section["count"], section["open_count"], section["late_count"]), (2, 1, 1))
        self.assertEqual(section["rows"][0]["number"], ticket.number)
        self.assertTrue(section["rows"][0]["is_late"])
        self.assertEqual(overview["todo"][0]["key"], "tickets_late")
        tile = next(tile for tile in overview["tiles"] if tile["key"] == "tickets")
        self.assertEqual(tile["value"], 1)
        for kind, found in (("tickets", ticket), ("tickets_late", ticket)):
            action = self.customer.with_user(self.lead).crm_open_records(kind)
            self.assertEqual(self.env["helpdesk.ticket"].search(action["domain"]), found)
        seller = self.make_user("seller_only", "sales_team.group_sale_salesman_all_leads")
        self.assertNotIn("tickets", self.customer.with_user(seller).crm_overview())

    def test_private_tickets_are_not_in_the_overview_of_others(self):
        self.team.privacy_visibility = "followers"
        outsider = self.make_user("outsider_facts", "crm_helpdesk.group_crm_helpdesk_agent")
        self.ticket()
        self.assertEqual(self.customer.with_user(outsider).crm_overview()["tickets"]["count"], 0)
