"""Rules in the engine's words: a test of a row becomes a condition, a measure an aggregate.

The dialect is DuckDB's. Everything that comes from a contract or from data is
a quoted identifier or a literal. A rule that a column's type cannot hold is
:class:`Unfit`.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal

from mlops_actions.data.engines.quoting import all_present, literal, quote
from mlops_actions.data.rules import rules
from mlops_actions.data.rules.rules import Repeated, Test, Value
from mlops_actions.data.sources.relation import Column, Relation, aliases
from mlops_actions.data.types import sizes
from mlops_actions.data.types.cells import OFFSET
from mlops_actions.data.types.families import FLOATING, NUMERIC, UNBOUNDED, family
from mlops_actions.data.types.nested import Each, Path, Step, entry_types, field_types, item_type
from mlops_actions.data.types.sizes import Measure, Size
from mlops_actions.data.types.zones import in_utc, on_the_clock
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
                return self._is_one_of(column, test)
            case rules.IsNoneOf():
                operand, values = self._comparable(column, test)
                return f"({operand} NOT IN ({', '.join(values)}))" if values else f"({operand} IS NOT NULL)"
            case rules.IsOutside():
                return self._is_outside(column, test)
            case rules.IsUnmatched():
                pattern = literal(re2(test.pattern))
                return f"(NOT regexp_matches({self._text(column, 'a pattern')}, {pattern}))"
            case rules.IsLengthOutside():
                return _is_number_outside(f"length({self._text(column, 'a length')})", test)
            case rules.IsNoMultiple():
                return self._is_no_multiple(column, test.of)
            case rules.IsOversized():
                return self._is_oversized(column, test.size)
            case rules.IsZoned():
                return self._is_zoned(column, test)
            case rules.Inside():
                return self._any(name, column.type, test.path, test.test, column.name)
            case _:
                return self._of_whole(column, test)

    def _of_whole(self, column: Column, test: rules.Whole) -> str:
        """The condition of a test of a nested value as a whole."""
        name = quote(column.name)
        match test:
            case rules.IsCountOutside():
                return _is_number_outside(f"len({self._array(column, 'a number of items')})", test)
            case rules.HasRepeats():
                items = self._array(column, "unique items")
                return f"(list_unique({items}) < list_count({items}))"
            case rules.IsFieldCountOutside():
                there = (f"struct_extract({name}, {literal(field)})" for field in _fields(column))
                count = " + ".join(f"CASE WHEN {value} IS NULL THEN 0 ELSE 1 END" for value in there)
                return f"({name} IS NOT NULL AND {_is_number_outside(f'({count})', test)})"
            case rules.IsNotNormalized():
                return self._is_not_normalized(column)

    def unparsed(self, name: str, missing: Sequence[Value]) -> str | None:
        """The condition for cells of text that are not of the column's type, nor one of ``missing``."""
        condition = self.relation.unparsed(name)
        texts = [literal(_as_text(value)) for value in missing if value is not None]
        if condition is None or not texts:
            return condition
        return f"({condition} AND {self.relation.raw[name]} NOT IN ({', '.join(texts)}))"

    def oversized(self, measure: rules.OfType) -> str:
        """The condition for values larger than the type's size, and that are not missing. Raises Unfit."""
        if measure.size is None:
            return "FALSE"
        test: Test = rules.IsOversized(measure.column, measure.size)
        condition = self.condition(rules.Inside(measure.column, measure.path, test) if measure.path else test)
        texts = [literal(_as_text(value)) for value in measure.missing if value is not None]
        if not texts or measure.column not in self.relation.raw:
            return condition
        return f"({condition} AND {self.relation.raw[measure.column]} NOT IN ({', '.join(texts)}))"

    def surplus(self, measure: Repeated) -> str:
        """The aggregate that counts surplus rows. Raises Unfit."""
        names = self.values(measure)
        if len(names) == 1:
            return f"count({names[0]}) - count(DISTINCT {names[0]})"
        key = f"CASE WHEN {all_present(names)} THEN row({', '.join(names)}) END"
        return f"count({key}) - count(DISTINCT {key})"

    def without_key(self, measure: Repeated) -> str:
        """The condition for rows that have a null in their key. Raises Unfit."""
        return f"({' OR '.join(self.condition(rules.IsNull(name)) for name in measure.columns)})"

    def sharing(self, measure: Repeated) -> str:
        """A query for how many rows share their key with another, and how many keys are shared."""
        names = self.values(measure)
        by = f"WHERE {all_present(names)} GROUP BY {', '.join(names)} HAVING count(*) > 1"
        keys = f"(SELECT count(*) FROM {self.relation.sql} {by}) AS keys(amount)"
        return f"SELECT coalesce(sum(amount), 0)::BIGINT, count(*) FROM {keys}"

    def values(self, measure: Repeated) -> list[str]:
        """The expression of each part of a key. Raises Unfit."""
        return [self.value(column, path) for column, path in measure.parts]

    def value(self, name: str, path: tuple[str, ...]) -> str:
        """The expression for what ``path`` leads to inside of a column, through fields alone. Raises Unfit."""
        self.inner(name, path)
        value = quote(name)
        for field in path:
            value = f"struct_extract({value}, {literal(field)})"
        return value

    def is_instant(self, column: Column) -> bool:
        """Whether a column's timestamps are moments (in UTC), and not what some clock showed."""
        return column.name in self.relation.raw or "WITH TIME ZONE" in column.type

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

    def _is_one_of(self, column: Column, test: rules.IsOneOf) -> str:
        if raw := self.relation.raw.get(column.name):
            operand, constants = raw, [literal(_as_text(value)) for value in test.values if value is not None]
        else:
            operand, constants = self._comparable(column, test)
        parts = [f"{operand} IN ({', '.join(constants)})"] if constants else []
        parts += [f"{operand} IS NULL"] if None in test.values else []
        return f"coalesce({' OR '.join(parts) or 'FALSE'}, FALSE)"

    def _comparable(self, column: Column, test: rules.IsOneOf | rules.IsNoneOf) -> tuple[str, list[str]]:
        """The column, and those of the test's values that it could hold, each as a literal of its type."""
        kind = family(column.type)
        if kind is None or kind in {"binary", "object", "array", "map"}:
            raise Unfit(f"a list of values is asked of plain values, and the column is {column.type}")
        operand = self._text(column, "a list of values") if kind == "string" else quote(column.name)
        of = (value for value in test.values if value is not None)
        constants = (constant(value, column, test.zone, is_instant=self.is_instant(column)) for value in of)
        return operand, [each for each in constants if each is not None]

    def _is_outside(self, column: Column, test: rules.IsOutside) -> str:
        name, kind = quote(column.name), family(column.type)
        if kind not in NUMERIC | {"date", "timestamp", "time"}:
            raise Unfit(f"a range is asked of numbers and times, and the column is {column.type}")
        low = self._beyond(column, test.low, "<=" if test.low_open else "<", test.zone)
        high = self._beyond(column, test.high, ">=" if test.high_open else ">", test.zone)
        parts = [part for part in (low, high) if part]
        if column.type in UNBOUNDED or kind in {"date", "timestamp"}:
            parts.append(f"NOT isfinite({name})")
        return f"({' OR '.join(parts) or 'FALSE'})"

    def _beyond(self, column: Column, bound: Value, sign: str, zone: str | None) -> str | None:
        """The condition for values beyond a bound, or None where there is none, or no value can be. Raises Unfit."""
        if bound is None:
            return None
        if isinstance(bound, int) and not _holds(column.type, bound):
            everything = (bound > 0) == (sign[0] == "<")
            return f"{quote(column.name)} IS NOT NULL" if everything else None
        limit = constant(bound, column, zone, is_instant=self.is_instant(column))
        if limit is None or (isinstance(bound, str) and family(column.type) in NUMERIC):
            raise Unfit(f"{bound!r} is no bound for a column that is {column.type}")
        return f"{quote(column.name)} {sign} {limit}"

    def inner(self, name: str, path: Path) -> Column:
        """The column of this very name, or what is at ``path`` inside of it. Raises Unfit."""
        column = self.column(name)
        kind, shown = column.type, column.name
        for step in path:
            kind, shown = _stepped(kind, step, shown)
        return Column(shown, kind, column.private) if path else column

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
        if path and isinstance(path[0], str):
            field, further = _stepped(kind, path[0], shown)
            inside = self._any(f"struct_extract({value}, {literal(path[0])})", field, path[1:], test, further)
            return f"({value} IS NOT NULL AND {inside})"
        name = self._free(shown)
        if path:
            step = path[0]
            item, further = _stepped(kind, step, shown)
            values = f"{_LISTS[step]}({value})" if step in _LISTS else f"CAST({value} AS {item}[])"
            condition = self._any(quote(name), item, path[1:], test, further)
        else:
            alone = Relation(self.relation.object, "", (Column(name, kind),), ())
            values, condition = f"[{value}]", Dialect(alone).condition(replace(test, column=name))
        return f"coalesce(len(list_filter({values}, lambda {quote(name)}: {condition})) > 0, FALSE)"

    def _free(self, name: str) -> str:
        """A name that no column has."""
        taken = [each.name for each in self.relation.columns]
        return aliases([name], [*taken, *(raw.strip('"') for raw in self.relation.raw.values())])[0]

    def _is_zoned(self, column: Column, test: rules.IsZoned) -> str:
        name = quote(column.name)
        if family(column.type) not in {"timestamp", "time"}:
            raise Unfit(f"a time zone is asked of timestamps, and the column is {column.type}")
        raw = self.relation.raw.get(column.name)
        if raw is None or test.by_format is not None:
            zoned = test.by_format if raw else "WITH TIME ZONE" in column.type
            return f"({name} IS NOT NULL AND {literal(zoned is test.zoned)})"
        offset = f"regexp_matches({raw}, {literal(OFFSET)})"
        return f"({name} IS NOT NULL AND {offset} = {literal(test.zoned)})"

    def _is_not_normalized(self, column: Column) -> str:
        items = item_type(column.type)
        if items is None or family(items) not in NUMERIC:
            raise Unfit(f"a length of 1 is asked of vectors of numbers, and the column is {column.type}")
        item = self._free(column.name)
        squares = f"list_transform(CAST({quote(column.name)} AS DOUBLE[]), lambda {item}: {item} * {item})"
        return (
            f"(abs(coalesce(list_sum({squares}), 0) - 1) > {literal(_TOLERANCE)} AND {quote(column.name)} IS NOT NULL)"
        )

    def _is_oversized(self, column: Column, size: Size) -> str:
        name = column.name
        if size.of is Measure.LENGTH:
            return self.condition(rules.IsLengthOutside(name, 0, size.limits[0]))
        if size.of is Measure.DIGITS:
            whole, places = size.limits
            least = 10**-places if places < 0 else 1 / 10**places
            end = 10**whole if whole >= 0 else 1 / 10**-whole
            uneven = self._is_no_multiple(column, least)
            own = sizes.size(column.type)
            if own is not None and own.limits[0] <= whole:  # no value is beyond, and no literal of the type either
                return uneven
            return f"({self.condition(rules.IsOutside(name, -end, end, low_open=True, high_open=True))} OR {uneven})"
        if family(column.type) not in {"timestamp", "time"}:
            raise Unfit(f"decimal places of a second are asked of times, and the column is {column.type}")
        if size.limits[0] >= _MICROSECONDS:
            return "FALSE"
        value = quote(name)
        there = f"CASE WHEN isfinite({value}) THEN {value} END" if family(column.type) == "timestamp" else value
        return f"(epoch_us({there}) % {10 ** (_MICROSECONDS - size.limits[0])} <> 0)"

    def _is_no_multiple(self, column: Column, of: int | float) -> str:
        name = quote(column.name)
        if family(column.type) not in NUMERIC:
            raise Unfit(f"a multiple is asked of numbers, and the column is {column.type}")
        if column.type not in FLOATING:
            # An SQL decimal, which is exact; written with an exponent, it would be none.
            exact = str(int(of)) if float(of).is_integer() else format(Decimal(repr(float(of))), "f")
            return f"({name} % {exact} <> 0)"
        share = f"({name} / {literal(float(of))})"
        return f"(NOT isfinite({name}) OR abs({share} - round({share})) > 1e-9 * greatest(1, abs({share})))"


