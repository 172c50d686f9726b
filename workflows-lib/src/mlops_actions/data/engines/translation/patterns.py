r"""RE2's patterns as a tree, for engines whose own patterns mean something else.

The syntax is that of RE2 (https://github.com/google/re2/wiki/Syntax) as DuckDB
runs it: UTF-8, ``.`` matches no newline, ``^`` and ``$`` are the ends of the
value, ``\d``, ``\s``, ``\w`` and ``\b`` know ASCII alone. What only changes
which of several matches is found (lazy repetition, captures) is left out: a
rule asks whether there is one. A pattern that the engine refuses has been
refused before; what is left and not read here is :class:`Unread`, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

LAST = 0x10FFFF
"""The last code point."""

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Code points, as ascending ranges that neither meet nor touch; both ends are in them."""


class Unread(Exception):
    """A part of a pattern that has no equal, in words for a person."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One of some code points."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Empty:
    r"""A place between two signs: ``text-start``, ``text-end``, ``line-start``, ``line-end`` or ``word`` (``\b``)."""

    place: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; none of them matches everywhere."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """From ``least`` to ``most`` times, or any number from ``least`` on."""

    part: Node
    least: int
    most: int | None


Node: TypeAlias = Chars | Empty | Sequence | Either | Repeat


@dataclass(frozen=True, slots=True)
class _Flags:
    fold: bool = False
    lines: bool = False
    dot: bool = False


def parse(pattern: str) -> Node:
    """The tree of a pattern that RE2 takes. Raises Unread."""
    reader = _Reader(pattern)
    node, _ = reader.alternatives(_Flags())
    if reader.rest:
        raise Unread("a parenthesis that closes nothing")
    return node


def one_sign(pattern: str, replacement: str) -> Ranges:
    """The signs that a pattern is any one of, each to be replaced by one sign. Raises Unread for anything else."""
    node = parse(pattern)
    if len(replacement) != 1 or replacement in "\\$&":
        raise Unread("a replacement that is not one plain sign")
    match node:
        case Chars(ranges):
            return ranges
    raise Unread("more than one sign to replace")


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The code points that are in any of the ranges."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def complement(ranges: Ranges) -> Ranges:
    """All other code points."""
    found, start = [], 0
    for low, high in ranges:
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


def _of(text: str) -> Ranges:
    """The code points that a text of pairs of ends (``azAZ``) stands for."""
    return union((ord(low), ord(high)) for low, high in zip(text[::2], text[1::2], strict=True))


DIGIT, SPACE, WORD = _of("09"), _of("\t\n\f\r  "), _of("09AZ__az")
_PERL = {"d": DIGIT, "s": SPACE, "w": WORD}
_POSIX = {
    "alnum": _of("09AZaz"),
    "alpha": _of("AZaz"),
    "ascii": _of("\0\x7f"),
    "blank": _of("\t\t  "),
    "cntrl": _of("\0\x1f\x7f\x7f"),
    "digit": DIGIT,
    "graph": _of("!~"),
    "lower": _of("az"),
    "print": _of(" ~"),
    "punct": _of("!/:@[`{~"),
    "space": _of("\t\r  "),
    "upper": _of("AZ"),
    "word": WORD,
    "xdigit": _of("09AFaf"),
}
_ESCAPED = {"a": 0x07, "f": 0x0C, "t": 0x09, "n": 0x0A, "r": 0x0D, "v": 0x0B}
_KELVIN, _LONG_S = 0x212A, 0x017F
"""The signs beyond ASCII whose case is that of an ASCII letter, k and s (Unicode, CaseFolding.txt)."""


def _folded(ranges: Ranges) -> Ranges:
    """The ranges with the other case of each letter in them. Raises Unread beyond ASCII."""
    found = list(ranges)
    for low, high in ranges:
        if high > 0x7F and (low, high) not in {(_KELVIN, _KELVIN), (_LONG_S, _LONG_S)}:
            raise Unread("letters of either case beyond ASCII")
        for code in range(low, min(high, 0x7F) + 1):
            if chr(code).isalpha():
                other = ord(chr(code).swapcase())
                found += [(other, other)]
    for sign, letter in ((_KELVIN, "kK"), (_LONG_S, "sS")):
        both = {*map(ord, letter), sign}
        if any(low <= code <= high for low, high in found for code in both):
            found += [(code, code) for code in both]
    return union(found)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.rest = pattern

    def take(self, form: str) -> re.Match[str] | None:
        """The next part, where it has this form."""
        match = re.match(form, self.rest, re.DOTALL)
        if match:
            self.rest = self.rest[match.end() :]
        return match

    def alternatives(self, flags: _Flags) -> tuple[Node, _Flags]:
        """What stands up to the end of the group, and the flags that hold there."""
        branches: list[Node] = []
        parts: list[Node] = []
        while self.rest and not self.rest.startswith(")"):
            if self.take(r"\|"):
                branches.append(_sequence(parts))
                parts = []
            elif match := self.take(r"\(\?([imsU]*)(?:-([imsU]+))?\)"):
                flags = _set(flags, match)
            elif match := self.take(r"\\Q(.*?)(?:\\E|$)"):
                parts += [self.char(ord(sign), flags) for sign in match[1]]
            else:
                parts.append(self.atom(flags))
            parts = self.repeated(parts)
        branches.append(_sequence(parts))
        return (branches[0] if len(branches) == 1 else Either(tuple(branches))), flags

    def repeated(self, parts: list[Node]) -> list[Node]:
        """The parts, where the last is to be repeated as what follows says."""
        match = self.take(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??")
        if match is None:
            return parts
        if not parts:
            raise Unread(f"the repetition {match[0]!r} of nothing")
        if match[1]:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[match[1]]
        else:
            least = int(match[2])
            most = least if match[3] is None else int(match[4]) if match[4] else None
        return [*parts[:-1], Repeat(parts[-1], least, most)]

    def atom(self, flags: _Flags) -> Node:
        if match := self.take(r"\((?:\?(?:P?<\w+>|([imsU]*)(?:-([imsU]+))?:))?"):
            inner = _set(flags, match) if match[0].endswith(":") else flags
            if self.rest.startswith("?"):
                raise Unread(f"the group ({self.rest[:2]}")
            node, _ = self.alternatives(inner)
            if not self.take(r"\)"):
                raise Unread("a parenthesis that is not closed")
            return node
        if self.take(r"\^"):
            return Empty("line-start" if flags.lines else "text-start")
        if self.take(r"\$"):
            return Empty("line-end" if flags.lines else "text-end")
        if self.take(r"\."):
            return Chars(complement(() if flags.dot else _of("\n\n")))
        if self.rest.startswith("["):
            return Chars(self.bracket(flags))
        if match := self.take(r"\\([Azb])"):
            return Empty({"A": "text-start", "z": "text-end", "b": "word"}[match[1]])
        if self.rest.startswith(r"\B"):
            raise Unread(r"\B, which RE2 finds inside of a sign beyond ASCII as well")
        if (ranges := self.perl(flags)) is not None:
            return Chars(ranges)
        return self.char(self.escaped() if self.rest.startswith("\\") else self.plain(), flags)

    def char(self, code: int, flags: _Flags) -> Node:
        one = ((code, code),)
        return Chars(_folded(one) if flags.fold else one)

    def plain(self) -> int:
        sign, self.rest = self.rest[0], self.rest[1:]
        return ord(sign)

    def perl(self, flags: _Flags) -> Ranges | None:
        r"""A class such as ``\d``, where one stands next."""
        if match := self.take(r"\\([dswDSW])"):
            return _class(_PERL[match[1].lower()], flags, negated=match[1].isupper())
        if match := re.match(r"\\[pP](\{[^}]*\}|.)", self.rest):
            raise Unread(f"the Unicode class {match[0]}")
        return None

    def escaped(self) -> int:
        """The code point that an escape stands for."""
        if match := self.take(r"\\x([0-9A-Fa-f]{2})|\\x\{([0-9A-Fa-f]+)\}"):
            return int(match[1] or match[2], 16)
        if match := self.take(r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})"):
            return int(match[1], 8)
        if match := self.take(r"\\([afnrtv])"):
            return _ESCAPED[match[1]]
        if match := self.take(r"\\([^0-9A-Za-z])"):
            return ord(match[1])
        raise Unread(f"the escape {self.rest[:2]}")

    def bracket(self, flags: _Flags) -> Ranges:
        """The code points of a class in brackets."""
        match = self.take(r"\[(\^?)")
        found: list[tuple[int, int]] = []
        is_first = True
        while is_first or not self.rest.startswith("]"):
            is_first = False
            if not self.rest:
                raise Unread("a bracket that is not closed")
            if posix := self.take(r"\[:(\^?)(\w+):\]"):
                if posix[2] not in _POSIX:
                    raise Unread(f"the class {posix[0]}")
                found += _class(_POSIX[posix[2]], flags, negated=bool(posix[1]))
            elif (ranges := self.perl(flags)) is not None:
                found += ranges
            else:
                low = self.one()
                high = self.one() if self.take(r"-(?!\])") else low
                one = ((low, high),)
                found += _folded(one) if flags.fold else one
        self.take(r"\]")
        ranges = union(found)
        return complement(ranges) if match and match[1] else ranges

    def one(self) -> int:
        return self.escaped() if self.rest.startswith("\\") else self.plain()


def _class(named: Ranges, flags: _Flags, *, negated: bool) -> Ranges:
    """A class that has a name; either case of its letters belongs to it, before it is negated."""
    ranges = _folded(named) if flags.fold else named
    return complement(ranges) if negated else ranges


def _set(flags: _Flags, match: re.Match[str]) -> _Flags:
    """The flags after ``(?i-s)``. Ungreedy repetition changes no answer."""
    names = {"i": "fold", "m": "lines", "s": "dot"}
    on = {names[each]: True for each in match[1] or "" if each in names}
    off = {names[each]: False for each in match[2] or "" if each in names}
    return replace(flags, **on, **off)


def _sequence(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))
