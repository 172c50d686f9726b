"""What a contract means for rows: each promise as a rule, in a form that no engine's dialect is in yet.

A rule measures something (:data:`Measure`) and says what it must be. Most
count the rows for which a :data:`Test` is true. The meaning of each test is
written at it, and is the same in every engine that
:mod:`mlops_actions.data.rules.sql` speaks to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeGuard

from mlops_actions.data.contracts.contract import ADDITIONAL_COLUMNS, Contract, Element, Object, Property, Quality
from mlops_actions.data.rules import placeholders
from mlops_actions.data.types import families, formats, sizes
from mlops_actions.data.types.cells import strptime_format
from mlops_actions.data.types.nested import Each, Path, Step, is_single
from mlops_actions.data.types.sizes import Size
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Json, Severity, Where

Value: TypeAlias = str | int | float | bool | None


# Tests of a row. A null is missing, never invalid: it meets IsNull and IsOneOf(…, None) alone. Where a column holds
# timestamps without a time zone, ``zone`` is the zone whose clock they were read off (None for UTC).


@dataclass(frozen=True, slots=True)
class IsNull:
    """The column is null."""

    column: str


@dataclass(frozen=True, slots=True)
class IsOneOf:
    """The value is one of ``values``; a null is, where None is among them."""

    column: str
    values: tuple[Value, ...]
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class IsNoneOf:
    """The value is none of ``values``."""

    column: str
    values: tuple[Value, ...]
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class IsOutside:
    """The value is not in a range, whose ends are in it unless ``open``. NaN and the infinities are outside of all."""

    column: str
    low: Value = None
    high: Value = None
    low_open: bool = False
    high_open: bool = False
    zone: str | None = None


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
class IsFieldCountOutside:
    """The object has fewer than ``low`` or more than ``high`` fields that are there: not null."""

    column: str
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class IsNotNormalized:
    """The vector's length (the root of the sum of squares) is not 1, within one part in a hundred.

    Items that are null are left out. The tolerance is for the 8 bits that a bfloat16 has for digits.
    """

    column: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Any of the values at ``path`` inside of the column meets ``test``. What is around them is there: not null."""

    column: str
    path: Path
    test: Test


@dataclass(frozen=True, slots=True)
class IsOversized:
    """The value has more signs, digits or decimal places than its physical type. NaN and the infinities have."""

    column: str
    size: Size


Plain: TypeAlias = (
    IsNull | IsOneOf | IsNoneOf | IsOutside | IsUnmatched | IsLengthOutside | IsNoMultiple | IsZoned | IsOversized
)
Whole: TypeAlias = IsCountOutside | HasRepeats | IsFieldCountOutside | IsNotNormalized
"""Tests of a nested value as a whole."""

Test: TypeAlias = Plain | Whole | Inside


# Measures