_MICROSECONDS = 6
"""Decimal places that a time of the engines has, where its type does not say another number."""

_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
_INTEGERS: Mapping[str, tuple[int, int]] = {
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in _BITS.items()},
    **{f"U{name}": (0, 2**bits - 1) for name, bits in _BITS.items()},
}
"""The least and the greatest value of each type of whole numbers."""


def _holds(kind: str, number: int) -> bool:
    """Whether a type can hold a whole number. A literal that it cannot hold stops DuckDB 2.0 at a file's footer."""
    least, most = _INTEGERS.get(kind, (-math.inf, math.inf))
    return least <= number <= most


_LISTS: Mapping[Step, str] = {Each.KEY: "map_keys", Each.VALUE: "map_values"}
"""The function that gives the values of a step as a list."""

_TOLERANCE = 0.02
"""Of a sum of squares: two parts in a hundred are one in its root."""


def _is_number_outside(
    number: str, test: rules.IsLengthOutside | rules.IsCountOutside | rules.IsFieldCountOutside
) -> str:
    parts = [f"{number} < {literal(test.low)}"] if test.low else []
    parts += [f"{number} > {literal(test.high)}"] if test.high is not None else []
    return f"({' OR '.join(parts) or 'FALSE'})"


def _fields(column: Column) -> dict[str, str]:
    """The fields of an object, with their types. Raises Unfit."""
    fields = field_types(column.type)
    if fields is None:
        raise Unfit(f"a number of fields is asked of objects, and the column is {column.type}")
    return fields


