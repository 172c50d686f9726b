"""How a question is written in another engine's SQL: what is the same in every engine."""

# ruff: noqa: S608 (statements are built here, from what was parsed and is written anew)

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from functools import cache
from typing import Any

from mlops_actions.data.engines.translation.terms import (
    Scope,
    Term,
    Untranslatable,
    common,
    item_type,
    only,
    refused,
    type_name,
)
from mlops_actions.data.engines.translation.vocabulary import FUNCTIONS, Vocabulary

_CLAUSES = {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "distinct"}


class Writer(Vocabulary, ABC):
    """Writes questions for one engine, upon its vocabulary."""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[str, dict[str, str | None]]] = {}

    def add(self, table: str, source: str, types: Mapping[str, str]) -> None:
        """Make a table known by a name (DuckDB's SQL): what stands for it behind FROM, and its columns' types."""
        self._tables[table] = source, dict(types)

    def expression(self, sql: str, columns: Mapping[str, str]) -> str:
        """An expression over columns of these types. Raises Untranslatable."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        parsed = self.parse(f"SELECT {sql}")
        if not isinstance(parsed, exp.Select) or len(parsed.expressions) != 1 or parsed.args.get("from_"):
            raise Untranslatable(f"take {sql[:60]!r} for one expression")
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
            raise Untranslatable(f"parse {sql[:60]!r}") from error

    # Queries

    def select(self, node: Any) -> tuple[str, dict[str, str | None]]:
        """A query, and the types of its columns. Raises Untranslatable."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        if not isinstance(node, exp.Select):
            raise refused(node)
        only(node, _CLAUSES)
        source, types, condition = self._sources(node)
        scope = Scope(types)
        columns, named = self._columns(node, scope)
        distinct = "DISTINCT " if node.args.get("distinct") else ""
        sql = f"SELECT {distinct}{', '.join(columns)}" + (f" FROM {source}" if source else "")
        where = [condition] if condition else []
        if (clause := node.args.get("where")) is not None:
            where.append(self.term(clause.this, scope).sql)
        if where:
            sql += f" WHERE {' AND '.join(where)}"
        if (clause := node.args.get("group")) is not None:
            only(clause, {"expressions"})
            sql += f" GROUP BY {', '.join(self.term(each, scope).sql for each in clause.expressions)}"
        if (clause := node.args.get("having")) is not None:
            sql += f" HAVING {self.term(clause.this, scope).sql}"
        if (clause := node.args.get("order")) is not None:
            sql += f" ORDER BY {self._order(clause, scope, len(columns))}"
        if (clause := node.args.get("limit")) is not None:
            sql += f" LIMIT {int(clause.expression.this)}"
        return sql, named

    def _sources(self, node: Any) -> tuple[str, dict[str, str | None], str | None]:
        """What stands behind FROM, the types of its columns, and a condition that comes with it."""
        if (of := node.args.get("from_")) is None:
            return "", {}, None
        (source, types), condition = self._from(of.this), None
        for join in node.args.get("joins") or []:
            source, condition = self._join(join, source, types)
        return source, types, condition

    def _columns(self, node: Any, scope: Scope) -> tuple[list[str], dict[str, str | None]]:
        """What is selected, and the types by name."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        written, named = [], dict[str, str | None]()
        for each in node.expressions:
            if isinstance(each, exp.Star):
                written.append("*")
                named |= scope.types
                continue
            term = self.term(each.unalias(), scope)
            alias = each.alias_or_name
            written.append(f"{term.sql} AS {self.name(alias)}" if isinstance(each, exp.Alias) else term.sql)
            named[alias] = term.type
        return written, named

    def _from(self, node: Any) -> tuple[str, dict[str, str | None]]:
        """What stands behind FROM, and the types of its columns."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        if isinstance(node, exp.Table):
            name = node.sql(dialect="duckdb")
            if name not in self._tables:
                raise Untranslatable(f"read the table {name}")
            return self._tables[name]
        if not isinstance(node, exp.Subquery):
            raise refused(node)
        only(node, {"this", "alias"})
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
        only(node, {"this", "kind", "on"})
        if node.args.get("kind") != "ANTI":
            raise refused(node)
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

    def term(self, node: Any, scope: Scope) -> Term:
        """An expression. Raises Untranslatable."""
        kind = type(node)
        if (sign := _comparisons().get(kind)) is not None:
            left, right = self.alike(self.term(node.this, scope), self.term(node.expression, scope))
            return Term(f"({left.sql} {sign} {right.sql})", "BOOLEAN")
        if (sign := _arithmetic().get(kind)) is not None:
            return self.arithmetic(sign, self.term(node.this, scope), self.term(node.expression, scope))
        if (function := _functions().get(kind)) is not None:
            name, keys = function
            return self.function(name, [self.term(each, scope) for key in keys for each in _listed(node.args[key])])
        if (written := _forms().get(kind)) is None:
            raise refused(node)
        found: Term = getattr(self, written)(node, scope)
        return found

    def _paren(self, node: Any, scope: Scope) -> Term:
        return self.term(node.this, scope)

    def _not(self, node: Any, scope: Scope) -> Term:
        return Term(f"(NOT {self.term(node.this, scope).sql})", "BOOLEAN")

    def _is(self, node: Any, scope: Scope) -> Term:
        if node.expression.key != "null":
            raise refused(node)
        return Term(f"({self.term(node.this, scope).sql} IS NULL)", "BOOLEAN")

    def _between(self, node: Any, scope: Scope) -> Term:
        value, low, high = (self.term(node.args[key], scope) for key in ("this", "low", "high"))
        low, high = self.alike(value, low)[1], self.alike(value, high)[1]
        return Term(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", "BOOLEAN")

    def _column(self, node: Any, scope: Scope) -> Term:
        table = f"{self.name(node.table)}." if node.table else ""
        return Term(f"{table}{self.name(node.name)}", scope.type_of(node.name))

    def _identifier(self, node: Any, scope: Scope) -> Term:
        """The name that a lambda gives."""
        return Term(self.name(node.name), scope.type_of(node.name))

    def _negative(self, node: Any, scope: Scope) -> Term:
        term = self.term(node.this, scope)
        return Term(f"(-{term.sql})", term.type)

    @staticmethod
    def _boolean(node: Any, _scope: Scope) -> Term:
        return Term("TRUE" if node.this else "FALSE", "BOOLEAN")

    @staticmethod
    def _null(_node: Any, _scope: Scope) -> Term:
        return Term("NULL", None)

    def _cast(self, node: Any, scope: Scope) -> Term:
        return self.cast(self.term(node.this, scope), type_name(node.args["to"]))

    def _in_utc(self, node: Any, scope: Scope) -> Term:
        """``make_timestamp(epoch_us(x))``, which is what a time with a zone is in UTC, as every session here."""
        if str(node.this.this).lower() != "epoch_us":
            raise refused(node)
        return self.cast(self.term(node.this.expressions[0], scope), "TIMESTAMP")

    def _try_cast(self, node: Any, scope: Scope) -> Term:
        return self.try_cast(self.term(node.this, scope), type_name(node.args["to"]))

    def _collate(self, node: Any, scope: Scope) -> Term:
        return self.collated(self.term(node.this, scope), node.expression.name)

    def _coalesce(self, node: Any, scope: Scope) -> Term:
        terms = [self.term(each, scope) for each in (node.this, *node.expressions)]
        return Term(f"coalesce({', '.join(each.sql for each in terms)})", common(terms))

    def _count_if(self, node: Any, scope: Scope) -> Term:
        return self.count_if(self.term(node.this, scope))

    def _sum(self, node: Any, scope: Scope) -> Term:
        of = self.term(node.this, scope)
        return Term(f"sum({of.sql})", "DOUBLE" if of.type == "DOUBLE" else "HUGEINT")

    def _variance(self, node: Any, scope: Scope) -> Term:
        of = self.term(node.this, scope)
        if of.type != "DOUBLE":
            raise refused(node)
        return Term(f"var_samp({of.sql})", "DOUBLE")

    def _window(self, node: Any, scope: Scope) -> Term:
        """A running sum: of all rows up to this one and those that are equal to it in the order, in every engine."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        only(node, {"this", "partition_by", "order", "over"})
        order = node.args.get("order")
        if not isinstance(node.this, exp.Sum) or (order and any(each.args.get("desc") for each in order.expressions)):
            raise refused(node)
        of = self.term(node.this, scope)
        parts = ", ".join(self.term(each, scope).sql for each in node.args.get("partition_by") or [])
        sql = f"PARTITION BY {parts}" if parts else ""
        if order:
            sql += f" ORDER BY {', '.join(self.term(each.this, scope).sql for each in order.expressions)}"
        return Term(f"{of.sql} OVER ({sql.strip()})", of.type)

    def _extreme(self, node: Any, scope: Scope) -> Term:
        return self.extreme(node.key, self.term(node.this, scope))

    def _mean(self, node: Any, scope: Scope) -> Term:
        return self._average(node.this, scope)

    def _quantiles(self, node: Any, scope: Scope) -> Term:
        shares: Any = node.args.get("expression") or node.args.get("quantile")
        return self.quantiles(self.term(node.this, scope), [self.term(each, scope).sql for each in shares.expressions])

    def _truncated(self, node: Any, scope: Scope) -> Term:
        unit = str(node.args["unit"].name).lower()
        return self.function("date_trunc", [Term(self.text(unit), "VARCHAR", unit), self.term(node.this, scope)])

    def _array(self, node: Any, scope: Scope) -> Term:
        return self.items([self.term(each, scope) for each in node.expressions])

    def _subquery(self, node: Any, _scope: Scope) -> Term:
        sql, types = self.select(node.this)
        return Term(f"({sql})", next(iter(types.values()), None))

    def _anonymous(self, node: Any, scope: Scope) -> Term:
        name, arguments = str(node.this).lower(), [self.term(each, scope) for each in node.expressions]
        if name == "row":
            return self.row(arguments)
        if name not in FUNCTIONS:
            raise Untranslatable(f"call the function {name}")
        return self.function(name, arguments)

    def _chain(self, node: Any, scope: Scope) -> Term:
        """``a OR b OR …``, however long."""
        kind, parts, left = type(node), [], node
        while isinstance(left, kind):
            parts.append(self.term(left.expression, scope).sql)
            left = left.this
        parts.append(self.term(left, scope).sql)
        word = " OR " if kind.__name__ == "Or" else " AND "
        return Term(f"({word.join(reversed(parts))})", "BOOLEAN")

    def _in(self, node: Any, scope: Scope) -> Term:
        only(node, {"this", "expressions", "query"})
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

    def _literal(self, node: Any, _scope: Scope) -> Term:
        if node.is_string:
            return Term(self.text(node.this), "VARCHAR", node.this)
        number = str(node.this)
        if number.isdigit():
            return Term(number, "BIGINT" if int(number) < 2**63 else "HUGEINT")
        if "e" in number.lower():
            return self.cast(Term(self.text(number), "VARCHAR", number), "DOUBLE")
        return Term(number, f"DECIMAL(38,{len(number.partition('.')[2])})")

    def _case(self, node: Any, scope: Scope) -> Term:
        only(node, {"ifs", "default"})
        sql, results = "CASE", []
        for each in node.args["ifs"]:
            condition, result = self.term(each.this, scope), self.term(each.args["true"], scope)
            sql += f" WHEN {condition.sql} THEN {result.sql}"
            results.append(result)
        if (default := node.args.get("default")) is not None:
            results.append(self.term(default, scope))
            sql += f" ELSE {results[-1].sql}"
        return Term(f"{sql} END", common(results))

    def _count(self, node: Any, scope: Scope) -> Term:
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        match node.this:
            case exp.Star():
                return Term("count(*)", "BIGINT")
            case exp.Distinct(expressions=[of]):
                return self.distinct(self.term(of, scope))
            case exp.Distinct():
                raise refused(node)
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

    def _replaced(self, node: Any, scope: Scope) -> Term:
        """``regexp_replace(text, pattern, sign, 'g')``: each match; of the first one alone, engines differ."""
        only(node, {"this", "expression", "replacement", "modifiers", "single_replace"})
        modifiers = node.args.get("modifiers")
        if modifiers is None or modifiers.name != "g":
            raise refused(node)
        arguments = (node.this, node.expression, node.args["replacement"])
        return self.function("regexp_replace", [self.term(each, scope) for each in arguments])

    def _filter(self, node: Any, scope: Scope) -> Term:
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        value, function = self.term(node.this, scope), node.expression
        if not isinstance(function, exp.Lambda) or len(function.expressions) != 1:
            raise refused(function)
        name = function.expressions[0].name
        condition = self.term(function.this, Scope(scope.types | {name: item_type(value.type)}))
        return self.filtered(value, self.name(name), condition)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@cache
def _comparisons() -> dict[type, str]:
    """sqlglot's classes of comparisons, with their signs."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    return {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


@cache
def _arithmetic() -> dict[type, str]:
    """sqlglot's classes of arithmetic, with their signs."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    return {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


@cache
def _functions() -> dict[type, tuple[str, tuple[str, ...]]]:
    """sqlglot's classes of functions, with their names in DuckDB and where the arguments stand."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    return {
        exp.Abs: ("abs", ("this",)),
        exp.ApproxDistinct: ("approx_count_distinct", ("this",)),
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
        exp.Translate: ("translate", ("this", "from_", "to")),
        exp.Trunc: ("trunc", ("this",)),
    }


