"""The grammar of model tags, GTO's: a version is ``flight-delay@v1.2.0``, an assignment ``flight-delay#prod#2``.

A tag comes from whoever may push one. What is not exactly a tag is refused
here, so that the rest of the program, a shell, a file name or an address never
meets a newline, a leading dash or a letter that only looks like one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

MAX_LENGTH = 200

# Only ASCII: `\d` and `\w` would take the digits and letters of every script.
_NAME = r"[a-z](?:[a-z0-9-]*[a-z0-9])?"
_NUMBER = r"(?:0|[1-9][0-9]*)"
_LABEL = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD = r"[0-9A-Za-z-]+"
# Semantic Versioning 2.0.0, as semver.org gives it.
_SEMVER = (
    rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER})"
    rf"(?:-(?P<prerelease>{_LABEL}(?:\.{_LABEL})*))?(?:\+(?P<build>{_BUILD}(?:\.{_BUILD})*))?"
)
_VERSION = re.compile(rf"(?P<model>{_NAME})@v(?P<version>{_SEMVER})")
_ASSIGNMENT = re.compile(rf"(?P<model>{_NAME})#(?P<stage>{_NAME})#(?P<number>[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a model. ``version`` is a semantic version without the ``v``."""

    model: str
    version: str

    @property
    def is_prerelease(self) -> bool:
        return "-" in self.version.partition("+")[0]

    def __str__(self) -> str:
        return f"{self.model}@v{self.version}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A model's version put into a stage (``prod``), for the ``number``-th time, from 1."""

    model: str
    stage: str
    number: int

    def __str__(self) -> str:
        return f"{self.model}#{self.stage}#{self.number}"


Tag: TypeAlias = Version | Assignment


def parse(text: str) -> Tag:
    """The tag that ``text`` is, without ``refs/tags/``. Raises ValueError with what a tag looks like."""
    if len(text) <= MAX_LENGTH:
        if found := _VERSION.fullmatch(text):
            return Version(found["model"], found["version"])
        if found := _ASSIGNMENT.fullmatch(text):
            return Assignment(found["model"], found["stage"], int(found["number"]))
    shown = ascii(text if len(text) <= 80 else text[:77] + "...")
    raise ValueError(f"{shown} is not a model's tag: a version looks like flight-delay@v1.2.0")
