"""Special functions on arrays, as far as the models need them and numpy lacks them.

Everything takes and returns floats or float arrays of any shape. Where a function is not defined the
answer is ``nan``; nothing raises.
"""

import math

import numpy as np

# So many steps of the recurrence lift any positive argument to where Stirling's series is exact to 14 digits.
_LIFT = 10
# The steps in pairs: (x + k) (x + 9 - k) = x (x + 9) + k (9 - k).
_PAIRS = tuple(step * (_LIFT - 1 - step) for step in range(_LIFT // 2))


def log_gamma(x):
    """Logarithm of the gamma function: Stirling's series after the recurrence.

    Source: Abramowitz & Stegun 6.1.15, 6.1.41.

    :param x: array of positive numbers below 1e25
    :return: array of the same shape, absolute error about 1e-13 for moderate arguments
    """
    return log_gamma_and_digamma(x)[0]


def digamma(x):
    """Derivative of :func:`log_gamma`. Source: Abramowitz & Stegun 6.3.5, 6.3.18.

    :param x: array of positive numbers
    :return: array of the same shape
    """
    return log_gamma_and_digamma(x)[1]


def log_gamma_and_digamma(x):
    """Both at once: they share most of the work.

    :param x: array of positive numbers
    :return: (array, array) of the same shape
    """
    x = np.asarray(x, dtype=float)
    with np.errstate(all="ignore"):
        lifted, square = x + _LIFT, x * (x + (_LIFT - 1))
        product, below = square, 1.0 / square
        for pair in _PAIRS[1:]:
            factor = square + pair
            product = product * factor
            below = below + 1.0 / factor
        below = below * (2.0 * x + (_LIFT - 1))
        log, inverse = np.log(lifted), 1.0 / lifted
        square = inverse * inverse
        value = (lifted - 0.5) * log - lifted + 0.5 * math.log(2 * math.pi) - np.log(product)
        value += inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680))))
        series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240))))
        return value, log - 0.5 * inverse - series - below


def normal_cdf(x):
    """Probability that a standard normal variable is at most x.

    :param x: a number or an array
    """
    return np.vectorize(lambda value: 0.5 * math.erfc(-value / math.sqrt(2)), otypes=[float])(x)


def normal_quantile(share):
    """The value a standard normal variable stays below with this probability.

    Acklam's rational approximation, then one step of Halley's method: error below 1e-13.

    :param share: number strictly between 0 and 1; outside, -inf or inf
    """
    if not 0.0 < share < 1.0:
        return math.nan if math.isnan(share) else math.copysign(math.inf, share - 0.5)
    if share > 0.5:
        return -normal_quantile(1.0 - share)
    guess = _acklam(share)
    error = 0.5 * math.erfc(-guess / math.sqrt(2)) - share
    step = error * math.sqrt(2 * math.pi) * math.exp(guess * guess / 2)
    return guess - step / (1 + guess * step / 2)


def _acklam(share):
    """First approximation for shares of at most one half."""
    if share < 0.02425:
        root = math.sqrt(-2 * math.log(share))
        upper = (
            -7.784894002430293e-3,
            -0.3223964580411365,
            -2.400758277161838,
            -2.549732539343734,
            4.374664141464968,
            2.938163982698783,
        )
        lower = (7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0)
        return _polynomial(upper, root) / _polynomial(lower, root)
    middle = share - 0.5
    square = middle * middle
    upper = (
        -39.69683028665376,
        220.9460984245205,
        -275.9285104469687,
        138.3577518672690,
        -30.66479806614716,
        2.506628277459239,
    )
    lower = (
        -54.47609879822406,
        161.5858368580409,
        -155.6989798598866,
        66.80131188771972,
        -13.28068155288572,
        1.0,
    )
    return _polynomial(upper, square) * middle / _polynomial(lower, square)


def _polynomial(coefficients, x):
    value = 0.0
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


def student_quantile(share, freedom):
    """Quantile of Student's t distribution by Hill's expansion of Cornish and Fisher's.

    Source: Abramowitz & Stegun 26.7.5. Within 1 % from 3 degrees of freedom on, which is all an interval
    needs.

    :param share: number strictly between 0 and 1
    :param freedom: degrees of freedom; below 3 counts as 3
    """
    z, freedom = normal_quantile(share), max(float(freedom), 3.0)
    if math.isinf(freedom) or math.isinf(z):
        return z
    z2 = z * z
    terms = (
        z * (z2 + 1) / 4,
        z * ((5 * z2 + 16) * z2 + 3) / 96,
        z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
        z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160,
    )
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))
