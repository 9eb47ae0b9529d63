"""What a fitted purchase model says about customers: alive, orders to come, none to come, and why.

A customer is (x, t_x, T): number of *repeat* purchase days, time from the first to the last purchase, time
from the first purchase to the day of scoring. All times in the unit the parameters were fitted in.

BG/NBD: a customer orders at his own random rate and may leave after each repeat order, so who has ordered
once can't have left. MBG/NBD: he may leave after the first order, too. ``death_at_start`` is 0 and 1.
Sources: Fader, Hardie & Lee, Marketing Science 24 (2005) 275-284; Batislam, Denizel & Filiztekin, IJRM 24
(2007) 201-209; Hoppe & Wagner, Marketing Journal of Research and Management 3 (2007) 75-90.
"""

from dataclasses import dataclass

import numpy as np

from .stats import clean, distinct, same_length

BG, MBG = "bg_nbd", "mbg_nbd"

_TERMS_MAX = 4000
_MANY = 10_000  # customers, from where on looking for equal ones pays
# Below this the transformed series alternates in sign and loses digits; the integral does not.
_SERIES_FROM = -4.0
_SERIES_UP_TO = 0.99
_STEP = 0.25  # of the integral over the logit: error exp(-pi^2 / step), far below rounding


@dataclass(frozen=True)
class Parameters:
    """A purchase model: rates of ordering ~ Gamma(r, alpha), chances of leaving ~ Beta(a, b).

    ``alpha`` is in units of time, the others have none.
    """

    kind: str
    r: float
    alpha: float
    a: float
    b: float

    @property
    def death_at_start(self):
        """1 where a customer can leave after the first order, else 0."""
        return 1 if self.kind == MBG else 0


def clean_customers(x, t_x, T):  # noqa: N803  the letter of the literature
    """Customers as finite float arrays with 0 <= t_x <= T and x >= 0; what is no number counts as 0.

    Who has not come again has t_x 0; who has come again on no later day counts as not having come again.
    """
    x, t_x, T = same_length(np.floor(clean(x, low=0.0, high=1e12)), clean(t_x, low=0.0), clean(T, low=0.0))
    t_x = np.minimum(t_x, T)
    return np.where(t_x > 0, x, 0.0), np.where(x > 0, t_x, 0.0), T


def _dead_odds(parameters, x, t_x, T):  # noqa: N803
    """Logarithm of P(left) / P(alive); -inf where he can't have left."""
    leaving = parameters.b + x + parameters.death_at_start - 1
    possible = (x + parameters.death_at_start) > 0
    with np.errstate(all="ignore"):
        odds = np.log(parameters.a / leaving) + (parameters.r + x) * (
            np.log(parameters.alpha + T) - np.log(parameters.alpha + t_x)
        )
    return np.where(possible, odds, -np.inf)


def probability_alive(parameters, x, t_x, T):  # noqa: N803
    """Probability that a customer is still one. 1 / (1 + a / (b+n-1) ((alpha+T) / (alpha+t_x))^(r+x)).

    :param x, t_x, T: arrays of n customers
    :return: array (n,), 0 to 1
    """
    x, t_x, T = clean_customers(x, t_x, T)
    odds = _dead_odds(parameters, x, t_x, T)
    return np.exp(-np.logaddexp(0.0, odds))


def probability_no_order(parameters, horizon, x, t_x, T):  # noqa: N803
    """Probability of no order within ``horizon``, whether he has left or only rests.

    1 - P(alive) (1 - ((alpha+T) / (alpha+T+horizon))^(r+x)): given alive the rate is Gamma(r+x, alpha+T), and
    nobody leaves without an order.

    :param horizon: time, a number or array (n,)
    :return: array (n,), 0 to 1, falling in ``horizon``
    """
    x, t_x, T = clean_customers(x, t_x, T)
    horizon = clean(horizon, low=0.0)
    rest = -np.expm1((parameters.r + x) * -np.log1p(horizon / (parameters.alpha + T)))
    return np.clip(1.0 - probability_alive(parameters, x, t_x, T) * rest, 0.0, 1.0)


