"""What changed between two contracts, one change for each key, with its place and what it does to a consumer.

Objects and properties are told apart by their names, rules by what they
measure. How two promises compare stands in :mod:`mlops_actions.data.diffing.promises`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlops_actions.data.contracts.contract import ADDITIONAL_COLUMNS, Contract, Element
from mlops_actions.data.diffing import promises, rulechanges
from mlops_actions.data.diffing.promises import Effect, loosened, neutral, same, shown, tightened
from mlops_actions.verdict import Where


@dataclass(frozen=True, slots=True)
class Change:
    """A key that is not as it was: its rule (``object[.column].key``), its place, and its effect."""

    rule: str
    where: Where
    effect: Effect


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """The changes from ``old`` to ``new``, but for the version, in the order of the new contract."""
    found = [*_top(old, new)]
    one, other = (_Part(each.file, each.root, "", Where()) for each in (old, new))
    before = {each.name: each.element for each in old.objects}
    after = {each.name: each.element for each in new.objects}
    for name in dict.fromkeys((*after, *before)):
        where = Where(object=name)
        was, now = (
            replace(part, element=part_of[name], name=name, where=where) if name in part_of else None
            for part, part_of in ((one, before), (other, after))
        )
        if was is None or now is None:
            present = now or was
            assert present is not None  # noqa: S101 (the name is of one of the two)
            effect = tightened("the object is new") if was is None else loosened("the object is gone")
            found.append(present.change("object", effect, "name"))
        else:
            found += _object(was, now)
    return tuple(_numbered(found))


def _numbered(found: Sequence[Change]) -> Iterator[Change]:
    """Changes of the same rule told apart: the second is ``…#2``."""
    seen: dict[str, int] = {}
    for each in found:
        seen[each.rule] = seen.get(each.rule, 0) + 1
        yield each if seen[each.rule] == 1 else replace(each, rule=f"{each.rule}#{seen[each.rule]}")


@dataclass(frozen=True, slots=True)
class _Part:
    """An element of one of the contracts, under its name; an empty name is the contract itself."""

    file: str
    element: Element
    name: str
    where: Where

    @property
    def data(self) -> Mapping[str, Any]:
        return self.element.data

    def at(self, name: str, *path: str | int) -> _Part:
        """The part at a path below this one."""
        data: Any = self.data
        for key in path:
            data = data[key]
        full = f"{self.name}{name}" if name.startswith("[") else f"{self.name}.{name}"
        column = self.where.column or str(data.get("physicalName") or data.get("name") or "") or None
        element = Element(data, (*self.element.path, *path), self.element.document)
        return _Part(self.file, element, full, replace(self.where, column=column))

    def change(self, key: str, effect: Effect, *path: str | int) -> Change:
        line = self.element.line(*path)
        rule = f"{self.name}.{key}" if self.name else key
        return Change(rule, replace(self.where, file=self.file, line=line), effect)


def _place(old: _Part, new: _Part, *path: str | int) -> _Part:
    """The contract where a changed key stands: the new one, or the old one where it is gone from the new."""
    data: Any = new.data
    for key in path:
        if not (isinstance(data, Mapping) and key in data):
            return old
        data = data[key]
    return new


_Judge = Callable[[Any, Any], Effect]


def _each(old: _Part, new: _Part, judges: Mapping[str, _Judge], let_be: frozenset[str]) -> Iterator[Change]:
    """The keys of an element that differ; one without a judge promises nothing of the data."""
    for key in dict.fromkeys((*new.data, *old.data)):
        was, now = old.data.get(key), new.data.get(key)
        if key in let_be or same(was, now) or (key in _FLAGS and bool(was) == bool(now)):
            continue
        judge = judges.get(key, lambda _old, _new: neutral("it promises nothing of the data"))
        yield _place(old, new, key).change(key, judge(was, now), key)


