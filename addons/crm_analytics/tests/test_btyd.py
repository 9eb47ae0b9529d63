import math

import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import btyd, btyd_score
from ..lib.optimize import hessian
from ..lib.stats import EMPTY, INSUFFICIENT, OK, PRIOR_DOMINATED
from .simulated import customers

# Fitted to the CDNOW customers in weeks: Fader, Hardie & Lee (2005) table 2, with more digits.
BG = btyd.Parameters(btyd.BG, 0.2425945, 4.4136019, 0.7929199, 2.4258881)
MBG = btyd.Parameters(btyd.MBG, 0.5248, 6.1830, 0.8914, 1.6140)
MODELS = (BG, MBG)


@tagged("post_install", "-at_install")
class TestPurchaseScores(BaseCase):
    """Scores of known parameters, against published values and closed forms."""

    def test_t2_published_customer(self):
        """The customer of the BG/NBD paper: 2 repeat orders, the last in week 30.43 of 38.86."""
        for model, orders, alive in ((BG, 1.226, 0.7266), (MBG, 1.2626, 0.7061)):
            with self.subTest(model.kind):
                found = btyd.expected_orders(model, 39, [2], [30.43], [38.86])
                self.assertAlmostEqual(found[0], orders, 3)
                self.assertAlmostEqual(btyd.probability_alive(model, [2], [30.43], [38.86])[0], alive, 4)

    def test_t3_one_time_buyer(self):
        """With BG/NBD who came once is alive for ever, with MBG/NBD he fades."""
        zero, seen = [0, 0], [38.86, 520]
        np.testing.assert_array_equal(btyd.probability_alive(BG, zero, zero, seen), [1, 1])
        np.testing.assert_allclose(btyd.probability_alive(MBG, zero, zero, seen), [0.3897, 0.1495], atol=1e-4)
        np.testing.assert_allclose(
            btyd.expected_orders(BG, 39, zero, zero, seen), [0.1948, 0.0178], atol=4e-4
        )
        np.testing.assert_allclose(
            btyd.expected_orders(MBG, 39, zero, zero, seen), [0.1540, 0.0057], atol=1e-4
        )

    def test_t6_new_customers(self):
        rounded = btyd.Parameters(btyd.BG, 0.243, 4.414, 0.793, 2.426)
        self.assertAlmostEqual(btyd.probability_no_order(rounded, 39, [0], [0], [0])[0], 0.5737864, 7)
        weeks = [0.1429, 1, 3, 31.857, 32, 78]
        # The published ones were made with more digits of the parameters.
        published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
        np.testing.assert_allclose(btyd.expected_new(rounded, weeks), published, rtol=5e-3)

    def test_t12_new_today_is_allowed(self):
        self.assertAlmostEqual(btyd.probability_alive(MBG, [0], [0], [0])[0], 0.6443, 3)

    def test_t25_extremes_stay_sane(self):
        """Ten years, a thousand orders, horizons from nothing to thirty years."""
        day = 1 / 7
        horizons = np.array([0, 1, 30, 365, 3650, 10957]) * day
        for model in MODELS:
            for x, t_x, seen in ((1000, 3650, 3650), (1000, 10, 3650), (0, 0, 0), (0, 0, 3650), (1, 1, 3650)):
                with self.subTest(model.kind, x=x, t_x=t_x):
                    columns = [np.full(6, value) for value in (x, t_x * day, seen * day)]
                    orders = btyd.expected_orders(model, horizons, *columns)
                    self.assertEqual(orders[0], 0)
                    self.assertTrue(np.isfinite(orders).all() and (np.diff(orders) >= 0).all())
                    for share in (
                        btyd.probability_alive(model, *columns),
                        btyd.probability_no_order(model, horizons, *columns),
                    ):
                        self.assertTrue(((share >= 0) & (share <= 1)).all())

    def test_series_and_integral_agree(self):
        """Two independent ways to the expected orders, over customers of all kinds; a = 1 has no hole."""
        random = np.random.default_rng(7)
        x = np.r_[random.integers(0, 40, 200), [1000.0]]
        seen, horizon = random.uniform(0, 100, 201), random.uniform(0.1, 400, 201)
        for r, alpha, a, b in (
            (0.24, 4.4, 0.79, 2.4),
            (3, 2, 1.0, 0.5),
            (0.5, 2, 0.3, 0.2),
            (0.2, 5, 2.5, 7),
        ):
            for kind in (btyd.BG, btyd.MBG):
                model = btyd.Parameters(kind, r, alpha, a, b)
                with self.subTest(kind, a=a):
                    z = horizon / (alpha + seen + horizon)
                    top = a + b + model.death_at_start - 1 - r
                    series = btyd_score._by_series(model, z, x, top)
                    integral = btyd_score._by_integral(model, horizon / (alpha + seen), x)
                    np.testing.assert_allclose(series, integral, rtol=1e-10)

    def test_expectation_is_what_simulation_says(self):
        """Customers made by the model order as often as its formula says."""
        for kind in (btyd.BG, btyd.MBG):
            model = btyd.Parameters(kind, 0.8, 40, 1.4, 3.0)
            x, _last, end = customers(model, 200_000, 500, seed=5)
            expected = btyd.expected_orders(model, end, *[np.zeros(len(end))] * 3)
            with self.subTest(kind):
                self.assertLess(abs(x.mean() / expected.mean() - 1), 0.02)

    def test_nobody_leaves_is_a_gamma_mixture(self):
        """With leaving next to impossible, orders are rate times time."""
        model = btyd.Parameters(btyd.BG, 2, 10, 1e-9, 1e6)
        orders = btyd.expected_orders(model, 30, [5], [18], [20])
        self.assertAlmostEqual(orders[0], 30 * (2 + 5) / (10 + 20), 5)

    def test_silence_only_lowers_the_chance(self):
        ends = np.linspace(20, 400, 50)
        for model in MODELS:
            alive = btyd.probability_alive(model, np.full(50, 4), np.full(50, 20), ends)
            self.assertTrue((np.diff(alive) < 0).all())

    def test_odd_customers_are_scored_all_the_same(self):
        odd = ([math.nan, -1, math.inf, 3, 2], [1, math.nan, 4, 9, math.inf], [5, 5, math.inf, 2, -1])
        for model in MODELS:
            for values in (
                btyd.probability_alive(model, *odd),
                btyd.probability_no_order(model, 10, *odd),
                btyd.expected_orders(model, [10, math.nan, math.inf, -5, 3], *odd),
                btyd.usual_gap(model, odd[0], odd[1]),
            ):
                self.assertTrue(np.isfinite(values).all())
            self.assertEqual(len(btyd.expected_orders(model, 10, [], [], [])), 0)

    def test_explanation_names_what_moved_the_score(self):
        """Seven orders every 31 days, now silent for 94: the silence is why."""
        model = btyd.Parameters(btyd.MBG, 1.5, 30, 0.9, 4.0)
        why = btyd.explain(model, 365, (7, 217, 311), (7, 217, 240))
        self.assertEqual(why.contributions[0].name, "silence")
        self.assertLess(why.alive, why.typical_alive)
        # Beside the silence only his age is not typical: hardly anything is left for it.
        self.assertAlmostEqual(why.contributions[0].alive_effect, why.alive - why.typical_alive, delta=0.03)
        self.assertAlmostEqual(why.usual_gap, 31)
        self.assertAlmostEqual(why.late, 94 / 31)
        self.assertIsNone(btyd.explain(model, 365, (0, 0, 100), (7, 217, 240)).late)


