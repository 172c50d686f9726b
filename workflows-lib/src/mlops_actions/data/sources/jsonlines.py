"""JSON lines: one object a line, each value held against its type as it stands there.

The reader gives each line as a text of JSON, or nothing where it is none; what
it holds is typed here. The keys of all lines are gathered first, so that none
goes unseen. Lines are counted apart from the reader, while the file is digested.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from mlops_actions.data.engines.duck import connect, pattern_for, reason
from mlops_actions.data.engines.quoting import listed, literal, quote
from mlops_actions.data.engines.running import fetch
from mlops_actions.data.sources.pointers import refuse_pointer
from mlops_actions.data.sources.positions import packed
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import (
    Column,
    File,
    Located,
    Relation,
    Unreadable,
    aliases,
    refuse_clash,
    refuse_width,
)
from mlops_actions.data.sources.survey import Counter, Endless, Record, damage, open_bytes, packing
from mlops_actions.data.types import cells, jsoncells
from mlops_actions.data.types.cells import SAMPLE, TextType

if TYPE_CHECKING:
    import duckdb

NAME = "JSON lines"
SUFFIXES: tuple[str, ...] = tuple(f"{name}{packed}" for name in (".jsonl", ".ndjson") for packed in ("", ".gz", ".zst"))

MAX_LINE = 16_000_000
"""Bytes in one line that are taken."""

_WHITE = b" \t\r\n"  # RFC 8259, section 2

_BATCH = 10_000  # lines, or as many as make _BATCH_BYTES, that are looked at in one query
_BATCH_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of all records, and whether a record has one twice."""

    names: tuple[str, ...]
    repeated: bool


# Reading


