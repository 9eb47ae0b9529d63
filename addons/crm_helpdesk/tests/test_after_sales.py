from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crm_core.tests.common import CrmCoreCommon

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestAfterSales(HelpdeskCommon, CrmCoreCommon):
    """Credit notes, returns and new business from a ticket, with and without the rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls.make_user("accountant", "base.group_user,account.group_account_invoice")
        cls.storekeeper = cls.make_user("store", "base.group_user,stock.group_stock_user")
        cls.seller = cls.make_user(
            "seller", "crm_helpdesk.group_crm_helpdesk_agent,sales_team.group_sale_salesman_all_leads"
        )
        cls.all_rounder = cls.make_user(
            "all_rounder", "crm_helpdesk.group_crm_helpdesk_agent,stock.group_stock_user"
        )
        cls.team.request_user_id = cls.accountant
        cls.sold = cls.order(cls.contact, [(cls.toner, 3), (cls.paper, 2)], days_ago=5)
        cls.delivery = cls.deliver(cls.sold, days_ago=4)
        cls.bill_of_order = cls.invoice(cls.sold, days_ago=4)
        cls.case = cls.ticket(sale_order_id=cls.sold.id, product_id=cls.toner.id, user_id=cls.anna.id)

    def ask(self, kind, user=None, **values):
        """A request as the dialog makes it."""
        ticket = self.case.with_user(user or self.anna)
        action = ticket.with_context(after_sales_kind=kind).action_after_sales()
        Request = self.env["helpdesk.request"].with_user(user or self.anna)
        with Form(
            Request.with_context(**action["context"]), "crm_helpdesk.helpdesk_request_view_dialog"
        ) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return form.record

    def run_wizard(self, request, user, method, **values):
        """Carry out a request as the window it opens does."""
        action = request.with_user(user).action_carry_out()
        wizard = (
            self.env[action["res_model"]].with_user(user).with_context(**action["context"]).create(values)
        )
        return wizard, getattr(wizard, method)()

    def offered(self, ticket, name):
        """The documents that a field offers to choose."""
        values = {
            "company_id": ticket.company_id.id,
            "commercial_partner_id": ticket.commercial_partner_id.id,
            "sale_order_id": ticket.sale_order_id.id,
            "product_id": ticket.product_id.id,
        }
        field = ticket._fields[name]
        return self.env[field.comodel_name].search(safe_eval(field.domain, values))

    def test_documents_are_offered_by_customer_and_then_by_order(self):
        other = self.order(self.contact, [(self.paper, 1)], days_ago=5)
        delivery, bill = self.deliver(other, days_ago=4), self.invoice(other, days_ago=4)
        self.assertEqual(self.offered(self.case, "picking_id"), self.delivery)
        self.assertEqual(self.offered(self.case, "invoice_id"), self.bill_of_order)
        self.case.sale_order_id = False
        # Only the first order has the product of the case.
        self.assertEqual(self.offered(self.case, "sale_order_id"), self.sold)
        self.assertEqual(self.offered(self.case, "picking_id"), self.delivery)
        self.case.product_id = False
        self.assertEqual(self.offered(self.case, "sale_order_id"), self.sold | other)
        self.assertEqual(self.offered(self.case, "picking_id"), self.delivery | delivery)
        self.assertEqual(self.offered(self.case, "invoice_id"), self.bill_of_order | bill)
        stranger = self.ticket(partner_id=self.env["res.partner"].create({"name": "Stranger"}).id)
        self.assertFalse(self.offered(stranger, "invoice_id"))

    def test_agent_asks_and_accounting_carries_out(self):
        request = self.ask("refund", note="Three of them leak")
        self.assertEqual((request.state, request.can_carry_out), ("draft", False))
        self.assertFalse(self.case.request_ids)
        with self.assertRaises(AccessError):
            request.action_carry_out()
        request.action_request()
        self.assertEqual((request.state, request.user_id), ("requested", self.accountant))
        self.assertEqual(self.case.request_ids, request)
        self.assertEqual(request.sudo().activity_ids.user_id, self.accountant)
        # Accounting sees no tickets, and finds the invoice filled in all the same.
        seen = request.with_user(self.accountant)
        self.assertEqual((seen.ticket_name, seen.invoice_id), (self.case.display_name, self.bill_of_order))
        with self.assertRaises(AccessError):
            self.case.with_user(self.accountant).read(["name"])
        journal = self.bill_of_order.journal_id.id
        self.run_wizard(request, self.accountant, "refund_moves", journal_id=journal)
        refund = self.bill_of_order.reversal_move_ids
        self.assertEqual((request.state, request.done_user_id), ("done", self.accountant))
        self.assertEqual((request.res_model, request.res_id), ("account.move", refund.id))
        self.assertFalse(request.sudo().activity_ids)
        self.env.invalidate_all()
        self.assertEqual(request.document_name, refund.display_name)
        self.assertEqual(request.document_state, "Draft")
        refund.action_post()
        self.env.invalidate_all()
        self.assertEqual(request.document_state, "Paid")  # by the invoice it credits
        told = self.case.message_ids.filtered(lambda message: self.anna.partner_id in message.partner_ids)
        self.assertIn("Carried out", str(told.body))
        with self.assertRaises(AccessError):
            request.action_open_document()
        self.assertEqual(
            request.with_user(self.accountant).action_open_document()["res_model"], "account.move"
        )

    def test_corrected_invoice_shows_the_credit_note(self):
        request = self.ask("refund")
        request.action_request()
        journal = self.bill_of_order.journal_id.id
        self.run_wizard(request, self.accountant, "modify_moves", journal_id=journal)
        self.assertEqual(request.res_id, self.bill_of_order.reversal_move_ids.id)

    def test_return_comes_with_what_was_named(self):
        request = self.ask("return", user=self.all_rounder, quantity=2)
        self.assertTrue(request.can_carry_out)
        wizard, _action = self.run_wizard(request, self.all_rounder, "action_create_returns")
        quantities = {line.product_id: line.quantity for line in wizard.product_return_moves}
        self.assertEqual(quantities, {self.toner: 2, self.paper: 0})
        back = self.delivery.return_ids
        self.assertEqual((request.state, request.document_name), ("done", back.name))
        self.assertEqual(back.move_ids.product_uom_qty, 2)

    def test_exchange_brings_a_new_delivery(self):
        before = self.sold.picking_ids
        request = self.ask("exchange", user=self.all_rounder, quantity=1)
        self.run_wizard(request, self.all_rounder, "action_create_exchanges")
        self.assertEqual(request.res_id, self.delivery.return_ids.id)
        again = self.sold.picking_ids - before - self.delivery.return_ids
        self.assertEqual(again.move_ids.mapped("product_uom_qty"), [1])

    def test_stock_sees_its_requests_alone(self):
        refund, back = self.ask("refund"), self.ask("return")
        draft = self.ask("exchange")
        refund.action_request()
        back.action_request()
        Request = self.env["helpdesk.request"].with_user(self.storekeeper)
        self.assertEqual(Request.search([("ticket_id", "=", self.case.id)]), back)
        self.assertTrue(back.with_user(self.storekeeper).can_carry_out)
        back.with_user(self.storekeeper).picking_id = self.delivery
        self.run_wizard(back, self.storekeeper, "action_create_returns_all")
        self.assertEqual(back.done_user_id, self.storekeeper)
        for request in (refund, draft):
            with self.assertRaises(AccessError):
                request.with_user(self.storekeeper).read(["state"])
            with self.assertRaises(AccessError):
                request.with_user(self.storekeeper).action_carry_out()

    def test_quotation_and_opportunity_know_the_ticket(self):
        request = self.ask("quotation", user=self.seller, quantity=4)
        request.action_carry_out()
        order = self.env["sale.order"].browse(request.res_id)
        self.assertEqual((order.partner_id, order.origin), (self.contact, self.case.number))
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [4])
        with self.assertRaises(UserError):  # a double click
            request.action_carry_out()
        request = self.ask("opportunity", user=self.seller, note="Wants a bigger printer")
        request.action_carry_out()
        lead = self.env["crm.lead"].browse(request.res_id)
        self.assertEqual(
            (lead.name, lead.type, lead.partner_id), (self.case.name, "opportunity", self.contact)
        )
        self.assertEqual(request.document_state, lead.stage_id.name)

    def test_quotation_needs_a_customer(self):
        self.case.partner_id = False
        request = self.ask("quotation", user=self.seller)
        with self.assertRaises(UserError):
            request.action_carry_out()

    def test_refused_and_withdrawn_end_it(self):
        refused, withdrawn = self.ask("refund"), self.ask("refund")
        for request in (refused, withdrawn):
            request.action_request()
        with self.assertRaises(AccessError):
            refused.action_refuse()
        refused.with_user(self.accountant).action_refuse()
        withdrawn.action_withdraw()
        self.assertEqual((refused.state, withdrawn.state), ("refused", "withdrawn"))
        self.assertFalse((refused | withdrawn).sudo().activity_ids)
        for request in (refused, withdrawn):
            with self.assertRaises(UserError):
                request.with_user(self.accountant).action_carry_out()
        with self.assertRaises(AccessError):
            self.ask("refund").with_user(self.accountant).action_withdraw()

    def test_state_is_written_by_its_buttons_alone(self):
        request = self.ask("refund")
        for values in ({"state": "done"}, {"res_id": 1}, {"done_user_id": self.anna.id}):
            with self.assertRaises(AccessError):
                request.write(values)
            with self.assertRaises(AccessError):
                self.env["helpdesk.request"].with_user(self.anna).create(
                    {"ticket_id": self.case.id, "kind": "refund", **values}
                )
        request.action_request()
        with self.assertRaises(UserError):
            request.note = "Another reason"

    def test_documents_of_others_are_refused(self):
        stranger = self.make_customer("Stranger")
        other = self.order(stranger, [(self.paper, 1)])
        self.deliver(other)
        with self.assertRaises(ValidationError):
            self.ask("return", user=self.all_rounder).picking_id = other.picking_ids
        with self.assertRaises(ValidationError):
            self.ask("refund", user=self.seller).invoice_id = self.invoice(other)
        with self.assertRaises(ValidationError):
            self.ask("refund").quantity = 0

    def test_wizards_of_others_link_nothing(self):
        request = self.ask("return", user=self.all_rounder)
        journal = self.bill_of_order.journal_id.id
        wizard = (
            self.env["account.move.reversal"]
            .with_context(
                active_model="account.move",
                active_ids=self.bill_of_order.ids,
                helpdesk_request_id=request.id,
            )
            .create({"journal_id": journal})
        )
        wizard.refund_moves()
        self.assertEqual(request.state, "draft")

    def test_private_teams_portal_and_companies(self):
        request = self.ask("refund")
        request.action_request()
        portal = new_test_user(self.env, "helpdesk_after_portal", groups="base.group_portal")
        outsider = self.make_user("outsider")
        self.team.privacy_visibility = "followers"
        for user in (portal, outsider):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                request.with_user(user).read(["note"])
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user(
            "elsewhere",
            "crm_helpdesk.group_crm_helpdesk_manager",
            company_id=elsewhere.id,
            company_ids=elsewhere.ids,
        )
        with self.assertRaises(AccessError):
            request.with_user(stranger).read(["note"])

    def test_requests_go_along_when_tickets_are_merged(self):
        request = self.ask("refund")
        request.action_request()
        target, stranger = self.ticket(), self.ticket(partner_id=self.make_customer("Stranger").id)
        other = self.env["helpdesk.request"].create({"ticket_id": stranger.id, "kind": "opportunity"})
        other.action_request()
        (self.case | stranger).with_user(self.anna).merge_into(target.id)
        self.assertEqual(target.request_ids, request)
        self.assertEqual(other.ticket_id, stranger)
        self.assertIn(target.number, request.display_name)

    def test_names_of_documents_for_those_without_rights(self):
        self.case.invoice_id = self.bill_of_order
        names = self.case.with_user(self.anna).document_names
        self.assertEqual(names, f"{self.sold.name}, {self.bill_of_order.display_name}")
        view = self.env["helpdesk.ticket"].with_user(self.anna).get_view(view_type="form")
        self.assertNotIn('name="sale_order_id"', view["arch"])
        self.assertIn('name="document_names"', view["arch"])

    def test_drafts_of_closed_dialogs_are_cleared_away(self):
        draft, kept = self.ask("refund"), self.ask("refund")
        kept.action_request()
        self.env.flush_all()
        self.env.cr.execute("UPDATE helpdesk_request SET write_date = write_date - interval '2 days'")
        self.env.invalidate_all()
        self.env["helpdesk.request"]._gc_drafts()
        self.assertEqual((draft | kept).exists(), kept)
