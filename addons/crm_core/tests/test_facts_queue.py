import random
from unittest.mock import Mock, patch

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import Command
from odoo.modules.registry import Registry
from odoo.tests import TransactionCase, tagged

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

    def happen(self, order, event, partner, chance):
        """What may happen to an order, where it may."""
        if event == "deliver" and order.state == "sale":
            self.deliver(order)
        elif event == "return" and order.state == "sale" and len(order.picking_ids) == 1:
            self.deliver(order)
            self.send_back(order.picking_ids, 1)
        elif event == "invoice" and order.invoice_status == "to invoice":
            self.invoice(order, days_ago=chance.randint(0, 100))
        elif event == "cancel" and not order.invoice_ids and "done" not in order.picking_ids.mapped("state"):
            order._action_cancel()
        elif event == "move" and not order.invoice_ids:
            order.partner_id = partner

    @tagged("post_install", "-at_install", "thorough")
    def test_rebuild_and_single_steps_give_identical_rows_in_any_order(self):
        customers = self.customer | self.make_customer("Berta") | self.make_customer("Cyril")
        chance = random.Random(19)
        orders = []
        for _step in range(50):
            event = chance.choice(
                ("quote", "order", "order", "deliver", "return", "return", "invoice", "cancel", "move")
            )
            partner = chance.choice(customers)
            product = chance.choice((self.paper, self.toner, self.training))
            if event == "quote":
                self.quote(partner, [(product, chance.randint(1, 5))])
            elif event == "order":
                days_ago = chance.randint(0, 300)
                orders.append(self.order(partner, [(product, chance.randint(1, 5))], days_ago=days_ago))
            elif orders:
                order = chance.choice(orders)
                self.happen(order, event, partner, chance)
                if order.state == "cancel":
                    orders.remove(order)
            if chance.random() < 0.4:
                self.Dirty._fold(limit=chance.choice((1, 2, None)))
        self.Dirty._fold()
        incremental = self.snapshot(customers)
        self.assertGreaterEqual(len(incremental), 5)
        facts = self.Fact.search([("partner_id", "in", customers.ids)])
        self.assertTrue(sum(facts.mapped("returned_quantity")), "something came back")
        self.Stat.search([("partner_id", "in", customers.ids)]).unlink()
        self.Fact.search([("partner_id", "in", customers.ids)]).unlink()
        self.Stat._refresh(self.company, customers)
        self.assertEqual(self.snapshot(customers), incremental)
        self.Stat._refresh(self.company, customers)
        self.assertEqual(self.snapshot(customers), incremental, "a second time changes nothing")

    def _customers_never_collected(self, count):
        """Customers with an order each that neither the facts nor the queue know of."""
        customers = self.env["res.partner"].browse(
            [self.make_customer(f"Row {number}").id for number in range(count)]
        )
        self.env.flush_all()
        for customer in customers:
            self.order(customer, [(self.training, 1)])
        self.Dirty._insert_pending()
        self.env.cr.execute("DELETE FROM crm_customer_dirty")
        return customers

    def _collect(self, run):
        while run.state in ("waiting", "running"):
            self.assertTrue(run._work())

    def test_rebuild_goes_on_where_it_was_interrupted(self):
        Rebuild = self.env["crm.customer.rebuild"]
        Rebuild.search([]).action_cancel()
        customers = self._customers_never_collected(5)
        run = Rebuild._request(self.company)
        run._start(customers_per_part=2)
        # Whoever was there before is done; the five are in the last three or four parts.
        parts = run.part_ids.filtered(
            lambda part: part.kind == "customers" and part.last_partner_id >= customers[0].id
        )
        (run.part_ids - parts).is_done = True
        self.assertTrue(run._work())
        self.assertEqual(run.state, "running")
        self.assertIn(self.Stat.search_count([("partner_id", "in", customers.ids)]), (1, 2))
        self.assertTrue(0 < run.progress < 100)
        self._collect(run)
        self.assertEqual(self.Stat.search_count([("partner_id", "in", customers.ids)]), 5)
        self.assertEqual((run.state, run.progress, run.done_count), ("done", 100.0, run.total_count))

    def test_rebuild_learns_the_rhythm_of_products_before_and_without_facts(self):
        Rebuild, Product = self.env["crm.customer.rebuild"], self.env["crm.product.stat"]
        Rebuild.search([]).action_cancel()
        others = [self.make_customer(f"Other {number}") for number in range(3)]
        for other, interval in zip(others, (10, 12, 17), strict=True):
            for times in range(4):
                self.order(other, [(self.paper, 1), (self.paper, 2)], days_ago=100 - times * interval)
        self.order(self.customer, [(self.paper, 1)], days_ago=40)
        domain = [("company_id", "=", self.company.id), ("product_id", "=", self.paper.id)]
        self.Dirty._fold()
        Product._refresh(self.company)
        learned = Product.search(domain).read(["interval_mean", "popularity", "customer_count"])
        self.assertEqual(learned[0]["interval_mean"], 12.0)
        Product.search(domain).unlink()
        self.Fact.search([]).unlink()
        self.Stat.search([]).unlink()
        self._collect(Rebuild._request(self.company))
        again = Product.search(domain).read(["interval_mean", "popularity", "customer_count"])
        self.assertEqual([{**row, "id": 0} for row in again], [{**row, "id": 0} for row in learned])
        fact = self.Fact.search([("partner_id", "=", self.customer.id), ("product_id", "=", self.paper.id)])
        self.assertEqual(fact.next_due_date, self.at(28).date())

    def test_customers_done_before_the_rhythm_was_learned_get_their_due_dates(self):
        Rebuild = self.env["crm.customer.rebuild"]
        Rebuild.search([]).action_cancel()
        other = self.make_customer("Other")
        for days_ago in (90, 80, 70):
            self.order(other, [(self.paper, 1)], days_ago=days_ago)
        self.order(self.customer, [(self.paper, 1)], days_ago=40)
        run = Rebuild._request(self.company)
        run._start()
        rhythm = run.part_ids.filtered(lambda part: part.kind == "rhythm")
        for part in run.part_ids - rhythm:
            part._do()
        fact = self.Fact.search([("partner_id", "=", self.customer.id)])
        self.assertFalse(fact.next_due_date)
        self._collect(run)
        fact.invalidate_recordset()
        self.assertEqual(fact.next_due_date, self.at(30).date())

    def test_second_request_replaces_the_run_under_way(self):
        Rebuild = self.env["crm.customer.rebuild"]
        first = Rebuild._request(self.company)
        self.assertEqual(Rebuild._request(self.company), first, "not begun: nothing to do over")
        first._start()
        second = Rebuild._request(self.company)
        self.assertEqual((first.state, second.state), ("cancelled", "waiting"))
        self.assertTrue(first._work(), "a worker of the first goes on with the second")
        self.assertFalse(first.part_ids.filtered("is_done"))

    def test_two_workers_share_the_parts_of_a_rebuild(self):
        registry = Registry(self.env.cr.dbname)
        with registry._db.cursor() as first, registry._db.cursor() as second:
            Part = self.env["crm.customer.rebuild.part"]
            first_parts, second_parts = (Part.with_env(self.env(cr=cr)) for cr in (first, second))
            run = first_parts.env["crm.customer.rebuild"].create(
                {"company_id": self.env.ref("base.main_company").id, "state": "cancelled"}
            )
            try:
                first_parts.create([{"rebuild_id": run.id, "kind": "customers"} for _part in range(2)])
                first.commit()
                mine, theirs = first_parts._claim(run), second_parts._claim(run)
                self.assertEqual(len(mine | theirs), 2)
                third = registry._db.cursor()
                self.assertFalse(Part.with_env(self.env(cr=third))._claim(run), "both are being done")
                third.close()
            finally:
                first.rollback()
                second.rollback()
                first.execute("DELETE FROM crm_customer_rebuild WHERE id = %s", [run.id])
                first.commit()

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