_FLAGS = {"required", "unique", "primaryKey", "partitioned", "deprecated"}


# The contract itself


def _top(old: Contract, new: Contract) -> Iterator[Change]:
    one, other = (_Part(each.file, each.root, "", Where()) for each in (old, new))
    let_be = frozenset({"version", "schema", "servers", "slaProperties"})
    yield from _each(one, other, {"id": promises.unjudged, "status": _status}, let_be)
    yield from _listed(one, other, "servers", ("server",), _server)
    yield from _listed(one, other, "slaProperties", ("property", "element"), _service_level)


def _status(_old: Any, new: Any) -> Effect:
    if new == "retired":
        return loosened("nothing is promised of retired data")
    if new == "deprecated":
        return tightened("to deprecate is a minor step in semantic versioning")
    return neutral("the status says how far the contract is, not what is in the data")


_PROSE = frozenset(
    {"id", "description", "tags", "customProperties", "authoritativeDefinitions", "businessName", "name", "roles"}
)


def _promised(data: Any) -> Any:
    """What is left without the words for people."""
    if not isinstance(data, dict):
        return data
    return {key: value for key, value in data.items() if key not in _PROSE}


def _listed(
    old: _Part, new: _Part, section: str, keys: Sequence[str], judge: Callable[[Any, Any], Effect]
) -> Iterator[Change]:
    """Entries of a list that a name tells apart."""
    before, after = (
        {_named(each, keys): index for index, each in enumerate(part.data.get(section) or ())} for part in (old, new)
    )
    for name in dict.fromkeys((*after, *before)):
        was = old.data[section][before[name]] if name in before else None
        now = new.data[section][after[name]] if name in after else None
        if same(was, now):
            continue
        part, index = (new, after[name]) if name in after else (old, before[name])
        if was is not None and now is not None and same(_promised(was), _promised(now)):
            effect = neutral("it promises nothing of the data")
        elif was is None:
            effect = tightened("it is new")
        else:
            effect = loosened("it is gone") if now is None else judge(was, now)
        yield part.change(f"{section}.{name}", effect, section, index)


def _named(entry: Any, keys: Sequence[str]) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    return ".".join(str(entry[key]) for key in keys if entry.get(key) is not None)


def _server(_old: Any, _new: Any) -> Effect:
    return loosened("who reads there may find nothing")


_LESS = {"latency", "frequency", "freshness", "timetodetect", "timetonotify", "timetorepair"}
_MORE = {"retention", "availability", "throughput"}


def _service_level(old: Any, new: Any) -> Effect:
    """Of one value in one unit it is known which side is better; all else cannot be judged."""
    was, now = old.get("value"), new.get("value")
    name = str(new.get("property", "")).casefold()
    rest = [{key: value for key, value in _promised(each).items() if key != "value"} for each in (old, new)]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (was, now))
    if rest[0] != rest[1] or not numbers or name not in _LESS | _MORE:
        return loosened(
            f"{shown(was)} became {shown(now)}, and {promises.UNJUDGED}" if was != now else promises.UNJUDGED
        )
    better = now < was if name in _LESS else now > was
    return (tightened if better else loosened)(f"{shown(was)} became {shown(now)}")


# Objects and properties


_NESTED = frozenset({"properties", "items", "map", "quality", "relationships", "customProperties", "name"})


def _object(old: _Part, new: _Part) -> Iterator[Change]:
    judges = {"logicalType": promises.unjudged, "physicalType": promises.unjudged, "deprecated": _deprecated}
    yield from _each(old, new, judges, _NESTED | {"physicalName"})
    yield from _called(old, new)
    yield from _custom(old, new)
    yield from _key(old, new)
    yield from _quality(old, new)
    yield from _relationships(old, new)
    yield from _properties(old, new)


