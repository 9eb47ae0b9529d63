"""Data of the analytics benchmark: generated customers, order values, baskets and deals, always the same."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np

R, ALPHA, A, B = 0.5, 60.0, 0.8, 2.5  # days
P, Q, V = 6.25, 3.74, 15.44


def customers(count, days=1_460):
    """Customers of a BG/NBD world in whole days: dictionary of x, t_x, T, and z of who came again."""
    made = _simulated()
    model = SimpleNamespace(r=R, alpha=ALPHA, a=A, b=B, death_at_start=0)
    x, t_x, end = made.customers(model, count, days, seed=count)
    z = np.where(x > 0, made.order_values(P, Q, V, x, seed=count), 0.0)
    return {"x": x, "t_x": t_x, "T": end, "z": z}


def _simulated():
    """The module that makes customers for the tests."""
    path = Path(__file__).resolve().parents[2] / "addons" / "crm_analytics" / "tests" / "simulated.py"
    spec = importlib.util.spec_from_file_location("analytics_simulated", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def baskets(count, products=2_000):
    """Lines of baskets of 3.5 products on average, few products in many of them: basket and product."""
    random = np.random.default_rng(7)
    basket = np.repeat(np.arange(count), 1 + random.poisson(2.5, count))
    return {"basket": basket, "product": (products * random.random(len(basket)) ** 2).astype(np.int64)}


def deals(months=60, seed=1):
    """A company that sells with and without deals, month by month.

    Dictionary of arrays. Orders: ``order_month``, ``order_amount``, ``order_deal`` (number of the deal or
    -1). Deals: ``created``, ``due``, ``given`` (probability by the seller, too high), ``amount``, ``closed``
    (month) and ``won``.
    """
    random = np.random.default_rng(seed)
    month = np.arange(months + 24)
    season = 1 + 0.25 * np.sin(2 * np.pi * month / 12)
    direct = random.gamma(60, 1, len(month)) * 400 * season * (1 + 0.004 * month)
    number = random.poisson(30 * season * (1 + 0.006 * month))
    created = np.repeat(month, number)
    count = len(created)
    quality = random.beta(2, 4, count)
    won = random.random(count) < quality
    takes = np.where(won, random.poisson(3.5, count), random.poisson(2.5, count))
    due = created + np.maximum(takes - random.integers(0, 3, count), 0)
    return {
        "order_month": np.r_[month, (created + takes)[won]],
        "order_amount": np.r_[direct, np.zeros(int(won.sum()))],
        "order_deal": np.r_[np.full(len(month), -1), np.flatnonzero(won)],
        "created": created,
        "due": due,
        "given": np.clip(0.25 + 0.75 * quality + random.normal(0, 0.08, count), 0.02, 0.98),
        "amount": random.gamma(2, 800, count),
        "closed": created + takes,
        "won": won,
        "months": np.array(months),
    }