@dataclass(frozen=True, slots=True)
class Broken:
    """The number of rows for which any of ``tests``, all of one column, is true."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """The number of surplus rows: those whose key another row has already. A key with a null in it is none.

    Where ``key`` is true, rows without a key count as well (a primary key has no nulls). ``paths`` leads through
    fields, for each column; where it is empty, the columns themselves are meant.
    """

    columns: tuple[str, ...]
    key: bool = False
    paths: tuple[tuple[str, ...], ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each column with the path inside of it."""
        return tuple(zip(self.columns, self.paths or ((),) * len(self.columns), strict=True))

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(".".join((column, *path)) for column, path in self.parts)


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

    A cell that is one of ``missing`` is missing, not of a wrong type. Where the type has a ``size``, the size that the
    source states for the column is held against it; where that states none, its values are.
    """

    column: str
    family: str | None
    missing: tuple[Value, ...] = ()
    path: Path = ()
    size: Size | None = None


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
        columns = tuple(name for one in of.properties for name in (one.column, one.encrypted) if name)
        yield make(ADDITIONAL_COLUMNS, closed.line("value"), Additional(columns), threshold={ADDITIONAL_COLUMNS: False})
    if len(of.key) > 1:
        yield make(
            "primaryKey",
            of.key[0].element.line("primaryKey"),
            Repeated(tuple(one.column for one in of.key), key=True),
            threshold={"primaryKey": [one.name for one in of.key]},
        )
    for rule in of.quality:
        yield from _quality_rule(make, rule, of, None, ())


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


def _own_rules(contract: Contract, of: Object, one: Property, way: Path = ()) -> Iterator[Rule]:
    """The rules of a property by itself, as those of a column; ``way`` leads to one that is inside of a column."""
    make, data, line = _maker(contract, of, one), one.element.data, one.element.line
    if not one.is_stored:
        yield make(
            "semanticType", line("semanticType"), Unmeasured("a measure is not a column"), severity=Severity.INFO
        )
        return
    yield make("present", line("name"), Present(one.column), threshold={"present": True})
    if one.encrypted:
        yield make("encryptedName", line("encryptedName"), Present(one.encrypted), threshold={"present": True})
    yield from _type_rules(make, one)
    if data.get("required"):
        yield make(
            "required", line("required"), _broken(IsNull(one.column)), says="are null", threshold={"required": True}
        )
    if data.get("unique"):
        yield make("unique", line("unique"), Repeated((one.column,)), threshold={"unique": True})
    if data.get("primaryKey") and way:
        yield make("primaryKey", line("primaryKey"), Unmeasured("what is inside of a column is no key of its rows"))
    elif data.get("primaryKey") and len(of.key) == 1:
        primary = Repeated((one.column,), key=True)
        yield make("primaryKey", line("primaryKey"), primary, threshold={"primaryKey": True})
    if data.get("enum"):
        values = tuple(each["value"] for each in data["enum"])
        test, threshold = IsNoneOf(one.column, values, one.zone), {"enum": list(values[:20])}
        yield make("enum", line("enum"), _broken(test), says=_listed(values), threshold=threshold)
    yield from _option_rules(make, one)
    for rule in one.quality:
        yield from _quality_rule(make, rule, of, one, way or (one.column,))


def _inner_rules(contract: Contract, of: Object, outer: Property, path: Path, at: Property) -> Iterator[Rule]:
    """The rules of what is inside of ``at``, which is at ``path`` inside of the column ``outer``."""
    for inner, step in _inner(at):
        inward = (*path, step)
        for rule in _own_rules(contract, of, inner, (outer.column, *inward)):
            if isinstance(step, str) or not isinstance(rule.measure, Present):
                yield _inward(rule, outer, inward)
        yield from _inner_rules(contract, of, outer, inward, inner)


def _inner(at: Property) -> Iterator[tuple[Property, Step]]:
    """What is right inside of ``at``, each by its whole name, with the step that leads there."""
    for element in at.element.inner():
        one = Property(element)
        data = {**element.data, "name": whole_name(at.name, one), "physicalName": one.column}
        yield Property(Element(data, element.path, element.document)), one.step


def whole_name(outer: str, one: Property) -> str:
    """The name of what is inside of ``outer``: ``lines[]``, ``lines[].amount``."""
    return f"{outer}{one.step.value}" if isinstance(one.step, Each) else f"{outer}.{one.name}"


def _inward(rule: Rule, outer: Property, path: Path) -> Rule:
    """The rule of a column as one of the values at ``path`` inside of a column: it counts rows that hold any such."""
    measure: Measure = rule.measure
    says = f"hold values that {rule.says}"
    match measure:
        case Present(column):
            measure = Present(outer.column, (*path[:-1], column))
        case OfType():
            measure = replace(measure, column=outer.column, path=(*path, *measure.path))
        case Broken(tests):
            measure = Broken(tuple(_inside(outer.column, path, test) for test in tests))
        case Repeated(paths=()) if len(measure.columns) == 1 and is_single(path):
            measure = Repeated((outer.column,), paths=(path,))
        case Repeated(paths=()):
            measure = Unmeasured(
                "the standard does not say whether values of all rows are meant; `uniqueItems` compares those of one"
            )
        case _:
            pass
    where = replace(rule.where, column=outer.column)
    return replace(rule, where=where, measure=measure, says=says)


def _inside(column: str, path: Path, test: Test) -> Inside:
    """A test of a column as one of values inside of a column."""
    if isinstance(test, Inside):
        return Inside(column, (*path, *test.path), test.test)
    return Inside(column, path, test)


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
            of_size = sizes.size(physical)
            measure = OfType(one.column, of, missing, size=of_size)
            says = f"are not of the type {physical if of_size else of}"
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
    "minProperties": lambda column, v: (IsFieldCountOutside(column, low=v), f"have fewer than {plural(v, 'field')}"),
    "maxProperties": lambda column, v: (IsFieldCountOutside(column, high=v), f"have more than {plural(v, 'field')}"),
    "dimensions": lambda column, v: (IsCountOutside(column, v, v), f"have not {plural(v, 'item')}"),
}
"""The options of a logical type that are tests of a row: the test, and the words for the rows that meet it."""


_ADVICE = {"distanceMetric", "embeddingModel", "embeddingModelVersion"}
"""Options that say how a vector is meant, and nothing of its values."""


def _option_rules(make: _Maker, one: Property) -> Iterator[Rule]:
    """A rule for each of ``logicalTypeOptions``."""
    for key, value in one.options.items():
        line, threshold = one.element.line("logicalTypeOptions", key), {key: value}
        if key == "format":
            yield from _format_rule(make, one, value, line)
        elif key in {"timezone", "defaultTimezone"}:
            yield from _zone_rule(make, one, key, line)
        elif key == "uniqueItems":
            if value:
                yield make(key, line, _broken(HasRepeats(one.column)), says="hold an item twice", threshold=threshold)
        elif key == "required":  # another key than the `required` beside it
            tests = tuple(Inside(one.column, (_field(one, name),), IsNull(name)) for name in value)
            says = f"lack {' or '.join(map(repr, value))}"
            yield make("logicalTypeOptions.required", line, Broken(tests), says=says, threshold=threshold)
        elif key in {"elementType", "normalized"}:
            measure, says = _elements(one.column, value) if key == "elementType" else _normalized(one)
            if value:
                yield make(key, line, measure, says=says, threshold=threshold)
        elif key in _TESTS:
            test, says = _TESTS[key](one.column, value)
            if isinstance(test, IsOutside):
                test = replace(test, zone=one.zone)
                if one.logical_type in {None, "number"}:
                    says += ", or not finite"  # of other types, every value is
            yield make(key, line, _broken(test), says=says, threshold=threshold)
        elif key not in _ADVICE:
            yield make(key, line, Unmeasured(f"`{key}` is not checked yet"), threshold=threshold)


def _field(one: Property, name: str) -> str:
    """What a property inside of ``one`` is called in the data."""
    inner = {str(each.data["name"]): Property(each).column for each in one.element.parts("properties")}
    return inner.get(name, name)


_ELEMENTS = {"int8": (-128, 127), "uint8": (0, 255), "binary": (0, 1)}
"""What elements of a vector may be, of types that are narrower than an engine's numbers."""