def expected_orders(parameters, horizon, x, t_x, T):  # noqa: N803
    """Number of orders to be expected within ``horizon`` from now.

    Fader, Hardie & Lee (2005) equation 10, with Euler's transformation 2F1(A, B; C; z) = (1-z)^(C-A-B)
    2F1(C-A, C-B; C; z) and the leading 1 of the series taken out, so that a = 1 needs no case of its own.

    :param horizon: time, a number or array (n,)
    :return: array (n,), never negative, growing in ``horizon``, 0 at 0
    """
    x, t_x, T = clean_customers(x, t_x, T)
    horizon = clean(horizon, low=0.0)
    if len(horizon) == 1 and len(x) > _MANY:
        alive = probability_alive(parameters, x, t_x, T)
        # Given alive, only x and T matter: many customers share them.
        x, T, where = distinct_pairs(x, T)
        return alive * expected_if_alive(parameters, np.repeat(horizon, len(x)), x, T)[where]
    horizon, x, t_x, T = same_length(horizon, x, t_x, T)
    alive = probability_alive(parameters, x, t_x, T)
    return alive * expected_if_alive(parameters, horizon, x, T)


def expected_new(parameters, horizon):
    """Number of *repeat* orders to be expected of a customer within ``horizon`` of his first order.

    :param horizon: array (n,)
    :return: array (n,)
    """
    return expected_orders(parameters, horizon, [0.0], [0.0], [0.0])


def usual_gap(parameters, x, t_x):
    """Time between two orders of a customer while he is one, drawn towards that of all: (alpha + t_x) / (r +
    x).

    The silence since the last order is left out: it would make every late customer look like a slow one.

    :param x, t_x: arrays (n,)
    :return: array (n,), time; the next order is to be expected so long after the last
    """
    x, t_x = same_length(np.floor(clean(x, low=0.0, high=1e12)), clean(t_x, low=0.0))
    return (parameters.alpha + np.where(x > 0, t_x, 0.0)) / (parameters.r + x)


def expected_if_alive(parameters, horizon, x, T):  # noqa: N803
    """Orders within ``horizon`` of customers known to be alive; arrays (n,) of clean values."""
    start = parameters.alpha + T
    z = horizon / (start + horizon)
    top = parameters.a + parameters.b + parameters.death_at_start - 1 - parameters.r
    result = np.zeros(len(x))
    fast = (z <= _SERIES_UP_TO) & (top >= _SERIES_FROM)
    if fast.any():
        result[fast] = _by_series(parameters, z[fast], x[fast], top)
    if not fast.all():
        slow = ~fast
        result[slow] = _by_integral(parameters, horizon[slow] / start[slow], x[slow])
    # Nobody orders more than at the rate he has when he never leaves.
    return np.clip(result, 0.0, horizon * (parameters.r + x) / start)