def _called(old: _Part, new: _Part) -> Iterator[Change]:
    """``physicalName``, which is the name where it is absent."""
    was, now = (str(part.data.get("physicalName") or part.data.get("name") or "") for part in (old, new))
    if was != now:
        yield _place(old, new, "physicalName").change(
            "physicalName", loosened(f"{shown(was)} is called {shown(now)} in the data"), "physicalName"
        )
    elif old.data.get("physicalName") != new.data.get("physicalName"):
        yield _place(old, new, "physicalName").change(
            "physicalName", neutral("the name in the data is the same"), "physicalName"
        )


def _deprecated(_old: Any, new: Any) -> Effect:
    if new:
        return tightened("to deprecate is a minor step in semantic versioning")
    return neutral("it is no longer deprecated")


def _closed(part: _Part) -> bool:
    return any(
        each.get("property") == ADDITIONAL_COLUMNS and each.get("value") is False
        for each in part.data.get("customProperties") or ()
    )


def _custom(old: _Part, new: _Part) -> Iterator[Change]:
    was, now = _closed(old), _closed(new)
    part = _place(old, new, "customProperties")
    if was != now:
        yield part.change(ADDITIONAL_COLUMNS, promises.flag(was, now), "customProperties")
    elif not same(old.data.get("customProperties"), new.data.get("customProperties")):
        yield part.change("customProperties", neutral("it promises nothing of the data"), "customProperties")


def _key_of(part: _Part) -> dict[str, int]:
    """The names of the primary key, in its order, with the index of each among the properties."""
    keyed = [(each, index) for index, each in enumerate(part.data.get("properties") or ()) if each.get("primaryKey")]
    keyed.sort(key=lambda pair: pair[0].get("primaryKeyPosition", -1))
    return {str(each["name"]): index for each, index in keyed}


def _key(old: _Part, new: _Part) -> Iterator[Change]:
    """The primary key, of one or several properties: no row repeats it, and no part of it is null."""
    was, now = _key_of(old), _key_of(new)
    if list(was) == list(now):
        return
    part, index = (new, min(now.values())) if now else (old, min(was.values()))
    rows = {str(each["name"]): each for each in new.data.get("properties") or ()}
    unique = {name for name, each in rows.items() if each.get("unique") and each.get("required")}
    nullable = [name for name in was if name in rows and not (name in now or rows[name].get("required"))]
    if was.keys() == now.keys():
        effect = neutral("the key is the same in another order")
    elif not was:
        effect = tightened(f"the key is {_names(now)} now")
    elif not ((now and now.keys() <= was.keys()) or unique & was.keys()):
        effect = loosened(f"rows may repeat the key {_names(was)}" + (f"; it is {_names(now)} now" if now else ""))
    elif nullable:
        effect = loosened(f"{_names(nullable)} may be null now")
    else:
        effect = tightened(f"rows that differ in {_names(was)} still do")
    yield part.change("primaryKey", effect, "properties", index, "primaryKey")


def _names(names: Any) -> str:
    return ", ".join(f"`{each}`" for each in names)


def _properties(old: _Part, new: _Part) -> Iterator[Change]:
    before, after = (
        {str(each["name"]): index for index, each in enumerate(part.data.get("properties") or ())}
        for part in (old, new)
    )
    for name in dict.fromkeys((*after, *before)):
        if name not in before:
            effect = tightened("the property is new")
            if _closed(old):
                effect = loosened("the property is new, and there was to be no column that is not named")
            yield new.at(name, "properties", after[name]).change("property", effect, "name")
        elif name not in after:
            effect = loosened("the property is gone")
            yield old.at(name, "properties", before[name]).change("property", effect, "name")
        else:
            one, other = old.at(name, "properties", before[name]), new.at(name, "properties", after[name])
            yield from _property(one, other)


