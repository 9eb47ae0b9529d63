from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_helpdesk.tests.common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestRepairRequest(HelpdeskCommon, CrmCoreCommon):
    """Repairs asked for by agents, made by those who repair."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.repairer = cls.make_user("repairer", "base.group_user,stock.group_stock_user")
        cls.all_rounder = cls.make_user(
            "all_rounder", "crm_helpdesk.group_crm_helpdesk_agent,stock.group_stock_user"
        )
        cls.printer = cls.make_product("Printer", 400.0, tracking="serial")
        cls.serial = cls.env["stock.lot"].create({"name": "SN-1", "product_id": cls.printer.id})
        cls.team.request_user_id = cls.repairer
        cls.sold = cls.order(cls.contact, [(cls.toner, 3)], days_ago=5)
        cls.delivery = cls.deliver(cls.sold, days_ago=4)
        cls.case = cls.ticket(sale_order_id=cls.sold.id, product_id=cls.toner.id, user_id=cls.anna.id)

    def ask(self, user=None, ticket=None, **values):
        """A request as the dialog makes it."""
        ticket = (ticket or self.case).with_user(user or self.anna)
        action = ticket.with_context(after_sales_kind="repair").action_after_sales()
        Request = self.env["helpdesk.request"].with_user(user or self.anna)
        with Form(
            Request.with_context(**action["context"]), "crm_helpdesk.helpdesk_request_view_dialog"
        ) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return form.record

    def repair_of(self, request):
        return self.env["repair.order"].browse(request.res_id)

    def test_agent_asks_and_the_repairer_makes_it(self):
        request = self.ask(note="Leaks on one side", under_warranty=True)
        self.assertFalse(request.can_carry_out)
        with self.assertRaises(AccessError):
            request.action_carry_out()
        request.action_request()
        self.assertEqual(request.user_id, self.repairer)
        seen = request.with_user(self.repairer)
        self.assertTrue(seen.can_carry_out)
        with self.assertRaises(AccessError):
            self.case.with_user(self.repairer).read(["name"])
        seen.quantity = 2
        action = seen.action_carry_out()
        repair = self.repair_of(request)
        self.assertEqual((action["res_model"], action["res_id"]), ("repair.order", repair.id))
        self.assertRecordValues(
            repair,
            [
                {
                    "partner_id": self.contact.id,
                    "product_id": self.toner.id,
                    "product_qty": 2.0,
                    "under_warranty": True,
                    "picking_id": False,
                    "company_id": self.company.id,
                    "state": "draft",
                }
            ],
        )
        self.assertIn("Leaks on one side", repair.internal_notes)
        self.assertIn(self.case.number, repair.internal_notes)
        self.assertEqual((request.state, request.done_user_id), ("done", self.repairer))

    def test_agent_reads_name_and_state_alone(self):
        request = self.ask(user=self.all_rounder)
        request.action_carry_out()
        repair = self.repair_of(request)
        self.env.invalidate_all()
        seen = self.case.with_user(self.anna).request_ids
        self.assertEqual((seen.document_name, seen.document_state), (repair.name, "New"))
        with self.assertRaises(AccessError):
            seen.action_open_document()
        with self.assertRaises(AccessError):
            repair.with_user(self.anna).read(["name"])

    def test_ticket_is_told_when_it_is_repaired(self):
        request = self.ask(user=self.all_rounder)
        request.action_carry_out()
        repair = self.repair_of(request).with_user(self.repairer)
        repair.action_validate()
        repair._action_repair_confirm()
        repair.action_repair_start()
        before = self.case.message_ids
        repair.action_repair_end()
        self.env.invalidate_all()
        self.assertEqual(repair.state, "done")
        self.assertEqual(request.document_state, "Repaired")
        told = self.case.message_ids - before
        self.assertIn(f"{repair.name}: Repaired", str(told.body))
        self.assertTrue(told.subtype_id.internal)
        repair.write({"state": "done"})
        self.assertEqual(self.case.message_ids - before, told)

    def test_return_that_came_back_is_named(self):
        back = self.send_back(self.delivery, 1)
        request = self.ask(user=self.all_rounder)
        request.picking_id = self.delivery
        request.action_carry_out()
        repair = self.repair_of(request)
        self.assertEqual(
            (repair.picking_id, repair.partner_id, repair.product_qty), (back, self.contact, 1.0)
        )

    def test_return_of_something_else_is_not_named(self):
        both = self.order(self.contact, [(self.toner, 1), (self.paper, 1)])
        delivery = self.deliver(both)
        back = self.send_back(delivery, 1)
        back.move_ids.filtered(lambda move: move.product_id == self.toner).state = "draft"
        back.move_ids.filtered(lambda move: move.product_id == self.toner).unlink()
        self.case.sale_order_id = both
        request = self.ask(user=self.all_rounder)
        request.picking_id = delivery
        request.action_carry_out()
        self.assertFalse(self.repair_of(request).picking_id)

    def test_serial_number_of_the_ticket_comes_along(self):
        case = self.ticket(lot_id=self.serial.id)
        request = self.ask(user=self.all_rounder, ticket=case, quantity=3)
        self.assertEqual((request.product_id, request.lot_id), (self.printer, self.serial))
        request.action_carry_out()
        repair = self.repair_of(request)
        self.assertEqual((repair.lot_id, repair.product_qty), (self.serial, 1.0))

    def test_serial_number_stays_with_its_product(self):
        case = self.ticket(lot_id=self.serial.id, product_id=self.printer.id)
        request = self.ask(user=self.all_rounder, ticket=case)
        request.product_id = self.toner
        self.assertFalse(request.lot_id)
        with self.assertRaises(ValidationError):
            request.lot_id = self.serial
        # A ticket about one thing with the number of another: the product is what the ticket says.
        mixed = self.ticket(lot_id=self.serial.id, product_id=self.toner.id)
        request = self.ask(ticket=mixed)
        self.assertEqual((request.product_id, request.lot_id), (self.toner, self.env["stock.lot"]))

    def test_what_is_missing_is_said(self):
        for product in (self.env["product.product"], self.training):
            request = self.ask(user=self.all_rounder, product_id=product)
            with self.assertRaisesRegex(UserError, "Choose the product"):
                request.action_carry_out()
        self.case.partner_id = False
        with self.assertRaisesRegex(UserError, "who the customer is"):
            self.ask(user=self.all_rounder).action_carry_out()

    def test_double_click_makes_one(self):
        request = self.ask(user=self.all_rounder)
        request.action_carry_out()
        with self.assertRaises(UserError):
            request.action_carry_out()
        repairs = self.env["repair.order"].search([("partner_id", "=", self.contact.id)])
        self.assertEqual(len(repairs), 1)

    def test_repair_sees_its_requests_alone(self):
        request, draft = self.ask(), self.ask()
        request.action_request()
        Request = self.env["helpdesk.request"]
        refund = Request.create({"ticket_id": self.case.id, "kind": "refund"})
        refund.action_request()
        found = Request.with_user(self.repairer).search([("ticket_id", "=", self.case.id)])
        self.assertEqual(found, request)
        accountant = self.make_user("accountant", "base.group_user,account.group_account_invoice")
        found = Request.with_user(accountant).search([("ticket_id", "=", self.case.id)])
        self.assertEqual(found, refund)
        with self.assertRaises(AccessError):
            draft.with_user(self.repairer).read(["state"])
        request.with_user(self.repairer).action_refuse()
        self.assertEqual(request.state, "refused")

    def test_portal_and_other_companies_see_nothing(self):
        request = self.ask(user=self.all_rounder)
        request.action_carry_out()
        portal = new_test_user(self.env, "helpdesk_repair_portal", groups="base.group_portal")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user(
            "elsewhere",
            "crm_helpdesk.group_crm_helpdesk_manager,stock.group_stock_manager",
            company_id=elsewhere.id,
            company_ids=elsewhere.ids,
        )
        for user in (portal, stranger):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                request.with_user(user).read(["note", "lot_id"])

    def test_repair_is_made_in_the_company_of_the_ticket(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        both = self.make_user(
            "both",
            "crm_helpdesk.group_crm_helpdesk_all,stock.group_stock_user",
            company_id=self.company.id,
            company_ids=(self.company | elsewhere).ids,
        )
        team = self.make_team("Elsewhere", both, company_id=elsewhere.id)
        case = self.ticket(team_id=team.id, product_id=self.toner.id)
        request = self.ask(user=both, ticket=case)
        request.with_context(allowed_company_ids=(self.company | elsewhere).ids).action_carry_out()
        repair = self.repair_of(request)
        self.assertEqual((repair.company_id, repair.picking_type_id.company_id), (elsewhere, elsewhere))

    def test_number_of_another_company_is_refused(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["stock.lot"].create(
            {"name": "SN-2", "product_id": self.printer.id, "company_id": elsewhere.id}
        )
        request = self.ask(user=self.all_rounder, product_id=self.printer)
        with self.assertRaises(ValidationError):
            request.sudo().lot_id = foreign
