"""Forecast of a series with its uncertainty: which method, how far off it has been, what of the running
period.

The method is chosen by going back in time: forecasts from earlier periods are compared with what came
(Tashman, IJF 16 (2000) 437-450). The interval comes from those errors, not from an assumption about them.
"""

import math
from dataclasses import dataclass

import numpy as np

from .forecast_methods import COMBINED, METHODS
from .special import normal_quantile
from .stats import EMPTY, INSUFFICIENT, OK, clean, same_length

CANDIDATES = ("seasonal_naive", "theta", "damped", "combination")
DEFAULT = "combination"

_LARGEST = 1e18
_ORIGINS = 12
_ORIGINS_MIN = 4
_BETTER_BY = 0.02  # a method must beat the combination by more than luck easily does
_SCALE_FROM = 0.8  # of the running period that must be over for scaling it up


@dataclass(frozen=True)
class Errors:
    """Measures of a forecast against what came.

    ``smape`` in percent, 0 to 200 (Makridakis & Hibon, 2000); ``mase``: absolute error over that of the
    seasonal naive method in the past, below 1 is better (Hyndman & Koehler, IJF 22 (2006) 679-688); ``wape``:
    sum of absolute errors over sum of absolute values; ``bias``: sum of errors over the same, positive when
    too high. nan where the measure has no ground.
    """

    smape: float
    mase: float
    wape: float
    bias: float


def errors(actual, predicted, past=(), season=1):
    """Measure a forecast.

    :param actual, predicted: arrays (h,), :param past: array (n,) known when it was made, for ``mase``
    :rtype: Errors
    """
    actual, predicted = same_length(clean(actual), clean(predicted))
    if not len(actual):
        return Errors(*[math.nan] * 4)
    off = np.abs(actual - predicted)
    both, ground = np.abs(actual) + np.abs(predicted), float(np.abs(actual).sum())
    scale = naive_error(clean(past), season)
    return Errors(
        smape=float(200 * np.divide(off, both, out=np.zeros(len(off)), where=both > 0).mean()),
        mase=float(off.mean()) / scale if scale > 0 else math.nan,
        wape=float(off.sum()) / ground if ground else math.nan,
        bias=float((predicted - actual).sum()) / ground if ground else math.nan,
    )


def naive_error(past, season=1):
    """Mean absolute error of the seasonal naive method within a series; 0 where it is too short."""
    lag = season if len(past) > season > 0 else 1
    return float(np.abs(past[lag:] - past[:-lag]).mean()) if len(past) > lag else 0.0


@dataclass(frozen=True)
class Backtest:
    """Forecasts from earlier periods: ``mase`` {method: mean, the smaller the better}, ``residuals`` {method:
    array (origins, horizon), actual less forecast, nan where the future is not known yet}, number of
    ``origins``.
    """

    mase: dict
    residuals: dict
    origins: int


def backtest(y, horizon, season=1, candidates=CANDIDATES, origins=_ORIGINS):
    """Go back in time, forecast, compare.

    :param y: array (n,), :param origins: at most so many starting points, one period apart
    :rtype: Backtest
    """
    y = clean(y, low=-_LARGEST, high=_LARGEST)
    least = max(2 * season, 6)
    starts = range(max(least, len(y) - max(horizon, 1) - origins + 1), len(y))
    starts = [start for start in starts if start >= least][-(origins + horizon - 1) :]
    table = {name: np.full((len(starts), horizon), np.nan) for name in candidates}
    scales = np.full(len(starts), np.nan)
    for row, start in enumerate(starts):
        past, future = y[:start], y[start : start + horizon]
        scales[row] = naive_error(past, season) or np.nan
        for name, ahead in _forecasts(past, horizon, season, candidates).items():
            table[name][row, : len(future)] = future - ahead[: len(future)]
    mase = {name: _mean(np.abs(residuals) / scales[:, None]) for name, residuals in table.items()}
    return Backtest(mase, table, len(starts))


def _forecasts(past, horizon, season, names):
    """{method: forecast}; the combination from its parts where they are there."""
    found = {name: METHODS[name](past, horizon, season) for name in names if name != "combination"}
    if "combination" in names:
        parts = [found[name] if name in found else METHODS[name](past, horizon, season) for name in COMBINED]
        found["combination"] = sum(parts) / len(parts)
    return found


def _mean(values):
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def choose(tested, default=DEFAULT):
    """The method that was best, the default where that is not clear.

    :param tested: :class:`Backtest`, :return: name of a method
    """
    known = {name: value for name, value in tested.mase.items() if not math.isnan(value)}
    if tested.origins < _ORIGINS_MIN or default not in known:
        return default
    best = min(known, key=known.get)
    return best if known[best] < known[default] * (1 - _BETTER_BY) else default


