"""Cells of JSON: when a value is of a type, at any depth, and what type a key that nobody declared is of.

The engine's own casts are too kind to judge data with (the text ``"5"`` becomes the number 5, what does not fit inside
of an object becomes null), so a cell is its JSON text here. What that text begins with tells its kind, and a cell is of
a nested type when everything inside of it is of its own.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.running import fetch
from mlops_actions.data.types import cells
from mlops_actions.data.types.cells import SAMPLE, TextType

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these fields. Where it is ``closed``, it has no others."""

    types: Mapping[str, CellType]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """An array of items of one type."""

    type: CellType


CellType: TypeAlias = TextType | Fields | Items

ANYTHING = TextType("JSON")
"""Any value, kept as its JSON text."""

BLOB = "$blob"
"""The one key of the object that stands for bytes (in hexadecimal digits) in what is spooled from a database file."""

_TEXT = TextType("VARCHAR")
_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIME"})
_GUESSES = tuple(map(TextType, ("BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIME", "BLOB", "VARCHAR")))


def engine_type(of: CellType) -> str:
    """The type in the engine's words: ``STRUCT("zip" BIGINT)[]``."""
    match of:
        case Fields(fields):
            return f"STRUCT({', '.join(f'{quote(name)} {engine_type(each)}' for name, each in fields.items())})"
        case Items(each):
            return f"{engine_type(each)}[]"
        case _:
            return "VARCHAR" if of == ANYTHING else of.type


def value(cell: str, of: CellType, *, loose: bool = False, depth: int = 0) -> str:
    """The SQL expression for the value of the JSON text ``cell`` (NULL for a null), NULL where it is not of the type.

    Where ``loose``, 0 and 1 are booleans as well: databases without a type for those write them so.
    """
    match of:
        case Fields(fields):
            parts = (
                f"{quote(name)} := {value(_field(cell, name), each, loose=loose)}" for name, each in fields.items()
            )
            made = f"struct_pack({', '.join(parts)})"
        case Items(each):
            item = f"item{depth}"
            inner = value(item, each, loose=loose, depth=depth + 1)
            made = f"list_transform({_items(cell)}, lambda {item}: {inner})"
        case _:
            return _scalar(cell, of, loose)
    return f"CASE WHEN {cell} IS NULL THEN NULL WHEN {_holds(cell, of, loose, depth)} THEN {made} END"


def _scalar(cell: str, of: TextType, loose: bool) -> str:
    if of == ANYTHING:
        return cell
    if of == _TEXT:
        return f"CASE WHEN {_begins(cell, _QUOTE)} THEN {_unquoted(cell)} END"
    if of.type == "BLOB":
        return f"CASE WHEN {_begins(cell, _BYTES)} THEN unhex(json_extract_string({cell}, '/{BLOB}')) END"
    if of.format is not None or of.type in _MOMENTS:
        return f"CASE WHEN {_begins(cell, _QUOTE)} THEN {cells.value(_unquoted(cell), of)} END"
    if of.type == "BOOLEAN":
        words = ["true", "false", *(["1", "0"] if loose else [])]
        return f"CASE WHEN {cell} IN ({', '.join(map(literal, words))}) THEN CAST({cell} AS BOOLEAN) END"
    return cells.value(cell, of)


def _holds(cell: str, of: CellType, loose: bool, depth: int) -> str:
    """The condition that a cell is of a type, which a null is."""
    match of:
        case Fields(fields, closed):
            keys = f"json_keys({cell})"
            parts = [_begins(cell, "{"), f"len({keys}) = len(list_distinct({keys}))"]
            if closed:
                parts.append(f"len(list_filter({keys}, lambda key: key NOT IN ({_names(fields)}))) = 0")
            parts += [_holds(_field(cell, name), each, loose, depth) for name, each in fields.items()]
        case Items(each):
            item = f"item{depth}"
            wrong = f"lambda {item}: NOT {_holds(item, each, loose, depth + 1)}"
            parts = [_begins(cell, "["), f"len(list_filter({_items(cell)}, {wrong})) = 0"]
        case _:
            parts = [f"{_scalar(cell, of, loose)} IS NOT NULL"]
    # A CASE, since a condition on what is inside of a value must not be asked of one that is of another kind.
    condition = "TRUE"
    for part in reversed(parts):
        condition = f"CASE WHEN {part} THEN {condition} ELSE FALSE END"
    return f"CASE WHEN {cell} IS NULL THEN TRUE ELSE {condition} END"