def _elements(column: str, kind: str) -> tuple[Measure, str]:
    """What ``elementType`` asks of the elements, and the words for rows that do not keep it."""
    if kind not in _ELEMENTS:  # widths of binary fractions are no promise of a value
        return OfType(column, "number", path=(Each.ITEM,)), f"are not of the type {kind}"
    outside, fraction = IsOutside(column, *_ELEMENTS[kind]), IsNoMultiple(column, 1)
    tests = tuple(Inside(column, (Each.ITEM,), test) for test in (outside, fraction))
    return Broken(tests), f"hold elements that no {kind} can be"


def _normalized(one: Property) -> tuple[Measure, str]:
    """What ``normalized`` asks of a vector, and the words for rows that do not keep it."""
    if (kind := one.options.get("elementType")) in _ELEMENTS:
        return Unmeasured(f"a vector of {kind} does not show what its length was before it was brought to that"), ""
    return _broken(IsNotNormalized(one.column)), "are not of the length 1"


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


def _zone_rule(make: _Maker, one: Property, key: str, line: int) -> Iterator[Rule]:
    value, form = one.options[key], one.options.get("format")
    if key == "defaultTimezone":  # it says how a timestamp is read, and the rules on it read it so
        if one.zone and one.logical_type == "time":
            reason = f"a time of day has no date, so its distance from UTC in {value} cannot be told"
            yield make(key, line, Unmeasured(reason), threshold={key: value})
        return
    written = strptime_format(str(form)) if form is not None else ""
    if written is None:
        yield make(key, line, Unmeasured(f"the format {form!r} has letters that cannot be read here"))
        return
    by_format = "%z" in written.replace("%%", "") if form is not None else None
    says = "carry no time zone" if value else "carry a time zone"
    yield make(key, line, _broken(IsZoned(one.column, not value, by_format)), says=says, threshold={key: value})


