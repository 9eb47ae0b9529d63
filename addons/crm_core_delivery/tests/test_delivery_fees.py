from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_delivery import post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestDeliveryFees(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fee = cls.make_product("Parcel", 8.0, type="service", invoice_policy="order")
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "Parcel service",
                "delivery_type": "fixed",
                "fixed_price": 8.0,
                "product_id": cls.fee.id,
            }
        )

    def add_fee(self, order):
        wizard = self.env["choose.delivery.carrier"].create(
            {"order_id": order.id, "carrier_id": self.carrier.id}
        )
        wizard.update_price()
        wizard.button_confirm()

    def order_with_fee(self, days_ago=0):
        order = self.quote(self.customer, [(self.paper, 10)])
        self.add_fee(order)
        order.action_confirm()
        order.date_order = self.at(days_ago)
        return order

    def products_bought(self):
        self.Dirty._fold()
        return self.Fact.search([("partner_id", "=", self.customer.id)]).product_id

    def test_fee_counts_as_ordered_and_invoiced_but_is_no_product_bought(self):
        order = self.order_with_fee(days_ago=3)
        self.deliver(order)
        self.invoice(order)
        stat = self.stat(self.customer)
        self.assertEqual((stat.ordered_total, stat.invoiced_net), (308.0, 308.0))
        self.assertEqual(self.products_bought(), self.paper)
        self.assert_rebuild_changes_nothing(self.customer)

    def test_fee_added_to_a_confirmed_order_is_no_product_either(self):
        order = self.order(self.customer, [(self.paper, 10)])
        self.assertEqual(self.stat(self.customer).ordered_total, 300.0)
        self.add_fee(order)
        self.assertEqual(self.stat(self.customer).ordered_total, 308.0)
        self.assertEqual(self.products_bought(), self.paper)

    def test_same_product_ordered_on_its_own_is_bought(self):
        order = self.order(self.customer, [(self.fee, 1)])
        self.assertEqual(self.products_bought(), self.fee)
        order.order_line.is_delivery = True
        self.assertFalse(self.products_bought(), "the mark alone makes it a fee")

    def test_fee_takes_no_part_in_pairs(self):
        self.company.crm_pair_min_orders = 1
        self.order_with_fee(days_ago=9)
        self.order(self.customer, [(self.toner, 1)])
        self.env["crm.product.pair"]._refresh(self.company)
        pairs = self.env["crm.product.pair"].search([("company_id", "=", self.company.id)])
        self.assertNotIn(self.fee, pairs.product_id | pairs.other_product_id)

    def test_products_of_carriers_are_not_suggested(self):
        for days_ago in (60, 30):
            self.order(self.customer, [(self.fee, 1), (self.paper, 1)], days_ago=days_ago)
        seller = new_test_user(self.env, "fee_seller", groups="sales_team.group_sale_salesman_all_leads")

        def suggested():
            lines = self.customer.with_user(seller).crm_suggest_offer(50)
            return {line["product_id"] for line in lines} & {self.fee.id, self.paper.id}

        self.assertEqual(suggested(), {self.paper.id})
        self.carrier.active = False
        self.assertEqual(suggested(), {self.paper.id}, "the fee of a method no longer offered is none")
        self.carrier.product_id = self.make_product("Other parcel", 9.0, type="service")
        self.assertEqual(suggested(), {self.paper.id, self.fee.id})

    def test_facts_are_collected_anew_when_the_addon_comes_or_goes(self):
        self.assert_asks_for_rebuild(post_init_hook)
        self.assert_asks_for_rebuild(uninstall_hook)