@tagged("post_install", "-at_install")
class TestPurchaseFit(BaseCase):
    """Fits: slope, invariances, known parameters, and data that settle nothing."""

    def test_slope_is_the_derivative(self):
        x, t_x, seen = customers(BG, 300, 80, seed=2)
        for kind in (btyd.BG, btyd.MBG):
            problem = btyd._Likelihood(btyd.group(x, t_x, seen), kind, 0.1)
            for theta in ([-1.0, 0.5, -0.3, 0.9], [0.7, 1.5, 0.0, -0.6], [2.0, -1.0, 1.5, 2.0]):
                for function in (problem.likelihood, problem.posterior):
                    slope = function(np.array(theta))[1]
                    for i in range(4):
                        move = np.zeros(4)
                        move[i] = 1e-5
                        ahead, behind = function(theta + move)[0], function(theta - move)[0]
                        self.assertAlmostEqual(slope[i], (ahead - behind) / 2e-5, 7)

    def test_sums_are_the_gamma_functions(self):
        """Gone through order by order, or by Gamma functions as for customers with very many."""
        columns = customers(btyd.Parameters(btyd.MBG, 1.5, 20.0, 0.8, 2.5), 2_000, 700)
        for kind in (btyd.BG, btyd.MBG):
            problem = btyd._Likelihood(btyd.group(*columns), kind, 1.0)
            for theta in (problem.center, problem.center + np.arange(4.0), problem.center - 2.0):
                value, slope = problem.likelihood(theta)
                counts, problem.counts = problem.counts, None
                by_gamma, slope_by_gamma = problem.likelihood(theta)
                problem.counts = counts
                self.assertAlmostEqual(value, by_gamma, 9)
                np.testing.assert_allclose(slope, slope_by_gamma, rtol=1e-7, atol=1e-9)

    def test_nobody_leaves_and_the_fit_ends_soon(self):
        """The best b lies at infinity: on the way there no digits are lost, and no time."""
        columns = customers(btyd.Parameters(btyd.MBG, 3.7, 60.0, 1e-9, 1e9), 50_000, 1_000)
        for kind in (btyd.BG, btyd.MBG):
            found = btyd.fit(btyd.group(*columns), kind)
            self.assertTrue(found.converged)
            self.assertLess(found.evaluations, 100)
            self.assertEqual(found.status, PRIOR_DOMINATED)
            self.assertAlmostEqual(found.parameters.r, 3.7, delta=0.1)

    def test_grouping_changes_nothing(self):
        x, t_x, seen = customers(MBG, 2_000, 60, seed=3)
        grouped = btyd.group(x, t_x, seen)
        self.assertLess(len(grouped.x), 2_000)
        self.assertEqual(grouped.count, 2_000)
        weighted = btyd.group(grouped.x, grouped.t_x, grouped.T, grouped.weight)
        half = btyd.group(*(np.tile(column, 2) for column in (x, t_x, seen)), np.full(4_000, 0.5))
        single = btyd.Customers(x, t_x, seen, np.ones(2_000))
        expected = btyd.fit(single).log_likelihood
        for same in (grouped, weighted, half):
            self.assertAlmostEqual(btyd.fit(same).log_likelihood, expected, 6)

    def test_fractions_of_a_day_are_grouped_too(self):
        found = btyd.group([1, 1, 0], [0.5, 0.5, 0], [2.25, 2.25, 1])
        self.assertEqual(sorted(found.weight), [1, 2])

    def test_t1_unit_of_time_does_not_matter(self):
        """Days instead of weeks: alpha times 7, the rest as it was, the likelihood moved by ln 7 an order."""
        x, t_x, seen = customers(MBG, 3_000, 78, seed=4)
        for kind in (btyd.BG, btyd.MBG):
            weeks = btyd.fit(btyd.group(x, t_x, seen), kind)
            days = btyd.fit(btyd.group(x, t_x * 7, seen * 7), kind)
            with self.subTest(kind):
                self.assertEqual(weeks.status, OK)
                for name, factor in (("r", 1), ("alpha", 7), ("a", 1), ("b", 1)):
                    before, after = getattr(weeks.parameters, name), getattr(days.parameters, name)
                    self.assertAlmostEqual(after / before / factor, 1, 4)
                moved = weeks.log_likelihood - x.sum() * math.log(7)
                self.assertAlmostEqual(days.log_likelihood, moved, 4)

    def test_known_parameters_are_found(self):
        for kind in (btyd.BG, btyd.MBG):
            truth = btyd.Parameters(kind, 0.9, 45, 0.8, 2.5)
            found = btyd.fit(btyd.group(*customers(truth, 60_000, 900, seed=6)), kind)
            with self.subTest(kind):
                self.assertEqual(found.status, OK)
                self.assertTrue(found.converged)
                values = [found.parameters.r, found.parameters.alpha, found.parameters.a, found.parameters.b]
                off = np.array(values) - (0.9, 45, 0.8, 2.5)
                # Whole days cost a little; beside that the truth lies within what the errors promise.
                self.assertTrue((np.abs(off) < 4 * found.errors + 0.04 * np.array(values)).all(), values)

    def test_errors_are_those_of_the_curvature(self):
        grouped = btyd.group(*customers(MBG, 3_000, 78, seed=4))
        found = btyd.fit(grouped)
        problem = btyd._Likelihood(grouped, btyd.MBG, 1.0)
        model = found.parameters
        theta = np.log([model.r, model.alpha, model.a, model.b])
        covariance = np.linalg.inv(hessian(problem.likelihood, theta) * 3_000)
        np.testing.assert_allclose(found.covariance, covariance, rtol=1e-3, atol=1e-7)
        draws = btyd.draw_parameters(found, 4_000)
        spread = np.std([math.log(draw.b) for draw in draws])
        self.assertAlmostEqual(spread, math.sqrt(found.covariance[3, 3]), 1)

    def test_a_fit_on_many_is_the_fit_on_all(self):
        """Beginning on a part of the groups leads to the same end."""
        truth = btyd.Parameters(btyd.MBG, 0.9, 45, 0.8, 2.5)
        grouped = btyd.group(*customers(truth, 60_000, 900, seed=6))
        self.assertGreater(len(grouped.x), 2 * btyd._SAMPLE)
        problem = btyd._Likelihood(grouped, btyd.MBG, 0.01)
        model = btyd.fit(grouped).parameters
        slope = problem.likelihood(np.log([model.r, model.alpha * 0.01, model.a, model.b]))[1]
        self.assertLess(np.abs(slope).max(), 1e-6)

    def test_t12_data_that_settle_nothing(self):
        zero = np.zeros
        steady = np.random.default_rng(1).poisson(30, 500)
        cases = {
            "nobody came again": ((zero(100), zero(100), np.linspace(1, 50, 100)), {INSUFFICIENT}),
            "all the same": ((zero(50) + 3, zero(50) + 20, zero(50) + 30), {PRIOR_DOMINATED}),
            "nobody": (([], [], []), {EMPTY}),
            "five": (([0, 1, 2, 0, 1], [0, 3, 5, 0, 9], [10, 10, 10, 5, 12]), {INSUFFICIENT}),
            "all new today": ((zero(200), zero(200), zero(200)), {INSUFFICIENT}),
            "nobody leaves": ((steady, zero(500) + 50, zero(500) + 50), {PRIOR_DOMINATED}),
            "a million orders": ((zero(60) + 1e6, zero(60) + 100, zero(60) + 101), None),
        }
        for name, (columns, statuses) in cases.items():
            for kind in (btyd.BG, btyd.MBG):
                with self.subTest(name, kind=kind):
                    found = btyd.fit(btyd.group(*columns), kind)
                    if statuses:
                        self.assertIn(found.status, statuses)
                    model = found.parameters
                    values = np.array([model.r, model.alpha, model.a, model.b])
                    self.assertTrue((np.isfinite(values) & (values > 0)).all())
                    self.assertTrue(
                        np.isfinite(btyd.expected_orders(model, 10, [0, 3], [0, 20], [0, 30])).all()
                    )
                    if len(columns[0]):
                        orders = btyd.expected_orders(model, 10, *columns)
                        self.assertTrue((np.isfinite(orders) & (orders >= 0)).all())

    def test_few_customers_do_not_run_away(self):
        """Without the assumption, parameters of data like these end at millions."""
        found = btyd.fit(btyd.group(np.full(50, 3), np.full(50, 20), np.full(50, 30)))
        self.assertLess(max(found.parameters.b, found.parameters.r), 1_000)
        self.assertGreater(found.prior_share.max(), 0.5)

    def test_impossible_rows_are_counted_not_used(self):
        x, t_x, seen = [1, math.nan, -1, 1, 2, 0, 1], [3, 1, 1, 9, 0, 4, math.inf], [5, 5, 5, 5, 5, 5, 5]
        grouped = btyd.group(x, t_x, seen)
        self.assertEqual((grouped.count, grouped.skipped), (1, 6))

    def test_gates_say_what_is_missing(self):
        few = btyd.group([1, 0], [3, 0], [100, 50])
        self.assertEqual(btyd.unmet_gates(few), ("customers", "history", "recent", "frequent"))
        enough = btyd.group(*customers(btyd.Parameters(btyd.MBG, 2, 40, 0.5, 3), 600, 400, seed=1))
        self.assertEqual(btyd.unmet_gates(enough), ())
        self.assertEqual(len(btyd.unmet_gates(btyd.group([], [], []))), 4)
