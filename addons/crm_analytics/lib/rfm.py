"""Recency, frequency and monetary value: scores 1 to 5, named segments, and who moved between them.

Scores compare with thresholds (fifths of a base of customers, Hughes, Strategic Database Marketing, 1994)
that are kept: a score then changes because the customer changes, not because others joined. Equal customers
always have equal scores, unlike with ``ntile``.
"""

from dataclasses import dataclass

import numpy as np

from .stats import EMPTY, INSUFFICIENT, OK, clean, same_length, whole, winsorize

SCORES = 5
_MIDDLE = 3
_CUSTOMERS_MIN = 25


@dataclass(frozen=True)
class Thresholds:
    """Limits between the scores: four rising values each for days of silence, purchases and money.

    ``status``: insufficient below 25 customers, where fifths mean little. ``count``: customers of the base.
    """

    recency: tuple
    frequency: tuple
    monetary: tuple
    status: str
    count: int


@dataclass(frozen=True)
class Scores:
    """Scores 1 (worst) to 5 (best) of n customers, integer arrays (n,); ``cell`` is RFM as a number, 555 the
    best.
    """

    recency: np.ndarray
    frequency: np.ndarray
    monetary: np.ndarray

    @property
    def cell(self):
        """The three scores as one number of three digits."""
        return self.recency * 100 + self.frequency * 10 + self.monetary


def thresholds(silence, frequency, monetary, winsorized=0.995):
    """Limits that part a base of customers into fifths.

    :param silence: array (n,), days since the last purchase
    :param frequency: array (n,), number of purchase days
    :param monetary: array (n,), revenue in one currency
    :param winsorized: quantile above which money is drawn down first
    :rtype: Thresholds
    """
    columns = same_length(clean(silence, low=0.0), clean(frequency, low=0.0), clean(monetary))
    count = len(columns[0])
    if not count:
        return Thresholds((), (), (), EMPTY, 0)
    columns[2] = winsorize(columns[2], winsorized)[0]
    shares = np.arange(1, SCORES) / SCORES
    limits = [_limits(np.quantile(column, shares), column) for column in columns]
    return Thresholds(*limits, OK if count >= _CUSTOMERS_MIN else INSUFFICIENT, count)


def _limits(limits, column):
    # Where all are equal there is nothing to compare.
    return () if column.min() == column.max() else tuple(float(limit) for limit in limits)


def score(limits, silence, frequency, monetary):
    """Scores of customers by kept thresholds; the middle score where these say nothing.

    :param limits: :class:`Thresholds`
    :param silence, frequency, monetary: arrays (n,) as in :func:`thresholds`
    :rtype: Scores
    """
    columns = same_length(clean(silence, low=0.0), clean(frequency, low=0.0), clean(monetary))
    recency, often, money = (
        _score(edges, column)
        for edges, column in zip((limits.recency, limits.frequency, limits.monetary), columns, strict=True)
    )
    return Scores(SCORES + 1 - recency, often, money)


def _score(edges, column):
    """1 + number of limits a value exceeds: values on a limit belong below it, all of them."""
    if not edges:
        return np.full(len(column), _MIDDLE)
    return 1 + np.searchsorted(np.asarray(edges), column, side="left")


@dataclass(frozen=True)
class Segment:
    """A named part of the grid: ranges of the scores for recency, frequency and money, both ends included."""

    key: str
    recency: tuple = (1, SCORES)
    frequency: tuple = (1, SCORES)
    monetary: tuple = (1, SCORES)


# First match wins; together they cover the whole grid. The names are those of the trade.
SEGMENTS = (
    Segment("champion", (4, 5), (4, 5), (4, 5)),
    Segment("loyal", (3, 5), (4, 5)),
    Segment("big_spender", (3, 5), (1, 3), (5, 5)),
    Segment("potential_loyal", (4, 5), (2, 3)),
    Segment("new", (5, 5), (1, 1)),
    Segment("promising", (4, 4), (1, 1)),
    Segment("needs_attention", (3, 3), (2, 3)),
    Segment("about_to_sleep", (3, 3), (1, 1)),
    Segment("cannot_lose", (1, 2), (4, 5), (4, 5)),
    Segment("at_risk", (1, 2), (3, 5)),
    Segment("hibernating", (2, 2), (1, 2)),
    Segment("lost", (1, 1), (1, 2)),
)


