import math

import numpy as np
from hypothesis import given, settings, strategies

from odoo.tests import BaseCase, tagged

from ..lib import uplift
from ..lib.stats import EMPTY, INSUFFICIENT, OK


@tagged("post_install", "-at_install")
class TestUplift(BaseCase):
    """Campaign against control, and credit for orders."""

    def test_published_interval(self):
        """Newcombe (1998), table II (a), method 10: 56 of 70 against 48 of 80."""
        found = uplift.compare_rates(uplift.Group(70, 56), uplift.Group(80, 48))
        np.testing.assert_allclose((found.value, found.low, found.high), (0.2, 0.0524, 0.3339), atol=5e-5)

    def test_money_per_head(self):
        """Welch's interval by hand: means 3 and 2, variances 2.5 and 2.5 over 5 each."""
        found = uplift.compare_means(uplift.group_of([1, 2, 3, 4, 5]), uplift.group_of([0, 1, 2, 3, 4]))
        self.assertAlmostEqual(found.value, 1)
        self.assertAlmostEqual(found.high - 1, 2.306 * 1.0, delta=0.01)

    def test_campaign_that_worked(self):
        found = uplift.uplift(uplift.Group(1000, 80, 9000, 400_000), uplift.Group(1000, 50, 6000, 300_000))
        self.assertTrue(found.proven and found.status == OK)
        self.assertAlmostEqual(found.extra_responses, 30)
        self.assertAlmostEqual(found.extra_revenue, 3000)
        low, high = found.extra_revenue_range
        self.assertTrue(low < 3000 < high)

    def test_campaign_without_effect_is_not_proven(self):
        """Of many campaigns without effect, about one in twenty looks as if it had one."""
        random = np.random.default_rng(1)
        looks = [
            uplift.uplift(*(uplift.Group(500, int(number)) for number in random.binomial(500, 0.1, 2))).proven
            for _campaign in range(400)
        ]
        self.assertLess(np.mean(looks), 0.09)

    def test_groups_too_small(self):
        found = uplift.uplift(uplift.group_of([5]), uplift.group_of([0]))
        self.assertEqual((found.status, found.proven), (INSUFFICIENT, False))
        self.assertTrue(math.isnan(found.per_head.low))
        self.assertEqual(uplift.uplift(uplift.Group(0, 0), uplift.Group(5, 1)).status, EMPTY)

    def test_sample_size(self):
        """From 10 % to 12 % with 80 % power: 3,841 a group, as the textbooks have it."""
        self.assertEqual(uplift.sample_size(0.1, 0.02), 3841)
        self.assertIsNone(uplift.sample_size(0.1, 0))
        self.assertIsNone(uplift.sample_size(0.9, 0.2))
        self.assertIsNone(uplift.sample_size(math.nan, 0.1))

    def test_credit_of_four_touches(self):
        touches = ([7] * 4, [1, 2, 3, 4], [30, 10, 20, 40])
        for method, expected in (
            (uplift.FIRST, [0, 1, 0, 0]),
            (uplift.LAST, [0, 0, 0, 1]),
            (uplift.LINEAR, [0.25] * 4),
            (uplift.POSITION, [0.1, 0.4, 0.1, 0.4]),
        ):
            with self.subTest(method):
                np.testing.assert_allclose(uplift.attribute(*touches, method), expected)

    @settings(max_examples=60, deadline=None)
    @given(
        strategies.lists(strategies.tuples(*[strategies.integers(0, 5)] * 3), min_size=1, max_size=40),
        strategies.sampled_from((uplift.FIRST, uplift.LAST, uplift.LINEAR, uplift.POSITION)),
        strategies.randoms(),
    )
    def test_credits_of_an_order_sum_to_one(self, touches, method, random):
        order, channel, time = np.array(touches).T
        credit = uplift.attribute(order, channel, time, method)
        np.testing.assert_allclose(np.bincount(order, weights=credit)[np.unique(order)], 1)
        # Whatever the order of rows, a channel gets the same.
        rows = list(range(len(order)))
        random.shuffle(rows)
        again = uplift.attribute(order[rows], channel[rows], time[rows], method)
        np.testing.assert_allclose(
            np.bincount(channel[rows], weights=again, minlength=6),
            np.bincount(channel, weights=credit, minlength=6),
        )

    def test_return(self):
        found = uplift.campaign_return(100, 1000, 0.3, 5, 10)
        self.assertEqual((found.profit, found.roi, found.cost_per_customer, found.payback), (200, 2, 20, 2))
        nothing = uplift.campaign_return(0, 0, 0, 0)
        self.assertTrue(math.isnan(nothing.roi) and math.isnan(nothing.cost_per_customer))
        self.assertEqual(len(uplift.attribute([], [], [])), 0)
