"""How many values are up to a number: exact at a histogram's edges, between bounds elsewhere.

So histograms whose edges differ are added up: each says for the edges of the
other how many of its values are below, and how wrong that can be.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from mlops_actions.data.profiles import bins
from mlops_actions.data.profiles.bins import Detail
from mlops_actions.data.profiles.profile import Bins

TOLERANCES = (0.0, 0.0025, 0.005, 0.01, 0.02)
"""Shares of a column's values by which the number up to an edge of merged bins may be wrong.

An edge of one histogram is left out where it lies in a bin of another that holds more than that. The least is taken
that leaves enough of the edges.
"""

ENOUGH = 0.75
"""The share of the edges of bins, of those that the last of TOLERANCES gives, that is enough."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of values: what it is taken for, and the least and the most that it can be."""

    estimate: float
    low: int
    high: int

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.estimate + other.estimate, self.low + other.low, self.high + other.high)

    def error(self, taken: int) -> int:
        """The most by which ``taken`` can be wrong."""
        return max(self.high - taken, taken - self.low)


ZERO = Amount(0.0, 0, 0)


@dataclass(frozen=True, slots=True)
class Cumulative:
    """The number of values up to each of ascending ``points``, wrong by no more than ``uncertain``.

    All values are from ``low`` to ``high``. Those between two points are taken
    for evenly spread or, where there is a ``shape``, for spread as those are.
    """

    points: tuple[float, ...]
    counts: tuple[int, ...]
    low: float
    high: float
    uncertain: int = 0
    shape: Cumulative | None = field(default=None, repr=False)

    @property
    def total(self) -> int:
        return self.counts[-1]

    def at(self, edge: float) -> Amount:
        """The number of values up to ``edge``."""
        if edge < self.low:
            return ZERO
        if edge >= self.high:
            return Amount(self.total, self.total, self.total)
        index = bisect_right(self.points, edge) - 1
        before = self.counts[index]
        low = max(before - self.uncertain, 0)
        if self.points[index] == edge:
            return Amount(before, low, min(before + self.uncertain, self.total))
        after = self.counts[index + 1]
        share = (self.shape or self).share(edge, self.points[index], self.points[index + 1])
        return Amount(before + share * (after - before), low, min(after + self.uncertain, self.total))

    def share(self, edge: float, start: float, end: float) -> float:
        """The share of the values between two numbers that is up to ``edge``, 0 to 1."""
        below, inside = self._estimate(start), self._estimate(end)
        if inside > below:
            return min(max((self._estimate(edge) - below) / (inside - below), 0.0), 1.0)
        return _place(edge, start, end)

    def _estimate(self, edge: float) -> float:
        index = bisect_right(self.points, edge) - 1
        if index < 0:
            return 0.0
        if index == len(self.points) - 1:
            return self.total
        before, after = self.counts[index], self.counts[index + 1]
        return before + _place(edge, self.points[index], self.points[index + 1]) * (after - before)


def _place(edge: float, start: float, end: float) -> float:
    """How far ``edge`` is on the way from ``start`` to ``end``, 0 to 1; a half where they are too far apart to tell."""
    if not math.isfinite(start) or not math.isfinite(end):
        return 0.5
    return (edge / 2 - start / 2) / (end / 2 - start / 2) if end / 2 > start / 2 else 0.5


def of(histogram: Bins, low: float, high: float, shape: Cumulative | None = None) -> Cumulative:
    """The cumulative counts of a histogram of values (there are some) from ``low`` to ``high``."""
    points, counts = list(histogram.edges), list(accumulate(histogram.counts[:-1]))
    if not points or points[0] >= low:
        points.insert(0, math.nextafter(low, -math.inf))
        counts.insert(0, 0)
    if points[-1] < high:
        points.append(high)
        counts.append(counts[-1] + histogram.counts[-1])
    return Cumulative(tuple(points), tuple(counts), low, high, histogram.uncertain, shape)


def between(parts: Sequence[Cumulative], edges: Sequence[float]) -> Bins:
    """The values of all parts between ``edges``, with the most by which the number up to any of them can be wrong."""
    marks, uncertain = [0], 0
    for edge in edges:
        amount = _all(parts, edge)
        marks.append(max(round(amount.estimate), marks[-1]))  # floating sums may fall by a rounding error
        uncertain = max(uncertain, amount.error(marks[-1]))
    marks.append(sum(part.total for part in parts))
    return Bins(tuple(edges), tuple(after - before for before, after in pairwise(marks)), uncertain)


def added(parts: Sequence[Cumulative], whole: bool, detail: Detail, kept: Sequence[float] = ()) -> tuple[Bins, Bins]:
    """The bins of all parts together and the finer ones, between edges that are chosen among theirs.

    No count up to an edge is wrong by more than the last of TOLERANCES allows.
    Edges that are ``kept`` are edges of the finer ones, too, however wrong.
    """
    high = max(part.high for part in parts)
    low = min(part.low for part in parts)

    def coarse(histogram: dict[float, int], number: int) -> tuple[float, ...]:
        return bins.coarse(histogram, low, high, whole, number)

    candidates = {point for part in parts for point in part.points if point < high}
    amounts = {edge: _all(parts, edge) for edge in sorted(candidates)} | {high: _all(parts, high)}
    choices = [_within(amounts, most) for most in TOLERANCES]
    enough = ENOUGH * len(coarse(choices[-1], detail.bins))
    chosen = next(each for each in choices if len(coarse(each, detail.bins)) >= enough)
    edges = coarse(chosen, detail.bins)
    finer = sorted({*edges, *kept, *coarse(chosen, detail.fine)})
    return _finite(between(parts, edges)), _finite(between(parts, finer))


def _within(amounts: Mapping[float, Amount], most: float) -> dict[float, int]:
    """Edge to number of values up to it from the one before, for the edges that are wrong by no more than that share.

    ``amounts`` are the numbers up to ascending edges, the last of which has all.
    """
    total = max(amount.high for amount in amounts.values())
    found, before = {}, 0
    for edge, amount in amounts.items():
        mark = max(round(amount.estimate), before)
        if amount.error(mark) <= most * total:
            found[edge] = mark - before
            before = mark
    return found


def _all(parts: Sequence[Cumulative], edge: float) -> Amount:
    return sum((part.at(edge) for part in parts), ZERO)


def _finite(made: Bins) -> Bins:
    """Without an edge at minus infinity, where the least value is the least number there is."""
    if made.edges and made.edges[0] == -math.inf:
        return Bins(made.edges[1:], (made.counts[0] + made.counts[1], *made.counts[2:]), made.uncertain)
    return made
