"""Win probabilities that mean what they say: of the deals at 30 %, three in ten should be won.

A probability given by hand, by stage or by a score is mapped to the share that was won at it. With many
closed deals the map is any rising step function (isotonic regression, pool adjacent violators: Zadrozny &
Elkan, KDD 2002), with fewer a logistic curve (Platt, Advances in Large Margin Classifiers, 1999), with few
the probabilities are only shifted to the share won. Which one is decided by deals held back.
"""

import math
from dataclasses import dataclass

import numpy as np

from .optimize import minimize
from .stats import EMPTY, INSUFFICIENT, OK, clean, same_length, wilson_interval

ISOTONIC, PLATT, SHIFT, NONE = "isotonic", "platt", "shift", "none"

_PLATT_FROM, _ISOTONIC_FROM = 60, 400  # closed deals
_EACH_MIN = 15  # won and lost
_FOLDS = 5
_EDGE = 0.001  # no deal is certain before it is closed
_PRIOR_DEALS = 10.0  # what the given probabilities weigh as, where little is known


@dataclass(frozen=True)
class Calibration:
    """A map from given to calibrated probabilities: straight between ``knots`` and ``values`` (k,).

    ``brier_before``, ``brier_after``: mean squared error (Brier, Monthly Weather Review 78 (1950) 1-3), the
    latter measured on deals held back (nan where they were too few); ``deals``, ``won``: closed ones it rests
    on.
    """

    status: str
    method: str
    knots: np.ndarray
    values: np.ndarray
    deals: int
    won: int
    brier_before: float
    brier_after: float

    def apply(self, probability):
        """Calibrated probabilities.

        :param probability: array (n,), 0 to 1; what is no number counts as the share won
        :return: array (n,); 0 and 1 stay what they are (closed deals)
        """
        base = (self.won + 1) / (self.deals + 2)
        given = clean(probability, fill=base, low=0.0, high=1.0)
        mapped = np.interp(given, self.knots, self.values)
        return np.where((given <= 0) | (given >= 1), given, mapped)


def calibrate(probability, won):
    """Learn the map from closed deals.

    Losses may come quicker than wins: take the deals that were created long enough ago for nearly all to be
    closed.

    :param probability: array (n,), given before the deal was closed, 0 to 1
    :param won: array (n,), true where it was won
    :rtype: Calibration
    """
    given, won = _closed(probability, won)
    count, wins = len(given), int(won.sum())
    if not count:
        line = np.array([0.0, 1.0])
        return Calibration(EMPTY, NONE, line, line, 0, 0, math.nan, math.nan)
    before = brier(given, won)
    methods = _methods(count, wins)
    scores = {name: _held_out(name, given, won) for name in methods} if len(methods) > 1 else {}
    best = min(scores, key=scores.get) if scores else methods[0]
    knots, values = _FITS[best](given, won)
    return Calibration(
        status=INSUFFICIENT if methods == [SHIFT] else OK,
        method=best,
        knots=knots,
        values=values,
        deals=count,
        won=wins,
        brier_before=before,
        brier_after=scores.get(best, math.nan),
    )


def _closed(probability, won):
    given, won = same_length(np.asarray(probability, dtype=float), clean(won))
    known = np.isfinite(given)
    return np.clip(given[known], 0.0, 1.0), (won[known] > 0).astype(float)


def _methods(count, wins):
    """What so many deals allow; the simplest first, so that it wins a draw."""
    methods = [SHIFT]
    if min(wins, count - wins) >= _EACH_MIN and count >= _PLATT_FROM:
        methods.append(PLATT)
        if count >= _ISOTONIC_FROM:
            methods.append(ISOTONIC)
    return methods


def _held_out(name, given, won):
    """Brier's score on folds that the map has not seen; the same folds each time."""
    fold = np.random.default_rng(0).permutation(len(given)) % _FOLDS
    off = 0.0
    for number in range(_FOLDS):
        rest = fold == number
        knots, values = _FITS[name](given[~rest], won[~rest])
        off += float(((np.interp(given[rest], knots, values) - won[rest]) ** 2).sum())
    return off / len(given)


def _logit(p):
    p = np.clip(p, _EDGE, 1 - _EDGE)
    return np.log(p / (1 - p))


def _expit(x):
    return np.exp(-np.logaddexp(0.0, -x))


_KNOTS = np.r_[0.0, _EDGE, np.linspace(0.01, 0.99, 99), 1 - _EDGE, 1.0]


