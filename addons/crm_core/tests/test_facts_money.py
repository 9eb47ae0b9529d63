from odoo import Command
from odoo.tests import tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestFactsMoney(CrmCoreCommon):
    """What counts as turnover, as ordered and as a product bought: the traps."""

    def test_order_delivered_and_invoiced_counts_once_in_each_figure(self):
        order = self.order(self.customer, [(self.paper, 10), (self.toner, 2)], days_ago=5)
        self.deliver(order, days_ago=4)
        self.invoice(order, days_ago=3)
        stat = self.stat(self.customer)
        self.assertRecordValues(
            stat,
            [
                {
                    "order_count": 1,
                    "ordered_total": 480.0,
                    "average_order_value": 480.0,
                    "invoiced_net": 480.0,
                    "invoiced_12m": 480.0,
                    "refunded": 0.0,
                    "first_order_date": self.at(5).date(),
                    "last_order_date": self.at(5).date(),
                    "receivable": 480.0,
                }
            ],
        )
        self.assertRecordValues(
            self.fact(self.customer, self.paper),
            [{"times_bought": 1, "net_quantity": 10.0, "last_price": 30.0, "amount": 300.0}],
        )

    def test_contact_rolls_up_to_its_company(self):
        self.order(self.contact, [(self.paper, 1)])
        self.assertEqual(self.stat(self.customer).order_count, 1)
        self.assertFalse(self.stat(self.contact))

    def test_refund_without_order_lowers_turnover_and_is_no_purchase(self):
        self.bill(self.customer, self.paper, 200.0)
        self.bill(self.customer, self.toner, 50.0, move_type="out_refund")
        stat = self.stat(self.customer)
        self.assertEqual(stat.invoiced_net, 150.0)
        self.assertEqual(stat.refunded, 50.0)
        self.assertEqual(stat.order_count, 0)
        self.assertFalse(self.fact(self.customer, self.paper))
        self.assertFalse(self.fact(self.customer, self.toner))

    def test_refund_alone_makes_nobody_a_buyer(self):
        self.bill(self.customer, self.toner, 50.0, move_type="out_refund")
        stat = self.stat(self.customer)
        self.assertEqual(stat.lifecycle, "prospect")
        self.assertFalse(stat.last_purchase_date)

    def test_draft_and_cancelled_invoices_do_not_count(self):
        invoice = self.bill(self.customer, self.paper, 200.0)
        self.assertEqual(self.stat(self.customer).invoiced_net, 200.0)
        invoice.button_draft()
        self.assertFalse(self.stat(self.customer).invoiced_net)
        invoice.button_cancel()
        self.assertFalse(self.stat(self.customer).invoiced_net)

    def test_refunded_invoice_of_an_order_nets_out(self):
        order = self.order(self.customer, [(self.training, 2)])
        invoice = self.invoice(order)
        self.assertEqual(self.fact(self.customer, self.training).net_quantity, 2.0)
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard = reversal.create({"journal_id": invoice.journal_id.id})
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        stat = self.stat(self.customer)
        self.assertEqual((stat.invoiced_net, stat.refunded), (0.0, 200.0))
        self.assertEqual(self.fact(self.customer, self.training).net_quantity, 0.0)

    def test_down_payment_is_neither_product_nor_counted_twice(self):
        order = self.order(self.customer, [(self.paper, 10)])
        self.env["sale.advance.payment.inv"].create(
            {
                "advance_payment_method": "percentage",
                "amount": 50,
                "sale_order_ids": [Command.set(order.ids)],
            }
        ).create_invoices()
        order.invoice_ids.action_post()
        self.deliver(order)
        self.invoice(order)
        stat = self.stat(self.customer)
        self.assertEqual(stat.ordered_total, 300.0)
        self.assertEqual(stat.invoiced_net, 300.0, "the final invoice takes the down payment off")
        facts = self.Fact.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(facts.product_id, self.paper)

    def test_sections_notes_and_discount_are_not_products(self):
        order = self.quote(self.customer, [(self.paper, 10)])
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "Office"}),
            Command.create({"display_type": "line_note", "name": "Handle with care"}),
        ]
        self.env["sale.order.discount"].create(
            {"sale_order_id": order.id, "discount_type": "amount", "discount_amount": 30.0}
        ).action_apply_discount()
        order.action_confirm()
        stat = self.stat(self.customer)
        self.assertEqual(stat.ordered_total, 270.0)
        facts = self.Fact.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(facts.product_id, self.paper)

    def test_combo_items_are_bought_and_the_combo_is_not(self):
        combo = self.env["product.combo"].create(
            {"name": "Paper", "combo_item_ids": [Command.create({"product_id": self.paper.id})]}
        )
        bundle = self.env["product.product"].create(
            {
                "name": "Office bundle",
                "type": "combo",
                "list_price": 25.0,
                "combo_ids": [Command.set(combo.ids)],
                "taxes_id": [Command.clear()],
            }
        )
        order = self.quote(self.customer, [(bundle, 1)])
        order.order_line = [
            Command.create(
                {
                    "product_id": self.paper.id,
                    "product_uom_qty": 1,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_line_id": order.order_line.id,
                }
            )
        ]
        order.action_confirm()
        self.assertEqual(self.stat(self.customer).ordered_total, 25.0)
        facts = self.Fact.search([("partner_id", "=", self.customer.id)])
        self.assertRecordValues(facts, [{"product_id": self.paper.id, "last_price": 25.0}])

    def test_other_currency_counts_by_the_rate_of_the_order(self):
        euro = self.env.ref("base.EUR")
        if self.company.currency_id == euro:
            euro = self.env.ref("base.USD")
        euro.active = True
        euro.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            {
                "name": self.at(40).date(),
                "currency_id": euro.id,
                "rate": 2.0,
                "company_id": self.company.id,
            }
        )
        pricelist = self.env["product.pricelist"].create({"name": "Euro", "currency_id": euro.id})
        order = self.quote(self.customer, [(self.training, 1)], pricelist_id=pricelist.id)
        order.order_line.price_unit = 200.0
        order.action_confirm()
        self.assertEqual(order.currency_id, euro)
        # A later rate must not change what was ordered.
        self.env["res.currency.rate"].create(
            {
                "name": self.at(-30).date(),
                "currency_id": euro.id,
                "rate": 8.0,
                "company_id": self.company.id,
            }
        )
        self.assertEqual(self.stat(self.customer).ordered_total, 100.0)
        self.assertEqual(self.fact(self.customer, self.training).last_price, 100.0)
        self.invoice(order)
        self.assertEqual(self.stat(self.customer).invoiced_net, 100.0)

    def test_cancelling_after_confirmation_takes_everything_back(self):
        order = self.order(self.customer, [(self.paper, 10)])
        self.assertEqual(self.stat(self.customer).order_count, 1)
        order._action_cancel()
        self.assertFalse(self.stat(self.customer))
        self.assertFalse(self.fact(self.customer, self.paper))

    def test_return_lowers_the_quantity_and_shows_in_the_rate(self):
        order = self.order(self.customer, [(self.paper, 10)])
        picking = self.deliver(order)
        self.send_back(picking, 4)
        fact = self.fact(self.customer, self.paper)
        self.assertEqual((fact.net_quantity, fact.returned_quantity), (6.0, 4.0))
        self.assertAlmostEqual(self.stat(self.customer).return_rate, 0.4)

    def test_exchange_counts_as_returned_though_the_order_stays_delivered(self):
        order = self.order(self.customer, [(self.paper, 10)])
        picking = self.deliver(order)
        self.send_back(picking, 4, to_refund=False)
        fact = self.fact(self.customer, self.paper)
        self.assertEqual(fact.returned_quantity, 4.0)

    def test_service_invoiced_without_delivery_counts_what_was_invoiced(self):
        order = self.order(self.customer, [(self.training, 3)])
        self.assertEqual(self.fact(self.customer, self.training).net_quantity, 0.0)
        self.invoice(order)
        self.assertEqual(self.fact(self.customer, self.training).net_quantity, 3.0)

    def test_quantities_are_in_the_unit_of_the_product(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.paper.uom_ids = [Command.link(dozen.id)]
        order = self.order(
            self.customer, [(self.paper, 2, {"product_uom_id": dozen.id, "price_unit": 120.0})]
        )
        self.deliver(order)
        fact = self.fact(self.customer, self.paper)
        self.assertEqual((fact.net_quantity, fact.usual_quantity), (24.0, 24.0))
        self.assertEqual(fact.last_price, 10.0)

    def test_quotations_and_opportunities_are_open_business(self):
        self.quote(self.customer, [(self.paper, 1)])
        self.quote(self.contact, [(self.paper, 2)]).action_quotation_sent()
        lead = self.env["crm.lead"].create(
            {
                "name": "Archive",
                "type": "opportunity",
                "partner_id": self.contact.id,
                "expected_revenue": 5000.0,
            }
        )
        stat = self.stat(self.customer)
        self.assertEqual((stat.quotation_count, stat.quotation_amount), (2, 90.0))
        self.assertEqual((stat.opportunity_count, stat.opportunity_amount), (1, 5000.0))
        self.assertEqual(stat.lifecycle, "prospect")
        lead.action_set_won()
        self.assertEqual(self.stat(self.customer).opportunity_count, 0)

    def test_receivable_overdue_and_days_to_pay(self):
        old = self.bill(self.customer, self.paper, 100.0, days_ago=50)
        self.bill(self.customer, self.paper, 40.0, invoice_date_due=self.at(-9).date())
        stat = self.stat(self.customer)
        self.assertEqual((stat.receivable, stat.overdue), (140.0, 100.0))
        self.pay(old, days_ago=30)
        stat = self.stat(self.customer)
        self.assertEqual((stat.receivable, stat.overdue), (40.0, 0.0))
        self.assertEqual((stat.days_to_pay, stat.paid_invoice_count), (20.0, 1))

    def test_invoice_settled_by_a_refund_was_not_paid(self):
        invoice = self.bill(self.customer, self.paper, 100.0, days_ago=20)
        refund = self.bill(self.customer, self.paper, 100.0, move_type="out_refund", days_ago=10)
        lines = (invoice | refund).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        lines.reconcile()
        stat = self.stat(self.customer)
        self.assertEqual(stat.receivable, 0.0)
        self.assertEqual(stat.paid_invoice_count, 0)

    def test_on_time_rate_compares_local_days(self):
        in_time = self.order(self.customer, [(self.paper, 1)], days_ago=20)
        in_time.commitment_date = self.at(10)
        self.deliver(in_time, days_ago=10)
        late = self.order(self.customer, [(self.paper, 1)], days_ago=20)
        late.commitment_date = self.at(10)
        self.deliver(late, days_ago=8)
        stat = self.stat(self.customer)
        self.assertEqual((stat.delivery_count, stat.on_time_rate), (2, 0.5))

    def test_turnover_windows_and_months(self):
        self.bill(self.customer, self.paper, 100.0, days_ago=10)
        self.bill(self.customer, self.paper, 70.0, days_ago=400)
        self.bill(self.customer, self.paper, 5.0, days_ago=900)
        stat = self.stat(self.customer)
        self.assertEqual(
            (stat.invoiced_12m, stat.invoiced_previous_12m, stat.invoiced_net), (100.0, 70.0, 175.0)
        )
        self.assertEqual(stat.monthly_turnover[self.at(10).strftime("%Y-%m")], 100.0)
