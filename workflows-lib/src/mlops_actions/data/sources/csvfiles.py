"""CSV files: every cell is read as text and typed here, so that no row is lost to a cell.

The engine's reader skips what it cannot parse, at times without a word (a line
longer than its buffer, all that follows a stray quote), so records are counted
here, apart from it, while the file is digested.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mlops_actions.data.engines.duck import pattern_for
from mlops_actions.data.engines.quoting import listed, literal, quote
from mlops_actions.data.sources.relation import (
    Column,
    File,
    Header,
    Relation,
    Unreadable,
    aliases,
    differences,
    refuse_clash,
    refuse_pointer,
)
from mlops_actions.data.types import cells
from mlops_actions.data.types.cells import TextType

if TYPE_CHECKING:
    import duckdb

MAX_LINE = 2_000_000
"""Bytes in one record that the reader takes (DuckDB's own limit)."""

_CHUNK = 1024 * 1024
_DELIMITERS = ",;\t|"
_REJECTS = 100  # lines kept as evidence; they are counted elsewhere


# Reading


def open_files(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    keys: tuple[str, ...],
    types: Mapping[str, TextType],
    private: frozenset[str],
) -> Relation:
    """The rows of CSV files; ``keys`` are those of their partition folders. Raises Unreadable or duckdb.Error."""
    headers = {file.name: read_header(file) for file in files}
    names = [*dict.fromkeys(name for head in headers.values() for name in head.names), *keys]
    refuse_clash(names, files[0].name)
    raw = dict(zip(names, map(quote, aliases(names, names)), strict=True))
    alike = {head: [file for file in files if headers[file.name] == head] for head in headers.values()}
    rows = " UNION ALL ".join(_select(head, group, keys, raw) for head, group in alike.items())
    declared = cells.types(connection, f"({rows})", raw, types)
    typed = [f"{cells.value(raw[name], declared[name])} AS {quote(name)}" for name in names]
    return Relation(
        object=object_name,
        sql=f"(SELECT {', '.join([*typed, *raw.values()])} FROM ({rows}))",
        columns=tuple(Column(name, declared[name].type, name in private) for name in names),
        files=tuple(files),
        raw=raw,
        guessed=frozenset(names) - frozenset(types),
        headers=headers,
        differences=tuple(differences({name: dict.fromkeys(head.names, "") for name, head in headers.items()})),
    )


def _select(head: Header, files: Sequence[File], keys: tuple[str, ...], raw: Mapping[str, str]) -> str:
    """A SELECT over the files with this header. Columns are taken by place, so whatever they are called is harmless."""
    places = {name: f"c{index}" for index, name in enumerate(head.names)} | {key: quote(key) for key in keys}
    select = ", ".join(f"{places.get(name, 'CAST(NULL AS VARCHAR)')} AS {alias}" for name, alias in raw.items())
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(head.names)))
    return (
        f"SELECT {select} FROM read_csv({listed(pattern_for(file.path) for file in files)}, "
        f"columns = {{{columns}}}, auto_detect = false, header = true, "
        f"delim = {literal(head.delimiter)}, quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
        f"max_line_size = {MAX_LINE}, store_rejects = true, rejects_limit = {_REJECTS}, "
        f"hive_partitioning = {literal(bool(keys))}, hive_types_autocast = false)"
    )


def read_header(file: File) -> Header:
    try:
        head = header(file.path)
    except (ValueError, EOFError, zlib.error) as error:
        raise Unreadable(str(error), file.name) from error
    except OSError as error:  # gzip's own error has no strerror
        raise Unreadable(f"cannot be read: {error.strerror or error}", file.name) from error
    refuse_pointer(head.names[0].encode(), file.name)
    refuse_clash(head.names, file.name)
    return head


# The first line


def header(file: Path) -> Header:
    """The header of a CSV file. Raises ValueError with what is wrong with it, OSError, EOFError or zlib.error."""
    with _open(file) as stream:
        line = stream.readline(MAX_LINE + 1)
        while line.count(b'"') % 2 and len(line) <= MAX_LINE and (more := stream.readline(MAX_LINE)):
            line += more
    if not line:
        raise ValueError("is empty")
    if len(line) > MAX_LINE:
        raise ValueError(f"its first line is longer than {MAX_LINE:,} bytes")
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("its first line is not UTF-8") from None
    if "\r" in text and '"' not in text:
        raise ValueError("its lines end in a lone carriage return; write them with a line feed")
    if not text:
        raise ValueError("its first line is empty; the first line must name the columns")
    bare = re.sub(r'"[^"]*"', "", text)
    delimiter = max(_DELIMITERS, key=bare.count)  # the first of them where none stands there
    try:
        (names,) = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"its first line is not CSV: {error}") from None
    return Header(delimiter, tuple(names))


