"""The placeholders of a query in a contract: what they are called, and what stands in their place."""

from __future__ import annotations

import re

from mlops_actions.data.engines.quoting import literal, quote

OBJECT = ("object", "table", "model")
"""Words for the object that a rule is of: the standard's prose says ``{object}``, its schema ``${table}``."""

PROPERTY = ("property", "column", "field")
"""Words for the column that a rule is of: the standard's prose says ``{property}``, its schema ``${column}``."""

_WORD = r"\$?\{\s*([A-Za-z_]+)\s*\}"
_TOKEN = re.compile(rf"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\"{_WORD}\"|{_WORD}", re.DOTALL)


def names_property(query: str) -> bool:
    """Whether a query has a placeholder for the column that its rule is of."""
    return any((match[1] or match[2] or "").casefold() in PROPERTY for match in _TOKEN.finditer(query))


def fill(query: str, object_name: str, way: tuple[str, ...]) -> str:
    """The query with its placeholders filled by quoted names; in texts and comments they are let be.

    ``way`` is the column that the rule is of, and the fields that lead to what is inside of it; empty for an object.
    Raises ValueError for a word that is not known, and for a column where the rule has none.
    """

    def put(match: re.Match[str]) -> str:
        word = match[1] or match[2]
        if word is None:
            return match[0]
        if word.casefold() in OBJECT:
            return quote(object_name)
        if word.casefold() not in PROPERTY:
            known = ", ".join(f"{{{each}}}" for each in (*OBJECT, *PROPERTY))
            raise ValueError(f"the placeholder {match[0]} is not known; there is: {known}")
        if not way:
            raise ValueError(f"the placeholder {match[0]} is of a column, and this rule is of an object")
        filled = quote(way[0])
        for field in way[1:]:
            filled = f"struct_extract({filled}, {literal(field)})"
        return filled

    return _TOKEN.sub(put, query)
