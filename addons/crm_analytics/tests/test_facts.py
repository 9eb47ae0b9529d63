import json
from datetime import timedelta

import numpy as np

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..lib import cohort
from ..models.crm_analytics_fact import month_number
from .dashboard_common import DashboardCommon

TABLES = ("crm.analytics.cohort", "crm.analytics.month", "crm.analytics.cell", "crm.analytics.kpi")


@tagged("post_install", "-at_install")
class TestAnalyticsFacts(DashboardCommon):
    """What is summed up at night."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.back = cls.make_customer("Came Back")
        cls.fold()
        cls.bought(cls.back, [15, 500, 530], 80)
        cls.score()

    def rows(self, model, company=None):
        found = self.env[model].search_read([("company_id", "=", (company or self.company).id)], load=False)
        return sorted(json.dumps({**row, "id": 0}, sort_keys=True, default=str) for row in found)

    def events_of_company(self):
        events = self.Event.search([("company_id", "=", self.company.id)])
        return (
            np.array(events.partner_id.ids and [event.partner_id.id for event in events]),
            np.array([month_number(event.day) for event in events]),
            np.array([event.revenue for event in events]),
        )

    def test_months_are_those_of_the_model(self):
        customer, month, _revenue = self.events_of_company()
        expected = cohort.movement(customer, month, month_number(self.today))
        months = self.env["crm.analytics.month"].search([("company_id", "=", self.company.id)], order="month")
        for name, values in (
            ("new_count", expected.new),
            ("returning_count", expected.returning),
            ("reactivated_count", expected.reactivated),
            ("lost_count", expected.lost),
            ("customer_count", expected.active),
        ):
            self.assertEqual(months.mapped(name), values.astype(int).tolist(), name)
        self.assertEqual(sum(months.mapped("reactivated_count")), 1)
        self.assertGreater(sum(months.mapped("lost_count")), 0)
        self.assertEqual(sum(months.mapped("revenue")), sum(self.Event.search([]).mapped("revenue")))

    def test_cohorts_are_those_of_the_model_and_what_still_runs_is_masked(self):
        customer, month, revenue = self.events_of_company()
        triangle = cohort.triangle(cohort.cells_of(customer, month, revenue), month_number(self.today))
        cells = self.env["crm.analytics.cohort"].search([("company_id", "=", self.company.id)])
        self.assertEqual(len(cells), int((~np.isnan(triangle.customers)).sum()))
        self.assertEqual(sum(cells.mapped("customer_count")), int(np.nansum(triangle.customers)))
        self.assertAlmostEqual(sum(cells.mapped("revenue")), float(np.nansum(triangle.revenue)), 2)
        self.assertFalse(cells.filtered(lambda cell: cell.month > self.today))
        running = cells.filtered("is_partial")
        self.assertTrue(all(cell.month == self.today.replace(day=1) for cell in running))
        self.assertTrue(all(cells.mapped("is_small")))
        for cell in cells:
            self.assertLessEqual(cell.low, cell.retention + 1e-9)
            self.assertGreaterEqual(cell.high, cell.retention - 1e-9)

    def test_what_is_given_back_counts_in_its_month_and_is_no_purchase(self):
        day, nobody = self.today - timedelta(days=200), self.make_customer("Only Refunds")
        self.fold()
        self.Event.create(
            [
                {
                    "company_id": self.company.id,
                    "partner_id": customer.id,
                    "day": day,
                    "document_count": 1,
                    "revenue": -30,
                    "refunded": 90,
                    "is_purchase": False,
                }
                for customer in (self.back, nobody)
            ]
        )
        month = self.env["crm.analytics.month"].search(
            [("company_id", "=", self.company.id), ("month", "=", day.replace(day=1))]
        )
        before, customers = month.revenue, month.customer_count
        cohorts = self.env["crm.analytics.cohort"].search([("company_id", "=", self.company.id)])
        total = sum(cohorts.mapped("revenue"))
        self.score()
        month = month.search([("company_id", "=", self.company.id), ("month", "=", day.replace(day=1))])
        self.assertEqual((month.revenue, month.customer_count), (before - 60, customers))
        cohorts = cohorts.search([("company_id", "=", self.company.id)])
        # Who never bought is of no month of first purchase.
        self.assertAlmostEqual(sum(cohorts.mapped("revenue")), total - 30, 2)

    def test_figures_of_a_day(self):
        kpi = self.Kpi.search([("company_id", "=", self.company.id)])
        self.assertEqual(kpi.as_of, self.today)
        self.assertEqual(kpi.ever_count, 44)
        self.assertEqual(
            kpi.customer_count,
            kpi.scored_count
            - self.Score.search_count([("company_id", "=", self.company.id), ("revenue_12m", "=", 0)]),
        )
        scores = self.Score.search([("company_id", "=", self.company.id)])
        self.assertAlmostEqual(kpi.revenue, sum(scores.mapped("revenue_12m")), 2)
        self.assertAlmostEqual(kpi.money_at_stake, sum(scores.mapped("money_at_stake")), 0)
        self.assertEqual(kpi.curve[-1], [1.0, 1.0])
        cells = self.env["crm.analytics.cell"].search([("company_id", "=", self.company.id)])
        for kind in ("grid", "abc", "risk", "rhythm"):
            total = sum(cells.filtered(lambda cell, kind=kind: cell.kind == kind).mapped("customer_count"))
            self.assertEqual(total, len(scores), kind)

    def test_same_day_again_and_rebuilt_gives_the_same_rows(self):
        before = {model: self.rows(model) for model in TABLES}
        self.score()
        self.assertEqual({model: self.rows(model) for model in TABLES}, before)
        for model in TABLES:
            self.env[model].search([]).unlink()
        self.Kpi._refresh(self.company, self.today)
        self.assertEqual({model: self.rows(model) for model in TABLES}, before)

    def test_as_of_a_day_nothing_later_counts(self):
        self.score(days_ago=100)
        then = self.today - timedelta(days=100)
        before = self.rows("crm.analytics.month")
        self.bought(self.single, [50], 1000)
        self.score(days_ago=100)
        self.assertEqual(self.rows("crm.analytics.month"), before)
        runs = self.Kpi.search([("company_id", "=", self.company.id)])
        self.assertEqual(set(runs.mapped("as_of")), {then, self.today})

    def test_objectors_count_in_totals_and_have_no_cell(self):
        self.env["crm.consent.event"].create(
            {
                "partner_id": self.regular.id,
                "purpose_id": self.env["crm.consent.purpose"].search([("code", "=", "profiling")]).id,
                "action": "objected",
                "source": "phone",
            }
        )
        before = self.Kpi.search([("company_id", "=", self.company.id)])
        ever, scored, revenue = before.ever_count, before.scored_count, before.revenue
        self.score()
        self.assertEqual((before.ever_count, before.revenue), (ever, revenue))
        self.assertEqual((before.scored_count, before.unscored_count), (scored - 1, 1))
        self.assertFalse(self.behind({"kind": "all"}).filtered(lambda row: row.partner_id == self.regular))

    def test_company_without_purchases(self):
        other = self.env["res.company"].create({"name": "Empty Ltd"})
        self.score(other)
        kpi = self.Kpi.search([("company_id", "=", other.id)])
        self.assertEqual((kpi.ever_count, kpi.curve or []), (0, []))
        for model in TABLES[:3]:
            self.assertFalse(self.env[model].search([("company_id", "=", other.id)]))

    def test_t23_no_row_of_another_company(self):
        other = self.make_company()
        reader = self.make_user("facts_reader", "crm_analytics.group_crm_analytics_reader")
        far = self.make_user("facts_far", "crm_analytics.group_crm_analytics_reader", other)
        for model in TABLES:
            with self.subTest(model=model):
                self.assertEqual(self.env[model].with_user(reader).search([]).company_id, self.company)
                self.assertEqual(self.env[model].with_user(far).search([]).company_id, other)
                with self.assertRaises(AccessError):
                    self.env[model].with_user(reader).search([], limit=1).unlink()

    def test_sums_of_all_are_not_for_those_who_see_their_own(self):
        seller = self.make_user("facts_seller", "sales_team.group_sale_salesman")
        portal = self.make_user("facts_portal", "base.group_portal")
        for user in (seller, portal):
            for model in TABLES:
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])
