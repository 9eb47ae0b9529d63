import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import cohort
from ..lib.stats import EMPTY

# Customer, month, revenue: two come first in month 0, one in month 1; month 3 still runs.
EVENTS = ([1, 1, 1, 2, 2, 3, 3], [0, 1, 1, 0, 3, 1, 2], [10, 5, 5, 20, 7, 30, -30])


@tagged("post_install", "-at_install")
class TestCohort(BaseCase):
    """Triangles of cohorts and movement by month."""

    def triangle(self, **options):
        return cohort.triangle(cohort.cells_of(*EVENTS), 3, **options)

    def test_counts_and_revenue(self):
        found = self.triangle()
        np.testing.assert_array_equal(found.customers, [[2, 1, 0, 1], [1, 1, 0, np.nan]])
        np.testing.assert_array_equal(found.revenue, [[30, 10, 0, 7], [30, -30, 0, np.nan]])
        np.testing.assert_array_equal(found.cumulative, [[30, 40, 40, 47], [30, 0, 0, np.nan]])
        np.testing.assert_array_equal(found.size, [2, 1])

    def test_running_month_is_partial_and_out_of_averages(self):
        found = self.triangle()
        np.testing.assert_array_equal(found.partial, [[0, 0, 0, 1], [0, 0, 1, 0]])
        np.testing.assert_allclose(found.average_retention(), [1, 2 / 3, 0, np.nan])
        np.testing.assert_allclose(found.average_revenue(), [20, 40 / 3, 20, np.nan])
        self.assertFalse(self.triangle(complete=True).partial.any())
        np.testing.assert_allclose(self.triangle(complete=True).average_retention(), [1, 2 / 3, 0, 0.5])

    def test_small_cohorts_are_marked_and_have_wide_intervals(self):
        found = self.triangle()
        self.assertTrue(found.small.all())
        self.assertLess(found.low[0, 1], 0.1)
        self.assertGreater(found.high[0, 1], 0.9)
        self.assertFalse(self.triangle(small=1).small.any())

    def test_cells_of_the_database_give_the_same(self):
        cells = ([0, 0, 0, 1, 1], [0, 1, 3, 0, 1], [2, 1, 1, 1, 1], [30, 10, 7, 30, -30])
        counted, expected = cohort.triangle(cells, 3), self.triangle()
        for name in ("cohorts", "size", "customers", "revenue", "cumulative", "retention", "partial"):
            np.testing.assert_array_equal(getattr(counted, name), getattr(expected, name))

    def test_first_purchase_before_the_data(self):
        """Who was a customer before belongs to his own cohort."""
        found = cohort.cells_of([1, 2], [5, 5], [10, 10], first=[3, 5])
        self.assertEqual([column.tolist() for column in found[:2]], [[3, 5], [2, 0]])

    def test_empty(self):
        self.assertEqual(cohort.triangle(([], [], [], []), 5).status, EMPTY)
        self.assertEqual(cohort.triangle(cohort.cells_of([], [], []), 5).status, EMPTY)
        self.assertEqual(len(cohort.movement([], [], 5).new), 0)

    def test_movement(self):
        """New in 0, returning in 1, silent for 3 months and back in 6; the other is lost in 4 for good."""
        found = cohort.movement([1, 1, 1, 2], [0, 1, 6, 0], 7, patience=3)
        self.assertEqual(found.new.tolist(), [2, 0, 0, 0, 0, 0, 0, 0])
        self.assertEqual(found.returning.tolist(), [0, 1, 0, 0, 0, 0, 0, 0])
        self.assertEqual(found.lost.tolist(), [0, 0, 0, 0, 1, 1, 0, 0])
        self.assertEqual(found.reactivated.tolist(), [0, 0, 0, 0, 0, 0, 1, 0])
        np.testing.assert_array_equal(found.active, found.new + found.returning + found.reactivated)

    def test_movement_balances(self):
        """Who ever came is still within patience, or lost more often than he came back."""
        random = np.random.default_rng(2)
        customer, month = random.integers(0, 300, 2_000), random.integers(0, 30, 2_000)
        found = cohort.movement(customer, month, 30, patience=4)
        last = {}
        for who, when in sorted(zip(customer, month, strict=True), key=lambda pair: pair[1]):
            last[who] = when
        present = sum(when + 4 >= 30 for when in last.values())
        self.assertEqual(found.new.sum() + found.reactivated.sum() - found.lost.sum(), present)

    def test_revenue_retention(self):
        found = cohort.revenue_retention([10, 10, 10, 0], [0, 5, 20, 7])
        self.assertEqual((found.churned, found.contracted, found.expanded, found.new), (10, 5, 10, 7))
        self.assertAlmostEqual(found.net, 25 / 30)
        self.assertAlmostEqual(found.gross, 15 / 30)
        self.assertTrue(np.isnan(cohort.revenue_retention([], []).net))
