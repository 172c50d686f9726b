"""How much windows of time differ where nothing has drifted: what the reference's blocks of time say of it.

Rows of one day resemble each other, so two weeks of real data differ by more
than independent rows would. How much by, the blocks of the reference tell: they
are a sample of clusters (:mod:`.clusters`), and the current window is some more
of them.

Where every season of the current window (a weekday, a month) occurs in the
reference more than once, like is held against like: shares are compared with
those of the same seasons, and blocks with others of their season.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from operator import mul

from mlops_actions.data.profiles.blocks import UNDATED, Blocks, Unit
from mlops_actions.drift import clusters, memory, series
from mlops_actions.drift.seasons import FEWEST, seasons
from mlops_actions.report.wording import plural


class Unusable(Exception):
    """Why blocks of time are no yardstick, in words that end a sentence."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The blocks of the reference and the window of the current data.

    ``places`` are those of the blocks among all of the profile (rows without a
    time are in none), ``rows`` and ``seasons`` the size and the season of each,
    in the order of time. ``window`` is the number of blocks that the current
    data amounts to (blocks of few rows count for less), ``mix`` the share of
    its rows in each season.
    """

    unit: Unit
    places: tuple[int, ...]
    rows: tuple[int, ...]
    seasons: tuple[int, ...]
    window: float
    mix: Mapping[int, float]

    @property
    def freedom(self) -> int:
        """The degrees of freedom of the variance between blocks."""
        return len(self.seasons) - len(set(self.seasons))

    @property
    def is_seasonal(self) -> bool:
        return len(set(self.seasons)) > 1

    def among(self, rows: Sequence[int]) -> Rhythm | None:
        """The rhythm of so many rows of each block, for what not all rows have; None where too few blocks have any."""
        there = [index for index, count in enumerate(rows) if count]
        places, own = (tuple(each[index] for index in there) for each in (self.places, self.seasons))
        made = replace(self, places=places, rows=tuple(rows[index] for index in there), seasons=own)
        return made if made.freedom >= FEWEST and set(own).issuperset(self.mix) else None

    def expected(self, blocks: Sequence[Sequence[int]]) -> list[float]:
        """The shares of the cells in the seasons of the window, as the reference has them; 0 to 1."""
        return self._mixed(clusters.means(blocks, self.seasons))

    def _mixed(self, means: Mapping[int, Sequence[float]]) -> list[float]:
        """The shares of the cells, from those of each season, in the mix of the window."""
        parts = [[share * mean for mean in means[season]] for season, share in self.mix.items()]
        return [sum(each) for each in zip(*parts, strict=True)]

    def p_value(self, blocks: Sequence[Sequence[int]], current: Sequence[int]) -> float:
        """The chance of a window as different as ``current`` from the reference where nothing has drifted.

        ``blocks`` are the counts of the cells in each block of the reference;
        ``current`` those of the window. It is 0 where blocks say nothing about
        it: the cells that tell are empty in all of them.
        """
        blocks, current = clusters.pooled(blocks, current)
        here, cells = sum(current), len(current)
        if cells < 2 or not here:
            return 0.0
        total = sum(map(sum, blocks))
        common = [sum(each) / total for each in zip(*blocks, strict=True)]
        means = clusters.means(blocks, self.seasons)
        each = zip(current, self._mixed(means), common, strict=True)
        found = sum((count / here - share) ** 2 / one for count, share, one in each)
        between = clusters.between(blocks, [means[season] for season in self.seasons], self.freedom)
        return between.beyond(found, self._factor, 1 / here + 1 / total)

    def p_value_of_place(self, blocks: Sequence[Sequence[int]], current: Sequence[int]) -> float:
        """The same, of cells in an order, by where in it the rows lie on average: sees a moved mean far sooner.

        A t test on the mean of the mid-ranks of each block (:mod:`.series`).
        It is 1 where some season of the window has no such rows in the reference.
        """
        here, total = sum(current), sum(map(sum, blocks))
        if not here or not total:
            return 1.0
        ranks, before = [], 0
        for both in (sum(each) for each in zip(*blocks, strict=True)):
            ranks.append((before + both / 2) / total)
            before += both
        places = [
            (season, sum(map(mul, each, ranks)) / sum(each))
            for season, each in zip(self.seasons, blocks, strict=True)
            if sum(each)
        ]
        usual = series.usual(places)
        if usual.free < FEWEST or not set(self.mix) <= set(usual.means):
            return 1.0
        place = sum(map(mul, current, ranks)) / here
        return usual.p_value(place - usual.expected(self.mix), self.mix, self.window)

    def _factor(self, remembered: float) -> float:
        """The variance of the difference between window and reference, as a share of a block's."""
        return memory.of_mean(self.window, remembered) + self._of_reference(remembered)

    def _of_reference(self, remembered: float) -> float:
        """The variance of the expected shares, as a share of a block's; those of one season are far from each other."""
        if not self.is_seasonal:
            return memory.of_mean(len(self.seasons), remembered)
        known = Counter(self.seasons)
        return sum(share**2 / known[season] for season, share in self.mix.items())


def of(reference: Blocks | None, current: Blocks | None, span: timedelta | None = None) -> Rhythm:
    """The rhythm of a reference, for a window of current data that spans so much time, if that is known.

    A window shorter than a block differs more than a block does. Raises Unusable.
    """
    if reference is None:
        raise Unusable("the reference has no blocks of time")
    if current is None:
        raise Unusable(f"the current data has no blocks of time by `{reference.column}`")
    if current.unit is not reference.unit:
        raise Unusable(f"the reference is counted by {reference.unit}, the current data by {current.unit}")
    dated = [place for place, start in enumerate(reference.starts) if start not in UNDATED]
    here = [(start, rows) for start, rows in zip(current.starts, current.rows, strict=True) if start not in UNDATED]
    total = sum(rows for _, rows in here)
    if not total:
        raise Unusable("no row of the current data has a time")
    starts = tuple(str(reference.starts[place]) for place in dated)
    known = seasons(reference.unit, starts, (str(start) for start, _ in here))
    mix: Counter[int] = Counter()
    for start, rows in here:
        mix[known[str(start)]] += rows
    made = Rhythm(
        reference.unit,
        tuple(dated),
        tuple(reference.rows[place] for place in dated),
        tuple(known[start] for start in starts),
        _window([rows for _, rows in here], reference.unit, span),
        {season: rows / total for season, rows in mix.items()},
    )
    if made.freedom < FEWEST:
        raise Unusable(f"the reference has {plural(len(dated), 'block')} of time, and {FEWEST + 1} are needed")
    return made


_LENGTHS = {
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
    Unit.WEEK: timedelta(weeks=1),
    Unit.MONTH: timedelta(days=30),
    Unit.QUARTER: timedelta(days=91),
    Unit.YEAR: timedelta(days=365),
}

_SHORTEST = 0.02
"""Blocks that a window amounts to at least: rows of one moment are a window, too."""


def _window(rows: Sequence[int], unit: Unit, span: timedelta | None) -> float:
    """How many blocks a window amounts to: those of few rows count for less, and so does one that has just begun."""
    blocks = sum(rows) ** 2 / sum(each**2 for each in rows)
    return blocks if span is None else max(min(blocks, span / _LENGTHS[unit]), _SHORTEST)
