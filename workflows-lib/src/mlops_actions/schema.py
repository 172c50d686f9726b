"""The one place where data is held against a JSON Schema, in words for the person who must act."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from mlops_actions.errors import Problem, did_you_mean
from mlops_actions.yamlfile import Document


@cache
def shipped(name: str) -> dict[str, Any]:
    """The JSON Schema ``schemas/<name>.schema.json`` of this package."""
    text = (resources.files("mlops_actions") / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def misfit(data: Any, name: str) -> str | None:
    """The first place where ``data`` is not as the shipped schema ``name`` says, in words; None where it is."""
    from jsonschema.validators import validator_for  # pylint: disable=import-outside-toplevel

    held = shipped(name)
    error = next(validator_for(held)(held).iter_errors(data), None)
    return None if error is None else f"`{dotted(tuple(error.absolute_path)) or 'the file'}` {_expected(error)}"


def problems(document: Document, schema: Mapping[str, Any]) -> list[Problem]:
    """What in ``document`` the schema does not allow, in the order of the file.

    Each problem names file, line, column, the path of the key, what was
    expected, and the nearest right name where one is near.
    """
    # Imported here: the validator costs 60 ms, and a command that reads no file needs none.
    from jsonschema.validators import validator_for  # pylint: disable=import-outside-toplevel

    validator = validator_for(schema)(schema)
    found = [problem for error in validator.iter_errors(document.data) for problem in _explain(document, error)]
    return sorted(set(found), key=lambda problem: (problem.line or 0, problem.column or 0, problem.message))


def dotted(path: tuple[str | int, ...]) -> str:
    """A path as people write it: ``schema[0].properties[3].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _explain(document: Document, error: Any) -> Iterator[Problem]:
    """The problems behind one validation error: of alternatives, the one that came nearest."""
    path = tuple(error.absolute_path)
    name = f"`{dotted(path)}`" if path else "the file"
    if error.validator in {"anyOf", "oneOf"} and error.context:
        yield from _explain_alternatives(document, error, path, name)
    elif error.validator in {"additionalProperties", "unevaluatedProperties"}:
        yield from _explain_unknown(document, error, path)
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            if f"{key!r} is a required property" == error.message:
                yield document.problem(f"{name} lacks the key `{key}`", *path)
    else:
        yield document.problem(f"{name} {_expected(error)}", *path, hint=_hint(error))


def _explain_alternatives(document: Document, error: Any, path: tuple[str | int, ...], name: str) -> Iterator[Problem]:
    deeper = [each for each in error.context if len(each.absolute_path) > len(path) or each.validator != "type"]
    if deeper:
        furthest = max(len(each.absolute_path) for each in deeper)
        nearest = min((each for each in deeper if len(each.absolute_path) == furthest), key=lambda e: e.schema_path[0])
        branch = nearest.schema_path[0]
        for each in deeper:
            if each.schema_path[0] == branch:
                yield from _explain(document, each)
        return
    types = sorted({_type_name(each.validator_value) for each in error.context if each.validator == "type"})
    if types:
        yield document.problem(f"{name} must be {' or '.join(types)}, not {_shown(error.instance)}", *path)
    else:
        yield document.problem(f"{name} is none of the forms allowed here", *path)


def _explain_unknown(document: Document, error: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    known = list(error.schema.get("properties", {}))
    patterns = list(error.schema.get("patternProperties", {}))
    for key in error.instance:
        if key in known or any(_matches(pattern, key) for pattern in patterns):
            continue
        full = dotted((*path, key))
        hint = did_you_mean(str(key), known) or (
            f"Known here: {', '.join(f'`{k}`' for k in known)}." if known else None
        )
        yield document.problem(f"`{full}` is not a known key", *path, key, hint=hint)


def _matches(pattern: str, key: str) -> bool:
    import re  # pylint: disable=import-outside-toplevel

    return re.search(pattern, key) is not None


_TYPE_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "empty",
}


def _type_name(types: str | list[str]) -> str:
    return " or ".join(_TYPE_NAMES[each] for each in ([types] if isinstance(types, str) else types))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _expected(error: Any) -> str:
    value, shown = error.validator_value, _shown(error.instance)
    match error.validator:
        case "type":
            return f"must be {_type_name(value)}, not {shown}"
        case "enum":
            return f"must be one of {', '.join(f'`{each}`' for each in value)}, not {shown}"
        case "const":
            return f"must be {_shown(value)}, not {shown}"
        case "pattern":
            return f"is {shown}, which does not match `{value}`"
        case "minimum":
            return f"must be at least {value}, not {shown}"
        case "maximum":
            return f"must be at most {value}, not {shown}"
        case "exclusiveMinimum":
            return f"must be more than {value}, not {shown}"
        case "minLength" | "minItems" | "minProperties":
            return "must not be empty" if value == 1 else f"must have at least {value}, not {shown}"
        case "uniqueItems":
            return "must not have the same item twice"
        case _:
            message = error.message if len(error.message) <= 300 else error.message[:297] + "..."
            return f"is not allowed: {message}"


def _hint(error: Any) -> str | None:
    if error.validator == "pattern":
        described = error.schema.get("description")  # which says in words what a pattern says to programs
        return described if isinstance(described, str) else None
    if error.validator == "type" and error.validator_value == "string" and isinstance(error.instance, float):
        return "Quote it: in YAML, 3.10 is the number 3.1."
    if error.validator == "enum" and isinstance(error.instance, str):
        return did_you_mean(error.instance, [each for each in error.validator_value if isinstance(each, str)])
    return None
