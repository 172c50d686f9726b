"""What a profile holds of each block of time, in a second pass over the data.

The first pass finds the edges, the categories, and into how many blocks of each
length the times fall; the second counts in just these, by block. One pass alone
would have to keep the many fine edges of every column for every block: with 500
columns and 30 blocks, seven million counts instead of 300,000.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.session import Aggregate, Histogram, Members, Question, Session
from mlops_actions.data.profiles import bins, blocks, profiling
from mlops_actions.data.profiles.blocks import Blocks, ColumnBlocks, Unit
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.sources.relation import Unreadable

if TYPE_CHECKING:
    from mlops_actions.data.profiles.profiling import Answers, Plan
    from mlops_actions.data.sources.relation import Column, Relation


@dataclass(frozen=True, slots=True)
class Timing:
    """The column that is the time of an object's rows, and what the first pass is asked about it."""

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
        return [
            Aggregate(f"profile time {unit.value}", f"count(DISTINCT {finite.format(self.key(unit))})")
            for unit in self.units
        ]

    def unit(self, values: Answers) -> Unit | None:
        """The length of blocks, from the answers."""
        return blocks.choose({unit: int(values[f"profile time {unit.value}"]) for unit in self.units})


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


def complete(
    session: Session, made: Plan, values: Answers, time: Timing | None, like: Profile | None = None
) -> Profile:
    """The profile from the first pass's answers; with ``time``, its blocks are counted. Raises Unreadable.

    With ``like``, the reference that the plan was made like, its bins have the
    edges of that, and its blocks the length.

    Where the times are of so many years that they are hardly the rows' time, it
    has no blocks.
    """
    unit = time.unit(values) if time is not None else None
    whole = profiling.build(made, values, bins.detail(len(made.counters), unit is not None))
    if like is not None:
        whole = profiling.alike(whole, made, values)
        unit = like.time.unit if unit and like.time else unit
    return whole if time is None or unit is None else _in_blocks(session, made, whole, time, unit)


def _in_blocks(session: Session, made: Plan, whole: Profile, time: Timing, unit: Unit) -> Profile:
    """The profile with its blocks, from a second pass. Raises Unreadable."""
    asked = [Aggregate("rows", "count(*)")]
    for index, (column, one) in enumerate(zip(made.relation.columns, whole.columns, strict=True)):
        asked += [Aggregate(f"{index} {name}", each) for name, each in _questions(column, one).items()]
    answers = session.grouped(made.relation, time.key(unit), asked)
    found = {blocks.named(key): each for key, each in answers.items()}
    starts = tuple(sorted(found, key=blocks.order))
    parts = [found[start] for start in starts]
    rows = tuple(int(each["rows"]) for each in parts)
    if sum(rows) != whole.rows:
        raise Unreadable(f"it changed while it was read: {whole.rows:,} rows, and then {sum(rows):,}")
    columns = (
        replace(one, blocks=_counted(one, rows, list(_own(parts, index)))) for index, one in enumerate(whole.columns)
    )
    return replace(whole, columns=tuple(columns), time=Blocks(time.column.name, unit, starts, rows))


def _own(parts: Sequence[Mapping[str, Any]], index: int) -> Iterator[dict[str, Any]]:
    """A column's answers in each block, by the names of its questions."""
    start = f"{index} "
    for each in parts:
        yield {key.removeprefix(start): value for key, value in each.items() if key.startswith(start)}


def _questions(column: Column, made: ColumnProfile) -> dict[str, Question]:
    name = quote(column.name)
    asked: dict[str, Question] = {"values": f"count({name})", **profiling.special_questions(column)}
    if made.private or (made.bins is not None and not made.bins.edges):
        return asked
    if made.kind is Kind.BOOLEAN:
        asked["true"] = f"count_if({name})"
    elif made.categories is not None:
        asked["counts"] = Members(profiling.as_text(column), tuple(value for value, _ in made.categories.values))
    elif made.kind is Kind.TEXT and made.bins is not None:
        asked["counts"] = Histogram(f"CAST(length({profiling.as_text(column)}) AS DOUBLE)", made.bins.edges)
    elif made.kind is Kind.NUMBER and made.bins is not None:
        number = profiling.as_number(column)
        distance = f"(CASE WHEN isfinite({number}) THEN {number} END - {literal(_center(made))})"
        asked["mean"] = f"avg({distance})"
        asked["square"] = f"avg({distance} * {distance})"
        asked["counts"] = Histogram(number, made.bins.edges)
    return asked


def _center(made: ColumnProfile) -> float:
    """What distances are counted from, so that a block's moments keep their digits."""
    return made.range.mean or 0.0 if made.range else 0.0


def _counted(made: ColumnProfile, rows: Sequence[int], parts: Sequence[Answers]) -> ColumnBlocks:
    nulls = tuple(row - int(each["values"]) for row, each in zip(rows, parts, strict=True))

    def special(name: str) -> tuple[int, ...]:
        counts = tuple(int(each.get(name) or 0) for each in parts)
        return counts if any(counts) else ()

    found = ColumnBlocks(nulls, special("nan"), special("infinity"), special("negative infinity"))
    if not parts or not parts[0].keys() & {"true", "counts"}:
        return found
    found = replace(found, counts=tuple(_counts(made, each) for each in parts))
    if made.kind is not Kind.NUMBER:
        return found
    moments = [_moments(made, each, sum(counts)) for each, counts in zip(parts, found.counts, strict=True)]
    return replace(found, mean=tuple(mean for mean, _ in moments), sd=tuple(sd for _, sd in moments))


def _counts(made: ColumnProfile, answers: Answers) -> tuple[int, ...]:
    if made.kind is Kind.BOOLEAN:
        true = int(answers["true"] or 0)
        return (true, int(answers["values"]) - true)
    if made.categories is not None:
        return tuple(int(answers["counts"].get(value, 0)) for value, _ in made.categories.values)
    edges = made.bins.edges if made.bins else ()
    return bins.counts(edges, answers["counts"])


def _moments(made: ColumnProfile, answers: Answers, count: int) -> tuple[float | None, float | None]:
    """Mean and standard deviation of a block's finite values, each None where it cannot be told."""
    mean, square = answers["mean"], answers["square"]
    if not count or mean is None or square is None or not math.isfinite(square):
        return None, None
    sd = math.sqrt(max(square - mean**2, 0.0) * count / (count - 1)) if count > 1 else None
    return rounded(_center(made) + mean, sd), rounded(sd, sd)


def rounded(value: float | None, sd: float | None) -> float | None:
    """To four digits of a standard deviation, twelve of the value where there is none; None for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    if not sd:
        return float(f"{value:.12g}")
    digits = 3 - math.floor(math.log10(sd))
    return round(value, digits) if digits < 300 else value
