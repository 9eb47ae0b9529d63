import math

import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import forecast, forecast_methods
from ..lib.stats import EMPTY, INSUFFICIENT, OK
from .air_passengers import PASSENGERS

PAST, FUTURE = np.array(PASSENGERS[:132], float), np.array(PASSENGERS[132:], float)


def seasonal_series(years, noise=0.05, seed=1):
    random = np.random.default_rng(seed)
    time = np.arange(12 * years)
    return (100 + time) * (1 + 0.3 * np.sin(time * np.pi / 6)) * np.exp(random.normal(0, noise, len(time)))


@tagged("post_install", "-at_install")
class TestForecastMethods(BaseCase):
    """The methods, on a published series and against the plain recursions."""

    def test_t16_air_passengers(self):
        """Eleven years known, the twelfth to be forecast."""
        for name, smape, mase in (
            ("seasonal_naive", 10.57, 1.571),
            ("naive2", 7.03, 1.108),
            ("theta", 5.42, 0.865),
        ):
            with self.subTest(name):
                ahead = forecast_methods.METHODS[name](PAST, 12, 12)
                found = forecast.errors(FUTURE, ahead, PAST, 12)
                self.assertAlmostEqual(found.smape, smape, delta=0.02)
                self.assertAlmostEqual(found.mase, mase, delta=0.002)
        ahead = forecast_methods.theta(PAST, 12, 12)
        np.testing.assert_allclose(ahead[:4], [411.3, 402.2, 462.8, 444.6], atol=0.15)

    def test_smoothing_is_the_plain_recursion(self):
        for seed in range(4):
            y = 100 + np.random.default_rng(seed).normal(0, 5, 230).cumsum()
            best = min(
                (self._simple(y, weight) for weight in forecast_methods._WEIGHTS), key=lambda found: found[0]
            )
            self.assertAlmostEqual(forecast_methods._smoothed_level(y), best[1], delta=0.05)

    def _simple(self, y, weight):
        """(sum of squared errors, last level), the first level by least squares."""
        level, fade, errors, shares = 0.0, 1.0, [], []
        for value in y:
            errors.append(value - level)
            shares.append(fade)
            level, fade = level + weight * (value - level), fade * (1 - weight)
        errors, shares = np.array(errors), np.array(shares)
        first = errors @ shares / (shares @ shares)
        return ((errors - first * shares) ** 2).sum(), level + first * fade

    def test_damped_smoothing_is_the_plain_recursion(self):
        """The state that is told gives the errors that were said to be least."""
        y = seasonal_series(5)[:40]
        grids = [np.array(values) for values in ((0.3,), (0.2,), (0.9,))]
        _best, (level, trend) = forecast_methods._damped_fit(y, grids)

        def run(first, slope):
            squares = 0.0
            for value in y:
                slope *= 0.9
                first += slope
                squares += (value - first) ** 2
                first, slope = first + 0.3 * (value - first), slope + 0.06 * (value - first)
            return squares, first, slope

        tried = [run(first, slope) for first in np.arange(60, 160, 0.5) for slope in np.arange(-20, 20, 0.5)]
        _squares, last, slope = min(tried)
        self.assertAlmostEqual(level, last, delta=0.5)
        self.assertAlmostEqual(trend, slope, delta=0.2)

    def test_season_is_found_and_taken_out(self):
        rest, factors, additive = forecast_methods.deseasonalized(seasonal_series(6, noise=0.0), 12)
        self.assertFalse(additive)
        np.testing.assert_allclose(factors, 1 + 0.3 * np.sin(np.arange(12) * np.pi / 6), atol=0.01)
        self.assertLess(np.abs(np.diff(rest, 2)).max(), 2)
        noise = np.random.default_rng(1).normal(100, 5, 72)
        self.assertIsNone(forecast_methods.deseasonalized(noise, 12)[1])

    def test_season_with_refunds_adds(self):
        """Months below zero can't be divided by: the season is added instead."""
        time = np.arange(72)
        y = 10 + 30 * np.sin(time * np.pi / 6) + np.random.default_rng(1).normal(0, 1, 72)
        _rest, _factors, additive = forecast_methods.deseasonalized(y, 12)
        self.assertTrue(additive)
        ahead = forecast_methods.theta(y, 12, 12)
        np.testing.assert_allclose(ahead, 10 + 30 * np.sin(np.arange(72, 84) * np.pi / 6), atol=4)

    def test_straight_line_goes_on(self):
        """Theta takes half the slope along, damped smoothing most of it."""
        line = np.arange(60.0)
        self.assertAlmostEqual(forecast_methods.theta(line, 2)[1], 60.5, delta=0.6)
        self.assertAlmostEqual(forecast_methods.damped(line, 2)[1], 61, delta=0.3)


