"""Forecasts of one series: seasonal naive, Naive2, simple and damped smoothing, Theta, and their mean.

Each method takes the past ``y`` (n,), oldest first, the number of periods ahead and the length of the season
(12 for months in years, 1 for none), and returns an array (horizon,). Short, constant, zero and negative
series are answered by something simpler, never by an exception.
"""

import math

import numpy as np

_TEST_LEVEL = 1.645  # one autocorrelation in ten is larger by chance
# Weights of smoothing; powers of what they keep, so that a block's recursion is one sum without overflow.
_WEIGHTS = np.linspace(0.0025, 0.99, 396)
_COARSE, _BLOCK = 16, 100
_KEEP = (1 - _WEIGHTS) ** np.arange(_BLOCK + 1)[:, None]
_GROW = (1 - _WEIGHTS) ** -np.arange(_BLOCK + 1.0)[:, None]
_DAMPED_GRID = ((0.05, 0.15, 0.3, 0.5, 0.7, 0.95), (0.02, 0.1, 0.3, 0.6), (0.8, 0.9, 0.95, 0.98))


def seasonal_naive(y, horizon, season=1):
    """The value of the same period a season ago, last value without a season."""
    y = np.asarray(y, dtype=float)
    if not len(y):
        return np.zeros(horizon)
    season = season if len(y) >= season > 0 else 1
    return np.resize(y[-season:], horizon)


def naive2(y, horizon, season=1):
    """The last value without its season, put into the season again (Makridakis et al., 1982)."""
    rest, factors, additive = deseasonalized(y, season)
    ahead = np.full(horizon, rest[-1] if len(rest) else 0.0)
    return seasonalized(ahead, factors, additive, len(rest))


def simple_smoothing(y, horizon, season=1):
    """Exponential smoothing of the level of the series without its season."""
    rest, factors, additive = deseasonalized(y, season)
    ahead = np.full(horizon, _smoothed_level(rest))
    return seasonalized(ahead, factors, additive, len(rest))


def theta(y, horizon, season=1):
    """The Theta method: mean of the trend line and of the smoothed line with twice the local curvature.

    Sources: Assimakopoulos & Nikolopoulos, IJF 16 (2000) 521-530; Hyndman & Billah, IJF 19 (2003) 287-290.
    """
    rest, factors, additive = deseasonalized(y, season)
    count = len(rest)
    if count < 3:
        return seasonalized(np.full(horizon, rest.mean() if count else 0.0), factors, additive, count)
    time = np.arange(count)
    slope = float(((time - time.mean()) * rest).sum() / ((time - time.mean()) ** 2).sum())
    line = rest.mean() + slope * (time - time.mean())
    ahead = rest.mean() + slope * (np.arange(count, count + horizon) - time.mean())
    return seasonalized((ahead + _smoothed_level(2 * rest - line)) / 2, factors, additive, count)


def damped(y, horizon, season=1):
    """Exponential smoothing with a trend that fades: ETS(A, Ad, N) of the series without its season.

    Source: Gardner & McKenzie, Management Science 31 (1985) 1237-1246, in the error-correction form of
    Hyndman et al., Forecasting with Exponential Smoothing (2008), section 2.5.
    """
    rest, factors, additive = deseasonalized(y, season)
    count = len(rest)
    if count < 6:
        return seasonalized(np.full(horizon, _smoothed_level(rest)), factors, additive, count)
    grids = [np.array(grid) for grid in _DAMPED_GRID]
    best, state = _damped_fit(rest, grids)
    finer = [np.clip(best[i] + step, low, high) for i, (step, low, high) in enumerate(_FINER)]
    best, state = _damped_fit(rest, finer)
    fade = np.cumsum(best[2] ** np.arange(1, horizon + 1))
    return seasonalized(state[0] + fade * state[1], factors, additive, count)


_FINER = (
    (np.linspace(-0.1, 0.1, 5), 0.01, 0.99),
    (np.array((-0.08, -0.03, 0.0, 0.05, 0.15)), 0.005, 0.95),
    (np.array((-0.05, 0.0, 0.015)), 0.75, 0.985),
)


def combination(y, horizon, season=1):
    """Mean of Theta and damped smoothing: seldom the best, hardly ever bad (Makridakis & Hibon, IJF 16,
    2000).
    """
    return sum(METHODS[name](y, horizon, season) for name in COMBINED) / len(COMBINED)


COMBINED = ("theta", "damped")
METHODS = {
    "seasonal_naive": seasonal_naive,
    "naive2": naive2,
    "simple": simple_smoothing,
    "theta": theta,
    "damped": damped,
    "combination": combination,
}


# Seasons ---------------------------------------------------------------


def is_seasonal(y, season):
    """Whether the autocorrelation at the season's lag is more than chance; the test of the M competitions.

    Bartlett's limit at 90 %; needs three seasons.
    """
    count = len(y)
    if season < 2 or count < 3 * season:
        return False
    off = y - y.mean()
    ground = float(off @ off)
    if ground <= 1e-12 * max(float(y @ y), 1e-300):
        return False
    lags = np.array([float(off[lag:] @ off[:-lag]) for lag in range(1, season + 1)]) / ground
    limit = _TEST_LEVEL * math.sqrt((1 + 2 * float(lags[:-1] @ lags[:-1])) / count)
    return bool(abs(lags[-1]) > limit)