def _shift(given, won):
    """All log-odds moved by the same amount, so that the expected wins are those seen; the fewer, the
    less.
    """
    wanted = (float(won.sum()) + _PRIOR_DEALS * float(given.mean())) / (len(won) + _PRIOR_DEALS)
    odds, low, high = _logit(given), -14.0, 14.0
    for _step in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if float(_expit(odds + middle).mean()) < wanted else (low, middle)
    return _KNOTS, np.clip(_expit(_logit(_KNOTS) + (low + high) / 2), _EDGE, 1 - _EDGE)


def _platt(given, won):
    """Logistic curve of the log-odds; targets drawn in as Platt does, the slope kept from turning."""
    odds, wins = _logit(given), float(won.sum())
    target = np.where(won > 0, (wins + 1) / (wins + 2), 1 / (len(won) - wins + 2))

    def loss(theta):
        line = theta[0] + theta[1] * odds
        off = _expit(line) - target
        value = float((np.logaddexp(0.0, line) - target * line).mean()) + 0.5e-3 * float((theta[1] - 1) ** 2)
        return value, np.array([off.mean(), (off * odds).mean() + 1e-3 * (theta[1] - 1)])

    found = minimize(loss, [0.0, 1.0], 1e-8).x
    return _KNOTS, np.clip(_expit(found[0] + max(found[1], 0.0) * _logit(_KNOTS)), _EDGE, 1 - _EDGE)


def _isotonic(given, won):
    """Rising step function closest to what happened, its steps joined by lines; ends drawn in a little."""
    knots, where = np.unique(given, return_inverse=True)
    where = where.reshape(-1)
    weight = np.bincount(where).astype(float)
    level, sizes = pool_adjacent(np.bincount(where, weights=won) / weight, weight)
    starts = np.cumsum(np.r_[0, sizes[:-1]])
    total = np.add.reduceat(weight, starts)
    base = float(won.mean())
    # A step of three deals that were all won is not 100 %.
    level = (level * total + base) / (total + 1)
    ends = starts + sizes - 1
    xs = np.ravel(np.column_stack((knots[starts], knots[ends])))
    ys = np.maximum.accumulate(np.repeat(level, 2))
    keep = np.r_[True, np.diff(xs) > 0]
    return xs[keep], np.clip(ys[keep], _EDGE, 1 - _EDGE)


_FITS = {SHIFT: _shift, PLATT: _platt, ISOTONIC: _isotonic}


def pool_adjacent(values, weight):
    """Pool adjacent violators: the rising sequence closest to the values by weighted squares.

    Source: Ayer et al., Annals of Mathematical Statistics 26 (1955) 641-647.

    :param values, weight: arrays (n,), weights positive
    :return: (levels (k,) strictly rising, sizes (k,) of the blocks)
    """
    levels, weights, sizes = [], [], []
    for value, own in zip(values.tolist(), weight.tolist(), strict=True):
        level, mass, size = value, own, 1
        while levels and levels[-1] >= level:
            before, held = levels.pop(), weights.pop()
            level, mass, size = (
                (level * mass + before * held) / (mass + held),
                mass + held,
                size + sizes.pop(),
            )
        levels.append(level)
        weights.append(mass)
        sizes.append(size)
    return np.array(levels), np.array(sizes, dtype=np.int64)


def brier(probability, won):
    """Mean squared error of probabilities: 0 perfect, 0.25 a coin; nan without deals."""
    given, won = _closed(probability, won)
    return float(((given - won) ** 2).mean()) if len(given) else math.nan


@dataclass(frozen=True)
class Reliability:
    """Deals by given probability, arrays (k,): number, mean given, share won and its interval; empty bins
    left out.

    ``error``: mean distance of given and won, weighted by deals (expected calibration error); nan without
    deals.
    """

    count: np.ndarray
    given: np.ndarray
    won: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: float


def reliability(probability, won, bins=10, level=0.95):
    """Table and curve of reliability.

    :param bins: number of equal steps of the given probability
    :rtype: Reliability
    """
    given, won = _closed(probability, won)
    place = np.minimum((given * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins).astype(float)
    used = count > 0
    total = np.bincount(place, weights=won, minlength=bins)[used]
    mean, count = np.bincount(place, weights=given, minlength=bins)[used], count[used]
    low, high = wilson_interval(total, count, level)
    error = float(np.abs(mean - total).sum() / count.sum()) if len(count) else math.nan
    return Reliability(count, mean / count, total / count, low, high, error)
