"""GitHub's expressions, evaluated as far as they can be before anything has run.

A value that only the run decides is :class:`Unknown`; logic goes on around it
(``false && unknown`` is false). The semantics are those of GitHub's own
evaluator (``src/Sdk/Expressions`` in actions/runner): loose comparison with
coercion to numbers, strings compared without case, ``&&`` and ``||`` that
return an operand.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mlops_actions.dryrun.syntax import (
    Call,
    ExpressionError,
    Index,
    Literal,
    Name,
    Node,
    Operation,
    chain,
    number,
    parse,
    segments,
    walk,
)

__all__ = [
    "EvaluationError",
    "ExpressionError",
    "Open",
    "Scope",
    "Unknown",
    "asks_for_status",
    "condition",
    "equal",
    "evaluate",
    "expand",
    "find",
    "is_known",
    "kind_of",
    "number_of",
    "text_of",
    "truthy",
]

Value: TypeAlias = Any
"""None, bool, int, float, str, list, dict, or Unknown."""


class EvaluationError(ExpressionError):
    """The expression is one, and fails with the values that it meets."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only the run decides.

    ``source`` says what it hangs on (``needs.plan.outputs.matrix``); ``kind``
    (string, boolean, number) and ``truth`` are what is known of it all the same.
    """

    source: str = ""
    kind: str | None = None
    truth: bool | None = None


class Open(dict[str, Value]):
    """An object of which only some members are known: the others are Unknown, of ``kind`` where all have one."""

    def __init__(self, members: Mapping[str, Value] | None = None, kind: str | None = None) -> None:
        super().__init__(members or {})
        self.kind = kind


# --- values --------------------------------------------------------------------------------------


def truthy(value: Value) -> bool | None:
    """Whether a value counts as true; None where only the run decides."""
    if isinstance(value, Unknown):
        return value.truth
    if isinstance(value, float) and math.isnan(value):
        return False
    return isinstance(value, list | dict) or bool(value)


def text_of(value: Value) -> str:
    """A value as GitHub writes it into a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(float(value))
    if isinstance(value, str):
        return value
    return "Array" if isinstance(value, list) else "Object"


def _number_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = f"{value:.15G}"
    return "0" if text == "-0" else re.sub(r"E([+-])(\d)$", r"E\g<1>0\2", text)


def number_of(value: Value) -> float:
    """A value as a number, by JavaScript's rules; NaN for what is none."""
    if value is None or isinstance(value, bool):
        return float(bool(value))
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return math.nan
    return number(value)


def kind_of(value: Value) -> str:
    """null, boolean, number, string or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object"


def _coerced(left: Value, right: Value) -> tuple[Value, Value]:
    kinds = {kind_of(left), kind_of(right)}
    if len(kinds) == 1:
        return left, right
    if kinds & {"null", "boolean"} or kinds == {"number", "string"}:
        return number_of(left), number_of(right)
    return math.nan, math.nan  # an object and a string or number: never equal, never ordered


def equal(left: Value, right: Value) -> bool:
    """GitHub's ``==``."""
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        return left is right
    left, right = _coerced(left, right)
    if isinstance(left, str):
        left, right = left.upper(), right.upper()
    return bool(left == right)


def _ordered(operator: str, left: Value, right: Value) -> bool:
    if operator in {"<=", ">="} and equal(left, right):
        return True
    left, right = _coerced(left, right)
    if isinstance(left, str):
        left, right = left.upper(), right.upper()
    if left is None or isinstance(left, list | dict):
        return False
    return bool(left < right) if operator[0] == "<" else bool(left > right)


def find(mapping: Mapping[str, Value], key: str) -> tuple[bool, Value]:
    """A member by its name, whatever its case: (is there, value)."""
    if key in mapping:
        return True, mapping[key]
    folded = key.casefold()
    for name, value in mapping.items():
        if name.casefold() == folded:
            return True, value
    return False, None


def is_known(value: Value) -> bool:
    """Whether nothing in a value is left to the run."""
    if isinstance(value, Unknown | Open):
        return False
    if isinstance(value, dict):
        return all(is_known(each) for each in value.values())
    return all(is_known(each) for each in value) if isinstance(value, list) else True


# --- evaluation ----------------------------------------------------------------------------------


class _Filtered(list[Value]):
    """What ``.*`` gives: an index on it goes to each member."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may read: contexts by name, and the answers of the status functions where it has them."""

    contexts: Mapping[str, Value]
    status: Mapping[str, Value] = field(default_factory=dict)


