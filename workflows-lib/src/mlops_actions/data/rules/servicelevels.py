"""Service levels that rows can show: how old the newest and the oldest value of a column are.

``latency`` (also called freshness) holds when the newest value is at most so
old, ``retention`` when the oldest is. That rows *are kept* for so long cannot
be seen in them: young data keeps that promise, too. Every other service level
is listed, with the reason.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from mlops_actions.data.contracts.contract import Contract, Element, Object, Property
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.session import Aggregate
from mlops_actions.data.rules import checks
from mlops_actions.data.rules.rules import Rule, Unmeasured
from mlops_actions.data.rules.sql import Dialect, Unfit
from mlops_actions.data.sources.relation import Relation
from mlops_actions.data.types.families import family
from mlops_actions.data.types.zones import in_utc
from mlops_actions.verdict import Check, Severity, Status, Where, broken

_SIDES = {
    **dict.fromkeys(("latency", "ly", "freshness"), "max"),
    **dict.fromkeys(("retention", "re"), "min"),
}
_WORDS = {"max": "newest", "min": "oldest"}

_SECONDS = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("min", "minute"), 60),
    **dict.fromkeys(("h", "hr", "hour"), 3_600),
    **dict.fromkeys(("d", "day"), 86_400),
    **dict.fromkeys(("w", "wk", "week"), 7 * 86_400),
}
_MONTHS = {**dict.fromkeys(("mo", "mon", "month"), 1), **dict.fromkeys(("y", "yr", "year"), 12)}

_AHEAD = timedelta(days=1)
"""How far a value may lie ahead: a day begins earlier in the east, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Level:
    """A service level as a rule; of those that are measured, the side of the column and the most that it may be."""

    rule: Rule
    column: str = ""
    side: str = ""
    value: float = math.inf
    unit: str = ""
    private: bool = False
    zone: str | None = None
    """The zone whose clock the values were read off, where they are no moments."""


def derive(contract: Contract) -> tuple[Level, ...]:
    """The service levels of a contract; what cannot be measured has a rule that says why."""
    seen: Counter[str] = Counter()
    found = []
    for index, each in enumerate(contract.service_levels):
        data = each.data if isinstance(each.data, dict) else {}
        name = f"slaProperties.{data.get('property', index)}"
        for element in _elements(data, contract):
            seen[name] += 1
            numbered = f"{name}#{seen[name]}" if seen[name] > 1 else name
            found.append(_level(contract, each, data, numbered, element))
    return tuple(found)


def _elements(data: Mapping[str, Any], contract: Contract) -> list[str]:
    """The elements of a service level that is measured; a single empty one where it names none."""
    if str(data.get("property")).strip().casefold() not in _SIDES:
        return [""]
    named = data.get("element") or contract.root.data.get("slaDefaultElement") or ""
    return [each.strip() for each in str(named).split(",") if each.strip()] or [""]


def _level(contract: Contract, each: Element, data: Mapping[str, Any], name: str, element: str) -> Level:
    side = _SIDES.get(str(data.get("property")).strip().casefold())
    where = Where(file=contract.file, line=each.line())
    if side is None:
        unseen = Unmeasured(f"{data.get('property', 'it')} is a promise of the service, which rows do not show")
        return Level(Rule(name, where, unseen, severity=Severity.INFO))
    try:
        value, unit = _amount(data)
        of, one = _property(contract, element)
    except ValueError as error:
        return Level(Rule(name, where, Unmeasured(str(error)), severity=Severity.WARNING))
    where = Where(object=of.name, column=one.column, file=contract.file, line=each.line("property"))
    unseen = Unmeasured("there is no data of its object")  # which is said where the object was given none
    threshold = {"atMost": data["value"], "unit": unit}
    rule = Rule(name, where, unseen, threshold=threshold)
    return Level(rule, one.column, side, value, unit, one.is_private, one.zone)


def _amount(data: Mapping[str, Any]) -> tuple[float, str]:
    """The value and the unit, in the singular. Raises ValueError."""
    given, unit = data.get("value"), str(data.get("unit") or "").strip().casefold()
    try:
        value = math.nan if isinstance(given, bool) else float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"its value {given!r} is no length of time")
    if unit in {"m", "ms"}:
        raise ValueError(f"its unit {unit!r} could be minutes or months: write `min` or `month`")
    for word in (unit, unit.removesuffix("s")):
        if word in _SECONDS or word in _MONTHS:
            return value, word
    known = "there is: s, min, h, d, w, month, y"
    raise ValueError(f"its unit {unit!r} is not known; {known}" if unit else f"it has no unit; {known}")


def _property(contract: Contract, element: str) -> tuple[Object, Property]:
    """The object and the property that an element names. Raises ValueError."""
    if not element:
        raise ValueError("it names no element, and a column is measured")
    for of in contract.objects:
        prefixes = [f"{name}." for name in of.names] + ([""] if len(contract.objects) == 1 else [])
        for one in of.properties:
            if element in {f"{prefix}{name}" for prefix in prefixes for name in (one.name, one.column)}:
                return of, one
    raise ValueError(f"its element {element!r} is no property that this contract names as `object.property`")


