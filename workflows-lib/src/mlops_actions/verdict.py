"""The verdict: what every stage yields, and what everything else is a view of.

A stage measures a subject and lists its :class:`Check`s. :func:`conclude` is
the one place where a list of checks becomes a status. ``verdict.json`` is
described by ``schemas/verdict-v1.schema.json``; a verdict read back equals the
one that was written.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from mlops_actions import jsonfile, schema

SCHEMA = "https://mlops-actions.github.io/schemas/verdict-v1.schema.json"

Scalar: TypeAlias = str | int | float | bool | None
Json: TypeAlias = "Scalar | list[Json] | dict[str, Json]"


class Status(StrEnum):
    """The outcome of one check; a whole verdict is ``pass``, ``warn`` or ``fail``."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"  # could not be evaluated: never a pass
    NOT_CHECKED = "not-checked"  # with the reason in the message


class Severity(StrEnum):
    """How much a rule matters to the one who wrote it."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class FailOn(StrEnum):
    """From which severity on a broken rule fails the verdict."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Where:
    """The place that a check speaks of.

    ``object`` and ``column`` name it in the data (or the job, the target);
    ``file``, ``line`` and ``character`` (both 1-based) name it in a file that a
    person can open, relative to the working directory.
    """

    object: str | None = None
    column: str | None = None
    file: str | None = None
    line: int | None = None
    character: int | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A row that breaks a rule: where it is, and what of it may be shown.

    ``file`` is named as its subject is. ``line`` is that of a text file on
    which the record begins, ``row`` the number of the row in another file, both
    1-based. ``key`` are the columns of the primary key, ``values`` those that the
    rule looks at, as text; None is a null. A column whose values must not be
    shown is in neither.
    """

    file: str | None = None
    line: int | None = None
    row: int | None = None
    key: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's evaluation. A finding is a check that did not pass.

    ``measured`` is in the rule's own unit, None where it is not finite;
    ``threshold`` says what was asked for (``{"mustBe": 0}``); ``rows`` is the
    number of rows that the rule was held against; ``examples`` are the first
    that break it.
    """

    rule: str
    status: Status
    message: str
    severity: Severity = Severity.ERROR
    where: Where = Where()
    measured: Scalar = None
    threshold: Mapping[str, Json] | None = None
    rows: int | None = None
    examples: tuple[Example, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.measured, float) and not math.isfinite(self.measured):
            object.__setattr__(self, "measured", None)

    @property
    def is_finding(self) -> bool:
        return self.status is not Status.PASS


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing with an identity: its name and the SHA-256 of its bytes (64 hex digits)."""

    name: str
    sha256: str


def now() -> datetime:
    """The current time in UTC, to the millisecond that ``verdict.json`` keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stage measured, of which subjects, made from what, and the status it came to."""

    stage: str
    status: Status
    checks: tuple[Check, ...]
    started: datetime
    ended: datetime
    subjects: tuple[Subject, ...] = ()
    materials: tuple[Subject, ...] = ()
    parameters: Mapping[str, Json] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Check, ...]:
        """The checks that did not pass, the worst first, otherwise in their order."""
        return tuple(sorted((check for check in self.checks if check.is_finding), key=gravity))

    @property
    def causes(self) -> tuple[Check, ...]:
        """The findings without the errors that repeat another's message: of data that cannot be read, no rule is."""
        told: set[str] = set()
        found = []
        for check in self.findings:
            if check.status is not Status.ERROR or check.message not in told:
                found.append(check)
                told.add(check.message)
        return tuple(found)


_GRAVITY = {Status.ERROR: 0, Status.FAIL: 0, Status.WARN: 1, Status.NOT_CHECKED: 2, Status.PASS: 3}
_SEVERITY = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def gravity(check: Check) -> tuple[int, int]:
    """A sort key: what failed first, then by severity."""
    return _GRAVITY[check.status], _SEVERITY[check.severity]


