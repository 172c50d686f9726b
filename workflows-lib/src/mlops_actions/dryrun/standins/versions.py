"""Python versions and the ranges that actions/setup-python takes (npm's semver, and PEP 440 from a file)."""

from __future__ import annotations

import re
from typing import NamedTuple


class Version(NamedTuple):
    """A CPython version. It sorts as versions do: 3.13.0rc1 before 3.13.0."""

    numbers: tuple[int, int, int]
    final: bool
    pre: str
    threaded: bool = False

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers)) + self.pre + ("t" if self.threaded else "")


def parse_version(text: str) -> Version:
    """``3.12.1``, ``3.13.0rc2``, ``3.13.0t``. Raises ValueError for anything else."""
    matched = re.match(r"(\d+)\.(\d+)\.(\d+)((?:a|b|rc)\d+)?(t)?\Z", text)
    if not matched:
        raise ValueError(f"not a Python version: {text!r}")
    pre = matched[4] or ""
    return Version((int(matched[1]), int(matched[2]), int(matched[3])), not pre, pre, bool(matched[5]))


class Clause(NamedTuple):
    """``lower`` (inclusive) up to ``upper`` (exclusive), either of them open where None."""

    lower: tuple[int, int, int] | None
    upper: tuple[int, int, int] | None

    def allows(self, numbers: tuple[int, int, int]) -> bool:
        return (self.lower is None or numbers >= self.lower) and (self.upper is None or numbers < self.upper)


class Spec(NamedTuple):
    """Any of ``ranges``; each is a list of clauses that all hold. ``excluded`` never holds."""

    ranges: tuple[tuple[Clause, ...], ...]
    pre: bool = False
    threaded: bool = False
    excluded: tuple[Clause, ...] = ()

    def allows(self, version: Version) -> bool:
        if version.threaded != self.threaded or any(each.allows(version.numbers) for each in self.excluded):
            return False
        return any(all(clause.allows(version.numbers) for clause in clauses) for clauses in self.ranges)


def parse_spec(text: str) -> Spec:
    """The input ``python-version``: ``3.12``, ``3.x``, ``3.13-dev``, ``3.13t``, ``>=3.9 <3.12``, ``3.9 - 3.11``.

    Raises ValueError for another implementation (``pypy3.10``) and what is no range.
    """
    name = text.strip()
    if re.match(r"(pypy|graalpy)", name):
        raise ValueError("PyPy and GraalPy are not in a dry run; there is CPython")
    threaded = bool(re.match(r"\d+(\.\d+)*t(-dev)?\Z", name))
    if threaded:
        name = name.replace("t", "", 1)
    pre = name.endswith("-dev")
    if pre:
        name = name[: -len("-dev")]
    ranges = tuple(tuple(_clauses(part.strip())) for part in name.split("||"))
    return Spec(ranges, pre, threaded)


def _clauses(text: str) -> list[Clause]:
    hyphen = re.match(r"(\S+)\s+-\s+(\S+)\Z", text)
    if hyphen:
        return [Clause(_bounds(hyphen[1])[0], _bounds(hyphen[2])[1])]
    joined = re.sub(r"([<>=~^]+)\s+", r"\1", text)
    return [_clause(part) for part in joined.split()] or [Clause(None, None)]


def _clause(text: str) -> Clause:
    matched = re.match(r"(>=|<=|>|<|=|~>?|\^)?v?(.+)\Z", text)
    if not matched:
        raise ValueError("is not a version range")
    sign, body = matched[1] or "=", matched[2]
    lower, upper = _bounds(body)
    if sign == ">=":
        return Clause(lower, None)
    if sign == "<=":
        return Clause(None, upper)
    if sign == ">":
        return Clause(upper, None)
    if sign == "<":
        return Clause(None, lower)
    if sign == "^":
        return Clause(lower, (lower[0] + 1, 0, 0) if lower else None)
    if sign in {"~", "~>"} and lower and body.count("."):
        return Clause(lower, (lower[0], lower[1] + 1, 0))
    return Clause(lower, upper)


def _bounds(text: str) -> tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]:
    """The first version that ``3``, ``3.x``, ``3.12``, ``3.12.1`` means, and the first after all of them."""
    parts = [part for part in text.split(".") if part not in {"x", "X", "*"}]
    if not all(part.isdigit() for part in parts) or len(text.split(".")) > 3 or text == "":
        raise ValueError("is not a version range")
    numbers = [int(part) for part in parts]
    if not numbers:
        return None, None
    full = ([*numbers, 0, 0])[:3]
    following = ([*numbers[:-1], numbers[-1] + 1, 0, 0])[:3]
    return (full[0], full[1], full[2]), (following[0], following[1], following[2])


def from_requires_python(text: str) -> Spec:
    """A specifier of PEP 440, as ``requires-python`` holds it. Raises ValueError for what is none."""
    clauses, excluded = [], []
    for part in (each.strip() for each in text.split(",") if each.strip()):
        matched = re.match(r"(~=|===?|!=|>=|<=|>|<|\^)?\s*([\d.*]+)\Z", part)
        if not matched:
            raise ValueError(f"{part!r} is no version specifier")
        sign, body = matched[1] or "==", matched[2]
        lower, upper = _bounds(body)
        if sign in {"==", "===", "!="} and lower and not body.endswith("*"):
            upper = (lower[0], lower[1], lower[2] + 1)  # PEP 440: 3.9 is 3.9.0 exactly, not all of 3.9
        if sign == "!=":
            excluded.append(Clause(lower, upper))
        elif sign in {"==", "==="}:
            clauses.append(Clause(lower, upper))
        elif sign == "~=":
            numbers = [int(each) for each in body.split(".")][:-1]
            clauses.append(Clause(lower, _bounds(".".join(map(str, numbers)))[1]))
        elif sign in {">=", "<", "^"}:
            clauses.append(_clause(sign + body))
        elif sign in {">", "<="} and body.count(".") < 2:
            exact = (*(lower or (0, 0, 0))[:2], 1)
            clauses.append(Clause(exact, None) if sign == ">" else Clause(None, exact))
        else:
            clauses.append(_clause(sign + body))
    return Spec((tuple(clauses) or (Clause(None, None),),), False, False, tuple(excluded))
