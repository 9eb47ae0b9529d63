import random
from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestAnalyticsEvent(AnalyticsCommon):
    """What is a day of purchase, and what it was worth."""

    def test_orders_of_a_day_are_one_purchase(self):
        self.order(self.customer, [(self.paper, 10)], 40)
        self.order(self.contact, [(self.toner, 1)], 40)
        self.order(self.customer, [(self.paper, 1)], 5)
        self.quote(self.customer, [(self.paper, 99)])
        self.assertEqual(self.events(), [(5, 1, 30.0, 0.0, True), (40, 2, 390.0, 0.0, True)])

    def test_cancelled_order_leaves_no_day(self):
        order = self.order(self.customer, [(self.paper, 1)], 5)
        self.assertEqual(len(self.events()), 1)
        order._action_cancel()
        self.assertFalse(self.events())

    def test_day_is_that_of_the_company(self):
        self.company.crm_timezone = "Pacific/Auckland"
        order = self.order(self.customer, [(self.paper, 1)], 5)
        order.date_order = self.at(5, hour=23)
        self.assertEqual(self.events()[0][0], 4)

    def test_credit_note_goes_back_to_the_day_of_its_order(self):
        order = self.order(self.customer, [(self.training, 3)], 60)
        self.order(self.customer, [(self.paper, 1)], 20)
        invoice = self.invoice(order, 50)
        self.refund(invoice, 3, quantity=1)
        self.assertEqual(self.events(), [(20, 1, 30.0, 0.0, True), (60, 1, 200.0, 100.0, True)])

    def test_what_is_wholly_refunded_is_no_purchase_but_revenue_of_nothing(self):
        order = self.order(self.customer, [(self.training, 3)], 60)
        self.refund(self.invoice(order, 50), 3)
        self.assertEqual(self.events(), [(60, 1, 0.0, 300.0, False)])

    def test_invoices_instead_of_orders(self):
        order = self.order(self.customer, [(self.training, 2)], 60)
        invoice = self.invoice(order, 50)
        self.bill(self.customer, self.paper, 40.0, days_ago=10)
        self.refund(invoice, 3, quantity=1)
        self.bill(self.customer, self.paper, 15.0, "out_refund", days_ago=5)
        self.bill(self.customer, self.paper, 9.0, "in_invoice", days_ago=5)
        self.assertEqual(self.events(), [(60, 1, 100.0, 100.0, True)])
        self.company.crm_analytics_source = "invoices"
        self.Stat._refresh(self.company, self.customer)
        self.assertEqual(self.events(), [(10, 1, 25.0, 15.0, True), (50, 1, 100.0, 100.0, True)])

    def test_refund_of_nothing_known_is_no_purchase(self):
        self.company.crm_analytics_source = "invoices"
        self.bill(self.customer, self.paper, 15.0, "out_refund", days_ago=5)
        self.bill(self.customer, self.paper, 100.0, days_ago=2)
        self.assertEqual(self.events(), [(2, 1, 100.0, 0.0, True), (5, 0, -15.0, 15.0, False)])

    def test_down_payment_is_no_purchase_of_its_own(self):
        self.company.crm_analytics_source = "invoices"
        order = self.order(self.customer, [(self.training, 10)], 60)
        wizard = self.env["sale.advance.payment.inv"].with_context(active_ids=order.ids)
        advance = wizard.create({"advance_payment_method": "percentage", "amount": 50})
        first = advance._create_invoices(order)
        first.invoice_date = self.at(55).date()
        first.action_post()
        self.invoice(order, 20)
        self.assertEqual([event for event in self.events() if event[4]], [(20, 1, 1000.0, 0.0, True)])

    def test_amounts_are_those_of_the_day_in_company_currency(self):
        currency = self.env["res.currency"].create(
            {
                "name": "XAN",
                "symbol": "x",
                "rate_ids": [Command.create({"name": self.at(90).date(), "rate": 1.08})],
            }
        )
        pricelist = self.env["product.pricelist"].create({"name": "X", "currency_id": currency.id})
        order = self.quote(self.customer, [(self.paper, 1, {"price_unit": 108.0})], pricelist_id=pricelist.id)
        order.action_confirm()
        order.date_order = self.at(30)
        self.assertEqual(self.events()[0][2], 100.0)
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": self.at(20).date(), "rate": 2.0}
        )
        self.Stat._refresh(self.company, self.customer)
        self.assertEqual(self.events()[0][2], 100.0)

    def test_categories_left_out(self):
        shipping = self.env["product.category"].create({"name": "Shipping"})
        parcels = self.env["product.category"].create({"name": "Parcels", "parent_id": shipping.id})
        parcel = self.make_product("Parcel", 8.0, type="service", categ_id=parcels.id)
        order = self.order(self.customer, [(self.paper, 1), (parcel, 1)], 5)
        self.assertEqual(self.events()[0][2], 38.0)
        self.company.crm_analytics_excluded_categ_ids = shipping
        self.Stat._refresh(self.company, self.customer)
        self.assertEqual(self.events()[0][2], 30.0)
        self.deliver(order, 4)
        self.invoice(order, 4)
        self.company.crm_analytics_source = "invoices"
        self.Stat._refresh(self.company, self.customer)
        self.assertEqual(self.events()[0][:3], (4, 1, 30.0))

    def test_history_begins_where_it_is_complete(self):
        self.order(self.customer, [(self.paper, 1)], 400)
        self.order(self.customer, [(self.paper, 1)], 5)
        self.company.crm_analytics_since = self.at(100).date()
        self.assertTrue(self.env["crm.customer.rebuild"]._is_running(self.company))
        self.Stat._refresh(self.company, self.customer)
        self.assertEqual(len(self.events()), 1)

    def test_companies_of_ours_are_no_customers(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        self.order(other.partner_id, [(self.paper, 1)], 5)
        self.assertFalse(self.events(other.partner_id))

    def test_t19_merged_customers_have_one_history(self):
        double = self.make_customer("Alma Wholesale Ltd")
        self.order(self.contact, [(self.paper, 1)], 30)
        self.order(self.customer, [(self.paper, 1)], 20)
        self.order(double, [(self.paper, 1)], 20)
        self.order(double, [(self.paper, 1)], 10)
        self.fold()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | double).ids, dst_partner=self.customer, extra_checks=False)
        self.assertEqual([event[:2] for event in self.events()], [(10, 1), (20, 2), (30, 1)])

    def test_another_company_has_days_of_its_own(self):
        self.order(self.customer, [(self.paper, 1)], 5)
        other = self.env["res.company"].create({"name": "Other Ltd"})
        self.assertFalse(self.events(company=other))

    def live(self, chance, customers, orders, act):
        """One thing that happens to a business, chosen by chance."""
        if act == "order" or not orders:
            lines = [(self.training, chance.randint(1, 9))]
            orders.append(self.order(chance.choice(customers), lines, chance.randrange(200)))
            return
        order = chance.choice(orders)
        if act == "merge" and len(customers) > 3:
            gone = customers.pop(chance.randrange(len(customers)))
            wizard = self.env["base.partner.merge.automatic.wizard"].create({})
            stays = chance.choice(customers)
            wizard._merge((gone | stays).ids, dst_partner=stays, extra_checks=False)
        elif act == "move":
            order.date_order = self.at(chance.randrange(200))
        elif order.state == "sale" and not order.invoice_ids:
            if act == "cancel":
                order._action_cancel()
            elif act == "refund":
                self.refund(self.invoice(order, 5), chance.randrange(5), quantity=chance.randint(1, 3))

    def test_t22_rebuild_gives_the_rows_that_single_steps_gave(self):
        chance = random.Random(7)
        customers = [self.make_customer(f"Customer {number}") for number in range(6)]
        orders = []
        for step in range(48):
            act = chance.choice(["order", "order", "order", "cancel", "refund", "move", "merge"])
            self.live(chance, customers, orders, act)
            if step % 5 == 0:
                self.fold()
        self.fold()

        def rows():
            return [
                event.read(["partner_id", "day", "document_count", "revenue", "refunded", "is_purchase"])[0]
                | {"id": 0}
                for customer in customers
                for event in self.Event.search([("partner_id", "=", customer.id)])
            ]

        single = rows()
        self.assertGreater(len(single), 10)
        self.assertLess(len(customers), 6)
        self.Event.search([]).unlink()
        self.Stat._refresh(self.company, [customer.id for customer in customers])
        self.assertEqual(rows(), single)
        self.Event.search([]).unlink()
        self.collect_anew()
        self.assertEqual(rows(), single)
        # What is wrong is put right, what is right stays the same row.
        known = self.Event.search([("partner_id", "=", customers[0].id)])
        known[0].revenue += 1
        known[1].day += timedelta(days=1000)
        self.Event.create(
            {"company_id": self.company.id, "partner_id": customers[1].id, "day": "2001-01-01", "revenue": 1}
        )
        self.env.flush_all()
        kept = known[2:].ids
        self.collect_anew()
        self.assertEqual(rows(), single)
        self.assertEqual(self.Event.browse(kept).exists().ids, kept)

    def collect_anew(self):
        """The days of all customers, as a collection of facts derives them: in two parts here."""
        run = self.env["crm.customer.rebuild"].search([("state", "=", "waiting")])
        run.write({"state": "cancelled"})
        self.env.flush_all()
        run = self.env["crm.customer.rebuild"].create({"company_id": self.company.id})
        self.env.flush_all()
        half = self.env["res.partner"].search_count([("is_company", "=", True)]) // 2
        self.env["crm.customer.rebuild.part"]._make_days(run, half)
        self.assertGreater(len(run.part_ids), 1)
        for part in run.part_ids:
            part._do()
        run.state = "cancelled"
        self.env.flush_all()

    def test_one_part_with_days_at_a_time(self):
        Part = self.env["crm.customer.rebuild.part"]
        run = self.env["crm.customer.rebuild"].search([("state", "=", "waiting")])
        run.write({"state": "cancelled"})
        self.env.flush_all()
        run = run.create({"company_id": self.company.id})
        run._start()
        self.assertEqual(set(run.part_ids.mapped("kind")), {"rhythm", "customers", "days"})
        self.assertEqual(Part._claim(run).kind, "days")
        # The lock is of the session in a test, which has one: what another worker would be told.
        answers = iter([[(False,)]])
        with patch.object(type(self.env), "execute_query", lambda _env, _query: next(answers)):
            condition = Part._get_claim_condition(run)
        rows = self.env.execute_query(
            SQL("SELECT kind FROM crm_customer_rebuild_part WHERE rebuild_id = %s AND %s", run.id, condition)
        )
        self.assertEqual({kind for (kind,) in rows}, {"rhythm", "customers"})

    def test_collecting_customers_leaves_the_days_to_their_own_part(self):
        self.order(self.customer, [(self.paper, 1)], 5)
        run = self.env["crm.customer.rebuild"].search([("company_id", "=", self.company.id)], limit=1)
        run = run or run.create({"company_id": self.company.id})
        part = self.env["crm.customer.rebuild.part"].create(
            {
                "rebuild_id": run.id,
                "kind": "customers",
                "first_partner_id": self.customer.id,
                "last_partner_id": self.customer.id,
            }
        )
        part._do()
        self.assertFalse(self.Event.search([("partner_id", "=", self.customer.id)]))
        part.kind = "days"
        part._do()
        self.assertEqual(len(self.Event.search([("partner_id", "=", self.customer.id)])), 1)

    def test_many_at_once_put_refunds_where_single_steps_do(self):
        self.company.crm_analytics_source = "invoices"
        other = self.make_customer("Other")
        for customer in (self.customer, other):
            self.bill(customer, self.paper, 15.0, "out_refund", days_ago=50)
            self.bill(customer, self.paper, 100.0, days_ago=40)
            self.bill(customer, self.paper, 25.0, "out_refund", days_ago=30)
            self.bill(customer, self.paper, 5.0, "out_refund", days_ago=20)
        self.bill(other, self.paper, 60.0, days_ago=20)
        expected = [
            [(40, 1, 70.0, 30.0, True), (50, 0, -15.0, 15.0, False)],
            [(20, 1, 55.0, 5.0, True), (40, 1, 75.0, 25.0, True), (50, 0, -15.0, 15.0, False)],
        ]
        self.assertEqual([self.events(self.customer), self.events(other)], expected)
        self.Event.search([]).unlink()
        self.collect_anew()
        self.assertEqual([self.events(self.customer), self.events(other)], expected)

    def test_many_at_once_add_up_what_comes_from_several_places(self):
        order = self.order(self.customer, [(self.training, 3)], 60)
        self.order(self.customer, [(self.paper, 1)], 40)
        self.refund(self.invoice(order, 50), 3, quantity=1)
        other = self.make_customer("Other")
        past = ((self.customer, 70, 30), (self.customer, 40, 20), (other, 40, 9))
        for number, (customer, days_ago, amount) in enumerate(past):
            self.env["crm.past.sale"].create(
                {
                    "company_id": self.company.id,
                    "partner_id": customer.id,
                    "date": self.at(days_ago).date(),
                    "reference": f"OLD-{number}",
                    "product_id": self.paper.id,
                    "quantity": 1,
                    "amount": amount,
                }
            )
        self.company.invalidate_recordset()
        self.Stat._refresh(self.company, self.customer | other)
        expected = [
            [(40, 2, 50.0, 0.0, True), (60, 1, 200.0, 100.0, True), (70, 1, 30.0, 0.0, True)],
            [(40, 1, 9.0, 0.0, True)],
        ]
        self.assertEqual([self.events(self.customer), self.events(other)], expected)
        self.Event.search([]).unlink()
        self.collect_anew()
        self.assertEqual([self.events(self.customer), self.events(other)], expected)

    def test_days_go_with_the_customer(self):
        other = self.make_customer("Other")
        self.Event.create({"company_id": self.company.id, "partner_id": other.id, "day": "2024-01-01"})
        self.env.flush_all()
        other.unlink()
        self.assertFalse(self.Event.search([("partner_id", "=", other.id)]))
