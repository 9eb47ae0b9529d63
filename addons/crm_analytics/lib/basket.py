"""What is bought together: pairs of products, how strong the tie is, and what a customer might still need.

Counts come either from lines (:func:`count_pairs`) or from the database (:class:`Counts`). A basket may be an
order or all a customer ever bought. Sources of the measures: Agrawal, Imielinski & Swami, SIGMOD 1993
(support, confidence); Brin et al., SIGMOD 1997 (lift, conviction); Piatetsky-Shapiro, Knowledge Discovery in
Databases 1991 (leverage).
"""

from dataclasses import dataclass

import numpy as np

from .special import log_gamma, normal_cdf
from .stats import EMPTY, OK, benjamini_hochberg, distinct, same_length, whole

BASKET_CAP = 50
_CHI_SQUARE_FROM = 5.0  # smallest expected count for the approximation (Cochran's rule)


@dataclass(frozen=True)
class Counts:
    """How often products and pairs were in ``baskets`` baskets.

    ``products`` (d,) rising ids and ``product_count`` (d,); ``left``, ``right`` (m,) ids of pairs with left <
    right, and ``pair_count`` (m,). ``skipped_baskets`` had more products than the cap: they count in neither;
    with ``skipped_lines`` lines. Products and pairs below the least support may be missing.
    """

    baskets: int
    products: np.ndarray
    product_count: np.ndarray
    left: np.ndarray
    right: np.ndarray
    pair_count: np.ndarray
    skipped_baskets: int = 0
    skipped_lines: int = 0


@dataclass(frozen=True)
class Rules:
    """Measures of pairs, arrays (m,), the most certain and strongest first.

    ``confidence``: of the baskets with left, the share with right; ``confidence_back`` the other way round.
    ``lift`` > 1: together more often than by chance. ``conviction`` (left to right) is inf where confidence
    is 1. ``p_value``: chance of so many or more together if they had nothing to do with each other;
    ``q_value``: adjusted for the number of pairs looked at. ``cosine``, ``jaccard``: similarity, 0 to 1.
    """

    status: str
    left: np.ndarray
    right: np.ndarray
    count: np.ndarray
    support: np.ndarray
    confidence: np.ndarray
    confidence_back: np.ndarray
    lift: np.ndarray
    leverage: np.ndarray
    conviction: np.ndarray
    conviction_back: np.ndarray
    cosine: np.ndarray
    jaccard: np.ndarray
    p_value: np.ndarray
    q_value: np.ndarray


def count_pairs(basket, product, least=1, cap=BASKET_CAP):
    """Count products and pairs in baskets.

    A basket with n products has n (n - 1) / 2 pairs: a few giant ones would take all the time and tie
    everything to everything, so those above ``cap`` are left out and counted.

    :param basket, product: integer arrays (n,); the same product twice in a basket is once
    :param least: baskets a product, and a pair, must be in to be kept
    :param cap: most products of a basket
    :rtype: Counts
    """
    basket, product = same_length(whole(basket), whole(product))
    baskets, at_basket = distinct(basket)
    products, at_product = distinct(product)
    width = max(len(products), 1)
    # Sorted here, because newer numpy hashes in unique(), which is slower and then sorts as well.
    lines = np.sort(at_basket * width + at_product)
    lines = lines[np.r_[True, np.diff(lines) != 0]] if len(lines) else lines
    row, column = lines // width, lines % width
    size = np.bincount(row, minlength=len(baskets))
    giant = size > cap
    kept = ~giant[row]
    row, column = row[kept], column[kept]
    often = np.bincount(column, minlength=width)[: len(products)]
    frequent = often >= max(least, 1)
    place = np.cumsum(frequent) - 1
    kept = frequent[column] if len(column) else np.zeros(0, dtype=bool)
    left, right, count = _pairs(row[kept], place[column[kept]], int(frequent.sum()), least)
    ids = products[frequent]
    return Counts(
        baskets=int(len(baskets) - giant.sum()),
        products=ids,
        product_count=often[frequent],
        left=ids[left],
        right=ids[right],
        pair_count=count,
        skipped_baskets=int(giant.sum()),
        skipped_lines=int(size[giant].sum()),
    )


def _pairs(row, column, width, least):
    """Pairs of columns with an equal row, counted; rows are sorted, and columns within them."""
    keys, distance = [], 1
    at = np.arange(len(row))
    while len(at):
        at = at[at + distance < len(row)]
        # Who has no neighbor at this distance has none further away.
        at = at[row[at] == row[at + distance]]
        keys.append(column[at] * width + column[at + distance])
        distance += 1
    keys = np.concatenate(keys) if keys else np.zeros(0, dtype=np.int64)
    if width * width <= max(4 * len(keys), 1 << 20):
        count = np.bincount(keys, minlength=1)
        found = np.flatnonzero(count >= max(least, 1))
        count = count[found]
    else:
        found, count = np.unique(keys, return_counts=True)
        found, count = found[count >= least], count[count >= least]
    return found // max(width, 1), found % max(width, 1), count


