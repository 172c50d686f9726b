"""What a profile holds of each block of time, in the same scan as the rest of it.

The time column alone is looked at first, for the length of blocks. Then one
scan asks every question by block: those about all rows are answered by adding
up, and a block's counts are put together from the same fine ones as the bins
of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.session import Aggregate, Session
from mlops_actions.data.profiles import bins, blocks, profiling
from mlops_actions.data.profiles.blocks import Blocks, ColumnBlocks, Unit
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.profiles.profiling import Numbers
from mlops_actions.data.sources.relation import Unreadable

if TYPE_CHECKING:
    from mlops_actions.data.profiles.profiling import Answers, Counter, Plan
    from mlops_actions.data.sources.relation import Column, Relation

_ROWS = "profile time rows"


@dataclass(frozen=True, slots=True)
class Timing:
    """The column that is the time of an object's rows, and what is asked about it first."""

    column: Column

    @property
    def _moment(self) -> str:
        """The time in UTC, as a timestamp without a time zone."""
        name = quote(self.column.name)
        cast = f"CAST({name} AS TIMESTAMP)"
        if self.column.type != "TIMESTAMP WITH TIME ZONE":
            return cast
        # The engine casts a time with a zone by the calendar of that zone, which takes ten times as long.
        return f"CASE WHEN isfinite({name}) THEN make_timestamp(epoch_us({name})) ELSE {cast} END"

    def key(self, unit: Unit) -> str:
        """The start of a row's block, as an SQL expression."""
        return f"date_trunc('{unit.value}', {self._moment})"

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in blocks.UNITS if unit is not Unit.HOUR or self.column.type != "DATE")

    @property
    def aggregates(self) -> list[Aggregate]:
        finite = f"CASE WHEN isfinite({quote(self.column.name)}) THEN {{}} END"
        return [Aggregate(_ROWS, "count(*)")] + [
            Aggregate(f"profile time {unit.value}", f"count(DISTINCT {finite.format(self.key(unit))})")
            for unit in self.units
        ]

    def unit(self, values: Answers, columns: int) -> Unit | None:
        """The length of blocks of so many columns, from the answers."""
        return blocks.choose({unit: int(values[f"profile time {unit.value}"]) for unit in self.units}, columns)


def timing(relation: Relation, name: str) -> Timing:
    """The time column of a relation. Raises ValueError with the reason where ``name`` cannot be it."""
    column = next((each for each in relation.columns if each.name == name), None)
    if column is None:
        raise ValueError(f"there is no column {name!r}")
    if profiling.kind_of(column.type) is not Kind.TIME:
        raise ValueError(f"{name!r} is {column.type}, neither a date nor a timestamp")
    if column.private:
        raise ValueError(f"the values of {name!r} are not to be shown, and blocks would show them")
    return Timing(column)


def scan(
    session: Session,
    made: Plan,
    others: Sequence[Aggregate] = (),
    time: Timing | None = None,
    like: Profile | None = None,
) -> tuple[dict[str, Any], Profile]:
    """The answers to ``others`` and to the plan, by key, and the profile; with ``time``, in its blocks.

    With ``like``, the reference that the plan was made like, its bins have the
    edges of that, and its blocks the length.

    Where the times are of so many years that they are hardly the rows' time, it
    has no blocks. Raises Unreadable where the data changes meanwhile.
    """
    relation = made.relation
    if time is None:
        values = session.aggregate(relation, [*others, *made.aggregates])
        return values, _whole(made, values, like, in_blocks=False)
    # What does not add up (a set of keys) is asked of all rows, along with what the blocks depend on.
    first = [each for each in others if not each.adds]
    rest = [*(each for each in others if each.adds), *made.aggregates]
    known = session.aggregate(relation, [*first, *time.aggregates])
    unit = time.unit(known, len(made.counters))
    if unit is None:
        values = known | session.aggregate(relation, rest)
        return values, _whole(made, values, like, in_blocks=False)
    unit = like.time.unit if like and like.time else unit
    parts = {blocks.named(key): each for key, each in session.grouped(relation, time.key(unit), rest).items()}
    if (rows := sum(int(each[profiling.ROWS]) for each in parts.values())) != known[_ROWS]:
        raise Unreadable(f"it changed while it was read: {known[_ROWS]:,} rows, and then {rows:,}")
    if parts:
        known |= {each.key: sum(int(part[each.key] or 0) for part in parts.values()) for each in rest if each.adds}
        known |= profiling.added(made, list(parts.values()))
    else:
        known |= session.aggregate(relation, rest)
    return known, _in_blocks(made, _whole(made, known, like, in_blocks=True), time, unit, parts)


