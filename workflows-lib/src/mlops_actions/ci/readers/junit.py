"""Reads JUnit XML as pytest writes it (families xunit1 and xunit2).

The file comes from the consumer's process, so it is data: bounded in size,
without a document type, and never a reason for a traceback.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from mlops_actions.ci.readers import traces
from mlops_actions.ci.readers.places import Places
from mlops_actions.verdict import Check, Status
from mlops_actions.visible import clip

MAX_BYTES = 128 * 1024 * 1024
MAX_MESSAGE = 1_000


@dataclass(frozen=True, slots=True)
class Tests:
    """How many tests there were and how they ended, and a check for each that did not pass."""

    total: int = 0
    failed: int = 0
    skipped: int = 0
    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> int:
        return self.total - self.failed - self.skipped


class Unreadable(Exception):
    """The file is no JUnit XML; the message says why."""


def read(path: Path, folder: Path) -> Tests:
    """The tests in a JUnit file, for a run in ``folder``. Raises Unreadable, and OSError where it can't be read."""
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    data = path.read_bytes()
    if re.search(rb"<!(DOCTYPE|ENTITY)", data):  # JUnit has none, and entities can explode
        raise Unreadable("declares a document type")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  # no entities, see above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"is not XML: {error}") from None
    if root.tag not in {"testsuites", "testsuite"}:
        raise Unreadable(f"is not JUnit: its root is <{root.tag}>")
    places = Places(folder)
    cases = list(root.iter("testcase"))
    broken = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None and case not in broken]
    checks = tuple(check for case in broken for check in _checks(case, places))
    return Tests(len(cases), len(broken), len(skipped), checks)


def _checks(case: ElementTree.Element, places: Places) -> Iterator[Check]:
    for result in (*case.findall("failure"), *case.findall("error")):
        text = result.text or ""
        file = places.relative(case.get("file") or _file_of(case.get("classname") or case.get("name") or ""))
        place = traces.innermost(text.splitlines(), places, file)
        line = _line_of_definition(case) if file else None
        name, line = place or (file or "", line)
        yield Check(
            f"test.{'failure' if result.tag == 'failure' else 'error'}",
            Status.FAIL,
            f"{_title(case)}: {clip(_message(result), MAX_MESSAGE)}",
            where=places.where(name, line, thing=_title(case)),
        )


def _file_of(classname: str) -> str:
    """The file of a dotted module, for families that name no file; a class at the end is left out."""
    parts = [part for part in classname.split(".") if part]
    while parts and parts[-1][:1].isupper():
        parts.pop()
    return "/".join(parts) + ".py" if parts else ""


def _line_of_definition(case: ElementTree.Element) -> int | None:
    line = case.get("line") or ""
    return int(line) + 1 if line.isdecimal() else None  # pytest counts from 0 here


def _title(case: ElementTree.Element) -> str:
    name = case.get("name") or "a test"
    inner = (case.get("classname") or "").rsplit(".", maxsplit=1)[-1]
    return f"{inner}.{name}" if inner[:1].isupper() else name


def _message(result: ElementTree.Element) -> str:
    message = (result.get("message") or "").strip()
    if message in {"", "collection failure"}:
        errors = [line[2:].strip() for line in (result.text or "").splitlines() if line.startswith("E ")]
        message = f"{message}: {errors[-1]}" if message and errors else errors[-1] if errors else message
    return message or "failed"