@tagged("post_install", "-at_install")
class TestFactsTogether(TransactionCase):
    """Requests at the same time, each with a transaction of its own."""

    def setUp(self):
        super().setUp()
        self.partner = self.env.ref("base.main_partner").commercial_partner_id
        self.addCleanup(self.forget)
        with self.registry.cursor() as cr:
            cr.execute(
                "INSERT INTO crm_customer_dirty (company_id, partner_id) VALUES (%s, %s)",
                [self.env.company.id, self.partner.id],
            )

    def forget(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM crm_customer_dirty WHERE partner_id = %s", [self.partner.id])

    def open_cursor(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return cr, self.env(cr=cr)

    def test_who_reads_waits_for_who_folds(self):
        (first, first_env), (second, second_env) = self.open_cursor(), self.open_cursor()
        partner, company = self.partner.with_env(second_env), self.env.company.with_env(second_env)
        taken = first_env["crm.customer.dirty"]._fold(partner_ids=self.partner.ids)
        self.assertEqual(taken, 1)
        # The job takes what is free, a page must not show what is stale.
        self.assertEqual(second_env["crm.customer.dirty"]._fold(partner_ids=self.partner.ids), 0)
        second.execute("SET LOCAL lock_timeout = '100ms'")
        with self.assertRaises(LockNotAvailable):
            second_env["crm.customer.stat"]._ensure_fresh(partner, company)
        second.rollback()
        self.assertTrue(second_env["crm.customer.dirty"]._is_waiting(self.partner.ids))
        first.commit()
        # What the first one made is not in the second one's view of the database: the request begins anew.
        with self.assertRaises(SerializationFailure):
            second_env["crm.customer.stat"]._ensure_fresh(partner, company)
        second.rollback()
        second_env["crm.customer.stat"]._ensure_fresh(partner, company)
        self.assertFalse(second_env["crm.customer.dirty"]._is_waiting(self.partner.ids))