def deseasonalized(y, season):
    """A series without its season by classical decomposition.

    Multiplicative; additive where a value is not positive; untouched where there is no season.

    :return: (array (n,), factors (season,) beginning with the first period or None, whether they add)
    """
    y = np.asarray(y, dtype=float)
    if not is_seasonal(y, season):
        return y, None, False
    additive = bool(y.min() <= 0)
    level = _moving_average(y, season)
    inner = y[season // 2 : season // 2 + len(level)]
    ratio = inner - level if additive else inner / level
    place = (np.arange(len(ratio)) + season // 2) % season
    factors = np.bincount(place, weights=ratio, minlength=season) / np.bincount(place, minlength=season)
    factors = factors - factors.mean() if additive else np.maximum(factors / factors.mean(), 0.01)
    repeated = np.resize(factors, len(y))
    return (y - repeated if additive else y / repeated), factors, additive


def _moving_average(y, season):
    """Centered: an even season counts both its ends half."""
    weight = np.ones(season + 1 - season % 2)
    if season % 2 == 0:
        weight[[0, -1]] = 0.5
    return np.convolve(y, weight / season, mode="valid")


def seasonalized(ahead, factors, additive, count):
    """Put the season back into a forecast that begins after ``count`` periods."""
    if factors is None:
        return ahead
    repeated = factors[np.arange(count, count + len(ahead)) % len(factors)]
    return ahead + repeated if additive else ahead * repeated


# Smoothing -------------------------------------------------------------


def _smoothed_level(y):
    """Last level of simple smoothing, weight and first level by least squares of one-step errors."""
    if len(y) < 4:
        return float(y.mean()) if len(y) else 0.0
    best, _level = _simple_fit(y, slice(8, None, _COARSE))
    around = slice(max(best - _COARSE, 0), best + _COARSE + 1)
    return _simple_fit(y, around)[1]


def _simple_fit(y, which):
    """Place of the best of some weights, and its last level. The errors are linear in the first level.

    Within a block the recursion is a sum: level(k) = keep^k (level(0) + sum of weight y(j) keep^-j).
    """
    weights, keep, grow = _WEIGHTS[which], _KEEP[:, which], _GROW[:, which]
    level, fade = np.zeros(len(weights)), np.ones(len(weights))
    squares = mixed = ground = 0.0
    for start in range(0, len(y), _BLOCK):
        part = y[start : start + _BLOCK, None]
        size = len(part)
        levels = keep[: size + 1] * np.concatenate(
            (level[None], level + np.cumsum(weights * part * grow[1 : size + 1], axis=0))
        )
        error, fades = part - levels[:-1], fade * keep[:size]
        squares = squares + (error * error).sum(axis=0)
        mixed = mixed + (error * fades).sum(axis=0)
        ground = ground + (fades * fades).sum(axis=0)
        level, fade = levels[-1], fade * keep[size]
    first = mixed / ground
    best = int(np.argmin(squares - mixed * first))
    return range(len(_WEIGHTS))[which][best], float(level[best] + fade[best] * first[best])


def _damped_fit(y, grids):
    """Best of a grid of (alpha, beta / alpha, phi), and the last (level, trend)."""
    alpha, share, phi = (axis.reshape(-1) for axis in np.meshgrid(*grids, indexing="ij"))
    beta, size = alpha * share, len(alpha)
    # Three runs at once: from nothing, and what one unit of first level or first trend does to the errors.
    level, trend = np.zeros((3, size)), np.zeros((3, size))
    level[1], trend[2] = 1.0, 1.0
    products = np.zeros((3, 3, size))
    signal = np.zeros((3, 1))
    for value in y.tolist():
        signal[0, 0] = value
        trend = phi * trend
        level = level + trend
        error = signal - level
        products += error[:, None] * error[None]
        level = level + alpha * error
        trend = trend + beta * error
    first, squares = _first_state(products)
    best = int(np.argmin(squares))
    by = np.array((1.0, first[0][best], first[1][best]))
    return (alpha[best], share[best], phi[best]), (float(by @ level[:, best]), float(by @ trend[:, best]))


def _first_state(products):
    """Least squares of the first level and trend: errors are e + l f + b g, ``products`` their sums of
    products.
    """
    level, trend, cross = products[1, 1], products[2, 2], products[1, 2]
    # A little ridge where both mean the same.
    ridge = 1e-9 * (level + trend) + 1e-300
    level, trend = level + ridge, trend + ridge
    determinant = level * trend - cross * cross
    by_level, by_trend = products[0, 1], products[0, 2]
    first = (
        -(by_level * trend - by_trend * cross) / determinant,
        -(by_trend * level - by_level * cross) / determinant,
    )
    return first, products[0, 0] + first[0] * by_level + first[1] * by_trend
