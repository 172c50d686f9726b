"""What a relationship of a contract refers to: names of the standard, resolved to objects and properties.

Two notations are known. The short one goes by ``name``
(``customers.address.id``), the fully qualified one by ``id``
(``schema/customers/properties/id``); there, a part without an ``id`` answers
to its name. A reference into another file is left unresolved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from mlops_actions.data.contracts.contract import Contract, Element, Object, Property
from mlops_actions.data.rules.rules import whole_name
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Where
from mlops_actions.yamlfile import KeyPath

KEY = "relationships"

_Part = TypeVar("_Part", Object, Property)


@dataclass(frozen=True, slots=True)
class Key:
    """The properties that make up a key, each with the properties around it, all of one object."""

    of: Object
    paths: tuple[tuple[Property, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(path[0].column for path in self.paths)

    @property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """The way to each part: its column, and the fields inside of that."""
        return tuple(tuple(one.column for one in path) for path in self.paths)

    @property
    def is_private(self) -> bool:
        return any(one.is_private for path in self.paths for one in path)

    @property
    def shown(self) -> str:
        """``customers.id``, ``customers (country, id)``."""
        names = [".".join(one.name for one in path) for path in self.paths]
        return f"{self.of.name}.{names[0]}" if len(names) == 1 else f"{self.of.name} ({', '.join(names)})"


@dataclass(frozen=True, slots=True)
class Relationship:
    """A promise that each key of ``referring`` is one of ``referred``; or why it cannot be checked here."""

    name: str
    where: Where
    referring: Key
    referred: Key | None
    to: str
    unmeasured: str | None = None


class _Lost(Exception):
    """A reference leads nowhere: what is said of it, and the nearest name."""

    def __init__(self, message: str, hint: str | None) -> None:
        self.hint = hint
        super().__init__(message)


def resolve(contract: Contract) -> tuple[Relationship, ...]:
    """The relationships of a contract, in its order. Raises CallError for those that make no sense."""
    found: list[Relationship] = []
    problems: list[Problem] = []
    names: Counter[str] = Counter()
    for of, path, element in _elements(contract):
        given = Key(of, (path,)) if path else None
        try:
            referring = given or _key(contract, element, "from")
            referred = _key(contract, element, "to")
            _refuse_lengths(element, referring, referred)
        except CallError as error:
            problems += error.problems
            continue
        why = _unmeasured(referring, referred) if referring else "it begins in another contract"
        referring = referring or Key(of, ())
        name = f"{reduce(whole_name, path, referring.of.name)}.{KEY}"
        names[name] += 1
        found.append(
            Relationship(
                name if names[name] == 1 else f"{name}#{names[name]}",
                Where(referring.of.name, path[0].column if path else None, contract.file, element.line()),
                referring,
                referred,
                referred.shown if referred else str(element.data["to"]),
                why,
            )
        )
    if problems:
        raise CallError(*problems)
    return tuple(found)


def _elements(contract: Contract) -> Iterator[tuple[Object, tuple[Property, ...], Element]]:
    """Each relationship with its object, and the properties that lead to the one that it is of, outermost first."""
    for of in contract.objects:
        for each in of.element.parts(KEY):
            yield of, (), each
        for one in of.properties:
            for path in _paths((one,)) if one.is_stored else ():
                for each in path[-1].element.parts(KEY):
                    yield of, path, each


def _paths(path: tuple[Property, ...]) -> Iterator[tuple[Property, ...]]:
    yield path
    for element in path[-1].element.inner():
        yield from _paths((*path, Property(element)))


def _unmeasured(referring: Key, referred: Key | None) -> str | None:
    if referred is None:
        return "it refers to another contract"
    paths = [*referring.paths, *referred.paths]
    if not all(one.is_stored for path in paths for one in path):
        return "a measure is not a column"
    if any(one.is_repeated for path in paths for one in path):
        return "the key is many values in each row, inside of an array or a map"
    return None


def _refuse_lengths(element: Element, referring: Key | None, referred: Key | None) -> None:
    if referring and referred and len(referring.paths) != len(referred.paths):
        left, right = len(referring.paths), len(referred.paths)
        message = f"the key has {left:,} in `from` and {right:,} in `to`: as many properties must stand on both sides"
        raise CallError(element.problem(message, "to"))


def _key(contract: Contract, element: Element, side: str) -> Key | None:
    """The key that ``from`` or ``to`` names, or None where it is of another contract. Raises CallError."""
    value = element.data[side]
    places: list[tuple[str, KeyPath]] = [(value, (side,))]
    if not isinstance(value, str):
        places = [(each, (side, index)) for index, each in enumerate(value)]
    if any("#" in reference for reference, _ in places):
        return None
    found = []
    for reference, place in places:
        try:
            found.append(_located(contract, reference))
        except _Lost as error:
            raise CallError(element.problem(str(error), *place, hint=error.hint)) from error
    first = found[0][0]
    for (of, _), (_, place) in zip(found, places, strict=True):
        if of is not first:
            message = f"a key is of one object, and this one of both {first.name!r} and {of.name!r}"
            raise CallError(element.problem(message, *place))
    return Key(first, tuple(path for _, path in found))


def _located(contract: Contract, reference: str) -> tuple[Object, tuple[Property, ...]]:
    """The object and the properties, outermost first, that a reference goes through. Raises _Lost."""
    by_id = "/" in reference
    steps = reference.strip("/").split("/") if by_id else ["schema", *reference.replace(".", ".properties.").split(".")]
    sections, names = steps[::2], steps[1::2]
    if sections[0] != "schema" or set(sections[1:]) != {"properties"} or len(sections) != len(names):
        raise _Lost(f"{reference!r} names no property", "It has the form `schema/OBJECT/properties/PROPERTY`.")
    of = _chosen(contract.objects, names[0], by_id, "the contract has no object")
    inner = of.properties
    path: tuple[Property, ...] = ()
    for name in names[1:]:
        owner = ".".join((of.name, *(one.name for one in path)))
        one = _chosen(inner, name, by_id, f"{owner} has no property")
        inner, path = tuple(map(Property, _children(one.element))), (*path, one)
    return of, path


def _children(element: Element) -> Iterator[Element]:
    """The properties of an object, or of an array's items."""
    yield from element.parts("properties")
    if element.data.get("items"):
        yield from element.part("items").parts("properties")


def _chosen(parts: tuple[_Part, ...], wanted: str, by_id: bool, lost: str) -> _Part:
    known: dict[str, _Part] = {}
    for part in parts:
        known.setdefault(str(part.element.data.get("id") or part.name) if by_id else part.name, part)
    if wanted in known:
        return known[wanted]
    there = f"There is: {', '.join(list(known)[:10])}." if known else None
    raise _Lost(f"{lost} {'with the id ' if by_id else ''}{wanted!r}", did_you_mean(wanted, known) or there)
