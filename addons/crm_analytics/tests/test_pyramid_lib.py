import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import pyramid
from ..lib.pyramid import Part


@tagged("post_install", "-at_install")
class TestPyramidLib(BaseCase):
    parts = (
        Part("answer", "response"),
        Part("on_time", "reliability", weight=3),
        Part("clean", "reliability"),
        Part("tenure", "relationship", is_case=False, can_act=False),
    )

    def build(self, **found):
        arrays = {name: (np.array(share), np.array(count)) for name, (share, count) in found.items()}
        size = len(next(iter(arrays.values()))[0])
        return pyramid.build(self.parts, arrays, size)

    def test_waiting_is_worth_half_after_the_half_life(self):
        np.testing.assert_allclose(pyramid.halved([0, 24, 48, -5], 24), [1, 0.5, 0.25, 1])

    def test_few_cases_are_drawn_towards_the_mean_of_all(self):
        # Mean of all: 98 of 100. One bad case of one: (0 + 3 x 0.98) / 4.
        drawn = pyramid.shrink([0.0, 98 / 99, np.nan], [1, 99, 0])
        np.testing.assert_allclose(drawn[:2], [2.94 / 4, (98 + 2.94) / 102])
        self.assertTrue(np.isnan(drawn[2]))

    def test_level_is_the_weighted_mean_of_what_is_known(self):
        same = [1.0, 1.0]
        found = self.build(
            on_time=(same, [9, 9]), clean=([0.5, np.nan], [1000, 0]), tenure=([0.2, 0.4], same)
        )
        np.testing.assert_allclose(found.levels["reliability"], [(3 * 100 + 50) / 4, 100])
        np.testing.assert_allclose(found.levels["relationship"], [20, 40])
        self.assertTrue(np.isnan(found.levels["response"]).all(), "not guessed")

    def test_lift_is_what_the_level_would_gain(self):
        many = [10**6] * 5
        found = self.build(on_time=([1, 1, 1, 1, 0.2], many), clean=([0.9] * 5, many), tenure=([0] * 5, many))
        self.assertEqual(found.lift_part.tolist(), [-1, -1, -1, -1, 1])
        self.assertAlmostEqual(found.lift[4], 80 * 3 / 4, places=2)

    def test_nobody_and_nothing_known(self):
        nobody = pyramid.build(self.parts, {}, 0)
        self.assertEqual([len(scores) for scores in nobody.levels.values()], [0, 0, 0])
        nothing = pyramid.build(self.parts, {}, 2)
        self.assertTrue(np.isnan(nothing.levels["response"]).all())
        self.assertEqual(nothing.lift_part.tolist(), [-1, -1])

    def test_what_moved_most(self):
        now = {"answer": 60.0, "on_time": 70.0, "clean": None, "tenure": 12.0}
        before = {"answer": 90.0, "on_time": 80.0, "clean": 50.0, "tenure": 12.0}
        self.assertEqual(pyramid.compare(self.parts, now, before), ("answer", -30.0))
        self.assertIsNone(pyramid.compare(self.parts, {"answer": 60.4}, {"answer": 60.0}))
