"""CSV files: every cell is read as text and typed here, so that no row is lost to a cell.

The engine's reader skips what it cannot parse, at times without a word (a line
longer than its buffer, all that follows a stray quote), so records are counted
here, apart from it, while the file is digested.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mlops_actions.data.engines.duck import pattern_for
from mlops_actions.data.engines.quoting import listed, literal, quote
from mlops_actions.data.sources.pointers import refuse_pointer
from mlops_actions.data.sources.positions import packed
from mlops_actions.data.sources.reading import FOUND, CsvDialect, Reading
from mlops_actions.data.sources.relation import (
    Column,
    File,
    Header,
    Located,
    Relation,
    Unreadable,
    aliases,
    chosen,
    differences,
    refuse_clash,
    refuse_width,
)
from mlops_actions.data.sources.survey import Counter, Endless, Record, damage, open_bytes, packing
from mlops_actions.data.types import cells
from mlops_actions.data.types.cells import TextType

if TYPE_CHECKING:
    import duckdb

NAME = "CSV"
SUFFIXES: tuple[str, ...] = (".csv", ".csv.gz", ".csv.zst")

MAX_LINE = 2_000_000
"""Bytes in one record that the reader takes (DuckDB's own limit)."""

_DELIMITERS = ",;\t|"


# Reading


def open_files(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    keys: tuple[str, ...],
    reading: Reading,
) -> Relation:
    """The rows of CSV files; ``keys`` are those of their partition folders. Raises Unreadable or duckdb.Error."""
    headers = {file.name: read_header(file, reading.csv) for file in files}
    names = [*dict.fromkeys(name for head in headers.values() for name in head.names), *keys]
    refuse_clash(names, files[0].name)
    raw = dict(zip(names, map(quote, aliases(names, names)), strict=True))
    alike = {head: [file for file in files if headers[file.name] == head] for head in headers.values()}
    (position,) = aliases([""], [*names, *(each.strip('"') for each in raw.values())], "position")

    def texts(some: Mapping[str, str]) -> str:
        return " UNION ALL ".join(
            _select(head, [file for file in group if packing(file) == how], keys, some)
            for head, group in alike.items()
            for how in dict.fromkeys(map(packing, group))
        )

    promised = {name: each for name, each in reading.types.items() if isinstance(each, TextType)}
    declared = cells.types(connection, f"({texts(raw)})", raw, promised)

    def rows(of: Collection[str]) -> str:
        some = {name: raw[name] for name in chosen(names, raw, of)}
        return f"(SELECT {_typed(some, declared)} FROM ({texts(some)}))"

    def placed(of: Collection[str]) -> str:
        some = {name: raw[name] for name in chosen(names, raw, of)}
        texts_placed = " UNION ALL ".join(
            f"SELECT *, {packed(str(number), 'row_number() OVER ()')} AS {position} "
            f"FROM ({_select(headers[file.name], [file], keys, some)})"
            for number, file in enumerate(files)
        )
        return f"(SELECT {_typed(some, declared)}, {position} FROM ({texts_placed}))"

    return Relation(
        object=object_name,
        sql=rows(names),
        columns=tuple(Column(name, declared[name].type, name in reading.private) for name in names),
        files=tuple(files),
        raw=raw,
        guessed=frozenset(names) - promised.keys(),
        differences=tuple(differences({name: dict.fromkeys(head.names, "") for name, head in headers.items()})),
        is_text=True,
        located=Located(placed(names), position, lambda file: records(file, reading), placed),
        narrowed=rows,
    )


def _typed(raw: Mapping[str, str], types: Mapping[str, TextType]) -> str:
    """What is selected of cells of text: the value of each, and the text."""
    return ", ".join([*(f"{cells.value(raw[name], types[name])} AS {quote(name)}" for name in raw), *raw.values()])


def _select(head: Header, files: Sequence[File], keys: tuple[str, ...], raw: Mapping[str, str]) -> str:
    """A SELECT over the files with this header. Columns are taken by place, so whatever they are called is harmless."""
    places = {name: f"c{index}" for index, name in enumerate(head.names)} | {key: quote(key) for key in keys}
    select = ", ".join(f"{places.get(name, 'CAST(NULL AS VARCHAR)')} AS {alias}" for name, alias in raw.items())
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(head.names)))
    return (
        f"SELECT {select} FROM read_csv({listed(pattern_for(file.path) for file in files)}, "
        f"columns = {{{columns}}}, auto_detect = false, header = true, compression = {literal(packing(files[0]))}, "
        f"delim = {literal(head.delimiter)}, quote = {literal(head.quote)}, escape = {literal(head.quote)}, "
        f"nullstr = '', allow_quoted_nulls = false, max_line_size = {MAX_LINE}, "
        # Not `ignore_errors`, with which DuckDB 2.0 loses the row after one that ends in a stray quote as well.
        f"store_rejects = true, rejects_limit = 1, "
        f"hive_partitioning = {literal(bool(keys))}, hive_types_autocast = false)"
    )


