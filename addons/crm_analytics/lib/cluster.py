"""Groups of customers who behave alike: k-means, how stable the groups are, and what sets each apart.

Features should be few and roughly symmetric: :func:`prepare` takes logarithms of amounts and counts and
brings all to the same scale. Groups nobody would find again in another sample are no groups: see
``stability``.
"""

import math
from dataclasses import dataclass

import numpy as np

from .stats import EMPTY, INSUFFICIENT, OK

UNSTABLE = "unstable"  # the groups change with the sample: take fewer, or other features

_CUSTOMERS_MIN = 50
_SAMPLE = 20_000
_CHUNK = 50_000
_STABLE_FROM = 0.6
_SILHOUETTE_SAMPLE = 1_000


@dataclass(frozen=True)
class Scaling:
    """How features were prepared: ``logged`` (d,) which as logarithms, ``middle`` and ``spread`` (d,)."""

    logged: np.ndarray
    middle: np.ndarray
    spread: np.ndarray

    def apply(self, features):
        """Features of customers on the common scale: array (n, d), within -5 and 5."""
        table = _table(features)
        moved = np.where(self.logged, np.sign(table) * np.log1p(np.abs(table)), table)
        return np.clip((moved - self.middle) / self.spread, -5.0, 5.0)


def _table(features):
    table = np.array(features, dtype=float)
    table = table.reshape(len(table), -1) if table.size else np.zeros((0, 0))
    if np.isnan(table).any():
        # Who has no value is taken for usual in it.
        rows, columns = np.where(np.isnan(table))
        usual = [
            np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in table.T
        ]
        table[rows, columns] = np.array(usual)[columns]
    return np.clip(table, -1e60, 1e60)


def prepare(features):
    """Learn how to bring features to a common scale: middle 0, spread 1, the outermost hundredths drawn in.

    A feature that is nowhere negative and skewed (mean above twice the median) is taken as logarithm.

    :param features: array (n, d)
    :rtype: Scaling
    """
    table = _table(features)
    if not table.size:
        return Scaling(*[np.zeros(table.shape[1])] * 2, np.ones(table.shape[1]))
    logged = (table.min(axis=0) >= 0) & (table.mean(axis=0) > 2 * np.median(table, axis=0))
    moved = np.where(logged, np.sign(table) * np.log1p(np.abs(table)), table)
    moved = np.clip(moved, *np.quantile(moved, (0.01, 0.99), axis=0))
    spread = moved.std(axis=0)
    return Scaling(logged, moved.mean(axis=0), np.where(spread > 1e-12, spread, 1.0))


@dataclass(frozen=True)
class Clusters:
    """Groups of customers; numbered by size, the largest 0.

    ``labels`` (n,), ``centers`` (k, d) on the common scale, ``sizes`` (k,). ``inertia``: mean squared
    distance to the own center. ``stability``: mean adjusted Rand index over resamples, 1 always the same
    groups, 0 chance. ``silhouette``: how much closer to the own group than to the next, -1 to 1. ``traits``:
    per group a tuple of (feature number, how many spreads above or below all others), the strongest first.
    """

    status: str
    labels: np.ndarray
    centers: np.ndarray
    sizes: np.ndarray
    inertia: float
    stability: float
    silhouette: float
    scaling: Scaling
    traits: tuple

    def assign(self, features):
        """Group of each customer, of new ones, too: integer array (n,); all 0 where there are no groups."""
        table = self.scaling.apply(features)
        return nearest(table, self.centers)[0] if len(self.centers) else np.zeros(len(table), dtype=np.int64)


