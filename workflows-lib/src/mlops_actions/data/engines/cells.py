"""Numbers counted between edges by arithmetic: in cells of one width, of which the edges are ends.

To find the place of a number among hundreds of edges takes the engine's
``histogram`` three times as long as to round it and count what is equal. The
edges of a profile are multiples of a power of two where values are dense
(:func:`mlops_actions.data.profiles.bins.fine`), so rounding is exact, and so are
the counts: a number is in the cell that it would be sorted into.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlops_actions.data.engines.quoting import literal

MOST = 4096
"""Cells of a column: so many groups still fit the processor's cache."""

FEWEST = 8
"""Edges that are worth it."""

_UNITS = 8
"""Sizes of cells that are tried."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells ``(unit * (i - 1), unit * i]`` from the ``first`` edge of a run to the ``last``, all ends of cells."""

    unit: float
    edges: tuple[float, ...]
    first: int
    last: int

    @property
    def below(self) -> bool:
        """Whether there are edges before the run, between which cells do not tell."""
        return self.first > 0

    @property
    def above(self) -> bool:
        return self.last < len(self.edges) - 1

    def expression(self, value: str) -> str:
        """The SQL expression for the number of a value's cell; those outside of the run are in the outermost cells.

        It is NULL for what is not finite. A unit above 1 divides what was
        rounded up before, so that no small number becomes 0.
        """
        low, high = (round(self.edges[place] / self.unit) for place in (self.first, self.last))
        scaled = f"ceil({value}) * {literal(1 / self.unit)}" if self.unit > 1 else f"{value} * {literal(1 / self.unit)}"
        bound = f"greatest(least(ceil({scaled}), {literal(float(high + 1))}), {literal(float(low))})"
        return f"CASE WHEN isfinite({value}) THEN CAST({bound} - {literal(float(low))} AS INTEGER) END"

    def beyond(self, value: str) -> str:
        """The SQL condition for a value beyond the run, on a side where there are more edges."""
        beyond = []
        if self.below:
            beyond.append(f"{value} <= {literal(self.edges[self.first])}")
        if self.above:
            beyond.append(f"{value} > {literal(self.edges[self.last])}")
        return " OR ".join(beyond)

    def outside(self, value: str) -> str:
        """The SQL expression for a value that is :meth:`beyond`; else NULL."""
        return f"CASE WHEN {self.beyond(value)} THEN {value} END"

    def counts(self, known: Iterable[tuple[int, int]]) -> tuple[dict[float, int], int]:
        """Edge to number, from cell to number; and how many are left for :meth:`outside`."""
        found: Counter[float] = Counter()
        left = 0
        run = self.edges[self.first : self.last + 1]
        ends = [round((edge - run[0]) / self.unit) for edge in run]
        for cell, count in known:
            if (cell == 0 and self.below) or (cell > ends[-1] and self.above):
                left += count
                continue
            found[math.inf if cell > ends[-1] else run[bisect_left(ends, cell)]] += count
        return dict(found), left


def cells(edges: Sequence[float]) -> Cells | None:
    """The cells whose ends are the longest run of ascending edges that can be such; None where that is short."""
    units = [_unit(edge) for edge in edges]
    best, start, end = 0.0, 0, 0
    # Some edges may be odd, such as the extremes of other data: with cells so small, a run would be short.
    for unit in sorted(set(units))[:_UNITS]:
        if 2.0**-1000 < unit < 2.0**1000:
            first, last = _run(edges, units, unit)
            if last - first > end - start:
                best, start, end = unit, first, last
    return Cells(best, tuple(edges), start, end) if end - start >= FEWEST else None


def _run(edges: Sequence[float], units: Sequence[float], unit: float) -> tuple[int, int]:
    """The first and the last of the longest run of multiples of ``unit`` that are within MOST cells."""
    best, start = (0, 0), 0
    for place, edge in enumerate(edges):
        if units[place] < unit or abs(edge) >= unit * 2**52:
            start = place + 1
            continue
        while edge - edges[start] > MOST * unit:
            start += 1
        if place - start > best[1] - best[0]:
            best = (start, place)
    return best


def _unit(edge: float) -> float:
    """The greatest power of two that an edge is a multiple of."""
    above, below = edge.as_integer_ratio()
    return (above & -above) / below if above else math.inf
