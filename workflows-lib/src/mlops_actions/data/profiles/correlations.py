"""How numbers go together, two columns at a time: what a profile keeps of each pair, and how it is told from counts.

The measure is Spearman's rank correlation over a table of counts (:func:`estimate`):
it needs no unit and no shape of either column, so what moves one of them alone
is no change of it, and no single value weighs more than its rank.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, combinations
from operator import mul
from typing import Any, TypeAlias

from mlops_actions.data.profiles import fields
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.verdict import Json

MOST = 50
"""Columns whose pairs a profile keeps."""

NUMBERS = 100_000
"""Correlations in blocks of time that a profile keeps; where there would be more, it is of fewer columns."""

FEWEST = 30
"""Rows with both values from which on a block of time has a correlation."""

Counts: TypeAlias = Sequence[Sequence[int]]
"""A table of counts, both of whose ways are in the order of values."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns: ``rows`` with both values, their rank correlation (-1 to 1), and its ``variance`` times ``rows``.

    ``blocks`` are the correlations in the profile's blocks of time, in their
    order; None where a block has fewer than FEWEST rows or one value, empty
    where the profile has no blocks.
    """

    rows: int
    correlation: float
    variance: float
    blocks: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Correlations:
    """The pairs of some columns, of ``rows`` rows: all of the data's, or as many as were drawn of them.

    ``pairs`` are those of :func:`names`, in that order; None where one of the
    two has a single value in the rows that have both.
    """

    rows: int
    columns: tuple[str, ...]
    pairs: tuple[Pair | None, ...]

    @property
    def whole(self) -> Correlations:
        """The same without those in blocks of time."""
        return replace(self, pairs=tuple(each and replace(each, blocks=()) for each in self.pairs))

    def each(self) -> dict[tuple[str, str], Pair | None]:
        return dict(zip(names(self.columns), self.pairs, strict=True))


def names(columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs of columns: the first with each that follows, then the second, and so on."""
    return combinations(columns, 2)


def most(blocks: int) -> int:
    """The columns whose pairs a profile with so many blocks of time keeps."""
    pairs = NUMBERS // max(blocks, 1)
    return min(MOST, int((1 + math.sqrt(1 + 8 * pairs)) / 2))


# From counts


def estimate(counts: Counts) -> Pair | None:
    """The rank correlation of a table and its variance; None where one of the ways has a single value.

    Rows of a level share the mean of their ranks (Kendall, "The Treatment of Ties
    in Ranking Problems", Biometrika 33, 1945). The variance is that of Brown and
    Benedetti ("Sampling Behavior of Tests for Correlation in Two-Way Contingency
    Tables", JASA 72, 1977): what each cell contributes to the correlation, the
    change of all ranks by it included, squared and averaged. It takes the two
    for neither independent nor normal, nor equally spread.
    """
    one, other = _Way(counts), _Way(list(zip(*counts, strict=True)))
    if not one.spread or not other.spread:
        return None
    shared = sum(rank * each for rank, each in zip(one.ranks, one.means(other.ranks), strict=True))
    scale = math.sqrt(one.spread * other.spread)
    found = max(-1.0, min(1.0, shared / scale))
    # What a row more in a cell adds: its own product, and what it does to the ranks of others and to their spread.
    along = one.influences(other.ranks, found / 2 * scale)
    down = other.influences(one.ranks, found / 2 * scale)
    squares = sum(
        count * (one.ranks[place] * other.ranks[across] + along[place] + down[across] - 3 * shared) ** 2
        for place, each in enumerate(counts)
        for across, count in enumerate(each)
        if count
    )
    return Pair(one.whole, round(found, 6), _digits(squares / one.whole / scale**2))


class _Way:
    """One of the two ways of a table: the mean rank of each level, as a share of all rows from the middle."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        sums = [sum(each) for each in counts]
        self.whole = sum(sums)
        self.shares = [each / self.whole if self.whole else 0.0 for each in sums]
        below = accumulate(sums, initial=0)
        self.ranks = [
            (start + each / 2) / self.whole - 0.5 if each else 0.0 for start, each in zip(below, sums, strict=False)
        ]
        self.cubes = sum(each**3 for each in self.shares)
        self.spread = (1 - self.cubes) / 12 if sum(map(bool, sums)) > 1 else 0.0

    def means(self, ranks: Sequence[float]) -> list[float]:
        """The sum of the other way's ranks in each level, as a share of all rows."""
        return [sum(map(mul, each, ranks)) / self.whole for each in self.counts]

    def influences(self, ranks: Sequence[float], scale: float) -> list[float]:
        """What a row more in each level does through the ranks of rows above it, and through their spread."""
        left, found = sum(means := self.means(ranks)), []
        for mean, share in zip(means, self.shares, strict=True):
            left -= mean
            found.append(left + mean / 2 - scale * (self.cubes - share**2) / 4 / self.spread)
        return found


def _digits(value: float) -> float:
    return float(f"{value:.6g}")


# As JSON


def to_json(found: Correlations) -> dict[str, Json]:
    data: dict[str, Json] = {
        "rows": found.rows,
        "columns": list(found.columns),
        "pairs": [None if each is None else [each.rows, each.correlation, each.variance] for each in found.pairs],
    }
    if any(each and each.blocks for each in found.pairs):
        data["blocks"] = [None if each is None else list(each.blocks) for each in found.pairs]
    return data


def from_json(data: Mapping[str, Any], known: set[str], most_rows: int, blocks: int) -> Correlations:
    """What :func:`to_json` wrote, of a profile with ``known`` columns and so many rows and ``blocks`` of time.

    Raises ValueError (Misfit), KeyError or TypeError for anything else.
    """
    columns, rows = tuple(map(fields.text, data["columns"])), fields.count(data["rows"])
    pairs, within = data["pairs"], data.get("blocks")
    number = len(columns) * (len(columns) - 1) // 2
    if len(set(columns)) < len(columns) or not known.issuperset(columns):
        raise Misfit("is not a profile: its correlations are not of different columns of its own")
    if len(pairs) != number or (within is not None and len(within) != number):
        raise Misfit(f"is not a profile: {len(columns)} columns have {number} correlations")
    each = zip(pairs, within or [None] * number, strict=True)
    found = tuple(None if pair is None else _pair(pair, inside or (), blocks) for pair, inside in each)
    if rows > most_rows or any(pair and pair.rows > rows for pair in found):
        raise Misfit("does not add up: a correlation is of more rows than were looked at")
    return Correlations(rows, columns, found)


def _pair(values: Sequence[Any], inside: Sequence[Any], blocks: int) -> Pair:
    rows, correlation, variance = values
    made = Pair(fields.count(rows), fields.number(correlation), fields.number(variance), fields.numbers(inside))
    correlated = all(each is None or -1 <= each <= 1 for each in (made.correlation, *made.blocks))
    if not correlated or made.variance < 0 or len(inside) not in (0, blocks):
        raise Misfit(f"is not a profile: {list(values)!r:.80} is no correlation")
    return made
