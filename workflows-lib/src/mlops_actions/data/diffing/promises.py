"""Two promises of the same kind compared: whether the new one still gives what the old one gave.

The view is that of a consumer who relies on the old contract. A change is
breaking (:attr:`Step.MAJOR`) when data that keeps the new promise may break the
old one, or when nothing here can tell; a tighter promise is
:attr:`Step.MINOR`; what promises nothing is :attr:`Step.PATCH`. Absent is None.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from mlops_actions.data.diffing.versions import Step
from mlops_actions.data.types import families

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to who relies on the old contract, and why."""

    step: Step
    reason: str


def loosened(reason: str) -> Effect:
    return Effect(Step.MAJOR, reason)


def tightened(reason: str) -> Effect:
    return Effect(Step.MINOR, reason)


def neutral(reason: str) -> Effect:
    return Effect(Step.PATCH, reason)


UNJUDGED = "whether the new one still gives what the old one gave cannot be told"


def shown(value: Any) -> str:
    """A value of a contract for a message."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"`{text}`" if len(text) <= _SHOWN else f"`{text[:_SHOWN]}…`"


def same(old: Any, new: Any) -> bool:
    """Whether two values of contracts are the same; true is not 1."""
    return old == new and json.dumps(old, sort_keys=True, default=str) == json.dumps(new, sort_keys=True, default=str)


def given(old: Any, new: Any) -> Effect | None:
    """The effect where only one of two promises is there, or both are the same; None where they must be compared."""
    if old is None:
        return tightened(f"{shown(new)} is promised now")
    if new is None:
        return loosened(f"{shown(old)} is no longer promised")
    return None


def flag(old: Any, new: Any) -> Effect:
    """Of a promise that is true or false."""
    return tightened("it is promised now") if new and not old else loosened("it is no longer promised")


def unjudged(old: Any, new: Any) -> Effect:
    """Of a promise that cannot be compared."""
    return given(old, new) or loosened(f"{shown(old)} became {shown(new)}, and {UNJUDGED}")


# Types


def logical_type(old: str | None, new: str | None) -> Effect:
    """Of ``logicalType``: integers keep the promise of numbers, arrays that of vectors."""
    if (found := given(old, new)) is not None:
        return found
    if families.fits(str(new), str(old)):
        return tightened(f"every {new} is a {old}")
    return loosened(f"{shown(old)} became {shown(new)}")


_BITS = {
    "tinyint": 8, "smallint": 16, "int2": 16, "int16": 16, "mediumint": 24, "int": 32,
    "integer": 32, "int4": 32, "int32": 32, "bigint": 64, "int64": 64, "long": 64, "hugeint": 128,
    "real": 32, "float4": 32, "float32": 32, "double": 64, "float8": 64, "float64": 64,
}  # fmt: skip


def physical_type(old: str | None, new: str | None) -> Effect:
    """Of ``physicalType``: the family decides, then sizes, as far as both name them."""
    if (found := given(old, new)) is not None:
        return found
    one, other = str(old), str(new)
    if _normal(one) == _normal(other):
        return neutral("the type is the same, written in another way")
    was, now = families.family(one), families.family(other)
    if was is None or now is None:
        return loosened(f"{shown(old)} became {shown(new)}, and {UNJUDGED}")
    if not families.fits(now, was):
        return loosened(f"{shown(old)} became {shown(new)}, of another family of types")
    (measure, limits), (other_measure, sizes) = _sizes(one), _sizes(other)
    if measure == other_measure and limits == sizes and limits:
        return neutral(f"{shown(old)} became {shown(new)}, of the same family and size")
    if measure == other_measure and all(size <= limit for size, limit in zip(sizes, limits, strict=True)):
        return tightened(f"{shown(new)} holds no more than {shown(old)}")
    if not limits and was not in families.NUMERIC:
        return tightened(f"{shown(new)} is of the family of {shown(old)}, which named no size")
    return loosened(f"{shown(new)} may hold what {shown(old)} cannot")


def _normal(name: str) -> str:
    return re.sub(r"\s+", "", name).casefold()


def _sizes(name: str) -> tuple[str, tuple[int, ...]]:
    """What may not grow, and its measure: bits, or a length, or digits before and after the point."""
    if listed := re.fullmatch(r"([^()]*)\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)[^()]*", name):
        if listed[3] is None:
            return "length", (int(listed[2]),)
        return "digits", (int(listed[2]) - int(listed[3]), int(listed[3]))
    bits = _BITS.get(_normal(name))
    return (_normal(name), ()) if bits is None else ("bits", (bits,))


# Values


def values(old: list[Any] | None, new: list[Any] | None) -> Effect | None:
    """Of a list of allowed values, whose order says nothing; None where they are the same."""
    one, other = (None if each is None else {_key(value): value for value in each} for each in (old, new))
    if one is None or other is None:
        return given(old, new)
    if added := [value for key, value in other.items() if key not in one]:
        return loosened(f"allowed now: {_some(added)}")
    if gone := [value for key, value in one.items() if key not in other]:
        return tightened(f"no longer allowed: {_some(gone)}")
    return None


def _some(some: list[Any]) -> str:
    return ", ".join(map(shown, some[:5])) + (f" and {len(some) - 5:,} more" if len(some) > 5 else "")


def _key(value: Any) -> str:
    """What tells values apart: 1 is 1.0, and neither is true."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)


