"""What an order of a customer is worth (Gamma-Gamma model), and the value of the customer (CLV).

Each order of a customer is Gamma(p, nu), his own nu ~ Gamma(q, v); he is known by x orders of mean z.
Source: Fader & Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), brucehardie.com/notes/025; Colombo &
Jiang, Journal of Interactive Marketing 13 (1999) 2-12.

The mean exists for q > 1 only. Where the data say otherwise, or are few, the answer is the credibility mean
of Buhlmann and Straub: the customer's own mean drawn towards that of all, the more the fewer orders he has.
"""

import math
from dataclasses import dataclass

import numpy as np

from .btyd_score import clean_customers, distinct_pairs, expected_if_alive, probability_alive
from .optimize import hessian, inverse_of, minimize
from .special import log_gamma_and_digamma
from .stats import (
    EMPTY,
    INSUFFICIENT,
    NOT_CONVERGED,
    OK,
    PRIOR_DOMINATED,
    clean,
    correlation,
    distinct,
    same_length,
    winsorize,
)

INFINITE_MEAN = "infinite_mean"  # q <= 1: the credibility mean answers

_CUSTOMERS_MIN = 50
_USUAL = np.log([3.0, 3.0, 3.0])  # p, q, v in units of the median order
_SPREAD = 1.5
_SAMPLE, _BLOCK = 4_000, 8_192
_CLOSE = 1e-2  # slope at which it is looked whether the data settle the parameters
_Q_MIN = 1.05
_SAME = 1e-3  # orders that all cost the same have no distribution to fit
_PRIOR_MATTERS, _PRIOR_DECIDES = 0.1, 0.5
CORRELATION_WARNING = 0.3


@dataclass(frozen=True)
class ValueFit:
    """A fitted model of order values.

    ``p, q`` without unit, ``v`` in money. ``mean`` and ``credibility``: what :func:`expected_value` falls
    back to, mean order of all and number of orders of one's own that weigh as much as it. ``correlation`` of
    orders and values, which the model takes for 0: doubtful above :data:`CORRELATION_WARNING`. ``limit``:
    values above it counted as it (inf: none). ``skipped``: rows without a repeat order or a positive value.
    """

    p: float
    q: float
    v: float
    status: str
    log_likelihood: float
    customers: int
    skipped: int
    mean: float
    credibility: float
    correlation: float
    limit: float
    errors: np.ndarray
    converged: bool
    evaluations: int

    @property
    def usable(self):
        """Whether the model itself answers, not the credibility mean."""
        return self.status in {OK, NOT_CONVERGED, PRIOR_DOMINATED}


def fit_value(x, z, winsorized=1.0, tolerance=1e-6):
    """Fit the Gamma-Gamma model. Never raises.

    :param x: array (n,), number of orders that ``z`` is the mean of (repeat orders, when fitted with BTYD)
    :param z: array (n,), mean value of these orders; rows with x < 1 or z <= 0 are counted and left out
    :param winsorized: quantile above which values are drawn down, 0.995 for a few wholesalers; 1: none
    :param tolerance: on the slope per customer
    :rtype: ValueFit
    """
    x, z = same_length(clean(x), clean(z))
    usable = (x >= 1) & (x < 1e9) & (z > 1e-9) & (z < 1e15)
    skipped = int(len(x) - usable.sum())
    x, z = x[usable], z[usable]
    z, limit, _count = winsorize(z, winsorized)
    if not len(x):
        return _without_model(EMPTY, (x, z), limit, skipped)
    if float(z.std()) < _SAME * float(z.mean()):
        return _without_model(INSUFFICIENT, (x, z), limit, skipped)
    problem = _Likelihood(x, z)
    part = problem.sample() if len(x) > 2 * _SAMPLE else problem
    found = minimize(part.posterior, _USUAL, max(tolerance, _CLOSE), looks_around=True)
    curvature = hessian(part.likelihood, found.x, found.gradient - part.pull(found.x))
    variances = inverse_of(curvature * len(part.x) + np.eye(3) / _SPREAD**2).diagonal()
    if (variances < _PRIOR_MATTERS * _SPREAD**2).all():
        free = minimize(problem.likelihood, found.x, tolerance, inverse_hessian=inverse_of(curvature))
        if free.converged:
            return _with_model(problem, free, True, limit, skipped)
    found = minimize(problem.posterior, found.x, tolerance, inverse_hessian=found.inverse_hessian)
    return _with_model(problem, found, False, limit, skipped)


