import math

import numpy as np
from hypothesis import given, settings, strategies

from odoo.tests import BaseCase, tagged

from ..lib import basket
from ..lib.stats import EMPTY

# {A, B}, {A, B}, {A, C}, {B}, {A, B, C}
FIVE = ([1, 1, 2, 2, 3, 3, 4, 5, 5, 5], [1, 2, 1, 2, 1, 3, 2, 1, 2, 3])


def pair(found, left, right):
    return int(np.flatnonzero((found.left == left) & (found.right == right))[0])


@tagged("post_install", "-at_install")
class TestBasket(BaseCase):
    """Pairs of products and white spots."""

    def test_t14_measures_of_five_baskets(self):
        found = basket.rules(basket.count_pairs(*FIVE))
        row = pair(found, 1, 2)
        measures = [
            getattr(found, name)[row] for name in ("support", "confidence", "lift", "leverage", "conviction")
        ]
        np.testing.assert_allclose(measures, [0.60, 0.75, 0.9375, -0.04, 0.80])
        # Each basket with C has A: the rule never fails.
        row = pair(found, 1, 3)
        self.assertEqual((found.confidence_back[row], found.conviction_back[row]), (1, math.inf))
        self.assertAlmostEqual(found.jaccard[row], 0.5)
        self.assertAlmostEqual(found.cosine[row], 2 / math.sqrt(8))

    def test_lady_tasting_tea(self):
        """Fisher's own example: 3 of 4 by chance with 17 in 70, all 4 with 1 in 70."""
        four, three = np.array([4.0]), np.array([3.0])
        self.assertAlmostEqual(basket._fisher(three, four, four, 8.0)[0], 17 / 70, 12)
        self.assertAlmostEqual(basket._fisher(four, four, four, 8.0)[0], 1 / 70, 12)

    def test_approximation_meets_the_exact_test(self):
        both, left, right = np.array([130.0, 95.0]), np.array([300.0, 300.0]), np.array([350.0, 350.0])
        exact = basket._fisher(both, left, right, 1000.0)
        near = basket._p_values(both, left, right, 1000.0)
        np.testing.assert_allclose(near, exact, rtol=0.1)

    @settings(max_examples=60, deadline=None)
    @given(strategies.lists(strategies.lists(strategies.integers(1, 12), max_size=8), max_size=30))
    def test_pairs_are_counted_as_by_hand(self, baskets):
        lines = [(number, product) for number, products in enumerate(baskets) for product in products]
        counts = basket.count_pairs([line[0] for line in lines], [line[1] for line in lines], cap=5)
        small = [set(products) for products in baskets if 0 < len(set(products)) <= 5]
        for row in range(len(counts.left)):
            both = {counts.left[row], counts.right[row]}
            self.assertEqual(counts.pair_count[row], sum(both <= products for products in small))
        expected = {(a, b) for products in small for a in products for b in products if a < b}
        self.assertEqual(set(zip(counts.left, counts.right, strict=True)), expected)
        self.assertEqual(counts.skipped_baskets, sum(len(set(products)) > 5 for products in baskets))

    def test_least_support(self):
        counts = basket.count_pairs(*FIVE, least=2)
        self.assertEqual(counts.pair_count.tolist(), [3, 2])

    def test_t15_giant_basket_is_skipped_and_counted(self):
        """500 products in one basket are 124,750 pairs: left out, told, and no slower."""
        random = np.random.default_rng(1)
        sizes = 1 + random.poisson(2.5, 30_000)
        rows = np.repeat(np.arange(30_000), sizes)
        products = (2_000 * random.random(len(rows)) ** 2).astype(int)
        plain = basket.count_pairs(rows, products, least=5)
        giant = np.r_[rows, np.full(500, 10**6)], np.r_[products, np.arange(500)]
        counts = basket.count_pairs(*giant, least=5)
        self.assertEqual((counts.skipped_baskets, counts.skipped_lines), (1, 500))
        np.testing.assert_array_equal(counts.pair_count, plain.pair_count)
        self.assertEqual(counts.baskets, plain.baskets)

    def test_chance_is_not_found(self):
        """Baskets filled at random: next to nothing stands out, though many lifts are high."""
        random = np.random.default_rng(3)
        rows = np.repeat(np.arange(5_000), 4)
        found = basket.rules(basket.count_pairs(rows, random.integers(0, 300, len(rows)), least=3))
        self.assertGreater(found.lift.max(), 3)
        self.assertLessEqual(int((found.q_value < 0.05).sum()), 1)

    def test_planted_tie_is_found_first(self):
        random = np.random.default_rng(4)
        rows = np.repeat(np.arange(5_000), 3)
        products = random.integers(0, 300, len(rows))
        tied = np.arange(0, 5_000, 50)
        rows = np.r_[rows, tied, tied]
        products = np.r_[products, np.full(100, 1_001), np.full(100, 1_002)]
        found = basket.rules(basket.count_pairs(rows, products))
        self.assertEqual((found.left[0], found.right[0]), (1_001, 1_002))
        self.assertLess(found.q_value[0], 1e-6)

    def test_pairs_counted_by_the_database(self):
        mine = basket.count_pairs(*FIVE)
        counts = basket.Counts(
            5, np.array([1, 2, 3]), np.array([4, 4, 2]), mine.left, mine.right, mine.pair_count
        )
        np.testing.assert_array_equal(basket.rules(counts).lift, basket.rules(mine).lift)

    def test_counts_of_different_moments_do_not_break(self):
        """A pair counted after its products may exceed them; a pair of an unknown product is left out."""
        counts = basket.Counts(
            3, np.array([1, 2]), np.array([2, 2]), np.array([1, 1]), np.array([2, 9]), np.array([3, 1])
        )
        found = basket.rules(counts)
        self.assertEqual(len(found.left), 1)
        self.assertLessEqual(found.confidence[0], 1)

    def test_white_spots(self):
        """Customer 2 has A but not B and C; what he has is not suggested, nor more than asked for."""
        found = basket.rules(basket.count_pairs(*FIVE))
        spots = basket.white_spots([1, 1, 2, 3], [1, 2, 1, 9], found, least_lift=0, most_q=1)
        self.assertEqual(
            list(zip(spots.customer, spots.product, spots.because, strict=True)),
            [(1, 3, 1), (2, 2, 1), (2, 3, 1)],
        )
        spots = basket.white_spots([1, 1, 2, 3], [1, 2, 1, 9], found, limit=1, least_lift=0, most_q=1)
        self.assertEqual(spots.product.tolist(), [3, 2])
        self.assertEqual(len(basket.white_spots([1], [1], found).customer), 0)

    def test_empty(self):
        counts = basket.count_pairs([], [])
        self.assertEqual(basket.rules(counts).status, EMPTY)
        self.assertEqual(len(basket.white_spots([], [], basket.rules(counts)).product), 0)
        single = basket.count_pairs([1], [1])
        self.assertEqual((single.baskets, basket.rules(single).status), (1, EMPTY))
