"""What the open deals, and those not yet made, will bring in which month; joined with what sells without
deals.

An order is in one part only: orders that came from a deal are taken out of the history
(:func:`split_history`); open deals are the pipeline part; deals that will be created are the third. Months
count from 0, the running one.
"""

from dataclasses import dataclass

import numpy as np

from .calibration import Calibration, Reliability, brier, calibrate, reliability
from .special import normal_quantile
from .stats import EMPTY, INSUFFICIENT, OK, clean, same_length

__all__ = [
    "Calibration",
    "CycleCurve",
    "Joint",
    "Part",
    "Reliability",
    "Slip",
    "brier",
    "calibrate",
    "cycle_curve",
    "future_deals",
    "inflow_so_far",
    "join",
    "open_deals",
    "reliability",
    "slip_distribution",
    "split_history",
]

OPEN, WON, LOST = 0, 1, 2

_DEALS_MIN = 20
_PRIOR_DEALS = 5.0


@dataclass(frozen=True)
class Slip:
    """By how many months won deals missed their expected closing: ``months`` (k,) rising, negative is early;
    ``share`` (k,) sums to 1; ``deals`` it rests on."""

    status: str
    months: np.ndarray
    share: np.ndarray
    deals: int


def slip_distribution(expected, closed, longest=12):
    """Distribution of closing month less expected month.

    :param expected, closed: arrays (n,), months as whole numbers, of won deals
    :param longest: longer slips count as this one, either way
    :rtype: Slip
    """
    expected, closed = same_length(np.asarray(expected, dtype=float), np.asarray(closed, dtype=float))
    known = np.isfinite(expected) & np.isfinite(closed)
    slip = np.clip(np.round(closed[known] - expected[known]), -longest, longest).astype(int)
    months = np.arange(-longest, longest + 1)
    count = np.bincount(slip + longest, minlength=len(months)).astype(float)
    status = OK if len(slip) >= _DEALS_MIN else INSUFFICIENT if len(slip) else EMPTY
    # Where little is known: half in time, the rest later and later.
    usual = np.where(months >= 0, 0.5 ** (months + 1.0), 0.0)
    share = count + (_PRIOR_DEALS * usual / usual.sum() if status != OK else 0.0)
    used = share > 0
    return Slip(status, months[used], share[used] / share[used].sum(), len(slip))


@dataclass(frozen=True)
class CycleCurve:
    """Of the deals created in a month, the share won ``k`` months later: ``won`` (m,), with its sum
    ``win_rate``.

    ``open_share``: still open after the last month, neither won nor lost.
    """

    status: str
    won: np.ndarray
    win_rate: float
    open_share: float
    deals: int


def cycle_curve(age, outcome, longest=24):
    """Chance of being won by age, deals that are still open counted for as long as they have been seen.

    Cumulative incidence with losing as the competing end (Aalen & Johansen, Scandinavian Journal of
    Statistics 5 (1978) 141-150) in whole months: counting closed deals alone would call quick wins typical.

    :param age: array (n,), whole months from creation to the end, or until today
    :param outcome: array (n,): :data:`OPEN`, :data:`WON` or :data:`LOST`
    :param longest: last month looked at; older ones count there
    :rtype: CycleCurve
    """
    age, outcome = same_length(clean(age, low=0.0), clean(outcome))
    age = np.minimum(age, longest).astype(int)
    size, count = longest + 1, len(age)
    ends, won = np.bincount(age, minlength=size), np.bincount(age[outcome == WON], minlength=size)
    lost = np.bincount(age[outcome == LOST], minlength=size)
    at_risk = count - np.cumsum(ends) + ends
    # An open deal has not been seen to the end of its month: it counts half.
    at_risk = at_risk - (ends - won - lost) / 2
    going, curve = 1.0, np.zeros(size)
    for month in range(size):
        if at_risk[month] > 0:
            curve[month] = going * won[month] / at_risk[month]
            going *= max(1 - (won[month] + lost[month]) / at_risk[month], 0.0)
    status = EMPTY if not count else OK if won.sum() >= _DEALS_MIN else INSUFFICIENT
    return CycleCurve(status, curve, min(float(curve.sum()), 1.0), going, count)


@dataclass(frozen=True)
class Part:
    """One part of a forecast by month, arrays (h,): expected amount and variance. ``later``: expected
    afterwards.
    """

    mean: np.ndarray
    variance: np.ndarray
    later: float
    deals: float