def assign(scores, segments=SEGMENTS):
    """Number of the first segment each customer fits in, -1 where none does.

    :param scores: :class:`Scores` of n customers
    :param segments: sequence of :class:`Segment`
    :return: integer array (n,)
    """
    found = np.full(len(scores.recency), -1)
    for number in reversed(range(len(segments))):
        segment = segments[number]
        fits = np.ones(len(found), dtype=bool)
        for values, (low, high) in (
            (scores.recency, segment.recency),
            (scores.frequency, segment.frequency),
            (scores.monetary, segment.monetary),
        ):
            fits &= (values >= low) & (values <= high)
        found[fits] = number
    return found


def uncovered(segments=SEGMENTS):
    """Cells of the grid no segment covers: list of (recency, frequency, monetary)."""
    cells = np.stack(np.meshgrid(*[np.arange(1, SCORES + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    missing = assign(Scores(*cells.T), segments) < 0
    return [tuple(int(value) for value in cell) for cell in cells[missing]]


def grid(scores, weight=None):
    """Customers, or their weight, by recency and frequency.

    :param weight: array (n,), for example revenue
    :return: array (5, 5); row 0 is recency 1, column 0 frequency 1
    """
    place = (scores.recency - 1) * SCORES + scores.frequency - 1
    weight = None if weight is None else clean(weight)
    return np.bincount(place, weights=weight, minlength=SCORES * SCORES).reshape(SCORES, SCORES).astype(float)


def migration(before, after, count):
    """How many moved from which segment to which.

    :param before, after: integer arrays (n,) of the same customers, -1 for none (new, lost)
    :param count: number of segments
    :return: integer array (count + 1, count + 1): rows before, columns after, the last for none
    """
    before, after = same_length(clean(before, -1, -1, count - 1), clean(after, -1, -1, count - 1))
    # -1 becomes the last.
    place = (before.astype(int) % (count + 1)) * (count + 1) + after.astype(int) % (count + 1)
    return np.bincount(place, minlength=(count + 1) ** 2).reshape(count + 1, count + 1)


@dataclass(frozen=True)
class Summary:
    """Customers out of their purchase days; arrays (n,) in the order of ``customer``.

    ``first``, ``last``: days; ``days``: purchase days; ``x, t_x, T``: as in :mod:`.btyd_score`, in days;
    ``revenue``: all, refunds taken off; ``z``: mean of the repeat days (0 where there is none).
    """

    customer: np.ndarray
    first: np.ndarray
    last: np.ndarray
    days: np.ndarray
    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    revenue: np.ndarray
    z: np.ndarray


def summarize(customer, day, amount, as_of):
    """Fold purchases into one row per customer, as the database does; for tests and for looking back.

    Several purchases of a day are one. A day that nets to nothing or less is revenue, but no purchase.
    Later days than ``as_of`` do not count; customers without a purchase have no row.

    :param customer: integer array (m,), :param day: integer array (m,), :param amount: array (m,)
    :param as_of: day of scoring
    :rtype: Summary
    """
    customer, day, amount = same_length(whole(customer), whole(day), clean(amount))
    until = day <= as_of
    customer, day, amount = customer[until], day[until], amount[until]
    order = np.lexsort((day, customer))
    customer, day, amount = customer[order], day[order], amount[order]
    if len(customer):
        starts = np.flatnonzero(np.r_[True, (np.diff(customer) != 0) | (np.diff(day) != 0)])
        customer, day, amount = customer[starts], day[starts], np.add.reduceat(amount, starts)
    bought = amount > 0
    ids, at = np.unique(customer, return_inverse=True)
    revenue = np.bincount(at.reshape(-1), weights=amount, minlength=len(ids))
    return _folded(
        customer[bought], day[bought], amount[bought], dict(zip(ids.tolist(), revenue, strict=True)), as_of
    )


def _folded(customer, day, amount, revenue, as_of):
    if not len(customer):
        return Summary(*([np.zeros(0)] * 9))
    starts = np.flatnonzero(np.r_[True, np.diff(customer) != 0])
    days = np.diff(np.r_[starts, len(customer)])
    first, last = day[starts], day[starts + days - 1]
    repeat = np.add.reduceat(amount, starts) - amount[starts]
    x = (days - 1).astype(float)
    return Summary(
        customer=customer[starts],
        first=first,
        last=last,
        days=days,
        x=x,
        t_x=(last - first).astype(float),
        T=(as_of - first).astype(float),
        revenue=np.array([revenue[number] for number in customer[starts].tolist()]),
        z=np.divide(repeat, x, out=np.zeros(len(x)), where=x > 0),
    )
