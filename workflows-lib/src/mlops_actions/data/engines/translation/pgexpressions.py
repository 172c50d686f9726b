"""Expressions of a contract's own query in PostgreSQL's SQL: each kind listed, with the types that it is alike for.

What is not listed is refused by name. What is known to differ is an error
there, and never another value: a division by zero, a number beyond the ends of
DOUBLE, a text cast to a number.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.engines.translation.postgres import PostgresWriter, is_exact
from mlops_actions.data.engines.translation.terms import FLOATS, Scope, Term, Untranslatable, only, refused

_WHOLE = frozenset({"SMALLINT", "INTEGER", "BIGINT", "HUGEINT"})
_CLOCKS = frozenset({"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_MOMENTS = _CLOCKS | {"DATE"}
_SPACES = "".join(map(chr, (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
"""What DuckDB's trim takes away: the separators of Unicode (Zs). PostgreSQL's takes U+0020 alone."""

_LITERALS = {
    "DATE": r"\d{4}-\d\d-\d\d",
    "TIMESTAMP": r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?",
    "TIMESTAMP WITH TIME ZONE": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d(:\d\d)?)?",
    "DOUBLE": r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,4})?",
    "UUID": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    **dict.fromkeys(_WHOLE, r"[+-]?\d+"),
}
"""How a text may be written that is taken for a value of another type: in ways that both read alike."""

_PARTS = {"year", "quarter", "month", "week", "day", "doy", "dow", "isodow", "hour", "minute"}
_INTERVALS = {
    "to_years": "years", "to_months": "months", "to_weeks": "weeks", "to_days": "days", "to_hours": "hours",
    "to_minutes": "mins", "to_seconds": "secs",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """What can be read: a query, and its columns as a contract's query names them, with their names there and types."""

    sql: str
    columns: Sequence[tuple[str, str, str | None]]


