"""What the standard's schema allows and no data could keep, or no type could hold: found before any data is read."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

from mlops_actions.data.contracts.element import Element
from mlops_actions.data.types.families import NUMERIC, family
from mlops_actions.data.types.formats import PATTERNS
from mlops_actions.data.types.zones import nearest_zone
from mlops_actions.errors import Problem

Moment: TypeAlias = date | datetime | time

_NUMBERS_AND_TIMES = NUMERIC | {"date", "timestamp", "time"}
_HOLDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBERS_AND_TIMES),
    **dict.fromkeys(("pattern", "minLength", "maxLength"), frozenset({"string"})),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems"), frozenset({"array"})),
    **dict.fromkeys(("minProperties", "maxProperties", "required"), frozenset({"object"})),
    **dict.fromkeys(("timezone", "defaultTimezone"), frozenset({"timestamp", "time"})),
    "multipleOf": NUMERIC,
}
"""The families of types that can hold an option. With a ``logicalType``, the standard's own schema says so."""

_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "dimensions")
_MOST = 2**63 - 1
"""The greatest size that an engine counts to."""

_OF_INTEGERS = re.compile(r"[iu](8|16|32|64|128)")


def problems(objects: Sequence[Element]) -> Iterator[Problem]:
    """What makes no sense in the objects of a contract, each with its place and what to do."""
    yield from _repeated("object", objects)
    for of in objects:
        yield from _repeated("property", tuple(of.parts("properties")))
        for one in of.parts("properties"):
            for each in one.within():
                yield from _problems(each)


def patterns(objects: Sequence[Element]) -> Iterator[tuple[str, Element, tuple[str, ...]]]:
    """Every pattern of the contract, with the element that it stands in and the path below that."""
    for of in objects:
        for one in of.parts("properties"):
            for each in one.within():
                pattern = _options(each).get("pattern")
                if isinstance(pattern, str):
                    yield pattern, each, ("logicalTypeOptions", "pattern")
                for rule in each.parts("quality"):
                    pattern = (rule.data.get("arguments") or {}).get("pattern")
                    if isinstance(pattern, str):
                        yield pattern, rule, ("arguments", "pattern")


_LACKING = {
    "a lookahead": r"\(\?[=!]",
    "a lookbehind": r"\(\?<[=!]",
    "an atomic group": r"\(\?>",
    "a condition": r"\(\?\(",
    "a comment": r"\(\?#",
    "a backreference": r"\\(?:[1-9]|k<)",
    "a possessive quantifier": r"[*+?}]\+",
    "a control escape": r"\\c[A-Za-z]",
}
"""What other engines have and RE2 has not."""


def lacking(pattern: str) -> str:
    """What to do about a pattern that RE2 refuses: what is in it that RE2 lacks, by name."""
    bare = re.sub(r"\\[^1-9kc]", "", pattern)  # an escaped sign stands for itself
    found = [name for name, form in _LACKING.items() if re.search(form, bare)]
    what = f"This one has {' and '.join(found)}. " if found else ""
    return f"{what}Patterns are RE2: without lookaround and backreferences."


def _options(one: Element) -> Mapping[str, Any]:
    return one.data.get("logicalTypeOptions") or {}


def _promised(one: Element) -> str | None:
    """The family of types that a property is of, where it says one that is known."""
    physical = one.data.get("physicalType")
    return one.data.get("logicalType") or (family(physical) if physical else None)


def _repeated(what: str, parts: Sequence[Element]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for part in parts:
        name = str(part.data["name"])
        if name in first:
            message = f"the {what} {name!r} stands twice (first on line {first[name]})"
            yield part.problem(message, "name", hint="Drop one, or give it another name.")
        else:
            first[name] = part.line("name")


def _problems(one: Element) -> Iterator[Problem]:
    """What makes no sense at a property, apart from what is inside of it."""
    yield from _repeated("property", tuple(one.parts("properties")))
    if _options(one):
        wrong = dict(_of_wrong_kind(one))
        yield from wrong.values()
        yield from (found for key, found in _unholdable(one) if key not in wrong)
        yield from (found for key, found in _unreadable(one) if key not in wrong)
        yield from _crossed(one)
    yield from _impossible_values(one)


# Options


_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    **dict.fromkeys(_BOUNDS, ((int, float, str), "a number or a time")),
    **dict.fromkeys(_SIZES, (int, "a whole number")),
    **dict.fromkeys(("pattern", "format", "defaultTimezone"), (str, "a text")),
    "multipleOf": ((int, float), "a number more than 0"),
    "uniqueItems": (bool, "true or false"),
    "timezone": (bool, "true or false"),
    "required": (list, "a list of names"),
}


def _of_wrong_kind(one: Element) -> Iterator[tuple[str, Problem]]:
    """Options of a wrong kind; the standard asks nothing of them without a ``logicalType``."""
    for key, value in _options(one).items():
        if key not in _KINDS:
            continue
        wanted, words = _KINDS[key]
        right = isinstance(value, wanted) and isinstance(value, bool) is (wanted is bool)
        if right and isinstance(value, float):
            right = math.isfinite(value)
        if right and key in _SIZES:
            right = 0 <= value <= _MOST
        if right and key == "multipleOf":
            right = 0 < value <= sys.float_info.max
        if right and key == "required":
            right = all(isinstance(each, str) for each in value)
        if not right:
            yield key, one.problem(f"`{key}` must be {words}", "logicalTypeOptions", key)


_DROP = "Drop it, or give the property the `logicalType` that its values are of."


