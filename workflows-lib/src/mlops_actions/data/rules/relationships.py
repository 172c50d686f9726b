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
from mlops_actions.data.engines.quoting import all_present, quote
from mlops_actions.data.rules.checks import example
from mlops_actions.data.rules.references import KEY, Key, Relationship
from mlops_actions.data.rules.sql import Dialect, Unfit
from mlops_actions.data.sources.intake import cell_types
from mlops_actions.data.sources.readers import Reader, Wanted
from mlops_actions.data.sources.relation import Column, Relation, Unreadable, aliases
from mlops_actions.data.types.families import FLOATING, NUMERIC, family
from mlops_actions.verdict import Check, Scalar, Severity, Status

EXAMPLES = 3
"""Keys that are named of those that refer to nothing."""


class _Unwritten(Exception):
    """A key is written in a way that cannot be read here, so it is not compared."""


def check(related: Sequence[Relationship], given: Container[str], reader: Reader) -> list[Check]:
    """A check of each relationship of the objects that data is given for."""
    return [_check(each, given, reader) for each in related if each.referring.of.name in given]


def _check(of: Relationship, given: Container[str], reader: Reader) -> Check:
    import duckdb  # pylint: disable=import-outside-toplevel

    referred = of.referred
    if of.unmeasured or referred is None:
        return _said(of, Status.NOT_CHECKED, f"not checked: {of.unmeasured}")
    if referred.of.name not in given:
        return _said(of, Status.NOT_CHECKED, f"not checked: no data was given for {referred.of.name!r}")
    try:
        return _compared(of, referred, reader)
    except _Unwritten as error:
        return _said(of, Status.NOT_CHECKED, f"not checked: {error}")
    except (Unfit, Unreadable) as error:
        return _said(of, Status.ERROR, f"not evaluated: {error}")
    except duckdb.Error as error:
        return _said(of, Status.ERROR, f"not evaluated: {duck.reason(error)}")


def _said(of: Relationship, status: Status, message: str, measured: Scalar = None, rows: int | None = None) -> Check:
    return Check(of.name, status, message, Severity.ERROR, of.where, measured, {KEY: of.to}, rows)


def _compared(of: Relationship, referred: Key, reader: Reader) -> Check:
    keys = (of.referring, referred)
    types = {key.of.name: cell_types(key.of) for key in keys}
    wanted = {key.of.name: Wanted(types[key.of.name][0], key.of.private) for key in keys}
    with reader.together(wanted) as (session, relations):
        for key in keys:
            _refuse_unwritten(key, relations[key.of.name], types[key.of.name][1])
        here, there = (relations[key.of.name] for key in keys)
        orphans = _Orphans.between(of.referring, here, referred, there)
        ((rows, count),) = session.fetch(orphans.counted)
        says = f"{count:,} of {rows:,} rows have a key that is not among {referred.shown}"
        if count and not any(key.is_private for key in keys):
            found = session.fetch(orphans.examples)
            says += f" (for example {', '.join(' and '.join(map(example, key)) for key in found)})"
    return _said(of, Status.FAIL if count else Status.PASS, says, count, rows)


def _refuse_unwritten(key: Key, relation: Relation, unwritten: Mapping[str, str]) -> None:
    """Raises _Unwritten where the text of a key has a format that cannot be read."""
    why = next((unwritten[column] for column in key.columns if column in unwritten), None)
    if why and relation.is_text:
        raise _Unwritten(why)


# In the engine's words


