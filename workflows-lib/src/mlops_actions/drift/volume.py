"""How many rows come in a block of time, and in which blocks none do: the current data's against the reference's.

Only whole blocks count: one at an end of the data may have begun late, or not
have ended. Blocks are the sample, so what is real is told by how much those of
the reference differ among themselves, of the same seasons (:mod:`.seasons`)
where these occur in it more than once.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from mlops_actions.data.profiles import blocks
from mlops_actions.data.profiles.blocks import UNDATED, Blocks, Unit
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.drift.clusters import LONGEST_MEMORY, of_mean
from mlops_actions.drift.rhythm import Unusable
from mlops_actions.drift.seasons import FEWEST, seasons
from mlops_actions.drift.statistics import f_survival
from mlops_actions.visible import clip, visible

FACTOR = 2.0
"""How many times more or fewer rows a block matter, unless configured."""

WHOLE = 2 / 3
"""How much of a block at an end of the data its rows must span, for it to be whole: of a week, its working days do."""


@dataclass(frozen=True, slots=True)
class Side:
    """The blocks of a side, and when its first row and its last row are (exclusive, in UTC), where that is known."""

    blocks: Blocks
    ends: tuple[datetime, datetime] | None

    @property
    def dated(self) -> dict[str, int]:
        """Start of each block with a time to its rows, in order."""
        pairs = zip(self.blocks.starts, self.blocks.rows, strict=True)
        return {str(start): rows for start, rows in pairs if start not in UNDATED}

    @property
    def whole(self) -> dict[str, int]:
        """Start of each whole block to its rows. Raises Unusable for times that the calendar has not."""
        found = self.dated
        outer = list(found)[:1] + list(found)[-1:]
        return {start: rows for start, rows in found.items() if start not in outer or self._is_whole(start)}

    def _is_whole(self, start: str) -> bool:
        if self.ends is None:
            return False
        begins, after = span(start, self.blocks.unit)
        covered = min(after, self.ends[1]) - max(begins, self.ends[0])
        return covered >= WHOLE * (after - begins)


def side(made: Profile, counted: Blocks | None) -> Side | None:
    """The blocks of a profile's rows with the ends of their time; None where there are none."""
    return None if counted is None else Side(counted, ends(made, counted.column))


def ends(made: Profile, name: str) -> tuple[datetime, datetime] | None:
    """When the first row is and when the last one ends, in UTC without a zone; None where that cannot be told.

    A row of a date lasts for that day.
    """
    column = made.column(name)
    if column is None or column.range is None:
        return None
    try:
        first, last = (_utc(datetime.fromisoformat(str(end))) for end in (column.range.min, column.range.max))
        return first, last + timedelta(days=1 if column.type == "DATE" else 0)
    except (TypeError, ValueError, OverflowError):  # no value at all, or a date that the calendar of Python has not
        return None


def span(start: str, unit: Unit) -> tuple[datetime, datetime]:
    """When a block begins and ends. Raises Unusable for one that the calendar has not."""
    try:
        begins = _utc(datetime.fromisoformat(start))
        return begins, blocks.following(begins, unit)
    except (ValueError, OverflowError) as error:
        raise Unusable(f"the calendar has no {unit.value} of {visible(clip(start, 30))}") from error


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


# How many


@dataclass(frozen=True, slots=True)
class Volume:
    """Rows a block, as the reference has them (in the seasons of the window) and as there are now.

    Both are geometric means over whole blocks; ``blocks`` is the number of those
    of the window, ``p`` the chance of a window as different without drift.
    """

    unit: Unit
    blocks: int
    reference: float
    current: float
    p: float

    @property
    def ratio(self) -> float:
        """How many times as many rows there are."""
        return self.current / self.reference

    def is_material(self, factor: float) -> bool:
        return not 1 / factor <= self.ratio <= factor


def compare(reference: Side, current: Side) -> Volume:
    """Rows a block of the window against those of the reference. Raises Unusable, with the reason.

    A t test of two samples of logarithms of rows a block ("Student", "The
    Probable Error of a Mean", Biometrika 6, 1908), each season having its own
    mean and all one variance. A block resembles the one before: how much so is
    estimated from the reference (Kendall, as in :attr:`.clusters.Between.memories`), makes
    the mean of a window less certain and the degrees of freedom fewer.
    """
    unit = reference.blocks.unit
    before, now = reference.whole, current.whole
    if not now:
        raise Unusable(f"the current data has no whole {unit.value}")
    known = seasons(unit, tuple(before), now)
    usual = _usual(before, known)
    if usual.free < FEWEST:
        raise Unusable(f"the reference has {len(before)} whole {unit.value}s, and {FEWEST + 1} are needed")
    expected = math.fsum(usual.means[known[start]] for start in now) / len(now)
    found = math.fsum(map(math.log, now.values())) / len(now)
    mix = Counter(known[start] for start in now)
    chance = usual.p_value(found - expected, {season: count / len(now) for season, count in mix.items()}, len(now))
    return Volume(unit, len(now), math.exp(expected), math.exp(found), chance)


