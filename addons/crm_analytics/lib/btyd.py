"""Fitting the purchase models BG/NBD and MBG/NBD to how often and how lately customers came.

Customers enter as (x, t_x, T), see :mod:`.btyd_score`, best already grouped: equal customers once, with a
weight. One evaluation of the likelihood then costs a few passes over the groups and no Gamma function of
them.

The parameters maximize the likelihood where the data settle them. Where they don't (few customers, all equal,
nobody leaves, nobody comes back) the maximum may lie at infinity; then weak log-normal assumptions around
what is usual decide, and the status says so.
"""

import math
from dataclasses import dataclass

import numpy as np

from .btyd_score import (
    BG,
    MBG,
    Parameters,
    alive_if_typical,
    clean_customers,
    expected_if_alive,
    expected_new,
    expected_orders,
    explain,
    probability_alive,
    probability_no_order,
    usual_gap,
)
from .optimize import hessian, inverse_of, minimize
from .special import log_gamma_and_digamma
from .stats import EMPTY, INSUFFICIENT, NOT_CONVERGED, OK, PRIOR_DOMINATED, clean, distinct, same_length

__all__ = [
    "BG",
    "MBG",
    "Customers",
    "Fit",
    "Parameters",
    "alive_if_typical",
    "clean_customers",
    "draw_parameters",
    "expected_if_alive",
    "expected_new",
    "expected_orders",
    "explain",
    "fit",
    "group",
    "probability_alive",
    "probability_no_order",
    "unmet_gates",
    "usual_gap",
]

# Usual values of r, a and b (Fader, Hardie & Lee 2005 and what was fitted to other shops), and how far off
# they may be: one standard deviation is a factor of 4.5, so a range of 1 to 400 is not surprising.
_USUAL = {"r": 0.5, "a": 0.8, "b": 2.5}
_SPREAD = 1.5
# An assumption that makes up more than this of a parameter's certainty is not ignored, or even decides.
_PRIOR_MATTERS, _PRIOR_DECIDES = 0.1, 0.5
_CUSTOMERS_MIN, _REPEATERS_MIN = 50, 10
_CLOSE = 1e-3  # slope at which it is looked whether the data settle the parameters
_SAMPLE = 4_000  # groups enough to come close before all of them are used
_BLOCK = 8_192  # rows at a time: stays in the cache, and below where linear algebra starts threads
_FARTHEST = 25.0  # of a logarithm: beyond, digits are lost and nothing is learned
_COUNTED = 8_192  # orders of a customer up to which they are gone through one by one
_SHORTEST = 1e-9  # in any unit of a business
_RESOLUTION = 1e-4  # of the longest observation: an hour in a year
_TIME_RANGE = 10.0  # the longest observation in the fit's own unit


@dataclass(frozen=True)
class Customers:
    """Customers grouped by (x, t_x, T), the sufficient statistic: arrays (g,), and how many rows were
    unusable.
    """

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    weight: np.ndarray
    skipped: float = 0.0

    @property
    def count(self):
        """Number of customers."""
        return float(self.weight.sum())

    @property
    def repeaters(self):
        """Number of customers who came again."""
        return float(self.weight[self.x > 0].sum())


@dataclass(frozen=True)
class Fit:
    """A fitted model and how far it can be trusted.

    ``status``: see :mod:`.stats`. ``log_likelihood`` of all customers, without the assumption. ``errors``:
    standard errors of r, alpha, a, b; ``covariance`` (4, 4) of their logarithms. ``prior_share`` (4,): how
    much of each parameter's certainty comes from the assumption, 0 to 1. ``gradient``: largest slope left,
    per customer.
    """

    parameters: Parameters
    status: str
    log_likelihood: float
    customers: float
    repeaters: float
    skipped: float
    errors: np.ndarray
    covariance: np.ndarray
    prior_share: np.ndarray
    converged: bool
    gradient: float
    evaluations: int


