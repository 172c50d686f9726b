"""The standard (Open Data Contract Standard 3.2): its own JSON Schema, made readable, and older contracts made new.

The schema comes with the package ``open-data-contract-standard``; only its
file is read. Two things are changed in a copy of it, besides what saves time:

- It composes a property from parts with ``unevaluatedProperties``, so one
  mistake is reported as five unknown keys. The parts are joined here into one
  list of keys, which also takes half the time.
- Its conditions on ``logicalType`` hold for a property without one as well,
  which then must be a map and a vector at once. They ask for the key here.

Contracts of 3.0 and 3.1 are brought to the form of 3.2 first (:func:`modern`),
and only what checks are made from is then held against the schema: sections
about people, prices and servers changed their form and mean nothing here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mlops_actions import schema
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.yamlfile import Document, KeyPath

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
NEWEST = "v3.2.0"
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)

_FUNDAMENTALS = ("version", "kind", "apiVersion", "id", "name", "status", "schema")


@cache
def published() -> dict[str, Any]:
    """The standard's JSON Schema as it was published. Raises CallError where the package is not installed."""
    spec = find_spec("open_data_contract_standard")
    if spec is None or spec.origin is None:
        raise CallError(
            Problem("the package open-data-contract-standard is not installed", hint="Install the extra `data`.")
        )
    data: dict[str, Any] = json.loads((Path(spec.origin).parent / "schema.json").read_text(encoding="utf-8"))
    return data


@cache
def readable() -> dict[str, Any]:
    """The schema that contracts are held against; it allows what :func:`published` allows, but for the two changes."""
    whole = copy.deepcopy(published())
    parts = whole["$defs"]
    element, base = parts["SchemaElement"], parts["SchemaBaseProperty"]
    _ask_for_key(base)
    joined = {**element["properties"], **_keys_of(base)}
    _spare_plain(base)
    parts["SchemaProperty"] = {**base, "properties": joined, "required": ["name"], "additionalProperties": False}
    parts["SchemaItemProperty"] = {**base, "properties": joined, "additionalProperties": False}
    parts["SchemaObject"]["properties"] |= element["properties"]
    parts["SchemaObject"]["additionalProperties"] = False
    quality = parts["DataQuality"]
    quality["properties"] = _keys_of(quality, parts)
    quality["additionalProperties"] = False
    _join_relationships(parts)
    for each in parts.values():
        each.pop("unevaluatedProperties", None)
    parts["DataQualityOperators"] = {}  # one and only one of them: said better in problems() below
    return whole


def _join_relationships(parts: dict[str, Any]) -> None:
    """Let both kinds of relationship know their keys by themselves: those of a property have no ``from``."""
    keys = parts["RelationshipBase"]["properties"]
    parts["RelationshipSchemaLevel"] |= {"properties": keys, "additionalProperties": False}
    outgoing = {key: value for key, value in keys.items() if key != "from"}
    parts["RelationshipPropertyLevel"] = {
        "type": "object",
        "properties": outgoing,
        "required": ["to"],
        "additionalProperties": False,
    }


def _ask_for_key(base: dict[str, Any]) -> None:
    """Let the conditions on ``logicalType`` hold only where the key stands."""
    for each in base["allOf"]:
        for condition in (each.get("if", {}), *each.get("if", {}).get("anyOf", ())):
            if "properties" in condition:
                condition["required"] = list(condition["properties"])


def _spare_plain(base: dict[str, Any]) -> None:
    """Ask the conditions on ``logicalType`` only of properties that have a key which they are about.

    All nine are else tried for each property, which takes twenty seconds for 100,000. That a map needs its key is said
    in :func:`problems`.
    """
    conditions = [each for each in base["allOf"] if "if" in each]
    for each in conditions:
        each["then"].pop("required", None)
    keys = dict.fromkeys(key for each in conditions for key in each["then"]["properties"])
    base["dependentSchemas"] = {
        key: {"allOf": [each for each in conditions if key in each["then"]["properties"]]} for key in keys
    }
    del base["allOf"]  # whose other part is joined in


