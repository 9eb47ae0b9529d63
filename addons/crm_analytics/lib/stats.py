"""Small statistics every model needs: statuses, clean input, intervals, accuracy, many tests at once."""

import math
from dataclasses import dataclass

import numpy as np

from .special import normal_quantile

# How far an answer can be trusted. Odd data leads to one of these, never to an exception.
OK = "ok"
EMPTY = "empty"  # nothing to work on: the answer is neutral
INSUFFICIENT = "insufficient"  # too little data: a shrunken or simple answer
PRIOR_DOMINATED = "prior_dominated"  # the data leave a parameter open: the assumption decides
NOT_CONVERGED = "not_converged"  # the search stopped early: best answer so far

_WHOLE = 2.0**53  # above, floats are no longer exact
_LIMIT = 1e60  # of what comes in: its powers stay finite


def clean(values, fill=0.0, low=None, high=None):
    """Numbers as a flat float array, without surprises.

    :param values: anything array-like; what is no number counts as ``fill``
    :param low: smallest value let through, :param high: largest one (infinity becomes it)
    :return: one-dimensional float array, finite when ``high`` and ``low`` are
    """
    array = np.array(values, dtype=float).reshape(-1)
    missing = np.isnan(array)
    if missing.any():
        array[missing] = fill
    return np.clip(array, -_LIMIT if low is None else low, _LIMIT if high is None else high)


def same_length(*arrays):
    """Arrays cut to the shortest, those of one element repeated: the input of pairs that belong together."""
    arrays = [np.asarray(array).reshape(-1) for array in arrays]
    size = min((len(array) for array in arrays if len(array) != 1), default=1)
    return [np.repeat(array, size) if len(array) == 1 else array[:size] for array in arrays]


def whole(values):
    """Numbers of records as a flat integer array; what is no number counts as 0.

    :param values: anything array-like, :return: array of int64
    """
    array = np.asarray(values)
    return (
        array.reshape(-1).astype(np.int64)
        if array.dtype.kind in "iub"
        else clean(array, low=-_WHOLE, high=_WHOLE).astype(np.int64)
    )


def distinct(values):
    """The different values in order, and where each value is among them; fast for whole numbers close
    together.

    :param values: array (n,)
    :return: (array (d,) of the same type, index (n,))
    """
    if (
        len(values)
        and values.max() - values.min() < 1e6 + 8 * len(values)
        and (values == np.floor(values)).all()
    ):
        start = values.min()
        place = (values - start).astype(np.int64)
        present = np.bincount(place) > 0
        return np.flatnonzero(present).astype(values.dtype) + start, (np.cumsum(present) - 1)[place]
    found, where = np.unique(values, return_inverse=True)
    return found, where.reshape(-1)


def wilson_interval(successes, trials, level=0.95):
    """Wilson's score interval of a share: honest for small numbers, never outside 0 to 1.

    Source: Wilson, JASA 22 (1927) 209-212.

    :param successes: array of counts, :param trials: array of counts
    :return: (low, high), arrays; (0, 1) where there was no trial
    """
    successes, trials = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    z = normal_quantile(0.5 + level / 2)
    known = np.maximum(trials, 1.0)
    share = np.clip(successes / known, 0.0, 1.0)
    spread = z * np.sqrt(share * (1 - share) / known + z * z / (4 * known * known))
    scale = 1 + z * z / known
    middle = share + z * z / (2 * known)
    low = np.where(trials > 0, np.clip((middle - spread) / scale, 0.0, 1.0), 0.0)
    high = np.where(trials > 0, np.clip((middle + spread) / scale, 0.0, 1.0), 1.0)
    return low, high


def benjamini_hochberg(p_values, tests=None):
    """Adjusted p-values that hold the share of false finds, not of false tests.

    Source: Benjamini & Hochberg, JRSS B 57 (1995) 289-300.

    :param p_values: array of n p-values; nan counts as 1
    :param tests: number of tests made, where those without a chance were not even handed in; at least n
    :return: array of n q-values in the order given
    """
    p_values = clean(p_values, fill=1.0, low=0.0, high=1.0)
    count = len(p_values)
    if not count:
        return p_values
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * max(tests or 0, count) / np.arange(1, count + 1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)


def winsorize(values, share=0.995):
    """Values with the largest drawn down to a quantile, so that one wholesaler does not decide a model.

    :param share: quantile, 0 to 1; too few values (below 1 / (1 - share)) are left alone
    :return: (array, limit, number of values drawn down); limit inf when nothing was done
    """
    values = clean(values)
    if len(values) * (1 - share) < 1:
        return values, math.inf, 0
    limit = float(np.quantile(values, share))
    return np.minimum(values, limit), limit, int((values > limit).sum())


@dataclass(frozen=True)
class Accuracy:
    """How well a prediction met what then happened.

    ``mae`` in the unit of the values, ``correlation`` of Pearson (nan when one side is constant), ``bias`` as
    a share of what happened (nan when nothing did), ``top_share``: share of what happened that the fifth with
    the highest prediction holds.
    """

    count: int
    actual: float
    predicted: float
    mae: float
    correlation: float
    bias: float
    top_share: float


def accuracy(actual, predicted, top=0.2):
    """Compare a hold-out with its prediction, customer by customer.

    :param actual: array of n values, :param predicted: array of n values
    :param top: share of customers counted as top
    :rtype: Accuracy
    """
    actual, predicted = same_length(clean(actual), clean(predicted))
    count, total = len(actual), float(actual.sum())
    if not count:
        return Accuracy(0, 0.0, 0.0, math.nan, math.nan, math.nan, math.nan)
    best = np.argsort(-predicted, kind="stable")[: max(1, int(top * count))]
    return Accuracy(
        count=count,
        actual=total,
        predicted=float(predicted.sum()),
        mae=float(np.abs(actual - predicted).mean()),
        correlation=correlation(actual, predicted),
        bias=float(predicted.sum()) / total - 1 if total else math.nan,
        top_share=float(actual[best].sum()) / total if total else math.nan,
    )


def unusual(change, past, few=6):
    """How far a change is from those of the past, in robust standard deviations: a sign and a size.

    Median and median absolute deviation, scaled to a normal distribution's: one old outlier does not hide a
    new one. Source: Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993.

    :param change: number, :param past: array (n,) of earlier changes
    :param few: below so many nothing is unusual
    :return: 0 where the past says too little; capped at 99
    """
    past = clean(past)
    if len(past) < few:
        return 0.0
    middle = float(np.median(past))
    spread = 1.4826 * float(np.median(np.abs(past - middle)))
    # Where most changes were equal, a tenth of the usual size counts as usual.
    spread = max(spread, 0.1 * float(np.abs(past).mean()), 1e-12)
    return float(np.clip((change - middle) / spread, -99.0, 99.0))


def correlation(left, right):
    """Pearson's correlation of two arrays; nan when one is constant or shorter than 2."""
    left, right = same_length(clean(left), clean(right))
    if len(left) < 2:
        return math.nan
    left, right = left - left.mean(), right - right.mean()
    norm = math.sqrt(float(left @ left) * float(right @ right))
    return float(left @ right) / norm if norm > 0 else math.nan