def _property(old: _Part, new: _Part) -> Iterator[Change]:
    judges: dict[str, _Judge] = {
        "logicalType": promises.logical_type,
        "physicalType": promises.physical_type,
        "semanticType": _semantic,
        "required": lambda was, now: _required(new, was, now),
        "unique": promises.flag,
        "classification": lambda _old, _new: tightened("what may be done with the values changed, not the values"),
        "encryptedName": promises.unjudged,
        "deprecated": _deprecated,
    }
    if new.data.get("semanticType") == "measure":
        judges["transformLogic"] = promises.unjudged
    let_be = _NESTED | {"physicalName", "primaryKey", "primaryKeyPosition", "logicalTypeOptions", "enum"}
    yield from _each(old, new, judges, let_be)
    yield from _called(old, new)
    yield from _enum(old, new)
    logical = new.data.get("logicalType") or old.data.get("logicalType")
    was, now = (part.data.get("logicalTypeOptions") or {} for part in (old, new))
    for key, effect in promises.options(logical, was, now):
        path = ("logicalTypeOptions", key)
        yield _place(old, new, *path).change(key, effect, *path)
    yield from _quality(old, new)
    yield from _relationships(old, new)
    if not same(old.data.get("customProperties"), new.data.get("customProperties")):
        part = _place(old, new, "customProperties")
        yield part.change("customProperties", neutral("it promises nothing of the data"), "customProperties")
    yield from _inside(old, new)


def _inside(old: _Part, new: _Part) -> Iterator[Change]:
    """What is promised of nested values. Of what is there in one contract alone, the whole is one change."""
    yield from _properties(old, new)
    for name, path in (("[]", ("items",)), ("key", ("map", "key")), ("value", ("map", "value"))):
        holds = [path[0] in part.data for part in (old, new)]
        if all(holds):
            yield from _property(old.at(name, *path), new.at(name, *path))
        elif any(holds) and name != "value":
            effect = promises.flag(*holds)
            yield _place(old, new, path[0]).change(path[0], effect, path[0])


def _semantic(old: Any, new: Any) -> Effect:
    if new == "measure":
        return loosened("a measure is computed, so there is no such column any more")
    return tightened("there is such a column now") if old == "measure" else neutral("it is a column as it was")


def _required(new: _Part, old: Any, now: Any) -> Effect:
    if old and not now and new.data.get("primaryKey"):
        return neutral("a part of the primary key is never null")
    return promises.flag(old, now)


def _enum(old: _Part, new: _Part) -> Iterator[Change]:
    was, now = old.data.get("enum"), new.data.get("enum")
    if same(was, now):
        return
    lists = [
        None if each is None else [entry["value"] for entry in each if entry["value"] is not None]
        for each in (was, now)
    ]
    effect = promises.values(*lists) or neutral("the values are the same")
    yield _place(old, new, "enum").change("enum", effect, "enum")


def _relationships(old: _Part, new: _Part) -> Iterator[Change]:
    before, after = (list(part.data.get("relationships") or ()) for part in (old, new))
    kept = [_relation(each) for each in before]
    for index, each in enumerate(after):
        if _relation(each) in kept:
            kept.remove(_relation(each))
        else:
            yield new.change("relationships", tightened("the relationship is new"), "relationships", index)
    for index, each in enumerate(before):
        if _relation(each) in kept:
            kept.remove(_relation(each))
            yield old.change("relationships", loosened("the relationship is gone"), "relationships", index)


def _relation(entry: Any) -> Any:
    return {"type": "foreignKey", **_promised(entry)} if isinstance(entry, dict) else entry


def _quality(old: _Part, new: _Part) -> Iterator[Change]:
    """The changes of the quality rules of an element."""
    before, after = (list(part.data.get("quality") or ()) for part in (old, new))
    for one, other in rulechanges.pairs(before, after):
        effect = rulechanges.effect(None if one is None else before[one], None if other is None else after[other])
        if effect is not None:
            part, index = (old, one) if other is None else (new, other)
            rule = (before if other is None else after)[index or 0]
            yield part.change(rulechanges.key(rule), effect, "quality", index or 0)
