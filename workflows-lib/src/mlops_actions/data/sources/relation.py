"""The nouns of reading: a file, a column, and the relation that an object's rows are."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mlops_actions.data.engines.quoting import quote
from mlops_actions.visible import clip

if TYPE_CHECKING:
    from mlops_actions.data.sources.survey import Record


@dataclass(frozen=True, slots=True)
class Header:
    """The dialect of a CSV file and its column names. A ``quote`` of ``""`` means that none has a meaning."""

    delimiter: str
    names: tuple[str, ...]
    quote: str = '"'


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation: its name in the data and its DuckDB type (``BIGINT``, ``DECIMAL(18,3)``).

    ``private`` columns may be counted; their values are never shown nor stored. ``stated`` is what the source itself
    calls the type, where the copy that is read does not tell (``character varying(20)``).
    """

    name: str
    type: str
    private: bool = False
    stated: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A data file: its name as the user would write it, and where the engine reads it (absolute, no symbolic link).

    Where that is a copy in a form that the engine reads, ``origin`` is the file itself. ``table`` is the one that was
    named in a database file. Of a file ``of_table``, the table's log says what its columns are, and folders of its path
    say nothing.
    """

    name: str
    path: Path
    table: str | None = None
    origin: Path | None = None
    of_table: bool = False

    @property
    def own(self) -> Path:
        """Where the file itself is."""
        return self.origin or self.path


Narrowed: TypeAlias = Callable[[Collection[str]], str]
"""Gives the fragment that yields columns of these names (not quoted) alone, texts and positions included."""


@dataclass(frozen=True, slots=True)
class Located:
    """An object's rows with the place of each, read ``FROM`` the fragment ``sql``: slower than the rows alone.

    Beside the relation's columns it yields ``position`` (quoted), as
    :mod:`.positions` packs it: rows are numbered file by file. Where ``records``
    is given, they are the records of a text file that parse. ``narrowed`` is as
    that of the relation.
    """

    sql: str
    position: str
    records: Callable[[File], Iterator[Record]] | None = None
    narrowed: Narrowed | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """An object's rows, to be read ``FROM`` the fragment ``sql``, which yields ``columns``.

    For text, ``raw`` maps a column to the SQL identifier of its cells as they
    stand in the file, ``guessed`` names the columns whose type nobody
    declared. ``differences`` says, file by file, where the files are not of
    one schema. ``located`` is None where nothing tells the place of a row.
    ``narrowed`` is None where the engine is not asked to leave columns out.
    """

    object: str
    sql: str
    columns: tuple[Column, ...]
    files: tuple[File, ...]
    raw: Mapping[str, str] = field(default_factory=dict)
    guessed: frozenset[str] = frozenset()
    differences: tuple[str, ...] = ()
    is_text: bool = False
    located: Located | None = None
    narrowed: Narrowed | None = None

    def only(self, expressions: Iterable[str]) -> str:
        """What to read from where nothing is asked but ``expressions``.

        Columns that none of them names are left out: the engine looks at each before it does so by itself, and many
        queries of a wide object would take their time for that.
        """
        if self.narrowed is None:
            return self.sql
        return self.narrowed({name for each in expressions for name in _names(each)})

    def at_places(self) -> Relation:
        """The relation with the place of each row, where there is one."""
        if self.located is None:
            return self
        return replace(self, sql=self.located.sql, narrowed=self.located.narrowed)

    def unparsed(self, column: str) -> str | None:
        """The SQL condition for rows whose text is not of the column's type (the column is NULL there)."""
        return f"({self.raw[column]} IS NOT NULL AND {quote(column)} IS NULL)" if column in self.raw else None


_NAME = re.compile(r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|([^\W\d]\w*)""")


def _names(sql: str) -> Iterator[str]:
    """All that may be the name of a column in an expression, quoted or not."""
    for match in _NAME.finditer(sql):
        if match[1] is not None:
            yield match[1].replace('""', '"')
        elif match[2] is not None:
            yield match[2]


def chosen(columns: Iterable[str], raw: Mapping[str, str], names: Collection[str]) -> list[str]:
    """Those of ``columns`` that ``names`` has, or has the text of; the first where there is none, to count rows by."""
    columns = list(columns)
    return [each for each in columns if each in names or raw.get(each, "").strip('"') in names] or columns[:1]


class Unreadable(Exception):
    """Data that is there and cannot be read: which file, and why."""

    def __init__(self, message: str, file: str | None = None) -> None:
        self.file = file
        super().__init__(f"{file}: {message}" if file else message)


def refuse_clash(names: Sequence[str], file: str) -> None:
    """Refuse a column without a name, and names that the engine cannot tell apart: it knows no case."""
    seen: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        if not name:
            raise Unreadable(f"its column {number:,} of {len(names):,} has no name: give it one, or leave it out", file)
        if "\0" in name:
            raise Unreadable(f"its column {clip(name, 80)!r} has a NUL in its name", file)
        other = seen.get(name.casefold())
        if other == name:
            raise Unreadable(f"it has the column {name!r} twice", file)
        if other is not None:
            raise Unreadable(
                f"its columns {other!r} and {name!r} differ in case alone, which no engine here keeps", file
            )
        seen[name.casefold()] = name


def aliases(names: Sequence[str], taken: Sequence[str], prefix: str = "text") -> list[str]:
    """A name for each column's text (or what ``prefix`` says) that no column has."""
    while any(name.casefold().startswith(prefix) for name in taken):
        prefix += "_"
    return [f"{prefix}{index}" for index in range(len(names))]


MAX_COLUMNS = 5_000
"""Columns that an object may have: each is asked about by itself, and the engine's plan grows with them."""


def refuse_width(columns: int, file: str) -> None:
    if columns > MAX_COLUMNS:
        raise Unreadable(f"it has {columns:,} columns, and at most {MAX_COLUMNS:,} are taken", file)


def named(message: str, files: Sequence[File]) -> str:
    """An engine's message with the files as the user called them."""
    for file in files:
        message = message.replace(str(file.path), file.name)
    return message


def shown_names(names: Sequence[str]) -> str:
    """Names for a message."""
    return ", ".join(repr(name) for name in names) or "none"


_WIDTHS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}


def differences(schemas: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Where a file's columns or types are not those of the first file. Widths of integers unite without loss."""
    (first, reference), *others = schemas.items()
    for name, schema in others:
        if missing := [column for column in reference if column not in schema]:
            yield f"{name} lacks {shown_names(missing)}, which {first} has"
        if added := [column for column in schema if column not in reference]:
            yield f"{name} has {shown_names(added)}, which {first} lacks"
        for column in reference.keys() & schema.keys():
            one, other = reference[column], schema[column]
            if one != other and not {one, other} <= _WIDTHS:
                yield f"{column!r} is {other} in {name} and {one} in {first}"
