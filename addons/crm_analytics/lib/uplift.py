"""Campaigns: what they brought beyond what would have come anyway, and which of them to credit.

Uplift compares who was addressed with a control group that was left alone by chance; without such a group
there is no uplift, only a correlation. Attribution divides the credit for an order; it proves nothing.
"""

import math
from dataclasses import dataclass

import numpy as np

from .special import normal_cdf, normal_quantile, student_quantile
from .stats import EMPTY, INSUFFICIENT, OK, clean, same_length, whole, wilson_interval

FIRST, LAST, LINEAR, POSITION = "first", "last", "linear", "position"

_EACH_MIN = 30  # customers of each group


@dataclass(frozen=True)
class Group:
    """One side of a comparison: ``size`` customers, ``responses`` of them, ``revenue`` and its sum of squares
    over customers (0 for those who bought nothing)."""

    size: int
    responses: int
    revenue: float = 0.0
    squares: float = 0.0

    @property
    def rate(self):
        """Share who responded."""
        return self.responses / self.size if self.size else math.nan

    @property
    def per_head(self):
        """Revenue per customer."""
        return self.revenue / self.size if self.size else math.nan


def group_of(revenue, responded=None):
    """A :class:`Group` from its customers.

    :param revenue: array (n,), of all customers of the group, 0 who bought nothing; refunds may make it
        negative
    :param responded: array (n,), default: who brought more than nothing
    """
    revenue = clean(revenue, low=-1e15, high=1e15)
    responses = revenue > 0 if responded is None else clean(responded) > 0
    return Group(len(revenue), int(responses.sum()), float(revenue.sum()), float((revenue * revenue).sum()))


@dataclass(frozen=True)
class Difference:
    """A difference between both groups with its interval; ``p_value`` two-sided, nan where it can't be
    told.
    """

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class Uplift:
    """What a campaign brought beyond the control group.

    ``response``: difference of shares; ``per_head``: difference of revenue per customer; ``extra_responses``
    and ``extra_revenue``: times the customers addressed, with interval (low, high). ``proven``: whether the
    interval of the response leaves out zero. ``needed``: customers per group that would show a difference as
    large as this one.
    """

    status: str
    response: Difference
    per_head: Difference
    extra_responses: float
    extra_revenue: float
    extra_revenue_range: tuple
    proven: bool
    needed: int | None


_UNKNOWN = Difference(math.nan, math.nan, math.nan, math.nan)


def uplift(treated, control, level=0.95):
    """Compare those addressed with those left alone.

    :param treated, control: :class:`Group`
    :param level: of the intervals
    :rtype: Uplift
    """
    if not treated.size or not control.size:
        return Uplift(EMPTY, _UNKNOWN, _UNKNOWN, math.nan, math.nan, (math.nan, math.nan), False, None)
    response, money = compare_rates(treated, control, level), compare_means(treated, control, level)
    small = min(treated.size, control.size) < _EACH_MIN
    return Uplift(
        status=INSUFFICIENT if small else OK,
        response=response,
        per_head=money,
        extra_responses=response.value * treated.size,
        extra_revenue=money.value * treated.size,
        extra_revenue_range=(money.low * treated.size, money.high * treated.size),
        proven=not small and (response.low > 0 or response.high < 0),
        needed=sample_size(control.rate, response.value),
    )


def compare_rates(treated, control, level=0.95):
    """Difference of two shares with Newcombe's interval from two of Wilson's; p-value of the z test.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.

    :rtype: Difference
    """
    low, high = wilson_interval([treated.responses, control.responses], [treated.size, control.size], level)
    rate, base = treated.rate, control.rate
    value = rate - base
    pooled = (treated.responses + control.responses) / (treated.size + control.size)
    error = math.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / treated.size + 1 / control.size))
    return Difference(
        value,
        value - math.hypot(rate - low[0], high[1] - base),
        value + math.hypot(high[0] - rate, base - low[1]),
        float(2 * normal_cdf(-abs(value) / error)) if error > 0 else math.nan,
    )