def sizes(session: Session, relation: Relation, time: Timing, unit: Unit) -> Blocks:
    """The blocks of a relation by length ``unit``, with their rows alone: the other columns are not read."""
    answers = session.grouped(relation, time.key(unit), [Aggregate("rows", "count(*)")])
    found = {blocks.named(key): int(each["rows"]) for key, each in answers.items()}
    starts = tuple(sorted(found, key=blocks.order))
    return Blocks(time.column.name, unit, starts, tuple(found[start] for start in starts))


def _whole(made: Plan, values: Answers, like: Profile | None, *, in_blocks: bool) -> Profile:
    whole = profiling.build(made, values, bins.detail(len(made.counters), in_blocks))
    return profiling.alike(whole, made, values) if like is not None else whole


def _in_blocks(
    made: Plan, whole: Profile, time: Timing, unit: Unit, parts: Mapping[str | None, Mapping[str, Any]]
) -> Profile:
    """The profile with its blocks, from the plan's answers by the start of each."""
    starts = tuple(sorted(parts, key=blocks.order))
    answers = [parts[start] for start in starts]
    rows = tuple(int(each[profiling.ROWS]) for each in answers)
    own = [list(profiling.own(made, each)) for each in answers]
    columns = (
        replace(one, blocks=_counted(one, counter, rows, [each[index] for each in own]))
        for index, (one, counter) in enumerate(zip(whole.columns, made.counters, strict=True))
    )
    return replace(whole, columns=tuple(columns), time=Blocks(time.column.name, unit, starts, rows))


def _counted(made: ColumnProfile, counter: Counter, rows: Sequence[int], parts: Sequence[Answers]) -> ColumnBlocks:
    nulls = tuple(row - int(each["values"]) for row, each in zip(rows, parts, strict=True))

    def special(name: str) -> tuple[int, ...]:
        counts = tuple(int(each.get(name) or 0) for each in parts)
        return counts if any(counts) else ()

    found = ColumnBlocks(nulls, special("nan"), special("infinity"), special("negative infinity"))
    is_empty = made.bins is not None and not made.bins.edges
    if made.private or is_empty or (made.bins is None and made.categories is None):
        return found
    found = replace(found, counts=tuple(_counts(made, counter, each) for each in parts))
    if not isinstance(counter, Numbers):
        return found
    moments = [_moments(counter.center, each, sum(counts)) for each, counts in zip(parts, found.counts, strict=True)]
    return replace(found, mean=tuple(mean for mean, _ in moments), sd=tuple(sd for _, sd in moments))


def _counts(made: ColumnProfile, counter: Counter, answers: Answers) -> tuple[int, ...]:
    if made.kind is Kind.BOOLEAN:
        true = int(answers["true"] or 0)
        return (true, int(answers["values"]) - true)
    if made.categories is not None:
        return tuple(int(answers["all"].get(value) or 0) for value, _ in made.categories.values)
    return profiling.between(made.bins.edges if made.bins else (), counter.reference, answers["bins"])


def _moments(center: float, answers: Answers, count: int) -> tuple[float | None, float | None]:
    """Mean and standard deviation of a block's finite values, each None where it cannot be told.

    ``center`` is what distances were counted from, so that a block's moments keep their digits.
    """
    mean, square = answers["mean"], answers["square"]
    if not count or mean is None or square is None or not math.isfinite(square):
        return None, None
    sd = math.sqrt(max(square - mean**2, 0.0) * count / (count - 1)) if count > 1 else None
    return rounded(center + mean, sd), rounded(sd, sd)


def rounded(value: float | None, sd: float | None) -> float | None:
    """To four digits of a standard deviation, twelve of the value where there is none; None for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    if not sd:
        return float(f"{value:.12g}")
    digits = 3 - math.floor(math.log10(sd))
    return round(value, digits) if digits < 300 else value
