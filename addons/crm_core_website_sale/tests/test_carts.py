from odoo.tests import tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_website_sale import post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestCarts(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].create({"name": "Shop", "company_id": cls.company.id})

    def cart(self, partner=None, **values):
        return self.quote(partner or self.customer, [(self.paper, 2)], website_id=self.website.id, **values)

    def quotations(self):
        """The figure, its records and the history, as a person sees them side by side."""
        stat = self.stat(self.customer)
        action = self.customer.crm_open_records("quotations")
        drafts = [row for row in self.customer.crm_upcoming(50)["rows"] if row["kind"] == "quotation"]
        records = self.env["sale.order"].search(action["domain"])
        self.assertEqual(len(records), stat.quotation_count)
        self.assertEqual(
            {row["res_id"] for row in drafts}, set(records.filtered(lambda order: order.state == "draft").ids)
        )
        return records, stat.quotation_amount

    def test_cart_is_no_open_quotation(self):
        self.cart()
        records, amount = self.quotations()
        self.assertFalse(records)
        self.assertEqual(amount, 0.0)
        quotation = self.quote(self.customer, [(self.toner, 1)])
        self.assertEqual(self.quotations(), (quotation, 90.0))
        self.assert_rebuild_changes_nothing(self.customer)

    def test_cart_alone_leaves_the_customer_without_business(self):
        self.cart()
        self.assertFalse(self.stat(self.customer))
        overview = self.customer.crm_overview()
        self.assertFalse([todo for todo in overview["todo"] if todo["key"] == "quotations"])

    def test_order_of_the_shop_that_was_sent_is_a_quotation(self):
        order = self.cart()
        order.action_quotation_sent()
        self.assertEqual(self.quotations(), (order, 60.0))

    def test_order_taken_off_the_shop_is_a_quotation(self):
        order = self.cart()
        self.assertFalse(self.quotations()[0])
        order.website_id = False
        self.assertEqual(self.quotations(), (order, 60.0))
        order.website_id = self.website
        self.assertFalse(self.quotations()[0])

    def test_confirmed_cart_is_an_order_like_any_other(self):
        order = self.cart()
        order.action_confirm()
        stat = self.stat(self.customer)
        self.assertEqual((stat.order_count, stat.ordered_total, stat.quotation_count), (1, 60.0, 0))
        self.assertEqual(self.fact(self.customer, self.paper).times_bought, 1)
        order._action_cancel()
        self.assertFalse(self.stat(self.customer))
        order.action_draft()
        self.assertFalse(self.quotations()[0], "back to draft it is a cart again")

    def test_facts_are_collected_anew_when_the_addon_comes_or_goes(self):
        self.assert_asks_for_rebuild(post_init_hook)
        self.assert_asks_for_rebuild(uninstall_hook)
