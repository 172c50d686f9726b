"""Reads the text of linters and type checkers: pylint, flake8 and its like, ruff, mypy, formatters.

A line is a finding only when it names a file that is there, so a log line that
merely looks like one is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mlops_actions.ci.readers.places import Places
from mlops_actions.verdict import Check, Severity, Status
from mlops_actions.visible import clip

MAX_LINE = 4_000
"""A longer line is no finding."""

MAX_MESSAGE = 1_000

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FILE = r"(?P<file>(?:[A-Za-z]:)?[^:\r\n]+)"

PYLINT = re.compile(
    _FILE + r":(?P<line>\d+):(?P<column>\d+): (?P<code>[CRWEFI]\d{4}): (?P<text>.*?)( \((?P<name>[\w-]+)\))?"
)
"""``hello.py:3:0: W0611: Unused import os (unused-import)``, pylint's ``text``."""

PARSEABLE = re.compile(
    _FILE + r":(?P<line>\d+): \[(?P<code>[CRWEFI]\d{4})(\((?P<name>[\w-]+)\))?(, ?(?P<object>[^\]]*))?\] (?P<text>.*)"
)
"""``hello.py:3: [W0611(unused-import), ] Unused import os``, pylint's ``parseable``."""

FLAKE8 = re.compile(_FILE + r":(?P<line>\d+):(?P<column>\d+):? (?P<code>[A-Z]{1,6}\d{1,5}):? (\[\*\] )?(?P<text>.*)")
"""``./hello.py:1:1: F401 'os' imported but unused``: flake8, pycodestyle, and ruff's ``concise``."""

NAMED = re.compile(_FILE + r":(?P<line>\d+):(?P<column>\d+): (?P<code>unformatted|[a-z]+(-[a-z]+)+): (?P<text>.*)")
"""``hello.py:1:8: invalid-syntax: Expected a name``, ruff's findings without a code."""

MYPY = re.compile(
    _FILE + r":(?P<line>\d+):((?P<column>\d+):)? (?P<level>error|warning): (?P<text>.*?)(\s+\[(?P<name>[\w-]+)\])?"
)
"""``hello.py:3: error: Incompatible types  [assignment]``."""

RUFF_HEAD = re.compile(
    r"(?P<code>[A-Z]{1,6}\d{1,5}|invalid-syntax|[a-z][a-z-]+)(?P<colon>:)? (\[[*-]\] )?(?P<text>\S.*)"
)
RUFF_PLACE = re.compile(r"\s*--> " + _FILE + r":(?P<line>\d+):(?P<column>\d+)")
"""Two lines, ruff's ``full``: the code and the message, then ``  --> hello.py:1:8``."""

PYRIGHT = re.compile(
    r"\s*" + _FILE + r":(?P<line>\d+):(?P<column>\d+) - (?P<level>error|warning): (?P<text>.*?)( \((?P<name>\w+)\))?"
)
"""``  hello.py:3:5 - error: "x" is not defined (reportUndefinedVariable)``."""

FORMATTERS = (
    re.compile(r"(would reformat|Would reformat:) (?P<file>.+)"),
    re.compile(r"ERROR: (?P<file>.+) Imports are incorrectly sorted.*"),
)
"""``would reformat hello.py``: black, older ruff, isort."""


def read(lines: Iterable[str], folder: Path) -> Iterator[Check]:
    """The findings in a linter's output, for a tool that ran in ``folder``; each with status ``fail``."""
    places = Places(folder)
    head: re.Match[str] | None = None
    seen: set[tuple[object, ...]] = set()
    for raw in lines:
        if len(raw) > MAX_LINE:
            continue
        line = _ANSI.sub("", raw).rstrip()
        check = _ruff_full(head, line, places) or _line(line, places)
        head = RUFF_HEAD.fullmatch(line)
        if check is not None and (key := (check.rule, check.where, check.message)) not in seen:
            seen.add(key)
            yield check


def _ruff_full(head: re.Match[str] | None, line: str, places: Places) -> Check | None:
    place = RUFF_PLACE.fullmatch(line)
    if head is None or place is None or not places.exists(place["file"]):
        return None
    return _check(f"ruff.{head['code']}", head["text"], Severity.ERROR, places, place)


def _line(line: str, places: Places) -> Check | None:
    if found := PYLINT.fullmatch(line) or PARSEABLE.fullmatch(line):
        severity = Severity.ERROR if found["code"][0] in "EF" else Severity.WARNING
        return _check(f"pylint.{found['name'] or found['code']}", found["text"], severity, places, found, 1)
    for tool, pattern in (("mypy", MYPY), ("pyright", PYRIGHT)):
        if found := pattern.fullmatch(line):
            severity = Severity.ERROR if found["level"] == "error" else Severity.WARNING
            return _check(f"{tool}.{found['name'] or found['level']}", found["text"], severity, places, found)
    if found := FLAKE8.fullmatch(line) or NAMED.fullmatch(line):
        return _check(f"lint.{found['code']}", found["text"], Severity.ERROR, places, found)
    for pattern in FORMATTERS:
        if (found := pattern.fullmatch(line)) and places.exists(name := found["file"].strip()):
            message = "is not formatted as the project's formatter would"
            return Check("format.file", Status.FAIL, _with_file(name, message, places), where=places.where(name))
    return None


def _check(
    rule: str, text: str, severity: Severity, places: Places, found: re.Match[str], first: int = 0
) -> Check | None:
    """A check for a match with file, line and perhaps column; pylint's columns start at 0 (``first`` 1)."""
    groups = found.groupdict()
    name = groups["file"].strip()
    if not places.exists(name):
        return None
    column = int(groups["column"]) + first if groups.get("column") else None
    where = places.where(name, int(groups["line"]), column, groups.get("object") or None)
    message = _with_file(name, clip(text.strip() or rule, MAX_MESSAGE), places)
    return Check(rule, Status.FAIL, message, severity, where)


def _with_file(name: str, message: str, places: Places) -> str:
    """A file outside the folder can't be pointed at, so the message names it."""
    return message if places.relative(name) else f"{name}: {message}"
