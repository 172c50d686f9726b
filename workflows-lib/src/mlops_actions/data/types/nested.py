"""Nested values: what is inside of a type in the engine's words (``STRUCT(a INTEGER, "b c" VARCHAR)[]``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias, TypeGuard


class Each(Enum):
    """A step to many values at once; its value is how the step is written behind a name."""

    ITEM = "[]"
    KEY = ".key"
    VALUE = ".value"


Step: TypeAlias = str | Each
"""The name of a field, or each item of an array, each key or value of a map."""

Path: TypeAlias = tuple[Step, ...]
"""The way into a column."""


def is_single(path: Path) -> TypeGuard[tuple[str, ...]]:
    """Whether a path leads to one value in each row: through fields alone."""
    return not any(isinstance(step, Each) for step in path)


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


def entry_types(name: str) -> tuple[str, str] | None:
    """The types of a map's keys and values, or None where the type is no map."""
    if not name.startswith("MAP(") or not name.endswith(")"):
        return None
    key, value = _parts(name[len("MAP(") : -1])
    return key, value


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
