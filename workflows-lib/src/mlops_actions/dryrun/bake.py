"""Puts values that are known before a job starts into its expressions, so that act reads what GitHub would.

act runs one job at a time here, so ``needs``, ``matrix``, ``strategy`` and
``inputs`` come from this package. A reference to one of them becomes a literal
(``needs.plan.outputs.matrix`` the string itself, ``toJSON(needs)``
``toJSON(fromJSON('…'))``); references that act knows stay. Values stay data: a
literal is quoted by the expression language's own rule. ``case()``, which act
does not know, is written with the operators that it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<string>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)|(?P<number>[-+]?\.?\d[\w.]*)|(?P<mark>.)",
    re.DOTALL,
)
_EXPRESSION = re.compile(r"\$\{\{((?:[^'}]|\}(?!\})|'(?:[^']|'')*')*)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


class Partial(dict[str, Any]):
    """A context of which only these values are known here; the others are act's to fill."""


def bake(data: Any, values: Mapping[str, Any]) -> Any:
    """``data`` with every ``${{ }}`` in its strings (keys stay) rewritten by ``values``: context name to value."""
    if isinstance(data, str):
        return text(data, values)
    if isinstance(data, list):
        return [bake(each, values) for each in data]
    if isinstance(data, dict):
        return {key: bake(value, values) for key, value in data.items()}
    return data


def condition(written: Any, values: Mapping[str, Any]) -> str:
    """An ``if:``, where the braces may be left out."""
    if not isinstance(written, str):
        return json.dumps(written)
    return text(written, values) if "${{" in written else expression(written, values)


def text(written: str, values: Mapping[str, Any]) -> str:
    """A string with each of its ``${{ }}`` rewritten."""
    return _EXPRESSION.sub(lambda found: "${{" + expression(found[1], values) + "}}", written)


def expression(written: str, values: Mapping[str, Any]) -> str:
    """One expression, without its braces."""
    return "".join(_rewritten(tuple(_tokens(written)), {name.lower(): value for name, value in values.items()}))


def _tokens(written: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(written):
        yield Token(found.lastgroup or "mark", found[0])


def _rewritten(tokens: tuple[Token, ...], values: Mapping[str, Any]) -> Iterator[str]:
    index, dotted = 0, False
    while index < len(tokens):
        token = tokens[index]
        name = token.text.lower()
        if token.kind == "name" and not dotted:
            if name == "case" and _next(tokens, index + 1) == "(":
                arguments, index = _arguments(tokens, index)
                yield _case(["".join(_rewritten(each, values)) for each in arguments])
                continue
            if name in values and _next(tokens, index + 1) != "(":
                known, index = _resolved(tokens, index + 1, values[name])
                yield token.text if known is None else known
                continue
        if token.kind != "space":
            dotted = token.text == "."
        yield token.text
        index += 1


def _next(tokens: tuple[Token, ...], index: int) -> str:
    return next((token.text for token in tokens[index:] if token.kind != "space"), "")


_NOTHING = object()


def _resolved(tokens: tuple[Token, ...], index: int, value: Any) -> tuple[str | None, int]:
    """The literal for a context and the constant path after it, and where the path ends; None leaves it to act."""
    start, many = index, False
    while (step := _step(tokens, index)) is not None:
        key, following = step
        if isinstance(value, Partial) and (key == "*" or _property(value, key) is _NOTHING):
            return None, start
        if key == "*":
            value, many = _elements(value), True
        elif many:
            value = [found for each in value if (found := _property(each, key)) is not _NOTHING]
        else:
            found = _property(value, key)
            value = None if found is _NOTHING else found
        index = following
    if isinstance(value, Partial):
        return None, start
    return literal(value), index


def _step(tokens: tuple[Token, ...], index: int) -> tuple[str | int, int] | None:
    """One ``.name``, ``.*``, ``['name']`` or ``[0]`` at ``index``, and where it ends; None where there is none."""
    solid = [(place, token) for place, token in enumerate(tokens[index:], index) if token.kind != "space"][:3]
    texts = [token.text for _, token in solid]
    if len(solid) >= 2 and texts[0] == "." and (solid[1][1].kind == "name" or texts[1] == "*"):
        return texts[1], solid[1][0] + 1
    if len(solid) == 3 and texts[0] == "[" and texts[2] == "]":
        if solid[1][1].kind == "string":
            return texts[1][1:-1].replace("''", "'"), solid[2][0] + 1
        if texts[1].isdigit():
            return int(texts[1]), solid[2][0] + 1
        if texts[1] == "*":
            return "*", solid[2][0] + 1
    return None


def _property(value: Any, key: str | int) -> Any:
    if isinstance(value, dict) and isinstance(key, str):
        return next((each for name, each in value.items() if name.lower() == key.lower()), _NOTHING)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return _NOTHING


def _elements(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def literal(value: Any) -> str:
    """A value in the expression language: a literal, or ``fromJSON('…')`` for an object or a list."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return f"fromJSON({literal(json.dumps(value, ensure_ascii=False))})"


def _arguments(tokens: tuple[Token, ...], index: int) -> tuple[list[tuple[Token, ...]], int]:
    """The arguments of the call whose name is at ``index``, and where the call ends."""
    while tokens[index].text != "(":
        index += 1
    depth, start, arguments = 0, index + 1, []
    for place in range(index, len(tokens)):
        mark = tokens[place].text if tokens[place].kind == "mark" else ""
        if mark in {"(", "["}:
            depth += 1
        elif mark in {")", "]"}:
            depth -= 1
        if (mark == "," and depth == 1) or depth == 0:
            arguments.append(tokens[start:place])
            start = place + 1
        if depth == 0:
            return arguments, place + 1
    return [tokens[start:]], len(tokens)


def _case(arguments: list[str]) -> str:
    """``case(a, x, b, y, z)``: JSON text is never falsy, so ``&&`` and ``||`` choose among texts, exactly."""
    pairs = [f"({test}) && toJSON({value})" for test, value in zip(arguments[:-1:2], arguments[1:-1:2], strict=False)]
    return f"fromJSON({' || '.join([*pairs, f'toJSON({arguments[-1]})'])})"