class _Likelihood:
    """Negative mean log-likelihood as a function of the logarithms of p, q, v; values in units of the
    median.
    """

    def __init__(self, x, z, unit=None):
        self.unit = unit or float(np.median(z))
        self.x, self.z = x, z / self.unit
        self.total = self.x * self.z
        self.xs, at_x = distinct(x)
        self.weight = np.bincount(at_x, minlength=len(self.xs)).astype(float)
        self.orders = self.weight * self.xs
        # sum of x ln(x z) and of ln z: all that is left of the values beside ln(v + xz).
        log_z = np.log(self.z)
        self.log_total = float((x * log_z).sum()) + float(self.weight @ (self.xs * np.log(self.xs)))
        self.log_z = float(log_z.sum())

    def sample(self):
        """The same problem on some of the customers, the same ones each time."""
        rows = np.random.default_rng(0).choice(len(self.x), _SAMPLE, replace=False)
        return _Likelihood(self.x[rows], self.z[rows] * self.unit, self.unit)

    def posterior(self, theta):
        """Likelihood and a weak log-normal assumption together, per customer."""
        value, slope = self.likelihood(theta)
        off = (theta - _USUAL) / _SPREAD
        return value + 0.5 * float(off @ off) / len(self.x), slope + self.pull(theta)

    def pull(self, theta):
        """What the assumption adds to the slope."""
        return (theta - _USUAL) / (_SPREAD**2 * len(self.x))

    def likelihood(self, theta):
        """Value and slope (3,): Fader & Hardie (2013) equation 1a, summed."""
        if np.abs(theta).max() > 25:
            return math.inf, np.zeros(3)
        # Numbers of Python: of a few numbers those of numpy take several times as long.
        (p, q, v), log_v = np.exp(theta).tolist(), float(theta[2])
        count, size, px = len(self.x), len(self.xs), p * self.xs
        logs = self._logs(v)  # sums of ln(v + xz), x ln(v + xz), 1 / (v + xz), x / (v + xz)
        # One call for all: the arrays are short, the calls are what takes time.
        gammas, slopes = log_gamma_and_digamma(np.concatenate((px + q, px, (q,))))
        value = float(self.weight @ (gammas[:size] - gammas[size:-1])) - count * float(gammas[-1])
        value += q * count * log_v + p * self.log_total - self.log_z - p * logs[1] - q * logs[0]
        both = slopes[:size]
        by_p = float(self.orders @ (both - slopes[size:-1])) + self.log_total - logs[1]
        by_q = float(self.weight @ both) - count * float(slopes[-1]) + count * log_v - logs[0]
        by_v = count * q / v - p * logs[3] - q * logs[2]
        return -value / count, np.array((-by_p * p / count, -by_q * q / count, -by_v * v / count))

    def _logs(self, v):
        sums = np.zeros(4)
        for start in range(0, len(self.x), _BLOCK):
            x = self.x[start : start + _BLOCK]
            amount = v + self.total[start : start + _BLOCK]
            log, over = np.log(amount), 1.0 / amount
            sums += (log.sum(), log @ x, over.sum(), over @ x)
        return tuple(float(total) for total in sums)


def _without_model(status, data, limit, skipped):
    """A fit in which the credibility mean answers."""
    nothing = math.nan
    return ValueFit(
        nothing,
        nothing,
        nothing,
        status,
        0.0,
        errors=np.full(3, nothing),
        converged=True,
        evaluations=0,
        **_described(data, limit, skipped),
    )


def _described(data, limit, skipped):
    mean, credibility = _credibility(*data)
    return {
        "customers": len(data[0]),
        "skipped": skipped,
        "mean": mean,
        "credibility": credibility,
        "correlation": correlation(*data),
        "limit": limit,
    }


