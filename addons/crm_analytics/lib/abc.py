"""Few customers, most of the revenue: ABC classes, the Pareto curve, and how concentrated it is.

Import it as a part of this package (``from ..lib import abc``): the standard library has a module of this
name.
"""

import math
from dataclasses import dataclass

import numpy as np

from .stats import EMPTY, OK, clean

CLASSES = ("A", "B", "C")
_SHARES = (0.8, 0.95)


@dataclass(frozen=True)
class Concentration:
    """How unevenly an amount is spread.

    ``gini``: 0 all equal, to 1 one has it all. ``herfindahl``: sum of squared shares. ``equal_count``: as
    many equal customers would give the same Herfindahl index. ``top``: {share of customers: share of the
    amount}. Customers at or below zero (``not_positive``, together ``negative``) are counted in none of these
    but the number.
    """

    status: str
    count: int
    not_positive: int
    total: float
    negative: float
    gini: float
    herfindahl: float
    equal_count: float
    top: dict


def classify(values, shares=_SHARES):
    """Class of each customer: A until the first share of the amount is reached, then B, then C.

    Who crosses a limit belongs above it. Equal values share the better class; zero and negative are C.

    :param values: array (n,)
    :param shares: rising shares of the amount, one less than there are classes
    :return: integer array (n,): 0 for A, 1 for B, ...
    """
    values = clean(values)
    positive = np.maximum(values, 0.0)
    total = float(positive.sum())
    if total <= 0:
        return np.full(len(values), len(shares))
    order = np.argsort(-positive, kind="stable")
    ranked = positive[order]
    before = (np.cumsum(ranked) - ranked) / total
    # Equal values begin together.
    starts = np.r_[True, np.diff(ranked) != 0]
    before = before[np.flatnonzero(starts)][np.cumsum(starts) - 1]
    classes = np.empty(len(values), dtype=np.int64)
    classes[order] = np.searchsorted(np.asarray(shares), before + 1e-12, side="right")
    classes[positive <= 0] = len(shares)
    return classes


def curve(values, points=100):
    """The Pareto curve: which share of the amount the best share of customers holds.

    :param values: array (n,); what is not positive counts as 0
    :param points: at most so many points beside the origin
    :return: (customers, amount), arrays of shares from 0 to 1; both (0, 1) where there is no amount
    """
    ranked = -np.sort(-np.maximum(clean(values), 0.0))
    total = float(ranked.sum())
    if total <= 0:
        return np.array([0.0, 1.0]), np.array([0.0, 1.0])
    rows = np.unique(np.linspace(0, len(ranked), min(points, len(ranked)) + 1).round().astype(int))
    reached = np.r_[0.0, np.cumsum(ranked)] / total
    return rows / len(ranked), np.minimum(reached[rows], 1.0)


def concentration(values, top=(0.01, 0.05, 0.1, 0.2, 0.5)):
    """Measures of concentration.

    Gini: Dixon et al., Ecology 68 (1987) 1548-1551, of the positive values, without the correction for small
    numbers. Herfindahl: Rhoades, Federal Reserve Bulletin 79 (1993) 188-189.

    :param values: array (n,)
    :param top: shares of customers to look at; whole customers only, at least 1
    :rtype: Concentration
    """
    values = clean(values)
    ranked = np.sort(values[values > 0])[::-1]
    count, total = len(ranked), float(ranked.sum())
    left = values[values <= 0]
    if not count:
        return Concentration(
            EMPTY, len(values), len(left), 0.0, float(left.sum()), math.nan, math.nan, 0.0, {}
        )
    shares = ranked / total
    position = np.arange(count, 0, -1)
    squares = float((shares**2).sum())
    return Concentration(
        status=OK,
        count=len(values),
        not_positive=len(left),
        total=total,
        negative=float(left.sum()),
        gini=max(float((2 * position - count - 1) @ shares) / count, 0.0),
        herfindahl=squares,
        equal_count=1 / squares,
        top={share: float(shares[: max(1, int(share * len(values) + 1e-9))].sum()) for share in top},
    )
