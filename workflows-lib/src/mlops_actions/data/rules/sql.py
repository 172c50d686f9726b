"""Rules in the engine's words: a test of a row becomes a condition, a measure an aggregate.

The dialect is DuckDB's. Everything that comes from a contract or from data is
a quoted identifier or a literal. A rule that a column's type cannot hold is
:class:`Unfit`.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from mlops_actions.data.engines.quoting import all_present, literal, quote
from mlops_actions.data.rules import rules
from mlops_actions.data.rules.rules import Repeated, Test, Value
from mlops_actions.data.sources.relation import Column, Relation, aliases
from mlops_actions.data.types.families import FLOATING, NUMERIC, UNBOUNDED, family
from mlops_actions.data.types.nested import Path, field_types, item_type
from mlops_actions.errors import did_you_mean


class Unfit(Exception):
    """A rule cannot be evaluated on this data, and why."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Writes conditions over one relation."""

    relation: Relation

    def column(self, name: str) -> Column:
        """The column of this very name. Raises Unfit, with the nearest name there is."""
        for column in self.relation.columns:
            if column.name == name:
                return column
        near = did_you_mean(name, [column.name for column in self.relation.columns])
        raise Unfit(f"the data has no column {name!r}{f'. {near}' if near else ''}")

    def condition(self, test: Test) -> str:
        """An expression that is true for the rows that ``test`` is true for, else false or NULL. Raises Unfit."""
        column = self.column(test.column)
        name = quote(column.name)
        match test:
            case rules.IsNull():
                # Text that is not of the column's type is null here, but it is not missing.
                return f"({self.relation.raw.get(column.name, name)} IS NULL)"
            case rules.IsOneOf():
                return self._is_one_of(column, test.values)
            case rules.IsNoneOf():
                operand, values = self._comparable(column, test.values)
                return f"({operand} NOT IN ({', '.join(values)}))" if values else f"({operand} IS NOT NULL)"
            case rules.IsOutside():
                return self._is_outside(column, test)
            case rules.IsUnmatched():
                pattern = literal(re2(test.pattern))
                return f"(NOT regexp_matches({self._text(column, 'a pattern')}, {pattern}))"
            case rules.IsLengthOutside():
                length = f"length({self._text(column, 'a length')})"
                parts = [f"{length} < {literal(test.low)}"] if test.low else []
                parts += [f"{length} > {literal(test.high)}"] if test.high is not None else []
                return f"({' OR '.join(parts) or 'FALSE'})"
            case rules.IsNoMultiple():
                return self._is_no_multiple(column, test.of)
            case rules.IsZoned():
                return self._is_zoned(column, test)
            case rules.IsCountOutside():
                count = f"len({self._array(column, 'a number of items')})"
                parts = [f"{count} < {literal(test.low)}"] if test.low else []
                parts += [f"{count} > {literal(test.high)}"] if test.high is not None else []
                return f"({' OR '.join(parts) or 'FALSE'})"
            case rules.HasRepeats():
                items = self._array(column, "unique items")
                return f"(list_unique({items}) < list_count({items}))"
            case rules.Inside():
                return self._any(name, column.type, test.path, test.test, column.name)

    def unparsed(self, name: str, missing: Sequence[Value]) -> str | None:
        """The condition for cells of text that are not of the column's type, nor one of ``missing``."""
        condition = self.relation.unparsed(name)
        texts = [literal(_as_text(value)) for value in missing if value is not None]
        if condition is None or not texts:
            return condition
        return f"({condition} AND {self.relation.raw[name]} NOT IN ({', '.join(texts)}))"

    def surplus(self, measure: Repeated) -> str:
        """The aggregate that counts surplus rows. Raises Unfit."""
        names = [quote(self.column(name).name) for name in measure.columns]
        if len(names) == 1:
            return f"count({names[0]}) - count(DISTINCT {names[0]})"
        key = f"CASE WHEN {all_present(names)} THEN row({', '.join(names)}) END"
        return f"count({key}) - count(DISTINCT {key})"

    def without_key(self, measure: Repeated) -> str:
        """The condition for rows that have a null in their key. Raises Unfit."""
        return f"({' OR '.join(self.condition(rules.IsNull(name)) for name in measure.columns)})"

    def sharing(self, measure: Repeated) -> str:
        """A query for how many rows share their key with another, and how many keys are shared."""
        names = [quote(name) for name in measure.columns]
        by = f"WHERE {all_present(names)} GROUP BY {', '.join(names)} HAVING count(*) > 1"
        keys = f"(SELECT count(*) FROM {self.relation.sql} {by}) AS keys(amount)"
        return f"SELECT coalesce(sum(amount), 0)::BIGINT, count(*) FROM {keys}"

    def is_floating(self, name: str) -> bool:
        return self.column(name).type in UNBOUNDED

    def _text(self, column: Column, what: str) -> str:
        """The column as text, where it is text."""
        if column.name in self.relation.guessed:
            return self.relation.raw[column.name]
        if column.type == "VARCHAR":
            return quote(column.name)
        if family(column.type) == "string":
            return f"CAST({quote(column.name)} AS VARCHAR)"
        raise Unfit(f"{what} is asked of text, and the column is {column.type}")

    def _is_one_of(self, column: Column, values: Sequence[Value]) -> str:
        if raw := self.relation.raw.get(column.name):
            operand, constants = raw, [literal(_as_text(value)) for value in values if value is not None]
        else:
            operand, constants = self._comparable(column, values)
        parts = [f"{operand} IN ({', '.join(constants)})"] if constants else []
        parts += [f"{operand} IS NULL"] if None in values else []
        return f"coalesce({' OR '.join(parts) or 'FALSE'}, FALSE)"

    def _comparable(self, column: Column, values: Sequence[Value]) -> tuple[str, list[str]]:
        """The column, and those of ``values`` that it could hold, each as a literal of its type."""
        kind = family(column.type)
        if kind is None or kind in {"binary", "object", "array", "map"}:
            raise Unfit(f"a list of values is asked of plain values, and the column is {column.type}")
        operand = self._text(column, "a list of values") if kind == "string" else quote(column.name)
        constants = (constant(value, column) for value in values if value is not None)
        return operand, [each for each in constants if each is not None]

    def _is_outside(self, column: Column, test: rules.IsOutside) -> str:
        name, kind = quote(column.name), family(column.type)
        if kind not in NUMERIC | {"date", "timestamp", "time"}:
            raise Unfit(f"a range is asked of numbers and times, and the column is {column.type}")
        parts = []
        for value, is_open, below in ((test.low, test.low_open, True), (test.high, test.high_open, False)):
            if value is None:
                continue
            limit = constant(value, column)
            if limit is None or (isinstance(value, str) and kind in NUMERIC):
                raise Unfit(f"{value!r} is no bound for a column that is {column.type}")
            sign = ("<=" if is_open else "<") if below else (">=" if is_open else ">")
            parts.append(f"{name} {sign} {limit}")
        if column.type in UNBOUNDED or kind in {"date", "timestamp"}:
            parts.append(f"NOT isfinite({name})")
        return f"({' OR '.join(parts)})"

    def inner(self, name: str, path: Path) -> Column:
        """The column of this very name, or what is at ``path`` inside of it. Raises Unfit."""
        column = self.column(name)
        kind, shown = column.type, column.name
        for step in path:
            kind, shown = _stepped(kind, step, shown)
        return Column(shown, kind, column.private)

    def _array(self, column: Column, what: str) -> str:
        """The column as a list, where it is an array."""
        items = item_type(column.type)
        if items is None:
            raise Unfit(f"{what} is asked of arrays, and the column is {column.type}")
        return f"CAST({quote(column.name)} AS {items}[])"

    def _any(self, value: str, kind: str, path: Path, test: Test, shown: str) -> str:
        """The condition that any value at ``path`` inside of the expression ``value`` meets ``test``.

        A value is given a name by a lambda, so that a condition is written as for a column. The name is one that no
        column has; of lambdas inside of one another, the inner one's holds.
        """
        if path and path[0] is not None:
            field, further = _stepped(kind, path[0], shown)
            inside = self._any(f"struct_extract({value}, {literal(path[0])})", field, path[1:], test, further)
            return f"({value} IS NOT NULL AND {inside})"
        taken = [each.name for each in self.relation.columns]
        (name,) = aliases([shown], [*taken, *(raw.strip('"') for raw in self.relation.raw.values())])
        if path:
            item, further = _stepped(kind, None, shown)
            values, condition = f"CAST({value} AS {item}[])", self._any(quote(name), item, path[1:], test, further)
        else:
            alone = Relation(self.relation.object, "", (Column(name, kind),), ())
            values, condition = f"[{value}]", Dialect(alone).condition(replace(test, column=name))
        return f"coalesce(len(list_filter({values}, lambda {quote(name)}: {condition})) > 0, FALSE)"

    def _is_zoned(self, column: Column, test: rules.IsZoned) -> str:
        name = quote(column.name)
        if family(column.type) not in {"timestamp", "time"}:
            raise Unfit(f"a time zone is asked of timestamps, and the column is {column.type}")
        raw = self.relation.raw.get(column.name)
        if raw is None or test.by_format is not None:
            zoned = test.by_format if raw else "WITH TIME ZONE" in column.type
            return f"({name} IS NOT NULL AND {literal(zoned is test.zoned)})"
        offset = f"regexp_matches({raw}, {literal(_OFFSET)})"
        return f"({name} IS NOT NULL AND {offset} = {literal(test.zoned)})"

    def _is_no_multiple(self, column: Column, of: int | float) -> str:
        name = quote(column.name)
        if family(column.type) not in NUMERIC:
            raise Unfit(f"a multiple is asked of numbers, and the column is {column.type}")
        if column.type not in FLOATING:
            exact = repr(int(of) if float(of).is_integer() else float(of))  # an SQL decimal, which is exact
            return f"({name} % {exact} <> 0)"
        share = f"({name} / {literal(float(of))})"
        return f"(NOT isfinite({name}) OR abs({share} - round({share})) > 1e-9 * greatest(1, abs({share})))"


