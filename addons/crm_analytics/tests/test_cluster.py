import math

import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import cluster
from ..lib.stats import EMPTY, INSUFFICIENT, OK


def three_groups(seed=1):
    random = np.random.default_rng(seed)
    parts = (([0, 0, 0], 300), ([8, 0, 0], 200), ([0, 9, 1], 100))
    return np.concatenate([random.normal(middle, 1, (size, 3)) for middle, size in parts])


@tagged("post_install", "-at_install")
class TestCluster(BaseCase):
    """Groups of customers."""

    def test_three_groups_are_found_and_named(self):
        found = cluster.cluster(three_groups(), 3)
        self.assertEqual(found.status, OK)
        self.assertEqual(found.sizes.tolist(), [300, 200, 100])
        self.assertGreater(found.stability, 0.95)
        # The second stands out by the first feature, the third by the second.
        self.assertEqual([traits[0][0] for traits in found.traits[1:]], [0, 1])
        self.assertGreater(found.traits[2][0][1], 1)

    def test_number_of_groups(self):
        self.assertEqual(cluster.choose_number(three_groups(), range(2, 6))[0], 3)

    def test_same_seed_same_groups(self):
        first, second = (cluster.cluster(three_groups(), 4, seed=5) for _time in range(2))
        np.testing.assert_array_equal(first.labels, second.labels)
        self.assertEqual(first.stability, second.stability)

    def test_noise_is_no_group(self):
        noise = np.random.default_rng(1).normal(0, 1, (400, 4))
        self.assertEqual(cluster.cluster(noise, 5).status, cluster.UNSTABLE)

    def test_new_customers_join_the_nearest(self):
        found = cluster.cluster(three_groups(), 3, resamples=0)
        self.assertEqual(found.assign([[0, 0, 0], [8, 0, 0], [0, 9, 1]]).tolist(), [0, 1, 2])
        np.testing.assert_array_equal(found.assign(three_groups()), found.labels)
        self.assertTrue(math.isnan(found.stability))

    def test_unit_of_a_feature_does_not_matter(self):
        table = three_groups()
        scaled = cluster.cluster(table * [1, 1000, 0.01], 3, resamples=0)
        np.testing.assert_array_equal(scaled.labels, cluster.cluster(table, 3, resamples=0).labels)

    def test_skewed_amounts_are_taken_as_logarithms(self):
        money = np.random.default_rng(1).lognormal(4, 2, 500)
        scaling = cluster.prepare(np.column_stack((money, np.arange(500))))
        self.assertEqual(scaling.logged.tolist(), [True, False])

    def test_adjusted_rand(self):
        self.assertEqual(cluster.adjusted_rand([0, 0, 1, 1], [1, 1, 0, 0]), 1)
        # Hubert & Arabie's index by hand: 2 pairs agree, 4/3 by chance, 5 at most on the mean.
        self.assertAlmostEqual(
            cluster.adjusted_rand([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), (2 - 1.2) / (4.5 - 1.2)
        )
        random = np.random.default_rng(1)
        self.assertAlmostEqual(cluster.adjusted_rand(*random.integers(0, 4, (2, 5_000))), 0, delta=0.01)

    def test_silhouette_of_two_far_groups(self):
        table = np.array([[0.0], [0.1], [10.0], [10.1]])
        found = cluster.silhouette(table, np.array([0, 0, 1, 1]), np.random.default_rng(1))
        by_hand = np.mean([1 - 0.1 / 10.05, 1 - 0.1 / 9.95] * 2)
        self.assertAlmostEqual(found, by_hand, 6)

    def test_odd_customers(self):
        cases = (
            ([], EMPTY),
            ([[1, 2]], INSUFFICIENT),
            ([[1, 2]] * 100, OK),
            ([[math.nan, math.inf], [1, 2]] * 40, OK),
        )
        for table, status in cases:
            with self.subTest(len(table)):
                found = cluster.cluster(table, 3)
                self.assertEqual(found.status, status)
                self.assertEqual(len(found.labels), len(table))
                self.assertEqual(found.sizes.sum(), len(table))
        self.assertEqual(cluster.choose_number([]), (1, {}))
        self.assertEqual(cluster.choose_number([[1.0]] * 60), (1, {}))