class ExpressionWriter(PostgresWriter, ABC):
    """Writes the expressions of queries; what a name and a query inside of one mean is its subclass's to say."""

    @abstractmethod
    def _column(self, node: Any, scope: Scope) -> Term:
        """The column that a name means. Raises Untranslatable."""

    @abstractmethod
    def inner(self, node: Any, scope: Scope, *, one: bool = True) -> Table:
        """A query inside of an expression, of ``one`` column. Raises Untranslatable."""

    def _subquery(self, node: Any, scope: Scope) -> Term:
        found = self.inner(node, scope)
        return Term(f"({found.sql})", found.columns[0][2])

    def _exists(self, node: Any, scope: Scope) -> Term:
        return Term(f"(EXISTS ({self.inner(node.this, scope, one=False).sql}))", "BOOLEAN")

    def truth(self, node: Any, scope: Scope) -> str:
        """A condition."""
        term = self.term(node, scope)
        if term.type not in {"BOOLEAN", None}:
            raise Untranslatable(f"take a value of {term.type} for a condition")
        return term.sql

    def term(self, node: Any, scope: Scope) -> Term:
        kind = type(node)
        if kind not in _grammar():
            raise refused(node)
        form, parts = _grammar()[kind]
        only(node, parts)
        if form is None:
            return super().term(node, scope)
        found: Term = getattr(self, form)(node, scope)
        return found

    def _equal(self, node: Any, scope: Scope) -> Term:
        """A comparison; ``x = ANY (SELECT …)``, which IN is, among them."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        if isinstance(node.expression, exp.Any) and isinstance(node, exp.EQ):
            found = self.inner(node.expression.this, scope)
            value, _ = self.alike(self.term(node.this, scope), Term("", found.columns[0][2]))
            return Term(f"({value.sql} = ANY ({found.sql}))", "BOOLEAN")
        return super().term(node, scope)

    def _among(self, node: Any, scope: Scope) -> Term:
        value = self.term(node.this, scope)
        sides = [self.alike(value, self.term(each, scope)) for each in node.expressions]
        return Term(f"({sides[0][0].sql} IN ({', '.join(each.sql for _, each in sides)}))", "BOOLEAN")

    def _between(self, node: Any, scope: Scope) -> Term:
        value, low, high = (self.term(node.args[key], scope) for key in ("this", "low", "high"))
        (above, low), (below, high) = self.alike(value, low), self.alike(value, high)
        return Term(f"({above.sql} >= {low.sql} AND {below.sql} <= {high.sql})", "BOOLEAN")

    def _apart(self, node: Any, scope: Scope) -> Term:
        left, right = self.alike(self.term(node.this, scope), self.term(node.expression, scope))
        word = "IS NOT DISTINCT FROM" if node.key == "nullsafeeq" else "IS DISTINCT FROM"
        return Term(f"({left.sql} {word} {right.sql})", "BOOLEAN")

    def _not(self, node: Any, scope: Scope) -> Term:
        return Term(f"(NOT {self.truth(node.this, scope)})", "BOOLEAN")

    def _chain(self, node: Any, scope: Scope) -> Term:
        for each in node.flatten():
            self.truth(each, scope)
        return super()._chain(node, scope)

    def _like(self, node: Any, scope: Scope) -> Term:
        left, right = self._texts(node, scope, "this", "expression")
        word = "NOT LIKE" if node.args.get("negate") else "LIKE"
        return Term(f"({left} {word} {right} ESCAPE '')", "BOOLEAN")  # DuckDB has no sign for it unless it is named

    def alike(self, left: Term, right: Term) -> tuple[Term, Term]:
        left, right = super().alike(left, right)
        for each in (left, right):
            if each.type is not None:
                self.known(each)
        sorts = _sort(left.type), _sort(right.type)
        if None not in (left.type, right.type) and sorts[0] != sorts[1]:
            raise Untranslatable(f"compare {left.type} with {right.type}")
        if "FLOAT" in (left.type, right.type) and left.type != right.type and "DOUBLE" not in (left.type, right.type):
            raise Untranslatable(f"compare {left.type} with {right.type} (cast the FLOAT to DOUBLE)")
        return self.compared(left), right

    @staticmethod
    def compared(of: Term) -> Term:
        """A value that is put in order: a text by its bytes."""
        return Term(f'({of.sql} COLLATE "C")', of.type) if of.type == "VARCHAR" else of

    def _one_of(self, terms: Sequence[Term]) -> str | None:
        """The type of a value that is one of several. Raises Untranslatable where they do not go together."""
        kinds = {each.type for each in terms} - {None}
        if len(kinds) <= 1:
            return next(iter(kinds), None)
        if kinds <= _WHOLE:
            return "HUGEINT" if "HUGEINT" in kinds else "BIGINT"
        if all(each in _WHOLE or is_exact(each) for each in kinds):
            return "NUMERIC"
        if all(each in _WHOLE or is_exact(each) or each == "DOUBLE" for each in kinds):
            return "DOUBLE"
        raise Untranslatable(f"give a value that is of {' or of '.join(sorted(map(str, kinds)))}")

    def _case(self, node: Any, scope: Scope) -> Term:
        pairs = [(self.truth(each.this, scope), self.term(each.args["true"], scope)) for each in node.args["ifs"]]
        default = node.args.get("default")
        return self._cases(pairs, self.term(default, scope) if default is not None else None)

    def _if(self, node: Any, scope: Scope) -> Term:
        default = node.args.get("false")
        pair = self.truth(node.this, scope), self.term(node.args["true"], scope)
        return self._cases([pair], self.term(default, scope) if default is not None else None)

    def _cases(self, pairs: Sequence[tuple[str, Term]], default: Term | None) -> Term:
        kind = self._one_of([*(each for _, each in pairs), *([default] if default else [])])
        cases = " ".join(f"WHEN {condition} THEN {result.sql}" for condition, result in pairs)
        return Term(f"CASE {cases}{f' ELSE {default.sql}' if default else ''} END", kind)

    def _coalesce(self, node: Any, scope: Scope) -> Term:
        terms = [self.term(each, scope) for each in (node.this, *node.expressions)]
        return Term(f"coalesce({', '.join(each.sql for each in terms)})", self._one_of(terms))

    def _null_if(self, node: Any, scope: Scope) -> Term:
        left, right = self.term(node.this, scope), self.term(node.expression, scope)
        self.alike(left, right)
        return Term(f"nullif({left.sql}, {self.alike(left, right)[1].sql})", left.type)

    def _extremes(self, node: Any, scope: Scope) -> Term:
        terms = [self.compared(self.term(each, scope)) for each in (node.this, *node.expressions)]
        return Term(f"{node.key}({', '.join(each.sql for each in terms)})", self._one_of(terms))

    # Casts

    def cast(self, of: Term, to: str) -> Term:
        if of.type == to or of.sql == "NULL":
            return Term(f"CAST({of.sql} AS {self.type(to)})", to) if of.sql == "NULL" else of
        if of.text is not None:
            if to not in _LITERALS or not re.fullmatch(_LITERALS[to], of.text, re.ASCII):
                raise Untranslatable(f"read {of.text[:60]!r} as {to}")
            return Term(f"CAST({of.sql} AS {self.type(to)})", to)
        if not self._casts(of.type, to):
            raise Untranslatable(f"cast {of.type or 'a value whose type is not known'} to {to}")
        if of.type == "BOOLEAN" and to != "VARCHAR":
            of = Term(f"CASE WHEN {of.sql} THEN 1 WHEN NOT {of.sql} THEN 0 END", "INTEGER")
        if to == "DOUBLE":
            return super().cast(of, to)
        return Term(f"CAST({of.sql} AS {self.type(to)})", to)

    @staticmethod
    def _casts(kind: str | None, to: str) -> bool:
        """Whether a cast gives the same value in both."""
        if kind in _WHOLE:
            return to in _WHOLE or to in {"DOUBLE", "VARCHAR"} or is_exact(to)
        if is_exact(kind):
            return to in _WHOLE or to == "DOUBLE" or is_exact(to)
        if kind in FLOATS:
            return to == "DOUBLE" or (kind == "DOUBLE" and to in _WHOLE)
        if kind in _MOMENTS:
            return to in _MOMENTS or (kind == "DATE" and to == "VARCHAR")
        return (kind == "BOOLEAN" and (to in _WHOLE or to == "VARCHAR")) or (kind == "UUID" and to == "VARCHAR")

    # Numbers

    def arithmetic(self, sign: str, left: Term, right: Term) -> Term:
        a, b = left.sql, right.sql
        match left.type, sign, right.type:
            case "DATE", "-", "DATE":
                return Term(f"CAST({a} - {b} AS bigint)", "BIGINT")
            case "DATE", ("+" | "-"), str() as whole if whole in _WHOLE:
                return Term(f"({a} {sign} CAST({b} AS integer))", "DATE")
            case str() as moment, ("+" | "-"), "INTERVAL" if moment in _MOMENTS:
                return Term(f"({a} {sign} {b})", "TIMESTAMP" if moment == "DATE" else moment)
        kinds = (left.type, right.type)
        if not all(each in _WHOLE or is_exact(each) or each == "DOUBLE" for each in kinds):
            raise Untranslatable(f"compute {left.type} {sign} {right.type}")
        if sign == "/" or "DOUBLE" in kinds:
            if sign == "%":
                raise Untranslatable(f"compute {left.type} % {right.type}")
            return Term(f"({self.cast(left, 'DOUBLE').sql} {sign} {self.cast(right, 'DOUBLE').sql})", "DOUBLE")
        if all(each in _WHOLE for each in kinds):
            return Term(f"({a} {sign} {b})", "HUGEINT" if "HUGEINT" in kinds else "BIGINT")
        if sign == "%":
            raise Untranslatable(f"compute {left.type} % {right.type}")
        return Term(f"({a} {sign} {b})", "NUMERIC")

    def _negative(self, node: Any, scope: Scope) -> Term:
        term = self.term(node.this, scope)
        self._number(term, "the sign of")
        return Term(f"(-{term.sql})", term.type)

    @staticmethod
    def _number(of: Term, what: str) -> None:
        if of.type not in _WHOLE and of.type not in FLOATS and not is_exact(of.type):
            raise Untranslatable(f"tell {what} {of.type or 'a value whose type is not known'}")

    def _rounded(self, node: Any, scope: Scope) -> Term:
        of, decimals = self.term(node.this, scope), node.args.get("decimals")
        digits = 0
        if decimals is not None:
            if decimals.key != "literal" or not decimals.is_int or int(decimals.this) > 15:
                raise refused(node)
            digits = int(decimals.this)
        if of.type in _WHOLE:
            return of
        if is_exact(of.type):
            return Term(f"round({of.sql}, {digits})", "NUMERIC")
        if of.type != "DOUBLE":
            raise Untranslatable(f"round {of.type}")
        scaled = Term(f"({of.sql} * CAST('1e{digits}' AS double precision))" if digits else of.sql, "DOUBLE")
        whole = self.function("round", [scaled]).sql
        return Term(f"({whole} / CAST('1e{digits}' AS double precision))" if digits else f"({whole})", "DOUBLE")

    def _floored(self, node: Any, scope: Scope) -> Term:
        of = self.term(node.this, scope)
        self._number(of, f"the {node.key} of")
        return of if of.type in _WHOLE else Term(f"{node.key}({of.sql})", "NUMERIC" if is_exact(of.type) else of.type)

    # Aggregates

    def _filter(self, node: Any, scope: Scope) -> Term:
        """An aggregate of the rows that a condition holds for."""
        only(node.expression, {"this"})
        if type(node.this) not in _aggregates() and not _is_count_of_rows(node.this):
            raise refused(node)
        return self._aggregate(node.this, scope, f" FILTER (WHERE {self.truth(node.expression.this, scope)})")

    def _aggregate(self, node: Any, scope: Scope, where: str = "") -> Term:
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        if _is_count_of_rows(node):
            return Term(f"count(*){where}", "BIGINT")
        only(node, {"this", "big_int"})
        if isinstance(node.this, exp.Star):
            return Term(f"count(*){where}", "BIGINT")
        if isinstance(node.this, exp.Distinct) and isinstance(node, exp.Count) and len(node.this.expressions) == 1:
            only(node.this, {"expressions"})
            return Term(f"count(DISTINCT {self._held(node.this.expressions[0], scope).sql}){where}", "BIGINT")
        of = self.term(node.this, scope)
        match node:
            case exp.Count():
                return Term(f"count({of.sql}){where}", "BIGINT")
            case exp.CountIf() if of.type == "BOOLEAN":
                return Term(f"count(CASE WHEN {of.sql} THEN 1 END){where}", "BIGINT")
            case exp.LogicalAnd() | exp.LogicalOr() if of.type == "BOOLEAN":
                return Term(f"{'bool_and' if node.key == 'logicaland' else 'bool_or'}({of.sql}){where}", "BOOLEAN")
            case exp.Sum() if of.type == "BOOLEAN":
                return Term(f"CAST(sum({self.cast(of, 'INTEGER').sql}){where} AS numeric)", "HUGEINT")
            case exp.Sum():
                return self._total(of, where)
            case exp.Avg():
                return self._mean_of(of, where)
            case exp.Min() | exp.Max():
                return self._end(node.key, of, where)
        raise Untranslatable(f"tell {node.key} of {of.type or 'a value whose type is not known'}")

    def _held(self, node: Any, scope: Scope) -> Term:
        of = self.term(node, scope)
        self.known(of)
        return of

    def _total(self, of: Term, where: str) -> Term:
        self._number(of, "the sum of")
        if of.type in FLOATS:
            return Term(f"sum(CAST({of.sql} AS double precision)){where}", "DOUBLE")
        return Term(f"sum(CAST({of.sql} AS numeric)){where}", "HUGEINT" if of.type in _WHOLE else "NUMERIC")

    def _mean_of(self, of: Term, where: str) -> Term:
        self._number(of, "the mean of")
        if of.type in FLOATS:
            return Term(f"avg(CAST({of.sql} AS double precision)){where}", "DOUBLE")
        # With so many digits, the quotient is rounded once: when it becomes a binary fraction.
        mean = f"round(sum(CAST({of.sql} AS numeric)){where}, 40) / nullif(count({of.sql}){where}, 0)"
        return Term(f"CAST({mean} AS double precision)", "DOUBLE")

    def _end(self, side: str, of: Term, where: str) -> Term:
        self.known(of)
        if of.type == "BOOLEAN":
            return Term(f"{'bool_and' if side == 'min' else 'bool_or'}({of.sql}){where}", of.type)
        if of.type == "UUID":  # whose text is in the same order
            return Term(f'CAST({side}(CAST({of.sql} AS text) COLLATE "C"){where} AS uuid)', of.type)
        return Term(f"{side}({self.compared(of).sql}){where}", of.type)

    # Texts

    def _texts(self, node: Any, scope: Scope, *keys: str) -> list[str]:
        terms = [self.term(node.args[key], scope) for key in keys]
        for each in terms:
            if each.type != "VARCHAR":
                raise Untranslatable(f"tell {node.key} of {each.type or 'a value whose type is not known'}")
        return [each.sql for each in terms]

    def _text_function(self, node: Any, scope: Scope) -> Term:
        match node.key:
            case "dpipe":
                left, right = self._texts(node, scope, "this", "expression")
                return Term(f"({left} || {right})", "VARCHAR")
            case "contains":
                left, right = self._texts(node, scope, "this", "expression")
                return Term(f"(strpos({left}, {right}) > 0)", "BOOLEAN")
            case "startswith":
                left, right = self._texts(node, scope, "this", "expression")
                return Term(f"starts_with({left}, {right})", "BOOLEAN")
            case "endswith":
                left, right = self._texts(node, scope, "this", "expression")
                return Term(f"(right({left}, length({right})) = {right})", "BOOLEAN")
            case "trim":
                word = {"": "btrim", "LEADING": "ltrim", "TRAILING": "rtrim"}[str(node.args.get("position") or "")]
                return Term(f"{word}({self._texts(node, scope, 'this')[0]}, {literal(_SPACES)})", "VARCHAR")
            case "left" | "right":
                count = _digits(node.expression, node)
                return Term(f"{node.key}({self._texts(node, scope, 'this')[0]}, {count})", "VARCHAR")
            case "substring":
                (of,) = self._texts(node, scope, "this")
                start = _digits(node.args["start"], node, 1)
                count = node.args.get("length")
                return Term(f"substr({of}, {start}{f', {_digits(count, node)}' if count else ''})", "VARCHAR")
        (of,) = self._texts(node, scope, "this")
        if node.expression.key != "literal" or not node.expression.is_string:
            raise Untranslatable("run a pattern that is not written out")
        form = node.expression.this
        if node.key == "regexpfullmatch":
            form = rf"\A(?:{form})\z"
        return self.function("regexp_matches", [Term(of, "VARCHAR"), Term(literal(form), "VARCHAR", form)])

    # Times

    def _clock(self, node: Any, _scope: Scope) -> Term:
        if node.key == "currentdate":
            return Term("CURRENT_DATE", "DATE")
        return Term("CURRENT_TIMESTAMP", "TIMESTAMP WITH TIME ZONE")

    def _interval(self, node: Any, _scope: Scope) -> Term:
        return _interval(_INTERVALS["to_days"], node.this)

    def _difference(self, node: Any, scope: Scope) -> Term:
        unit = str(node.args["unit"].name).lower()
        later, earlier = self.term(node.this, scope), self.term(node.expression, scope)
        if later.type not in _MOMENTS or earlier.type not in _MOMENTS or unit not in {"day", "month", "year"}:
            raise Untranslatable(f"tell date_diff in {unit} between {earlier.type} and {later.type}")
        if unit == "day":
            days = f"CAST({later.sql} AS date) - CAST({earlier.sql} AS date)"
            return Term(f"CAST({days} AS bigint)", "BIGINT")
        ends = [{part: f"extract({part} FROM {each.sql})" for part in ("year", "month")} for each in (later, earlier)]
        counts = [each["year"] if unit == "year" else f"12 * {each['year']} + {each['month']}" for each in ends]
        return Term(f"CAST(({counts[0]}) - ({counts[1]}) AS bigint)", "BIGINT")

    def _part(self, unit: str, of: Term) -> Term:
        if unit not in _PARTS or of.type not in _MOMENTS or (of.type == "DATE" and unit in {"hour", "minute"}):
            raise Untranslatable(f"tell the {unit} of {of.type}")
        return Term(f"CAST(extract({unit} FROM {of.sql}) AS bigint)", "BIGINT")

    def _named_part(self, node: Any, scope: Scope) -> Term:
        return self._part(node.key, self.term(node.this, scope))

    def _anonymous(self, node: Any, scope: Scope) -> Term:
        name, arguments = str(node.this).lower(), list(node.expressions)
        match name, arguments:
            case "count_star", []:
                return self._aggregate(node, scope)
            case (("now" | "get_current_timestamp" | "transaction_timestamp"), []):
                return Term("CURRENT_TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
            case "today", []:
                return Term("CURRENT_DATE", "DATE")
            case "date_part", [unit, of] if unit.key == "literal" and unit.is_string:
                return self._part(str(unit.this).lower(), self.term(of, scope))
            case "isfinite", [of]:
                return self.function(name, [self.term(of, scope)])
            case (("prefix" | "suffix"), [of, text]):
                from sqlglot import exp  # pylint: disable=import-outside-toplevel

                same = exp.StartsWith if name == "prefix" else exp.EndsWith
                return self._text_function(same(this=of, expression=text), scope)
            case _, [of] if name in _INTERVALS:
                return _interval(_INTERVALS[name], of)
        raise Untranslatable(f"call the function {name}")


def _sort(kind: str | None) -> str | None:
    """What values of a type are compared with."""
    if kind in _WHOLE or kind in FLOATS or is_exact(kind):
        return "number"
    return "moment" if kind in _MOMENTS else kind


def _digits(node: Any, whole: Any, least: int = 0) -> int:
    if node.key != "literal" or node.is_string or not node.is_int or not least <= int(node.this) < 2**31:
        raise refused(whole)
    return int(node.this)


def _is_count_of_rows(node: Any) -> bool:
    return node.key == "anonymous" and str(node.this).lower() == "count_star" and not node.expressions


def _interval(unit: str, of: Any) -> Term:
    """An interval of a constant length, which DuckDB's parser wraps into casts."""
    while of.key in {"cast", "trunc", "paren"}:
        of = of.this
    sign = ""
    if of.key == "neg":
        sign, of = "-", of.this.unnest()
    return Term(f"make_interval({unit} => {sign}{_digits(of, of)})", "INTERVAL")


