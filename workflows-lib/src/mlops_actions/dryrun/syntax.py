"""The syntax of GitHub's expressions: a text's parts, and the tree of each expression in it.

As GitHub's own lexer and parser read them (``src/Sdk/Expressions`` in
actions/runner), with their bounds of length and nesting.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MAX_LENGTH = 21_000
MAX_DEPTH = 50


class ExpressionError(ValueError):
    """The text is not an expression that may stand here."""


def number(text: str) -> float:
    """The number in a text, by JavaScript's rules; NaN where there is none."""
    text = text.strip()
    if not text:
        return 0.0
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text, re.ASCII):
        return float(text)
    if re.fullmatch(r"0x[0-9a-fA-F]{1,8}", text):
        return float(int(text, 16))
    if re.fullmatch(r"0o[0-7]{1,11}", text):
        return float(int(text[2:], 8))
    return {"Infinity": math.inf, "-Infinity": -math.inf}.get(text, math.nan)


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    base: Node
    key: Node | None  # None: `.*`


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    operator: str
    operands: tuple[Node, ...]


Node: TypeAlias = Literal | Name | Index | Call | Operation

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<operator>&&|\|\||==|!=|<=|>=|[!<>()\[\],*])
    | (?P<number>[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|Infinity
        |(?:\d+(?:\.\d*)?|(?<![\w\])*])\.\d+)(?:[eE][-+]?\d+)?))(?!\w)
    | (?P<dot>\.)
    | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
    )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None, "NaN": math.nan, "Infinity": math.inf}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
_FLAT = 2


def parse(text: str) -> Node:
    """The tree of an expression (without ``${{ }}``). Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH:,} characters")
    return _Parser(text).whole()


class _Parser:
    """Recursive descent, one token ahead, within GitHub's bound of nesting."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._level(0)
        if self._at < len(self._tokens):
            raise ExpressionError(f"unexpected {self._tokens[self._at][1]!r}")
        return node

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, text: str) -> bool:
        kind = self._tokens[self._at][0] if self._at < len(self._tokens) else ""
        if kind in {"operator", "dot"} and self._peek() == text:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ExpressionError(f"{text!r} is missing" + (f" before {self._peek()!r}" if self._peek() else ""))

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        operands, operators = [self._level(level + 1)], []
        while self._at < len(self._tokens) and self._tokens[self._at][0] == "operator":
            if (operator := self._peek()) not in _LEVELS[level]:
                break
            self._at += 1
            operators.append(operator)
            operands.append(self._level(level + 1))
        if operators and level < _FLAT:  # one operator, any number of operands
            return Operation(operators[0], tuple(operands))
        self._bounded(len(operators))
        node = operands[0]
        for operator, operand in zip(operators, operands[1:], strict=True):
            node = Operation(operator, (node, operand))
        return node

    def _bounded(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"the expression is nested more than {MAX_DEPTH} levels deep")

    def _unary(self) -> Node:
        self._depth += 1
        self._bounded(self._depth)
        node: Node = Operation("!", (self._unary(),)) if self._take("!") else self._postfix()
        self._depth -= 1
        return node

    def _postfix(self) -> Node:
        node = self._primary()
        for depth in itertools.count():
            self._bounded(depth)
            if self._take("."):
                if self._take("*"):
                    node = Index(node, None)
                    continue
                kind, word = self._next("a property's name")
                if kind != "word":
                    raise ExpressionError(f"unexpected {word!r} after `.`")
                node = Index(node, Literal(word))
            elif self._take("["):
                node = Index(node, None if self._take("*") else self._level(0))
                self._expect("]")
            else:
                break
        return node

    def _primary(self) -> Node:
        if self._take("("):
            node = self._level(0)
            self._expect(")")
            return node
        kind, text = self._next("a value")
        if kind == "string":
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(number(text))
        if kind != "word":
            raise ExpressionError(f"unexpected {text!r}")
        if self._take("("):
            return Call(text, self._arguments())
        return Literal(_WORDS[text]) if text in _WORDS else Name(text)

    def _arguments(self) -> tuple[Node, ...]:
        if self._take(")"):
            return ()
        arguments = [self._level(0)]
        while self._take(","):
            arguments.append(self._level(0))
        self._expect(")")
        return tuple(arguments)

    def _next(self, wanted: str) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise ExpressionError(f"the expression ends where {wanted} is expected")
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ExpressionError(f"unexpected {text[at:].split()[0]!r}")
        yield str(found.lastgroup), found[str(found.lastgroup)]
        at = found.end()


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    children: Sequence[Node | None] = ()
    if isinstance(node, Index):
        children = (node.base, node.key)
    elif isinstance(node, Call):
        children = node.arguments
    elif isinstance(node, Operation):
        children = node.operands
    for child in children:
        if child is not None:
            yield from walk(child)


def chain(node: Node) -> tuple[str, ...] | None:
    """The names of a plain path (``needs.a.outputs.b``), None for anything else."""
    if isinstance(node, Name):
        return (node.name,)
    if isinstance(node, Index) and isinstance(node.key, Literal) and isinstance(node.key.value, str):
        base = chain(node.base)
        return None if base is None else (*base, node.key.value)
    return None


def segments(text: str) -> list[tuple[bool, str]]:
    """A text's parts: (is an expression, its text without ``${{ }}``). Raises ExpressionError for one not closed."""
    parts: list[tuple[bool, str]] = []
    at = 0
    while (start := text.find("${{", at)) >= 0:
        if start > at:
            parts.append((False, text[at:start]))
        end = _closing(text, start + 3)
        parts.append((True, text[start + 3 : end].strip()))
        at = end + 2
    if at < len(text) or not parts:
        parts.append((False, text[at:]))
    return parts


def _closing(text: str, at: int) -> int:
    quoted = False
    while at < len(text):
        if text[at] == "'":
            quoted = not quoted
        elif not quoted and text.startswith("}}", at):
            return at
        at += 1
    raise ExpressionError("an expression is not closed: `}}` is missing")