def cluster(features, number, seed=0, resamples=10):
    """Group customers into ``number`` groups.

    :param features: array (n, d), raw: :func:`prepare` is applied
    :param number: of groups; fewer where there are fewer different customers
    :param seed: the same seed gives the same groups
    :param resamples: for ``stability``; 0: not looked at (nan)
    :rtype: Clusters
    """
    scaling = prepare(features)
    table = scaling.apply(features)
    if not table.size:
        return _no_clusters(table, scaling)
    random = np.random.default_rng(seed)
    part = table[random.choice(len(table), _SAMPLE, replace=False)] if len(table) > _SAMPLE else table
    number = max(1, min(int(number), len(np.unique(part, axis=0))))
    centers = _by_size(table, kmeans(part, number, random))
    labels, distance = nearest(table, centers)
    steady = stability(part, centers, random, resamples) if number > 1 and resamples else math.nan
    return Clusters(
        status=_status(len(table), steady),
        labels=labels,
        centers=centers,
        sizes=np.bincount(labels, minlength=number),
        inertia=float(distance.mean()),
        stability=steady,
        silhouette=silhouette(part, nearest(part, centers)[0], random),
        scaling=scaling,
        traits=traits(table, labels, number),
    )


def _no_clusters(table, scaling):
    labels, nothing = np.zeros(len(table), dtype=np.int64), np.zeros(0)
    return Clusters(EMPTY, labels, table[:0], nothing, 0.0, math.nan, math.nan, scaling, ())


def _by_size(table, centers):
    """Centers, that of the largest group first."""
    sizes = np.bincount(nearest(table, centers)[0], minlength=len(centers))
    return centers[np.argsort(-sizes, kind="stable")]


def _status(count, steady):
    if count < _CUSTOMERS_MIN:
        return INSUFFICIENT
    return UNSTABLE if steady < _STABLE_FROM else OK


def kmeans(table, number, random, starts=5, steps=100):
    """Best of several runs of Lloyd's algorithm, each begun by k-means++.

    Sources: Lloyd, IEEE Transactions on Information Theory 28 (1982) 129-137; Arthur & Vassilvitskii, SODA
    2007.

    :param table: array (n, d), n >= ``number``; :param random: numpy Generator
    :return: centers (number, d)
    """
    best, least = table[:number], math.inf
    for _start in range(starts):
        centers = _plus_plus(table, number, random)
        before = None
        for _step in range(steps):
            labels, distance = nearest(table, centers)
            if before is not None and np.array_equal(labels, before):
                break
            before, centers = labels, _means(table, labels, distance, number)
        total = float(nearest(table, centers)[1].sum())
        if total < least - 1e-12:
            best, least = centers, total
    return best


def _plus_plus(table, number, random):
    """First centers: each next one with a chance proportional to the squared distance from those before."""
    centers = [table[random.integers(len(table))]]
    distance = ((table - centers[0]) ** 2).sum(axis=1)
    while len(centers) < number:
        total = distance.sum()
        chance = distance / total if total > 0 else None
        centers.append(table[random.choice(len(table), p=chance)])
        distance = np.minimum(distance, ((table - centers[-1]) ** 2).sum(axis=1))
    return np.array(centers)


def _means(table, labels, distance, number):
    size = np.bincount(labels, minlength=number).astype(float)
    sums = np.column_stack([np.bincount(labels, weights=column, minlength=number) for column in table.T])
    centers = sums / np.maximum(size, 1)[:, None]
    # A group that lost all its customers begins anew with the one who fits worst.
    empty = np.flatnonzero(size == 0)
    if len(empty):
        centers[empty] = table[np.argsort(-distance, kind="stable")[: len(empty)]]
    return centers


def nearest(table, centers):
    """Nearest center of each row and the squared distance to it.

    :param table: array (n, d), :param centers: array (k, d)
    :return: (integer array (n,), array (n,))
    """
    labels, distances = np.empty(len(table), dtype=np.int64), np.empty(len(table))
    for start in range(0, len(table), _CHUNK):
        part = slice(start, start + _CHUNK)
        squares = np.zeros((len(table[part]), len(centers)))
        for column in range(table.shape[1]):
            squares += (table[part, column, None] - centers[None, :, column]) ** 2
        labels[part] = squares.argmin(axis=1)
        distances[part] = squares.min(axis=1)
    return labels, distances


