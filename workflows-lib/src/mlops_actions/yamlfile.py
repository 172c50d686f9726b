"""The one loader for YAML (and so for JSON): plain data, with the place of every value.

YAML 1.2 core types: ``on``, ``no`` and dates stay strings. Duplicate keys,
merge keys, tags and aliases that recurse or explode are refused, because each
means something else to another reader of the same file. Errors are
:class:`~mlops_actions.errors.CallError` with file, line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from mlops_actions import links
from mlops_actions.errors import CallError, Problem

KeyPath: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_ALIASED = 100_000
"""How many values aliases may add to a file; real files add some dozens."""


class Position(NamedTuple):
    """A place in a file, both 1-based."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data and the place of each value and key in it.

    ``name`` is the file as the user called it. A path is a tuple of keys and
    indices from the root.
    """

    name: str
    data: Any
    values: Mapping[KeyPath, Position]
    keys: Mapping[KeyPath, Position]

    def where(self, *path: str | int) -> Position:
        """The place of the value at ``path``, or of the nearest ancestor that is there."""
        return _nearest(self.values, path)

    def where_key(self, *path: str | int) -> Position:
        """The place of the last key of ``path``, or of the nearest ancestor that is there."""
        return self.keys.get(path) or _nearest(self.values, path)

    def problem(self, message: str, *path: str | int, hint: str | None = None) -> Problem:
        """A problem with the value at ``path``."""
        position = self.where_key(*path)
        return Problem(message, self.name, position.line, position.column, hint)


def _nearest(places: Mapping[KeyPath, Position], path: KeyPath) -> Position:
    for end in range(len(path), -1, -1):
        if path[:end] in places:
            return places[path[:end]]
    return Position(1, 1)


def load(path: Path, name: str | None = None) -> Document:
    """Read the YAML file at ``path``; ``name`` is what messages call it.

    Raises CallError for a file that is absent, unreadable, larger than 16 MiB,
    not UTF-8, empty, or not YAML as described above, and for a link out of the
    working directory.
    """
    name = name or str(path)
    if links.escape(path):
        raise CallError(Problem(links.ESCAPES, name, hint="Name the file that it leads to."))
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise CallError(Problem("cannot be read: it is no file (a pipe or a device has no end)", name))
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CallError(Problem("no such file", name)) from None
    except OSError as error:
        raise CallError(Problem(f"cannot be read: {error.strerror}", name)) from error
    if len(raw) > MAX_BYTES:
        raise CallError(Problem(f"is larger than {MAX_BYTES // 1024 // 1024} MiB, too large for a YAML file", name))
    return loads(_decode(raw, name), name)


def _decode(raw: bytes, name: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CallError(Problem("is encoded in UTF-16", name, hint="Save it as UTF-8."))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise CallError(Problem(f"is not UTF-8: byte 0x{byte:02x}", name, line, hint="Save it as UTF-8.")) from None


def loads(text: str, name: str) -> Document:
    """The document in ``text``. Raises CallError as :func:`load` does."""
    try:
        return _Builder(text, name).document()
    except yaml.YAMLError as error:
        raise CallError(_syntax_problem(error, name, text)) from None


def _syntax_problem(error: yaml.YAMLError, name: str, text: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        return _unprintable(text, name) or Problem(f"is not YAML: {error.reason}", name)
    lines = text.splitlines()
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = f"is not YAML: {getattr(error, 'problem', None) or error}"
    if mark is None or not lines:
        return Problem(message, name)
    at = max(0, min(mark.line, len(lines) - 1))  # at the end of the file the mark stands on a line that is not there
    tab = "cannot start any token" in message and lines[at][mark.column : mark.column + 1] == "\t"
    hint = "Indent with spaces: YAML allows no tabs there." if tab else None
    return Problem(message, name, at + 1, mark.column + 1, hint)


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 lets stand in no file (chapter 5.1 of the specification)."""


