"""What a contract means for rows: each promise as a rule, in a form that no engine's dialect is in yet.

A rule measures something (:data:`Measure`) and says what it must be. Most
count the rows for which a :data:`Test` is true. The meaning of each test is
written at it, and is the same in every engine that
:mod:`mlops_actions.data.rules.sql` speaks to.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeGuard

from mlops_actions.data.contracts.contract import ADDITIONAL_COLUMNS, Contract, Element, Object, Property, Quality
from mlops_actions.data.contracts.odcs import OPERATORS
from mlops_actions.data.rules import placeholders
from mlops_actions.data.types import families, formats
from mlops_actions.data.types.cells import strptime_format
from mlops_actions.data.types.nested import Path
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Json, Severity, Where

Value: TypeAlias = str | int | float | bool | None


# Tests of a row. A null is missing, never invalid: it meets IsNull and IsOneOf(…, None) alone.


@dataclass(frozen=True, slots=True)
class IsNull:
    """The column is null."""

    column: str


@dataclass(frozen=True, slots=True)
class IsOneOf:
    """The value is one of ``values``; a null is, where None is among them."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsNoneOf:
    """The value is none of ``values``."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsOutside:
    """The value is not in a range, whose ends are in it unless ``open``. NaN and the infinities are outside of all."""

    column: str
    low: Value = None
    high: Value = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class IsUnmatched:
    """The pattern (RE2) is found nowhere in the text; ``^`` and ``$`` are the ends of the value, not of a line."""

    column: str
    pattern: str


@dataclass(frozen=True, slots=True)
class IsLengthOutside:
    """The text has fewer than ``low`` or more than ``high`` characters (code points)."""

    column: str
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class IsNoMultiple:
    """The value is no whole multiple of ``of`` (for binary fractions: within one part in a billion)."""

    column: str
    of: int | float


@dataclass(frozen=True, slots=True)
class IsZoned:
    """The timestamp or time carries a time zone (or, where ``zoned`` is false, carries none).

    Of a column that has types, its type decides. Of text, the cell does, or the format that the contract gives for it
    (``by_format``).
    """

    column: str
    zoned: bool
    by_format: bool | None = None


@dataclass(frozen=True, slots=True)
class IsCountOutside:
    """The array has fewer than ``low`` or more than ``high`` items."""

    column: str
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class HasRepeats:
    """The array holds an item twice. Items that are null are not compared."""

    column: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Any of the values at ``path`` inside of the column meets ``test``. What is around them is there: not null."""

    column: str
    path: Path
    test: Test


Plain: TypeAlias = IsNull | IsOneOf | IsNoneOf | IsOutside | IsUnmatched | IsLengthOutside | IsNoMultiple | IsZoned
Test: TypeAlias = Plain | IsCountOutside | HasRepeats | Inside


# Measures


@dataclass(frozen=True, slots=True)
class Broken:
    """The number of rows for which any of ``tests``, all of one column, is true."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """The number of surplus rows: those whose key another row has already. A key with a null in it is none.

    Where ``key`` is true, rows without a key count as well (a primary key has no nulls).
    """

    columns: tuple[str, ...]
    key: bool = False


@dataclass(frozen=True, slots=True)
class RowCount:
    """The number of rows."""


@dataclass(frozen=True, slots=True)
class Present:
    """Whether the column is there, or the field at ``path`` inside of it, under this very name."""

    column: str
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Additional:
    """The number of columns that are not among ``columns``."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfType:
    """Whether a column is of a family of types; for text, the number of rows whose cell is not.

    A cell that is one of ``missing`` is missing, not of a wrong type.
    """

    column: str
    family: str | None
    missing: tuple[Value, ...] = ()
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Queried:
    """The one value that a query of the contract gives; its placeholders are filled."""

    query: str


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Nothing: the promise cannot be checked here, and why."""

    reason: str


Measure: TypeAlias = Broken | Repeated | RowCount | Present | Additional | OfType | Queried | Unmeasured


@dataclass(frozen=True, slots=True)
class Rule:
    """A promise: what is measured, what it must be, and the words for the rows that break it (``are null``)."""

    name: str
    where: Where
    measure: Measure
    says: str = ""
    severity: Severity = Severity.ERROR
    threshold: Mapping[str, Json] | None = None
    operator: str = "mustBe"
    bound: Any = 0
    percent: bool = False


def derive(contract: Contract, of: Object) -> tuple[Rule, ...]:
    """The rules of an object, in the order of the contract. Raises CallError for a rule that makes no sense."""
    rules = [*_object_rules(contract, of)]
    for one in of.properties:
        rules += _property_rules(contract, of, one)
    return _numbered(rules)


def _numbered(rules: list[Rule]) -> tuple[Rule, ...]:
    """Rules of the same name told apart: the second is ``…#2``."""
    seen: Counter[str] = Counter()
    numbered = []
    for rule in rules:
        seen[rule.name] += 1
        numbered.append(replace(rule, name=f"{rule.name}#{seen[rule.name]}") if seen[rule.name] > 1 else rule)
    return tuple(numbered)