def _shown(pattern: str) -> str:
    return f"the pattern {pattern}" if len(pattern) <= 60 and pattern.isprintable() else "the pattern"


def _quality_rule(make: _Maker, rule: Quality, of: Object, one: Property | None, way: Path) -> Iterator[Rule]:
    """The rule, of the object or of the property that ``way`` leads to, the column first. Raises CallError."""
    line, severity = rule.element.line(), rule.severity
    match rule.kind:
        case "library" if "metric" not in rule.element.data:
            yield make("quality", line, Unmeasured("the rule names no metric"), severity=severity)
            return
        case "text":
            yield make("text", line, Unmeasured("text is for people to read"), severity=Severity.INFO)
            return
        case "sql":
            query = _query(rule, of, way)
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


def _query(rule: Quality, of: Object, way: Path) -> Queried | Unmeasured:
    """The query of a rule, with its placeholders filled. Raises CallError."""
    query = str(rule.element.data["query"])
    try:
        if is_single(way):
            return Queried(placeholders.fill(query, of.name, way))
        if not placeholders.names_property(query):
            return Queried(placeholders.fill(query, of.name, ()))
    except ValueError as error:
        raise CallError(rule.element.problem(str(error), "query")) from error
    return Unmeasured("its column is many values in each row, and SQL has no name for them")


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
    if rule.unit is None:
        return metric, Unmeasured(f"the unit {rule.element.data['unit']!r} is not known here: `rows` or `percent`"), ""
    if metric == "rowCount":
        return metric, Unmeasured("of what rows would be a share is not said") if rule.is_percent else RowCount(), ""
    if metric == "duplicateValues":
        names = arguments.get("properties", [])
        if not _plain(names):
            raise CallError(rule.element.problem("`properties` must be a list of names", "arguments", "properties"))
        parts = tuple(_column(rule, of, name, index) for index, name in enumerate(names))
        if parts:
            columns = tuple(column for column, *_ in parts)
            return metric, Repeated(columns, paths=tuple(tuple(path) for _, *path in parts)), ""
        if one:
            return metric, Repeated((one.column,)), ""
    if one is None:
        return metric, Unmeasured(f"{metric} is a metric of a column, and this rule has none"), ""
    match metric:
        case "nullValues":
            return metric, _broken(IsNull(one.column)), "are null"
        case "missingValues":
            return metric, _broken(IsOneOf(one.column, _missing_values(rule), one.zone)), "are missing"
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
        tests.append(IsNoneOf(one.column, tuple(valid), one.zone))
        words.append(_listed(tuple(valid)))
    if isinstance(pattern, str):
        tests.append(IsUnmatched(one.column, pattern))
        words.append(f"do not match {_shown(pattern)}")
    if len(tests) != len(rule.arguments) or not tests:
        reason = "invalidValues needs `validValues`, a list of plain values, or `pattern`, a text"
        return "invalidValues", Unmeasured(reason), ""
    key = "invalidValues" if len(tests) > 1 else "validValues" if valid is not None else "pattern"
    return key, Broken(tuple(tests)), " or ".join(words)


def _column(rule: Quality, of: Object, name: Any, index: int) -> tuple[str, ...]:
    """The way to a property that a rule names, the column first. Raises CallError where there is no such property."""
    known = dict(_ways(of.properties))
    if name in known:
        return known[name]
    message = f"{of.name} has no property {str(name)!r}"
    hint = did_you_mean(str(name), known)
    raise CallError(rule.element.problem(message, "arguments", "properties", index, hint=hint))


def _ways(
    properties: Iterable[Property], before: str = "", way: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each property that has one value in each row, by its name (``customer.zip``), with the way to it."""
    for one in properties:
        yield f"{before}{one.name}", (*way, one.column)
        yield from _ways(map(Property, one.element.parts("properties")), f"{before}{one.name}.", (*way, one.column))


def problem(rule: Rule, message: str, hint: str | None = None) -> Problem:
    """A problem with a rule, at its line."""
    return Problem(message, rule.where.file, rule.where.line, None, hint)