def _unprintable(text: str, name: str) -> Problem | None:
    """Where the first such character stands; the parser tells a position in bytes or none."""
    found = _UNPRINTABLE.search(text)
    if found is None:
        return None
    before = text[: found.start()]
    message = f"holds a character that YAML does not allow: U+{ord(found[0]):04X}"
    return Problem(message, name, before.count("\n") + 1, found.start() - before.rfind("\n"))


_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)(\.inf|\.Inf|\.INF)")
_NAN = re.compile(r"\.nan|\.NaN|\.NAN")
_MAX_DIGITS = 4000  # Python itself refuses to parse more than 4300


def scalar(text: str) -> str | int | float | bool | None:
    """A plain (unquoted) scalar's value by YAML 1.2's core schema (chapter 10.3.2 of the specification)."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if infinite := _INFINITE.fullmatch(text):
        return float(infinite[1] + "inf")
    return float("nan") if _NAN.fullmatch(text) else text


_STRING = "tag:yaml.org,2002:str"


class _Builder:
    """Builds data and places from the parser's events, within the bounds above.

    From events, not from PyYAML's node tree: composing that tree recurses, in C
    without a bound, so a file of open brackets would end the process.
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._parser = getattr(yaml, "CBaseLoader", yaml.BaseLoader)(text)
        self._values: dict[KeyPath, Position] = {}
        self._keys: dict[KeyPath, Position] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._size = 0
        self._aliased = 0

    def document(self) -> Document:
        try:
            self._next()
            if isinstance(self._next(), yaml.StreamEndEvent):
                raise CallError(Problem("is empty", self._name, 1))
            data = self._build(self._next(), ())
            self._next()
            if not isinstance(after := self._next(), yaml.StreamEndEvent):
                raise self._error("holds a second document", after)
        finally:
            self._parser.dispose()
        if data is None:
            raise CallError(Problem("is empty", self._name, 1))
        return Document(self._name, data, self._values, self._keys)

    def _next(self) -> Any:
        return self._parser.get_event()

    def _build(self, event: Any, path: KeyPath) -> Any:
        self._values[path] = _place(event)
        if len(path) > MAX_DEPTH:
            raise self._error(f"is nested more than {MAX_DEPTH} levels deep", event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag not in {None, "!", _STRING}:
            raise self._error(f"the tag {event.tag!r} is not supported", event)
        if event.anchor:
            self._open.add(event.anchor)
        before = self._size
        self._size += 1
        data: Any
        if isinstance(event, yaml.MappingStartEvent):
            data = self._mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            data = self._sequence(path)
        else:
            data = event.value if event.style or event.tag else scalar(event.value)
        if event.anchor:
            self._open.discard(event.anchor)
            self._anchors[event.anchor] = (data, self._size - before)
        return data

    def _sequence(self, path: KeyPath) -> list[Any]:
        data: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            data.append(self._build(event, (*path, len(data))))
        return data

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._error("a key must be a plain word", event)
            key = event.value
            if key == "<<" and not event.style:
                raise self._error("`<<` (merge) is not part of YAML 1.2: write the keys out", event)
            if key in data:
                first = self._keys[(*path, key)]
                raise self._error(f"the key {key!r} stands twice (first on line {first.line})", event)
            self._keys[(*path, key)] = _place(event)
            data[key] = self._build(self._next(), (*path, key))
        return data

    def _alias(self, event: Any) -> Any:
        if event.anchor in self._open:
            raise self._error("an alias refers to a value that contains it", event)
        if event.anchor not in self._anchors:
            raise self._error(f"the alias *{event.anchor} refers to no anchor before it", event)
        data, size = self._anchors[event.anchor]
        self._aliased += size
        self._size += size
        if self._aliased > MAX_ALIASED:
            raise self._error(f"aliases add more than {MAX_ALIASED:,} values", event)
        return data

    def _error(self, message: str, event: Any) -> CallError:
        place = _place(event)
        return CallError(Problem(message, self._name, place.line, place.column))


def _place(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def walk(data: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value in ``data`` with its path, the root first."""
    yield path, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from walk(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from walk(value, (*path, index))
