"""Semantic versions: what step lies between two, and what step a change asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

_NUMBER = r"(0|[1-9][0-9]{0,8})"
_FORM = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


class Step(IntEnum):
    """How far a version goes, the smallest first."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Version:
    """A version of https://semver.org/spec/v2.0.0.html; ``text`` is how it was written."""

    text: str
    core: tuple[int, int, int]
    pre_release: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        """A sort key: the precedence of chapter 11."""
        marks = tuple((not each.isdigit(), int(each) if each.isdigit() else 0, each) for each in self.pre_release)
        return self.core, not self.pre_release, marks


def parse(text: str) -> Version:
    """The version in ``text``. Raises ValueError where it is none."""
    found = _FORM.fullmatch(text) if len(text) <= 200 else None
    if found is None:
        raise ValueError(f"{text[:60]!r} is no semantic version")
    return Version(text, (int(found[1]), int(found[2]), int(found[3])), _marks(found[4]))


def _marks(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(".")) if text else ()


def step(old: Version, new: Version) -> Step:
    """The step from ``old`` to a later ``new``; out of a pre-release any change may come, so that is a major one."""
    if new.order <= old.order:
        return Step.NONE
    if old.pre_release and old.core == new.core:
        return Step.MAJOR
    for place, wide in enumerate((Step.MAJOR, Step.MINOR, Step.PATCH)):
        if new.core[place] != old.core[place]:
            return wide
    return Step.NONE


def due(old: Version, change: Step) -> Step:
    """The step that a change asks for after ``old``: before 1.0.0 nothing is promised, and a minor one may break."""
    return min(change, Step.MINOR) if old.core[0] == 0 else change


def after(old: Version, wide: Step) -> str:
    """The version that a step leads to."""
    major, minor, patch = old.core
    match wide:
        case Step.MAJOR:
            return f"{major + 1}.0.0"
        case Step.MINOR:
            return f"{major}.{minor + 1}.0"
        case Step.PATCH:
            return f"{major}.{minor}.{patch + 1}"
    return old.text
