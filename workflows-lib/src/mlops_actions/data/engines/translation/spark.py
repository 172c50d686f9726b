r"""Questions in Spark's SQL, under the settings of :data:`mlops_actions.data.engines.spark.MEANINGS`.

Spark counts NaN as equal to itself and greater than all, and 0 as -0.0, as
DuckDB does, and computes with DOUBLE as IEEE 754 has it. What is not alike:

- Dates and timestamps have no infinities: those of a file are the ends of what
  their integers hold, and are told by these.
- Patterns are Java's, which backtrack: RE2 runs in Python's place, as a function
  for each pattern (:class:`SparkWriter` names those it needs).
- A whole number without a sign and of 64 bits is a DECIMAL(20,0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from mlops_actions.data.engines.translation import patterns
from mlops_actions.data.engines.translation.terms import FLOATS, Scope, Term, Untranslatable, item_type, struct_fields
from mlops_actions.data.engines.translation.writer import Writer

TYPES = {
    "BOOLEAN": "BOOLEAN",
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INT",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "FLOAT": "FLOAT",
    "DOUBLE": "DOUBLE",
    "VARCHAR": "STRING",
    "JSON": "STRING",
    "BLOB": "BINARY",
    "DATE": "DATE",
    "TIME": "TIME(6)",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP_S": "TIMESTAMP_NTZ",
    "TIMESTAMP_MS": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}
"""DuckDB's types, and those of Spark that hold all of their values."""

_WHOLE = frozenset(["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"])
_LAST_DAY, _LAST_MOMENT = 2**31 - 1, 2**63 - 1
"""Days, and microseconds, that DuckDB takes for infinity; their negatives for the other one."""
_ENDS = ((_LAST_DAY, _LAST_MOMENT), (-_LAST_DAY, -_LAST_MOMENT))
_INFINITE = {"inf": 1, "infinity": 1, "+infinity": 1, "-inf": -1, "-infinity": -1}


