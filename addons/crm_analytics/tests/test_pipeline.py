import math

import numpy as np
from hypothesis import given, settings, strategies

from odoo.tests import BaseCase, tagged

from ..lib import calibration, forecast, pipeline
from ..lib.stats import EMPTY, INSUFFICIENT, OK

HALF_SLIPS = pipeline.Slip(OK, np.array([0, 1]), np.array([0.5, 0.5]), 100)


def closed_deals(count, seed=1):
    """Deals whose given probabilities are too high: won by 0.8 p^2."""
    random = np.random.default_rng(seed)
    given_ = random.random(count)
    return given_, random.random(count) < 0.8 * given_**2


@tagged("post_install", "-at_install")
class TestCalibration(BaseCase):
    """Probabilities that mean what they say."""

    def test_the_more_deals_the_finer_the_map(self):
        none, few, some, many = (pipeline.calibrate(*closed_deals(count)) for count in (0, 20, 200, 5_000))
        self.assertEqual((none.method, none.status), (calibration.NONE, EMPTY))
        self.assertEqual((few.method, few.status), (calibration.SHIFT, INSUFFICIENT))
        self.assertEqual((some.status, many.status), (OK, OK))
        # Deals held back say that 200 are too few for steps, and that 5,000 bear them.
        self.assertNotEqual(some.method, calibration.ISOTONIC)
        self.assertEqual(many.method, calibration.ISOTONIC)

    def test_calibrated_is_better_on_new_deals(self):
        found = pipeline.calibrate(*closed_deals(3_000))
        given_, won = closed_deals(3_000, seed=2)
        self.assertLess(pipeline.brier(found.apply(given_), won), pipeline.brier(given_, won) - 0.03)
        self.assertLess(pipeline.reliability(found.apply(given_), won).error, 0.05)
        self.assertGreater(pipeline.reliability(given_, won).error, 0.15)
        self.assertAlmostEqual(found.brier_after, pipeline.brier(found.apply(given_), won), delta=0.02)

    def test_steps_need_isotonic(self):
        """Won by a jump at one half: no logistic curve of the given probability draws that."""
        random = np.random.default_rng(3)
        given_ = random.random(4_000)
        won = random.random(4_000) < np.where(given_ > 0.5, 0.45, 0.1)
        found = pipeline.calibrate(given_, won)
        self.assertEqual(found.method, calibration.ISOTONIC)
        np.testing.assert_allclose(found.apply([0.3, 0.7]), [0.1, 0.45], atol=0.05)

    @settings(max_examples=40, deadline=None)
    @given(strategies.lists(strategies.tuples(strategies.floats(0, 1), strategies.booleans()), max_size=120))
    def test_order_is_kept_and_nothing_is_certain(self, deals):
        found = pipeline.calibrate([deal[0] for deal in deals], [deal[1] for deal in deals])
        mapped = found.apply(np.linspace(0.01, 0.99, 50))
        self.assertTrue((np.diff(mapped) >= 0).all())
        self.assertTrue(((mapped > 0) & (mapped < 1)).all())
        self.assertEqual(found.apply([0, 1]).tolist(), [0, 1])

    def test_single_class(self):
        """All won or all lost: no curve, only a shift, and never certainty."""
        for outcome in (1, 0):
            found = pipeline.calibrate(np.full(300, 0.5), np.full(300, outcome))
            self.assertEqual((found.method, found.status), (calibration.SHIFT, INSUFFICIENT))
            self.assertTrue(0 < found.apply([0.5])[0] < 1)
            self.assertGreater(abs(found.apply([0.5])[0] - 0.5), 0.3)

    def test_few_deals_move_little(self):
        found = pipeline.calibrate([0.5, 0.5], [1, 1])
        self.assertTrue(0.5 < found.apply([0.5])[0] < 0.65)

    def test_pool_adjacent_violators(self):
        """1, 3, 2, 4: the violators become their mean."""
        levels, sizes = calibration.pool_adjacent(np.array([1, 3, 2, 4.0]), np.ones(4))
        self.assertEqual((levels.tolist(), sizes.tolist()), ([1, 2.5, 4], [1, 2, 1]))
        levels, sizes = calibration.pool_adjacent(np.array([3, 2, 1.0]), np.array([1, 1, 2.0]))
        self.assertEqual((levels.tolist(), sizes.tolist()), ([1.75], [3]))

    def test_reliability_table(self):
        found = pipeline.reliability([0.05, 0.05, 0.95, 0.95, 1.0], [0, 0, 1, 0, 1])
        self.assertEqual(found.count.tolist(), [2, 3])
        np.testing.assert_allclose(found.won, [0, 2 / 3])
        self.assertTrue(math.isnan(pipeline.reliability([], []).error))
        self.assertTrue(math.isnan(pipeline.brier([math.nan], [1])))


