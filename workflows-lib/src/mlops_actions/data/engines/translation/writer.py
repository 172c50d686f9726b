"""The vocabulary of questions, and how a question is written in another engine's SQL.

sqlglot parses DuckDB's SQL; each part of it is then written by a function of
its own, with its type, or refused: nothing passes through unread. What is the
same in every engine is written here, the rest by each engine's writer:

==============  ==============================================================
conditions      ``AND OR NOT``, ``= <> < <= > >=``, ``IS [NOT] NULL``,
                ``[NOT] IN (…)``, ``BETWEEN``, ``TRUE FALSE NULL``
values          literals, columns, ``CASE WHEN``, ``CAST``, ``coalesce``,
                ``+ - * / %`` and the sign, ``row``, lists
functions       those of :data:`FUNCTIONS`
aggregates      ``count``, ``count(DISTINCT)``, ``count_if``, ``sum``,
                ``min``, ``max``, ``avg``, ``quantile_disc``
queries         ``SELECT [DISTINCT] … FROM (…) WHERE … GROUP BY … HAVING …
                ORDER BY … LIMIT …``, ``ANTI JOIN … ON``, a query as a value
==============  ==============================================================

Types are DuckDB's words for them. A column has the type that its table was
made known with, or that the query inside gives it.
"""

# ruff: noqa: S608 (statements are built here, from what was parsed and is written anew)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines.quoting import literal, quote

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

FUNCTIONS = frozenset({
    "abs", "approx_count_distinct", "concat", "epoch", "epoch_us", "greatest", "isfinite", "isnan", "left", "len",
    "length", "list_count", "list_filter", "list_unique", "regexp_matches", "round", "sha256", "struct_extract", "trunc",
})  # fmt: skip
"""Every function of the vocabulary that is not written alike everywhere."""

FLOATS = frozenset({"DOUBLE", "FLOAT"})


class Untranslatable(Exception):
    """A question, or a part of it, that an engine has no equal for: which one, in words for a person."""


@dataclass(frozen=True, slots=True)
class Term:
    """An expression in the engine's SQL, with its type in DuckDB's words (None where that is not known)."""

    sql: str
    type: str | None
    text: str | None = None
    """The value of a text literal."""
    constant: float | None = None
    """The value of a literal of type DOUBLE."""

    @property
    def is_literal(self) -> bool:
        return self.text is not None


@dataclass(slots=True)
class Scope:
    """The types of the columns that can be named at some place."""

    types: dict[str, str | None] = field(default_factory=dict)

    def type_of(self, name: str) -> str | None:
        return self.types.get(name)