def _keys_of(part: dict[str, Any], parts: dict[str, Any] | None = None) -> dict[str, Any]:
    """The keys that a part and its conditional parts know; what a condition asks of one stays with the condition."""
    keys = dict(part.get("properties", {}))
    for each in part.get("allOf", ()):
        then = each.get("then", {})
        if parts and "$ref" in then:
            then = parts[then["$ref"].rpartition("/")[2]]
        keys = dict.fromkeys(then.get("properties", ()), True) | keys
    if parts:
        keys = dict.fromkeys(OPERATORS, True) | keys
    return keys


def problems(document: Document) -> list[Problem]:
    """What the standard does not allow in a document that :func:`modern` gave, in the order of the file."""
    found = schema.problems(document, readable())
    for path, rule in _quality(document.data):
        found += _misplaced(document, path, rule, "type", _OF_QUALITY)
        found += _operator_problems(document, path, rule)
    for path, one in _properties(document.data):
        found += _misplaced(document, path, one, "logicalType", _OF_PROPERTY)
        if one.get("logicalType") == "map" and "map" not in one:
            found.append(document.problem(f"`{schema.dotted(path)}` lacks the key `map`", *path, hint=_MAP))
    return sorted(set(found), key=lambda problem: (problem.line or 0, problem.column or 0, problem.message))


_OF_QUALITY = {
    **dict.fromkeys(("query",), ("sql",)),
    **dict.fromkeys(("engine", "implementation"), ("custom",)),
    **dict.fromkeys(("metric", "rule", "arguments"), ("library",)),
    **dict.fromkeys(OPERATORS, ("library", "sql")),
}
_OF_PROPERTY = {"properties": ("object",), "items": ("array",), "map": ("map",)}
"""Keys that stand only in elements of these kinds. The joined schema allows them in all."""


_MAP = "Say of what type its keys and values are: `map: {key: {logicalType: string}, value: {logicalType: integer}}`."


def _misplaced(
    document: Document, path: KeyPath, element: dict[str, Any], by: str, kinds: Mapping[str, tuple[str, ...]]
) -> Iterator[Problem]:
    kind = element.get(by)
    implied = "library" if "metric" in element else None
    if by == "logicalType" and kind is None:
        return
    for key, allowed in kinds.items():
        if key in element and kind not in allowed and implied not in allowed:
            message = f"`{schema.dotted((*path, key))}` has no place here"
            yield document.problem(message, *path, key, hint=f"It belongs to `{by}: {allowed[0]}`.")


