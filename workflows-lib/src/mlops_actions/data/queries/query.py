"""What a query of a contract may be: one SELECT over the contract's objects, in functions that only compute.

The engine's own parser gives the tree, and each part of it must be of a kind
that is known here. So a statement, a table function or a new piece of grammar
that nobody thought of is refused, not run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

LONGEST = 20_000
"""Characters of a query: what a parser takes for longer ones is not known."""

_EXPRESSIONS = {
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA",
    "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW",
}  # fmt: skip
_NODES = {
    "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE",
    "BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "SUBQUERY", "TABLE_FUNCTION",
    "DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER",
    "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
}  # fmt: skip
_WORDS = {
    "SHOW_REF": "DESCRIBE, SHOW or SUMMARIZE",
    "PIVOT": "PIVOT",
    "INSERT_QUERY_NODE": "INSERT",
    "UPDATE_QUERY_NODE": "UPDATE",
    "DELETE_QUERY_NODE": "DELETE",
    "PARAMETER": "a parameter",
}
_TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
_ALLOWED = {  # beside what the engine says depends on its arguments alone
    "unnest", "now", "today", "current_date", "current_timestamp", "get_current_timestamp", "get_current_time",
    "current_localtime", "current_localtimestamp", "transaction_timestamp", "grouping", "grouping_id",
    "nullif", "if", "split_part", "date_add", "days_in_month", "fdiv", "fmod", "geomean", "geometric_mean", "wavg",
    "weighted_avg", "array_append", "array_prepend", "array_reverse", "array_to_string", "list_append", "list_prepend",
    "list_reverse", "list_any_value", "list_avg", "list_bool_and", "list_bool_or", "list_count", "list_first",
    "list_last", "list_max", "list_median", "list_min", "list_mode", "list_product", "list_stddev_pop",
    "list_stddev_samp", "list_string_agg", "list_sum", "list_var_pop", "list_var_samp",
}  # fmt: skip
_DENIED = re.compile(r"__internal.*|current_(?!date|time|local).*|json_(de)?serialize.*|parse_duckdb.*|version")
_OWN = {"reject_errors", "reject_scans"}  # tables that the reader of text leaves in the session


class Refused(Exception):
    """A query that is not run, and why; ``table`` is what it reads and must not."""

    table: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the engine brings: functions that only compute, and relations of its own, which no query may name."""

    functions: frozenset[str]
    relations: frozenset[str]

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> Known:
        """As the engine lists them, before a view of ours is there."""
        kinds: dict[str, set[str | None]] = {}
        listed = "SELECT lower(function_name), stability FROM duckdb_functions() WHERE function_type {}"
        for name, stability in connection.execute(listed.format("IN ('scalar', 'aggregate', 'window')")).fetchall():
            kinds.setdefault(name, set()).add(stability)
        pure = {name for name, found in kinds.items() if found == {"CONSISTENT"} and not _DENIED.fullmatch(name)}
        views = "SELECT lower(view_name) FROM duckdb_views() UNION SELECT lower(table_name) FROM duckdb_tables()"
        relations = {name for (name,) in connection.execute(views).fetchall()}
        return cls(frozenset(pure | _ALLOWED), frozenset(relations | _OWN))


@dataclass(frozen=True, slots=True)
class Examined:
    """What a query does: the objects that it reads, the columns it names (in lower case), whether it gives a count.

    ``columns`` is None where it may take any of them, by a star or a place. ``plain`` is the query as the engine writes
    what it understood: with every operation in parentheses and every name of a function its own; None where it cannot.
    """

    reads: frozenset[str]
    columns: frozenset[str] | None
    counts: bool
    plain: str | None = None


def examine(connection: duckdb.DuckDBPyConnection, known: Known, query: str, objects: Mapping[str, str]) -> Examined:
    """What a query does. ``objects`` maps a table's name, in lower case, to the object's.

    Raises Refused for all but one SELECT that reads those alone.
    """
    if len(query) > LONGEST:
        raise Refused(f"it is longer than {LONGEST:,} characters")
    tree, plain = _parse(connection, query)
    ctes = set()
    read: set[str] = set()
    for _, part in _parts(tree):
        for each in _entries(part):
            ctes.add(_cte(each, known))
    for key, part in _parts(tree):
        _refuse_kind(part)
        if part.get("class") == "FUNCTION" and key != "function":
            _refuse_function(part, known)
        elif part.get("type") == "TABLE_FUNCTION":
            _refuse_table_function(part)
        elif part.get("type") == "BASE_TABLE":
            name = _table(part, known)
            if name in objects:
                read.add(objects[name])
            elif name not in ctes:
                raise _stranger(part)
    return Examined(frozenset(read), _columns(tree), _is_count(tree), plain)