def open_deals(probability, amount, due, slip, horizon):
    """What the open deals will bring.

    A deal due in month d is won with its probability, and then in month d + slip. Months that are over are
    out of the question, so what remains of the slip's distribution is taken; if nothing remains, it closes
    now. The deals are independent, each is won or not: the variance of a month is sum of p_m (1 - p_m)
    amount^2 (Poisson binomial).

    :param probability: array (n,), calibrated, 0 to 1
    :param amount: array (n,), money; :param due: array (n,), months from now, negative when overdue, nan
        unknown (now)
    :param slip: :class:`Slip`, :param horizon: number of months
    :rtype: Part
    """
    probability, amount, due = same_length(clean(probability, 0.0, 0.0, 1.0), clean(amount), clean(due))
    mean, variance = np.zeros(horizon), np.zeros(horizon)
    expected = probability * amount
    months, at = np.unique(np.clip(np.round(due), -1200, 1200), return_inverse=True)
    at, spread = at.reshape(-1), np.zeros((len(months), horizon))
    for row, month in enumerate(months):
        spread[row] = _months(int(month), slip, horizon)
    share = spread[at]
    mean = expected @ share if len(expected) else mean
    chance = probability[:, None] * share
    variance = (chance * (1 - chance) * (amount * amount)[:, None]).sum(axis=0)
    return Part(mean, variance, float(expected.sum() - mean.sum()), float(len(amount)))


def _months(due, slip, horizon):
    """Share of a won deal by month (horizon,), given that it is not closed yet."""
    when = due + slip.months
    possible = when >= 0
    total = float(slip.share[possible].sum())
    if total <= 0:
        when, share = np.array([max(due, 0)]), np.ones(1)
    else:
        when, share = when[possible], slip.share[possible] / total
    inside = when < horizon
    return np.bincount(when[inside], weights=share[inside], minlength=horizon)[:horizon]


def future_deals(inflow, curve, mean_amount, horizon, amount_variance=0.0):
    """What deals will bring that nobody has created yet: inflow x chance of being won at each age x amount.

    :param inflow: array (horizon,), deals expected to be created in each month; of the running month only
        those still to come
    :param curve: :class:`CycleCurve`
    :param mean_amount: money per won deal, :param amount_variance: of won deals
    :rtype: Part
    """
    inflow = np.resize(clean(inflow, low=0.0), horizon) if np.size(inflow) else np.zeros(horizon)
    age = np.zeros(horizon)
    age[: min(len(curve.won), horizon)] = curve.won[:horizon]
    wins = np.convolve(inflow, age)[:horizon]
    mean_amount = max(float(clean(mean_amount)[0]), 0.0)
    mean = wins * mean_amount
    # Poisson arrivals with random amounts: rate times the mean square.
    variance = wins * (mean_amount**2 + max(float(amount_variance), 0.0))
    later = float(inflow.sum()) * curve.win_rate * mean_amount - float(mean.sum())
    return Part(mean, variance, max(later, 0.0), float(inflow.sum()))


def inflow_so_far(created, share):
    """Inflow of a horizon with the part of the running month that is over taken off.

    :param created: array (h,), deals expected in whole months, :param share: of the running month that is
        over
    :return: array (h,)
    """
    created = clean(created, low=0.0)
    if len(created):
        created[0] *= 1 - min(max(float(share), 0.0), 1.0)
    return created


def split_history(amount, from_deal):
    """Part the revenue of the past into what came without a deal and what came from one.

    :param amount: array (n,), :param from_deal: array (n,), true where the order belongs to a deal
    :return: (array (n,) direct, array (n,) from deals): zero where it belongs to the other
    """
    amount, from_deal = same_length(clean(amount), clean(from_deal))
    return np.where(from_deal > 0, 0.0, amount), np.where(from_deal > 0, amount, 0.0)


@dataclass(frozen=True)
class Joint:
    """The whole forecast by month, arrays (h,), and its parts; ``mean`` is their sum."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    history: np.ndarray
    pipeline: np.ndarray
    future: np.ndarray
    level: float


def join(history, pipeline, future, level=0.8):
    """Join the parts; their errors are taken as independent, so variances add.

    :param history: :class:`.forecast.Forecast` of the direct part
    :param pipeline, future: :class:`Part`, of the same number of months
    :param level: of the interval
    :rtype: Joint
    """
    direct, spread, sure, sure_variance, new, new_variance = same_length(
        history.mean, history.spread, pipeline.mean, pipeline.variance, future.mean, future.variance
    )
    mean = direct + sure + new
    wide = normal_quantile(0.5 + level / 2) * np.sqrt(spread**2 + sure_variance + new_variance)
    low = mean - wide
    if (direct >= 0).all():
        low = np.maximum(low, 0.0)
    return Joint(mean, low, mean + wide, direct, sure, new, level)