def open_files(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    keys: tuple[str, ...],
    reading: Reading,
) -> Relation:
    """The rows of files of JSON lines; ``keys`` are those of their partition folders.

    A key that a line lacks is a null there. Raises Unreadable or duckdb.Error.
    """
    for file in files:
        _check(file)
    lines = " UNION ALL BY NAME ".join(
        _lines([file for file in files if packing(file) == packed], keys)
        for packed in dict.fromkeys(map(packing, files))
    )
    found = _keys(connection, lines, files)
    if not found.names:
        raise _keyless(files, reading)
    (position,) = aliases([""], [*found.names, *keys], "position")
    placed = " UNION ALL BY NAME ".join(
        f"SELECT *, {packed(str(number), 'row_number() OVER ()')} AS {position} "
        f"FROM ({_records(_lines([file], keys), found)})"
        for number, file in enumerate(files)
    )
    known = Located(placed, position, lambda file: records(file, reading))
    objects = Objects(object_name, tuple(files), found.names, keys, _records(lines, found), known)
    return relation(connection, objects, reading)


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects of JSON that are the rows of ``files``: a query for them as the column ``json``, and their columns.

    That are ``names``, their keys, and ``keys``, the query's columns of
    partition folders. ``placed`` is a query for the same with their positions.
    Where the objects are ``loose``, 0 and 1 are booleans, too.
    """

    object: str
    files: tuple[File, ...]
    names: tuple[str, ...]
    keys: tuple[str, ...]
    sql: str
    placed: Located | None = None
    loose: bool = False

    @property
    def cells(self) -> dict[str, str]:
        """What the JSON text of each key is called in ``rows``."""
        return {name: f"cell{index}" for index, name in enumerate(self.names)}

    @property
    def folders(self) -> dict[str, str]:
        """What the text of each partition folder is called in ``rows``."""
        return {key: f"folder{index}" for index, key in enumerate(self.keys)}

    @property
    def rows(self) -> str:
        """The relation of the JSON texts, NULL for what is null or not there."""
        return self._texts(self.sql)

    def located(self, select: Sequence[str]) -> Located | None:
        """What is selected of ``rows``, with the position of each."""
        if self.placed is None:
            return None
        position = self.placed.position
        texts = self._texts(self.placed.sql, position)
        return replace(self.placed, sql=f"(SELECT {', '.join([*select, position])} FROM {texts})")

    def _texts(self, sql: str, *more: str) -> str:
        parts = [
            f"nullif(CAST(struct_extract(record, {literal(name)}) AS VARCHAR), 'null') AS {cell}"
            for name, cell in self.cells.items()
        ]
        parts += [f"{quote(key)} AS {folder}" for key, folder in self.folders.items()]
        record = f"from_json(json, {literal(json.dumps(dict.fromkeys(self.names, 'JSON')))}) AS record"
        select = ", ".join([record, *map(quote, self.keys), *more])
        return f"(SELECT {', '.join([*parts, *more])} FROM (SELECT {select} FROM ({sql})))"


def relation(connection: duckdb.DuckDBPyConnection, of: Objects, reading: Reading) -> Relation:
    """The rows that objects make, each value held against its type. Raises Unreadable or duckdb.Error."""
    columns = [*of.names, *of.keys]
    refuse_clash(columns, of.files[0].name)
    refuse_width(len(columns), of.files[0].name)
    raw = dict(zip(columns, map(quote, aliases(columns, columns)), strict=True))
    types = jsoncells.types(connection, of.rows, of.cells, reading.types, loose=of.loose)
    plain = {name: each for name, each in reading.types.items() if isinstance(each, TextType)}
    folders = cells.types(connection, of.rows, of.folders, plain)
    select = []
    for name, cell in of.cells.items():
        select.append(f"{jsoncells.value(cell, types[name], loose=of.loose)} AS {quote(name)}")
        select.append(f"{jsoncells.shown(cell, types[name], loose=of.loose)} AS {raw[name]}")
    for key, folder in of.folders.items():
        select += [f"{cells.value(folder, folders[key])} AS {quote(key)}", f"{folder} AS {raw[key]}"]
    kinds = {name: jsoncells.engine_type(each) for name, each in (types | folders).items()}
    return Relation(
        object=of.object,
        sql=f"(SELECT {', '.join(select)} FROM {of.rows})",
        columns=tuple(Column(name, kinds[name], name in reading.private) for name in columns),
        files=of.files,
        raw=raw,
        guessed=frozenset(columns) - reading.types.keys(),
        is_text=True,
        located=of.located(select),
    )


def _keyless(files: Sequence[File], reading: Reading) -> Unreadable:
    """What to say of files without any key: where the first line is that is no record, if there is one."""
    for file in files:
        for record in records(file, reading):
            if record.refused is not None:
                return Unreadable(f"no line of it is a record: line {record.line:,} {record.refused}", file.name)
    return Unreadable("there is no key in any record, so there are no columns", files[0].name)


def _lines(files: Sequence[File], keys: Sequence[str]) -> str:
    """A query for all lines that are not blank: their JSON, or NULL where they are none."""
    return (
        f"SELECT json{''.join(f', {quote(key)}' for key in keys)} "
        f"FROM read_ndjson_objects({listed(pattern_for(file.path) for file in files)}, ignore_errors = true, "
        f"compression = {literal(packing(files[0]))}, maximum_object_size = {MAX_LINE}, "
        f"hive_partitioning = {literal(bool(keys))}, hive_types_autocast = false)"
    )


_IS_OBJECT = "starts_with(CAST(json AS VARCHAR), '{')"
_IS_CLEAR = "len(json_keys(json)) = len(list_distinct(json_keys(json)))"


def _records(lines: str, found: _Keys) -> str:
    """The lines that are records: objects, without a key that stands twice (of which one value would be lost)."""
    clear = f" AND CASE WHEN {_IS_OBJECT} THEN {_IS_CLEAR} ELSE FALSE END" if found.repeated else ""
    return f"SELECT * FROM ({lines}) WHERE {_IS_OBJECT}{clear}"


def _keys(connection: duckdb.DuckDBPyConnection, lines: str, files: Sequence[File]) -> _Keys:
    """The keys of all records: those of the first ones in their order, then the others by name."""
    names = f"SELECT json_keys(json) AS names FROM (SELECT * FROM ({lines}) WHERE {_IS_OBJECT}"
    ((repeated, every),) = fetch(
        connection,
        "SELECT coalesce(bool_or(len(names) > len(list_distinct(names))), FALSE), "
        f"list_distinct(flatten(list(DISTINCT names))) FROM ({names}))",
    )
    first = fetch(connection, f"SELECT DISTINCT names FROM ({names} LIMIT {SAMPLE}))")
    known = dict.fromkeys(name for (each,) in sorted(first, key=lambda row: (-len(row[0]), row[0])) for name in each)
    if "" in (every or ()):
        raise Unreadable("a record has a key without a name, which no column can have", _named(files))
    return _Keys((*known, *sorted(set(every or ()) - known.keys())), bool(repeated))


def _named(files: Sequence[File]) -> str | None:
    return files[0].name if len(files) == 1 else None


def _check(file: File) -> None:
    """What is no file of JSON lines is named here, in words better than a count of lines that do not parse."""
    try:
        with open_bytes(file) as stream:
            head = stream.read(256)
    except damage() as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}", file.name) from error
    if not head:
        raise Unreadable("is empty", file.name)
    refuse_pointer(head, file.name)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("is UTF-16, and only UTF-8 is read: type `iconv -f UTF-16 -t UTF-8 OLD > NEW`", file.name)
    if re.match(rb"\s*\[\s*(\{|\Z)", head):
        raise Unreadable(
            "is one array, and JSON lines have an object on each line: type `jq -c .[] OLD > NEW`", file.name
        )


# The number of records


def counter(_file: File, _reading: Reading) -> Counter:
    """What counts the lines that are not blank, beside their reader."""
    return _Lines()


class _Lines:
    """Counts lines with anything but white space in them."""

    _BLANK = re.compile(rb"(?m)^[ \t\r]*$")

    def __init__(self) -> None:
        self._lines = 0
        self._filled = False  # the line so far

    def feed(self, chunk: bytes) -> None:
        whole, end, rest = chunk.rpartition(b"\n")
        if not end:
            self._filled |= bool(rest.strip(_WHITE))
            return
        self._lines += whole.count(b"\n") + 1 - sum(1 for _ in self._BLANK.finditer(whole))
        self._lines += self._filled and not whole.partition(b"\n")[0].strip(_WHITE)
        self._filled = bool(rest.strip(_WHITE))

    def total(self) -> int | None:
        return self._lines + self._filled


def records(file: File, _reading: Reading) -> Iterator[Record]:
    """The lines of a file that are not blank, each with why it is no record, if so.

    Streamed, and judged by the engine as in the scan. Raises Endless where a
    line is too long, and what reading a damaged file raises.
    """
    with connect() as connection, open_bytes(file) as stream:
        lines = _numbered(stream)
        while batch := list(_batch(lines)):
            yield from _judged(connection, batch)


def _numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise Endless(f"line {number:,} is longer than {MAX_LINE:,} bytes")
        if line.strip(_WHITE):
            yield number, line


def _batch(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    size = 0
    for number, line in islice(lines, _BATCH):
        yield number, line
        size += len(line)
        if size > _BATCH_BYTES:
            return


def _judged(connection: duckdb.DuckDBPyConnection, batch: Sequence[tuple[int, bytes]]) -> Iterator[Record]:
    texts = [_text(line.strip(_WHITE)) for _, line in batch]
    query = (
        f"SELECT json_valid(json) AND {_IS_OBJECT}, "
        f"CASE WHEN json_valid(json) THEN {_IS_CLEAR} END FROM (SELECT unnest($1::VARCHAR[]) AS json)"
    )
    for (number, line), text, (is_object, is_clear) in zip(
        batch, texts, connection.execute(query, [texts]).fetchall(), strict=True
    ):
        refused = None
        if text is None:
            refused = "is not UTF-8"
        elif not is_object:
            refused = _why(connection, text)
        elif not is_clear:
            refused = "has a key twice"
        yield Record(number, line, refused)


def _text(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _why(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    import duckdb  # pylint: disable=import-outside-toplevel

    if text.startswith("\ufeff"):
        return "begins with a byte order mark, which is no part of JSON"
    try:
        ((kind,),) = connection.execute("SELECT json_type($1)", [text]).fetchall()
    except duckdb.Error as error:
        found = re.search(r"Malformed JSON at byte (\d+) of input: (.*?)\.? *(Input:|$)", reason(error))
        return f"is not JSON ({found[2]}, at byte {int(found[1]):,})" if found else "is not JSON"
    return "is an array, not an object" if kind == "ARRAY" else "is a single value, not an object"
