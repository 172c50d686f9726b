"""A grid for numbers: few cells, exact counts, and quantile bins that are made of whole cells.

Quantiles that are sketched in one pass come with approximate counts, and two
sketches cannot be compared exactly. So the engine counts values in the cells of
a fixed grid (one ``histogram`` aggregate), and bins of about equal frequency
are then put together from whole cells: their counts are exact, and data counted
later on the same grid falls into the same bins, whichever engine counts.

A value x lies ``y = (x - center) / scale`` from the center. Its cell is |y| + 1
rounded to 8 significant bits, with the sign of y: steps of 1/128 near the
center, of less than 0.8 % of the distance far from it. The rounding is Veltkamp's
splitting (Dekker, "A floating-point technique for extending the available
precision", 1971): three operations of IEEE 754, the same in SQL and in Python.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlops_actions.data.scan import literal

BINS = 20
"""Bins of about equal frequency that a profile stores, besides the two outside of all values."""

_FAR = 2.0**64
_SPLIT = 2.0**45 + 1


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of cells around ``center``; ``scale`` is a power of two, in the values' own unit."""

    center: float = 0.0
    scale: float = 1.0

    @property
    def ends(self) -> tuple[float, float]:
        """Where cells end; what lies beyond is in the outermost, which bounds their number: 2 * 64 * 128."""
        return self.center - self.scale * _FAR, self.center + self.scale * _FAR

    def key(self, value: float) -> float:
        """The cell of a finite value: about its distance from the center, in scales. It never falls as values rise."""
        low, high = self.ends
        distance = (min(max(value, low), high) - self.center) / self.scale
        sign = float((distance > 0) - (distance < 0))
        size = distance + sign
        return size * _SPLIT - (size * _SPLIT - size) - sign

    def distance_sql(self, value: str) -> str:
        """The SQL expression for (value - center) / scale of a DOUBLE expression, NULL if not finite."""
        low, high = map(literal, self.ends)
        inside = (
            f"CASE WHEN {value} BETWEEN {low} AND {high} THEN {value} "
            f"WHEN isfinite({value}) AND {value} > {high} THEN {high} WHEN isfinite({value}) THEN {low} END"
        )
        return f"(({inside} - {literal(self.center)}) / {literal(self.scale)})"

    def key_sql(self, value: str) -> str:
        """The SQL expression for the cell of a DOUBLE expression, NULL if not finite: :meth:`key`, step by step.

        No condition stands around the steps, since the engine computes what
        they share once only outside of conditions (7 times faster).
        """
        distance = self.distance_sql(value)
        sign = f"CAST(sign({distance}) AS DOUBLE)"
        size = f"({distance} + {sign})"
        split = literal(_SPLIT)
        return f"({size} * {split} - ({size} * {split} - {size}) - {sign})"

    def start(self, key: float) -> float:
        """The smallest value whose cell is ``key`` or a later one (the largest float where there is none)."""
        top, low = sys.float_info.max, -sys.float_info.max
        if self.key(top) < key:
            return top
        if self.key(low) >= key:
            return low
        guess = min(max(self.center + self.scale * key, low), top)
        step = max(abs(self.scale * key) / 64, self.scale / 64, math.ulp(guess))
        below = above = guess
        while self.key(below) >= key:
            below, step = max(below - step, low), step * 2
        while self.key(above) < key:
            above, step = min(above + step, top), step * 2
        while math.nextafter(below, above) < above:
            middle = below / 2 + above / 2
            middle = middle if below < middle < above else math.nextafter(below, above)
            below, above = (middle, above) if self.key(middle) < key else (below, middle)
        return above


def grid_for(quantiles: Sequence[float | None]) -> Grid:
    """A grid that fits values of which some are known: their 5 %, 25 %, 50 %, 75 % and 95 % quantiles.

    Any grid counts exactly; one that fits has its fine cells where the values are.
    """
    known = [each for each in quantiles if each is not None and math.isfinite(each)]
    if len(known) < 5:
        return Grid()
    _, lower, median, upper, _ = known
    spread = upper / 2 - lower / 2 or known[4] / 2 - known[0] / 2 or abs(median) / 1024 or 0.5
    exponent = min(max(math.frexp(2 * spread)[1], -900), 900)
    scale = math.ldexp(1.0, exponent)
    center = round(median / scale) * scale if abs(median / scale) < 2**52 else median
    return Grid(center, scale)


def edges(grid: Grid, cells: Mapping[float, int], whole: bool = False, bins: int = BINS) -> tuple[float, ...]:
    """Where bins of about equal frequency begin, ascending; the first lies at the first cell, the last after the last.

    A cell with more than a bin's share (a value that many rows have) is a bin
    of its own. ``whole`` says that values are whole numbers, and so are edges.
    """
    if not cells:
        return ()
    share = sum(cells.values()) / bins
    keys = sorted(cells)
    starts, filled = [keys[0]], 0
    for key in keys:
        count = cells[key]
        if filled and (filled + count / 2 > share or count >= share):
            starts.append(key)
            filled = 0
        filled += count
    found = [grid.start(key) for key in starts] + [grid.start(math.nextafter(keys[-1], math.inf))]
    if whole:
        found = [float(math.ceil(each)) if abs(each) < 2**53 else each for each in found]
    return tuple(dict.fromkeys(found))


def counts(grid: Grid, starts: Sequence[float], cells: Mapping[float, int]) -> tuple[int, ...]:
    """How many values lie before the first edge, from each edge to the next, and from the last on."""
    keys = [grid.key(each) for each in starts]
    found = [0] * (len(keys) + 1)
    for key, count in cells.items():
        found[bisect_right(keys, key)] += count
    return tuple(found)


def cells_of(grid: Grid, values: Iterable[float]) -> dict[float, int]:
    """The cells of values, counted here: what the engine's ``histogram`` of :meth:`Grid.key_sql` gives."""
    found: dict[float, int] = {}
    for value in values:
        key = grid.key(value)
        found[key] = found.get(key, 0) + 1
    return found
