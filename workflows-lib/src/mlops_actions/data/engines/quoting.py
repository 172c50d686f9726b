"""Names and values as SQL text: what comes from outside is quoted here and nowhere else.

The SQL is the language that questions are written in, whatever the engine
(:mod:`mlops_actions.data.engines.session`).
"""

from __future__ import annotations

from collections.abc import Iterable


def quote(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str | int | float | bool | None) -> str:
    """A value as an SQL literal of the type VARCHAR, INTEGER (as wide as needed), DOUBLE, BOOLEAN or NULL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return f"CAST('{value!r}' AS DOUBLE)"
        case int():
            return f"({value})" if value < 0 else str(value)
        case _:
            return "'" + value.replace("'", "''") + "'"


def listed(values: Iterable[str]) -> str:
    """Texts as an SQL list of literals."""
    return "[" + ", ".join(literal(value) for value in values) + "]"


def all_present(names: Iterable[str]) -> str:
    """The condition that no column of a key (quoted) is null: a key with a null in it is none."""
    return " AND ".join(f"{name} IS NOT NULL" for name in names)
