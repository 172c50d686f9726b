"""Counts the shapes of texts: a query after the scan, which gives the first signs of some texts, or their classes.

What class a sign is of is told by ASCII alone, so it is the same in every engine. Of up
to DRAWN rows all are looked at, and every engine counts the same. Of more, so
many are drawn at random, with a seed: a share is wrong by 0.35 points then
(standard error), a tenth of what would matter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.profiles import blocks, shapes
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.profiles.profiling import as_text
from mlops_actions.data.profiles.shapes import Shapes

if TYPE_CHECKING:
    from mlops_actions.data.engines.session import Session
    from mlops_actions.data.profiles.blockscan import Timing
    from mlops_actions.data.sources.relation import Column, Relation

DRAWN = 20_000
"""Rows that are looked at, on average, of data with more."""

TOGETHER = 200_000
"""Texts of all columns that are looked at: of more than ten columns, fewer rows each."""

FEWEST = 2_000
"""Rows that are looked at, however many columns there are."""

AT_ONCE = TOGETHER // FEWEST
"""Columns in one query, each of which holds its rows here."""

_Counts = Mapping[str | None, Counter[str]]
"""The start of a block to the texts in it of each shape; None where there are no blocks, too."""


def added(
    session: Session,
    relation: Relation,
    made: Profile,
    time: Timing | None = None,
    like: Profile | None = None,
    without: Collection[str] = (),
) -> Profile:
    """The profile with the shapes of its texts, and in its blocks, which ``time`` is the column of.

    With ``like``, they are of the columns that this reference has them of, and
    those that it lists are listed. Columns ``without`` are left out.
    """
    known = {column.name: column.shapes for column in like.columns} if like else {}
    wanted = [
        column.name
        for column in made.columns
        if column.name not in without
        and (_has_many(column) if like is None else known.get(column.name) and _has_text(column))
    ]
    key = f"CAST({time.key(made.time.unit)} AS VARCHAR)" if time and made.time else None
    counted = dict(_counted(session, relation, made, wanted, key))
    starts = made.time.starts if key and made.time else ()

    def shaped(column: ColumnProfile) -> ColumnProfile:
        if column.name not in counted:
            return column
        asked = known.get(column.name)
        return replace(column, shapes=_shapes(counted[column.name], starts, asked))

    return replace(made, columns=tuple(map(shaped, made.columns)))


def _has_many(column: ColumnProfile) -> bool:
    """Whether a column is of texts that are no categories, and may be told of."""
    return column.kind is Kind.TEXT and not column.private


def _has_text(column: ColumnProfile) -> bool:
    return column.kind in (Kind.TEXT, Kind.CATEGORY) and not column.private


def _shapes(counts: _Counts, starts: Sequence[str | None], asked: Shapes | None) -> Shapes:
    whole: Counter[str] = sum(counts.values(), Counter())
    found = shapes.listed(whole, [shape for shape, _ in asked.values] if asked else ())
    if not starts:
        return found
    parts = []
    for start in starts:
        each = [counts[start][shape] for shape, _ in found.values]
        parts.append((*each, counts[start].total() - sum(each)))
    return replace(found, blocks=tuple(parts))


def _counted(
    session: Session, relation: Relation, made: Profile, columns: Sequence[str], key: str | None
) -> Iterator[tuple[str, _Counts]]:
    """Each column with its counts; ``key`` is an expression for the start of a row's block."""
    share = min(1.0, max(FEWEST, min(DRAWN, TOGETHER // max(len(columns), 1))) / max(made.rows, 1))
    described = {column.name: column for column in relation.columns}
    for first in range(0, len(columns), AT_ONCE):
        some = columns[first : first + AT_ONCE]
        signs: list[dict[str | None, Counter[bytes]]] = [defaultdict(Counter) for _ in some]
        asked = [_signs(session, described[name]) for name in some]
        for row in session.drawn(relation, [*asked, key] if key else asked, share):
            start = blocks.named(row[-1]) if key else None
            for counts, text in zip(signs, row, strict=False):
                if text is not None:
                    counts[start][shapes.classed(text)] += 1
        yield from zip(some, map(_by_shape, signs), strict=True)


def _by_shape(signs: Mapping[str | None, Counter[bytes]]) -> _Counts:
    """The texts of each shape in each block, from those that have the same classes of signs."""
    found: dict[str | None, Counter[str]] = defaultdict(Counter)
    for start, each in signs.items():
        for classes, count in each.items():
            found[start][shapes.collapsed(classes)] += count
    return found


def _signs(session: Session, column: Column) -> str:
    """The expression for the first signs of a text; of data that is elsewhere, for the class of each.

    So no letter and no digit of it comes here. The class of a class is itself.
    """
    begin = f"left({as_text(column)}, {shapes.LONGEST + 1})"
    if session.engine == "duckdb":  # the text is here, and Python tells its classes in a thirtieth of the time
        return begin
    signs = "".join(shapes.CLASSES.values())
    classes = "".join(each * len(some) for each, some in shapes.CLASSES.items())
    classed = f"translate({begin}, {literal(signs)}, {literal(classes)})"
    return f"regexp_replace({classed}, '[^ -~]', {literal(shapes.OTHER)}, 'g')"
