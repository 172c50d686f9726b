"""Which Python versions a matrix holds: those given, else those that the project allows, else the newest.

Pure functions: the same project on the same day gives the same versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from mlops_actions.errors import CallError, Problem
from mlops_actions.project import requires
from mlops_actions.project.interpreters import VERSION
from mlops_actions.project.layout import Layout
from mlops_actions.project.requires import Ranges, Requires


@dataclass(frozen=True, slots=True)
class Release:
    """A CPython line: from its first final release to the last day on which it gets security fixes."""

    version: str
    released: date
    ends: date


# Source: the Python developer's guide, "Status of Python versions" (include/release-cycle.json), and PEP 664, 693, 719,
# 745, 790 and 826. Where it names only the month of an end, the month's last day stands here. Read in November 2026.
RELEASES = (
    Release("3.8", date(2019, 10, 14), date(2024, 10, 7)),
    Release("3.9", date(2020, 10, 5), date(2025, 10, 31)),
    Release("3.10", date(2021, 10, 4), date(2026, 10, 31)),
    Release("3.11", date(2022, 10, 24), date(2027, 10, 31)),
    Release("3.12", date(2023, 10, 2), date(2028, 10, 31)),
    Release("3.13", date(2024, 10, 7), date(2029, 10, 31)),
    Release("3.14", date(2025, 10, 7), date(2030, 10, 31)),
    Release("3.15", date(2026, 10, 1), date(2031, 10, 31)),
    Release("3.16", date(2027, 10, 6), date(2032, 10, 31)),
)

LAST_PATCH = 99
"""Stands for the newest patch release of a line, whatever its number is by then."""

FIRST_MINOR = 6
"""No interpreter older than 3.6 can be fetched or isolated by the tools used here."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The versions of a matrix, the oldest first or as given, and why these."""

    versions: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a project says about its Pythons: ``requires``, its classifiers, and the file where it says so."""

    requires: Requires | None = None
    file: str = "pyproject.toml"
    classifiers: tuple[str, ...] = ()


def supported(today: date) -> tuple[str, ...]:
    """The CPython lines that are released and not past their end on that day, the oldest first."""
    return tuple(each.version for each in RELEASES if each.released <= today <= each.ends)


def claim(project: Layout) -> Claim:
    """What the project in this folder says about its Pythons. Raises CallError where it is not said as a string."""
    said = requires.of(project)
    metadata = project.setup_cfg.get("metadata", {})
    classifiers = _strings(project.project.get("classifiers")) or tuple(
        metadata.get("classifiers", metadata.get("classifier", "")).splitlines()
    )
    file = said.file if said else "pyproject.toml" if project.project else "setup.cfg"
    return Claim(said, file, classifiers)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def choose(given: Sequence[str], project: Claim, today: date, here: Callable[[str], bool] | None = None) -> Choice:
    """The versions of the matrix.

    ``here`` says whether a version is on this machine, where only those are
    wanted (a dry run); what is given stays all the same. Raises CallError
    where a given version is none, and where nothing is left.
    """
    if given:
        return Choice(checked(given), "`python-versions` gives them")
    lines = supported(today)
    if project.requires is not None:
        choice = _required(project.requires, lines)
    elif named := classified(project.classifiers):
        choice = _classified(named, project.file, lines)
    else:
        newest = tuple(line for line in lines if here is None or here(line))[-1:] or lines[-1:]
        choice = Choice(newest, "the newest, since the project does not say which it supports")
    if here is None:
        return choice
    found = tuple(version for version in choice.versions if here(version))
    if not found:
        raise CallError(
            Problem(
                f"none of the Pythons that the project supports ({listed(choice.versions)}) is on this machine",
                project.file if project.requires or project.classifiers else None,
                hint="Install one, or name others with `python-versions`.",
            )
        )
    missing = [version for version in choice.versions if version not in found]
    return Choice(found, choice.reason + (f"; not on this machine: {listed(missing)}" if missing else ""))


def checked(given: Iterable[str]) -> tuple[str, ...]:
    """The versions as given. Raises CallError for one that is no version, or stands twice."""
    versions: list[str] = []
    problems = []
    for version in (each.strip() for each in given):
        if problem := _wrong(version):
            problems.append(problem)
        elif version in versions:
            problems.append(Problem(f"`python-versions`: {version} stands twice"))
        versions.append(version)
    if problems:
        raise CallError(*problems)
    return tuple(versions)


def _wrong(version: str) -> Problem | None:
    shown = f"`python-versions`: {version!r}"
    if VERSION.fullmatch(version):
        minor = int(re.split(r"[.t-]", version)[1])
        if minor >= FIRST_MINOR:
            return None
        hint = "YAML reads 3.10 as the number 3.1: quote it." if minor == 1 else None
        return Problem(f"{shown} is older than Python 3.{FIRST_MINOR}, the oldest that can be run here", hint=hint)
    if re.search(r"[,\s]", version) and all(VERSION.fullmatch(each) for each in re.split(r"[,\s]+", version) if each):
        return Problem(f"{shown} is not one version", hint='Write a YAML or JSON list, such as ["3.12", "3.13"].')
    if re.match(r"[<>=!~^]|\S+[*x]$", version):
        return Problem(
            f"{shown} is a range, not a version",
            hint="List the versions, or leave the input out: then the project's `requires-python` decides.",
        )
    if re.match(r"(py|graal)py|graal|jython", version, re.IGNORECASE):
        return Problem(f"{shown} is not built; there is: CPython", hint='Name CPython versions, such as "3.13".')
    return Problem(
        f"{shown} is not a Python version",
        hint='Write one such as "3.13", "3.13.1", "3.14t" (free-threaded) or "3.16-dev" (a pre-release).',
    )


def _required(said: Requires, lines: Sequence[str]) -> Choice:
    ranges = said.ranges()
    versions = tuple(version for line in lines if (version := allowed(line, ranges)))
    if not versions:
        raise CallError(
            Problem(
                f"{said.named}, which allows none of the supported Pythons ({listed(lines)})",
                said.file,
                hint="Widen it, or name the versions with `python-versions`.",
            )
        )
    return Choice(versions, f"`{said.key}` of {said.file} is {said.text}")


def allowed(line: str, ranges: Ranges) -> str | None:
    """What ``ranges`` allow of a line: all of it (``3.12``), its newest allowed patch (``3.12.4``), or None.

    A leg named ``3.12`` runs the newest patch, so the line is allowed as a
    whole only where that is: ``<=3.12`` allows 3.12.0 and no other.
    """
    if ranges.contains(f"{line}.{LAST_PATCH}"):
        return line
    patches = (f"{line}.{patch}" for patch in range(LAST_PATCH - 1, -1, -1))
    return next((patch for patch in patches if ranges.contains(patch)), None)


_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d{1,2})")


def classified(classifiers: Iterable[str]) -> tuple[str, ...]:
    """The lines that trove classifiers name."""
    return tuple(found[1] for each in classifiers if (found := _CLASSIFIER.fullmatch(each.strip())))


def _classified(named: Sequence[str], file: str, lines: Sequence[str]) -> Choice:
    versions = tuple(line for line in lines if line in named)
    if not versions:
        raise CallError(
            Problem(
                f"the classifiers name {listed(named)}, none of which is supported today ({listed(lines)})",
                file,
                hint="Add `requires-python`, or name the versions with `python-versions`.",
            )
        )
    return Choice(versions, f"the classifiers of {file} name them")


def listed(versions: Sequence[str]) -> str:
    return ", ".join(versions)