class Writer:
    """Writes questions for one engine: a subclass says how it writes types, functions and what else differs."""

    engine = ""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[str, dict[str, str | None]]] = {}

    def add(self, table: str, source: str, types: Mapping[str, str]) -> None:
        """Make a table known by a name (DuckDB's SQL): what stands for it behind FROM, and its columns' types."""
        self._tables[table] = source, dict(types)

    # What a subclass writes

    def type(self, name: str) -> str:
        """A type of DuckDB's in the engine's words. Raises Untranslatable."""
        raise NotImplementedError

    def function(self, name: str, arguments: Sequence[Term]) -> Term:
        """A call of one of FUNCTIONS. Raises Untranslatable."""
        raise NotImplementedError

    def text(self, value: str) -> str:
        """A text as a literal."""
        return literal(value)

    def name(self, identifier: str) -> str:
        """A name as an identifier."""
        return quote(identifier)

    def cast(self, of: Term, to: str) -> Term:
        """``CAST(of AS to)``."""
        constant = float(of.text) if to == "DOUBLE" and of.text is not None else None
        return Term(f"CAST({of.sql} AS {self.type(to)})", to, constant=constant)

    def try_cast(self, of: Term, to: str) -> Term:
        """``TRY_CAST(of AS to)``: null where the type has no such value."""
        raise Untranslatable(f"TRY_CAST of {of.type} to {to}")

    def arithmetic(self, sign: str, left: Term, right: Term) -> Term:
        """A sum, difference, product, quotient (always of DOUBLE) or remainder."""
        raise NotImplementedError

    def average(self, of: Term) -> Term:
        """The mean, as DOUBLE."""
        raise NotImplementedError

    def moment(self, of: Term, center: Term, power: int) -> Term:
        """The mean of the distances of DOUBLE values from a constant (``power`` 1), or of their squares (2).

        Infinite where values are so far away that it cannot be told.
        """
        distance = self.arithmetic("-", of, center)
        return self.average(distance if power == 1 else self.arithmetic("*", distance, distance))

    def quantiles(self, of: Term, shares: Sequence[str]) -> Term:
        """The values that so large shares of all values are at or below, as a list."""
        raise NotImplementedError

    def count_if(self, condition: Term) -> Term:
        """The number of rows for which a condition is true."""
        return Term(f"count(CASE WHEN {condition.sql} THEN 1 END)", "BIGINT")

    def row(self, parts: Sequence[Term]) -> Term:
        """Several values as one, to be told apart."""
        raise NotImplementedError

    def items(self, parts: Sequence[Term]) -> Term:
        """A list of these."""
        raise NotImplementedError

    def filtered(self, of: Term, name: str, condition: Term) -> Term:
        """The items of a list, each called ``name`` (an identifier), for which a condition is true."""
        raise NotImplementedError

    def anti_join(self, left: str, right: str, on: str) -> tuple[str, str | None]:
        """What stands behind FROM, and a condition, for the rows of ``left`` that have no match in ``right``."""
        raise NotImplementedError

    # What is asked of it

    def expression(self, sql: str, columns: Mapping[str, str]) -> str:
        """An expression over columns of these types. Raises Untranslatable."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        parsed = self.parse(f"SELECT {sql}")
        if not isinstance(parsed, exp.Select) or len(parsed.expressions) != 1 or parsed.args.get("from_"):
            raise Untranslatable(f"{sql[:60]!r} is not one expression")
        return self.term(parsed.expressions[0], Scope(dict(columns))).sql

    def query(self, sql: str) -> str:
        """A whole query. Raises Untranslatable."""
        return self.select(self.parse(sql))[0]

    def source(self, sql: str) -> str:
        """What stands behind FROM. Raises Untranslatable."""
        parsed = self.parse(f"SELECT count(*) FROM {sql}")
        return self._from(parsed.args["from_"].this)[0]

    @staticmethod
    def parse(sql: str) -> Any:
        import sqlglot  # pylint: disable=import-outside-toplevel
        from sqlglot.errors import SqlglotError  # pylint: disable=import-outside-toplevel

        try:
            return sqlglot.parse_one(sql, read="duckdb")
        except (SqlglotError, RecursionError) as error:
            raise Untranslatable(f"what cannot be parsed: {sql[:60]!r}") from error

    # Queries

    def select(self, node: Any) -> tuple[str, dict[str, str | None]]:
        """A query, and the types of its columns."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        if not isinstance(node, exp.Select):
            raise _refused(node)
        known = {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "distinct"}
        _only(node, known)
        source, types, condition = "", dict[str, str | None](), None
        if (of := node.args.get("from_")) is not None:
            source, types = self._from(of.this)
        for join in node.args.get("joins") or []:
            source, condition = self._join(join, source, types)
        scope = Scope(types)
        written, named = [], dict[str, str | None]()
        for each in node.expressions:
            if isinstance(each, exp.Star):
                written.append("*")
                named |= types
                continue
            term = self.term(each.unalias(), scope)
            alias = each.alias_or_name
            written.append(f"{term.sql} AS {self.name(alias)}" if isinstance(each, exp.Alias) else term.sql)
            named[alias] = term.type
        distinct = "DISTINCT " if node.args.get("distinct") else ""
        sql = f"SELECT {distinct}{', '.join(written)}" + (f" FROM {source}" if source else "")
        conditions = [condition] if condition else []
        if (where := node.args.get("where")) is not None:
            conditions.append(self.term(where.this, scope).sql)
        if conditions:
            sql += f" WHERE {' AND '.join(conditions)}"
        if (group := node.args.get("group")) is not None:
            _only(group, {"expressions"})
            sql += f" GROUP BY {', '.join(self.term(each, scope).sql for each in group.expressions)}"
        if (having := node.args.get("having")) is not None:
            sql += f" HAVING {self.term(having.this, scope).sql}"
        if (order := node.args.get("order")) is not None:
            sql += f" ORDER BY {self._order(order, scope, len(written))}"
        if (limit := node.args.get("limit")) is not None:
            sql += f" LIMIT {int(limit.expression.this)}"
        return sql, named

    def _from(self, node: Any) -> tuple[str, dict[str, str | None]]:
        """What stands behind FROM, and the types of its columns."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        if isinstance(node, exp.Table):
            name = node.sql(dialect="duckdb")
            if name not in self._tables:
                raise Untranslatable(f"the table {name}")
            return self._tables[name]
        if not isinstance(node, exp.Subquery):
            raise _refused(node)
        _only(node, {"this", "alias"})
        sql, types = self.select(node.this)
        alias = node.args.get("alias")
        if alias is None:
            return f"({sql}) AS {self.name('rows')}", types
        columns = [each.name for each in alias.args.get("columns") or []]
        named = f"({sql}) AS {self.name(alias.name)}"
        if not columns:
            return named, types
        return f"{named}({', '.join(map(self.name, columns))})", dict(zip(columns, types.values(), strict=False))

    def _join(self, node: Any, left: str, types: dict[str, str | None]) -> tuple[str, str | None]:
        _only(node, {"this", "kind", "on"})
        if node.args.get("kind") != "ANTI":
            raise _refused(node)
        right, more = self._from(node.this)
        condition = self.term(node.args["on"], Scope(types | more))
        return self.anti_join(left, right, condition.sql)

    def _order(self, node: Any, scope: Scope, columns: int) -> str:
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        found = []
        for each in node.expressions:
            direction = " DESC" if each.args.get("desc") else ""
            if isinstance(each.this, exp.Var) and each.this.name.upper() == "ALL":
                found += [f"{index + 1}{direction} NULLS LAST" for index in range(columns)]
            elif isinstance(each.this, exp.Literal) and each.this.is_int:
                found.append(f"{int(each.this.name)}{direction} NULLS LAST")
            else:
                found.append(f"{self.term(each.this, scope).sql}{direction} NULLS LAST")
        return ", ".join(found)

    # Expressions

    def term(self, node: Expression, scope: Scope) -> Term:
        """An expression. Raises Untranslatable."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        def inner(key: str = "this") -> Term:
            return self.term(node.args[key], scope)

        kind = type(node)
        binary, arithmetic, named = _kinds()
        if kind in binary:
            left, right = self.alike(inner(), inner("expression"))
            return Term(f"({left.sql} {binary[kind]} {right.sql})", "BOOLEAN")
        if kind in arithmetic:
            return self.arithmetic(arithmetic[kind], inner(), inner("expression"))
        if kind in named:
            name, keys = named[kind]
            if name == "list_filter":
                return self._filter(node, scope)
            arguments = [
                self.term(each, scope)
                for key in keys
                for each in (node.args[key] if isinstance(node.args[key], list) else [node.args[key]])
            ]
            return self.function(name, arguments)
        match node:
            case exp.Anonymous():
                return self._call(str(node.this).lower(), [self.term(each, scope) for each in node.expressions])
            case exp.Paren():
                return inner()
            case exp.And() | exp.Or():
                return self._chain(node, scope)
            case exp.Not():
                return Term(f"(NOT {inner().sql})", "BOOLEAN")
            case exp.Is() if isinstance(node.expression, exp.Null):
                return Term(f"({inner().sql} IS NULL)", "BOOLEAN")
            case exp.In():
                return self._in(node, scope)
            case exp.Between():
                value, low, high = inner(), inner("low"), inner("high")
                return Term(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", "BOOLEAN")
            case exp.Column():
                name = node.name
                written = self.name(name)
                if node.table:
                    written = f"{self.name(node.table)}.{written}"
                return Term(written, scope.type_of(name))
            case exp.Identifier():  # the name that a lambda gives
                return Term(self.name(node.name), scope.type_of(node.name))
            case exp.Literal():
                return self._literal(node)
            case exp.Neg():
                term = inner()
                return Term(f"(-{term.sql})", term.type)
            case exp.Boolean():
                return Term("TRUE" if node.this else "FALSE", "BOOLEAN")
            case exp.Null():
                return Term("NULL", None)
            case exp.Case():
                return self._case(node, scope)
            case exp.TryCast():
                return self.try_cast(inner(), type_name(node.args["to"]))
            case exp.Cast():
                return self.cast(inner(), type_name(node.args["to"]))
            case exp.Collate():
                term = inner()
                return self.collated(term, node.expression.name)
            case exp.Coalesce():
                terms = [inner(), *(self.term(each, scope) for each in node.expressions)]
                return Term(f"coalesce({', '.join(each.sql for each in terms)})", _common(terms))
            case exp.Count():
                return self._count(node, scope)
            case exp.CountIf():
                return self.count_if(inner())
            case exp.Sum():
                return Term(f"sum({inner().sql})", "HUGEINT")
            case exp.Min() | exp.Max():
                term = inner()
                return self.extreme("min" if isinstance(node, exp.Min) else "max", term)
            case exp.Avg():
                return self._average(node.this, scope)
            case exp.PercentileDisc() | exp.Quantile():
                shares: Any = node.args.get("expression") or node.args.get("quantile")
                return self.quantiles(inner(), [self.term(each, scope).sql for each in shares.expressions])
            case exp.Array():
                return self.items([self.term(each, scope) for each in node.expressions])
            case exp.Subquery():
                sql, types = self.select(node.this)
                return Term(f"({sql})", next(iter(types.values()), None))
        raise _refused(node)

    def alike(self, left: Term, right: Term) -> tuple[Term, Term]:
        """Two sides of a comparison; a text literal beside a value of another type is of that type."""
        if right.is_literal and left.type not in {None, "VARCHAR"}:
            return left, self.cast(right, left.type or "")
        if left.is_literal and right.type not in {None, "VARCHAR"}:
            return self.cast(left, right.type or ""), right
        return left, right

    def collated(self, of: Term, name: str) -> Term:
        """A text that is compared in the order of a collation."""
        raise Untranslatable(f"the collation {name}")

    def distinct(self, of: Term) -> Term:
        """The number of different values."""
        return Term(f"count(DISTINCT {of.sql})", "BIGINT")

    def extreme(self, side: str, of: Term) -> Term:
        """The least or the greatest value."""
        return Term(f"{side}({of.sql})", of.type)

    def _chain(self, node: Any, scope: Scope) -> Term:
        """``a OR b OR …``, however long."""
        kind, parts, left = type(node), [], node
        while isinstance(left, kind):
            parts.append(self.term(left.expression, scope).sql)
            left = left.this
        parts.append(self.term(left, scope).sql)
        word = " OR " if kind.__name__ == "Or" else " AND "
        return Term(f"({word.join(reversed(parts))})", "BOOLEAN")

    def _call(self, name: str, arguments: Sequence[Term]) -> Term:
        if name == "row":
            return self.row(arguments)
        if name not in FUNCTIONS:
            raise Untranslatable(f"the function {name}")
        return self.function(name, arguments)

    def _in(self, node: Any, scope: Scope) -> Term:
        _only(node, {"this", "expressions", "query"})
        value = self._several(node.this, scope)
        if (query := node.args.get("query")) is not None:
            return Term(f"({value.sql} IN ({self.select(query.this)[0]}))", "BOOLEAN")
        values = [self.alike(value, self.term(each, scope))[1].sql for each in node.expressions]
        return Term(f"({value.sql} IN ({', '.join(values)}))", "BOOLEAN")

    def _several(self, node: Any, scope: Scope) -> Term:
        """A value, or several in parentheses."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        if not isinstance(node, exp.Tuple):
            return self.term(node, scope)
        return Term(f"({', '.join(self.term(each, scope).sql for each in node.expressions)})", None)

    def _literal(self, node: Any) -> Term:
        if node.is_string:
            return Term(self.text(node.this), "VARCHAR", node.this)
        number = str(node.this)
        if number.isdigit():
            return Term(number, "BIGINT" if int(number) < 2**63 else "HUGEINT")
        if "e" in number.lower():
            return self.cast(Term(self.text(number), "VARCHAR", number), "DOUBLE")
        return Term(number, f"DECIMAL(38,{len(number.partition('.')[2])})")

    def _case(self, node: Any, scope: Scope) -> Term:
        _only(node, {"ifs", "default"})
        sql, results = "CASE", []
        for each in node.args["ifs"]:
            condition, result = self.term(each.this, scope), self.term(each.args["true"], scope)
            sql += f" WHEN {condition.sql} THEN {result.sql}"
            results.append(result)
        if (default := node.args.get("default")) is not None:
            results.append(self.term(default, scope))
            sql += f" ELSE {results[-1].sql}"
        return Term(f"{sql} END", _common(results))

    def _count(self, node: Any, scope: Scope) -> Term:
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        match node.this:
            case exp.Star():
                return Term("count(*)", "BIGINT")
            case exp.Distinct(expressions=[of]):
                return self.distinct(self.term(of, scope))
            case exp.Distinct():
                raise _refused(node)
        return Term(f"count({self.term(node.this, scope).sql})", "BIGINT")

    def _average(self, node: Any, scope: Scope) -> Term:
        """A mean; one of distances from a constant, or of their squares, is told apart."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        inner, power = node.unnest(), 1
        if isinstance(inner, exp.Mul) and inner.this == inner.expression:
            inner, power = inner.this.unnest(), 2
        if isinstance(inner, exp.Sub):
            center = self.term(inner.expression, scope)
            if center.constant is not None:
                return self.moment(self.term(inner.this, scope), center, power)
        return self.average(self.term(node, scope))

    def _filter(self, node: Any, scope: Scope) -> Term:
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        value, function = self.term(node.this, scope), node.expression
        if not isinstance(function, exp.Lambda) or len(function.expressions) != 1:
            raise _refused(function)
        name = function.expressions[0].name
        condition = self.term(function.this, Scope(scope.types | {name: item_type(value.type)}))
        return self.filtered(value, self.name(name), condition)


@cache
def _kinds() -> tuple[dict[type, str], dict[type, str], dict[type, tuple[str, tuple[str, ...]]]]:
    """sqlglot's classes: comparisons and arithmetic with their signs, functions with their names in DuckDB."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    binary: dict[type, str] = {
        exp.EQ: "=",
        exp.NEQ: "<>",
        exp.LT: "<",
        exp.LTE: "<=",
        exp.GT: ">",
        exp.GTE: ">=",
    }
    arithmetic: dict[type, str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
    named: dict[type, tuple[str, tuple[str, ...]]] = {
        exp.Abs: ("abs", ("this",)),
        exp.ApproxDistinct: ("approx_count_distinct", ("this",)),
        exp.ArrayFilter: ("list_filter", ("this", "expression")),
        exp.Concat: ("concat", ("expressions",)),
        exp.Greatest: ("greatest", ("this", "expressions")),
        exp.IsNan: ("isnan", ("this",)),
        exp.Left: ("left", ("this", "expression")),
        exp.Length: ("length", ("this",)),
        exp.RegexpLike: ("regexp_matches", ("this", "expression")),
        exp.Round: ("round", ("this",)),
        exp.SHA2: ("sha256", ("this",)),
        exp.StructExtract: ("struct_extract", ("this", "expression")),
        exp.TimeToUnix: ("epoch", ("this",)),
        exp.Trunc: ("trunc", ("this",)),
    }
    return binary, arithmetic, named


def item_type(of: str | None) -> str | None:
    """The type of a list's items."""
    return of.removesuffix("[]") if of and of.endswith("[]") else None


def struct_fields(of: str | None) -> dict[str, str] | None:
    """The types of a struct's fields by name; None where the type is no struct."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    if not of or not of.startswith("STRUCT(") or of.endswith("]"):
        return None
    parsed = exp.DataType.build(of, dialect="duckdb")
    return {each.this.name: type_name(each.args["kind"]) for each in parsed.expressions}


def type_name(node: Any) -> str:
    """A type that sqlglot parsed, in DuckDB's words."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    if node.this == exp.DataType.Type.ARRAY:
        return f"{type_name(node.expressions[0])}[]"
    if node.this == exp.DataType.Type.STRUCT:
        fields = (f"{quote(each.this.name)} {type_name(each.args['kind'])}" for each in node.expressions)
        return f"STRUCT({', '.join(fields)})"
    name = str(node.this.value)
    word = _TYPES.get(name, name)
    if word == "DECIMAL":  # without a width it is PostgreSQL's, since a column of DuckDB's always has one
        return f"DECIMAL({','.join(each.this.name for each in node.expressions)})" if node.expressions else "NUMERIC"
    return word


_TYPES = {
    "TEXT": "VARCHAR",
    "INT": "INTEGER",
    "INT128": "HUGEINT",
    "UINT": "UINTEGER",
    "TIMESTAMPNTZ": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMETZ": "TIME WITH TIME ZONE",
    "VARBINARY": "BLOB",
}
"""sqlglot's names of types, where DuckDB has others."""


def _common(terms: Sequence[Term]) -> str | None:
    """The type of a value that is one of several."""
    return next((each.type for each in terms if each.type is not None and not each.is_literal), None) or next(
        (each.type for each in terms if each.type is not None), None
    )


def _refused(node: Any) -> Untranslatable:
    return Untranslatable(f"what is written {node.sql(dialect='duckdb')[:60]!r}")


def _only(node: Any, known: set[str]) -> None:
    """Raises Untranslatable where a part of a query is none of those that are read."""
    for key, value in node.args.items():
        if value and key not in known:
            raise Untranslatable(f"{key.rstrip('_').upper()} in a query")
