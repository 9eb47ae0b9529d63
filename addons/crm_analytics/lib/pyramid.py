"""The relationship pyramid: how well a customer is served, from response over reliability to relationship.

Three levels, the lower carrying the upper: who waits for answers forgives no late delivery, and who is
let down stays no friend. Each level is the weighted mean of its parts, each part a number from 0 to 100:

* a *share* of cases that went well, drawn towards the share of all customers: ``(good + 3 m) / (n + 3)``
  with ``m`` the mean of all. Three cases weigh as much as what is usual, so that one bad day of a new
  customer is no verdict (the usual shrinkage of a rate, e.g. Gelman et al., Bayesian Data Analysis, 2.4);
* a *waiting time* counts as the share ``2 ** (-hours / half_life)`` of each case, drawn likewise;
* a *measure* that is known exactly, as a share from 0 to 1.

What is not known (no case, an addon not installed) is NaN and left out of the mean, never guessed.
"""

from dataclasses import dataclass

import numpy as np

LEVELS = ("response", "reliability", "relationship")
PRIOR = 3.0  # cases that the mean of all customers weighs
WORTH = 1.0  # points; smaller movements are noise
BEST = 0.75  # what the best fourth of the customers gets is within reach


@dataclass(frozen=True)
class Part:
    """One part of the pyramid.

    ``name``: of the part; ``level``: one of :data:`LEVELS`; ``weight``: within its level;
    ``is_case``: a share of cases, drawn towards the mean of all; ``can_act``: something can be done
    about it tomorrow (nobody becomes a customer of longer standing by an act).
    """

    name: str
    level: str
    weight: float = 1.0
    is_case: bool = True
    can_act: bool = True


@dataclass(frozen=True)
class Pyramid:
    """Scores of n customers.

    ``parts``: {name: array n, 0 to 100, NaN where unknown}; ``levels``: {level: likewise};
    ``lift_part``: array n of indexes into the parts, -1 where nothing would lift; ``lift``: points of its
    level that the customer would gain if that part were as good as with the best fourth.
    """

    parts: dict
    levels: dict
    lift_part: np.ndarray
    lift: np.ndarray


def halved(hours, half_life):
    """What a waiting time is worth: 1 at once, a half after ``half_life``, a quarter after twice that.

    :param hours: array, below 0 counts as 0
    :return: array, 0 to 1
    """
    return np.exp2(-np.maximum(np.asarray(hours, dtype=float), 0.0) / half_life)


def shrink(share, count):
    """Draw shares of cases towards the mean of all cases.

    :param share: array n, 0 to 1, NaN where there is none
    :param count: array n of cases
    :return: array n, 0 to 1, NaN where there was no case
    """
    share = np.asarray(share, dtype=float)
    count = np.where(np.isfinite(share), np.asarray(count, dtype=float), 0.0)
    known = count > 0
    if not known.any():
        return np.full(share.shape, np.nan)
    good = np.where(known, share, 0.0) * count
    usual = good.sum() / count.sum()
    return np.where(known, (good + PRIOR * usual) / (count + PRIOR), np.nan)


def build(parts, found, size):
    """Score customers.

    :param parts: list of :class:`Part`
    :param dict found: {name of the part: (share array n, count array n)}, shares 0 to 1, NaN: unknown
    :param int size: n
    :rtype: Pyramid
    """
    nothing = np.full(size, np.nan), np.zeros(size)
    scores = {}
    for part in parts:
        share, count = found.get(part.name, nothing)
        share = shrink(share, count) if part.is_case else np.asarray(share, dtype=float)
        scores[part.name] = 100.0 * np.clip(share, 0.0, 1.0)
    lift_part, lift = _find_lift(parts, scores, size)
    return Pyramid(scores, {level: _mean(parts, scores, level, size) for level in LEVELS}, lift_part, lift)


def compare(parts, now, before):
    """What moved most between two times, of what somebody moved: years as a customer pass by themselves.

    :param dict now: {name: score} of one customer, unknown ones missing or None
    :param dict before: likewise
    :return: (name of the part, points up or down), None where nothing moved by a point
    """
    moved = [
        (part.name, now[part.name] - before[part.name])
        for part in parts
        if part.can_act and now.get(part.name) is not None and before.get(part.name) is not None
    ]
    name, points = max(moved, key=lambda move: abs(move[1]), default=(None, 0.0))
    return (name, points) if abs(points) >= WORTH else None


def _mean(parts, scores, level, size):
    """Weighted mean of the parts of a level that are known."""
    total, weights = np.zeros(size), np.zeros(size)
    for part in parts:
        if part.level == level:
            known = np.isfinite(scores[part.name])
            total += np.where(known, scores[part.name] * part.weight, 0.0)
            weights += known * part.weight
    return np.divide(total, weights, out=np.full(size, np.nan), where=weights > 0)


def _find_lift(parts, scores, size):
    """Per customer, the part whose mending lifts its level most, and by how many points."""
    lift_part, lift = np.full(size, -1), np.zeros(size)
    weights = {level: np.zeros(size) for level in LEVELS}
    for part in parts:
        weights[part.level] += np.isfinite(scores[part.name]) * part.weight
    for index, part in enumerate(parts):
        score = scores[part.name]
        if not part.can_act or not np.isfinite(score).any():
            continue
        reachable = np.nanquantile(score, BEST)
        gain = np.nan_to_num(np.maximum(reachable - score, 0.0)) * part.weight
        gain = np.divide(gain, weights[part.level], out=np.zeros(size), where=weights[part.level] > 0)
        better = gain > np.maximum(lift, WORTH)
        lift_part[better], lift[better] = index, gain[better]
    return lift_part, lift