def compare_means(treated, control, level=0.95):
    """Difference of two means with Welch's interval (Biometrika 34 (1947) 28-35).

    :rtype: Difference
    """
    (mean, spread), (base, base_spread) = _mean_error(treated), _mean_error(control)
    value, error = mean - base, math.sqrt(spread + base_spread)
    if error <= 0:
        # Without any variance there is nothing to estimate it from.
        known = min(treated.size, control.size) > 1
        return Difference(value, value if known else math.nan, value if known else math.nan, math.nan)
    ground = sum(
        part**2 / max(group.size - 1, 1) for part, group in ((spread, treated), (base_spread, control))
    )
    freedom = error**4 / ground
    wide = student_quantile(0.5 + level / 2, freedom) * error
    return Difference(value, value - wide, value + wide, float(2 * normal_cdf(-abs(value) / error)))


def _mean_error(group):
    """Mean and squared standard error of the revenue per customer."""
    mean = group.revenue / group.size
    if group.size < 2:
        return mean, 0.0
    variance = max(group.squares - group.size * mean * mean, 0.0) / (group.size - 1)
    return mean, variance / group.size


def sample_size(base, difference, level=0.95, power=0.8):
    """Customers per group that show a difference of shares with this power.

    Source: Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions (2003), equation 4.14, without
    the correction for continuity.

    :param base: share of the control group, :param difference: to be shown
    :return: number, None where it can't be told (no difference, no shares)
    """
    other = base + difference
    if not (0 <= base <= 1 and 0 <= other <= 1) or abs(difference) < 1e-9:
        return None
    middle = (base + other) / 2
    first = normal_quantile(0.5 + level / 2) * math.sqrt(2 * middle * (1 - middle))
    second = normal_quantile(power) * math.sqrt(base * (1 - base) + other * (1 - other))
    return max(2, math.ceil(((first + second) / difference) ** 2))


def attribute(order, channel, time, method=POSITION, ends=0.4):
    """Credit of each touch for its order; the credits of an order sum to 1.

    :param order: integer array (n,), the order each touch came before
    :param channel: array (n,), breaks ties of time, so that the answer does not depend on the order of rows
    :param time: array (n,)
    :param method: :data:`FIRST`, :data:`LAST`, :data:`LINEAR` or :data:`POSITION` (``ends`` each for the
        first and the last, the rest to those between; one or two touches share equally); anything else is
        linear
    :return: array (n,)
    """
    order, channel, time = same_length(whole(order), whole(channel), clean(time))
    if not len(order):
        return np.zeros(0)
    rows = np.lexsort((channel, time, order))
    starts = np.r_[True, np.diff(order[rows]) != 0]
    number = np.cumsum(starts) - 1
    count = np.bincount(number)[number]
    last = np.r_[starts[1:], True]
    credit = np.empty(len(order))
    credit[rows] = _CREDIT.get(method, _linear)(starts, last, count, min(max(float(ends), 0.0), 0.5))
    return credit


def _first(first, _last, _count, _ends):
    return first.astype(float)


def _last(_first, last, _count, _ends):
    return last.astype(float)


def _linear(_first, _last, count, _ends):
    return 1.0 / count


def _position(first, last, count, ends):
    between = (1 - 2 * ends) / np.maximum(count - 2, 1)
    return np.where(count <= 2, 1.0 / count, np.where(first | last, ends, between))


_CREDIT = {FIRST: _first, LAST: _last, LINEAR: _linear, POSITION: _position}


@dataclass(frozen=True)
class Return:
    """What a campaign earned for what it cost; nan where there is nothing to divide by.

    ``roi``: (margin - cost) / cost; ``cost_per_customer`` won; ``payback``: periods until the margin of a won
    customer has paid for winning him.
    """

    margin: float
    profit: float
    roi: float
    cost_per_customer: float
    payback: float


def campaign_return(cost, revenue, margin_share, won, margin_per_period=0.0):
    """Return on a campaign.

    :param cost, revenue: money; :param margin_share: of revenue that is earned, 0 to 1
    :param won: customers won, :param margin_per_period: what one of them earns us in a period
    :rtype: Return
    """
    cost, revenue, margin_share, won, per_period = (
        float(clean(value)[0]) for value in (cost, revenue, margin_share, won, margin_per_period)
    )
    margin = revenue * margin_share
    each = cost / won if won > 0 else math.nan
    return Return(
        margin=margin,
        profit=margin - cost,
        roi=(margin - cost) / cost if cost > 0 else math.nan,
        cost_per_customer=each,
        payback=each / per_period if per_period > 0 else math.nan,
    )