@dataclass(frozen=True, slots=True)
class _Orphans:
    """Keys that are not among those referred to: ``sql`` yields them as ``columns``, a row for each referring row."""

    rows: str
    sql: str
    columns: tuple[str, ...]

    @classmethod
    def between(cls, referring: Key, here: Relation, referred: Key, there: Relation) -> _Orphans:
        pairs = [
            _pair(Dialect(here), one, Dialect(there), other)
            for one, other in zip(referring.columns, referred.columns, strict=True)
        ]
        taken = [column.name for relation in (here, there) for column in relation.columns]
        taken += [raw.strip('"') for relation in (here, there) for raw in relation.raw.values()]
        shown, compared = _aliases("shown", len(pairs), taken), _aliases("key", len(pairs), taken)
        left = [f"CAST({pair[0].value} AS VARCHAR) AS {name}" for pair, name in zip(pairs, shown, strict=True)]
        left += [f"{pair[0].key} AS {name}" for pair, name in zip(pairs, compared, strict=True)]
        right = [f"{pair[1].key} AS {name}" for pair, name in zip(pairs, compared, strict=True)]
        whole = all_present(pair[0].value for pair in pairs)
        same = " AND ".join(f"referring.{name} = referred.{name}" for name in compared)
        sql = (
            f"(SELECT {', '.join(left)} FROM {here.sql} WHERE {whole}) AS referring "
            f"ANTI JOIN (SELECT {', '.join(right)} FROM {there.sql}) AS referred ON {same}"
        )
        return cls(here.sql, sql, tuple(shown))

    @property
    def counted(self) -> str:
        return f"SELECT (SELECT count(*) FROM {self.rows}), (SELECT count(*) FROM {self.sql})"

    @property
    def examples(self) -> str:
        return f"SELECT DISTINCT {', '.join(self.columns)} FROM {self.sql} ORDER BY ALL LIMIT {EXAMPLES}"


def _aliases(prefix: str, count: int, taken: Sequence[str]) -> list[str]:
    """Names that no column has: a name of a column would be taken for the column."""
    return [prefix + name for name in aliases([""] * count, [each.removeprefix(prefix) for each in taken])]


@dataclass(frozen=True, slots=True)
class _Part:
    """A column of a key: its value, and what of it is compared (NULL where the other side can hold no such value)."""

    value: str
    key: str


def _pair(here: Dialect, one: str, there: Dialect, other: str) -> tuple[_Part, _Part]:
    """How a column of a key is compared with the one it refers to. Raises Unfit."""
    left, right = here.column(one), there.column(other)
    kinds = {_kind(left), _kind(right)}
    texts = [_as_text(here, left), _as_text(there, right)]
    if None not in texts and ("string" in kinds or not (len(kinds) == 1 or kinds <= NUMERIC)):
        return _Part(texts[0] or "", texts[0] or ""), _Part(texts[1] or "", texts[1] or "")
    if kinds <= NUMERIC:
        exact = len({left.type in FLOATING, right.type in FLOATING}) == 2 and "integer" in kinds
        return _number(left, exact), _number(right, exact)
    comparable = left.type == right.type or kinds == {"timestamp"}
    if not comparable or kinds & {None, "object", "array", "map"}:
        raise Unfit(f"{one!r} is {left.type} and refers to {other!r}, which is {right.type}: they cannot be compared")
    return _Part(quote(one), quote(one)), _Part(quote(other), quote(other))


def _kind(column: Column) -> str | None:
    return family(column.type)


def _as_text(of: Dialect, column: Column) -> str | None:
    """A column's text, where it is text, or where nobody promised that the text is of another type."""
    if column.name in of.relation.guessed:
        return of.relation.raw[column.name]
    return f"CAST({quote(column.name)} AS VARCHAR)" if _kind(column) == "string" else None


def _number(column: Column, exact: bool) -> _Part:
    """A number; a whole one and a binary fraction meet as whole numbers, since a fraction would round large ones."""
    name = quote(column.name)
    if not exact:
        return _Part(name, name)
    if column.type not in FLOATING:
        return _Part(name, f"TRY_CAST({name} AS HUGEINT)")
    return _Part(name, f"CASE WHEN isfinite({name}) AND {name} = trunc({name}) THEN TRY_CAST({name} AS HUGEINT) END")
