from datetime import datetime, timedelta

from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestFactsRhythm(CrmCoreCommon):
    """Intervals, due dates and the lifecycle that follows from the customer's own rhythm."""

    def test_median_interval_counts_days_not_orders(self):
        for days_ago in (100, 70, 40, 40, 30):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        stat = self.stat(self.customer)
        self.assertEqual(stat.order_count, 5)
        self.assertEqual(stat.purchase_day_count, 4)
        self.assertEqual(stat.median_interval, 30.0)

    def test_lifecycle_follows_the_customers_own_rhythm(self):
        self.company.write({"crm_late_factor": 1.5, "crm_lost_factor": 4, "crm_late_min_days": 14})
        for days_ago in (160, 130, 100):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        stat = self.stat(self.customer)
        self.assertEqual(stat.lifecycle, "late")
        self.assertEqual(stat.late_on, self.at(100 - 46).date(), "30 days x 1.5 = 45; late on the 46th")
        self.assertEqual(stat.lost_on, self.at(100 - 121).date())
        self.assertEqual(stat.lifecycle_reason, "Orders every 30 days; 100 days since the last order.")
        self.order(self.customer, [(self.training, 1)], days_ago=20)
        self.assertEqual(self.stat(self.customer).lifecycle, "active")

    def test_facts_roll_with_the_calendar_without_any_event(self):
        for days_ago in (90, 60, 30):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        stat = self.stat(self.customer)
        self.assertEqual((stat.lifecycle, stat.roll_on), ("new", self.at(-1).date()))
        days = []
        for ahead in (1, 15, 16, 91):
            with freeze_time(self.at(-ahead)):
                self.Dirty._insert_pending()
                self.Stat._mark_due_today()
                days.append((ahead, self.stat(self.customer).lifecycle))
        self.assertEqual(days, [(1, "active"), (15, "active"), (16, "late"), (91, "lost")])

    def test_reading_rolls_the_facts_before_the_cron_does(self):
        for days_ago in (90, 60, 30):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        self.stat(self.customer)
        with freeze_time(self.at(-20)):
            overview = self.customer.crm_overview()
        self.assertEqual(overview["lifecycle"]["state"], "late")

    def test_one_order_makes_a_new_customer_then_the_assumed_interval_counts(self):
        self.order(self.customer, [(self.training, 1)], days_ago=10)
        self.assertEqual(self.stat(self.customer).lifecycle, "new")
        self.company.crm_default_interval = 5
        self.company.crm_late_min_days = 3
        self.Stat._refresh(self.company, self.customer)
        self.assertEqual(self.stat(self.customer).lifecycle, "late")

    def test_days_are_days_of_the_company(self):
        # 23:30 UTC is already tomorrow in Prague and still today in New York.
        moment = datetime(2026, 3, 1, 23, 30)
        order = self.order(self.customer, [(self.training, 1)])
        order.date_order = moment
        expected = {"Europe/Prague": (2026, 3, 2), "America/New_York": (2026, 3, 1)}
        for zone, day in expected.items():
            self.company.crm_timezone = zone
            self.Stat._refresh(self.company, self.customer)
            last = self.stat(self.customer).last_order_date
            self.assertEqual((last.year, last.month, last.day), day)

    def test_customer_invoiced_without_orders_has_a_rhythm_too(self):
        for days_ago in (140, 120, 100):
            self.bill(self.customer, self.paper, 10.0, days_ago=days_ago)
        stat = self.stat(self.customer)
        self.assertEqual((stat.order_count, stat.median_interval), (0, 20.0))
        self.assertFalse(stat.last_order_date)
        self.assertIn("Invoiced every 20 days", stat.lifecycle_reason)

    def test_product_interval_and_due_date(self):
        for days_ago in (100, 80, 50):
            self.order(self.customer, [(self.paper, 5)], days_ago=days_ago)
        fact = self.fact(self.customer, self.paper)
        self.assertEqual((fact.times_bought, fact.interval_mean), (3, 25.0))
        self.assertAlmostEqual(fact.interval_deviation, 7.0711, places=3)
        self.assertEqual(fact.next_due_date, self.at(25).date())

    def test_few_observations_lean_on_the_products_rhythm(self):
        others = [self.make_customer(f"Other {number}") for number in range(3)]
        for other in others:
            for days_ago in (90, 80, 70, 60):
                self.order(other, [(self.paper, 1)], days_ago=days_ago)
        self.order(self.customer, [(self.paper, 1)], days_ago=40)
        self.assertFalse(self.fact(self.customer, self.paper).next_due_date, "nothing learned yet")
        self.env["crm.product.stat"]._refresh(self.company)
        fact = self.fact(self.customer, self.paper)
        fact.invalidate_recordset()
        self.assertEqual(fact.expected_interval, 10.0)
        self.assertEqual(fact.next_due_date, self.at(30).date())
        # With one own interval of 30 days and a trust of 2: (1 x 30 + 2 x 10) / 3.
        self.order(self.customer, [(self.paper, 1)], days_ago=10)
        self.assertAlmostEqual(self.fact(self.customer, self.paper).expected_interval, 50 / 3)

    def test_repeat_score_prefers_recent_orders(self):
        self.order(self.customer, [(self.paper, 1)], days_ago=60)
        self.order(self.customer, [(self.toner, 1)], days_ago=30)
        paper, toner = self.fact(self.customer, self.paper), self.fact(self.customer, self.toner)
        self.assertGreater(toner.repeat_score, paper.repeat_score)
        self.assertAlmostEqual(toner.repeat_score + paper.repeat_score, 1.0)

    def test_settings_that_contradict_themselves_are_refused(self):
        for values in (
            {"crm_late_factor": 5, "crm_lost_factor": 4},
            {"crm_late_factor": 0.5},
            {"crm_default_interval": 0},
            {"crm_lost_min_days": 3},
            {"crm_repeat_decay": 0},
            {"crm_weight_repeat": -1},
            {"crm_top_share": 0},
            {"crm_offer_lines": 0},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.company.write(values)

    def test_changed_thresholds_ask_for_a_rebuild(self):
        Rebuild = self.env["crm.customer.rebuild"]
        Rebuild.search([]).action_cancel()
        self.company.crm_late_factor = self.company.crm_late_factor
        self.assertFalse(Rebuild._is_running(self.company))
        self.company.crm_late_factor = 2.0
        self.assertTrue(Rebuild._is_running(self.company))

    def test_top_customers_are_the_share_set_in_settings(self):
        company = self.env["res.company"].create({"name": "Top"})
        customers = [self.make_customer(f"Top {number}") for number in range(10)]
        self.env.flush_all()
        for number, customer in enumerate(customers):
            self.env.cr.execute(
                "INSERT INTO crm_customer_stat (company_id, partner_id, invoiced_12m) VALUES (%s, %s, %s)",
                [company.id, customer.id, number + 1],
            )
        company.crm_top_share = 20
        top = self.Stat.with_context(allowed_company_ids=company.ids).search(
            [("is_top_customer", "=", True), ("company_id", "=", company.id)]
        )
        self.assertEqual(sorted(top.mapped("invoiced_12m")), [9.0, 10.0])
        self.assertTrue(all(top.mapped("is_top_customer")))
        rest = self.Stat.with_context(allowed_company_ids=company.ids).search(
            [("is_top_customer", "=", False), ("company_id", "=", company.id)]
        )
        self.assertEqual(len(rest), 8)

    def test_first_day_of_lateness_is_inside_the_roll_window(self):
        for days_ago in (300, 200, 100):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        stat = self.stat(self.customer)
        self.assertLessEqual(stat.roll_on, stat.late_on)
        self.assertGreater(stat.roll_on, self.today)
        self.assertEqual(stat.late_on, self.at(100).date() + timedelta(days=151))