def _object_rules(contract: Contract, of: Object) -> Iterator[Rule]:
    make = _maker(contract, of, None)
    if closed := of.additional_columns:
        columns = tuple(one.column for one in of.properties)
        yield make(ADDITIONAL_COLUMNS, closed.line("value"), Additional(columns), threshold={ADDITIONAL_COLUMNS: False})
    if len(of.key) > 1:
        yield make(
            "primaryKey",
            of.key[0].element.line("primaryKey"),
            Repeated(tuple(one.column for one in of.key), key=True),
            threshold={"primaryKey": [one.name for one in of.key]},
        )
    for rule in of.quality:
        yield from _quality_rule(make, rule, of, None)


_Maker: TypeAlias = Callable[..., Rule]


def _maker(contract: Contract, of: Object, one: Property | None) -> _Maker:
    """A function that makes rules of one element: it knows the names and the file."""
    prefix = f"{of.name}.{one.name}" if one else of.name
    column = one.column if one else None

    def make(key: str, line: int, measure: Measure, **more: Any) -> Rule:
        where = Where(object=of.name, column=column, file=contract.file, line=line)
        return Rule(f"{prefix}.{key}", where, measure, **more)

    return make


def _property_rules(contract: Contract, of: Object, one: Property) -> Iterator[Rule]:
    yield from _own_rules(contract, of, one)
    if one.is_stored:
        yield from _inner_rules(contract, of, one, (), one)


def _own_rules(contract: Contract, of: Object, one: Property) -> Iterator[Rule]:
    make, data, line = _maker(contract, of, one), one.element.data, one.element.line
    if not one.is_stored:
        yield make(
            "semanticType", line("semanticType"), Unmeasured("a measure is not a column"), severity=Severity.INFO
        )
        return
    yield make("present", line("name"), Present(one.column), threshold={"present": True})
    yield from _type_rules(make, one)
    if data.get("required"):
        yield make(
            "required", line("required"), _broken(IsNull(one.column)), says="are null", threshold={"required": True}
        )
    if data.get("unique"):
        yield make("unique", line("unique"), Repeated((one.column,)), threshold={"unique": True})
    if data.get("primaryKey") and len(of.key) == 1:
        primary = Repeated((one.column,), key=True)
        yield make("primaryKey", line("primaryKey"), primary, threshold={"primaryKey": True})
    if data.get("enum"):
        values = tuple(each["value"] for each in data["enum"])
        plain = _plain(values)
        measure = _broken(IsNoneOf(one.column, values)) if plain else Unmeasured("nested values are not compared yet")
        threshold = {"enum": list(values[:20])} if plain else None
        yield make("enum", line("enum"), measure, says=_listed(values), threshold=threshold)
    yield from _option_rules(make, one)
    for rule in one.quality:
        yield from _quality_rule(make, rule, of, one)
    if data.get("map"):
        yield make("map", line("map"), Unmeasured("the keys and values of maps are not checked yet"))


def _inner_rules(contract: Contract, of: Object, outer: Property, path: Path, at: Property) -> Iterator[Rule]:
    """The rules of what is inside of ``at``, which is at ``path`` inside of the column ``outer``."""
    for inner, step in _inner(at):
        inward = (*path, step)
        for rule in _own_rules(contract, of, inner):
            if step is not None or not isinstance(rule.measure, Present):
                yield _inward(rule, outer, inward)
        if inner.element.data.get("relationships"):
            make, line = _maker(contract, of, inner), inner.element.line("relationships")
            unmeasured = Unmeasured("a key inside of nested values is not compared yet")
            yield _inward(make("relationships", line, unmeasured), outer, inward)
        yield from _inner_rules(contract, of, outer, inward, inner)


def _inner(at: Property) -> Iterator[tuple[Property, str | None]]:
    """The properties and the items of ``at``, each by its whole name, with the step that leads there."""
    for one in map(Property, at.element.parts("properties")):
        named = dict(one.element.data) | {"name": f"{at.name}.{one.name}"}
        yield Property(Element(named, one.element.path, one.element.document)), one.column
    if items := at.element.data.get("items"):
        named = dict(items) | {"name": f"{at.name}[]"}
        yield Property(Element(named, (*at.element.path, "items"), at.element.document)), None