class SparkWriter(Writer):
    """Writes for Spark 4.1 and newer.

    ``patterns`` are those that were written, each with the name of the
    function that answers whether it is found in a text (or in each text of a
    list, where the second part of the key says so).
    """

    engine = "spark"

    def __init__(self) -> None:
        super().__init__()
        self.patterns: dict[tuple[str, bool], str] = {}
        self._inside = False

    def type(self, name: str) -> str:
        item = item_type(name)
        if item is not None:
            return f"ARRAY<{self.type(item)}>"
        if re.fullmatch(r"DECIMAL\(\d+,\d+\)", name):
            return name
        if (fields := struct_fields(name)) is not None:
            return f"STRUCT<{', '.join(f'{self.name(key)}: {self.type(kind)}' for key, kind in fields.items())}>"
        if name not in TYPES:
            raise Untranslatable(f"the type {name}")
        return TYPES[name]

    def text(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def name(self, identifier: str) -> str:
        return "`" + identifier.replace("`", "``") + "`"

    def cast(self, of: Term, to: str) -> Term:
        sign = _INFINITE.get((of.text or "").casefold())
        if sign and to == "DATE":
            return Term(f"date_from_unix_date({sign * _LAST_DAY})", to)
        if sign and to in {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}:
            return Term(f"CAST(timestamp_micros({sign * _LAST_MOMENT}) AS {self.type(to)})", to)
        if of.type == "DATE" and to == "TIMESTAMP":  # Spark refuses a day that is so far away
            day = f"CAST(unix_date({of.sql}) AS BIGINT)"
            ends = (f"WHEN {day} = {end[0]} THEN {_moment(end[1])}" for end in _ENDS)
            return Term(f"CASE {' '.join(ends)} ELSE CAST({of.sql} AS TIMESTAMP_NTZ) END", to)
        if to == "VARCHAR" and (of.type in FLOATS or of.type is None) and of.sql != "NULL":
            raise Untranslatable(f"the text of {_shown(of)}")
        return super().cast(of, to)

    def try_cast(self, of: Term, to: str) -> Term:
        if to == "HUGEINT" and of.type in FLOATS:  # to BIGINT no digit is lost, as it is straight to a DECIMAL
            whole = f"CAST(CAST({of.sql} AS BIGINT) AS DECIMAL(38,0))"
            return Term(f"CASE WHEN abs({of.sql}) < 9.2e18 THEN {whole} END", to)
        if to == "HUGEINT" and (of.type in _WHOLE or (of.type or "").startswith("DECIMAL")):
            return Term(f"CAST({of.sql} AS DECIMAL(38,0))", to)
        return super().try_cast(of, to)

    def arithmetic(self, sign: str, left: Term, right: Term) -> Term:
        floating = left.type in FLOATS or right.type in FLOATS
        if not floating and sign != "%":
            raise Untranslatable(f"{left.type} {sign} {right.type}")
        return Term(f"({left.sql} {sign} {right.sql})", "DOUBLE" if floating else right.type)

    def average(self, of: Term) -> Term:
        return Term(f"avg({of.sql})", "DOUBLE")

    def count_if(self, condition: Term) -> Term:
        return Term(f"count_if({condition.sql})", "BIGINT")

    # Rows and lists

    def row(self, parts: Sequence[Term]) -> Term:
        return Term(f"struct({', '.join(each.sql for each in parts)})", "STRUCT")

    def items(self, parts: Sequence[Term]) -> Term:
        kind = next((each.type for each in parts if each.type), None)
        return Term(f"array({', '.join(each.sql for each in parts)})", kind and f"{kind}[]")

    @staticmethod
    def parse(sql: str) -> Any:
        return _reduced(Writer.parse(sql))

    def _filter(self, node: Any, scope: Scope) -> Term:
        """Items of a list; what patterns say of them is found out for all of them at once, outside of the lambda."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        found = list(node.expression.this.find_all(exp.RegexpLike))
        if not found:
            return super()._filter(node, scope)
        if len(found) > 1 or node.expression.this.find(exp.ArrayFilter) or self._inside:
            raise Untranslatable("run a pattern on lists inside of lists")
        value, name = self.term(node.this, scope), node.expression.expressions[0].name
        inner = Scope(scope.types | {name: item_type(value.type)})
        self._inside = True
        try:
            tested = self.term(found[0].this, inner)
            function = self._matcher(found[0].expression.this, every=True)
            answer = exp.to_identifier("mlops_answer")
            found[0].replace(answer)
            condition = self.term(node.expression.this, Scope(inner.types | {answer.name: "BOOLEAN"}))
        finally:
            self._inside = False
        answers = f"{function}(transform({value.sql}, {self.name(name)} -> {tested.sql}))"
        met = f"zip_with({value.sql}, {answers}, ({self.name(name)}, {self.name(answer.name)}) -> {condition.sql})"
        return Term(f"filter({met}, {self.name(name)} -> {self.name(name)})", "BOOLEAN[]")

    def filtered(self, of: Term, name: str, condition: Term) -> Term:
        return Term(f"filter({of.sql}, {name} -> {condition.sql})", of.type)

    def _matcher(self, pattern: str, *, every: bool = False) -> str:
        """The function that answers for a text, or for every text of a list, whether a pattern is found in it."""
        return self.patterns.setdefault((pattern, every), f"mlops_matches_{len(self.patterns)}")

    def _one_sign(self, pattern: str, replacement: str) -> str:
        """A pattern that is any one of some signs, as a literal: such a one has one meaning, in Java's form too."""
        try:
            ranges = patterns.one_sign(pattern, replacement)
        except patterns.Unread as error:
            raise Untranslatable(f"replace the pattern, which has {error}") from error
        signs = (rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges)
        return self.text(f"[{''.join(signs)}]")

    def anti_join(self, left: str, right: str, on: str) -> tuple[str, str | None]:
        return f"{left} LEFT ANTI JOIN {right} ON {on}", None

    # Functions

    def quantiles(self, of: Term, shares: Sequence[str]) -> Term:
        raise Untranslatable(f"quantiles of {_shown(of)}")  # they are asked of the first rows alone, which DuckDB has

    def function(self, name: str, arguments: Sequence[Term]) -> Term:
        found = self._of_texts_and_lists(name, arguments) or _of_numbers(name, arguments)
        found = found or _of_times(name, arguments)
        if found is None:
            raise Untranslatable(f"{name} of {', '.join(map(_shown, arguments))}")
        return found

    def _of_texts_and_lists(self, name: str, arguments: Sequence[Term]) -> Term | None:
        match name, arguments:
            case "regexp_matches", [of, Term(text=str() as pattern)] if of.type == "VARCHAR":
                return Term(f"{self._matcher(pattern)}({of.sql})", "BOOLEAN")
            case "regexp_replace", [of, Term(text=str() as pattern), Term(text=str() as sign)] if of.type == "VARCHAR":
                return Term(f"regexp_replace({of.sql}, {self._one_sign(pattern, sign)}, {self.text(sign)})", "VARCHAR")
            case "translate", [of, Term(text=str() as signs), Term(text=str() as others)] if (
                of.type == "VARCHAR" and len(signs) == len(others)
            ):
                return Term(f"translate({of.sql}, {self.text(signs)}, {self.text(others)})", "VARCHAR")
            case "left", [of, Term(sql=count)] if of.type == "VARCHAR" and count.isdigit():
                return Term(f"left({of.sql}, {count})", "VARCHAR")
            case "concat", _ if all(each.type == "VARCHAR" for each in arguments):
                return Term(f"concat_ws('', {', '.join(each.sql for each in arguments)})", "VARCHAR")  # without nulls
            case (("length" | "len"), [of]) if of.type == "VARCHAR":
                return Term(f"char_length({of.sql})", "BIGINT")
            case (("length" | "len"), [of]) if item_type(of.type) is not None:
                return Term(f"array_size({of.sql})", "BIGINT")
            case "list_unique", [of]:
                return Term(f"array_size(array_distinct(array_compact({of.sql})))", "BIGINT")
            case "list_count", [of]:
                return Term(f"array_size(array_compact({of.sql}))", "BIGINT")
            case "struct_extract", [of, Term(text=str() as key)]:
                return Term(f"({of.sql}).{self.name(key)}", (struct_fields(of.type) or {}).get(key))
            case "approx_count_distinct", [of]:
                return Term(f"approx_count_distinct({of.sql}, 0.02)", "BIGINT")
        return None


def _of_numbers(name: str, arguments: Sequence[Term]) -> Term | None:
    match name, arguments:
        case "isfinite", [of]:
            return Term(_is_finite(of), "BOOLEAN")
        case "isnan", [of] if of.type in FLOATS:
            return Term(f"isnan({of.sql})", "BOOLEAN")
        case "abs", [of]:
            return Term(f"abs({of.sql})", of.type)
        case "greatest", _:
            kinds = [each.type for each in arguments]
            sql = ", ".join(each.sql for each in arguments)
            return Term(f"greatest({sql})", "DOUBLE" if "DOUBLE" in kinds else kinds[0])
        case "round", [of] if of.type == "DOUBLE":
            return Term(f"round({of.sql})", of.type)
        case "trunc", [of] if of.type in FLOATS:  # from 2**52 on, every number is whole
            small = f"CASE WHEN {of.sql} < 0 THEN ceil({of.sql}) ELSE floor({of.sql}) END"
            sql = f"CASE WHEN abs({of.sql}) < 4503599627370496 THEN CAST({small} AS DOUBLE) ELSE {of.sql} END"
            return Term(sql, of.type)
        case "epoch_us", [of] if of.type == "TIME":
            return Term(f"time_to_micros({of.sql})", "BIGINT")
        case "epoch_us", [of] if of.type in {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}:
            return Term(f"unix_micros(CAST({of.sql} AS TIMESTAMP))", "BIGINT")
        case "epoch", [of] if of.type == "TIME":
            return Term(f"(CAST(time_to_micros({of.sql}) AS DOUBLE) / 1e6D)", "DOUBLE")
    return None


def _of_times(name: str, arguments: Sequence[Term]) -> Term | None:
    match name, arguments:
        case "date_trunc", [Term(sql=unit), Term(type="TIMESTAMP") as of]:
            start = f"CAST(date_trunc({unit}, {of.sql}) AS TIMESTAMP_NTZ)"
            return Term(f"CASE WHEN {_is_finite(of)} THEN {start} ELSE {of.sql} END", "TIMESTAMP")
    return None


def _moment(microseconds: int) -> str:
    return f"CAST(timestamp_micros({microseconds}) AS TIMESTAMP_NTZ)"


def _shown(of: Term) -> str:
    return of.type or "a value whose type is not known"


def _is_finite(of: Term) -> str:
    match of.type:
        case "FLOAT" | "DOUBLE":
            return f"(abs({of.sql}) < CAST('Infinity' AS DOUBLE))"  # NaN is greater than that
        case "DATE":
            return f"(abs(CAST(unix_date({of.sql}) AS BIGINT)) < {_LAST_DAY})"
        case "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE" | "TIMESTAMP_S" | "TIMESTAMP_MS":
            moment = of.sql if of.type.endswith("ZONE") else f"CAST({of.sql} AS TIMESTAMP)"
            return f"(abs(unix_micros({moment})) < {_LAST_MOMENT})"
        case str() if of.type in _WHOLE or of.type.startswith("DECIMAL"):
            return f"({of.sql} IS NOT NULL)"
    raise Untranslatable(f"isfinite of {_shown(of)}")


def _reduced(node: Any) -> Any:
    """An expression with each ``len(list_filter([v], lambda x: c)) > 0`` as ``coalesce(c, FALSE)``, of v and not x.

    That is how a condition is put to one value; Spark runs no function of
    Python's upon what a lambda names.
    """
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    match node:
        case exp.GT(this=exp.Length(this=exp.ArrayFilter(this=exp.Array(expressions=[value]), expression=of))):
            condition = _substituted(of.this, of.expressions[0].name, value)
            node = exp.Coalesce(this=exp.Paren(this=condition), expressions=[exp.false()])
    return _each(node, _reduced)


def _each(node: Any, change: Callable[[Any], Any]) -> Any:
    """An expression with each part of it changed."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    for key, child in list(node.args.items()):
        if isinstance(child, list):
            node.set(key, [change(each) if isinstance(each, exp.Expression) else each for each in child])
        elif isinstance(child, exp.Expression):
            node.set(key, change(child))
    return node


def _substituted(node: Any, name: str, value: Any) -> Any:
    """An expression with ``value`` for the ``name`` that a lambda gave; of two lambdas, the inner one's holds."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    if isinstance(node, exp.Identifier):
        return exp.Paren(this=value.copy()) if node.name == name else node
    if isinstance(node, exp.Column | exp.DataType) or (
        isinstance(node, exp.Lambda) and node.expressions[0].name == name
    ):
        return node
    return _each(node, lambda child: _substituted(child, name, value))
