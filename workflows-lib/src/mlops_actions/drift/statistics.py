"""The tests that tell a shift from chance. Counts in, numbers out.

All tests are two-sample tests: the reference is a sample too, and its counts
are as random as the current ones. A test that takes them for exact
expectations alarms on samples that never drifted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlops_actions.distributions import chi_square_survival

SMALLEST_EXPECTED = 5.0
"""A cell whose expected count is smaller on either side is pooled: below, chi-square is no fair approximation."""


def homogeneity(reference: Sequence[int], current: Sequence[int]) -> float:
    """The p-value for two samples of counts over the same cells to be of one distribution.

    Pearson's chi-square over the cells that are expected to hold at least
    SMALLEST_EXPECTED on either side (Cochran, "Some Methods for Strengthening
    the Common chi-square Tests", Biometrics 10, 1954). The others are pooled,
    the choice being made by totals alone, on which the test is conditioned. A
    pool still too small is held against the rest by Fisher's exact test
    instead, and the smaller of the two p-values counts twice (Bonferroni).
    """
    n, m = sum(reference), sum(current)
    if not n or not m:
        return 1.0
    least = SMALLEST_EXPECTED * (n + m) / min(n, m)
    cells = [(a, b) for a, b in zip(reference, current, strict=True) if a + b >= least]
    rest = (n - sum(a for a, _ in cells), m - sum(b for _, b in cells))
    if sum(rest) >= least:
        cells, rest = [*cells, rest], (0, 0)
    common = chi_square(cells)
    if not sum(rest):
        return common
    return min(1.0, 2 * min(common, fisher(rest[0], n, rest[1], m)))


def in_order(reference: Sequence[int], current: Sequence[int]) -> tuple[float, float]:
    """The p-values for two samples of counts over ordered cells to be of one distribution: by place, and by spread.

    The first two components of Neyman's smooth test ("Smooth Test for Goodness
    of Fit", Skandinavisk Aktuarietidskrift 20, 1937), on the mid-ranks of both
    samples together: the first is the rank sum test of Wilcoxon, with its
    correction for ties, the second that of Mood ("On the Asymptotic Efficiency
    of Certain Nonparametric Two-Sample Tests", Annals of Mathematical Statistics
    25, 1954), made independent of the first. Each has the variance that it has
    over all ways to part the rows into two samples. They see a moved mean or a
    wider spread in far fewer rows than :func:`homogeneity`, and other shifts not
    at all. A cell too small for that test is one with its neighbour: what hangs
    on a row or two has no normal distribution.
    """
    n, m = sum(reference), sum(current)
    if not n or not m:
        return 1.0, 1.0
    cells = _large(list(zip(reference, current, strict=True)), SMALLEST_EXPECTED * (n + m) / min(n, m))
    if len(cells) < 2:
        return 1.0, 1.0
    ranks, before = [], 0
    for both, _ in cells:
        ranks.append((before + both / 2) / (n + m) - 0.5)
        before += both
    sums = [
        math.fsum(now * one for (_, now), one in zip(cells, each, strict=True))
        for each in _orthonormal(ranks, [both / (n + m) for both, _ in cells])
    ]
    place, spread, *_ = (*(chi_square_survival(each**2 * (n + m - 1) / (n * m), 1) for each in sums), 1.0, 1.0)
    return place, spread


def _large(cells: Sequence[tuple[int, int]], least: float) -> list[tuple[int, int]]:
    """Neighbours put together until each has ``least`` rows of both sides: all of them, and those of the second."""
    found, both, second = [], 0, 0
    for one, other in cells:
        both, second = both + one + other, second + other
        if both >= least:
            found.append((both, second))
            both, second = 0, 0
    if both and found:
        found[-1] = (found[-1][0] + both, found[-1][1] + second)
    return found


def _orthonormal(ranks: Sequence[float], weights: Sequence[float]) -> list[list[float]]:
    """The ranks and their squares, made independent of each other and of the constant; of mean 0 and variance 1."""
    found: list[list[float]] = []
    for power in (1, 2)[: len(ranks) - 1]:
        values = [rank**power for rank in ranks]
        for other in ([1.0] * len(ranks), *found):
            share = math.fsum(map(math.prod, zip(weights, values, other, strict=True)))
            values = [value - share * each for value, each in zip(values, other, strict=True)]
        size = math.sqrt(math.fsum(map(math.prod, zip(weights, values, values, strict=True))))
        if size > 1e-9:  # as good as nothing is left where one cell has nearly all rows
            found.append([value / size for value in values])
    return found


def chi_square(cells: Sequence[tuple[int, int]]) -> float:
    """The p-value of Pearson's chi-square for a table of two columns; 1 where there is nothing to compare."""
    n, m = sum(a for a, _ in cells), sum(b for _, b in cells)
    if len(cells) < 2 or not n or not m:
        return 1.0
    # The sum of (observed - expected)^2 / expected over both columns, put together cell by cell.
    statistic = sum((a * m - b * n) ** 2 / (a + b) for a, b in cells) / (n * m)
    return chi_square_survival(statistic, len(cells) - 1)


def fisher(hits: int, n: int, other_hits: int, m: int) -> float:
    """The p-value for ``hits`` of ``n`` and ``other_hits`` of ``m`` to be of one rate.

    Twice the smaller tail, at most 1. Fisher's exact test (Statistical Methods for Research Workers, 5th ed.,
    1934): given all hits, those among the ``m`` are hypergeometric.
    """
    total = hits + other_hits
    if not n or not m or not total or total == n + m:
        return 1.0
    upper = _tail(other_hits, total, n, m, 1)
    lower = _tail(other_hits, total, n, m, -1)
    return min(1.0, 2 * min(upper, lower))


def least_fisher(hits: int, n: int, m: int) -> float:
    """The least p-value of :func:`fisher` for so many hits on both sides: that of all of them among the ``m``."""
    return min(1.0, 2 * math.exp(_log_choose(m, hits) - _log_choose(n + m, hits))) if 0 < hits <= m else float(not hits)


def _tail(start: int, total: int, n: int, m: int, step: int) -> float:
    """P(X >= start) for step 1, P(X <= start) for -1: X hits fall on m of n + m places, given ``total`` hits."""
    low, high = max(0, total - n), min(total, m)
    mean = total * m / (n + m)
    if (start - mean) * step < 0:  # the larger tail: summed from its far end it would be slow, and it is not needed
        return 1.0 - _tail(start - step, total, n, m, -step) if low <= start - step <= high else 1.0
    term = share = math.exp(_log_choose(m, start) + _log_choose(n, total - start) - _log_choose(n + m, total))
    place = start
    while term > share * 1e-17 and low <= place + step <= high:
        if step == 1:
            term *= (m - place) * (total - place) / ((place + 1) * (n - total + place + 1))
        else:
            term *= place * (n - total + place) / ((m - place + 1) * (total - place + 1))
        share += term
        place += step
    return min(1.0, share)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def holm(p_values: Sequence[float], level: float, least: Sequence[float] | None = None) -> list[bool]:
    """Which of many p-values are significant, with at most ``level`` chance of any false one among all.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure",
    Scandinavian Journal of Statistics 6, 1979. ``least`` are the least p-values
    that each could have had, given what is not tested (the number of hits on
    both sides); one that could not have been significant takes no share of the
    level (Tarone, "A Modified Bonferroni Method for Discrete Data", Biometrics
    46, 1990).
    """
    significant = [False] * len(p_values)
    told = [index for index in range(len(p_values)) if least is None or least[index] <= level]
    order = sorted(told, key=p_values.__getitem__)
    for rank, index in enumerate(order):
        if p_values[index] > level / (len(told) - rank):
            break
        significant[index] = True
    return significant