def adjusted_rand(left, right):
    """Agreement of two groupings beyond chance: 1 the same, about 0 chance. Hubert & Arabie, J.
    Classification 2 (1985).

    :param left, right: integer arrays (n,), not negative
    """
    left, right = np.asarray(left), np.asarray(right)
    if len(left) < 2:
        return 1.0
    table = np.bincount(left * (right.max() + 1) + right).astype(float)

    def pairs(count):
        return float((count * (count - 1) / 2).sum())

    both = pairs(table)
    rows, columns, all_ = pairs(np.bincount(left)), pairs(np.bincount(right)), len(left) * (len(left) - 1) / 2
    chance, most = rows * columns / all_, (rows + columns) / 2
    return (both - chance) / (most - chance) if most > chance else 1.0


def stability(table, centers, random, resamples=10):
    """Whether other samples of the customers would give the same groups.

    Each bootstrap sample is grouped anew, all customers go to the nearest of its centers, and both groupings
    are compared (Hennig, Computational Statistics & Data Analysis 52 (2007) 258-271, with the adjusted Rand
    index).

    :return: mean adjusted Rand index
    """
    labels = nearest(table, centers)[0]
    found = []
    for _number in range(resamples):
        drawn = table[random.integers(len(table), size=min(len(table), 5_000))]
        other = kmeans(drawn, len(centers), random, starts=3)
        found.append(adjusted_rand(labels, nearest(table, other)[0]))
    return float(np.mean(found))


def silhouette(table, labels, random):
    """Mean silhouette of a sample of customers. Rousseeuw, J. Computational and Applied Mathematics 20 (1987)
    53-65.

    :return: -1 to 1, nan for a single group
    """
    if len(table) > _SILHOUETTE_SAMPLE:
        rows = random.choice(len(table), _SILHOUETTE_SAMPLE, replace=False)
        table, labels = table[rows], labels[rows]
    groups, labels = np.unique(labels, return_inverse=True)
    if len(groups) < 2:
        return math.nan
    labels = labels.reshape(-1)
    squares = (table**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * table @ table.T, 0.0))
    member = labels[:, None] == np.arange(len(groups))[None]
    size = member.sum(axis=0)
    total = distance @ member
    rows = np.arange(len(table))
    own = total[rows, labels] / np.maximum(size[labels] - 1, 1)
    mean = total / size
    mean[rows, labels] = np.inf
    other = mean.min(axis=1)
    wide = np.maximum(own, other)
    value = np.where((size[labels] > 1) & (wide > 0), (other - own) / np.where(wide > 0, wide, 1.0), 0.0)
    return float(value.mean())


def traits(table, labels, number, least=0.4, most=3):
    """What sets each group apart from all others: difference of the means in spreads of the feature.

    :param table: array (n, d) on the common scale, :param labels: integer array (n,)
    :param least: smallest difference worth a word, :param most: words per group
    :return: tuple per group of tuples (feature number, difference), the strongest first
    """
    size = np.bincount(labels, minlength=number).astype(float)[:, None]
    sums = np.column_stack([np.bincount(labels, weights=column, minlength=number) for column in table.T])
    others = (sums.sum(axis=0) - sums) / np.maximum(len(table) - size, 1)
    spread = np.maximum(table.std(axis=0), 1e-9)
    apart = (sums / np.maximum(size, 1) - others) / spread
    names = []
    for row, (own, rest) in enumerate(zip(size[:, 0], len(table) - size[:, 0], strict=True)):
        strongest = np.argsort(-np.abs(apart[row]), kind="stable")[:most] if own and rest else ()
        names.append(tuple((int(i), float(apart[row, i])) for i in strongest if abs(apart[row, i]) >= least))
    return tuple(names)


def choose_number(features, candidates=range(2, 9), seed=0, resamples=6):
    """The number of groups that are stable and well apart.

    Among the stable ones the highest silhouette; where none is stable, the fewest: they do the least harm.

    :return: (number, {number: (stability, silhouette)}); (1, {}) without customers
    """
    found = {}
    for number in candidates:
        groups = cluster(features, number, seed, resamples)
        if len(groups.sizes) == number > 1:
            found[number] = (groups.stability, groups.silhouette)
    if not found:
        return 1, {}
    steady = [number for number, (value, _apart) in found.items() if value >= _STABLE_FROM]
    if steady:
        return max(steady, key=lambda number: (found[number][1], -number)), found
    return min(found), found