@cache
def _forms() -> dict[type, str]:
    """sqlglot's other classes, with the method that writes each."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    return {
        exp.And: "_chain",
        exp.Anonymous: "_anonymous",
        exp.Array: "_array",
        exp.ArrayFilter: "_filter",
        exp.Avg: "_mean",
        exp.Between: "_between",
        exp.Boolean: "_boolean",
        exp.Case: "_case",
        exp.Cast: "_cast",
        exp.Coalesce: "_coalesce",
        exp.Collate: "_collate",
        exp.Column: "_column",
        exp.Count: "_count",
        exp.CountIf: "_count_if",
        exp.DateTrunc: "_truncated",
        exp.Identifier: "_identifier",
        exp.In: "_in",
        exp.Is: "_is",
        exp.Literal: "_literal",
        exp.Max: "_extreme",
        exp.Min: "_extreme",
        exp.Neg: "_negative",
        exp.Not: "_not",
        exp.Null: "_null",
        exp.Or: "_chain",
        exp.Paren: "_paren",
        exp.PercentileDisc: "_quantiles",
        exp.Quantile: "_quantiles",
        exp.RegexpReplace: "_replaced",
        exp.Subquery: "_subquery",
        exp.Sum: "_sum",
        exp.TimestampTrunc: "_truncated",
        exp.TryCast: "_try_cast",
        exp.UnixToTime: "_in_utc",
        exp.Variance: "_variance",
        exp.Window: "_window",
    }
