"""Whatever comes in, an answer comes out: no model raises, and no score is something else than a number."""

import math
import warnings

import numpy as np
from hypothesis import HealthCheck, example, given, settings, strategies

from odoo.tests import BaseCase, tagged

from ..lib import abc, basket, btyd, cluster, cohort, forecast, gamma_gamma, pipeline, rfm, stats, uplift

odd_number = strategies.one_of(
    strategies.sampled_from((0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 1e-300, 2e-313, 1e300, 5e15)),
    strategies.floats(-100, 1000),
    strategies.integers(0, 20).map(float),
)
column = strategies.lists(odd_number, max_size=12)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@tagged("post_install", "-at_install")
class TestOddData(BaseCase):
    """Properties over data of every kind."""

    def setUp(self):
        super().setUp()
        # A warning of the numerics is a number nobody thought of.
        catcher = warnings.catch_warnings()
        catcher.__enter__()
        self.addCleanup(catcher.__exit__, None, None, None)
        warnings.simplefilter("error", RuntimeWarning)

    def assertNumbers(self, *arrays):  # noqa: N802  as unittest's
        for array in arrays:
            self.assertTrue(np.isfinite(array).all(), array)

    @quick
    @given(column, column, column, strategies.sampled_from((btyd.BG, btyd.MBG)))
    @example([0.0], [0.0], [2e-313], btyd.BG)
    def test_purchases(self, x, t_x, seen, kind):
        found = btyd.fit(btyd.group(x, t_x, seen), kind)
        model = found.parameters
        self.assertNumbers([model.r, model.alpha, model.a, model.b, found.log_likelihood], found.errors)
        alive = btyd.probability_alive(model, x, t_x, seen)
        rest = btyd.probability_no_order(model, 30, x, t_x, seen)
        orders = btyd.expected_orders(model, 30, x, t_x, seen)
        self.assertNumbers(alive, rest, orders, btyd.usual_gap(model, x, t_x))
        self.assertTrue(((alive >= 0) & (alive <= 1) & (rest >= 0) & (rest <= 1) & (orders >= 0)).all())
        value = gamma_gamma.lifetime_value(model, (x, t_x, seen), [1.0], months=3)
        self.assertNumbers(value)
        if x and t_x and seen:
            self.assertNumbers(btyd.explain(model, 30, (x[0], t_x[0], seen[0]), (1, 5, 9)).alive)
        btyd.unmet_gates(btyd.group(x, t_x, seen))
        btyd.draw_parameters(found, 3)

    @quick
    @given(column, column)
    def test_values(self, x, z):
        found = gamma_gamma.fit_value(x, z, winsorized=0.9)
        self.assertNumbers(gamma_gamma.expected_value(found, x, z), [found.mean, found.credibility])

    @quick
    @given(column, column, column)
    def test_scores_and_cohorts(self, left, middle, right):
        limits = rfm.thresholds(left, middle, right)
        scores = rfm.score(limits, left, middle, right)
        self.assertTrue(((scores.cell >= 111) & (scores.cell <= 555)).all())
        self.assertTrue((rfm.assign(scores) >= 0).all())
        found = abc.concentration(left)
        self.assertEqual(found.count, len(left))
        self.assertTrue(set(abc.classify(left)) <= {0, 1, 2})
        abc.curve(left)
        cohort.revenue_retention(left, right)
        stats.accuracy(left, right)
        whole = [min(max(value, -5), 30) // 1 if value == value else 0 for value in middle]
        cohort.triangle(cohort.cells_of(left, whole, right), 20)
        cohort.movement(left, whole, 20)
        rfm.summarize(left, whole, right, 10)

    @quick
    @given(column, column)
    def test_baskets_and_campaigns(self, left, right):
        found = basket.rules(basket.count_pairs(left, right, cap=4))
        self.assertNumbers(found.lift, found.confidence, found.q_value)
        basket.white_spots(left, right, found, least_lift=0, most_q=1)
        uplift.uplift(uplift.group_of(left), uplift.group_of(right))
        self.assertNumbers(uplift.attribute(left, right, right))

    @quick
    @given(column, strategies.sampled_from((1, 4, 12)), odd_number)
    def test_series(self, y, season, share):
        found = forecast.forecast(y, 4, season, last_share=share)
        self.assertNumbers(found.mean, found.low, found.high, found.spread)
        self.assertTrue((found.low <= found.high).all())
        forecast.errors(y, y[::-1], y, season)

    @quick
    @given(column, column, column)
    def test_deals(self, probability, amount, due):
        calibration = pipeline.calibrate(probability, due)
        mapped = calibration.apply(probability)
        self.assertTrue(((mapped >= 0) & (mapped <= 1)).all())
        slip = pipeline.slip_distribution(due, amount)
        self.assertNumbers(slip.share, pipeline.open_deals(mapped, amount, due, slip, 6).mean)
        curve = pipeline.cycle_curve(due, probability)
        self.assertNumbers(curve.won, pipeline.future_deals(amount, curve, 5, 6).mean)
        self.assertNumbers(pipeline.still_open(mapped, due, curve))
        pipeline.reliability(probability, due)

    @quick
    @given(strategies.lists(strategies.tuples(odd_number, odd_number), max_size=12))
    def test_groups(self, rows):
        found = cluster.cluster(rows, 3, resamples=2)
        self.assertEqual(len(found.labels), len(rows))
        self.assertNumbers(found.centers, found.inertia)