def _unholdable(one: Element) -> Iterator[tuple[str, Problem]]:
    """Options that the type of the property cannot hold."""
    promised = _promised(one)
    for key in _options(one):
        if promised and key in _HOLDS and promised not in _HOLDS[key]:
            holders = " or ".join(sorted(_HOLDS[key]))
            message = f"`{key}` is asked of {holders}, and the property is of the type {promised}"
            yield key, one.problem(message, "logicalTypeOptions", key, hint=_DROP)
    written = _options(one).get("format")
    of = "string" if written in PATTERNS else "integer" if _OF_INTEGERS.fullmatch(str(written)) else promised
    if promised and promised != of:
        message = f"the format {written!r} is of {of}, and the property is of the type {promised}"
        yield "format", one.problem(message, "logicalTypeOptions", "format", hint=_DROP)


_MOMENTS: Mapping[str, tuple[Callable[[str], Moment], str]] = {
    "date": (date.fromisoformat, "2013-01-31"),
    "timestamp": (datetime.fromisoformat, "2013-01-31T09:30:00Z"),
    "time": (time.fromisoformat, "09:30:00"),
}


def _unreadable(one: Element) -> Iterator[tuple[str, Problem]]:
    """Bounds of dates and times that are none in ISO 8601, and time zones that are not there."""
    promised, options = _promised(one), _options(one)
    for key in _BOUNDS:
        if key not in options:
            continue
        value = options[key]
        if promised in _MOMENTS and _moment(promised, value) is None:
            message, hint = f"`{key}` {value!r} is no {promised} of ISO 8601", _as_in(promised)
            yield key, one.problem(message, "logicalTypeOptions", key, hint=hint)
        if promised in NUMERIC and isinstance(value, str):
            message = f"`{key}` {value!r} is no number"
            yield key, one.problem(message, "logicalTypeOptions", key, hint="Write it without quotes.")
    if isinstance(zone := options.get("defaultTimezone"), str):
        known, near = nearest_zone(zone)
        if not known:
            message = f"the time zone {zone!r} is not known"
            yield "defaultTimezone", one.problem(message, "logicalTypeOptions", "defaultTimezone", hint=near)


def _as_in(promised: str | None) -> str:
    return f"Write it as '{_MOMENTS[promised or 'date'][1]}'."


def _moment(promised: str | None, value: object) -> Moment | None:
    """A date or time of ISO 8601; what has no time zone is taken for UTC, to be comparable."""
    if promised is None or promised not in _MOMENTS or not isinstance(value, str):
        return None
    try:
        moment = _MOMENTS[promised][0](value)
    except ValueError:
        return None
    if isinstance(moment, datetime | time) and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment


_PAIRS = (
    *((low, high) for low in ("minimum", "exclusiveMinimum") for high in ("maximum", "exclusiveMaximum")),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)


def _crossed(one: Element) -> Iterator[Problem]:
    """A range that no value can be in."""
    options, promised = _options(one), _promised(one)
    for low, high in _PAIRS:
        if low not in options or high not in options:
            continue
        ends: list[Any] = [options[low], options[high]]
        if promised in _MOMENTS:
            ends = [_moment(promised, end) for end in ends]
        is_open = low.startswith("exclusive") or high.startswith("exclusive")
        if _is_comparable(*ends) and (ends[0] > ends[1] or (ends[0] == ends[1] and is_open)):
            message = f"no value can be in the range: `{low}` is {options[low]}, `{high}` is {options[high]}"
            hint = (
                "Swap the two, or drop one." if ends[0] > ends[1] else "An end that is exclusive is not in the range."
            )
            yield one.problem(message, "logicalTypeOptions", low, hint=hint)


def _is_comparable(one: object, other: object) -> bool:
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
    return numbers or (isinstance(one, date | time | str) and type(one) is type(other))


# Values


def _impossible_values(one: Element) -> Iterator[Problem]:
    """Listed values that the type cannot hold, and rules on values that it does not have."""
    promised = _promised(one)
    if promised is None:
        return
    for index, each in enumerate(one.data.get("enum") or ()):
        yield from _impossible(one, promised, each["value"], ("enum", index, "value"))
    for rule in one.parts("quality"):
        arguments = rule.data.get("arguments") or {}
        if rule.data.get("metric") != "invalidValues":
            continue
        if "pattern" in arguments and promised != "string":
            message = f"a pattern is asked of text, and the property is of the type {promised}"
            hint = "Use `validValues`, or a range in `logicalTypeOptions`."
            yield rule.problem(message, "arguments", "pattern", hint=hint)
        valid = arguments.get("validValues")
        for index, value in enumerate(valid if isinstance(valid, list) else ()):
            yield from _impossible(rule, promised, value, ("arguments", "validValues", index))


def _impossible(at: Element, promised: str, value: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    if value is None or isinstance(value, dict | list):
        return  # a null says nothing; of what is nested, the rule itself says that it is not compared
    if promised in NUMERIC:
        right, hint = _is_number(value), "Write a number, or drop it."
    elif promised == "boolean":
        right, hint = str(value).casefold() in {"true", "false"}, "Write `true` or `false`."
    elif promised in _MOMENTS:
        right, hint = _moment(promised, value) is not None, _as_in(promised)
    else:
        right = promised not in {"object", "array", "map", "vector", "binary"}
        hint = f"Values inside of it are listed in its `{'items' if promised == 'array' else 'properties'}`."
    if not right:
        yield at.problem(f"no value of the type {promised} is {value!r}", *path, hint=hint)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        return not math.isnan(float(value))
    except OverflowError:
        return True
    except ValueError:
        return False
