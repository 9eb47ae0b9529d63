import math

import numpy as np
from hypothesis import given, settings, strategies

from odoo.tests import BaseCase, tagged

from ..lib import rfm
from ..lib.stats import EMPTY, INSUFFICIENT, OK

numbers = strategies.lists(strategies.integers(0, 50), min_size=1, max_size=80)


@tagged("post_install", "-at_install")
class TestRfm(BaseCase):
    """Scores, segments and who moved between them."""

    def test_fifths_of_a_hundred(self):
        days = np.arange(100)
        limits = rfm.thresholds(days, days, days)
        self.assertEqual(limits.status, OK)
        scores = rfm.score(limits, days, days, days)
        np.testing.assert_array_equal(np.bincount(scores.frequency)[1:], [20] * 5)
        # Few days of silence are good.
        self.assertEqual((scores.recency[0], scores.recency[99]), (5, 1))
        self.assertEqual(scores.cell[0], 511)

    @settings(max_examples=60, deadline=None)
    @given(numbers)
    def test_equal_customers_have_equal_scores(self, values):
        limits = rfm.thresholds(values, values, values)
        scores = rfm.score(limits, values, values, values)
        order = np.argsort(values, kind="stable")
        ranked, frequency = np.array(values)[order], scores.frequency[order]
        self.assertTrue((np.diff(frequency) >= 0).all())
        self.assertTrue((np.diff(frequency)[np.diff(ranked) == 0] == 0).all())
        self.assertTrue(((frequency >= 1) & (frequency <= 5)).all())

    def test_most_came_once(self):
        """Three in four came once: all of them have the lowest score, and repeaters a better one."""
        often = np.r_[np.ones(75), [2] * 15, [5] * 10]
        scores = rfm.score(rfm.thresholds(often, often, often), often, often, often)
        self.assertEqual(set(scores.frequency[:75]), {1})
        self.assertGreater(scores.frequency[75:90].min(), 1)
        self.assertEqual(set(scores.frequency[90:]), {5})

    def test_kept_thresholds_do_not_move_with_the_base(self):
        days = np.arange(100)
        limits = rfm.thresholds(days, days, days)
        alone = rfm.score(limits, [70], [70], [70])
        among = rfm.score(limits, np.r_[70, [0] * 500], np.r_[70, [99] * 500], np.r_[70, [99] * 500])
        self.assertEqual(alone.cell[0], among.cell[0])

    def test_nothing_to_compare_is_the_middle(self):
        same = rfm.thresholds([5] * 40, [2] * 40, [9] * 40)
        self.assertEqual(rfm.score(same, [5], [2], [9]).cell[0], 333)
        empty = rfm.thresholds([], [], [])
        self.assertEqual(empty.status, EMPTY)
        self.assertEqual(rfm.score(empty, [5], [2], [math.nan]).cell[0], 333)
        self.assertEqual(rfm.thresholds([1, 2], [1, 2], [1, 2]).status, INSUFFICIENT)

    def test_named_segments_cover_the_grid(self):
        self.assertEqual(rfm.uncovered(), [])
        keys = [segment.key for segment in rfm.SEGMENTS]
        scores = rfm.Scores(*np.array([[5, 5, 5], [1, 5, 5], [1, 1, 1], [5, 1, 2]]).T)
        found = [keys[number] for number in rfm.assign(scores)]
        self.assertEqual(found, ["champion", "cannot_lose", "lost", "new"])

    def test_edited_segments_show_their_holes(self):
        missing = rfm.uncovered(rfm.SEGMENTS[:-1])
        self.assertEqual(len(missing), 10)
        scores = rfm.Scores(*np.array([[1], [1], [1]]))
        self.assertEqual(rfm.assign(scores, rfm.SEGMENTS[:-1])[0], -1)

    def test_grid_and_migration_count_everybody(self):
        random = np.random.default_rng(1)
        scores = rfm.Scores(*random.integers(1, 6, (3, 500)))
        self.assertEqual(rfm.grid(scores).sum(), 500)
        money = random.gamma(1, 10, 500)
        self.assertAlmostEqual(rfm.grid(scores, money).sum(), money.sum())
        # One stays, one moves, one is new, one is lost.
        moved = rfm.migration([0, 1, -1, 2], [0, 2, 1, -1], 3)
        self.assertEqual(moved.sum(), 4)
        self.assertEqual((moved[0, 0], moved[1, 2], moved[3, 1], moved[2, 3]), (1, 1, 1, 1))

    def test_t4_refund_is_no_purchase(self):
        """Bought on day 1 (twice) and 5; another customer returned on day 8 what he bought on day 2."""
        found = rfm.summarize([1, 1, 1, 2, 2, 3], [1, 1, 5, 2, 8, 4], [10, 5, 20, 7, -7, -3], 10)
        self.assertEqual(found.customer.tolist(), [1, 2])
        self.assertEqual(found.x.tolist(), [1, 0])
        self.assertEqual((found.t_x[0], found.T[0], found.z[0], found.revenue[0]), (4, 9, 20, 35))
        # The second is a customer of one day whose revenue is gone.
        self.assertEqual((found.days[1], found.t_x[1], found.revenue[1]), (1, 0, 0))

    def test_later_days_are_not_known_yet(self):
        found = rfm.summarize([1, 1], [1, 20], [10, 10], 15)
        self.assertEqual((found.x[0], found.T[0]), (0, 14))
        self.assertEqual(len(rfm.summarize([1], [20], [10], 15).customer), 0)