# Options of a logical type


def options(logical: str | None, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Effect]]:
    """Each of ``logicalTypeOptions`` that changed, with its effect."""
    for low in (True, False):
        yield from _end(logical, old, new, low)
    for key in dict.fromkeys((*old, *new)):
        if key in _ENDS or same(old.get(key), new.get(key)):
            continue
        if (effect := _option(logical, key, old.get(key), new.get(key))) is not None:
            yield key, effect


_ENDS = {"minimum": True, "exclusiveMinimum": True, "maximum": False, "exclusiveMaximum": False}


def _option(logical: str | None, key: str, old: Any, new: Any) -> Effect | None:
    match key:
        case "minLength" | "minItems" | "minProperties":
            return _amount(key, old or 0, new or 0, up=True)
        case "maxLength" | "maxItems" | "maxProperties":
            return _amount(key, math.inf if old is None else old, math.inf if new is None else new, up=False)
        case "uniqueItems":
            return None if bool(old) == bool(new) else flag(old, new)
        case "required":  # the names of an object's keys
            gone = sorted(set(map(str, old or ())) - set(map(str, new or ())))
            return loosened(f"no longer required: {_some(gone)}") if gone else tightened("more keys are required")
        case "multipleOf":
            return given(old, new) or _multiple(old, new)
        case "format" if logical in {"date", "timestamp", "time"}:
            return loosened("values are written in another way")
        case "format":
            return given(old, new) or _format(old, new)
        case "timezone" | "defaultTimezone":
            return loosened("the same text names another moment")
    return unjudged(old, new)


def _amount(key: str, old: float, new: float, *, up: bool) -> Effect | None:
    if old == new:
        return None
    said = f"`{key}` is {'gone' if new in (0, math.inf) else new}"
    return tightened(said) if (new > old) == up else loosened(said)


def _multiple(old: float, new: float) -> Effect:
    if old == new:
        return neutral("it is the same number")
    if isinstance(old, int) and isinstance(new, int) and new % old == 0:
        return tightened(f"every multiple of {new} is one of {old}")
    return loosened(f"a multiple of {new} need not be one of {old}")


def _format(old: str, new: str) -> Effect:
    one, other = _limits(old), _limits(new)
    if one and other and one[0] <= other[0] and other[1] <= one[1]:
        return tightened(f"{new} holds less than {old}")
    if (old, new) == ("f64", "f32"):
        return tightened("f32 holds less than f64")
    return loosened(f"{shown(old)} became {shown(new)}")


def _limits(name: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"([iu])(8|16|32|64|128)", name)
    if found is None:
        return None
    bits = int(found[2])
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if found[1] == "i" else (0, 2**bits - 1)


_READ: Mapping[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "timestamp": lambda text: _instant(datetime.fromisoformat(text)),
    "time": time.fromisoformat,
}


def _instant(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(
    logical: str | None, old: Mapping[str, Any], new: Mapping[str, Any], low: bool
) -> Iterator[tuple[str, Effect]]:
    """One end of a range: ``minimum`` and ``exclusiveMinimum`` say one thing together."""
    keys = [key for key, lower in _ENDS.items() if lower is low]
    changed = [key for key in keys if old.get(key) != new.get(key)]
    if not changed:
        return
    key = next((each for each in changed if each in new), changed[0])
    try:
        one, other = (_tightest(logical, each, keys, low) for each in (old, new))
        equal, tighter = one == other, other is not None and (one is None or (other > one if low else other < one))
    except (ValueError, TypeError):
        yield key, unjudged(old.get(key), new.get(key))
        return
    said = ", ".join(f"`{each}` was {old.get(each, 'absent')} and is {new.get(each, 'absent')}" for each in changed)
    if equal:
        yield key, neutral(f"the range is the same: {said}")
    else:
        yield key, tightened(f"the range is narrower: {said}") if tighter else loosened(f"the range is wider: {said}")


def _tightest(logical: str | None, said: Mapping[str, Any], keys: list[str], low: bool) -> tuple[Any, int] | None:
    """The end that leaves the least: its value, and whether the value itself is out (which sorts as narrower)."""
    ends = []
    for key in keys:
        if (value := said.get(key)) is None:
            continue
        if (read := _READ.get(logical or "")) is not None:
            value = read(value)
        shut = key.startswith("exclusive")
        if logical == "integer":  # the next whole number
            value = (
                (math.floor(value) + 1 if shut else math.ceil(value))
                if low
                else (math.ceil(value) - 1 if shut else math.floor(value))
            )
            shut = False
        ends.append((value, (1 if low else -1) * shut))
    return (max(ends) if low else min(ends)) if ends else None