def distinct_pairs(x, T):  # noqa: N803
    """The different pairs of x and T, and where each customer's pair is.

    :param x, T: arrays (n,)
    :return: (x (g,), T (g,), index (n,))
    """
    xs, at_x = distinct(x)
    ends, at_end = distinct(T)
    keys, where = distinct(at_x * max(len(ends), 1) + at_end)
    return xs[keys // max(len(ends), 1)], ends[keys % max(len(ends), 1)], where


def _by_series(parameters, z, x, top):
    """C (1 - (1-z)^e F) / e with e = a - 1, F = 1 + e S: C (1 - (1-z)^e) / e - (1-z)^e C S."""
    bottom = parameters.a + parameters.b + x + parameters.death_at_start - 1
    excess = parameters.a - 1
    left = np.log1p(-z)
    lead = -np.expm1(excess * left) / excess if abs(excess) > 1e-12 else -left
    return bottom * lead - np.exp(excess * left) * _tail(top, excess, bottom, z)


def _tail(top, excess, bottom, z):
    """Sum over k >= 1 of (top)_k (excess+1)_(k-1) / ((bottom+1)_(k-1) k!) z^k, finished customers left
    out.
    """
    term = top * z
    total, active = term.copy(), np.arange(len(z))
    z_active, bottom_active, sums = z, bottom, term.copy()
    for k in range(1, _TERMS_MAX):
        term = term * ((top + k) * (excess + k) / (k + 1)) / (bottom_active + k) * z_active
        sums = sums + term
        if k % 16 == 0:
            going = np.abs(term) > 1e-13 * (1e-300 + np.abs(sums)) * (1 - z_active)
            if not going.all():
                total[active[~going]] = sums[~going]
                active, term, sums = active[going], term[going], sums[going]
                z_active, bottom_active = z_active[going], bottom_active[going]
            if not len(active):
                return total
    total[active] = sums
    return total


def _by_integral(parameters, ratio, x):
    """E = integral of Beta(p; a, b+n) (1 - (1 + p u)^-(r+x)) / p over the logit of p, by the trapezoidal
    rule.

    All terms are positive, so that it holds where the series loses its digits; slower. On the logit's line
    the rule converges exponentially (Trefethen & Weideman, SIAM Review 56 (2014) 385-458).
    """
    result = np.empty(len(x))
    for start in range(0, len(x), 4096):
        part = slice(start, start + 4096)
        result[part] = _integral(parameters, ratio[part], x[part])
    return result


def _integral(parameters, ratio, x):
    a, b = parameters.a, parameters.b + x + parameters.death_at_start
    order_rate = parameters.r + x
    # To the left of the grid both integrands are exponentials of the logit: their sum is geometric.
    low = -40.0 - np.log(max(1.0, float((ratio * order_rate + b).max())))
    nodes = np.arange(low, 40.0 / min(1.0, float(b.min())), _STEP)[:4000]
    log_p, log_q = -np.logaddexp(0.0, -nodes), -np.logaddexp(0.0, nodes)
    weight = a * log_p + b[:, None] * log_q
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    p = np.exp(log_p)
    gain = -np.expm1(-order_rate[:, None] * np.log1p(p * ratio[:, None])) / p
    rest = 1.0 / np.expm1(a * _STEP)
    above = (weight * gain).sum(axis=1) + weight[:, 0] * gain[:, 0] * rest
    return above / (weight.sum(axis=1) + weight[:, 0] * rest)


@dataclass(frozen=True)
class Contribution:
    """One input of a score: its value, the typical one, and the scores if it were typical and the rest as
    is.
    """

    name: str
    value: float
    typical: float
    alive_if_typical: float
    orders_if_typical: float
    alive_effect: float
    orders_effect: float


@dataclass(frozen=True)
class Explanation:
    """Why a customer has his scores; contributions by the size of their effect on P(alive), the largest
    first.

    ``late`` is the time since the last order over the usual gap; None when there is no gap to know.
    """

    alive: float
    orders: float
    typical_alive: float
    typical_orders: float
    silent: float
    usual_gap: float | None
    late: float | None
    contributions: tuple


def explain(parameters, horizon, customer, typical):
    """Explain one customer's scores by what they would be if one input at a time were typical.

    The inputs are the number of repeat orders, the silence since the last order, and the age; a typical
    silence is put in by moving the last order.

    :param horizon: time for the expected orders
    :param customer: (x, t_x, T), :param typical: (x, t_x, T), for example medians of those who came again
    :rtype: Explanation
    """
    x, t_x, T = _single(customer)
    usual_x, usual_t_x, usual_age = usual = _single(typical)
    silence, usual_silence = T - t_x, usual_age - usual_t_x
    moved = (
        ("orders", x, usual_x, (usual_x, t_x, T)),
        ("silence", silence, usual_silence, (x, max(T - usual_silence, 0.0), T)),
        ("age", T, usual_age, (x, max(usual_age - silence, 0.0), usual_age)),
    )
    columns = list(zip((x, t_x, T), usual, *(case for *_texts, case in moved), strict=True))
    alive = probability_alive(parameters, *columns).tolist()
    orders = expected_orders(parameters, horizon, *columns).tolist()
    contributions = [
        Contribution(name, value, middle, alive[i], orders[i], alive[0] - alive[i], orders[0] - orders[i])
        for i, (name, value, middle, _case) in enumerate(moved, start=2)
    ]
    contributions.sort(key=lambda one: -abs(one.alive_effect))
    gap = t_x / x if x > 0 else None
    return Explanation(
        alive=alive[0],
        orders=orders[0],
        typical_alive=alive[1],
        typical_orders=orders[1],
        silent=silence,
        usual_gap=gap,
        late=silence / gap if gap else None,
        contributions=tuple(contributions),
    )


def alive_if_typical(parameters, customers, typical):
    """P(alive) of many customers as they are, and with one input at a time typical, as in :func:`explain`.

    :param customers: (x, t_x, T), arrays (n,), :param typical: (x, t_x, T)
    :return: (array (n,), {"orders": array (n,), "silence": ..., "age": ...})
    """
    x, t_x, T = clean_customers(*customers)
    usual_x, usual_t_x, usual_age = _single(typical)
    silence = T - t_x
    cases = {
        "orders": (usual_x, t_x, T),
        "silence": (x, np.maximum(T - (usual_age - usual_t_x), 0.0), T),
        "age": (x, np.maximum(usual_age - silence, 0.0), usual_age),
    }
    alive = probability_alive(parameters, x, t_x, T)
    return alive, {name: probability_alive(parameters, *case) for name, case in cases.items()}


def _single(customer):
    return tuple(float(column[0]) for column in clean_customers(*([value] for value in customer)))
