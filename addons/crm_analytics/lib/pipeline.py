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
    "still_open",
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
    """Of the deals created in a month, the shares ``won`` and ``lost`` (m,) ``k`` months later.

    ``win_rate``: sum of ``won``. ``open_share``: still open after the last month, neither won nor lost.
    """

    status: str
    won: np.ndarray
    lost: np.ndarray
    win_rate: float
    open_share: float
    deals: int


def cycle_curve(age, outcome, longest=24):
    """Chance of being won by age, deals that are still open counted for as long as they have been seen.

    Cumulative incidence with losing as the competing end (Aalen & Johansen, Scandinavian Journal of
    Statistics 5 (1978) 141-150) in whole months: counting closed deals alone would call quick wins typical.

    :param age: array (n,), months from creation to the end, or until today; fractions of a month count for
        open deals
    :param outcome: array (n,): :data:`OPEN`, :data:`WON` or :data:`LOST`
    :param longest: last month looked at; older ones count there
    :rtype: CycleCurve
    """
    age, outcome = same_length(clean(age, low=0.0, high=longest), clean(outcome))
    month = age.astype(int)
    size, count = longest + 1, len(age)
    won, lost = (np.bincount(month[outcome == end], minlength=size) for end in (WON, LOST))
    going_on = (outcome != WON) & (outcome != LOST)
    # Who is closed in a month was at risk in it, who is open for the part of it that is over.
    seen = np.bincount(month, weights=np.where(going_on, age - month, 1.0), minlength=size)
    ends = np.bincount(month, minlength=size)
    at_risk = count - np.cumsum(ends) + seen
    going, curve, losses = 1.0, np.zeros(size), np.zeros(size)
    for number in range(size):
        closed = won[number] + lost[number]
        if closed:
            risk = max(at_risk[number], closed)
            curve[number], losses[number] = going * won[number] / risk, going * lost[number] / risk
            going *= 1 - closed / risk
    status = EMPTY if not count else OK if won.sum() >= _DEALS_MIN else INSUFFICIENT
    return CycleCurve(status, curve, losses, min(float(curve.sum()), 1.0), going, count)


def still_open(probability, age, curve):
    """Chances of deals that are still open at their age, from those given when they were created.

    Bayes' rule: odds times the share of later wins over the share of later losses. Where losses come quicker
    than wins, a deal that lasts is a better one. For probabilities that are not kept up as time goes by;
    those that are would have it twice.

    :param probability: array (n,), 0 to 1, :param age: array (n,), months since creation
    :param curve: :class:`CycleCurve`
    :return: array (n,), 0 to 1
    """
    probability, age = same_length(clean(probability, 0.0, 0.0, 1.0), clean(age, low=0.0))
    month = np.minimum(age, len(curve.won) - 1).astype(int)
    wins, losses = _later(curve.won)[month], _later(curve.lost)[month]
    # At ages hardly any deal reached, the shares are drawn towards each other.
    known = curve.deals * (1 - np.cumsum(np.r_[0.0, curve.won + curve.lost])[month])
    trust = known / (known + _PRIOR_DEALS) if curve.status == OK else np.zeros(len(month))
    ratio = np.where((wins > 0) & (losses > 0), wins / np.where(losses > 0, losses, 1.0), 1.0) ** trust
    return probability * ratio / (probability * ratio + 1 - probability)


def _later(share):
    """Part of a distribution that lies at each month or after it: array of the same length."""
    total = float(share.sum())
    return np.cumsum(share[::-1])[::-1] / total if total > 0 else np.ones(len(share))


@dataclass(frozen=True)
class Part:
    """One part of a forecast by month, arrays (h,): expected amount and variance. ``later``: expected
    afterwards.
    """

    mean: np.ndarray
    variance: np.ndarray
    later: float
    deals: float


def open_deals(probability, amount, due, slip, horizon, passed=0.0):  # noqa: PLR0917  a deal's columns
    """What the open deals will bring.

    A deal due in month d is won with its probability, and then in month d + slip. Months that are over are
    out of the question, so what remains of the slip's distribution is taken; if nothing remains, it closes
    now. The deals are independent, each is won or not: the variance of a month is sum of p_m (1 - p_m)
    amount^2 (Poisson binomial). Of the running month only what is left of it counts: towards its end a
    deal that is due in it closes later more and more likely.

    :param probability: array (n,), calibrated, 0 to 1
    :param amount: array (n,), money; :param due: array (n,), months from now, negative when overdue, nan
        unknown (now)
    :param slip: :class:`Slip`, :param horizon: number of months
    :param passed: share of the running month that is over, 0 to 1
    :rtype: Part
    """
    probability, amount, due = same_length(clean(probability, 0.0, 0.0, 1.0), clean(amount), clean(due))
    mean, variance = np.zeros(horizon), np.zeros(horizon)
    expected = probability * amount
    months, at = np.unique(np.clip(np.round(due), -1200, 1200), return_inverse=True)
    at, spread = at.reshape(-1), np.zeros((len(months), horizon))
    for row, month in enumerate(months):
        spread[row] = _months(int(month), slip, horizon, min(max(float(passed), 0.0), 1.0))
    share = spread[at]
    mean = expected @ share if len(expected) else mean
    chance = probability[:, None] * share
    variance = (chance * (1 - chance) * (amount * amount)[:, None]).sum(axis=0)
    return Part(mean, variance, float(expected.sum() - mean.sum()), float(len(amount)))


def _months(due, slip, horizon, passed=0.0):
    """Share of a won deal by month (horizon,), given that it is not closed yet."""
    when = due + slip.months
    left = slip.share * np.where(when > 0, 1.0, np.where(when == 0, 1.0 - passed, 0.0))
    total = float(left.sum())
    if total <= 0:
        when, share = np.array([max(due, 0)]), np.ones(1)
    else:
        possible = left > 0
        when, share = when[possible], left[possible] / total
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