def _open(file: Path) -> BinaryIO:
    return gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")  # type: ignore[return-value]


# Digest and number of records


@dataclass(frozen=True, slots=True)
class Survey:
    """A file's SHA-256 (hex) and, for text, how many records follow its header (None where it cannot be told)."""

    sha256: str
    records: int | None = None


def survey(file: Path, columns: int | None = None) -> Survey:
    """Digest a file in one streaming pass and, where ``columns`` is given, count its records. Raises OSError."""
    digest = hashlib.sha256()
    counter = _Records(skip_blank=columns != 1) if columns else None
    inflate = zlib.decompressobj(31) if file.suffix == ".gz" else None
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if counter is None:
                continue
            try:
                while chunk:
                    if inflate is None:
                        counter.feed(chunk)
                        break
                    counter.feed(inflate.decompress(chunk, _CHUNK))
                    chunk = inflate.unconsumed_tail
                    if inflate.eof:  # another member may follow
                        chunk = inflate.unused_data.lstrip(b"\0")
                        inflate = zlib.decompressobj(31)
            except zlib.error:
                counter = None
    return Survey(digest.hexdigest(), counter.total() if counter else None)


class _Records:
    """Counts lines that end outside of quotes, taking every quote for the begin or the end of a quoted part.

    That is right for every file that keeps RFC 4180, and fast; :func:`recount`
    looks closer where the reader comes to another number.
    """

    def __init__(self, *, skip_blank: bool) -> None:
        self._skip_blank = skip_blank
        self._lines = 0
        self._inside = False
        self._blank = True  # the line so far

    def feed(self, chunk: bytes) -> None:
        if b'"' in chunk or self._inside:
            was_inside = self._inside
            parts = chunk.split(b'"')
            self._inside ^= len(parts) % 2 == 0
            outside = b'"'.join(parts[1::2] if was_inside else parts[::2])
            chunk = b'"' * was_inside + outside + b'"' * self._inside
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r", b"")
        if not chunk:
            return
        self._lines += chunk.count(b"\n")
        if self._skip_blank:
            self._lines -= self._blank and chunk.startswith(b"\n")
            if b"\n\n" in chunk:
                self._lines -= len(re.findall(rb"(?<=\n)\n", chunk))
        last = chunk.rpartition(b"\n")[2]
        self._blank = not last and (self._blank or b"\n" in chunk)

    def total(self) -> int | None:
        """Records without the header, or None where a quote is still open."""
        return None if self._inside else max(0, self._lines + (not self._blank) - 1)


def recount(file: Path, head: Header) -> tuple[int, str | None]:
    """The records of a CSV file, quote by quote, and where the count had to end: a line too long, a quote not closed.

    Slow; for a file whose fast count and whose reader disagree.
    """
    opening = re.compile(rb"(?:^|" + re.escape(head.delimiter.encode()) + rb')"')
    records, number, start, size, inside = -1, 0, 1, 0, False
    with _open(file) as stream:
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            start, size = (start, size + len(line)) if inside else (number, len(line))
            if size > MAX_LINE:
                what = "opens a quote that is not closed within" if inside else "is longer than"
                return records, f"line {start:,} {what} {MAX_LINE:,} bytes"
            inside = _is_open_after(line, inside, opening)
            if not inside and (start < number or line.strip(b"\r\n") or len(head.names) == 1):
                records += 1
    return records, f"line {start:,} opens a quote that is never closed" if inside else None


def _is_open_after(line: bytes, inside: bool, opening: re.Pattern[bytes]) -> bool:
    """Whether a quoted field is open at the end of ``line``, given whether one is at its begin."""
    position = 0
    while True:
        if inside:
            position = line.find(b'"', position) + 1
            if not position:
                return True
            if line[position : position + 1] == b'"':
                position += 1
                continue
            inside = False
        elif match := opening.search(line, position):
            inside, position = True, match.end()
        else:
            return False