@dataclass(frozen=True, slots=True)
class _Usual:
    """Logarithms of rows a block in the reference: the mean of each season, its blocks, and how blocks differ from it.

    ``free`` are the degrees of freedom of ``variance``, ``memory`` the correlation of a block with the next.
    """

    means: Mapping[int, float]
    blocks: Mapping[int, int]
    variance: float
    free: int
    memory: float

    def p_value(self, difference: float, mix: Mapping[int, float], number: int) -> float:
        """The chance of a mean of so many blocks, in these seasons, that is as far away."""
        if abs(difference) < _ROUNDING:
            return 1.0
        own = sum(share**2 / self.blocks[season] for season, share in mix.items())
        if len(self.blocks) == 1:
            own = of_mean(sum(self.blocks.values()), self.memory)
        variance = self.variance * (own + of_mean(number, self.memory))
        if variance < _ROUNDING**2:
            return 0.0
        free = max(1.0, self.free * (1 - self.memory**2) / (1 + self.memory**2))
        return f_survival(difference**2 / variance, 1, free)


_ROUNDING = 1e-9


def _usual(rows: Mapping[str, int], season: Mapping[str, int]) -> _Usual:
    logs: dict[int, list[float]] = defaultdict(list)
    for start, count in rows.items():
        logs[season[start]].append(math.log(count))
    means = {one: math.fsum(each) / len(each) for one, each in logs.items()}
    residuals = [math.log(count) - means[season[start]] for start, count in rows.items()]
    squares = math.fsum(each**2 for each in residuals)
    free = len(rows) - len(logs)
    known = {one: len(each) for one, each in logs.items()}
    return _Usual(means, known, squares / max(free, 1), free, _memory(residuals, squares))


def _memory(residuals: Sequence[float], squares: float) -> float:
    """The correlation of a block with the next, 0 to LONGEST_MEMORY, a standard error higher than it seems."""
    if squares <= 0:
        return 0.0
    number = len(residuals)
    found = math.fsum(one * other for one, other in pairwise(residuals)) / squares
    corrected = min(max(0.0, found + (1 + 3 * found) / number), 1.0)
    return min(corrected + math.sqrt((1 - corrected**2) / number), LONGEST_MEMORY)


# Blocks without rows, and blocks that both sides have


def gaps(reference: Side, current: Side) -> tuple[str, ...]:
    """The blocks between the window's first and last that have no rows, in seasons where the reference has no gap.

    Raises Unusable where the reference is too short to tell, or has gaps in any season.
    """
    unit = reference.blocks.unit
    before = _calendar(reference)
    if len(before) <= FEWEST:
        raise Unusable(f"the reference spans {len(before)} {unit.value}s, and {FEWEST + 1} are needed")
    now = _calendar(current)
    season = seasons(unit, tuple(before), now)
    usual = {season[start] for start, there in before.items() if not there}
    if {season[start] for start in now} <= usual:
        raise Unusable(f"the reference, too, has {unit.value}s without rows")
    return tuple(start for start, there in now.items() if not there and season[start] not in usual)


_LONGEST = 100_000
"""Blocks between the first and the last that are looked at; a row of the year 1 among hours is no time of its rows."""


def _calendar(one: Side) -> dict[str, bool]:
    """Each block from the first to the last to whether there are rows in it."""
    dated, unit = one.dated, one.blocks.unit
    ends_of = [span(start, unit) for start in dated]
    if not ends_of:
        raise Unusable("no row of the current data has a time")
    found: dict[str, bool] = {}
    at, last = ends_of[0][0], ends_of[-1][0]
    while at <= last:
        name = blocks.named(str(at)) or ""
        found[name] = name in dated
        if len(found) > _LONGEST:
            raise Unusable(f"there are more than {_LONGEST:,} {unit.value}s between its first row and its last")
        at = blocks.following(at, unit) if at < last else ends_of[-1][1]
    return found


def overlap(
    reference: tuple[datetime, datetime] | None, current: tuple[datetime, datetime] | None
) -> tuple[datetime, datetime] | None:
    """The time that both sides span; None where there is none, or it is not known."""
    if reference is None or current is None:
        return None
    first, last = max(reference[0], current[0]), min(reference[1], current[1])
    return (first, last) if first < last else None
