"""Customers by the period of their first purchase: who comes back, what they bring, and who moves in and out.

Periods are whole numbers that rise by one (months, quarters). A cell is (cohort, offset): what customers who
came first in a period did so many periods later. Cells of the period that still runs are partial, later ones
are no zeros but unknown: both are masked.
"""

from dataclasses import dataclass

import numpy as np

from .stats import EMPTY, OK, clean, same_length, whole, wilson_interval


@dataclass(frozen=True)
class Triangle:
    """Cohorts (k rows) by periods since the first purchase (m columns, offset 0 first).

    Arrays (k, m), ``nan`` where nothing is known yet: ``customers`` who bought, ``revenue``, ``cumulative``
    revenue, ``retention`` = share of the cohort that bought, ``low`` and ``high`` of Wilson's interval.
    ``partial`` (k, m): cells of the period that still runs; their values are what is known, and are left out
    of averages. ``small`` (k,): cohorts too small to compare. ``cohorts`` and ``size`` (k,).
    """

    status: str
    cohorts: np.ndarray
    size: np.ndarray
    customers: np.ndarray
    revenue: np.ndarray
    cumulative: np.ndarray
    retention: np.ndarray
    low: np.ndarray
    high: np.ndarray
    partial: np.ndarray
    small: np.ndarray

    def average_retention(self):
        """Retention of all cohorts by offset, weighted by their size; partial cells left out, nan if none is
        known.

        :return: array (m,)
        """
        return self._average(self.customers)

    def average_revenue(self, cumulative=True):
        """Revenue per customer of the cohort by offset, partial cells left out; array (m,)."""
        return self._average(self.cumulative if cumulative else self.revenue)

    def _average(self, values):
        known = ~np.isnan(values) & ~self.partial
        size = np.where(known, self.size[:, None], 0.0).sum(axis=0)
        total = np.where(known, values, 0.0).sum(axis=0)
        return np.divide(total, size, out=np.full(values.shape[1], np.nan), where=size > 0)


def triangle(cells, last, *, complete=False, width=None, small=30, level=0.95):
    """The triangle from cells as the database counts them.

    :param cells: (cohort, offset, customers, revenue), arrays of equal length; each cell at most once
    :param last: the period in which the data end
    :param complete: whether that period is over
    :param width: number of columns; default: as many as there are periods
    :param small: cohorts below so many customers are marked
    :rtype: Triangle
    """
    cohort, offset, customers, revenue = same_length(*(clean(column) for column in cells))
    known = (cohort + offset <= last) & (offset >= 0)
    cohort, offset, customers, revenue = (column[known] for column in (cohort, offset, customers, revenue))
    if not len(cohort):
        nothing = np.zeros((0, 0))
        return Triangle(EMPTY, np.zeros(0), np.zeros(0), *[nothing] * 7, np.zeros(0, dtype=bool))
    cohorts, row = np.unique(cohort, return_inverse=True)
    columns = int(width or last - cohorts[0] + 1)
    inside = offset < columns
    place = (row.reshape(-1)[inside], offset[inside].astype(int))
    counts, money = np.zeros((len(cohorts), columns)), np.zeros((len(cohorts), columns))
    np.add.at(counts, place, np.maximum(customers[inside], 0.0))
    np.add.at(money, place, revenue[inside])
    return _masked(cohorts, counts, money, (last, complete), small, level)


def _masked(cohorts, counts, money, until, small, level):  # noqa: PLR0917  parts of one thing
    last, complete = until
    period = cohorts[:, None] + np.arange(counts.shape[1])[None, :]
    unknown, size = period > last, counts[:, 0].copy()
    # Refunds or a cut history may leave a cell larger than its cohort.
    low, high = wilson_interval(
        np.minimum(counts, size[:, None]), np.broadcast_to(size[:, None], counts.shape), level
    )
    share = np.divide(counts, size[:, None], out=np.zeros_like(counts), where=size[:, None] > 0)
    tables = (counts, money, np.cumsum(money, axis=1), np.minimum(share, 1.0), low, high)
    return Triangle(
        OK,
        cohorts,
        size,
        *(np.where(unknown, np.nan, table) for table in tables),
        partial=(period == last) & (not complete),
        small=size < small,
    )


