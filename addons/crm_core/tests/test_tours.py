from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

# A regular customer: four orders a month apart, the next one is due.
DAYS_AGO = (125, 95, 65, 35)


class OverviewTourCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(
            cls.env,
            "tour.salesperson",
            groups="sales_team.group_sale_salesman_all_leads",
            name="Tour Salesperson",
            email="tour.salesperson@example.com",
        )
        cls.toner = cls._create_product("Tour Toner", 100, stock=50)
        cls.paper = cls._create_product("Tour Paper", 30, stock=80)
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Tour Customer Ltd",
                "is_company": True,
                "email": "orders@tour-customer.example.com",
                "phone": "+1 555 0100",
                "user_id": cls.salesperson.id,
                "child_ids": [Command.create({"name": "Tour Buyer", "function": "Purchasing"})],
            }
        )
        for days in DAYS_AGO:
            cls._create_order(days, {cls.toner: 4, cls.paper: 10})
        cls.env["crm.customer.stat"]._ensure_fresh(cls.customer, cls.env.company)

    @classmethod
    def _create_product(cls, name, price, stock):
        product = cls.env["product.product"].create(
            {
                "name": name,
                "list_price": price,
                "type": "consu",
                "is_storable": True,
                "taxes_id": [Command.clear()],
            }
        )
        warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.env.company.id)], limit=1)
        cls.env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, stock)
        return product

    @classmethod
    def _create_order(cls, days_ago, quantities):
        """An order confirmed and delivered in the past."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "user_id": cls.salesperson.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity})
                    for product, quantity in quantities.items()
                ],
            }
        )
        order.action_confirm()
        order.date_order = fields.Datetime.now() - timedelta(days=days_ago)
        for move in order.picking_ids.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        order.picking_ids._action_done()
        order.picking_ids.date_done = order.date_order + timedelta(days=2)
        return order

    def _log_a_call(self, tour):
        self.start_tour(f"/odoo/customers/{self.customer.id}/overview", tour, login="tour.salesperson")
        log = self.env["crm.contact.log"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual((log.channel, log.user_id), ("phone", self.salesperson))

    def _spend_my_day(self, tour):
        rule = self.env["crm.action.rule"].create(
            {
                "name": "Tour rule",
                "domain": repr([("id", "=", self.customer.id)]),
                "reason": "Tour reason",
                "channel": "phone",
                "purpose_id": self.env.ref("crm_core.consent_purpose_service").id,
            }
        )
        self.assertEqual(rule._run(), 1)
        self.customer.activity_schedule(
            "mail.mail_activity_data_todo", summary="Tour activity", user_id=self.salesperson.id
        )
        self.start_tour("/odoo/my-day", tour, login="tour.salesperson")
        action = self.env["crm.next.action"].search([("rule_id", "=", rule.id)])
        self.assertEqual((action.state, action.res_model), ("accepted", "crm.contact.log"))

    def _get_new_order(self):
        return self.env["sale.order"].search(
            [("partner_id", "=", self.customer.id), ("crm_offer_id", "!=", False)]
        )


@tagged("post_install", "-at_install")
class TestTours(OverviewTourCase):
    def test_next_offer_becomes_an_order_that_shows_at_once(self):
        self.start_tour("/odoo/customer-relations", "crm_core_next_offer", login="tour.salesperson")
        order = self._get_new_order()
        self.assertEqual(order.state, "sale")
        toner = order.order_line.filtered(lambda line: line.product_id == self.toner)
        self.assertEqual(toner.product_uom_qty, 7)
        self.assertEqual(toner.price_unit, 100)

    def test_my_day_is_done(self):
        self._spend_my_day("crm_core_my_day")

    def test_call_is_logged_and_found_in_the_history(self):
        self._log_a_call("crm_core_timeline")

    def test_target_group_from_conditions_to_offers(self):
        self.start_tour("/odoo/target-groups", "crm_core_target_group", login="tour.salesperson")
        group = self.env["crm.target.group"].search([("name", "=", "Tour Group")])
        self.assertIn(self.customer, group.member_ids.partner_id)
        self.assertTrue(self.env["crm.offer.batch"].search([("name", "=", "Offers for Tour Group")]))


@tagged("post_install", "-at_install")
class TestToursPhone(OverviewTourCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_next_offer_on_the_phone(self):
        url = f"/odoo/customers/{self.customer.id}/overview"
        self.start_tour(url, "crm_core_next_offer_phone", login="tour.salesperson")
        self.assertEqual(self._get_new_order().state, "draft")

    def test_my_day_on_the_phone(self):
        self._spend_my_day("crm_core_my_day_phone")

    def test_call_is_logged_on_the_phone(self):
        self._log_a_call("crm_core_timeline_phone")

    def test_target_group_on_the_phone(self):
        self.start_tour("/odoo/target-groups", "crm_core_target_group_phone", login="tour.salesperson")
        group = self.env["crm.target.group"].search([("name", "=", "Tour Group")])
        self.assertIn(self.customer, group.member_ids.partner_id)
        self.assertTrue(self.env["crm.offer.batch"].search([("name", "=", "Offers for Tour Group")]))