def _operator_problems(document: Document, path: KeyPath, rule: dict[str, Any]) -> Iterator[Problem]:
    if "metric" not in rule and rule.get("type") not in {"library", "sql"}:
        return
    name = f"`{schema.dotted(path)}`"
    used = [operator for operator in OPERATORS if operator in rule]
    if not used:
        yield document.problem(f"{name} has no operator", *path, hint="Say what the metric must be: `mustBe: 0`.")
    elif len(used) > 1:
        yield document.problem(f"{name} has more than one operator: {', '.join(used)}", *path, used[1])
    for operator in used:
        value = rule[operator]
        listed = operator.endswith("Between")
        numbers = value if isinstance(value, list) and listed else [value]
        if len(numbers) != 1 + listed or not all(_is_number(number) for number in numbers):
            if rule.get("type") == "sql" and operator in {"mustBe", "mustNotBe"}:
                continue  # a query may return anything
            wanted = "a list of two numbers" if listed else "a number"
            yield document.problem(f"`{schema.dotted((*path, operator))}` must be {wanted}", *path, operator)
        elif listed and numbers[0] > numbers[1]:
            yield document.problem(
                f"`{schema.dotted((*path, operator))}` must name the smaller number first", *path, operator
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # pylint: disable=R0124


def _quality(data: Any) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Every quality rule with its path: of objects and of their properties, nested ones too."""
    for index, each in enumerate(_dicts(data, "schema")):
        yield from _quality_below(each, ("schema", index))


def _properties(data: Any) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Every property with its path, outer ones first; items, keys and values count as such."""
    for index, each in enumerate(_dicts(data, "schema")):
        yield from _properties_below(each, ("schema", index))


def _properties_below(element: dict[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    for inward, each in _inner(element, path):
        yield inward, each
        yield from _properties_below(each, inward)


def _quality_below(element: dict[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    for index, rule in enumerate(_dicts(element, "quality")):
        yield (*path, "quality", index), rule
    for inward, each in _inner(element, path):
        yield from _quality_below(each, inward)


def _inner(element: dict[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """What is right inside of an element, with its path."""
    for index, each in enumerate(_dicts(element, "properties")):
        yield (*path, "properties", index), each
    for inward in (("items",), ("map", "key"), ("map", "value")):
        there: Any = element
        for key in inward:
            there = there.get(key) if isinstance(there, dict) else None
        if isinstance(there, dict):
            yield (*path, *inward), there


def _dicts(data: Any, key: str) -> list[dict[str, Any]]:
    """The list of mappings at ``key``; anything else there is for the schema to refuse, so indices must not shift."""
    values = data.get(key) if isinstance(data, dict) else None
    return [each if isinstance(each, dict) else {} for each in values] if isinstance(values, list) else []


# Older contracts


_METRICS = {  # rules of 3.0, which named them in examples only, as metrics of 3.1
    "duplicateCount": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "unique": "duplicateValues",
    "validValues": "invalidValues",
    "nullCheck": "nullValues",
    "countCheck": "rowCount",
    "rowCount": "rowCount",
}


def modern(document: Document) -> Document:
    """The document in the form of 3.2, each value at the place it came from. Raises CallError for other versions."""
    data = document.data
    version = data.get("apiVersion") if isinstance(data, dict) else None
    if not isinstance(version, str) or version not in VERSIONS:
        if not isinstance(data, dict) or "apiVersion" not in data:
            return document  # the schema says what is missing
        hint = did_you_mean(str(version), VERSIONS) or f"Versions that can be read here: {', '.join(VERSIONS)}."
        raise CallError(
            document.problem(f"`apiVersion` {version!r} is not a version that can be read", "apiVersion", hint=hint)
        )
    if version == NEWEST:
        return document
    data = copy.deepcopy({key: data[key] for key in _FUNDAMENTALS if key in data})
    for _, rule in _quality(data):
        _modern_rule(rule)
    for each in _dicts(data, "schema"):
        _modern_options(each)
    return Document(document.name, data, document.values, document.keys)


def _modern_rule(rule: dict[str, Any]) -> None:
    if rule.get("type", "library") != "library" or "metric" in rule or not isinstance(rule.get("rule"), str):
        return
    name = rule.pop("rule")
    if name not in _METRICS:  # 3.0 left the names open
        for operator in OPERATORS:
            rule.pop(operator, None)
        rule.update(type="custom", engine="ODCS 3.0", implementation=name)
        return
    rule["metric"] = _METRICS[name]
    if "validValues" in rule:
        rule["arguments"] = {**rule.get("arguments", {}), "validValues": rule.pop("validValues")}
    if not any(operator in rule for operator in OPERATORS):
        rule["mustBe"] = 0  # 3.0 asked for none


def _modern_options(element: dict[str, Any]) -> None:
    """``maximum: 9`` with ``exclusiveMaximum: true`` is ``exclusiveMaximum: 9`` since 3.1."""
    options = element.get("logicalTypeOptions")
    if isinstance(options, dict):
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            flag = options.get(exclusive)
            if isinstance(flag, bool):
                del options[exclusive]
                if flag and bound in options:
                    options[exclusive] = options.pop(bound)
    for _, each in _inner(element):
        _modern_options(each)
