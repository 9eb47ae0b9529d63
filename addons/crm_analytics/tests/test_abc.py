import math

import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import abc
from ..lib.stats import EMPTY


@tagged("post_install", "-at_install")
class TestAbc(BaseCase):
    """Classes, the Pareto curve and concentration."""

    def test_classes_by_share(self):
        """70 of 100 is below 80 %: the next one crosses the limit and is A as well."""
        classes = abc.classify([5, 70, 15, 6, 4])
        self.assertEqual([abc.CLASSES[number] for number in classes], ["B", "A", "A", "B", "C"])

    def test_equal_customers_share_a_class(self):
        self.assertEqual(abc.classify([10] * 10).tolist(), [0] * 10)
        self.assertEqual(abc.classify([8, 2, 8, 2]).tolist(), [0, 1, 0, 1])

    def test_nothing_and_refunds_are_c(self):
        self.assertEqual(abc.classify([0, -5, math.nan]).tolist(), [2, 2, 2])
        self.assertEqual(abc.classify([100, -5, 0]).tolist(), [0, 2, 2])
        self.assertEqual(len(abc.classify([])), 0)

    def test_gini(self):
        """1, 2, 3, 4: 0.25; all equal: 0; one has it all: (n - 1) / n, who has nothing being no customer."""
        self.assertAlmostEqual(abc.concentration([1, 2, 3, 4]).gini, 0.25)
        self.assertAlmostEqual(abc.concentration([5] * 9).gini, 0)
        self.assertAlmostEqual(abc.concentration(np.r_[np.full(99, 1e-9), 1e9]).gini, 0.99)

    def test_top_shares_and_herfindahl(self):
        found = abc.concentration([50, 30, 20])
        self.assertAlmostEqual(found.herfindahl, 0.38)
        self.assertAlmostEqual(found.equal_count, 1 / 0.38)
        self.assertAlmostEqual(abc.concentration([60, *[10] * 4], top=(0.2,)).top[0.2], 0.6)

    def test_refunds_are_told_apart(self):
        found = abc.concentration([100, -30, 0])
        self.assertEqual((found.count, found.not_positive, found.total, found.negative), (3, 2, 100, -30))
        self.assertEqual(abc.concentration([]).status, EMPTY)
        self.assertEqual(abc.concentration([-1, 0]).status, EMPTY)

    def test_curve_rises_from_nothing_to_all(self):
        customers, amount = abc.curve(np.random.default_rng(1).gamma(0.3, 100, 5_000), points=50)
        self.assertEqual((customers[0], amount[0], customers[-1]), (0, 0, 1))
        self.assertAlmostEqual(amount[-1], 1)
        self.assertEqual(len(customers), 51)
        self.assertTrue((np.diff(amount) >= 0).all() and (amount >= customers - 1e-12).all())
        self.assertEqual(len(abc.curve([])[0]), 2)