def _stepped(kind: str, step: str | None, shown: str) -> tuple[str, str]:
    """The type of a field, or of an array's items, and what it is called. Raises Unfit, with the nearest name."""
    if step is None:
        items = item_type(kind)
        if items is None:
            raise Unfit(f"{shown!r} is {kind}, which has no items")
        return items, f"{shown}[]"
    fields = field_types(kind)
    if fields is None:
        raise Unfit(f"{shown!r} is {kind}, which has no fields")
    if step not in fields:
        near = did_you_mean(step, fields)
        raise Unfit(f"{shown!r} has no field {step!r}{f'. {near}' if near else ''}")
    return fields[step], f"{shown}.{step}"


_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
"""The end of a cell that carries a time zone, where the cell is known to be a timestamp."""


def constant(value: Value, column: Column) -> str | None:
    """A value of the contract as a literal of the column's type, or None where no such column can hold it."""
    kind = family(column.type)
    if kind == "string":
        return literal(_as_text(value))
    if kind == "boolean":
        words = {"true": True, "false": False}
        known = value if isinstance(value, bool) else words.get(str(value).casefold())
        return None if known is None else literal(known)
    if kind in NUMERIC:
        number = _number(value)
        if number is None:
            return None
        return f"CAST({literal(number)} AS FLOAT)" if column.type == "FLOAT" else literal(number)
    moment = _moment(str(value), kind)
    return None if moment is None else f"CAST({literal(moment)} AS {column.type})"


def _number(value: Value) -> int | float | None:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    if value is None or isinstance(value, bool) or not math.isfinite(value):
        return None
    return value


def _moment(text: str, kind: str | None) -> str | None:
    """A date, timestamp (in UTC) or time of ISO 8601 as the engine writes it."""
    try:
        if kind == "date":
            return date.fromisoformat(text).isoformat()
        if kind == "time":
            return time.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ")


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def re2(pattern: str) -> str:
    r"""An ECMA-262 pattern in RE2's words: ``\u0041`` is ``\x{0041}`` there; the rest is the same, or refused."""
    return re.sub(r"(\\\\)|\\u([0-9A-Fa-f]{4})", lambda m: m[1] or rf"\x{{{m[2]}}}", pattern)