@tagged("post_install", "-at_install")
class TestForecast(BaseCase):
    """Choice, interval, running period, odd series."""

    def test_t17_running_month_is_dropped(self):
        """10 of 31 days of the last month: taken for a whole month it would halve the year."""
        y = PAST.copy()
        y[-1] *= 10 / 31
        found = forecast.forecast(y, 12, 12, last_share=10 / 31, method="theta")
        self.assertEqual(found.partial, "dropped")
        self.assertLess(forecast.errors(FUTURE, found.mean, PAST, 12).smape, 7)
        self.assertAlmostEqual(found.current / PAST[-1], 1, delta=0.05)
        untreated = forecast.forecast(y, 12, 12, method="theta")
        self.assertGreater(forecast.errors(FUTURE, untreated.mean, PAST, 12).smape, 40)

    def test_t17_running_month_is_scaled(self):
        y = PAST.copy()
        y[-1] *= 28 / 31
        found = forecast.forecast(y, 12, 12, last_share=28 / 31)
        self.assertEqual(found.partial, "scaled")
        self.assertAlmostEqual(found.current, PAST[-1])
        self.assertLess(forecast.errors(FUTURE, found.mean, PAST, 12).smape, 7)
        self.assertEqual(forecast.forecast(y, 12, 12, last_share=28 / 31, partial="drop").partial, "dropped")

    def test_interval_holds_what_comes(self):
        """80 % intervals over many series hold about 80 % of what came."""
        inside = total = 0
        for seed in range(12):
            y = seasonal_series(7, noise=0.08, seed=seed)
            found = forecast.forecast(y[:72], 6, 12, method="theta", level=0.8)
            inside += int(((y[72:78] >= found.low) & (y[72:78] <= found.high)).sum())
            total += 6
        self.assertGreater(inside / total, 0.68)
        self.assertLess(inside / total, 0.95)

    def test_choice_goes_by_the_past(self):
        """A series that repeats its season exactly is best forecast by it."""
        season = np.array([5, 9, 1, 7, 3, 8, 2, 6, 4, 9, 5, 1.0])
        y = np.r_[np.random.default_rng(1).normal(50, 3, 1), np.tile(season * 10, 6)][1:]
        y[::12] += np.arange(6) * 0.01
        found = forecast.forecast(y, 12, 12)
        self.assertLess(forecast.errors(season * 10, found.mean).smape, 1)
        tied = forecast.Backtest({"theta": 0.9, "combination": 0.905}, {}, 10)
        self.assertEqual(forecast.choose(tied), "combination")
        clear = forecast.Backtest({"theta": 0.5, "combination": 0.905}, {}, 10)
        self.assertEqual(forecast.choose(clear), "theta")
        few = forecast.Backtest({"theta": 0.5, "combination": 0.905}, {}, 2)
        self.assertEqual(forecast.choose(few), "combination")

    def test_backtest_knows_no_future(self):
        """The forecast from a month is the same whatever comes after it."""
        y = seasonal_series(5)
        tested = forecast.backtest(y, 3, 12, ("theta",))
        start = len(y) - tested.origins
        ahead = forecast_methods.theta(y[:start], 3, 12)
        np.testing.assert_allclose(tested.residuals["theta"][0], y[start : start + 3] - ahead)
        self.assertTrue(math.isnan(tested.residuals["theta"][-1, 1]))

    def test_odd_series_are_answered(self):
        series = {
            "empty": ([], EMPTY),
            "one": ([5], INSUFFICIENT),
            "zeros": ([0, 0, 0], INSUFFICIENT),
            "three": ([1, 2, 3], INSUFFICIENT),
            "constant": ([7] * 40, OK),
            "negative": ([-5, 3, 2, -7] * 10, OK),
            "no numbers": ([math.nan] * 30, None),
            "late start": ([0] * 20 + [5, 6, 7, 5, 4] * 8, OK),
            "infinite": ([math.inf, *range(40)], OK),
        }
        for name, (y, status) in series.items():
            for season in (1, 4, 12):
                with self.subTest(name, season=season):
                    found = forecast.forecast(y, 6, season, last_share=0.5)
                    self.assertTrue(np.isfinite([found.mean, found.low, found.high, found.spread]).all())
                    self.assertTrue((found.low <= found.mean).all() and (found.mean <= found.high).all())
                    self.assertEqual(len(found.mean), 6)
                    if status and season == 1 and len(y) > 5:
                        self.assertEqual(found.status, status)
        self.assertEqual(forecast.forecast([], 3).status, EMPTY)
        self.assertEqual(forecast.forecast([5, 6], 3).status, INSUFFICIENT)

    def test_rhythm_of_a_short_series_makes_it_unsure(self):
        """Every other month, for less than two years: the mean of it is no month that ever comes."""
        found = forecast.forecast([400, 0] * 10, 6, 12)
        self.assertTrue((found.low <= 0).all() and (found.high >= 400).all())

    def test_sales_do_not_go_below_nothing(self):
        y = np.r_[np.linspace(100, 1, 40), 0.5]
        found = forecast.forecast(y, 12, 12)
        self.assertTrue((found.low >= 0).all())

    def test_errors_of_a_forecast(self):
        found = forecast.errors([100, 50, 0], [110, 40, 0], past=[1, 3, 2, 4], season=2)
        self.assertAlmostEqual(found.smape, 200 * (10 / 210 + 10 / 90) / 3)
        self.assertAlmostEqual(found.mase, (20 / 3) / 1)
        self.assertAlmostEqual(found.wape, 20 / 150)
        self.assertAlmostEqual(found.bias, 0)
        self.assertTrue(math.isnan(forecast.errors([0], [0]).wape))