# The first line


def read_header(file: File, dialect: CsvDialect = FOUND) -> Header:
    """The header of a CSV file, and its dialect as far as ``dialect`` does not say it. Raises Unreadable."""
    try:
        head = header(file, dialect)
    except ValueError as error:
        raise Unreadable(str(error), file.name) from error
    except damage() as error:  # gzip's own errors have no strerror
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}", file.name) from error
    refuse_pointer(head.names[0].encode(), file.name)
    _refuse_nameless(head.names, file.name)
    refuse_clash(head.names, file.name)
    refuse_width(len(head.names), file.name)
    return head


def _refuse_nameless(names: Sequence[str], file: str) -> None:
    """Refuse a name that is empty, as that of row numbers is in a data frame that was saved with them."""
    if "" in names:
        place = names.index("") + 1
        index = (
            ". A data frame's row numbers? pandas leaves them out with `to_csv(…, index=False)`" if place == 1 else ""
        )
        reason = (
            f"line 1 has no name for column {place:,} of {len(names):,}: give it one, or leave the column out{index}"
        )
        raise Unreadable(reason, file)


def header(file: File, dialect: CsvDialect = FOUND) -> Header:
    """As :func:`read_header`. Raises ValueError with what is wrong, and what reading a damaged file raises."""
    with open_bytes(file) as stream:
        line = first = stream.readline(MAX_LINE + 1)
        marks = b'"' if dialect.quote is None else dialect.quote.encode()
        while marks and line.count(marks) % 2 and len(line) <= MAX_LINE and (more := stream.readline(MAX_LINE)):
            line += more
    if not line:
        raise ValueError("is empty")
    _refuse_encoding(first)
    if len(line) > MAX_LINE:
        raise ValueError(f"its first line is longer than {MAX_LINE:,} bytes")
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"its first line is not UTF-8: {_convert('LATIN1')}, where it is Latin-1") from None
    if "\r" in text and '"' not in text:
        raise ValueError("its lines end in a lone carriage return; write them with a line feed")
    if not text:
        raise ValueError("its first line is empty; the first line must name the columns")
    mark = _quote(text) if dialect.quote is None else dialect.quote
    bare = re.sub(f"{mark}[^{mark}]*{mark}", "", text) if mark else text
    # The first of them where none stands there.
    delimiter = dialect.delimiter or max(_DELIMITERS, key=bare.count)
    if not mark:
        return Header(delimiter, tuple(text.split(delimiter)), mark)
    try:
        (names,) = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=mark, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"its first line is not CSV: {error}") from None
    return Header(delimiter, tuple(names), mark)


def _quote(text: str) -> str:
    """The sign around names: an apostrophe where every name stands in a pair, since elsewhere that is a letter."""
    signs = "".join(map(re.escape, _DELIMITERS))
    return "'" if re.fullmatch(f"'[^']*'([{signs}]'[^']*')*", text) else '"'


