"""Bins for numbers: exact counts in one pass, and about as many values in each.

Quantiles that are sketched in one pass come with approximate counts, and two
sketches cannot be compared exactly. So values are counted between some hundreds
of fine edges that are fixed before (:func:`fine`), and bins of about equal
frequency are put together from those afterwards (:func:`coarse`): their edges
are approximate quantiles, their counts exact. Later data is counted between the
very same edges.

A bin holds what is greater than the edge before it, up to and including its
own. There is one bin more than edges: the last holds what is beyond them all.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlops_actions.data.engines.session import Counts

BINS = 20
"""Bins of about equal frequency that a profile stores, besides the two outside of all values."""

FINE = 50
"""Finer bins that a profile stores of a whole column, to be merged with others."""

MANY = 200
"""Columns from which on a profile with blocks of time has fewer bins, so that it stays small."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How many bins a profile stores, and how many finer ones."""

    bins: int = BINS
    fine: int = FINE


def detail(columns: int, in_blocks: bool) -> Detail:
    """The detail of a profile of so many columns: 500 of them in 30 blocks of time are less than a megabyte."""
    return Detail(11, 22) if in_blocks and columns > MANY else Detail()


_STEPS = 16  # edges in a scale at the center, and in a factor e far from it
_REACH = 256  # edges on either side: as far as e**16 / 2 scales, four million
_DISTANCES = tuple(math.sinh(index / _STEPS) for index in range(_REACH + 1))  # in scales


def fine(quantiles: Sequence[float | None], whole: bool = False) -> tuple[float, ...]:
    """Edges that are dense where values are, of which some are known: their 5, 25, 50, 75 and 95 % quantiles.

    Some hundreds: steps of 1/128 to 1/64 of the interquartile range around the
    median, of 6 % of the distance far from it (the points of a hyperbolic
    sine); and 0, which many rows may have. All are multiples of a power of two,
    so that an engine may find a number's place by rounding. ``whole`` says that
    values are whole numbers, and so are edges.
    """
    known = [each for each in quantiles if each is not None and math.isfinite(each)]
    low, lower, median, upper, high = known if len(known) == 5 else (0.0, 0.0, 0.0, 1.0, 1.0)
    spread = upper / 2 - lower / 2 or high / 2 - low / 2 or abs(median) / 1024 or 0.5
    scale = min(max(spread / 4, 1e-300), 1e300)
    finest = max(2.0 ** math.ceil(math.log2(scale / _STEPS)), 1.0 if whole else 0.0)
    found = {0.0}
    for distance in _DISTANCES:
        step = scale * distance
        unit = max(finest, 2.0 ** math.floor(math.log2(step / _STEPS))) if step > scale else finest
        found |= {_multiple(median - step, unit), _multiple(median + step, unit)}
    return tuple(sorted(edge for edge in found if math.isfinite(edge)))


def lengths() -> tuple[float, ...]:
    """Edges for the lengths of text: each up to 64 characters, then steps of 6 %, up to a million."""
    far = {math.floor(64 * math.exp(i / _STEPS)) for i in range(1, 155)}
    return tuple(float(each) for each in sorted({*range(65), *far}))


def _multiple(number: float, unit: float) -> float:
    """The next multiple of ``unit`` towards 0."""
    return number - math.fmod(number, unit) if math.isfinite(number) else number


def counts(edges: Sequence[float], histogram: Mapping[float, int] | None) -> tuple[int, ...]:
    """The counts of each bin, from the histogram between these edges, or between more than these."""
    if isinstance(histogram, Counts):
        places = [0, *(bisect_right(histogram.edges, edge) for edge in edges), len(histogram.numbers)]
        return tuple(sum(histogram.numbers[start:end]) for start, end in pairwise(places))
    found = [0] * (len(edges) + 1)
    for edge, count in (histogram or {}).items():
        found[bisect_left(edges, edge)] += count
    return tuple(found)


def coarse(
    histogram: Mapping[float, int] | None, low: float, high: float, whole: bool = False, bins: int = BINS
) -> tuple[float, ...]:
    """Edges of bins of about equal frequency, chosen among those of a histogram.

    The first lies just below ``low``, the least of the values, and the last at
    ``high``, the greatest, so that the outer bins are empty. A fine bin with
    more than its share (a value that many rows have) stays a bin of its own.
    """
    filled = [(edge, count) for edge, count in sorted((histogram or {}).items()) if count]
    share = sum(count for _, count in filled) / bins
    below = low - 1 if whole and low - 1 < low else math.nextafter(low, -math.inf)
    found, taken = [below], 0
    for index, (_, count) in enumerate(filled):
        if taken and (taken + count / 2 > share or count >= share):
            found.append(filled[index - 1][0])
            taken = 0
        taken += count
    return (*(each for each in found if each < high), high)