def group(x, t_x, T, weight=None):  # noqa: N803
    """Group equal customers.

    Rows that can't be (no number, negative, half an order, last order after the end, came again on no later
    day) are counted in ``skipped`` and left out.

    :param x, t_x, T: arrays (n,), see :mod:`.btyd_score`
    :param weight: array (n,), how many customers each row stands for; default 1
    :rtype: Customers
    """
    columns = same_length(*(np.asarray(values, dtype=float) for values in (x, t_x, T)))
    weight = (
        np.ones(len(columns[0])) if weight is None else same_length(clean(weight, low=0.0), columns[0])[0]
    )
    with np.errstate(invalid="ignore"):
        # Times that no calendar tells from none would make infinite scales.
        x, t_x, T = (
            columns[0],
            *(np.where(times < _SHORTEST, np.minimum(times, 0.0), times) for times in columns[1:]),
        )
        usable = (
            (x >= 0)
            & (x == np.floor(x))
            & (t_x >= 0)
            & (t_x <= T)
            & (T < 1e9)
            & (x < 1e9)
            & ((x > 0) == (t_x > 0))
        )
    usable &= weight > 0
    skipped = float(weight.sum() - weight[usable].sum())
    if not usable.all():
        x, t_x, T, weight = (values[usable] for values in (x, t_x, T, weight))
    if not len(x):
        return Customers(x, t_x, T, weight, skipped)
    # Orders closer to each other than any clock of a business tells would make infinite rates.
    t_x = np.where(x > 0, np.maximum(t_x, T.max() * _RESOLUTION), 0.0)
    T = np.maximum(T, t_x)
    return Customers(*_grouped(x, t_x, T, weight), skipped)


def _grouped(x, t_x, T, weight):  # noqa: N803
    sizes = [float(values.max()) + 1 for values in (x, t_x, T)]
    whole = all((values == np.floor(values)).all() for values in (x, t_x, T))
    if not whole or math.prod(sizes) > 2**62:
        order = np.lexsort((T, t_x, x))
        rows = np.stack((x, t_x, T))[:, order]
        first = np.flatnonzero(np.r_[True, (rows[:, 1:] != rows[:, :-1]).any(axis=0)])
        return (*np.ascontiguousarray(rows[:, first]), np.add.reduceat(weight[order], first))
    # Whole numbers, as SQL gives them, fit into one key: much faster to sort.
    x_size, time_size = int(sizes[1]) * int(sizes[2]), int(sizes[2])
    key = x.astype(np.int64) * x_size + t_x.astype(np.int64) * time_size + T.astype(np.int64)
    if (weight == 1.0).all():
        key, weight = np.unique(key, return_counts=True)
        weight = weight.astype(float)
    else:
        key, inverse = np.unique(key, return_inverse=True)
        weight = np.bincount(inverse.reshape(-1), weights=weight)
    x, rest = np.divmod(key, x_size)
    t_x, T = np.divmod(rest, time_size)
    return x.astype(float), t_x.astype(float), T.astype(float), weight


def fit(customers, kind=MBG, tolerance=1e-8):
    """Fit a model. Never raises; the status tells what the answer is worth.

    :param customers: :class:`Customers` of :func:`group`, times in any unit
    :param kind: :data:`BG` or :data:`MBG`
    :param tolerance: on the slope per customer
    :rtype: Fit
    """
    total = customers.count
    scale = _TIME_RANGE / float(customers.T.max()) if total and customers.T.max() > 0 else 1.0
    problem = _Likelihood(customers, kind, scale)
    if not total:
        return _result(problem, problem.center, None, EMPTY, True)
    part = problem.sample() if len(customers.x) > 2 * _SAMPLE else problem
    found = minimize(part.posterior, problem.center, max(tolerance, _CLOSE), looks_around=True)
    curvature = hessian(part.likelihood, found.x, found.gradient - part.pull(found.x))
    if (_variances(curvature, part.total) < _PRIOR_MATTERS * _SPREAD**2).all():
        free = minimize(problem.likelihood, found.x, tolerance, inverse_hessian=inverse_of(curvature))
        if free.converged:
            return _result(problem, free.x, free, OK, True)
    found = minimize(problem.posterior, found.x, tolerance, inverse_hessian=found.inverse_hessian)
    return _result(problem, found.x, found, OK, False)


def _variances(curvature, total):
    """Variances of the logarithms, the assumption counted in."""
    return inverse_of(curvature * total + np.eye(4) / _SPREAD**2).diagonal()