def rules(counts, tests=None):
    """Measures of all counted pairs.

    :param counts: :class:`Counts`
    :param tests: number of pairs that could have been found; default: all pairs of ``counts.products``. Pairs
        that were dropped for little support count as looked at, or luck would look like a find.
    :rtype: Rules
    """
    size, baskets = len(counts.products), float(counts.baskets)
    known = (
        np.isin(counts.left, counts.products)
        & np.isin(counts.right, counts.products)
        & (counts.pair_count > 0)
    )
    left, right, both = counts.left[known], counts.right[known], counts.pair_count[known].astype(float)
    if not len(left) or baskets <= 0:
        return Rules(EMPTY, *[np.zeros(0)] * 14)
    # Counts of different moments may disagree by a few: a pair is never more often than its products.
    of_left = np.maximum(counts.product_count[np.searchsorted(counts.products, left)].astype(float), both)
    of_right = np.maximum(counts.product_count[np.searchsorted(counts.products, right)].astype(float), both)
    baskets = max(baskets, float(np.max(of_left + of_right - both)))
    confidence, back = both / of_left, both / of_right
    expected = of_left * of_right / baskets
    p_value = _p_values(both, of_left, of_right, baskets)
    q_value = benjamini_hochberg(p_value, tests or size * (size - 1) // 2)
    lift = both / expected
    order = np.lexsort((right, left, -both, -lift, np.round(np.log10(q_value + 1e-300))))
    columns = (left, right, both, both / baskets, confidence, back, lift, (both - expected) / baskets)
    columns += (_conviction(of_right / baskets, confidence), _conviction(of_left / baskets, back))
    columns += (both / np.sqrt(of_left * of_right), both / (of_left + of_right - both), p_value, q_value)
    return Rules(OK, *(column[order] for column in columns))


def _conviction(share, confidence):
    """How much more often the rule would fail by chance than it does: (1 - P(B)) / (1 - confidence)."""
    return np.divide(1 - share, 1 - confidence, out=np.full(len(share), np.inf), where=confidence < 1)


def _p_values(both, of_left, of_right, baskets):
    """One-sided: chi-square with Yates's correction for large counts, Fisher's exact test for small ones."""
    expected = of_left * of_right / baskets
    # The smallest of the four expected counts decides.
    smallest = np.minimum(of_left, baskets - of_left) * np.minimum(of_right, baskets - of_right) / baskets
    spread = np.sqrt(np.maximum(expected * (1 - of_left / baskets) * (1 - of_right / baskets), 1e-300))
    p_value = normal_cdf(-(both - 0.5 - expected) / spread)
    small = smallest < _CHI_SQUARE_FROM
    if small.any():
        p_value[small] = _fisher(both[small], of_left[small], of_right[small], baskets)
    return p_value


def _fisher(both, of_left, of_right, baskets):
    """Upper tail of the hypergeometric distribution. Source: Fisher, JRSS 85 (1922) 87-94."""

    def choose(n, k):
        return log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1)

    start = choose(of_left, both) + choose(baskets - of_left, of_right - both) - choose(baskets, of_right)
    term, most = np.exp(start), np.minimum(of_left, of_right)
    total, k = term.copy(), both.copy()
    for _step in range(100_000):
        going = (k < most) & (term > 1e-17 * total)
        if not going.any():
            break
        down = np.maximum((k + 1) * (baskets - of_left - of_right + k + 1), 1.0)
        term = np.where(going, term * (of_left - k) * (of_right - k) / down, 0.0)
        total, k = total + term, k + 1
    return np.minimum(total, 1.0)


@dataclass(frozen=True)
class Suggestions:
    """White spots, arrays (k,): who lacks what, because of which product he has; best first per customer."""

    customer: np.ndarray
    product: np.ndarray
    because: np.ndarray
    confidence: np.ndarray
    lift: np.ndarray


def white_spots(customer, product, found, *, limit=5, least_lift=1.2, most_q=0.05):
    """Products customers don't have although those who have the same others do.

    Each missing product is suggested for the one product with the highest confidence towards it.

    :param customer, product: integer arrays (n,), what each has bought
    :param found: :class:`Rules`, :param limit: most suggestions per customer
    :param least_lift, most_q: what a rule must reach to count
    :rtype: Suggestions
    """
    customer, product = same_length(whole(customer), whole(product))
    good = (found.lift >= least_lift) & (found.q_value <= most_q)
    has = np.concatenate((found.left[good], found.right[good])).astype(np.int64)
    lacks = np.concatenate((found.right[good], found.left[good])).astype(np.int64)
    confidence = np.concatenate((found.confidence[good], found.confidence_back[good]))
    lift = np.tile(found.lift[good], 2)
    order = np.argsort(has, kind="stable")
    has, lacks, confidence, lift = has[order], lacks[order], confidence[order], lift[order]
    start, stop = np.searchsorted(has, product, "left"), np.searchsorted(has, product, "right")
    line = np.repeat(np.arange(len(product)), stop - start)
    rule = np.arange(len(line)) - np.repeat(np.cumsum(stop - start) - (stop - start), stop - start)
    rule += np.repeat(start, stop - start)
    who, what = customer[line], lacks[rule]
    missing = ~np.isin(_keys(who, what), _keys(customer, product))
    columns = (who, what, product[line], confidence[rule], lift[rule])
    return _best(*(column[missing] for column in columns), limit)


def _keys(customer, product):
    """A pair as one comparable value."""
    pairs = np.empty(len(customer), dtype=[("customer", np.int64), ("product", np.int64)])
    pairs["customer"], pairs["product"] = customer, product
    return pairs


def _best(customer, product, because, confidence, lift, limit):  # noqa: PLR0917  columns of one table
    order = np.lexsort((because, -lift, -confidence, product, customer))
    once = (
        order[np.r_[True, np.diff(customer[order]) != 0] | np.r_[True, np.diff(product[order]) != 0]]
        if len(order)
        else order
    )
    order = once[np.lexsort((product[once], -lift[once], -confidence[once], customer[once]))]
    begins = np.r_[True, np.diff(customer[order]) != 0] if len(order) else np.zeros(0, dtype=bool)
    first = np.flatnonzero(begins)
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    order = order[rank < limit]
    return Suggestions(*(column[order] for column in (customer, product, because, confidence, lift)))