def evaluate(text: str, scope: Scope) -> Value:
    """The value of an expression (without ``${{ }}``). Raises ExpressionError."""
    return _value(parse(text), scope)


def _value(node: Node, scope: Scope) -> Value:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Name):
        there, value = find(scope.contexts, node.name)
        if not there:
            raise ExpressionError(f"the context `{node.name}` is not there")
        return value
    if isinstance(node, Index):
        return _index(node, scope)
    if isinstance(node, Call):
        return _call(node, scope)
    return _operation(node, scope)


def _index(node: Index, scope: Scope) -> Value:
    base = _value(node.base, scope)
    source = ".".join(chain(node) or ()) or "a computed value"
    if isinstance(base, Unknown):
        return Unknown(source, base.kind if node.key else None)
    if node.key is None:
        if isinstance(base, Open):
            return Unknown(source)
        members = list(base.values()) if isinstance(base, dict) else base if isinstance(base, list) else []
        if isinstance(base, _Filtered):
            members = [each for one in base for each in _members(one)]
        return _Filtered(members)
    key = _value(node.key, scope)
    if isinstance(key, Unknown):
        return Unknown(key.source or source)
    if isinstance(base, _Filtered):
        found = [_member(each, key, source) for each in base if _has(each, key)]
        return _Filtered(found)
    return _member(base, key, source)


def _members(value: Value) -> list[Value]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _has(value: Value, key: Value) -> bool:
    if isinstance(value, Open):
        return True
    if isinstance(value, dict):
        return find(value, text_of(key))[0]
    return isinstance(value, list) and 0 <= number_of(key) < len(value)


def _member(base: Value, key: Value, source: str) -> Value:
    if isinstance(base, dict) and not isinstance(key, list | dict):
        there, value = find(base, text_of(key))
        if there:
            return Unknown(source, value.kind, value.truth) if isinstance(value, Unknown) else value
        return Unknown(source, base.kind) if isinstance(base, Open) else None
    if isinstance(base, list):
        position = number_of(key)
        return base[int(position)] if 0 <= position < len(base) else None
    return None


def _operation(node: Operation, scope: Scope) -> Value:
    if node.operator in {"&&", "||"}:
        return _logical(node, scope)
    values = [_value(each, scope) for each in node.operands]
    unknown = next((each for each in values if isinstance(each, Unknown)), None)
    if node.operator == "!":
        truth = truthy(values[0])
        return not truth if unknown is None or truth is not None else Unknown(unknown.source, "boolean")
    if unknown is not None:
        return Unknown(unknown.source, "boolean")
    if node.operator in {"==", "!="}:
        return equal(*values) is (node.operator == "==")
    return _ordered(node.operator, *values)


def _logical(node: Operation, scope: Scope) -> Value:
    """``&&`` and ``||``: an operand where it is known which, else what is known of its truth."""
    decisive = node.operator == "||"
    left = _value(node.operands[0], scope)
    for operand in node.operands[1:]:
        truth = truthy(left)
        if truth is decisive:
            return left
        right = _value(operand, scope)
        if truth is not None:
            left = right
        else:
            kind = left.kind if _known_kind(right) == left.kind else None
            left = Unknown(left.source, kind, decisive if truthy(right) is decisive else None)
    return left


def _known_kind(value: Value) -> str | None:
    return value.kind if isinstance(value, Unknown) else kind_of(value)


STATUS_FUNCTIONS = frozenset({"success", "failure", "always", "cancelled"})


def _call(node: Call, scope: Scope) -> Value:
    name = node.name.casefold()
    if name in STATUS_FUNCTIONS:
        if name not in scope.status:
            raise ExpressionError(f"`{node.name}()` is not allowed here")
        return scope.status[name]
    if name == "case":
        return _case(node, scope)
    arguments = [_value(each, scope) for each in node.arguments]
    if name == "hashfiles":
        return Unknown("hashFiles()", "string")
    if name not in _FUNCTIONS:
        raise ExpressionError(f"there is no function `{node.name}`")
    least, most, kind, function = _FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        raise ExpressionError(f"`{node.name}` takes {least} to {most} arguments, not {len(arguments)}")
    for each in arguments:
        if not is_known(each):
            source = each.source if isinstance(each, Unknown) else ".".join(chain(node.arguments[0]) or ())
            return Unknown(source or f"{node.name}()", kind)
    return function(*arguments)