def conclude(checks: Iterable[Check], fail_on: FailOn = FailOn.ERROR) -> Status:
    """The status of a verdict over ``checks``.

    A check in ``error`` fails the verdict whatever ``fail_on`` says. A broken
    rule fails it from the severity that ``fail_on`` names, and warns below. A
    rule that was not checked warns, unless its severity is ``info``.
    """
    status = Status.PASS
    for check in checks:
        match check.status:
            case Status.ERROR:
                return Status.FAIL
            case Status.FAIL:
                worse = fail_on is not FailOn.NEVER
            case Status.WARN:
                worse = fail_on is FailOn.WARNING
            case Status.NOT_CHECKED if check.severity is not Severity.INFO:
                worse = False
            case _:
                continue
        status = Status.FAIL if worse or status is Status.FAIL else Status.WARN
    return status


def broken(severity: Severity) -> Status:
    """The status of a check whose rule is broken: a rule of severity ``error`` fails, others warn."""
    return Status.FAIL if severity is Severity.ERROR else Status.WARN


def to_json(verdict: Verdict) -> dict[str, Json]:
    """The verdict as plain data, as ``verdict-v1.schema.json`` describes it."""
    return {
        "schema": SCHEMA,
        "stage": verdict.stage,
        "status": verdict.status.value,
        "checks": [_check_to_json(check) for check in verdict.checks],
        "subjects": [_subject_to_json(subject) for subject in verdict.subjects],
        "materials": [_subject_to_json(material) for material in verdict.materials],
        "parameters": dict(verdict.parameters),
        "started": _time_to_json(verdict.started),
        "ended": _time_to_json(verdict.ended),
    }


def from_json(data: Mapping[str, Any]) -> Verdict:
    """The verdict that :func:`to_json` wrote.

    Raises ValueError where ``data`` is not such a verdict.
    """
    wrong = schema.misfit(data, "verdict-v1")
    if wrong:
        raise ValueError(f"not a verdict of a version known here: {wrong}")
    try:
        return Verdict(
            stage=data["stage"],
            status=Status(data["status"]),
            checks=tuple(_check_from_json(check) for check in data["checks"]),
            subjects=tuple(Subject(each["name"], each["sha256"]) for each in data["subjects"]),
            materials=tuple(Subject(each["name"], each["sha256"]) for each in data["materials"]),
            parameters=data["parameters"],
            started=_time_from_json(data["started"]),
            ended=_time_from_json(data["ended"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a verdict: {error!r}") from error


def dumps(verdict: Verdict) -> str:
    """``verdict.json``, as text that ends with a newline."""
    return json.dumps(to_json(verdict), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def identity(verdict: Verdict) -> str:
    """The SHA-256 of ``verdict.json``, in hex."""
    return hashlib.sha256(dumps(verdict).encode("utf-8", "backslashreplace")).hexdigest()


def read(path: Path) -> Verdict:
    """The verdict in a file. Raises ValueError where the file holds none, OSError where it can't be read."""
    data = jsonfile.read(path)
    return from_json(data)


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_to_json(check: Check) -> dict[str, Json]:
    where = {each.name: getattr(check.where, each.name) for each in fields(Where)}
    data: dict[str, Json] = {
        "rule": check.rule,
        "status": check.status.value,
        "severity": check.severity.value,
        "where": {name: value for name, value in where.items() if value is not None},
        "measured": check.measured,
        "threshold": None if check.threshold is None else dict(check.threshold),
        "message": check.message,
    }
    if check.rows is not None:
        data["rows"] = check.rows
    if check.examples:
        data["examples"] = [_example_to_json(each) for each in check.examples]
    return data


def _example_to_json(example: Example) -> dict[str, Json]:
    data: dict[str, Json] = {"file": example.file, "line": example.line, "row": example.row}
    data |= {"key": dict(example.key) or None, "values": dict(example.values) or None}
    return {name: value for name, value in data.items() if value is not None}


def _check_from_json(data: Mapping[str, Any]) -> Check:
    return Check(
        rule=data["rule"],
        status=Status(data["status"]),
        message=data["message"],
        severity=Severity(data["severity"]),
        where=Where(**data["where"]),
        measured=data["measured"],
        threshold=data["threshold"],
        rows=data.get("rows"),
        examples=tuple(Example(**each) for each in data.get("examples", ())),
    )


def _subject_to_json(subject: Subject) -> dict[str, Json]:
    return {"name": subject.name, "sha256": subject.sha256}


def _time_to_json(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def _time_from_json(text: str) -> datetime:
    return datetime.fromisoformat(text)
