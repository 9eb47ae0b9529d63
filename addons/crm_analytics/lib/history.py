"""What days of purchase come to: per customer, per month of first purchase, and per period.

Days of purchase come as arrays sorted by customer and day, a chunk of whole customers at a time; each of
the counters below takes chunks in with ``add`` and has the sum of all in ``result``. So one pass over a
large table answers several questions in little memory. Days are counted from 1970.
"""

from dataclasses import dataclass

import numpy as np

NEVER = np.iinfo(np.int64).max
QUARTER = 91  # days
BITS = np.array([bin(number).count("1") for number in range(16)])


@dataclass(frozen=True)
class Purchases:
    """Days of purchase of whole customers, sorted by customer and day.

    Arrays n: ``partner`` (ids), ``day``, ``revenue``, ``refunded``, ``is_purchase``.
    """

    partner: np.ndarray
    day: np.ndarray
    revenue: np.ndarray
    refunded: np.ndarray
    is_purchase: np.ndarray

    def __getitem__(self, which):
        return Purchases(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    @property
    def starts(self):
        """Where each customer begins: array of places."""
        return _starts(self.partner)


class Splitter:
    """Rows in pieces of any length to whole customers.

    :param counters: what takes :class:`Purchases` in
    """

    def __init__(self, counters):
        self.counters, self.rest = counters, None

    def take(self, columns):
        if self.rest is not None:
            columns = [np.concatenate(pair) for pair in zip(self.rest, columns, strict=True)]
        begins = np.searchsorted(columns[0], columns[0][-1])  # of the last, who may go on
        self.rest = [column[begins:] for column in columns]
        self._add([column[:begins] for column in columns])

    def close(self):
        if self.rest is not None:
            self._add(self.rest)

    def _add(self, columns):
        if len(columns[0]):
            purchases = Purchases(*columns)
            for counter in self.counters:
                counter.add(purchases)


class Summary:
    """Who had bought by a day, and what.

    ``result``: arrays by name: ``partner``, ``first`` and ``last`` day, ``days`` of purchase; ``x``, ``t_x``,
    ``T`` (days, see :mod:`.btyd_score`), ``z`` (mean of the repeat days); ``silence`` (days), ``quarters``
    (of 91 days, of the last four, with a purchase), ``revenue``, ``revenue_12m``, ``average``,
    ``refund_rate``.

    :param int as_of: the day; nothing later counts, :param int year_ago: the day a year before
    """

    # Whole numbers, then amounts.
    WHOLE = ("partner", "first", "last", "days", "quarters")
    COLUMNS = (*WHOLE, "revenue", "revenue_12m", "bought", "first_revenue", "refunded")

    def __init__(self, as_of, year_ago):
        self.as_of, self.year_ago, self.parts = as_of, year_ago, []

    def add(self, purchases):
        if purchases.day.max() > self.as_of:
            purchases = purchases[purchases.day <= self.as_of]
        buyers = np.unique(purchases.partner[purchases.is_purchase])
        if not len(buyers):
            return
        mine = purchases[np.isin(purchases.partner, buyers)]
        starts, bought = mine.starts, mine[mine.is_purchase]
        first = bought.starts
        last = np.append(first[1:], len(bought.day)) - 1
        ago = np.minimum((self.as_of - bought.day) // QUARTER, 4)
        self.parts.append(
            (
                buyers,
                bought.day[first],
                bought.day[last],
                last - first + 1,
                BITS[np.bitwise_or.reduceat(1 << ago, first) & 15],
                np.add.reduceat(mine.revenue, starts),
                np.add.reduceat(np.where(mine.day > self.year_ago, mine.revenue, 0.0), starts),
                np.add.reduceat(bought.revenue, first),
                bought.revenue[first],
                np.add.reduceat(mine.refunded, starts),
            )
        )

    @property
    def result(self):
        columns = [np.concatenate(parts) for parts in zip(*self.parts, strict=True)] or [
            np.zeros(0, dtype=np.int64 if name in self.WHOLE else float) for name in self.COLUMNS
        ]
        found = dict(zip(self.COLUMNS, columns, strict=True))
        x, bought = found["days"] - 1.0, found.pop("bought")
        refunded, first_revenue = found.pop("refunded"), found.pop("first_revenue")
        whole = found["revenue"] + refunded
        return {
            **found,
            "x": x,
            "t_x": (found["last"] - found["first"]).astype(float),
            "T": (self.as_of - found["first"]).astype(float),
            "silence": (self.as_of - found["last"]).astype(float),
            "z": np.divide(bought - first_revenue, x, out=np.zeros(len(x)), where=x > 0),
            "average": bought / np.maximum(found["days"], 1),
            "refund_rate": np.divide(refunded, whole, out=np.zeros(len(x)), where=whole > 0),
        }


class Between:
    """Days of purchase and revenue of each customer after one day and until another.

    ``result``: (ids, days, revenue), arrays sorted by id
    """

    def __init__(self, after, until):
        self.after, self.until, self.parts = after, until, []

    def add(self, purchases):
        inside = purchases[(purchases.day > self.after) & (purchases.day <= self.until)]
        if len(inside.day):
            starts = inside.starts
            self.parts.append(
                (
                    inside.partner[starts],
                    np.add.reduceat(inside.is_purchase.astype(float), starts),
                    np.add.reduceat(inside.revenue, starts),
                )
            )

    @property
    def result(self):
        return tuple(np.concatenate(parts) for parts in zip(*self.parts, strict=True)) or (
            np.zeros(0, dtype=np.int64),
            np.zeros(0),
            np.zeros(0),
        )

    def of(self, partners):
        """(days, revenue) of these customers, 0 for who did nothing.

        :param partners: array of ids
        """
        ids, days, revenue = self.result
        if not len(ids):
            return np.zeros((2, len(partners)))
        places = np.minimum(np.searchsorted(ids, partners), len(ids) - 1)
        known = ids[places] == partners
        return np.where(known, days[places], 0.0), np.where(known, revenue[places], 0.0)


class Months:
    """What the customers of each month of first purchase did in each month.

    ``result``: arrays by name: ``cohort`` (-1: of those who never bought), ``month``, ``customers``,
    ``revenue``, ``days`` of purchase, ``back`` (came again after ``patience`` months), ``gone`` (did not come
    again within those). Months are numbered ``12 * year + month - 1``.

    :param int patience: whole months without a purchase, then a customer counts as lost
    """

    NAMES = ("customers", "revenue", "days", "back", "gone")

    def __init__(self, patience):
        self.patience, self.cells = patience, np.zeros((0, 2 + len(self.NAMES)))

    def add(self, purchases):
        month = purchases.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 12 * 1970
        starts = _starts(purchases.partner, month)
        partner, month = purchases.partner[starts], month[starts]
        revenue = np.add.reduceat(purchases.revenue, starts)
        days = np.add.reduceat(purchases.is_purchase.astype(np.int64), starts)
        active = days > 0
        buyer, bought = partner[active], month[active]
        first = _starts(buyer)
        sizes = np.diff(np.append(first, len(buyer)))
        cohort = np.full(len(partner), -1)
        cohort[active] = np.repeat(bought[first], sizes)
        if len(first) and not active.all():
            idle = partner[~active]
            places = np.minimum(np.searchsorted(buyer[first], idle), len(first) - 1)
            cohort[~active] = np.where(buyer[first][places] == idle, bought[first][places], -1)
        same = np.diff(buyer) == 0 if len(buyer) else np.zeros(0, dtype=bool)
        pauses = np.where(same, np.diff(bought), 0) if len(buyer) else np.zeros(0)
        values = np.zeros((len(self.NAMES), len(partner)))
        values[0], values[1], values[2] = active, revenue, days
        values[3, active] = np.r_[0, pauses] > self.patience if len(buyer) else 0
        gone = np.r_[np.where(same, pauses > self.patience, True), True] if len(buyer) else 0
        values[4, active] = gone
        self._add_cells(cohort, month, values)

    def _add_cells(self, cohort, month, values):
        low = month.min()
        span = month.max() - low + 1
        place = np.where(cohort < 0, 0, cohort - low + 1) * span + month - low
        used = np.unique(place)
        sums = [np.bincount(place, weights=value)[used] for value in values]
        first, then = np.divmod(used, span)
        cells = np.c_[np.where(first > 0, first - 1 + low, -1), then + low, np.array(sums).T]
        self.cells = _summed(np.r_[self.cells, cells])

    @property
    def result(self):
        return dict(zip(("cohort", "month", *self.NAMES), self.cells.T, strict=True))


class Figures:
    """Sums of a period and of the one as long before; see ``FIGURES`` of ``crm.analytics.fact``.

    ``repeater`` of the customers are those who had bought on more than one day by the end of the period;
    ``kept_from`` is the revenue before, ``kept`` the one now, of those who bought before. ``result``: array
    in the order of those figures.

    :param int start: the day before the period before, :param int middle: the day before the period
    """

    def __init__(self, start, middle):
        self.start, self.middle, self.result = start, middle, np.zeros(13)

    def add(self, purchases):
        starts, bought = purchases.starts, purchases.is_purchase
        now = purchases.day > self.middle
        before = (purchases.day > self.start) & ~now

        def count(which):
            return np.add.reduceat(which.astype(np.int64), starts)

        first = np.minimum.reduceat(np.where(bought, purchases.day, NEVER), starts)
        days, days_before = count(bought & now), count(bought & before)
        ever, then = count(bought), count(bought & ~now)
        revenue = np.add.reduceat(np.where(now, purchases.revenue, 0.0), starts)
        revenue_before = np.add.reduceat(np.where(before, purchases.revenue, 0.0), starts)
        paid_before = revenue_before > 0
        self.result += [
            (ever > 0).sum(),
            (days > 0).sum(),
            (days_before > 0).sum(),
            revenue.sum(),
            revenue_before.sum(),
            days.sum(),
            days_before.sum(),
            ((days > 0) & (ever > 1)).sum(),
            ((days_before > 0) & (then > 1)).sum(),
            ((first > self.middle) & (first < NEVER)).sum(),
            ((first > self.start) & (first <= self.middle)).sum(),
            revenue_before[paid_before].sum(),
            np.maximum(revenue, 0.0)[paid_before].sum(),
        ]


def _starts(*columns):
    """Places at which one of the columns changes, the first place included."""
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    changes = np.zeros(len(columns[0]) - 1, dtype=bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    return np.r_[0, np.flatnonzero(changes) + 1]


def _summed(cells):
    """Rows of the same first two columns added up."""
    keys = cells[:, 0] * 1_000_000 + cells[:, 1]
    _keys, first, places = np.unique(keys, return_index=True, return_inverse=True)
    sums = [np.bincount(places, weights=column) for column in cells[:, 2:].T]
    return np.c_[cells[first, :2], np.array(sums).T]