# Measuring


@dataclass(frozen=True, slots=True)
class Levels:
    """The service levels of one object: what is asked of its scan, and what is already decided."""

    asked: Mapping[int, Level]
    aggregates: Sequence[Aggregate]
    decided: Mapping[int, Check] = field(default_factory=dict)

    def judge(self, values: Mapping[str, Any], moment: datetime) -> list[Check]:
        """The check of each level, in the order of the contract, where now is ``moment``."""
        found = dict(self.decided)
        for index, level in self.asked.items():
            infinite = values[_key(index, "infinite")]
            found[index] = _judged(level, values[_key(index, "value")], int(infinite or 0), moment)
        return [found[index] for index in sorted(found)]


def _key(index: int, name: str) -> str:
    return f"level {index} {name}"


def prepare(levels: Sequence[Level], relation: Relation) -> Levels:
    """How the levels of the relation's object are answered over it."""
    dialect = Dialect(relation)
    asked: dict[int, Level] = {}
    decided: dict[int, Check] = {}
    aggregates: list[Aggregate] = []
    for index, level in enumerate(levels):
        if level.rule.where.object != relation.object:
            continue
        try:
            aggregates += _aggregates(index, level, dialect)
            is_instant = dialect.is_instant(dialect.column(level.column))
            asked[index] = replace(level, zone=None) if is_instant else level
        except Unfit as error:
            decided[index] = _check(level, Status.ERROR, f"not evaluated: {error}")
    return Levels(asked, aggregates, decided)


def _aggregates(index: int, level: Level, dialect: Dialect) -> Iterator[Aggregate]:
    column = dialect.column(level.column)
    if family(column.type) not in {"date", "timestamp"}:
        raise Unfit(f"age is asked of dates and timestamps, and the column is {column.type}")
    name = quote(column.name)
    finite = f"{level.side}(CASE WHEN isfinite({name}) THEN {name} END)"
    yield Aggregate(_key(index, "value"), f"epoch_us(CAST({finite} AS TIMESTAMP))")
    yield Aggregate(_key(index, "infinite"), f"count_if(NOT isfinite({name}))", adds=True)


def unread(levels: Sequence[Level], of: str) -> list[Check]:
    """The checks of an object's levels when its data cannot be read."""
    message = "not evaluated: the data cannot be read"
    return [_check(level, Status.ERROR, message) for level in levels if level.rule.where.object == of]


def unasked(levels: Sequence[Level], read: Sequence[str]) -> list[Check]:
    """The checks of the levels that are of none of the objects ``read``: not checked, with the reason."""
    return [checks.unanswered(level.rule, "") for level in levels if level.rule.where.object not in read]


def _judged(level: Level, microseconds: int | None, infinite: int, moment: datetime) -> Check:
    word = _WORDS[level.side]
    if infinite:
        return _check(level, Status.ERROR, f"not evaluated: {infinite:,} values are infinite, so none is the {word}")
    if microseconds is None:
        return _check(level, Status.ERROR, f"not evaluated: there is no value, so none is the {word}")
    try:
        value = in_utc(datetime(1970, 1, 1) + timedelta(microseconds=microseconds), level.zone)
    except OverflowError:
        return _check(level, Status.ERROR, f"not evaluated: the {word} value is in no year from 1 to 9999")
    if value > moment + _AHEAD:
        return _check(level, Status.ERROR, f"not evaluated: the {word} value lies in the future, so it tells no age")
    age = age_in(level.unit, value, moment)
    held = age <= level.value
    limit = f"at most {level.value:g} {level.unit}"
    status = Status.PASS if held else broken(level.rule.severity)
    if level.private:
        return _check(level, status, f"the {word} value is {'' if held else 'not '}{limit} old")
    message = f"the {word} value is {age:,.4g} {level.unit} old ({value:%Y-%m-%d %H:%M:%S} UTC)"
    return _check(level, status, message + ("" if held else f"; must be {limit}"), age)


def age_in(unit: str, value: datetime, moment: datetime) -> float:
    """How old a value is. Months and years are those of the calendar: on its third birthday, it is 3.0 years old."""
    if unit in _SECONDS:
        return (moment - value) / timedelta(seconds=_SECONDS[unit])
    months = (moment.year - value.year) * 12 + moment.month - value.month
    while _earlier(moment, months) < value:
        months -= 1
    rest = (_earlier(moment, months) - value) / timedelta(days=31)  # which is less than a month, so less than 1
    return (months + rest) / _MONTHS[unit]


def _earlier(moment: datetime, months: int) -> datetime:
    """The moment so many months before; a day that its month does not have is the month's last."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _check(level: Level, status: Status, message: str, measured: float | None = None) -> Check:
    rule = level.rule
    return Check(rule.name, status, message, rule.severity, rule.where, measured, rule.threshold)