def _refuse_encoding(first: bytes) -> None:
    """Refuse what is not in bytes of ASCII and more, before its zeros are taken for text."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in first[:1] + first[1:2]:
        raise ValueError(f"is UTF-16, and only UTF-8 is read: {_convert('UTF-16')}")


_RETURN = re.compile(rb"[^\"']*\r")
_LINE_ENDS = "type `sed 's/\\r//' OLD > NEW`"


def _convert(encoding: str) -> str:
    return f"type `iconv -f {encoding} -t UTF-8 OLD > NEW`"


# The number of records


def counter(file: File, reading: Reading) -> Counter:
    """What counts the records of a file beside its reader, fast. Raises Unreadable."""
    head = read_header(file, reading.csv)
    return _Records(head.quote.encode(), skip_blank=len(head.names) != 1)


class _Records:
    """Counts lines that end outside of quotes, taking every quote for the begin or the end of a quoted part.

    That is right for every file that keeps RFC 4180, and fast; :func:`records`
    looks closer where the reader comes to another number.
    """

    def __init__(self, mark: bytes, *, skip_blank: bool) -> None:
        self._mark = mark
        self._skip_blank = skip_blank
        self._lines = 0
        self._inside = False
        self._blank = True  # the line so far

    def feed(self, chunk: bytes) -> None:
        if self._mark and (self._mark in chunk or self._inside):
            was_inside = self._inside
            parts = chunk.split(self._mark)
            self._inside ^= len(parts) % 2 == 0
            outside = self._mark.join(parts[1::2] if was_inside else parts[::2])
            chunk = self._mark * was_inside + outside + self._mark * self._inside
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


def records(file: File, reading: Reading) -> Iterator[Record]:
    """The records of a CSV file below its header, quote by quote, each with why the reader refuses it, if it does.

    Slow, and streamed: for a file whose fast count and whose reader disagree.
    Raises Endless where a line is too long or a quote is never closed, since
    what comes after it cannot be told; Unreadable; and what reading a damaged
    file raises.
    """
    head = read_header(file, reading.csv)
    form = _Form(head)
    parts: list[bytes] = []
    number, start, size, inside, is_header = 0, 1, 0, False, True
    with open_bytes(file) as stream:
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            if not inside:
                start, parts, size = number, [], 0
            parts.append(line)
            size += len(line)
            if size > MAX_LINE:
                what = "opens a quote that is not closed within" if inside else "is longer than"
                raise Endless(f"line {start:,} {what} {MAX_LINE:,} bytes")
            inside = form.is_open_after(line, inside)
            if inside or (start == number and line == form.end and len(head.names) != 1):
                continue
            if is_header:
                form.end = line[len(line.rstrip(b"\r\n")) :] or form.end
            else:
                raw = b"".join(parts)
                yield Record(start, raw, form.refused(raw, start, number))
            is_header = False
    if inside:
        raise Endless(f"line {start:,} opens a quote that is never closed")


def heading(file: File, reading: Reading) -> bytes:
    """The bytes of the first line, which names the columns, line end and all. Raises as :func:`records` does."""
    form = _Form(read_header(file, reading.csv))
    raw, inside = b"", False
    with open_bytes(file) as stream:
        while line := stream.readline(MAX_LINE + 1):
            raw += line
            inside = form.is_open_after(line, inside)
            if not inside:
                break
    return raw


class _Form:
    """The form of a record: so many fields, each in quotes as a whole or not at all."""

    def __init__(self, head: Header) -> None:
        self._width = len(head.names)
        self._delimiter, self._mark = head.delimiter.encode(), head.quote.encode()
        sign, mark = re.escape(self._delimiter), re.escape(self._mark)
        self._opening = re.compile(rb"(?:^|" + sign + rb") *" + mark)
        bare = rb"(?:(?! *" + mark + rb")[^" + sign + rb"\r\n][^" + sign + rb"\r\n]*)?" if mark else b""
        quoted = mark + rb"(?:[^" + mark + rb"]|" + mark + mark + rb")*" + mark
        self.end = b"\n"  # what the first line ends in
        self._field = re.compile(rb" *" + quoted + rb" *(?=" + sign + rb"|[\r\n]|\Z)|" + bare, re.DOTALL)

    def is_open_after(self, line: bytes, inside: bool) -> bool:
        """Whether a quoted field is open at the end of ``line``, given whether one is at its begin."""
        mark, position = self._mark, 0
        while mark:
            if inside:
                position = line.find(mark, position) + 1
                if not position:
                    return True
                if line[position : position + 1] == mark:
                    position += 1
                    continue
                inside = False
            elif match := self._opening.search(line, position):
                inside, position = True, match.end()
            else:
                return False
        return False

    def refused(self, raw: bytes, first: int, last: int) -> str | None:
        """Why the reader refuses a record of the lines ``first`` to ``last``, None where it does not."""
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            return f"is not UTF-8 (byte 0x{raw[error.start]:02x}); {_convert('LATIN1')}, where it is Latin-1"
        line = raw.rstrip(b"\r\n")
        end = raw[len(line) :]
        if (end and end != self.end) or (first == last and _RETURN.match(line)):
            return f"ends in another way than the first line, or has a carriage return in it: {_LINE_ENDS}"
        width = 1 + line.count(self._delimiter)
        if self._mark and self._mark in line:
            fields = self._fields(line)
            if fields is None:
                lines = f" on line {last:,}" if last > first else ""
                return f"has a quoted field that goes on after its closing quote{lines}: is there a stray quote?"
            width = fields
        if width > self._width:  # the reader leaves out what is empty beyond the last column
            width = max(self._width, width - len(line) + len(line.rstrip(self._delimiter)))
        return None if width == self._width else f"has {width:,} fields, and the first line has {self._width:,}"

    def _fields(self, raw: bytes) -> int | None:
        count, position = 0, 0
        while True:
            match = self._field.match(raw, position)
            end = match.end() if match else position
            count += 1
            if end == len(raw):
                return count
            if raw[end : end + 1] != self._delimiter:
                return None
            position = end + 1