def _inward(rule: Rule, outer: Property, path: Path) -> Rule:
    """The rule of a column as one of the values at ``path`` inside of a column: it counts rows that hold any such."""
    measure: Measure = rule.measure
    match measure:
        case Present():
            measure = Present(outer.column, path)
        case OfType():
            measure = replace(measure, column=outer.column, path=path)
        case Broken(tests) if not set(OPERATORS) & set(rule.threshold or ()):
            measure = Broken(tuple(Inside(outer.column, path, test) for test in tests))
        case Unmeasured():
            pass
        case _:
            measure = Unmeasured("metrics and uniqueness are not measured inside of nested values yet")
    where = replace(rule.where, column=outer.column)
    return replace(rule, where=where, measure=measure, says=f"hold values that {rule.says}")


def _broken(*tests: Test) -> Broken:
    return Broken(tests)


def _plain(values: Any) -> TypeGuard[Sequence[Value]]:
    """Whether this is a list of values that a cell can hold."""
    return isinstance(values, list | tuple) and not any(isinstance(value, dict | list) for value in values)


def _listed(values: tuple[Value, ...]) -> str:
    return f"are not among the {len([value for value in values if value is not None])} valid values"


def _type_rules(make: _Maker, one: Property) -> Iterator[Rule]:
    logical, physical, line = one.logical_type, one.physical_type, one.element.line
    missing = tuple(
        value
        for rule in one.quality
        if rule.kind == "library" and rule.element.data.get("metric") == "missingValues"
        for value in _missing_values(rule)
    )
    if logical or not physical:
        says = f"are not of the type {logical}" if logical else "are not of the type that the first rows show"
        threshold = {"logicalType": logical} if logical else None
        measure = OfType(one.column, logical, missing)
        yield make("logicalType", line("logicalType"), measure, says=says, threshold=threshold)
    if physical:
        of = families.family(physical)
        threshold = {"physicalType": physical}
        if of is None:
            unknown = Unmeasured(f"the physical type {physical!r} is not known here")
            yield make("physicalType", line("physicalType"), unknown, severity=Severity.INFO, threshold=threshold)
        else:
            measure, says = OfType(one.column, of, missing), f"are not of the type {of}"
            yield make("physicalType", line("physicalType"), measure, says=says, threshold=threshold)


_LIMITS = {
    **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64, 128)},
    **{f"u{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64, 128)},
}


_TESTS: Mapping[str, Callable[[str, Any], tuple[Test, str]]] = {
    "minimum": lambda column, v: (IsOutside(column, low=v), f"are less than {v}"),
    "exclusiveMinimum": lambda column, v: (
        IsOutside(column, low=v, low_open=True),
        f"are not greater than {v}",
    ),
    "maximum": lambda column, v: (IsOutside(column, high=v), f"are greater than {v}"),
    "exclusiveMaximum": lambda column, v: (
        IsOutside(column, high=v, high_open=True),
        f"are not less than {v}",
    ),
    "pattern": lambda column, v: (IsUnmatched(column, v), f"do not match {_shown(v)}"),
    "minLength": lambda column, v: (IsLengthOutside(column, low=v), f"have fewer than {v:,} characters"),
    "maxLength": lambda column, v: (IsLengthOutside(column, high=v), f"have more than {v:,} characters"),
    "minItems": lambda column, v: (IsCountOutside(column, low=v), f"have fewer than {plural(v, 'item')}"),
    "maxItems": lambda column, v: (IsCountOutside(column, high=v), f"have more than {plural(v, 'item')}"),
    "multipleOf": lambda column, v: (IsNoMultiple(column, v), f"are not a multiple of {v}"),
}
"""The options of a logical type that are tests of a row: the test, and the words for the rows that meet it."""


def _option_rules(make: _Maker, one: Property) -> Iterator[Rule]:
    """A rule for each of ``logicalTypeOptions``."""
    for key, value in one.options.items():
        _refuse_kind(one, key, value)
        line, threshold = one.element.line("logicalTypeOptions", key), {key: value}
        if key == "format":
            yield from _format_rule(make, one, value, line)
        elif key in {"timezone", "defaultTimezone"}:
            yield from _zone_rule(make, one, key, line)
        elif key == "uniqueItems":
            if value:
                yield make(key, line, _broken(HasRepeats(one.column)), says="hold an item twice", threshold=threshold)
        elif key in _TESTS:
            test, says = _TESTS[key](one.column, value)
            if isinstance(test, IsOutside) and one.logical_type in {None, "number"}:
                says += ", or not finite"  # of other types, every value is
            yield make(key, line, _broken(test), says=says, threshold=threshold)
        else:
            yield make(key, line, Unmeasured(f"`{key}` is not checked yet"), threshold=threshold)