class _Likelihood:
    """Negative mean log-likelihood and its slope as functions of the logarithms of r, alpha, a, b."""

    def __init__(self, customers, kind, scale):
        self.customers, self.kind, self.scale = customers, kind, scale
        self.death = 1 if kind == MBG else 0
        self.total = max(customers.count, 1.0)
        self._prepare()
        seen = float((customers.T * customers.weight).sum()) * scale
        ordered = float((customers.x * customers.weight).sum())
        alpha = _USUAL["r"] * max(seen, _TIME_RANGE) / (ordered + 0.5)
        self.center = np.log([_USUAL["r"], alpha, _USUAL["a"], _USUAL["b"]])

    def _prepare(self):
        data, end = self.customers, self.customers.T * self.scale
        self.xs, where_x = distinct(data.x)
        self.ends, where_end = distinct(data.T)
        self.ends = self.ends * self.scale
        # Sums that don't depend on the parameters, by x and by T.
        self.x_weight = np.bincount(where_x, weights=data.weight, minlength=len(self.xs))
        self.counts = self._prepare_counts() if len(self.xs) and self.xs[-1] < _COUNTED else None
        self.end_weight = np.bincount(where_end, weights=data.weight, minlength=len(self.ends))
        self.end_orders = np.bincount(where_end, weights=data.weight * data.x, minlength=len(self.ends))
        # Only who may have left has a second term.
        may = data.x + self.death > 0
        columns = (data.x[may], data.t_x[may] * self.scale, end[may], data.weight[may], where_x[may])
        self.blocks = [
            tuple(column[start : start + _BLOCK] for column in columns)
            for start in range(0, len(columns[0]), _BLOCK)
        ]

    def _prepare_counts(self):
        """How many customers came again more than k = 0, 1, 2… times; how many had more than k chances to
        leave.
        """
        at_least = np.bincount(self.xs.astype(int), weights=self.x_weight)[::-1].cumsum()[::-1]
        return at_least[1:], at_least[1 - self.death :]

    def sample(self):
        """The same problem on a part of the groups, for coming close quickly; the same part each time."""
        data = self.customers
        rows = np.random.default_rng(0).choice(len(data.x), _SAMPLE, replace=False)
        part = Customers(data.x[rows], data.t_x[rows], data.T[rows], data.weight[rows])
        return _Likelihood(part, self.kind, self.scale)

    def posterior(self, theta):
        """Likelihood and assumption together, per customer."""
        value, slope = self.likelihood(theta)
        off = (theta - self.center) / _SPREAD
        return value + 0.5 * float(off @ off) / self.total, slope + self.pull(theta)

    def pull(self, theta):
        """What the assumption adds to the slope."""
        return (theta - self.center) / (_SPREAD**2 * self.total)

    def likelihood(self, theta):
        """Negative mean log-likelihood and slope (4,). Fader, Hardie & Lee (2005) equation 6; Batislam et
        al.
        """
        if np.abs(theta).max() > _FARTHEST:
            return math.inf, np.zeros(4)
        r, alpha, a, b = np.exp(theta)
        left = self._left(r, alpha, a, b)
        chance = self._chances(r, a, b)
        log_end = np.log(alpha + self.ends)
        orders = r * self.end_weight + self.end_orders
        value = chance[0] + r * theta[1] * self.total - float(orders @ log_end) + left[0]
        over_end = float(orders @ (1 / (alpha + self.ends)))
        slope = np.array(
            [
                chance[1] + theta[1] * self.total - float(self.end_weight @ log_end) + left[1],
                r / alpha * self.total - over_end + left[2],
                chance[2] + left[3] / a,
                chance[3] - left[4],
            ]
        )
        return -value / self.total, -slope * (r, alpha, a, b) / self.total

    def _chances(self, r, a, b):
        """The terms of x alone: value, and slopes by r, a, b.

        For whole x the Gamma functions are sums, ln G(r+x) - ln G(r) = sum of ln(r+k) over k < x, and no
        digits are lost where b is large.
        """
        if self.counts:
            again, chances = self.counts
            number = np.arange(len(chances) + 1.0)
            rate, stay = r + number[: len(again)], b + number[: len(chances)]
            odds, both = a / stay, 1 / (a + stay)
            value = again @ np.log(rate) - chances @ np.log1p(odds)
            slopes = again @ (1 / rate), -(chances @ both), chances @ (odds * both)
            return (float(value), *map(float, slopes))
        n = self.xs + self.death
        # One call for all: the arrays are short, the calls are what takes time.
        arguments = np.concatenate((r + self.xs, b + n, a + b + n, (r, b, a + b)))
        logs, slopes = log_gamma_and_digamma(arguments)
        size = len(n)
        rate, stay, all_ = (slice(start, start + size) for start in (0, size, 2 * size))
        value = logs[rate] - logs[-3] + logs[stay] - logs[-2] - logs[all_] + logs[-1]
        by_r, both = slopes[rate] - slopes[-3], slopes[-1] - slopes[all_]
        by_b = both + slopes[stay] - slopes[-2]
        return tuple(float(self.x_weight @ part) for part in (value, by_r, both, by_b))

    def _left(self, r, alpha, a, b):
        """The term of having left: value, slopes by r and alpha, sum of P(left), sum of P(left) / (b+n-1)."""
        leaving = b + self.xs + self.death - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            base = math.log(a) - np.log(leaving)
        totals, by_x = np.zeros(3), np.zeros(len(self.xs))
        for x, last, end, weight, at_x in self.blocks:
            since_last, since_end, rate = alpha + last, alpha + end, r + x
            gap = np.log(since_end / since_last)
            odds = rate * gap + base[at_x]
            small = np.exp(-np.abs(odds))
            gone = weight * np.where(odds >= 0, 1.0, small) / (1.0 + small)
            by_alpha = (rate * (since_last - since_end)) / (since_last * since_end)
            value = weight @ (np.maximum(odds, 0.0) + np.log(1.0 + small))
            totals += (value, gone @ gap, gone @ by_alpha)
            by_x += np.bincount(at_x, weights=gone, minlength=len(self.xs))
        possible = self.xs + self.death > 0
        gone_over = float(by_x[possible] @ (1 / leaving[possible]))
        return (*(float(total) for total in totals), float(by_x.sum()), gone_over)


