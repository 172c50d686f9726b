"""Cells of text: when one is of a type, and what type a column that nobody declared is of.

The engine's own casts are too kind to judge data with (``1.5`` becomes the
integer 2, ``1_000`` a thousand, ``infinity`` a date), so a cell must first
have the form of its type, and then a value in it.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.engines.running import fetch

if TYPE_CHECKING:
    import duckdb

SAMPLE = 20_000
"""Rows that the type of an undeclared column is guessed from."""

FORMS = {
    "BIGINT": r"[+-]?[0-9]+",
    "DOUBLE": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:[+-]?(nan|inf|infinity))",
    "BOOLEAN": r"(?i:true|false|t|f|1|0)",
    "DATE": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "TIMESTAMP": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?",
    "TIME": r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?",
}
"""The form (RE2, whole cell) of a value of each type; integers of other widths have BIGINT's."""

GUESSES = ("BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIME")
"""Types to try, in order, for a column that nobody declared; else it is text."""

_GUESSES = {  # narrower: 007 is a code, and 1 a number rather than true
    **FORMS,
    "BIGINT": r"[+-]?(0|[1-9][0-9]*)",
    "DOUBLE": r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:[+-]?(nan|inf|infinity))",
    "BOOLEAN": r"(?i:true|false)",
}


@dataclass(frozen=True, slots=True)
class TextType:
    """A type for a column of text: the engine's name, and how it is written (strptime) where not as in FORMS.

    A timestamp without an offset was read off the clock of ``zone`` (None for UTC).
    """

    type: str
    format: str | None = None
    zone: str | None = None


OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
"""The end of a cell that carries a time zone, where the cell is known to be a timestamp."""


def value(raw: str, of: TextType) -> str:
    """The SQL expression for the value of the text expression ``raw``, NULL where it is not of the type."""
    if of.type == "VARCHAR":
        return raw
    if of.format is not None:
        cast = f"CAST(try_strptime({raw}, {literal(of.format)}) AS {of.type})"
        return cast if of.zone is None or "%z" in of.format.replace("%%", "") else _from_clock(cast, of.zone)
    cast = _cast(raw, of.type, _form(of.type))
    if of.zone is None:
        return cast
    return f"CASE WHEN regexp_matches({raw}, {literal(OFFSET)}) THEN {cast} ELSE {_from_clock(cast, of.zone)} END"


def _from_clock(timestamp: str, zone: str) -> str:
    """The moment, in UTC, at which a clock of ``zone`` shows a timestamp; the later one where it shows it twice."""
    return f"CAST(timezone({literal(zone)}, {timestamp}) AS TIMESTAMP)"


def guess(raw: str, name: str) -> str:
    """The SQL expression for the value of ``raw`` as ``name``, where a column could be guessed to be of that type."""
    return _cast(raw, name, _GUESSES[name])


def _cast(raw: str, name: str, form: str) -> str:
    cast = f"TRY_CAST({raw} AS {name})"
    if name == "TIMESTAMP":  # which would drop an offset; by way of an instant it ends in UTC, as the session is
        cast = f"CAST(TRY_CAST({raw} AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP)"
    return f"CASE WHEN regexp_full_match({raw}, {literal(form)}) THEN {cast} END"


def _form(name: str) -> str:
    if decimal := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", name):
        return rf"[+-]?[0-9]+(\.[0-9]{{0,{decimal[1]}}}0*)?"
    return FORMS.get(name, FORMS["BIGINT"])


_JDK = {
    "yyyy": "%Y", "uuuu": "%Y", "yy": "%y", "MM": "%m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "HH": "%H", "hh": "%I",
    "mm": "%M", "ss": "%S", "a": "%p", "SSS": "%g", "SSSSSS": "%f", "EEE": "%a", "EEEE": "%A", "XX": "%z", "XXX": "%z",
}  # fmt: skip


def strptime_format(jdk: str) -> str | None:
    """A JDK DateTimeFormatter pattern as the engine's strptime format, or None where it has no equal there."""
    out, end = "", 0
    for match in re.finditer(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']", jdk, re.DOTALL):
        if match.start() != end:
            return None
        end = match.end()
        if match[2]:
            if match[0] not in _JDK:
                return None
            out += _JDK[match[0]]
        else:
            out += (match[0] if match[1] is None else match[1].replace("''", "'") or "'").replace("%", "%%")
    return out if end == len(jdk) else None


def types(
    connection: duckdb.DuckDBPyConnection, rows: str, raw: Mapping[str, str], declared: Mapping[str, TextType]
) -> dict[str, TextType]:
    """The type of each column of text: as declared, else the first that all cells of a sample are of."""
    found = {name: declared[name] for name in raw if name in declared}
    unknown = [name for name in raw if name not in declared]
    if unknown:
        select = ", ".join(f"count({guess(raw[name], kind)})" for name in unknown for kind in GUESSES)
        total = ", ".join(f"count({raw[name]})" for name in unknown)
        (counts,) = fetch(connection, f"SELECT {total}, {select} FROM (SELECT * FROM {rows} LIMIT {SAMPLE})")
        for index, name in enumerate(unknown):
            start = len(unknown) + index * len(GUESSES)
            right = counts[start : start + len(GUESSES)]
            fitting = (kind for kind, count in zip(GUESSES, right, strict=True) if count == counts[index])
            found[name] = TextType(next(fitting, "VARCHAR") if counts[index] else "VARCHAR")
    return found
