from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_helpdesk.tests.common import HelpdeskCommon

AGENT = "crm_helpdesk.group_crm_helpdesk_agent"
OWN = "hr_timesheet.group_hr_timesheet_user"
ALL = "hr_timesheet.group_hr_timesheet_approver"


@tagged("post_install", "-at_install")
class TestTimeSpent(HelpdeskCommon, CrmCoreCommon, HttpCase):
    """Time on tickets, and the hours it was bought with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clara = cls.make_worker("clara", f"{AGENT},{OWN}")
        cls.dora = cls.make_worker("dora", f"{AGENT},{OWN}")
        cls.approver = cls.make_worker("approver", f"{AGENT},{ALL}")
        cls.project = cls.env["project.project"].create(
            {"name": "Support", "allow_timesheets": True, "allow_billable": True}
        )
        cls.team.project_id = cls.project
        cls.support = cls.make_product(
            "Support hours",
            80.0,
            type="service",
            invoice_policy="order",
            service_type="timesheet",
            uom_id=cls.env.ref("uom.product_uom_hour").id,
        )
        cls.support.service_policy = "ordered_prepaid"
        cls.sold = cls.order(cls.contact, [(cls.support, 10)])
        cls.hours = cls.sold.order_line
        cls.case = cls.ticket(sale_order_id=cls.sold.id)

    @classmethod
    def make_worker(cls, login, groups, **values):
        user = cls.make_user(login, groups, **values)
        cls.env["hr.employee"].create(
            {"name": login, "user_id": user.id, "company_id": user.company_id.id, "hourly_cost": 40}
        )
        return user

    def book(self, hours, user=None, ticket=None, **values):
        ticket = ticket or self.case
        Line = self.env["account.analytic.line"].with_user(user or self.clara)
        return Line.create({"name": "Phone", "helpdesk_ticket_id": ticket.id, "unit_amount": hours, **values})

    # Booking ------------------------------------------------------------------

    def test_time_is_booked_on_the_project_of_the_team(self):
        self.assertEqual(self.case.project_id, self.project)
        line = self.book(2)
        self.assertEqual((line.project_id, line.company_id), (self.project, self.company))
        self.assertEqual(line.employee_id, self.clara.employee_id)
        self.assertEqual(line.partner_id, self.contact)
        self.assertEqual(line.sudo().amount, -80)
        self.assertEqual(self.case.hours_spent, 2)
        line.unit_amount = 3
        self.assertEqual(self.case.hours_spent, 3)
        line.unlink()
        self.assertEqual(self.case.hours_spent, 0)

    def test_agent_books_in_the_form(self):
        with Form(self.case.with_user(self.clara)) as form, form.timesheet_ids.new() as line:
            line.name = "On site"
            line.unit_amount = 1.5
        line = self.case.with_user(self.clara).timesheet_ids
        self.assertEqual((line.user_id, line.project_id), (self.clara, self.project))
        self.assertEqual(self.case.hours_spent, 1.5)

    def test_team_without_a_project(self):
        team = self.make_team("Copiers", self.clara)
        case = self.ticket(team_id=team.id)
        closed = self.ticket(team_id=team.id, stage_id=self.solved.id)
        with self.assertRaisesRegex(UserError, "no project"):
            self.book(1, ticket=case)
        team.project_id = self.project
        self.assertEqual(case.project_id, self.project)
        self.assertFalse(closed.project_id)
        self.assertEqual(self.book(1, ticket=closed).project_id, self.project)

    def test_own_project_of_a_ticket_stays(self):
        other = self.project.copy({"name": "Special"})
        self.case.project_id = other
        self.team.project_id = self.project.copy({"name": "Later"})
        self.assertEqual(self.book(1).project_id, other)

    def test_each_sees_what_the_erp_shows_him(self):
        mine, others = self.book(1), self.book(2, self.dora)
        self.env.invalidate_all()
        self.assertEqual(self.case.with_user(self.clara).timesheet_ids, mine)
        self.env.invalidate_all()
        self.assertEqual(self.case.with_user(self.approver).timesheet_ids, mine | others)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            others.with_user(self.clara).unit_amount = 5
        # The total is that of everybody, for every agent.
        self.assertEqual(self.case.with_user(self.clara).hours_spent, 3)
        self.assertEqual(self.case.with_user(self.anna).hours_spent, 3)
        with self.assertRaises(AccessError):
            self.case.with_user(self.anna).read(["timesheet_ids"])
        self.assertNotIn("timesheet_ids", self.case.with_user(self.anna).read()[0])

    def test_who_sees_no_ticket_books_none(self):
        worker = self.make_worker("worker", f"base.group_user,{OWN}")
        with self.assertRaises(AccessError):
            self.book(1, worker)
        own = self.env["account.analytic.line"].with_user(worker)
        own = own.create({"name": "Else", "project_id": self.project.id, "unit_amount": 1})
        with self.assertRaises(AccessError):
            own.helpdesk_ticket_id = self.case
        with self.assertRaises(AccessError):
            self.book(1, self.make_worker("plain", AGENT))
        self.team.privacy_visibility = "followers"
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.book(1, self.dora)

    def test_ticket_with_time_is_not_deleted(self):
        self.book(1)
        with self.assertRaisesRegex(UserError, "Time is booked"):
            self.case.unlink()
        self.ticket().unlink()

    def test_time_is_counted_in_the_analysis(self):
        self.book(2)
        other = self.ticket()
        self.book(3, ticket=other)
        [(total,)] = self.env["helpdesk.ticket"]._read_group(
            [("id", "in", (self.case | other).ids)], [], ["hours_spent:sum"]
        )
        self.assertEqual(total, 5)
        for kind in ("pivot", "graph"):
            arch = self.env["helpdesk.ticket"].with_user(self.anna).get_view(view_type=kind)["arch"]
            self.assertIn("hours_spent", arch)

    def test_stat_button_shows_the_time(self):
        line = self.book(1)
        action = self.case.with_user(self.clara).action_view_timesheets()
        Line = self.env["account.analytic.line"].with_user(self.clara)
        self.assertEqual(Line.search(action["domain"]), line)
        made = Line.with_context(**action["context"]).create({"name": "More", "unit_amount": 1})
        self.assertEqual(made.helpdesk_ticket_id, self.case)

    # Prepaid hours --------------------------------------------------------------

    def test_hours_left_of_what_was_bought(self):
        self.assertEqual(self.case.sale_line_id, self.hours)
        line = self.book(4)
        self.assertEqual(line.so_line, self.hours)
        self.assertEqual(self.hours.remaining_hours, 6)
        self.env.invalidate_all()
        seen = self.case.with_user(self.anna)
        self.assertEqual((seen.hours_bought, seen.hours_left, seen.is_overbooked), (10, 6, False))
        with self.assertRaises(AccessError):
            self.hours.with_user(self.anna).read(["remaining_hours"])

    def test_more_booked_than_bought(self):
        Ticket = self.env["helpdesk.ticket"].with_user(self.anna)
        late = [("is_overbooked", "=", True), ("id", "=", self.case.id)]
        self.book(10)
        self.env.invalidate_all()
        self.assertEqual((self.case.hours_left, self.case.is_overbooked), (0, False))
        self.assertFalse(Ticket.search(late))
        self.book(0.5, self.dora)
        self.env.invalidate_all()
        self.assertTrue(self.case.is_overbooked)
        self.assertEqual(self.case.hours_too_many, 0.5)
        self.assertEqual(Ticket.search(late), self.case)
        self.assertFalse(Ticket.search([("is_overbooked", "=", False), ("id", "=", self.case.id)]))
        view = Ticket.get_view(view_type="form")["arch"]
        self.assertIn("hours_too_many", view)

    def test_hours_sold_by_the_day(self):
        day = self.env.ref("uom.product_uom_day")
        order = self.order(self.contact, [(self.support, 2, {"product_uom_id": day.id})])
        case = self.ticket(sale_order_id=order.id)
        self.book(4, ticket=case)
        self.env.invalidate_all()
        self.assertEqual((case.hours_bought, case.hours_left), (16, 12))

    def test_what_was_not_paid_in_advance_has_no_hours_left(self):
        order = self.order(self.contact, [(self.training, 1)])
        case = self.ticket(sale_order_id=order.id)
        self.assertFalse(case.sale_line_id)
        case.sale_line_id = order.order_line
        self.book(5, ticket=case)
        self.assertEqual((case.has_prepaid_hours, case.is_overbooked), (False, False))

    def test_project_that_is_not_billable_counts_nothing(self):
        self.project.allow_billable = False
        self.assertFalse(self.book(1).so_line)
        self.assertFalse(self.case.is_billable)

    def test_hours_of_the_ticket_change(self):
        free, sold = self.book(1, ticket=self.ticket()), self.book(1)
        self.assertFalse(free.so_line)
        free.helpdesk_ticket_id.sale_line_id = self.hours
        self.assertEqual(free.so_line, self.hours)
        self.case.sale_line_id = False
        self.assertFalse(sold.so_line)

    def test_hours_of_the_project_are_for_its_customer(self):
        self.project.write({"partner_id": self.contact.id, "sale_line_id": self.hours.id})
        self.assertEqual(self.book(1, ticket=self.ticket()).so_line, self.hours)
        stranger = self.ticket(partner_id=self.make_customer("Stranger").id)
        self.assertFalse(self.book(1, ticket=stranger).so_line)

    def test_hours_of_another_customer_are_refused(self):
        stranger = self.make_customer("Stranger")
        foreign = self.order(stranger, [(self.support, 5)]).order_line
        with self.assertRaises(ValidationError):
            self.case.sale_line_id = foreign
        self.case.write({"sale_order_id": False, "partner_id": stranger.id})
        self.assertFalse(self.case.sale_line_id)

    # Companies and the portal -----------------------------------------------------

    def test_other_companies(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.project.copy({"name": "Foreign", "company_id": elsewhere.id})
        for record in (self.team, self.case):
            with self.assertRaises(ValidationError):
                record.project_id = foreign
        line = self.book(1)
        stranger = self.make_worker(
            "elsewhere",
            f"crm_helpdesk.group_crm_helpdesk_manager,{ALL}",
            company_id=elsewhere.id,
            company_ids=elsewhere.ids,
        )
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            line.with_user(stranger).read(["unit_amount"])
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.book(1, stranger)

    def test_customers_see_no_time_of_tickets(self):
        portal = new_test_user(
            self.env, "helpdesk_time_portal", groups="base.group_portal", email="p@alma.example"
        )
        portal.partner_id.parent_id = self.customer
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(portal.partner_id.ids)
        hidden = self.book(1, name="Said he was rude")
        shown = self.env["account.analytic.line"].with_user(self.clara)
        shown = shown.create({"name": "Project work", "project_id": self.project.id, "unit_amount": 1})
        Line = self.env["account.analytic.line"].with_user(portal)
        found = Line.sudo().search(Line._timesheet_get_portal_domain())
        self.assertIn(shown, found)
        self.assertNotIn(hidden, found)
        # Also where the ERP's own rules for shared projects are switched on.
        self.env.ref("hr_timesheet.timesheet_line_rule_portal_user").active = True
        self.env.ref("hr_timesheet.access_account_analytic_line_portal_user").active = True
        self.project.collaborator_ids = [Command.create({"partner_id": portal.partner_id.id})]
        self.env.flush_all()
        self.assertEqual(Line.search([("id", "in", (hidden | shown).ids)]), shown)
        self.authenticate(portal.login, portal.login)
        page = self.url_open("/my/timesheets?filterby=all").text
        self.assertIn("Project work", page)
        self.assertNotIn("Said he was rude", page)

    # Merging ------------------------------------------------------------------------

    def test_time_goes_along_when_tickets_are_merged(self):
        mine, others = self.book(1), self.book(2, self.dora)
        target = self.ticket()
        self.case.with_user(self.anna).merge_into(target.id)
        self.env.invalidate_all()
        self.assertEqual((mine | others).helpdesk_ticket_id, target)
        self.assertEqual((mine | others).so_line, self.hours)
        self.assertEqual((target.hours_spent, self.case.hours_spent), (3, 0))
        self.assertEqual(target.sale_line_id, self.hours)
        self.assertEqual(self.hours.remaining_hours, 7)

    def test_time_keeps_what_it_was_bought_with(self):
        later = self.order(self.contact, [(self.support, 20)])
        target = self.ticket(sale_order_id=later.id)
        line = self.book(1)
        self.case.with_user(self.anna).merge_into(target.id)
        self.assertEqual((line.helpdesk_ticket_id, line.so_line), (target, self.hours))
        self.assertEqual(target.sale_line_id, later.order_line)

    def test_time_of_another_customer_stays(self):
        stranger = self.ticket(partner_id=self.make_customer("Stranger").id)
        unknown = self.ticket(partner_id=False)
        lines = self.book(1, ticket=stranger), self.book(1, ticket=unknown)
        (stranger | unknown).with_user(self.anna).merge_into(self.case.id)
        self.assertEqual([line.helpdesk_ticket_id for line in lines], [stranger, self.case])