def cells_of(customer, period, revenue, first=None):
    """Cells from events.

    :param customer: integer array (n,), :param period: integer array (n,), :param revenue: array (n,)
    :param first: array (n,), period of the customer's first purchase; default: the first one seen
    :return: (cohort, offset, customers, revenue), for :func:`triangle`
    """
    customer, period, revenue = same_length(whole(customer), whole(period), clean(revenue))
    if not len(customer):
        return (np.zeros(0),) * 4
    ids, at = np.unique(customer, return_inverse=True)
    at = at.reshape(-1)
    begin = np.full(len(ids), np.inf)
    np.minimum.at(begin, at, period if first is None else same_length(clean(first), period)[0])
    cohort = begin[at]
    keys, cell, once = _cells(cohort, period - cohort, at)
    customers = np.bincount(cell, weights=once, minlength=len(keys))
    return keys[:, 0], keys[:, 1], customers, np.bincount(cell, weights=revenue, minlength=len(keys))


def _cells(cohort, offset, customer):
    """The different cells, the cell of each event, and 1 for the first event of a customer in a cell."""
    keys, cell = np.unique(np.column_stack((cohort, offset)), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    _pairs, rows = np.unique(np.column_stack((cell, customer)), axis=0, return_index=True)
    once = np.zeros(len(cell))
    once[rows] = 1.0
    return keys, cell, once


@dataclass(frozen=True)
class Movement:
    """Customers by period, arrays (m,): who came first, came again, came back after a rest, and is lost.

    ``active`` = ``new`` + ``returning`` + ``reactivated``. ``lost``: the period in which the patience with a
    customer ended; unknown (as 0) for the first periods. ``partial``: the last period still runs.
    """

    periods: np.ndarray
    new: np.ndarray
    returning: np.ndarray
    reactivated: np.ndarray
    lost: np.ndarray
    active: np.ndarray
    partial: bool


def movement(customer, period, last, patience=12, complete=False):
    """New, returning, reactivated and lost customers of each period.

    A customer rests when he did not buy in ``patience`` whole periods: he counts as lost in the period after
    those, and as reactivated when he buys later.

    :param customer, period: integer arrays (n,), one row or more per purchase
    :param last: the period in which the data end, :param complete: whether it is over
    :rtype: Movement
    """
    customer, period = same_length(whole(customer), whole(period))
    rows = np.unique(np.column_stack((customer, period))[period <= last], axis=0)
    if not len(rows):
        return Movement(*[np.zeros(0)] * 6, partial=not complete)
    customer, period = rows[:, 0], rows[:, 1]
    same = np.r_[False, np.diff(customer) == 0]
    gap = np.r_[0.0, np.diff(period)]
    start = period.min()
    size = int(last - start) + 1

    def count(which, at=period):
        return np.bincount((at[which] - start).astype(int), minlength=size)[:size].astype(float)

    follows = np.r_[same[1:], False]
    until_next = np.where(follows, np.r_[np.diff(period), np.inf], np.inf)
    end = period + patience + 1
    gone = (until_next > patience) & (end <= last)
    back = same & (gap > patience)
    return Movement(
        periods=start + np.arange(size),
        new=count(~same),
        returning=count(same & ~back),
        reactivated=count(back),
        lost=count(gone, end),
        active=count(np.ones(len(period), dtype=bool)),
        partial=not complete,
    )


@dataclass(frozen=True)
class RevenueRetention:
    """Revenue of the customers of a period before, then and now.

    ``net``: now over before, of those who bought before; ``gross``: the same without growth, so at most 1;
    nan where nothing was bought before. ``churned``, ``contracted``, ``expanded``, ``new``: amounts.
    """

    before: float
    after: float
    churned: float
    contracted: float
    expanded: float
    new: float
    net: float
    gross: float


def revenue_retention(before, after):
    """What became of the revenue of two periods' customers.

    :param before, after: arrays (n,), revenue of the same customers in two periods of equal length; negative
        is 0
    :rtype: RevenueRetention
    """
    before, after = same_length(clean(before, low=0.0), clean(after, low=0.0))
    base = float(before.sum())
    gone = (before > 0) & (after <= 0)
    kept = (before > 0) & (after > 0)
    change = after - before
    stayed = float(np.minimum(before, after)[before > 0].sum())
    return RevenueRetention(
        before=base,
        after=float(after.sum()),
        churned=float(before[gone].sum()),
        contracted=float(-change[kept & (change < 0)].sum()),
        expanded=float(change[kept & (change > 0)].sum()),
        new=float(after[before <= 0].sum()),
        net=float(after[before > 0].sum()) / base if base else float("nan"),
        gross=stayed / base if base else float("nan"),
    )