def _format_rule(make: _Maker, one: Property, value: Any, line: int) -> Iterator[Rule]:
    threshold = {"format": value}
    if one.logical_type in {"date", "timestamp", "time"}:
        return  # it says how text is written, and the rule on the type reads it so
    if value in _LIMITS:
        test, says = IsOutside(one.column, *_LIMITS[value]), f"are outside of what {value} holds"
        yield make("format", line, _broken(test), says=says, threshold=threshold)
    elif value in formats.PATTERNS:
        pattern, says = IsUnmatched(one.column, formats.PATTERNS[value]), f"are not of the format {value}"
        yield make("format", line, _broken(pattern), says=says, threshold=threshold)
    elif value in formats.HARMLESS:
        yield make("format", line, Unmeasured(formats.HARMLESS[value]), severity=Severity.INFO, threshold=threshold)
    else:
        yield make("format", line, Unmeasured(f"the format {value!r} is not checked yet"), threshold=threshold)


_UTC = {"utc", "etc/utc", "z", "gmt", "etc/gmt", "etc/uct", "uct", "zulu", "etc/zulu", "universal", "etc/universal"}


def _zone_rule(make: _Maker, one: Property, key: str, line: int) -> Iterator[Rule]:
    value, form = one.options[key], one.options.get("format")
    if key == "defaultTimezone":
        if str(value).casefold() not in _UTC:
            reason = f"what has no time zone is read as UTC here, not as {value}"
            yield make(key, line, Unmeasured(reason), threshold={key: value})
        return  # and UTC is how it is read
    written = strptime_format(str(form)) if form is not None else ""
    if written is None:
        yield make(key, line, Unmeasured(f"the format {form!r} has letters that cannot be read here"))
        return
    by_format = "%z" in written.replace("%%", "") if form is not None else None
    says = "carry no time zone" if value else "carry a time zone"
    yield make(key, line, _broken(IsZoned(one.column, not value, by_format)), says=says, threshold={key: value})


_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ((int, float, str), "a number or a time")
    ),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), (int, "a whole number")),
    **dict.fromkeys(("pattern", "format"), (str, "a text")),
    "multipleOf": ((int, float), "a number"),
    "uniqueItems": (bool, "true or false"),
    "timezone": (bool, "true or false"),
}


def _refuse_kind(one: Property, key: str, value: Any) -> None:
    """Raises CallError for an option of a wrong kind; the standard asks nothing of them without a ``logicalType``."""
    if key not in _KINDS:
        return
    wanted, words = _KINDS[key]
    right = isinstance(value, wanted) and isinstance(value, bool) is (wanted is bool)
    if right and isinstance(value, float):
        right = math.isfinite(value)
    if right and key in {"minLength", "maxLength", "minItems", "maxItems", "multipleOf"}:
        right = value > 0 or (value == 0 and key != "multipleOf")
    if not right:
        raise CallError(one.element.problem(f"`{key}` must be {words}", "logicalTypeOptions", key))


def _shown(pattern: str) -> str:
    return f"the pattern {pattern}" if len(pattern) <= 60 and pattern.isprintable() else "the pattern"


def _quality_rule(make: _Maker, rule: Quality, of: Object, one: Property | None) -> Iterator[Rule]:
    line, severity = rule.element.line(), rule.severity
    match rule.kind:
        case "library" if "metric" not in rule.element.data:
            yield make("quality", line, Unmeasured("the rule names no metric"), severity=severity)
            return
        case "text":
            yield make("text", line, Unmeasured("text is for people to read"), severity=Severity.INFO)
            return
        case "sql":
            query = _query(rule, of, one)
            yield make("sql", rule.element.line("query"), query, severity=severity, **_asked_for(rule))
            return
        case "custom":
            engine = rule.element.data.get("engine", "another tool")
            yield make("custom", line, Unmeasured(f"it is a rule of {engine!r}, not of this tool"), severity=severity)
            return
    key, measure, says = _metric(rule, of, one)
    if isinstance(measure, Unmeasured):
        yield make(key, line, measure, severity=severity)
        return
    yield make(key, rule.element.line("metric"), measure, says=says, severity=severity, **_asked_for(rule))