def _names(fields: Mapping[str, CellType]) -> str:
    return ", ".join(map(literal, fields)) or "NULL"


def shown(cell: str, of: CellType, *, loose: bool = False) -> str:
    """The SQL expression for a cell as it is compared and shown: a text without its quotes.

    A text that would be of the column's type without them keeps them, so that one sees what is wrong with ``"5"``.
    """
    bare = f"CASE WHEN {_begins(cell, _QUOTE)} THEN {_unquoted(cell)} ELSE {cell} END"
    if not isinstance(of, TextType) or of in (_TEXT, ANYTHING) or of.format is not None or of.type in _MOMENTS:
        return bare
    alike = f"{_scalar(_unquoted(cell), of, loose)} IS NOT NULL"
    if of.type == "BLOB":
        return bare
    return f"CASE WHEN {_begins(cell, _QUOTE)} AND NOT ({alike}) THEN {_unquoted(cell)} ELSE {cell} END"


_QUOTE = '"'
_BYTES = f'{{"{BLOB}"'


def _begins(cell: str, with_: str) -> str:
    return f"starts_with({cell}, {literal(with_)})"


def _unquoted(cell: str) -> str:
    return f"json_extract_string({cell}, '$')"


def _field(cell: str, name: str) -> str:
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")  # RFC 6901
    return f"nullif(CAST(json_extract({cell}, {literal(pointer)}) AS VARCHAR), 'null')"


def _items(cell: str) -> str:
    return f"list_transform(CAST(CAST({cell} AS JSON) AS JSON[]), lambda one: nullif(CAST(one AS VARCHAR), 'null'))"


# What nobody declared


def types(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    columns: Mapping[str, str],
    declared: Mapping[str, CellType],
    *,
    loose: bool = False,
) -> dict[str, CellType]:
    """The type of each column, given the name of its cells in ``rows``: as declared, else what a sample shows.

    That is the first type that all of the sample's values are of, else the one that most are of.
    """
    found = {name: declared[name] for name in columns if name in declared}
    unknown = [name for name in columns if name not in declared]
    for start in range(0, len(unknown), 100):
        found |= _guessed(connection, rows, {name: columns[name] for name in unknown[start : start + 100]}, loose)
    return {name: found[name] for name in columns}


def _guessed(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Mapping[str, str], loose: bool
) -> Iterator[tuple[str, CellType]]:
    asked = []
    for cell in columns.values():
        asked += [f"count({cell})", *(f"count({_scalar(cell, each, loose)})" for each in _GUESSES)]
        asked += [f"count_if({_begins(cell, sign)})" for sign in "{["]
        nested = f"CASE WHEN left({cell}, 1) IN ('{{', '[') THEN CAST({cell} AS JSON) END"
        asked.append(f"CAST(json_group_structure({nested}) AS VARCHAR)")
    (answer,) = fetch(connection, f"SELECT {', '.join(asked)} FROM (SELECT * FROM {rows} LIMIT {SAMPLE})")
    width = len(asked) // len(columns)
    for index, name in enumerate(columns):
        total, *counts, structure = answer[index * width : (index + 1) * width]
        yield name, _likely(total, counts, structure)


def _likely(total: int, counts: Sequence[int], structure: str | None) -> CellType:
    if not total:
        return _TEXT
    best = counts.index(max(counts))
    if best < len(_GUESSES):
        return _GUESSES[best]
    found = json.loads(structure or "null")
    return _from_structure(found) if str(structure).count('":') <= _WIDEST else ANYTHING


_WIDEST = 500
"""Fields of a nested value that become fields of a type; one with more is a map, and kept as its text."""


def _from_structure(structure: Any) -> CellType:
    """A type from the engine's description of a sample: ``{"zip":"UBIGINT","lines":["VARCHAR"]}``."""
    match structure:
        case dict():
            return Fields({name: _from_structure(each) for name, each in structure.items()}, closed=True)
        case [item]:
            return Items(_from_structure(item))
        case "UBIGINT" | "BIGINT":
            return TextType("BIGINT")
        case "DOUBLE" | "BOOLEAN" | "VARCHAR":
            return TextType(structure)
        case _:  # of several kinds, or null in all of the sample
            return ANYTHING
