"""The contract: what was promised of each object and column, and on which line.

A contract is held against the standard (:mod:`mlops_actions.data.contracts.odcs`), then
for sense (:mod:`mlops_actions.data.contracts.sense`), and given as dataclasses that
know their place in the file. What it means for rows stands in
:mod:`mlops_actions.data.rules.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlops_actions import yamlfile
from mlops_actions.data.contracts import odcs, sense
from mlops_actions.data.contracts.element import Element
from mlops_actions.data.types.nested import Each, Step
from mlops_actions.data.types.zones import zone_of
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Severity
from mlops_actions.yamlfile import Document

ADDITIONAL_COLUMNS = "additionalColumns"
"""The custom property of an object that, when false, allows no column that the contract does not name.

The standard itself has no word for it.
"""

TIME_COLUMN = "timeColumn"
"""The custom property of an object that names the property which is the time of its rows.

The standard has no word for it but the element of a service level.
"""

_PUBLIC = {"public", "open", "internal", "unclassified", "general"}
_PRIVATE_TAGS = {
    "pii",
    "personal",
    "personal-data",
    "personal data",
    "sensitive",
    "gdpr",
    "phi",
    "confidential",
    "secret",
}


__all__ = ["Contract", "Element", "Object", "Property", "Quality", "load"]


@dataclass(frozen=True, slots=True)
class Quality:
    """A quality rule: of a column, or of the object."""

    element: Element

    @property
    def kind(self) -> str:
        """``library``, ``sql``, ``text`` or ``custom``."""
        return str(self.element.data.get("type", "library"))

    @property
    def metric(self) -> str:
        return str(self.element.data["metric"])

    @property
    def arguments(self) -> Mapping[str, Any]:
        return self.element.data.get("arguments") or {}

    @property
    def operator(self) -> str:
        return next(operator for operator in odcs.OPERATORS if operator in self.element.data)

    @property
    def bound(self) -> Any:
        """What the operator compares with: a number, or two."""
        return self.element.data[self.operator]

    @property
    def severity(self) -> Severity:
        """As the rule says; a word that is not one of ours is taken for ``error``."""
        word = str(self.element.data.get("severity", "error")).strip().casefold()
        return {"info": Severity.INFO, "warning": Severity.WARNING, "warn": Severity.WARNING}.get(word, Severity.ERROR)

    @property
    def unit(self) -> str | None:
        """``rows`` (the default) or ``percent``; None where it is another."""
        word = str(self.element.data.get("unit", "rows")).strip().casefold()
        return {"rows": "rows", "row": "rows", "percent": "percent", "%": "percent"}.get(word)

    @property
    def is_percent(self) -> bool:
        return self.unit == "percent"


_STEPS: Mapping[str | int, Each] = {"items": Each.ITEM, "key": Each.KEY, "value": Each.VALUE}
"""The step to what has no name; a property of an object stands in a list, so its place is a number."""


@dataclass(frozen=True, slots=True)
class Property:
    """A column as the contract has it; one that ``is_revealed`` was asked for by name, and may be shown."""

    element: Element
    is_revealed: bool = False

    @property
    def name(self) -> str:
        """As the contract has it; the items of an array, the keys and values of a map have none of their own."""
        return str(self.element.data.get("name") or self.element.path[-1])

    @property
    def step(self) -> Step:
        """What leads here from the property around it."""
        return _STEPS.get(self.element.path[-1]) or self.column

    @property
    def column(self) -> str:
        """What the column is called in the data."""
        return str(self.element.data.get("physicalName") or self.name)

    @property
    def logical_type(self) -> str | None:
        return self.element.data.get("logicalType")

    @property
    def physical_type(self) -> str | None:
        return self.element.data.get("physicalType")

    @property
    def options(self) -> Mapping[str, Any]:
        return self.element.data.get("logicalTypeOptions") or {}

    @property
    def zone(self) -> str | None:
        """The time zone of what carries none, where that is not UTC."""
        return zone_of(self.options.get("defaultTimezone"))

    @property
    def is_repeated(self) -> bool:
        """Whether there are many values of what is inside of it in each row."""
        return bool(self.element.data.get("items") or self.element.data.get("map"))

    @property
    def encrypted(self) -> str | None:
        """What the column is called that has the same values, encrypted."""
        name = self.element.data.get("encryptedName")
        return str(name) if name else None

    @property
    def is_stored(self) -> bool:
        """Whether there is such a column in the data; a measure is computed from others."""
        return self.element.data.get("semanticType") != "measure"

    @property
    def is_private(self) -> bool:
        """Whether its values must not be shown: it, or what is inside of it, is classified or tagged so."""
        return not self.is_revealed and any(map(_is_private, self.element.within()))

    @property
    def quality(self) -> tuple[Quality, ...]:
        return tuple(map(Quality, self.element.parts("quality")))


def _is_private(element: Element) -> bool:
    """Whether there is any classification but public or internal, or a tag like ``pii``."""
    classification = str(element.data.get("classification") or "public").strip().casefold()
    tags = {str(tag).strip().casefold() for tag in element.data.get("tags") or ()}
    return classification not in _PUBLIC or bool(tags & _PRIVATE_TAGS)


@dataclass(frozen=True, slots=True)
class Object:
    """A table as the contract has it."""

    element: Element
    properties: tuple[Property, ...]

    @property
    def name(self) -> str:
        return str(self.element.data["name"])

    @property
    def names(self) -> frozenset[str]:
        """What the object may be called where data is given for it."""
        return frozenset({self.name, str(self.element.data.get("physicalName") or self.name)})

    @property
    def quality(self) -> tuple[Quality, ...]:
        return tuple(map(Quality, self.element.parts("quality")))

    @property
    def additional_columns(self) -> Element | None:
        """The custom property that forbids columns which the contract does not name, where it stands and is false."""
        for each in self.element.parts("customProperties"):
            if each.data["property"] == ADDITIONAL_COLUMNS and each.data["value"] is False:
                return each
        return None

    @property
    def time_column(self) -> Element | None:
        """The custom property that names the time of the rows, where it stands."""
        return next(
            (each for each in self.element.parts("customProperties") if each.data["property"] == TIME_COLUMN), None
        )

    def named(self, name: str) -> Property | None:
        """The property that has this name, or whose column has it."""
        return next((each for each in self.properties if name in (each.name, each.column)), None)

    @property
    def key(self) -> tuple[Property, ...]:
        """The properties of the primary key, in its order."""
        parts = [one for one in self.properties if one.element.data.get("primaryKey")]
        return tuple(sorted(parts, key=lambda one: one.element.data.get("primaryKeyPosition", -1)))

    @property
    def private(self) -> frozenset[str]:
        """The columns whose values must not be shown; encrypted ones are of no use, and none of anybody's business."""
        columns = {each.column for each in self.properties if each.is_private}
        return frozenset(
            columns | {each.encrypted for each in self.properties if each.encrypted and not each.is_revealed}
        )


