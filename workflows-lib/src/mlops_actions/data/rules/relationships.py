"""Relationships over the data: rows whose key is not among the keys of the object that it refers to.

Objects are scanned one by one; this looks at two together, in a connection
that may read the files of both. A key with a null in it refers to nothing. The
count is of rows.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.quoting import all_present
from mlops_actions.data.engines.session import Session
from mlops_actions.data.rules.checks import example
from mlops_actions.data.rules.evidence import EXAMPLES, Shown
from mlops_actions.data.rules.references import KEY, Key, Relationship
from mlops_actions.data.rules.rowwise import RowRule
from mlops_actions.data.rules.sql import Dialect, Unfit
from mlops_actions.data.sources.intake import reading_of
from mlops_actions.data.sources.readers import Reader
from mlops_actions.data.sources.reading import FOUND, CsvDialect
from mlops_actions.data.sources.relation import Column, Relation, Unreadable, aliases
from mlops_actions.data.types.families import FLOATING, NUMERIC, family
from mlops_actions.verdict import Check, Example, Scalar, Severity, Status

NAMED = 3
"""Keys that are named in the message, of those that refer to nothing."""


class _Unwritten(Exception):
    """A key is written in a way that cannot be read here, so it is not compared."""


def check(
    related: Sequence[Relationship], given: Container[str], reader: Reader, csv: CsvDialect = FOUND
) -> list[Check]:
    """A check of each relationship of the objects that data is given for."""
    return [_check(each, given, reader, csv) for each in related if each.referring.of.name in given]


def _check(of: Relationship, given: Container[str], reader: Reader, csv: CsvDialect) -> Check:
    import duckdb  # pylint: disable=import-outside-toplevel

    referred = of.referred
    if of.unmeasured or referred is None:
        return _said(of, Status.NOT_CHECKED, f"not checked: {of.unmeasured}")
    if referred.of.name not in given:
        return _said(of, Status.NOT_CHECKED, f"not checked: no data was given for {referred.of.name!r}")
    try:
        return _compared(of, referred, reader, csv)
    except _Unwritten as error:
        return _said(of, Status.NOT_CHECKED, f"not checked: {error}")
    except (Unfit, Unreadable) as error:
        return _said(of, Status.ERROR, f"not evaluated: {error}")
    except duckdb.Error as error:
        private = any(key.of.private for key in (of.referring, referred))
        return _said(of, Status.ERROR, f"not evaluated: {duck.reason(error, private=private)}")


def _said(
    of: Relationship,
    status: Status,
    message: str,
    measured: Scalar = None,
    rows: int | None = None,
    examples: tuple[Example, ...] = (),
) -> Check:
    return Check(of.name, status, message, Severity.ERROR, of.where, measured, {KEY: of.to}, rows, examples)


def _compared(of: Relationship, referred: Key, reader: Reader, csv: CsvDialect) -> Check:
    keys = (of.referring, referred)
    readings = {key.of.name: reading_of(key.of, csv) for key in keys}
    with reader.together({name: reading for name, (reading, _) in readings.items()}) as (session, relations):
        for key in keys:
            _refuse_unwritten(key, relations[key.of.name], readings[key.of.name][1])
        here, there = (relations[key.of.name] for key in keys)
        return _judged(of, referred, session, (here, there))


def _judged(of: Relationship, referred: Key, session: Session, relations: tuple[Relation, Relation]) -> Check:
    here, there = relations
    orphans = _Orphans.between(of.referring, here, referred, there)
    ((rows, count),) = session.fetch(orphans.counted)
    if not count:
        says = f"0 of {rows:,} rows have a key that is not among {referred.shown}"
        return _said(of, Status.PASS, says, count, rows)
    says = f"{count:,} of {rows:,} rows ({100 * count / rows:.3g} %) have a key that is not among {referred.shown}"
    hidden = of.referring.columns if of.referring.is_private or referred.is_private else ()
    if not hidden:
        says += orphans.named(session)
    shown = Shown.of(here, [one.column for one in of.referring.of.key], of.referring.columns, hidden)
    return _said(of, Status.FAIL, says, count, rows, shown.examples(session.fetch(orphans.first(shown))))


def _refuse_unwritten(key: Key, relation: Relation, unwritten: Mapping[str, str]) -> None:
    """Raises _Unwritten where the text of a key has a format that cannot be read."""
    why = next((unwritten[column] for column in key.columns if column in unwritten), None)
    if why and relation.is_text:
        raise _Unwritten(why)


# In the engine's words


@dataclass(frozen=True, slots=True)
class _Orphans:
    """Keys of ``rows`` that are not among those referred to.

    ``compared`` is what is selected of the rows that have a ``whole`` key: its
    parts as text, named ``columns``, and as they are compared by ``kept``. ``taken``
    are the names of columns.
    """

    rows: str
    compared: str
    whole: str
    kept: str
    columns: tuple[str, ...]
    taken: tuple[str, ...]

    @classmethod
    def between(cls, referring: Key, here: Relation, referred: Key, there: Relation) -> _Orphans:
        pairs = [
            _pair(Dialect(here), one, Dialect(there), other)
            for one, other in zip(referring.ways, referred.ways, strict=True)
        ]
        taken = [column.name for relation in (here, there) for column in relation.columns]
        taken += [raw.strip('"') for relation in (here, there) for raw in relation.raw.values()]
        shown, compared = _aliases("shown", len(pairs), taken), _aliases("key", len(pairs), taken)
        left = [f"CAST({pair[0].value} AS VARCHAR) AS {name}" for pair, name in zip(pairs, shown, strict=True)]
        left += [f"{pair[0].key} AS {name}" for pair, name in zip(pairs, compared, strict=True)]
        right = [f"{pair[1].key} AS {name}" for pair, name in zip(pairs, compared, strict=True)]
        whole = all_present(pair[0].value for pair in pairs)
        same = " AND ".join(f"referring.{name} = referred.{name}" for name in compared)
        kept = f"ANTI JOIN (SELECT {', '.join(right)} FROM {there.sql}) AS referred ON {same}"
        return cls(here.sql, ", ".join(left), whole, kept, tuple(shown), tuple(taken))

    def _of(self, columns: str, rows: str) -> str:
        return f"(SELECT {columns} FROM {rows} WHERE {self.whole}) AS referring {self.kept}"

    @property
    def counted(self) -> str:
        orphans = self._of(self.compared, self.rows)
        return f"SELECT (SELECT count(*) FROM {self.rows}), (SELECT count(*) FROM {orphans})"

    def named(self, session: Session) -> str:
        """The least of the keys, in words."""
        orphans = self._of(self.compared, self.rows)
        least = session.fetch(f"SELECT DISTINCT {', '.join(self.columns)} FROM {orphans} ORDER BY ALL LIMIT {NAMED}")
        return f" (for example {', '.join(' and '.join(map(example, key)) for key in least)})"

    def first(self, shown: Shown) -> str:
        """A query for what is shown of the first rows whose key refers to nothing."""
        cells = _aliases("cell", len(shown.cells), self.taken)
        named = ", ".join(f"{cell} AS {name}" for cell, name in zip(shown.cells, cells, strict=True))
        orphans = self._of(f"{self.compared}, {named}", shown.sql)
        return f"SELECT {', '.join(cells)} FROM {orphans} ORDER BY ALL LIMIT {EXAMPLES}"


def orphaned(of: Relationship, here: Relation, there: Relation) -> RowRule | None:
    """The rule as a condition on a row of ``here``, located or not; None where it is not compared. Raises Unfit."""
    if of.referred is None or of.unmeasured:
        return None
    pairs = [
        _pair(Dialect(here), one, Dialect(there), other)
        for one, other in zip(of.referring.ways, of.referred.ways, strict=True)
    ]
    left, right = [pair[0].key for pair in pairs], [pair[1].key for pair in pairs]
    one = left[0] if len(left) == 1 else f"({', '.join(left)})"
    known = f"SELECT {', '.join(right)} FROM {there.sql} WHERE {all_present(right)}"
    whole = all_present(pair[0].value for pair in pairs)
    # A part of the key may be null in the words of the other side, which then can hold no such value.
    return RowRule(of.name, f"({whole} AND NOT (({all_present(left)}) AND {one} IN ({known})))")


def _aliases(prefix: str, count: int, taken: Sequence[str]) -> list[str]:
    """Names that no column has: a name of a column would be taken for the column."""
    return [prefix + name for name in aliases([""] * count, [each.removeprefix(prefix) for each in taken])]


@dataclass(frozen=True, slots=True)
class _Part:
    """A column of a key: its value, and what of it is compared (NULL where the other side can hold no such value)."""

    value: str
    key: str


def _pair(here: Dialect, one: tuple[str, ...], there: Dialect, other: tuple[str, ...]) -> tuple[_Part, _Part]:
    """How a part of a key is compared with the one it refers to; each by the way to it. Raises Unfit."""
    left, right = here.inner(one[0], one[1:]), there.inner(other[0], other[1:])
    values = here.value(one[0], one[1:]), there.value(other[0], other[1:])
    kinds = {family(left.type), family(right.type)}
    texts = [_as_text(here, one, left, values[0]), _as_text(there, other, right, values[1])]
    if None not in texts and ("string" in kinds or not (len(kinds) == 1 or kinds <= NUMERIC)):
        return _Part(texts[0] or "", texts[0] or ""), _Part(texts[1] or "", texts[1] or "")
    if kinds <= NUMERIC:
        exact = len({left.type in FLOATING, right.type in FLOATING}) == 2 and "integer" in kinds
        return _number(left, values[0], exact=exact), _number(right, values[1], exact=exact)
    comparable = left.type == right.type or kinds == {"timestamp"}
    if not comparable or kinds & {None, "object", "array", "map"}:
        names = f"{left.name!r} is {left.type} and refers to {right.name!r}, which is {right.type}"
        raise Unfit(f"{names}: they cannot be compared")
    return _Part(values[0], values[0]), _Part(values[1], values[1])


def _as_text(of: Dialect, way: tuple[str, ...], column: Column, value: str) -> str | None:
    """A part's text, where it is text, or where nobody promised that the text is of another type."""
    if len(way) == 1 and column.name in of.relation.guessed:
        return of.relation.raw[column.name]
    return f"CAST({value} AS VARCHAR)" if family(column.type) == "string" else None


def _number(column: Column, value: str, *, exact: bool) -> _Part:
    """A number; a whole one and a binary fraction meet as whole numbers, since a fraction would round large ones."""
    if not exact:
        return _Part(value, value)
    if column.type not in FLOATING:
        return _Part(value, f"TRY_CAST({value} AS HUGEINT)")
    return _Part(
        value, f"CASE WHEN isfinite({value}) AND {value} = trunc({value}) THEN TRY_CAST({value} AS HUGEINT) END"
    )