@dataclass(frozen=True)
class Forecast:
    """A forecast of the next ``len(mean)`` whole periods after the last one of the series.

    ``low``, ``high``: interval of ``level``. ``spread`` (h,): standard deviation of the errors. ``current``:
    estimate of the whole running period, None where the last period is complete. ``partial``: what was done
    to it ("dropped", "scaled" or ""). ``mase``: of each method looked at; ``origins``: how many looks.
    """

    status: str
    method: str
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray
    level: float
    current: float | None
    partial: str
    mase: dict
    origins: int


def forecast(  # noqa: PLR0913
    y, horizon, season=12, *, last_share=1.0, partial="auto", method=None, level=0.8, candidates=CANDIDATES
):
    """Forecast a series.

    :param y: array (n,), oldest first, without gaps; leading zeros (before the business began) are left out
    :param horizon: periods ahead of the last one
    :param last_share: share of the last period that is over, 1 when it is complete
    :param partial: "drop" or "scale" the incomplete period, or "auto": scale from 80 % on
    :param method: name in :data:`.forecast_methods.METHODS`; default: chosen by :func:`backtest`
    :param level: of the interval, 0 to 1
    :rtype: Forecast
    """
    horizon, season = max(int(horizon), 1), max(int(season), 1)
    y = _from_start(clean(y, low=-_LARGEST, high=_LARGEST))
    y, so_far, share, treated = _complete(y, last_share, partial)
    ahead = horizon + (treated == "dropped")
    if not len(y):
        nothing = np.zeros(horizon)
        return Forecast(EMPTY, "", nothing, nothing, nothing, nothing, level, so_far, treated, {}, 0)
    method = method if method in METHODS else None
    tested = backtest(y, ahead, season, (method,) if method else candidates)
    name = method or choose(tested)
    parts = _with_interval(y, METHODS[name](y, ahead, season), tested.residuals.get(name), season, level)
    current = float(y[-1]) if treated else None
    if treated == "dropped":
        current = so_far + (1 - share) * float(parts[0][0])
        parts = [part[1:] for part in parts]
    enough = tested.origins >= _ORIGINS_MIN and len(y) >= 2 * season
    status = OK if enough else INSUFFICIENT
    return Forecast(status, name, *parts, level, current, treated, tested.mase, tested.origins)


def _with_interval(y, mean, residuals, season, level):
    """Forecast, low, high and spread; nothing is below zero where the series never was."""
    residuals = np.full((0, len(mean)), np.nan) if residuals is None else residuals
    below, above, spread = _interval(residuals, y, len(mean), season, level)
    parts = [mean, mean + below, mean + above]
    if y.min() >= 0:
        parts = [np.maximum(part, 0.0) for part in parts]
    return [*parts, spread]


def _from_start(y):
    """Without the zeros before the first value."""
    used = np.flatnonzero(y)
    return y[used[0] :] if len(used) else y


def _complete(y, share, how):
    """(series of complete periods, what the running one has so far, its share, "", "dropped" or "scaled")."""
    share = float(np.clip(share, 0.0, 1.0)) if share == share else 1.0
    if share >= 1.0 or not len(y):
        return y, None, 1.0, ""
    so_far = float(y[-1])
    if share > 0 and (how == "scale" or (how == "auto" and share >= _SCALE_FROM)):
        return np.r_[y[:-1], so_far / share], so_far, share, "scaled"
    return y[:-1], so_far, share, "dropped"


def _interval(residuals, y, horizon, season, level):
    """What to add to the forecast for the ends of the interval, and the spread: arrays (horizon,).

    Errors of each step are divided by the step's own spread; the quantiles of all together are what a few
    dozen errors can tell. The spread does not shrink with the distance.
    """
    known = ~np.isnan(residuals)
    count = known.sum(axis=0)
    squares = np.where(known, residuals, 0.0) ** 2
    if known.sum() < 2 * _ORIGINS_MIN:
        # A short series may have a rhythm that the forecast does not follow: never surer than that the next
        # period is as this one, even where the same period a year before was just the same.
        spread = max(naive_error(y, season), naive_error(y)) * 1.25 * np.sqrt(1 + np.arange(horizon) / season)
        z = normal_quantile(0.5 + level / 2)
        return -z * spread, z * spread, spread
    rms = np.sqrt(squares.sum(axis=0) / np.maximum(count, 1))
    # Steps with few errors lean on those before.
    trusted = np.where(count >= _ORIGINS_MIN, rms, 0.0)
    spread = np.maximum.accumulate(np.where(trusted > 0, trusted, 0.0))
    spread = np.where(spread > 0, spread, rms[known.any(axis=0)].max(initial=0.0))
    pooled = (residuals / np.where(spread > 0, spread, 1.0))[known]
    # The tails of a small sample are thinner than those of what it was drawn from.
    wider = (len(residuals) + 1) / max(len(residuals) - 1, 1)
    tail = (1 - level) / 2
    low, high = np.quantile(pooled, (tail, 1 - tail))
    return np.minimum(low, 0.0) * spread * wider, np.maximum(high, 0.0) * spread * wider, spread