@tagged("post_install", "-at_install")
class TestPipeline(BaseCase):
    """Open deals, deals to come, and the sum with the history."""

    def test_t21_open_deal_with_slip(self):
        """1000 at 40 % due this month, half of the deals slip a month: 200 now, 200 later."""
        found = pipeline.open_deals([0.4], [1000], [0], HALF_SLIPS, 3)
        np.testing.assert_allclose(found.mean, [200, 200, 0])
        np.testing.assert_allclose(found.variance, [0.2 * 0.8 * 1e6] * 2 + [0])

    def test_less_closes_in_a_month_that_is_nearly_over(self):
        """With nine tenths of a month gone, a tenth of what would close in it does, the rest later."""
        found = pipeline.open_deals([0.4], [1000], [0], HALF_SLIPS, 3, passed=0.9)
        np.testing.assert_allclose(found.mean, [400 * 0.05 / 0.55, 400 * 0.5 / 0.55, 0])
        over = pipeline.open_deals([0.4], [1000], [0], HALF_SLIPS, 3, passed=1.0)
        np.testing.assert_allclose(over.mean, [0, 400, 0])
        overdue = pipeline.open_deals([0.4], [1000], [-9], HALF_SLIPS, 3, passed=1.0)
        np.testing.assert_allclose(overdue.mean, [400, 0, 0])

    def test_t21_order_of_a_deal_is_counted_once(self):
        """A won deal's order is not in the direct history, and the won deal is no open one."""
        direct, of_deals = pipeline.split_history([100, 50, 70], [True, False, False])
        self.assertEqual((direct.sum(), of_deals.sum()), (120, 100))
        np.testing.assert_array_equal(direct * of_deals, 0)

    def test_nothing_is_lost_over_the_horizon(self):
        random = np.random.default_rng(1)
        chance, amount, due = random.random(200), random.gamma(1, 1000, 200), random.integers(-6, 20, 200)
        slip = pipeline.slip_distribution(random.integers(0, 5, 100), random.integers(0, 9, 100))
        found = pipeline.open_deals(chance, amount, due, slip, 12)
        self.assertAlmostEqual(found.mean.sum() + found.later, (chance * amount).sum())
        whole = pipeline.open_deals(chance, amount, due, slip, 60)
        self.assertAlmostEqual(whole.later, 0, 6)

    def test_variance_is_that_of_drawing(self):
        random = np.random.default_rng(2)
        chance, amount = random.random(30), random.gamma(2, 100, 30)
        on_time = pipeline.Slip(OK, np.array([0]), np.array([1.0]), 100)
        found = pipeline.open_deals(chance, amount, np.zeros(30), on_time, 1)
        drawn = (random.random((40_000, 30)) < chance) @ amount
        self.assertAlmostEqual(found.variance[0] / drawn.var(), 1, delta=0.04)
        self.assertAlmostEqual(found.mean[0] / drawn.mean(), 1, delta=0.01)

    def test_overdue_deal_closes_later(self):
        """Due last month and not closed: on time is out of the question, so it is the month after."""
        found = pipeline.open_deals([0.5], [100], [-1], HALF_SLIPS, 2)
        np.testing.assert_allclose(found.mean, [50, 0])
        longer = pipeline.open_deals([0.5], [100], [-9], HALF_SLIPS, 2)
        np.testing.assert_allclose(longer.mean, [50, 0])

    def test_slip_distribution(self):
        found = pipeline.slip_distribution([0] * 30, [0] * 15 + [1] * 10 + [40] * 5)
        self.assertEqual(found.months.tolist(), [0, 1, 12])
        np.testing.assert_allclose(found.share, [0.5, 1 / 3, 1 / 6])
        few = pipeline.slip_distribution([0], [3])
        self.assertEqual(few.status, INSUFFICIENT)
        self.assertAlmostEqual(few.share.sum(), 1)
        self.assertEqual(pipeline.slip_distribution([math.nan], [1]).status, EMPTY)

    def cycle(self, win_rate=0.3, count=20_000, months=10):
        """Deals of the last months; wins take about 5 months, losses about 2: many are still open."""
        random = np.random.default_rng(3)
        created = random.integers(0, months, count)
        won = random.random(count) < win_rate
        takes = np.where(won, random.poisson(5, count), random.poisson(2, count))
        still = created + takes >= months
        age = np.where(still, months - created, takes)
        return age, np.where(still, pipeline.OPEN, np.where(won, pipeline.WON, pipeline.LOST))

    def test_open_deals_count_for_the_win_rate(self):
        """Wins take longer than losses: of the closed deals alone too few are won."""
        age, outcome = self.cycle()
        closed = outcome != pipeline.OPEN
        self.assertLess((outcome[closed] == pipeline.WON).mean(), 0.25)
        found = pipeline.cycle_curve(age, outcome)
        self.assertAlmostEqual(found.win_rate, 0.3, delta=0.04)
        self.assertAlmostEqual(found.won.sum(), found.win_rate)

    def test_deal_that_lasts_is_a_better_one(self):
        """Half are won, all in the second month; half of the losses come in the first."""
        curve = pipeline.CycleCurve(OK, np.array([0, 0.5]), np.array([0.25, 0.25]), 0.5, 0.0, 10**9)
        np.testing.assert_allclose(
            pipeline.still_open([0.5, 0.5, 0, 1], [0, 1, 1, 1], curve), [0.5, 2 / 3, 0, 1]
        )
        few = pipeline.cycle_curve([0, 1, 1], [pipeline.LOST, pipeline.WON, pipeline.LOST])
        self.assertAlmostEqual(pipeline.still_open([0.5], [1], few)[0], 0.5)
        self.assertAlmostEqual(pipeline.still_open([0.5], [9], pipeline.cycle_curve([], []))[0], 0.5)

    def test_open_deals_are_seen_in_part(self):
        """A deal of half a month is half a deal at risk in its first month."""
        found = pipeline.cycle_curve([0, 0.5], [pipeline.WON, pipeline.OPEN])
        self.assertAlmostEqual(found.won[0], 1 / 1.5)

    def test_all_closed_is_the_plain_share(self):
        found = pipeline.cycle_curve([0, 1, 1, 2], [pipeline.WON, pipeline.LOST, pipeline.WON, pipeline.LOST])
        np.testing.assert_allclose(found.won[:3], [0.25, 0.25, 0])
        self.assertAlmostEqual(found.open_share, 0)
        self.assertEqual(pipeline.cycle_curve([], []).status, EMPTY)

    def test_deals_nobody_has_created_yet(self):
        """Ten a month, a tenth won at once, a fifth a month later, 1000 each."""
        curve = pipeline.CycleCurve(OK, np.array([0.1, 0.2]), np.array([0.7, 0.0]), 0.3, 0.0, 500)
        found = pipeline.future_deals([10, 10, 10], curve, 1000, 3)
        np.testing.assert_allclose(found.mean, [1000, 3000, 3000])
        self.assertAlmostEqual(found.later, 2000)
        np.testing.assert_allclose(found.variance, [1e6, 3e6, 3e6])
        self.assertEqual(pipeline.inflow_so_far([10, 10], 0.4).tolist(), [6, 10])

    def test_join_adds_parts_and_variances(self):
        y = np.random.default_rng(5).gamma(25, 4, 48)
        history = forecast.forecast(y, 6, 12)
        sure = pipeline.open_deals([0.4, 0.5], [1000, 2000], [0, 3], HALF_SLIPS, 6)
        new = pipeline.future_deals(
            [1] * 6, pipeline.CycleCurve(OK, np.array([0.2]), np.array([0.8]), 0.2, 0, 99), 50, 6
        )
        found = pipeline.join(history, sure, new)
        np.testing.assert_allclose(found.mean, history.mean + sure.mean + new.mean)
        wide = (found.high - found.mean) / 1.2815515655
        np.testing.assert_allclose(wide**2, history.spread**2 + sure.variance + new.variance)
        self.assertTrue((found.low >= 0).all())

    def test_odd_deals(self):
        found = pipeline.open_deals([math.nan, 2, 0.5], [1, 2, math.nan], [-5, math.nan, 1e9], HALF_SLIPS, 3)
        self.assertTrue(np.isfinite(found.mean).all() and np.isfinite(found.variance).all())
        self.assertEqual(pipeline.open_deals([], [], [], HALF_SLIPS, 3).mean.tolist(), [0, 0, 0])
        nothing = pipeline.future_deals([], pipeline.cycle_curve([], []), math.nan, 3)
        self.assertEqual(nothing.mean.tolist(), [0, 0, 0])