def _case(node: Call, scope: Scope) -> Value:
    if len(node.arguments) < 3 or len(node.arguments) % 2 == 0:
        raise ExpressionError("`case` takes pairs of a condition and a value, and a default")
    for at in range(0, len(node.arguments) - 1, 2):
        chosen = _value(node.arguments[at], scope)
        if isinstance(chosen, Unknown):
            return Unknown(chosen.source)
        if not isinstance(chosen, bool):
            raise EvaluationError("a condition of `case` must be a boolean")
        if chosen:
            return _value(node.arguments[at + 1], scope)
    return _value(node.arguments[-1], scope)


def _contains(where: Value, what: Value) -> bool:
    if isinstance(where, list):
        return any(equal(what, each) for each in where)
    if isinstance(where, dict) or isinstance(what, list | dict):
        return False
    return text_of(what).upper() in text_of(where).upper()


def _starts_with(text: Value, start: Value) -> bool:
    return _primitive(text, start) and text_of(text).upper().startswith(text_of(start).upper())


def _ends_with(text: Value, end: Value) -> bool:
    return _primitive(text, end) and text_of(text).upper().endswith(text_of(end).upper())


def _primitive(*values: Value) -> bool:
    return not any(isinstance(each, list | dict) for each in values)


def _format(template: Value, *arguments: Value) -> str:
    def replaced(found: re.Match[str]) -> str:
        if found[0] in {"{{", "}}"}:
            return found[0][0]
        if found[1] is None or int(found[1]) >= len(arguments):
            raise EvaluationError(f"the format string {text_of(template)!r} does not fit its arguments")
        return text_of(arguments[int(found[1])])

    return re.sub(r"\{\{|\}\}|\{(\d+)\}|[{}]", replaced, text_of(template))


def _join(items: Value, separator: Value = ",") -> str:
    between = text_of(separator) if _primitive(separator) else ","
    if isinstance(items, list):
        return between.join(text_of(each) for each in items)
    return "" if isinstance(items, dict) else text_of(items)


def _to_json(value: Value) -> str:
    return json.dumps(_plain_numbers(value), indent=2, ensure_ascii=False)


def _plain_numbers(value: Value) -> Value:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain_numbers(each) for key, each in value.items()}
    return [_plain_numbers(each) for each in value] if isinstance(value, list) else value


def _from_json(text: Value) -> Value:
    try:
        return json.loads(text_of(text))
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"fromJSON: {text_of(text)!r} is not JSON: {error}") from None


_FUNCTIONS: Mapping[str, tuple[int, int, str | None, Callable[..., Value]]] = {
    "contains": (2, 2, "boolean", _contains),
    "startswith": (2, 2, "boolean", _starts_with),
    "endswith": (2, 2, "boolean", _ends_with),
    "format": (1, 255, "string", _format),
    "join": (1, 2, "string", _join),
    "tojson": (1, 1, "string", _to_json),
    "fromjson": (1, 1, None, _from_json),
}


# --- text with expressions in it -----------------------------------------------------------------


def expand(value: Value, scope: Scope) -> Value:
    """A value of a workflow file with its expressions evaluated, in lists and mappings too. Raises ExpressionError."""
    if isinstance(value, dict):
        return {key: expand(each, scope) for key, each in value.items()}
    if isinstance(value, list):
        return [expand(each, scope) for each in value]
    if not isinstance(value, str):
        return value
    parts = segments(value)
    values = [evaluate(text, scope) if is_expression else text for is_expression, text in parts]
    if len(values) == 1:
        return values[0]
    for each in values:
        if isinstance(each, Unknown):
            return Unknown(each.source, "string")
    return "".join(text_of(each) for each in values)


def condition(text: Value, scope: Scope) -> Value:
    """The value of a job's ``if``, with ``success() &&`` where it asks for no status. Raises ExpressionError."""
    if text is None or (isinstance(text, str) and not text.strip()):
        return scope.status["success"]
    if not isinstance(text, str):
        return expand_status(text, scope)
    parts = segments(text.strip())
    if len(parts) == 1:
        node = parse(parts[0][1])
        if asks_for_status(node):
            return _value(node, scope)
        return _value(Operation("&&", (Call("success", ()), node)), scope)
    return expand_status(expand(text, scope), scope)


def expand_status(value: Value, scope: Scope) -> Value:
    """``success() && value``."""
    succeeded = scope.status["success"]
    if truthy(succeeded) is False:
        return succeeded
    if truthy(value) is False:
        return value
    return succeeded if truthy(succeeded) is None else value


def asks_for_status(node: Node) -> bool:
    """Whether a condition calls always(), cancelled(), failure() or success()."""
    return any(isinstance(each, Call) and each.name.casefold() in STATUS_FUNCTIONS for each in walk(node))
