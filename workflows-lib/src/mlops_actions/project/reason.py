"""Why a command failed, in the line of its log that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MAKE = re.compile(r"g?make(\[\d+\])?: (\*\*\* \[|Leaving directory ).*")
"""What make adds below: which target failed, not why. Of a target that it cannot make it says why."""

_ERROR = re.compile(r"(error|ERROR): (?P<text>.*\S)|\s*× (?P<old>.*?\S):?")
"""An error of uv or pip; with a cross, of an older uv."""

_CAUSE = re.compile(r"\s*(cause:|Caused by:|╰─[▶>]) (?P<text>.*\S)")


def last_line(text: str) -> str:
    """The last line of a log that says something; empty where there is none."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip() and not _MAKE.match(line)), "")


def of_install(text: str) -> str:
    """Why an install failed: the last error that uv or pip tells, which names the package, else the last line."""
    lines = text.splitlines()
    for number in range(len(lines) - 1, -1, -1):
        if found := _ERROR.fullmatch(lines[number]):
            return _with_cause(found["text"] or found["old"], lines[number + 1 : number + 2])
    return last_line(text)


def _with_cause(error: str, below: Sequence[str]) -> str:
    """uv tells in the line below what it means by "No solution found"."""
    cause = _CAUSE.fullmatch(below[0]) if below else None
    return f"{error}: {cause['text']}" if cause else error
