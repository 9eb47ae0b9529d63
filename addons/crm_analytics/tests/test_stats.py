import math

import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import special, stats
from ..lib.optimize import minimize


@tagged("post_install", "-at_install")
class TestStats(BaseCase):
    """The small statistics, against published values and the standard library."""

    def test_gamma_functions(self):
        values = [1e-3, 0.1, 0.5, 1, 2, 3.7, 10, 100, 1e4, 1e8]
        np.testing.assert_allclose(special.log_gamma(values), [math.lgamma(v) for v in values], atol=1e-11)
        # -gamma and -gamma - 2 ln 2
        np.testing.assert_allclose(special.digamma([1, 0.5]), [-0.5772156649015329, -1.9635100260214235])

    def test_normal_quantile(self):
        for share in (1e-9, 0.01, 0.3, 0.5, 0.9, 0.975):
            self.assertAlmostEqual(float(special.normal_cdf(special.normal_quantile(share))), share, 12)
        self.assertEqual(special.normal_quantile(1), math.inf)

    def test_student_quantile(self):
        for freedom, expected in ((5, 2.5706), (10, 2.2281), (30, 2.0423)):
            self.assertAlmostEqual(special.student_quantile(0.975, freedom), expected, 3)

    def test_wilson_interval(self):
        """Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
        low, high = stats.wilson_interval([81, 15, 0, 1], [263, 148, 20, 29])
        np.testing.assert_allclose(low, [0.2553, 0.0624, 0.0, 0.0061], atol=6e-5)
        np.testing.assert_allclose(high, [0.3662, 0.1605, 0.1611, 0.1718], atol=6e-5)
        low, high = stats.wilson_interval([0], [0])
        self.assertEqual((low[0], high[0]), (0, 1))

    def test_benjamini_hochberg(self):
        """The 15 p-values of the paper: four are found at 5 %."""
        p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
        p_values += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
        found = stats.benjamini_hochberg(p_values[::-1])[::-1]
        self.assertEqual(int((found <= 0.05).sum()), 4)
        self.assertAlmostEqual(found[3], 0.0095 * 15 / 4)
        self.assertTrue((np.diff(found) >= 0).all())
        self.assertAlmostEqual(stats.benjamini_hochberg([0.01], tests=100)[0], 1.0)

    def test_winsorize(self):
        values, limit, drawn = stats.winsorize(np.r_[np.arange(1000), 1e9], 0.995)
        self.assertEqual(drawn, 5)
        self.assertEqual(values.max(), limit)
        self.assertEqual(stats.winsorize([1, 2, 1e9], 0.995)[2], 0)

    def test_accuracy(self):
        found = stats.accuracy([0, 2, 4, 10, 4], [1, 2, 3, 8, 6])
        self.assertAlmostEqual(found.mae, 6 / 5)
        self.assertAlmostEqual(found.bias, 0.0)
        self.assertAlmostEqual(found.top_share, 0.5)
        self.assertAlmostEqual(found.correlation, np.corrcoef([0, 2, 4, 10, 4], [1, 2, 3, 8, 6])[0, 1])
        self.assertTrue(math.isnan(stats.accuracy([], []).mae))

    def test_minimum_of_a_bent_valley(self):
        """Rosenbrock's function: the search follows the valley to (1, 1)."""

        def valley(x):
            off = x[1] - x[0] ** 2
            slope = np.array([-400 * x[0] * off - 2 * (1 - x[0]), 200 * off])
            return 100 * off**2 + (1 - x[0]) ** 2, slope

        found = minimize(valley, [-1.2, 1.0], 1e-8)
        self.assertTrue(found.converged)
        np.testing.assert_allclose(found.x, [1, 1], atol=1e-6)

    def test_search_ends_where_there_is_no_minimum(self):
        found = minimize(lambda x: (math.nan, np.full(1, math.nan)), [0.0])
        self.assertFalse(found.converged)
        self.assertFalse(minimize(lambda x: (float(x[0]), np.ones(1)), [0.0], iterations=20).converged)

    def test_unusual_change_is_told_from_usual_ones(self):
        past = [1.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0]
        self.assertEqual(stats.unusual(50.0, past[:5]), 0.0)
        self.assertLess(abs(stats.unusual(2.0, past)), 3)
        self.assertGreater(stats.unusual(20.0, past), 3)
        self.assertLess(stats.unusual(-20.0, past), -3)
        self.assertGreater(stats.unusual(20.0, [*past, 500.0]), 3)  # an old outlier hides no new one
        self.assertEqual(stats.unusual(0.0, [0.0] * 10), 0.0)
        self.assertEqual(stats.unusual(5.0, [0.0] * 10), 99.0)