def _asked_for(rule: Quality) -> dict[str, Any]:
    """What the rule says its metric must be."""
    threshold = {rule.operator: rule.bound} | ({"unit": "percent"} if rule.is_percent else {})
    return {"threshold": threshold, "operator": rule.operator, "bound": rule.bound, "percent": rule.is_percent}


def _query(rule: Quality, of: Object, one: Property | None) -> Queried:
    """The query of a rule, with its placeholders filled. Raises CallError."""
    try:
        return Queried(placeholders.fill(str(rule.element.data["query"]), of.name, one.column if one else None))
    except ValueError as error:
        raise CallError(rule.element.problem(str(error), "query")) from error


_ARGUMENTS = {
    "missingValues": {"missingValues"},
    "invalidValues": {"validValues", "pattern"},
    "duplicateValues": {"properties"},
}


def _metric(rule: Quality, of: Object, one: Property | None) -> tuple[str, Measure, str]:
    """A library metric: the rule's key, what it measures, and the words for rows that count."""
    metric, arguments = rule.metric, rule.arguments
    if unknown := sorted(set(arguments) - _ARGUMENTS.get(metric, set())):
        return metric, Unmeasured(f"{metric} has no argument `{unknown[0]}` that is known here"), ""
    if metric == "rowCount":
        return metric, RowCount(), ""
    if metric == "duplicateValues":
        names = arguments.get("properties", [])
        if not _plain(names):
            raise CallError(rule.element.problem("`properties` must be a list of names", "arguments", "properties"))
        columns = tuple(_column(rule, of, name, index) for index, name in enumerate(names))
        if columns or one:
            return metric, Repeated(columns or (one.column,) if one else columns), ""
    if one is None:
        return metric, Unmeasured(f"{metric} is a metric of a column, and this rule has none"), ""
    match metric:
        case "nullValues":
            return metric, _broken(IsNull(one.column)), "are null"
        case "missingValues":
            return metric, _broken(IsOneOf(one.column, _missing_values(rule))), "are missing"
        case _:
            return _invalid_values(rule, one)


def _missing_values(rule: Quality) -> tuple[Value, ...]:
    """What counts as missing: as the rule says, else null and the empty text. Raises CallError."""
    values = rule.arguments.get("missingValues", [None, ""])
    if not _plain(values):
        raise CallError(
            rule.element.problem("`missingValues` must be a list of plain values", "arguments", "missingValues")
        )
    return tuple(values)


def _invalid_values(rule: Quality, one: Property) -> tuple[str, Measure, str]:
    """``invalidValues`` goes by the name of what it asks for: ``validValues``, ``pattern``, or both."""
    valid, pattern = rule.arguments.get("validValues"), rule.arguments.get("pattern")
    tests: list[Test] = []
    words = []
    if _plain(valid):
        tests.append(IsNoneOf(one.column, tuple(valid)))
        words.append(_listed(tuple(valid)))
    if isinstance(pattern, str):
        tests.append(IsUnmatched(one.column, pattern))
        words.append(f"do not match {_shown(pattern)}")
    if len(tests) != len(rule.arguments) or not tests:
        reason = "invalidValues needs `validValues`, a list of plain values, or `pattern`, a text"
        return "invalidValues", Unmeasured(reason), ""
    key = "invalidValues" if len(tests) > 1 else "validValues" if valid is not None else "pattern"
    return key, Broken(tuple(tests)), " or ".join(words)


def _column(rule: Quality, of: Object, name: Any, index: int) -> str:
    """The column of a property that a rule names. Raises CallError where there is no such property."""
    for one in of.properties:
        if one.name == name:
            return one.column
    hint = did_you_mean(str(name), [one.name for one in of.properties])
    message = f"{of.name} has no property {str(name)!r}"
    raise CallError(rule.element.problem(message, "arguments", "properties", index, hint=hint))


def patterns(rules: tuple[Rule, ...]) -> Iterator[tuple[str, Rule]]:
    """Every pattern of the rules, with the rule it is of."""
    for rule in rules:
        if isinstance(rule.measure, Broken):
            for test in rule.measure.tests:
                inner = test.test if isinstance(test, Inside) else test
                if isinstance(inner, IsUnmatched):
                    yield inner.pattern, rule


def problem(rule: Rule, message: str, hint: str | None = None) -> Problem:
    """A problem with a rule, at its line."""
    return Problem(message, rule.where.file, rule.where.line, None, hint)
