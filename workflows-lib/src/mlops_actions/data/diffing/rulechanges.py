"""Quality rules of two contracts: which of the old became which of the new, and whether it still holds as much."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from mlops_actions.data.contracts.contract import Element, Quality
from mlops_actions.data.contracts.odcs import OPERATORS
from mlops_actions.data.diffing import amounts, promises
from mlops_actions.data.diffing.promises import Effect, loosened, neutral, shown, tightened
from mlops_actions.data.diffing.versions import Step
from mlops_actions.verdict import Severity
from mlops_actions.yamlfile import Document

Rule: TypeAlias = Mapping[str, Any]

_MEANT = ("query", "engine", "implementation", "rule")
"""Keys whose texts cannot be compared."""

_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


def key(rule: Rule) -> str:
    """What the rule is called in a verdict, as :mod:`mlops_actions.data.rules.rules` has it."""
    if _kind(rule) != "library" or "metric" not in rule:
        return _kind(rule) if _kind(rule) != "library" else "quality"
    asked = rule.get("arguments") or {}
    if rule["metric"] == "invalidValues" and len(asked) == 1:
        return next((name for name in asked if name in {"validValues", "pattern"}), "invalidValues")
    return str(rule["metric"])


def pairs(old: Sequence[Rule], new: Sequence[Rule]) -> Iterator[tuple[int | None, int | None]]:
    """Indices of rules that are one rule in both contracts; None where one is gone or new.

    The same rule first, then the same ``id`` or ``name``, then the same
    measure, then the same metric where there is no other choice.
    """
    left, right = dict(enumerate(old)), dict(enumerate(new))
    found: dict[int, int] = {}
    for sign in _SIGNS:
        wanted = {index: sign(rule) for index, rule in right.items()}
        for index, rule in list(left.items()):
            mine = sign(rule)
            same = [other for other, value in wanted.items() if value == mine and other in right]
            rivals = [other for other, each in left.items() if sign(each) == mine]
            if mine is not None and same and (sign in _CERTAIN or (len(same) == len(rivals) == 1)):
                found[same[0]] = index
                del left[index], right[same[0]]
    for index in range(len(new)):
        yield found.get(index), index
    for index in left:
        yield index, None


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _measured(rule: Rule) -> str:
    return _text([_kind(rule), rule.get("metric"), rule.get("arguments"), *(rule.get(each) for each in _MEANT)])


def _metric(rule: Rule) -> str:
    return _text([_kind(rule), key(rule)])


_CERTAIN: tuple[Callable[[Rule], Any], ...] = (_text, _measured)
_SIGNS: tuple[Callable[[Rule], Any], ...] = (
    _text,
    lambda rule: rule.get("id"),
    lambda rule: rule.get("name"),
    _measured,
    _metric,
)


def effect(old: Rule | None, new: Rule | None) -> Effect | None:
    """What became of a rule; None where it is as it was."""
    if old is None or new is None:
        return tightened("the rule is new") if new is not None else loosened("the rule is gone")
    if promises.same(old, new):
        return None
    found = [each for each in _effects(old, new) if each is not None]
    if not found:
        return neutral("the rule asks for the same")
    worst = max(each.step for each in found)
    return Effect(worst, "; ".join(each.reason for each in found if each.step is worst))


def _effects(old: Rule, new: Rule) -> Iterator[Effect | None]:
    if (_kind(old), old.get("metric")) != (_kind(new), new.get("metric")):
        yield loosened("the rule measures something else")
        return
    if _kind(new) == "text" and old.get("description") != new.get("description"):
        yield loosened(f"the text is the rule, and {promises.UNJUDGED}")
    for name in _MEANT:
        if old.get(name) != new.get(name):
            yield loosened(f"`{name}` changed, and {promises.UNJUDGED}")
    was, now = (_RANK[_rule(each).severity] for each in (old, new))
    if was != now:
        said = f"the severity is {_rule(new).severity.value}"
        yield tightened(said) if now > was else loosened(f"{said}, and was {_rule(old).severity.value}")
    if any(operator in each for operator in OPERATORS for each in (old, new)):
        yield from _asked(old, new)
    elif not promises.same(old.get("arguments") or {}, new.get("arguments") or {}):
        yield promises.unjudged(old.get("arguments"), new.get("arguments"))


def _asked(old: Rule, new: Rule) -> Iterator[Effect | None]:
    """What the measure must be, and of what it is taken."""
    try:
        was, now = _spans(old), _spans(new)
    except (TypeError, StopIteration):  # a query that gives text
        if any(old.get(operator) != new.get(operator) for operator in OPERATORS):
            yield loosened(f"the threshold changed, and {promises.UNJUDGED}")
        return
    none_at_all = was == now == (((0, 0), (0, 0)),)
    if _rule(old).is_percent != _rule(new).is_percent and not none_at_all:
        yield loosened(f"the unit changed, and {promises.UNJUDGED}")
    elif was != now:
        said = f"{_threshold(old)} became {_threshold(new)}"
        yield tightened(said) if amounts.within(now, was) else loosened(said)
    yield from _arguments(old.get("arguments") or {}, new.get("arguments") or {}, amounts.from_above(was))


def _arguments(old: Rule, new: Rule, few: bool) -> Iterator[Effect | None]:
    """``few``: the rule limits how many rows count, so one that counts more rows is tighter."""
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        if promises.same(was, now):
            continue
        if not few or not isinstance(was, list) or not isinstance(now, list):
            said = f"`{name}`: {shown(was)} became {shown(now)}, and {promises.UNJUDGED}"
            yield loosened(said)
            continue
        if name == "validValues":  # where a null says nothing
            was, now = ([value for value in each if value is not None] for each in (was, now))
        changed = promises.values(was, now)
        if changed is None:
            continue
        if name == "validValues":
            yield changed
        elif name == "missingValues":  # what is listed counts
            yield _turned(was, now)
        else:  # properties: a part of a key repeats at least as often as the whole
            more = changed.step is Step.MAJOR
            yield loosened("more columns make up the key") if more else tightened("fewer columns make up the key")


def _turned(old: list[Any], new: list[Any]) -> Effect:
    gone = [each for each in old if not any(promises.same(each, other) for other in new)]
    return loosened(f"no longer counted: {shown(gone)}") if gone else tightened("more values are counted")


def _spans(rule: Rule) -> tuple[amounts.Span, ...]:
    asked, library = _rule(rule), _kind(rule) == "library"
    bound = asked.bound
    numbers = bound if isinstance(bound, list) else [bound]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers):
        raise TypeError(bound)
    floor = 0 if library else float("-inf")
    return amounts.allowed(asked.operator, bound, counts=library and not asked.is_percent, floor=floor)


def _threshold(rule: Rule) -> str:
    asked = _rule(rule)
    return f"`{asked.operator}: {asked.bound}`"


def _kind(rule: Rule) -> str:
    return _rule(rule).kind


def _rule(rule: Rule) -> Quality:
    return Quality(Element(rule, (), Document("", rule, {}, {})))