@dataclass(frozen=True, slots=True)
class Contract:
    """A valid contract; ``file`` is its name as the user called it."""

    file: str
    root: Element
    objects: tuple[Object, ...]

    @property
    def service_levels(self) -> Iterator[Element]:
        """Promises of the service, as they stand; some of them can be seen in the rows."""
        return self.root.parts("slaProperties")


def load(path: Path, name: str | None = None) -> Contract:
    """Read the contract at ``path``; ``name`` is what messages call it.

    Raises CallError with every problem of the file, each with line and column.
    """
    original = yamlfile.load(path, name)
    document = odcs.modern(original)
    found = [*_unwritable(document), *odcs.problems(document)]
    if found:
        raise CallError(*found)
    root = Element(document.data, (), document)
    elements = tuple(root.parts("schema"))
    if not elements:
        raise CallError(root.problem("the contract has no `schema`, so there is nothing to check"))
    found = list(sense.problems(elements))
    if found:
        raise CallError(*found)
    objects = tuple(Object(each, tuple(map(Property, each.parts("properties")))) for each in elements)
    found = [problem for each in objects for problem in _without_time(each)]
    if found:
        raise CallError(*found)
    # Service levels as they stand: an older contract's are not held against the standard.
    return Contract(document.name, Element(original.data, (), original), objects)


def _without_time(of: Object) -> Iterator[Problem]:
    """What names the time of an object's rows, where no property has that name."""
    stated = of.time_column
    if stated is not None and of.named(str(stated.data["value"])) is None:
        message = f"`{TIME_COLUMN}` {stated.data['value']!r} is no property of {of.name!r}"
        hint = did_you_mean(str(stated.data["value"]), [one.name for one in of.properties])
        yield stated.problem(message, "value", hint=hint)


def reveal(contract: Contract, names: Sequence[str]) -> Contract:
    """The contract with these columns (``column`` or ``object.column``) revealed.

    Raises CallError for a name that it does not have.
    """
    known = {f"{of.name}.{one.name}": one.name for of in contract.objects for one in of.properties}
    unknown = [name for name in names if name not in known and name not in known.values()]
    if unknown:
        hint = did_you_mean(unknown[0], [*known, *known.values()])
        raise CallError(Problem(f"the contract has no column {unknown[0]!r} to reveal", contract.file, hint=hint))

    def shown(of: Object, one: Property) -> Property:
        return replace(one, is_revealed=bool({one.name, f"{of.name}.{one.name}"} & {*names}))

    return replace(
        contract,
        objects=tuple(
            replace(of, properties=tuple(shown(of, one) for one in of.properties)) for of in contract.objects
        ),
    )


def _unwritable(document: Document) -> Iterator[Problem]:
    """Texts that no engine takes."""
    for path, value in yamlfile.walk(document.data):
        if isinstance(value, str) and "\0" in value:
            yield document.problem("the text has a NUL in it", *path)
