import random
from unittest.mock import Mock, patch

from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.modules.registry import Registry
from odoo.tests import tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestFactsQueue(CrmCoreCommon):
    """The queue of stale customers, and that every way to the facts gives the same facts."""

    def waiting(self):
        self.env.flush_all()
        self.Dirty._insert_pending()
        self.env.cr.execute("SELECT partner_id FROM crm_customer_dirty")
        return {partner_id for (partner_id,) in self.env.cr.fetchall()}

    def test_change_marks_the_commercial_entity_once_flushed(self):
        self.Dirty._fold()
        self.quote(self.contact, [(self.paper, 1)])
        self.assertIn(self.customer.id, self.waiting())
        self.assertNotIn(self.contact.id, self.waiting())

    def test_change_that_does_not_matter_marks_nobody(self):
        order = self.order(self.customer, [(self.paper, 1)])
        self.Dirty._fold()
        order.client_order_ref = "PO 17"
        self.assertFalse(self.waiting())

    def test_rolled_back_change_leaves_no_mark(self):
        self.Dirty._fold()
        with self.assertRaises(RuntimeError), self.env.cr.savepoint():
            self.quote(self.customer, [(self.paper, 1)])
            raise RuntimeError
        self.assertFalse(self.waiting())

    def test_moving_an_order_marks_both_customers(self):
        other = self.make_customer("Berta")
        order = self.order(self.customer, [(self.paper, 1)])
        self.Dirty._fold()
        order.partner_id = other
        self.assertLessEqual({self.customer.id, other.id}, self.waiting())
        self.assertFalse(self.stat(self.customer))
        self.assertEqual(self.stat(other).order_count, 1)

    def test_deleting_a_quotation_takes_it_back(self):
        quotation = self.quote(self.customer, [(self.paper, 1)])
        self.assertEqual(self.stat(self.customer).quotation_count, 1)
        quotation.unlink()
        self.assertFalse(self.stat(self.customer))

    def test_reading_a_customer_folds_his_rows_first(self):
        self.order(self.customer, [(self.paper, 1)])
        tiles = {tile["key"]: tile["value"] for tile in self.customer.crm_overview()["tiles"]}
        self.assertEqual(tiles["orders"], 1)

    def test_contact_that_becomes_a_company_takes_its_orders_along(self):
        self.order(self.contact, [(self.paper, 1)])
        self.order(self.customer, [(self.paper, 1)])
        self.assertEqual(self.stat(self.customer).order_count, 2)
        self.contact.is_company = True
        self.assertEqual(self.stat(self.customer).order_count, 1)
        self.assertEqual(self.stat(self.contact).order_count, 1)
        self.contact.is_company = False
        self.assertEqual(self.stat(self.customer).order_count, 2)
        self.assertFalse(self.stat(self.contact))

    def test_child_company_is_a_customer_of_its_own(self):
        child = self.make_customer("Alma Retail", parent_id=self.customer.id)
        self.order(child, [(self.paper, 2)])
        self.bill(child, self.paper, 60.0)
        self.assertEqual(self.stat(child).order_count, 1)
        self.assertFalse(self.stat(self.customer))

    def test_entity_that_becomes_a_contact_brings_its_invoices(self):
        shop = self.make_customer("Shop")
        self.bill(shop, self.paper, 60.0)
        self.assertEqual(self.stat(shop).invoiced_net, 60.0)
        shop.write({"parent_id": self.customer.id, "is_company": False})
        stat = self.stat(self.customer)
        self.assertEqual((stat.invoiced_net, stat.receivable), (60.0, 60.0))
        self.assertFalse(self.stat(shop))

    def test_merged_partners_have_one_history(self):
        double = self.make_customer("Alma Wholesale Ltd")
        for partner in (self.customer, double):
            order = self.order(partner, [(self.paper, 5)], days_ago=10)
            self.deliver(order)
            self.invoice(order)
        self.stat(double)
        offer = self.env["crm.offer"].create(
            {
                "partner_id": double.id,
                "line_ids": [Command.create({"product_id": self.paper.id})],
            }
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | double).ids, self.customer)
        stat = self.stat(self.customer)
        self.assertEqual((stat.order_count, stat.invoiced_net), (2, 300.0))
        self.assertEqual(self.fact(self.customer, self.paper).net_quantity, 10.0)
        self.assertEqual(offer.partner_id, self.customer)
        self.assertFalse(self.Stat.search([("partner_id", "=", double.id)]))

    def test_rebuild_and_single_steps_give_identical_rows_in_any_order(self):
        customers = self.customer | self.make_customer("Berta") | self.make_customer("Cyril")
        chance = random.Random(19)
        orders = []
        for _step in range(40):
            event = chance.choice(("quote", "order", "order", "deliver", "invoice", "cancel", "move"))
            partner = chance.choice(customers)
            product = chance.choice((self.paper, self.toner, self.training))
            if event == "quote":
                self.quote(partner, [(product, chance.randint(1, 5))])
            elif event == "order":
                days_ago = chance.randint(0, 300)
                orders.append(self.order(partner, [(product, chance.randint(1, 5))], days_ago=days_ago))
            elif orders:
                order = chance.choice(orders)
                if event == "deliver" and order.state == "sale":
                    self.deliver(order)
                elif event == "invoice" and order.invoice_status == "to invoice":
                    self.invoice(order, days_ago=chance.randint(0, 100))
                elif event == "cancel" and not order.invoice_ids:
                    order._action_cancel()
                    orders.remove(order)
                elif event == "move" and not order.invoice_ids:
                    order.partner_id = partner
            if chance.random() < 0.4:
                self.Dirty._fold(limit=chance.choice((1, 2, None)))
        self.Dirty._fold()
        incremental = self.snapshot(customers)
        self.assertGreaterEqual(len(incremental), 5)
        self.Stat.search([("partner_id", "in", customers.ids)]).unlink()
        self.Fact.search([("partner_id", "in", customers.ids)]).unlink()
        self.Stat._refresh(self.company, customers)
        self.assertEqual(self.snapshot(customers), incremental)
        self.Stat._refresh(self.company, customers)
        self.assertEqual(self.snapshot(customers), incremental, "a second time changes nothing")

    def test_rebuild_goes_on_where_it_was_interrupted(self):
        Rebuild = self.env["crm.customer.rebuild"]
        Rebuild.search([]).action_cancel()
        last = self.env["res.partner"].with_context(active_test=False).search([], order="id desc", limit=1)
        customers = self.env["res.partner"].browse(
            [self.make_customer(f"Row {number}").id for number in range(5)]
        )
        self.env.flush_all()
        for customer in customers:
            self.order(customer, [(self.training, 1)])
        self.env.cr.execute("DELETE FROM crm_customer_dirty")
        self.Dirty._insert_pending()
        self.env.cr.execute("DELETE FROM crm_customer_dirty")
        run = Rebuild._request(self.company)
        run._start()
        run.last_partner_id = last.id
        self.assertEqual(run._do_batch(limit=2), 2)
        self.assertEqual(run.state, "running")
        self.assertEqual(self.Stat.search_count([("partner_id", "in", customers.ids)]), 2)
        while run.state == "running":
            run._do_batch(limit=2)
        self.assertEqual(self.Stat.search_count([("partner_id", "in", customers.ids)]), 5)
        self.assertEqual((run.state, run.progress), ("done", 100.0))

    def test_second_request_restarts_the_open_run(self):
        Rebuild = self.env["crm.customer.rebuild"]
        run = Rebuild._request(self.company)
        run.last_partner_id = 7
        self.assertEqual(Rebuild._request(self.company), run)
        self.assertEqual(run.last_partner_id, 0)

    def test_two_workers_never_fold_the_same_row(self):
        registry = Registry(self.env.cr.dbname)
        marker = 2_000_000_000  # no such partner: folding it refreshes nobody
        with registry._db.cursor() as first, registry._db.cursor() as second:
            try:
                first.execute(
                    "INSERT INTO crm_customer_dirty (partner_id) VALUES (%s), (%s)",
                    [marker, marker],
                )
                first.commit()
                first_queue, second_queue = (self.Dirty.with_env(self.env(cr=cr)) for cr in (first, second))
                self.assertEqual(first_queue._fold(limit=1, partner_ids=[marker]), 1)
                self.assertEqual(
                    second_queue._fold(partner_ids=[marker]), 1, "the other row, not the locked one"
                )
                self.assertEqual(second_queue._fold(partner_ids=[marker]), 0)
            finally:
                first.rollback()
                second.rollback()
                first.execute("DELETE FROM crm_customer_dirty WHERE partner_id = %s", [marker])
                first.commit()

    def test_scheduled_job_tries_again_where_somebody_was_first(self):
        attempts = []

        def work():
            attempts.append(len(attempts))
            if len(attempts) < 3:
                raise SerializationFailure
            return "done"

        with patch.object(self.env.cr, "rollback") as rollback:
            self.assertEqual(self.Dirty._try_again(work), "done")
        self.assertEqual((len(attempts), rollback.call_count), (3, 2))
        with patch.object(self.env.cr, "rollback"), self.assertRaises(SerializationFailure):
            self.Dirty._try_again(Mock(side_effect=SerializationFailure))
