"""Makes the correlations of a profile: a query after the scan, which gives the level of each number in some rows.

Levels are tenths of a column's own rows, told by the edges of its bins, so they
are known once the profile is. In each row drawn, a number becomes a sign for
its level; whatever the engine, the rest is counting, which is done here: rows
with a level are the bits of one whole number, and rows with two levels those
that two such numbers share.

Of up to DRAWN rows all are counted, and every engine gives the same. Of more,
so many are drawn at random (with a seed): the standard error of a correlation
is at most 0.005 then, and more rows would change no verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.profiles import blocks
from mlops_actions.data.profiles.correlations import FEWEST, Correlations, Counts, Pair, estimate, most
from mlops_actions.data.profiles.profile import Bins, ColumnProfile, Kind, Profile
from mlops_actions.data.profiles.profiling import as_number

if TYPE_CHECKING:
    from mlops_actions.data.engines.session import Session
    from mlops_actions.data.profiles.blockscan import Timing
    from mlops_actions.data.sources.relation import Relation

DRAWN = 50_000
"""Rows that correlations are counted in, on average, of data with more."""

LEVELS = 10
"""Levels of a column, about equally frequent."""

_SIGNS, _NONE = b"abcdefghijklmnopqrstuvwxyz", "-"

Wanted: TypeAlias = int | tuple[str, ...]
"""The columns by name; or how many at most, of those that matter most."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of time to count in: an expression for the start of a row's, and all starts in order."""

    key: str
    starts: tuple[str | None, ...]


def why_not(column: ColumnProfile) -> str | None:
    """Why a column has no correlations; None where it has."""
    if column.kind is not Kind.NUMBER:
        return "it holds no numbers"
    if column.private:
        return "its values are not to be shown"
    if column.bins is None or not levels(column.bins):
        return "it has one value" if column.bins and column.bins.edges else "it has no value"
    return None


def able(made: Profile) -> list[str]:
    """The columns that can have correlations, in the order of the profile."""
    return [each.name for each in made.columns if why_not(each) is None]


def chosen(
    made: Profile,
    wanted: Wanted,
    importances: Mapping[str, float] = MappingProxyType({}),
    without: Collection[str] = (),
) -> tuple[str, ...]:
    """The columns whose pairs a profile keeps, in its order: those named, else the most important, else the first."""
    known = [name for name in able(made) if name not in without]
    if not isinstance(wanted, int):
        known, wanted = [name for name in known if name in wanted], len(wanted)
    ranked = sorted(known, key=lambda name: -importances.get(name, 0.0))
    kept = set(ranked[: min(wanted, most(len(made.time.starts) if made.time else 0))])
    return tuple(name for name in known if name in kept)


def levels(of: Bins) -> tuple[float, ...]:
    """The edges between the levels of a column, from its bins: none where it has one value.

    Each is the one that is nearest to a tenth, two tenths and so on of the values.
    """
    below = list(accumulate(of.counts[:-1]))  # values up to each edge
    whole = sum(of.counts)
    inner = [place for place, count in enumerate(below) if 0 < count < whole]
    if not inner:
        return ()

    def nearest(part: int) -> int:
        return min(inner, key=lambda place: abs(below[place] * LEVELS - whole * part))

    return tuple(of.edges[place] for place in sorted({nearest(part) for part in range(1, LEVELS)}))


def added(
    session: Session, relation: Relation, made: Profile, columns: Sequence[str], time: Timing | None = None
) -> Profile:
    """The profile with the correlations of ``columns`` in its rows, and in its blocks, where it has any.

    ``time`` is the column that the blocks are of.
    """
    of_time = Blocks(time.key(made.time.unit), made.time.starts) if time and made.time else None
    return replace(made, correlations=correlate(session, relation, made, columns, of_time))


def correlate(
    session: Session, relation: Relation, made: Profile, columns: Sequence[str], time: Blocks | None = None
) -> Correlations:
    """The correlations of ``columns`` in the rows that ``made`` is the profile of, in one query."""
    if len(columns) < 2:
        return Correlations(0, (), ())
    code = f"concat({', '.join(_sign(relation, made, name) for name in columns)})"
    asked = [code, f"CAST({time.key} AS VARCHAR)"] if time else [code]
    codes: dict[str | None, list[str]] = defaultdict(list)
    for found, *block in session.drawn(relation, asked, min(1.0, DRAWN / max(made.rows, 1))):
        codes[blocks.named(block[0]) if block else None].append(found)
    whole = _bits([each for some in codes.values() for each in some], len(columns))
    parts = [_bits(codes[start], len(columns)) for start in time.starts] if time else []
    pairs = tuple(_pair(whole, parts, *places) for places in combinations(range(len(columns)), 2))
    return Correlations(sum(map(len, codes.values())), tuple(columns), pairs)


def _sign(relation: Relation, made: Profile, name: str) -> str:
    """The expression for the sign of a number's level; that of none for what is no finite number."""
    column = next(each for each in relation.columns if each.name == name)
    known = made.column(name)
    edges = levels(known.bins) if known and known.bins else ()
    number, signs = as_number(column), _SIGNS.decode()
    each = " ".join(f"WHEN {number} <= {literal(edge)} THEN '{sign}'" for edge, sign in zip(edges, signs, strict=False))
    level = f"CASE {each} ELSE '{signs[len(edges)]}' END" if edges else f"'{signs[0]}'"
    return f"CASE WHEN isfinite({number}) THEN {level} ELSE '{_NONE}' END"


def _bits(codes: Sequence[str], columns: int) -> list[list[int]]:
    """For each column and level the rows that are in it, as the bits of a number."""
    signs = "".join(codes).encode()
    return [
        [int(signs[place::columns].translate(_only(level)) or b"0", 2) for level in range(LEVELS)]
        for place in range(columns)
    ]


@cache
def _only(level: int) -> bytes:
    """The table that makes one sign 1, and all others 0."""
    return bytes(b"1"[0] if sign == _SIGNS[level] else b"0"[0] for sign in range(256))


def _pair(
    whole: Sequence[Sequence[int]], parts: Sequence[Sequence[Sequence[int]]], one: int, other: int
) -> Pair | None:
    found = estimate(_table(whole[one], whole[other]))
    if found is None:
        return None
    within = (estimate(_table(part[one], part[other])) for part in parts)
    return replace(
        found, blocks=tuple(round(each.correlation, 4) if each and each.rows >= FEWEST else None for each in within)
    )


def _table(one: Sequence[int], other: Sequence[int]) -> Counts:
    """The number of rows in each level of one column and each of another."""
    return [[(rows & across).bit_count() for across in other] for rows in one]
