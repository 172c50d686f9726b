"""The placeholders of a query in a contract: what they are called, and what stands in their place."""

from __future__ import annotations

import re

from mlops_actions.data.engines.quoting import quote

OBJECT = ("object", "table", "model")
"""Words for the object that a rule is of: the standard's prose says ``{object}``, its schema ``${table}``."""

PROPERTY = ("property", "column", "field")
"""Words for the column that a rule is of: the standard's prose says ``{property}``, its schema ``${column}``."""

_WORD = r"\$?\{\s*([A-Za-z_]+)\s*\}"
_TOKEN = re.compile(rf"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\"{_WORD}\"|{_WORD}", re.DOTALL)


def fill(query: str, object_name: str, column: str | None) -> str:
    """The query with its placeholders filled by quoted names; in texts and comments they are let be.

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
        if column is None:
            raise ValueError(f"the placeholder {match[0]} is of a column, and this rule is of an object")
        return quote(column)

    return _TOKEN.sub(put, query)
