"""Reads failing tests from the text of pytest and unittest, where no JUnit XML was left.

So it is when a runner such as tox starts pytest in an environment of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mlops_actions.ci.readers import traces
from mlops_actions.ci.readers.places import Places
from mlops_actions.verdict import Check, Status
from mlops_actions.visible import clip

_PYTEST_HEAD = re.compile(r"_{3,} (?P<kind>ERROR (collecting|at \w+ of) )?(?P<name>\S.*?) _{3,}")
_UNITTEST_HEAD = re.compile(r"(?P<kind>ERROR|FAIL): (?P<name>\S.*)")
_RULE = re.compile(r"={10,}.*|-{30,}.*")
_ERROR = re.compile(r"E\s+(?P<text>\S.*)|(?P<raised>[A-Za-z_][\w.]*(Error|Exception|Warning|Failure|Exit)\b.*)")

MAX_LINE = 4_000
MAX_SECTION = 5_000
MAX_MESSAGE = 1_000


def read(lines: Iterable[str], folder: Path) -> Iterator[Check]:
    """A check for each failing test that the text tells of with a place in the project."""
    places = Places(folder)
    head: re.Match[str] | None = None
    section: list[str] = []
    for raw in lines:
        line = re.sub(r"\x1b\[[0-9;]*m", "", raw[:MAX_LINE]).rstrip()
        found = _PYTEST_HEAD.fullmatch(line) or _UNITTEST_HEAD.fullmatch(line)
        if found or (_RULE.fullmatch(line) and section):
            yield from _check(head, section, places)
            head, section = found, []
        elif head is not None and not _RULE.fullmatch(line) and len(section) < MAX_SECTION:
            section.append(line)
    yield from _check(head, section, places)


def _check(head: re.Match[str] | None, section: list[str], places: Places) -> Iterator[Check]:
    if head is None:
        return
    files = [at[0] for each in section if (at := traces.innermost([each], places))]
    place = traces.innermost(section, places, next((file for file in files if _is_test(file)), None))
    if place is None:
        return
    errors = [found["text"] or found["raised"] for each in section if (found := _ERROR.fullmatch(each))]
    kind = "error" if (head["kind"] or "").startswith("ERROR") else "failure"
    message = f"{head['name']}: {clip(errors[0] if errors else 'failed', MAX_MESSAGE)}"
    yield Check(f"test.{kind}", Status.FAIL, message, where=places.where(*place, thing=head["name"]))


def _is_test(file: str) -> bool:
    name = Path(file).name
    return name.startswith("test_") or name.endswith("_test.py")
