from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from odoo.addons.crm_analytics.tests.common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestReceipts(AnalyticsCommon):
    """Receipts of a shop as days of purchase."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.env["pos.config"].create({"name": "Corner shop"})
        cls.shop.open_ui()

    def receipt(self, amount=30.0, days_ago=0, product=None, **values):
        return self.env["pos.order"].create(
            {
                "session_id": self.shop.current_session_id.id,
                "company_id": self.company.id,
                "partner_id": self.contact.id,
                "date_order": self.at(days_ago),
                "state": "paid",
                "lines": [
                    Command.create(
                        {
                            "product_id": (product or self.paper).id,
                            "qty": 1 if amount > 0 else -1,
                            "price_unit": abs(amount),
                            "price_subtotal": amount,
                            "price_subtotal_incl": amount,
                        }
                    )
                ],
                "amount_tax": 0.0,
                "amount_total": amount,
                "amount_paid": amount,
                "amount_return": 0.0,
                **values,
            }
        )

    def test_receipt_is_a_day_of_purchase_of_the_customer(self):
        self.receipt(days_ago=5)
        self.receipt(20, days_ago=5)
        self.receipt(days_ago=3, state="draft")
        self.assertEqual(self.events(), [(5, 2, 50.0, 0.0, True)])

    def test_order_and_receipt_of_a_day_are_one(self):
        self.order(self.customer, [(self.training, 1)], days_ago=5)
        self.receipt(days_ago=5)
        self.assertEqual(self.events(), [(5, 2, 130.0, 0.0, True)])

    def test_refund_goes_back_to_the_last_purchase(self):
        self.receipt(days_ago=9)
        self.receipt(-10, days_ago=2, is_refund=True)
        self.assertEqual(self.events(), [(9, 1, 20.0, 10.0, True)])

    def test_receipt_moves_with_its_customer(self):
        receipt = self.receipt(days_ago=4)
        self.assertEqual(len(self.events()), 1)
        other = self.make_customer("Other")
        receipt.partner_id = other
        self.assertEqual(self.events(), [])
        self.assertEqual(len(self.events(other)), 1)

    def test_category_left_out(self):
        category = self.env["product.category"].create({"name": "Gift cards"})
        self.toner.categ_id = category
        self.company.crm_analytics_excluded_categ_ids = category
        self.receipt(days_ago=4, product=self.toner)
        self.receipt(days_ago=6)
        self.assertEqual(self.events(), [(6, 1, 30.0, 0.0, True)])

    def test_invoiced_receipt_counts_by_its_invoice(self):
        self.company.crm_analytics_source = "invoices"
        invoice = self.bill(self.customer, self.training, 30.0, days_ago=4)
        self.receipt(days_ago=4, account_move=invoice.id)
        self.receipt(7, days_ago=2)
        self.assertEqual(self.events(), [(2, 1, 7.0, 0.0, True), (4, 1, 30.0, 0.0, True)])

    def test_receipts_are_in_the_sales_a_forecast_learns_from(self):
        Sales = self.env["crm.analytics.sales"]
        self.company.crm_analytics_since = self.today - timedelta(days=40)
        own = [("company_id", "=", self.company.id)]
        Sales._refresh(self.company)
        before = sum(Sales.search(own).mapped("amount"))
        self.receipt(days_ago=5)
        self.receipt(-10, days_ago=2, is_refund=True)
        self.receipt(99, days_ago=4, partner_id=False)
        Sales._refresh(self.company)
        self.assertEqual(sum(Sales.search(own).mapped("amount")) - before, 20.0)
        row = Sales.search([*own, ("categ_id", "=", self.paper.categ_id.id), ("from_deal", "=", False)])
        self.assertTrue(row)

    def test_products_of_a_receipt_are_a_basket(self):
        Basket = self.env["crm.analytics.basket"]
        before = Basket._look(self.company).filtered(lambda look: look.kind == "order").basket_count
        receipt = self.receipt(days_ago=5, partner_id=False)
        receipt.lines.copy({"order_id": receipt.id, "product_id": self.toner.id})
        # What comes back is no basket.
        self.receipt(-10, days_ago=2, is_refund=True)
        after = Basket._look(self.company).filtered(lambda look: look.kind == "order").basket_count
        self.assertEqual(after - before, 1)

    def test_rebuild_changes_nothing(self):
        self.receipt(days_ago=9)
        self.receipt(-10, days_ago=2, is_refund=True)
        before = self.events()
        self.Event._refresh(self.company, self.customer.ids)
        self.assertEqual(self.events(), before)
