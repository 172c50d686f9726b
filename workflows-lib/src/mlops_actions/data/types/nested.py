"""Nested values: what is inside of a type in the engine's words (``STRUCT(a INTEGER, "b c" VARCHAR)[]``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Path: TypeAlias = tuple[str | None, ...]
"""The way into a column: the name of a field, or None for each item of an array."""

_PART = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*'|[(),])""")


def item_type(name: str) -> str | None:
    """The type of an array's items, or None where the type is no array."""
    match = re.fullmatch(r"(.*)\[\d*\]", name, re.DOTALL)
    return match[1] if match else None


def field_types(name: str) -> dict[str, str] | None:
    """The types of a struct's fields by their names, or None where the type is no struct."""
    if not name.startswith("STRUCT(") or not name.endswith(")"):
        return None
    fields = {}
    for part in _parts(name[len("STRUCT(") : -1]):
        quoted = re.match(r'"((?:[^"]|"")*)" ', part)
        key, kind = (quoted[1].replace('""', '"'), part[quoted.end() :]) if quoted else part.split(" ", 1)
        fields[key] = kind
    return fields


def _parts(inside: str) -> Iterator[str]:
    """The parts between the commas that stand in no parenthesis and no quotes."""
    depth, part = 0, ""
    for token in _PART.split(inside):
        depth += (token == "(") - (token == ")")
        if token == "," and not depth:
            yield part.strip()
            part = ""
        else:
            part += token
    yield part.strip()
