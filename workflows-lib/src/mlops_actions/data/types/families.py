"""Families of types: what the contract's words and the engine's words have in common.

A contract names types in the words of the standard (``integer``) or of any
database (``NUMBER(10)``); a file has the engine's (``BIGINT``). They meet at
the family. Widths and precisions are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlops_actions.data.types.cells import TextType, strptime_format
from mlops_actions.data.types.zones import zone_of

_WORDS = {
    "string": "varchar varchar2 nvarchar nvarchar2 char nchar bpchar character text string str clob utf8 uuid enum "
    "tinytext mediumtext longtext ntext uniqueidentifier json jsonb",
    "integer": "int integer bigint smallint tinyint mediumint hugeint int1 int2 int4 int8 int16 int32 int64 long short "
    "byteint serial bigserial smallserial uint uint8 uint16 uint32 uint64 utinyint usmallint uinteger ubigint uhugeint",
    "number": "double float real decimal numeric number dec fixed float4 float8 float16 float32 float64 bigdecimal "
    "bignumeric binary_float binary_double money smallmoney half_float",
    "boolean": "boolean bool logical bit",
    "date": "date date32 date64",
    "timestamp": "timestamp datetime datetime2 smalldatetime datetimeoffset timestamptz timestamp_ntz timestamp_ltz "
    "timestamp_tz timestamp_s timestamp_ms timestamp_ns timestamptz_ns",
    "time": "time timetz time_ns",
    "binary": "blob bytea binary varbinary bytes raw image",
    "object": "struct row record object",
    "array": "array list",
    "map": "map",
}
_FAMILIES = {word: family for family, words in _WORDS.items() for word in words.split()}

NUMERIC = frozenset({"integer", "number"})
FLOATING = frozenset({"DOUBLE", "FLOAT"})
UNBOUNDED = FLOATING | {"NUMERIC"}
"""Types that NaN and the infinities are of; NUMERIC is PostgreSQL's, which is exact."""


def family(name: str) -> str | None:
    """The family of a type in a database's or the engine's words (``VARCHAR(18)``, ``BIGINT[]``), or None."""
    name = name.strip().casefold()
    if re.search(r"\[\d*\]$", name):
        return "array"
    word = re.split(r"[(<\s]", name, maxsplit=1)[0]
    return _FAMILIES.get(word)


def fits(actual: str, promised: str) -> bool:
    """Whether values of the family ``actual`` keep the promise of the family ``promised``."""
    return actual == promised or (actual, promised) in {("integer", "number"), ("array", "vector")}


_WIDE = {"i128": "HUGEINT", "u64": "UBIGINT", "u128": "UHUGEINT"}
_TEXT_TYPES = {
    "string": "VARCHAR",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "time": "TIME",
}


def text_type(logical: str | None, physical: str | None, options: Mapping[str, Any]) -> TextType | None:
    """How cells of text are read that the contract declares so; None where it declares nothing that text can hold.

    Raises ValueError for a format of dates that has no equal in the engine.
    """
    promised = logical or (family(physical) if physical else None)
    if promised == "integer":
        return TextType(_WIDE.get(options.get("format", ""), "BIGINT"))
    if promised == "number" and physical and (size := re.search(r"\(\s*(\d+)\s*,\s*(\d+)\s*\)", physical)):
        precision, scale = int(size[1]), int(size[2])
        if 0 < precision <= 38 and scale <= precision:
            return TextType(f"DECIMAL({precision},{scale})")
    if promised not in _TEXT_TYPES:
        return None
    written = options.get("format") if promised in {"date", "timestamp", "time"} else None
    zone = zone_of(options.get("defaultTimezone")) if promised == "timestamp" else None
    if written is None:
        return TextType(_TEXT_TYPES[promised], zone=zone)
    form = strptime_format(str(written))
    if form is None:
        raise ValueError(f"the format {written!r} has letters that cannot be read here")
    return TextType(_TEXT_TYPES[promised], form, zone)