def _result(problem, theta, found, status, informed):
    """A fit from where the search ended, with its uncertainty."""
    data, total = problem.customers, problem.total
    function = problem.likelihood if informed else problem.posterior
    if data.count:
        covariance = inverse_of(hessian(function, theta, found.gradient) * total)
    else:
        covariance = np.eye(4) * _SPREAD**2
    share = np.clip(covariance.diagonal() / _SPREAD**2, 0.0, 1.0)
    if status == OK:
        status = _status(data, found, share)
    r, alpha, a, b = (float(value) for value in np.exp(theta))
    parameters = Parameters(problem.kind, r, alpha / problem.scale, a, b)
    shift = float((data.x * data.weight).sum()) * math.log(problem.scale)
    return Fit(
        parameters=parameters,
        status=status,
        log_likelihood=float(shift - problem.likelihood(theta)[0] * total) if data.count else 0.0,
        customers=data.count,
        repeaters=data.repeaters,
        skipped=data.skipped,
        errors=np.sqrt(covariance.diagonal()) * (r, alpha / problem.scale, a, b),
        covariance=covariance,
        prior_share=share,
        converged=bool(found is None or found.converged),
        gradient=float(np.abs(found.gradient).max()) if found else 0.0,
        evaluations=found.evaluations if found else 0,
    )


def _status(data, found, share):
    if data.count < _CUSTOMERS_MIN or data.repeaters < _REPEATERS_MIN:
        return INSUFFICIENT
    if share.max() > _PRIOR_DECIDES:
        return PRIOR_DOMINATED
    return OK if found.converged else NOT_CONVERGED


def unmet_gates(customers, day=1.0, least=(500, 180, 30, 3)):
    """What is missing before scores should be shown, where the answer may still be a number.

    :param customers: :class:`Customers`, :param day: length of a day in the unit of their times
    :param least: customers, days of history, days since the last order of anybody, orders of the busiest
        customer
    :return: tuple of "customers", "history", "recent", "frequent"; empty when all is there
    """
    number, history, recent, orders = least
    known = customers.count > 0
    met = {
        "customers": customers.count >= number,
        "history": known and customers.T.max() >= history * day,
        "recent": known and (customers.T - customers.t_x).min() <= recent * day,
        "frequent": known and customers.x.max() + 1 >= orders,
    }
    return tuple(name for name, is_met in met.items() if not is_met)


def draw_parameters(fit_, number=200, seed=0):
    """Parameters as they might as well be, for intervals of scores and totals.

    Normal around the logarithms of the fitted ones, the large-sample distribution of the estimate.

    :param number: how many, :param seed: the same seed draws the same
    :return: list of :class:`.Parameters`
    """
    model = fit_.parameters
    center = np.log([model.r, model.alpha, model.a, model.b])
    root = np.linalg.cholesky(fit_.covariance + np.eye(4) * 1e-15)
    draws = center + np.random.default_rng(seed).standard_normal((number, 4)) @ root.T
    return [
        Parameters(model.kind, *(float(value) for value in np.exp(np.clip(row, -40, 40)))) for row in draws
    ]
