from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_sale_margin import post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestMargin(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paper.standard_price = 20.0
        cls.toner.standard_price = 100.0
        cls.training.standard_price = 40.0

    def foreign_pricelist(self, rate):
        """A pricelist in another currency, ``rate`` units of which are one of the company's."""
        currency = self.env["res.currency"].create({"name": "XYZ", "symbol": "X", "rounding": 0.01})
        self.set_rate(currency, 40, rate)
        return self.env["product.pricelist"].create({"name": "Abroad", "currency_id": currency.id})

    def set_rate(self, currency, days_ago, rate):
        self.env["res.currency.rate"].create(
            {
                "name": self.at(days_ago).date(),
                "currency_id": currency.id,
                "rate": rate,
                "company_id": self.company.id,
            }
        )

    def test_margin_is_what_was_ordered_less_what_it_cost(self):
        self.order(self.customer, [(self.paper, 10)])
        self.order(self.contact, [(self.training, 1)])
        stat = self.stat(self.customer)
        self.assertEqual((stat.ordered_total, stat.margin), (400.0, 160.0))
        self.assertAlmostEqual(stat.margin_rate, 0.4)
        self.assert_rebuild_changes_nothing(self.customer)

    def test_quotations_and_cancelled_orders_earn_nothing(self):
        self.quote(self.customer, [(self.paper, 5)])
        order = self.order(self.customer, [(self.paper, 10)])
        self.assertEqual(self.stat(self.customer).margin, 100.0)
        order._action_cancel()
        stat = self.stat(self.customer)
        self.assertEqual((stat.quotation_count, stat.margin, stat.margin_rate), (1, 0.0, 0.0))
        self.assert_rebuild_changes_nothing(self.customer)

    def test_other_currency_counts_by_the_rate_of_the_order(self):
        pricelist = self.foreign_pricelist(rate=2.0)
        order = self.quote(self.customer, [(self.training, 1)], pricelist_id=pricelist.id)
        order.order_line.price_unit = 200.0
        order.action_confirm()
        self.assertEqual((order.order_line.purchase_price, order.margin), (80.0, 120.0))
        self.set_rate(pricelist.currency_id, -1, 8.0)
        stat = self.stat(self.customer)
        self.assertEqual((stat.ordered_total, stat.margin), (100.0, 60.0))
        self.assertAlmostEqual(stat.margin_rate, 0.6)
        self.assert_rebuild_changes_nothing(self.customer)

    def test_cost_corrected_on_a_confirmed_order_moves_the_margin(self):
        order = self.order(self.customer, [(self.paper, 10)])
        self.assertEqual(self.stat(self.customer).margin, 100.0)
        order.order_line.purchase_price = 25.0
        self.assertEqual(self.stat(self.customer).margin, 50.0)

    def test_only_the_customer_and_company_asked_for_are_touched(self):
        other = self.make_customer("Berta")
        self.order(self.customer, [(self.paper, 10)])
        self.order(other, [(self.paper, 1)])
        self.Dirty._fold()
        self.env.cr.execute(
            "UPDATE crm_customer_stat SET margin = 7 WHERE partner_id = ANY(%s)",
            [[self.customer.id, other.id]],
        )
        self.Stat.invalidate_model()
        self.Stat._refresh(self.company, self.customer)
        self.assertEqual((self.stat(self.customer).margin, self.stat(other).margin), (100.0, 7.0))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.Stat._refresh(elsewhere, other.ids)
        self.assertEqual(self.stat(other).margin, 7.0)

    def test_overview_shows_the_margin_and_warns_of_a_loss(self):
        self.order(self.customer, [(self.paper, 10)])
        self.assertEqual(self.margin_tile()["value"], 100.0)
        self.assertEqual(self.margin_tile()["hint"], "33 % of orders")
        self.assertEqual(self.margin_tile()["level"], "")
        self.order(self.customer, [(self.toner, 20)])
        self.assertEqual((self.margin_tile()["value"], self.margin_tile()["level"]), (-100.0, "danger"))
        self.assertIn(self.stat(self.customer), self.Stat.search([("margin", "<", 0)]))

    def test_without_orders_the_margin_is_unknown(self):
        self.quote(self.customer, [(self.paper, 1)])
        self.assertIsNone(self.margin_tile()["value"])
        self.assertIsNone(self.margin_tile(self.make_customer("Nobody yet"))["value"])

    def test_every_role_sees_it(self):
        self.order(self.customer, [(self.paper, 10)])
        self.Dirty._fold()
        for role in ("user", "all", "manager"):
            user = new_test_user(self.env, f"margin_{role}", groups=f"crm_core.group_crm_core_{role}")
            self.assertEqual(self.margin_tile(self.customer.with_user(user))["value"], 100.0)
            views = self.Stat.with_user(user).get_views([(False, "list"), (False, "pivot")])
            self.assertIn("margin", views["models"]["crm.customer.stat"]["fields"])

    def test_refreshing_many_costs_as_few_queries_as_one(self):
        customers = self.make_customer("Berta") | self.make_customer("Cyril") | self.customer
        for customer in customers:
            self.order(customer, [(self.paper, 1)])
        self.Dirty._fold()
        for some in (self.customer, customers):
            # Planner setting, products, facts, margin; with customer analytics the days of purchase.
            with self.assertQueryCount(5):
                self.Stat._refresh(self.company, some)

    def test_facts_are_collected_anew_when_the_addon_comes_or_goes(self):
        self.assert_asks_for_rebuild(post_init_hook)
        self.assert_asks_for_rebuild(uninstall_hook)

    def margin_tile(self, customer=None):
        tiles = (customer or self.customer).crm_overview()["tiles"]
        return next(tile for tile in tiles if tile["key"] == "margin")