@cache
def _aggregates() -> frozenset[type]:
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    return frozenset({exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.LogicalAnd, exp.LogicalOr})


@cache
def _grammar() -> Mapping[type, tuple[str | None, set[str]]]:
    """sqlglot's classes that a query may have: the method that writes each (None: that of rules), and its parts."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    two, one = {"this", "expression"}, {"this"}
    found: dict[type, tuple[str | None, set[str]]] = {
        **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), ("_equal", two)),
        **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Mod), (None, two)),
        exp.Div: (None, {*two, "typed", "safe"}),
        **dict.fromkeys((exp.And, exp.Or), ("_chain", two)),
        **dict.fromkeys((exp.Paren, exp.Not, exp.Neg, exp.Abs, exp.Boolean, exp.IsNan), (None, one)),
        **dict.fromkeys(_aggregates(), ("_aggregate", {"this", "big_int"})),
        **dict.fromkeys((exp.DPipe, exp.Contains, exp.StartsWith, exp.EndsWith), ("_text_function", {*two, "safe"})),
        **dict.fromkeys((exp.Left, exp.Right, exp.RegexpLike, exp.RegexpFullMatch), ("_text_function", two)),
        exp.Trim: ("_text_function", {"this", "position"}),
        exp.Substring: ("_text_function", {"this", "start", "length"}),
        exp.Like: ("_like", {*two, "negate"}),
        exp.Length: (None, one),
        **dict.fromkeys((exp.Floor, exp.Ceil), ("_floored", one)),
        exp.Round: ("_rounded", {"this", "decimals"}),
        exp.Null: (None, set()),
        exp.Is: (None, two),
        exp.Literal: (None, {"this", "is_string"}),
        exp.Column: ("_column", {"this", "table"}),
        exp.Cast: (None, {"this", "to"}),
        exp.Case: ("_case", {"ifs", "default"}),
        exp.If: ("_if", {"this", "true", "false"}),
        exp.Coalesce: ("_coalesce", {"this", "expressions"}),
        exp.Nullif: ("_null_if", two),
        **dict.fromkeys((exp.Greatest, exp.Least), ("_extremes", {"this", "expressions", "ignore_nulls"})),
        exp.Between: ("_between", {"this", "low", "high"}),
        exp.In: ("_among", {"this", "expressions"}),
        **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), ("_apart", two)),
        exp.Exists: ("_exists", one),
        exp.Subquery: ("_subquery", one),
        exp.Filter: ("_filter", two),
        **dict.fromkeys((exp.CurrentDate, exp.CurrentTimestamp), ("_clock", set())),
        exp.ToDays: ("_interval", one),
        exp.DateDiff: ("_difference", {*two, "unit", "date_part_boundary"}),
        **dict.fromkeys((exp.Year, exp.Quarter, exp.Month, exp.Week, exp.Day), ("_named_part", one)),
        **dict.fromkeys((exp.TimestampTrunc, exp.DateTrunc), (None, {"this", "unit"})),
        exp.Anonymous: ("_anonymous", {"this", "expressions"}),
    }
    return found