def _stepped(kind: str, step: Step, shown: str) -> tuple[str, str]:
    """The type that a step leads to, and what it is called. Raises Unfit, with the nearest name."""
    if step is Each.ITEM:
        items = item_type(kind)
        if items is None:
            raise Unfit(f"{shown!r} is {kind}, which has no items")
        return items, shown + step.value
    if isinstance(step, Each):
        entries = entry_types(kind)
        if entries is None:
            raise Unfit(f"{shown!r} is {kind}, which has no keys and values")
        return entries[step is Each.VALUE], shown + step.value
    fields = field_types(kind)
    if fields is None:
        raise Unfit(f"{shown!r} is {kind}, which has no fields")
    if step not in fields:
        near = did_you_mean(step, fields)
        raise Unfit(f"{shown!r} has no field {step!r}{f'. {near}' if near else ''}")
    return fields[step], f"{shown}.{step}"


def constant(value: Value, column: Column, zone: str | None = None, *, is_instant: bool = False) -> str | None:
    """A value of the contract as a literal of the column's type, or None where no such column can hold it.

    A timestamp without a time zone is of ``zone``, in the contract as in the column, unless that holds moments.
    """
    kind = family(column.type)
    if kind == "string":
        return literal(_as_text(value))
    if kind == "boolean":
        words = {"true": True, "false": False}
        known = value if isinstance(value, bool) else words.get(str(value).casefold())
        return None if known is None else literal(known)
    if kind in NUMERIC:
        number = _number(value)
        if number is None or (isinstance(number, int) and not _holds(column.type, number)):
            return None
        return _nearest_float(number) if column.type == "FLOAT" else literal(number)
    moment = _moment(str(value), kind, zone, is_instant=is_instant)
    return None if moment is None else f"CAST({literal(moment)} AS {column.type})"