def _columns(tree: Any) -> frozenset[str] | None:
    """The last word of each name that stands for a value; None where there are values without a name."""
    found = set()
    for _, part in _parts(tree):
        if part.get("class") in {"STAR", "POSITIONAL_REFERENCE"}:
            return None
        if part.get("class") == "COLUMN_REF":
            found.add(str(part["column_names"][-1]).casefold())
    return frozenset(found)


_COUNTS = {"count", "count_star", "count_if", "countif", "approx_count_distinct"}
_ARITHMETIC = {"+", "-", "*", "/", "//", "round", "coalesce", "nullif", "abs", "greatest", "least"}


def _is_count(node: Mapping[str, Any]) -> bool:
    """Whether a SELECT gives a number of rows, or one that is reckoned from such numbers alone."""
    chosen = node.get("select_list") or []
    return len(chosen) == 1 and all(map(_counts, chosen))


def _counts(part: Mapping[str, Any]) -> bool:
    match part.get("class"):
        case "CONSTANT":
            return True
        case "CAST":
            return _counts(part["child"])
        case "SUBQUERY":
            return part.get("subquery_type") == "SCALAR" and _is_count(part["subquery"]["node"])
        case "OPERATOR":
            return part.get("type") == "OPERATOR_COALESCE" and all(map(_counts, part["children"]))
        case "FUNCTION":
            name = str(part["function_name"]).casefold()
            inner = (each["expression"] for each in part["arguments"])
            return name in _COUNTS or (name in _ARITHMETIC and all(map(_counts, inner)))
    return False


def _parse(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, str | None]:
    """The tree of the one SELECT that the query must be, and the query as it is written from that tree."""
    import duckdb  # pylint: disable=import-outside-toplevel

    try:
        kinds = [statement.type.name for statement in connection.extract_statements(query)]
    except duckdb.Error as error:
        raise Refused(f"it is not SQL that the engine knows: {_first(error)}") from error
    if len(kinds) != 1:
        raise Refused(f"it must be one SELECT, and it has {len(kinds):,} statements")
    if kinds != ["SELECT"]:
        raise Refused(f"it must be one SELECT, and it is {'a PIVOT' if kinds == ['MULTI'] else kinds[0]}")
    ((text,),) = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()
    try:
        tree = json.loads(text)
    except RecursionError:
        raise Refused("it is nested too deep") from None
    if tree["error"] or len(tree["statements"]) != 1:
        raise Refused(f"it must be one SELECT: {tree.get('error_message', 'it is more')}")
    try:
        ((plain,),) = connection.execute("SELECT json_deserialize_sql(?)", [text]).fetchall()
    except duckdb.Error:
        plain = None
    return tree["statements"][0]["node"], plain


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0].partition("Error: ")[2][:200]


def _parts(tree: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of the tree, with the key that it, or the list that it is in, stands at."""
    stack = [("node", tree)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, list):
            stack += [(key, each) for each in value]
        elif isinstance(value, dict) and key != "literal":
            yield key, value
            stack += value.items()


def _entries(part: Mapping[str, Any]) -> Collection[Mapping[str, Any]]:
    held = part.get("cte_map")
    return held["map"] if isinstance(held, dict) else ()


def _cte(entry: Mapping[str, Any], known: Known) -> str:
    """The name of a common table expression: a plain one, so that outside of its scope it names nothing."""
    name = str(entry["key"])
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name.casefold() in known.relations:
        raise Refused(f"the name {name!r} cannot be given in WITH; letters, digits and underscores can")
    return name.casefold()


def _refuse_kind(part: Mapping[str, Any]) -> None:
    kind = part.get("class", part.get("type"))
    allowed = _EXPRESSIONS if "class" in part else _NODES
    if isinstance(kind, str) and kind not in allowed:
        raise Refused(f"{_WORDS.get(kind, kind)} has no place in it")


def _path(part: Mapping[str, Any]) -> str:
    return ".".join(part["qualified_name"]["path"])


def _refuse_function(part: Mapping[str, Any], known: Known) -> None:
    if len(part["qualified_name"]["path"]) != 1 or part["function_name"].casefold() not in known.functions:
        raise Refused(f"the function {_path(part)!r} has no place in it: it does more than compute from the rows")


def _refuse_table_function(part: Mapping[str, Any]) -> None:
    if part["function"]["class"] != "FUNCTION" or _path(part["function"]).casefold() not in _TABLE_FUNCTIONS:
        raise Refused(f"the table function {_path(part['function'])!r} has no place in it")


def _stranger(part: Mapping[str, Any]) -> Refused:
    refused = Refused(f"it reads {_path(part)!r}, which is no object of this contract")
    refused.table = _path(part)
    return refused


def _table(part: Mapping[str, Any], known: Known) -> str:
    """The name of a table, in lower case, which must be a single word that is none of the engine's own."""
    path = part["qualified_name"]["path"]
    if len(path) != 1 or path[0].casefold() in known.relations or part.get("at_clause"):
        raise _stranger(part)
    return str(path[0]).casefold()
