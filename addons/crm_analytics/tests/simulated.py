"""Customers with known parameters, for tests of the models; the same for the same seed."""

import numpy as np


def customers(model, count, days, seed=1):
    """Customers who order and leave as the purchase model says; times are rounded up to whole days.

    :param model: Parameters, times in days
    :param days: the longest anybody is observed
    :return: (x, t_x, T), arrays (count,)
    """
    random = np.random.default_rng(seed)
    rate = np.maximum(random.gamma(model.r, 1 / model.alpha, count), 1e-12)
    chance = random.beta(model.a, model.b, count)
    end = random.integers(1, days, count).astype(float)
    orders, last, now = np.zeros(count), np.zeros(count), np.zeros(count)
    alive = random.random(count) >= chance if model.death_at_start else np.ones(count, dtype=bool)
    while alive.any():
        now = now + random.exponential(1.0, count) / rate
        alive &= now < end
        orders += alive
        last = np.where(alive, now, last)
        alive &= random.random(count) >= chance
    return orders, np.ceil(last), end


def order_values(p, q, v, orders, seed=1):
    """Mean order values as the Gamma-Gamma model says; array of the length of ``orders``."""
    random = np.random.default_rng(seed)
    own = random.gamma(q, 1 / v, len(orders))
    return random.gamma(p * np.maximum(orders, 1), 1 / own) / np.maximum(orders, 1)