def _with_model(problem, found, informed, limit, skipped):
    """A fit from where the search ended, with its uncertainty."""
    p, q, v = (float(value) for value in np.exp(found.x))
    count, function = len(problem.x), problem.likelihood if informed else problem.posterior
    value = found.value if informed else problem.likelihood(found.x)[0]
    covariance = inverse_of(hessian(function, found.x, found.gradient) * count)
    decided = covariance.diagonal().max() / _SPREAD**2 > _PRIOR_DECIDES
    return ValueFit(
        p,
        q,
        v * problem.unit,
        _status(count, q, found.converged, decided),
        # In money: a density per unit.
        -count * (value + math.log(problem.unit)),
        errors=np.sqrt(covariance.diagonal()) * (p, q, v * problem.unit),
        converged=found.converged,
        evaluations=found.evaluations,
        **_described((problem.x, problem.z * problem.unit), limit, skipped),
    )


def _status(count, q, converged, decided):
    if count < _CUSTOMERS_MIN:
        return INSUFFICIENT
    if q < _Q_MIN:
        return INFINITE_MEAN
    if decided:
        return PRIOR_DOMINATED
    return OK if converged else NOT_CONVERGED


def _credibility(x, z):
    """Mean of all and orders that weigh as much, by moments: Var(z) = between + within / x.

    Source: Buhlmann & Straub, Bulletin of the Swiss Association of Actuaries 70 (1970) 111-133; here the two
    variances come from a weighted regression on 1 / x, because only means are known.
    """
    if not len(x):
        return 0.0, 1.0
    mean = float(z.mean())
    over, spread = 1.0 / x, (z - mean) ** 2
    center = over - over.mean()
    ground = float((center * center).sum())
    if len(x) < 3 or ground <= 1e-12:
        return mean, 1.0
    within = max(float((center * spread).sum()) / ground, 0.0)
    between = float(spread.mean()) - within * float(over.mean())
    if between <= 0:
        return mean, 100.0
    return mean, min(max(within / between, 0.25), 100.0)


def expected_value(fit, x, z):
    """What a further order of each customer is worth: p (v + x z) / (p x + q - 1), Fader & Hardie equation 5.

    :param fit: :class:`ValueFit`
    :param x, z: arrays (n,); without an order or a positive value, the mean of all
    :return: array (n,), money, never negative
    """
    x, z = same_length(clean(x, low=0.0, high=1e12), clean(z, low=0.0, high=1e15))
    known = (x >= 1) & (z > 0)
    x, z = np.where(known, x, 0.0), np.where(known, np.minimum(z, fit.limit), 0.0)
    if fit.usable:
        return fit.p * (fit.v + x * z) / (fit.p * x + fit.q - 1)
    return (fit.credibility * fit.mean + x * z) / (fit.credibility + x)


def lifetime_value(
    parameters, customers, value, *, months=12, month=30.4375, margin=1.0, monthly_discount=0.0
):
    """Discounted margin of the orders to be expected, month by month.

    margin * sum over m of (E[Y(m)] - E[Y(m-1)]) * value / (1 + d)^m: Fader, Hardie & Lee, JMR 42 (2005)
    415-430, in discrete months.

    :param parameters: :class:`.btyd_score.Parameters`
    :param customers: (x, t_x, T), arrays (n,)
    :param value: array (n,), money per order, of :func:`expected_value`
    :param month: length of a month in the unit of T
    :param margin: share of revenue that is earned, a number or array (n,)
    :param monthly_discount: as a share, 0.01 for 1 % a month
    :return: array (n,), money
    """
    x, t_x, T = clean_customers(*customers)
    value, margin = clean(value), clean(margin)
    alive = probability_alive(parameters, x, t_x, T)
    discount = 1.0 + max(float(monthly_discount), -0.99)
    # Given alive, only x and T matter: many customers share them.
    x, T, where = distinct_pairs(x, T)
    total, before = np.zeros(len(x)), np.zeros(len(x))
    for number in range(1, int(months) + 1):
        orders = expected_if_alive(parameters, np.full(len(x), number * month), x, T)
        total += (orders - before) / discount**number
        before = orders
    return total[where] * alive * value * margin


def annual_to_monthly(rate):
    """A yearly discount rate as a monthly one: (1 + d)^(1/12) - 1."""
    return (1.0 + max(float(rate), -0.99)) ** (1 / 12) - 1
