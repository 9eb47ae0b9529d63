import math

import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import btyd, gamma_gamma
from ..lib.stats import EMPTY, INSUFFICIENT, OK
from .simulated import order_values


def fitted(count=5_000, seed=1):
    orders = np.random.default_rng(seed).geometric(0.3, count).astype(float)
    values = order_values(6.25, 3.74, 15.44, orders, seed)
    return orders, values, gamma_gamma.fit_value(orders, values)


@tagged("post_install", "-at_install")
class TestOrderValue(BaseCase):
    """Values of orders and of customers."""

    def test_slope_is_the_derivative(self):
        orders, values, _fit = fitted(300)
        problem = gamma_gamma._Likelihood(orders, values)
        for theta in ([1.0, 1.2, 0.3], [0.1, 0.4, -1.0], [2.5, 2.0, 1.5]):
            for function in (problem.likelihood, problem.posterior):
                slope = function(np.array(theta))[1]
                for i in range(3):
                    move = np.zeros(3)
                    move[i] = 1e-5
                    change = function(theta + move)[0] - function(theta - move)[0]
                    self.assertAlmostEqual(slope[i], change / 2e-5, 6)

    def test_known_parameters_are_found(self):
        _orders, _values, found = fitted(40_000)
        self.assertEqual(found.status, OK)
        off = np.array([found.p - 6.25, found.q - 3.74, found.v - 15.44])
        self.assertTrue((np.abs(off) < 4 * found.errors).all(), found)

    def test_currency_does_not_matter(self):
        orders, values, found = fitted()
        other = gamma_gamma.fit_value(orders, values * 1000)
        self.assertAlmostEqual(other.p / found.p, 1, 3)
        self.assertAlmostEqual(other.v / found.v / 1000, 1, 3)
        moved = found.log_likelihood - len(orders) * math.log(1000)
        self.assertAlmostEqual(other.log_likelihood, moved, 2)

    def test_own_mean_counts_more_with_more_orders(self):
        """The expectation lies between the mean of all and the own one, and moves towards the own one."""
        _orders, _values, found = fitted()
        everyone = found.p * found.v / (found.q - 1)
        expected = gamma_gamma.expected_value(found, [0, 1, 5, 50], [0, 100, 100, 100])
        self.assertAlmostEqual(expected[0], everyone, 6)
        self.assertTrue((np.diff(expected) > 0).all() and expected[-1] < 100)

    def test_refunds_and_zero_orders_do_not_break_the_fit(self):
        orders, values, _fit = fitted(500)
        values[:3], orders[3] = (0, -20, math.nan), math.inf
        found = gamma_gamma.fit_value(orders, values)
        self.assertEqual((found.status, found.skipped), (OK, 4))
        expected = gamma_gamma.expected_value(found, orders, values)
        self.assertTrue((np.isfinite(expected) & (expected > 0)).all())

    def test_wholesaler_is_drawn_down(self):
        orders, values, found = fitted(1_000)
        values[0] = 1e7
        spoiled = gamma_gamma.fit_value(orders, values)
        drawn = gamma_gamma.fit_value(orders, values, winsorized=0.995)
        self.assertLess(abs(drawn.q / found.q - 1), 0.1)
        self.assertLess(abs(drawn.q - found.q), abs(spoiled.q - found.q))
        self.assertLess(drawn.limit, 1e7)

    def test_infinite_mean_falls_back(self):
        """So heavy a tail has no mean: the credibility mean answers."""
        random = np.random.default_rng(1)
        found = gamma_gamma.fit_value(np.ones(500), random.pareto(0.5, 500))
        self.assertEqual(found.status, gamma_gamma.INFINITE_MEAN)
        expected = gamma_gamma.expected_value(found, [0, 1, 100], [0, 5, 5])
        self.assertAlmostEqual(expected[0], found.mean)
        self.assertTrue((np.diff(expected) < 0).all() and expected[-1] > 5)

    def test_t12_data_that_settle_nothing(self):
        cases = {
            "none": ([], [], EMPTY),
            "only refunds": ([1, 2], [0, -5], EMPTY),
            "all the same": ([1] * 60, [10] * 60, INSUFFICIENT),
            "five": ([1, 2, 1, 3, 1], [10, 20, 15, 11, 9], INSUFFICIENT),
        }
        for name, (orders, values, status) in cases.items():
            with self.subTest(name):
                found = gamma_gamma.fit_value(orders, values)
                self.assertEqual(found.status, status)
                expected = gamma_gamma.expected_value(found, [0, 1, 5], [0, 10, 1e3])
                self.assertTrue((np.isfinite(expected) & (expected >= 0)).all())

    def test_dependence_of_value_and_orders_is_reported(self):
        orders, values, found = fitted()
        self.assertLess(abs(found.correlation), 0.1)
        tied = gamma_gamma.fit_value(orders, values * orders)
        self.assertGreater(tied.correlation, gamma_gamma.CORRELATION_WARNING)


@tagged("post_install", "-at_install")
class TestLifetimeValue(BaseCase):
    """CLV: discounted margin of the orders to be expected."""

    model = btyd.Parameters(btyd.MBG, 0.5, 60, 0.8, 2.5)
    customers = ([0, 3, 3, 20], [0, 90, 90, 300], [30, 100, 100, 310])

    def value(self, **options):
        return gamma_gamma.lifetime_value(self.model, self.customers, [10, 20, 40, 5], **options)

    def test_without_discount_it_is_orders_times_value(self):
        orders = btyd.expected_orders(self.model, 12 * 30.4375, *self.customers)
        np.testing.assert_allclose(self.value(margin=0.3), orders * [10, 20, 40, 5] * 0.3, rtol=1e-12)

    def test_single_month_is_discounted_once(self):
        plain, less = self.value(months=1), self.value(months=1, monthly_discount=0.01)
        np.testing.assert_allclose(less, plain / 1.01)

    def test_discount_lowers_and_months_raise(self):
        self.assertTrue((self.value(monthly_discount=0.02) < self.value()).all())
        self.assertTrue((self.value(months=24) > self.value()).all())
        self.assertTrue((self.value(months=0) == 0).all())

    def test_twice_the_value_is_twice_the_worth(self):
        found = self.value()
        self.assertAlmostEqual(found[2], 2 * found[1])

    def test_odd_numbers_stay_finite(self):
        odd = gamma_gamma.lifetime_value(
            self.model, ([math.nan, 1e9], [1, math.inf], [math.inf, 5]), [math.nan, 1e12], monthly_discount=-5
        )
        self.assertTrue(np.isfinite(odd).all())
        self.assertAlmostEqual((1 + gamma_gamma.annual_to_monthly(0.1)) ** 12, 1.1)