def _nearest_float(number: int | float) -> str:
    """A number as the FLOAT next to it; one beyond them all as a DOUBLE, since no engine casts it."""
    try:
        (nearest,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        return literal(float(number))
    return f"CAST({literal(nearest)} AS FLOAT)"


def _number(value: Value) -> int | float | None:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int) and not -(2**127) <= value < 2**128:  # beyond what an integer literal holds
        value = float(value) if abs(value) < 10**308 else math.inf
    return value if math.isfinite(value) else None


def _moment(text: str, kind: str | None, zone: str | None, *, is_instant: bool) -> str | None:
    """A date, time or timestamp (in UTC, or on the clock of ``zone``) of ISO 8601 as the engine writes it."""
    try:
        if kind == "date":
            return date.fromisoformat(text).isoformat()
        if kind == "time":
            return time.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
        moment = in_utc(moment, zone).replace(tzinfo=None) if is_instant else on_the_clock(moment, zone)
    except (ValueError, OverflowError):  # of the first and the last day that there is
        return None
    return moment.isoformat(sep=" ")


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def re2(pattern: str) -> str:
    r"""An ECMA-262 pattern in RE2's words: ``\u0041`` is ``\x{0041}`` there; the rest is the same, or refused."""
    return re.sub(r"(\\\\)|\\u([0-9A-Fa-f]{4})", lambda m: m[1] or rf"\x{{{m[2]}}}", pattern)
