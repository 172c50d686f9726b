"""What an event starts on GitHub, and what not, and why.

Skeleton, to be filled: the names are the interface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mlops_actions.dryrun.event import Event
from mlops_actions.dryrun.workflow import Workflow

When = Literal["must", "may", "skipped"]


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job of the run. A job that calls a workflow is followed by the jobs of that workflow.

    ``path`` is ``("data",)``, or ``("data", "validate")`` for a job of the
    called workflow. ``when``: ``must`` (runs if all that it needs succeeds),
    ``may`` (a value of the run decides), ``skipped``; ``why`` says it in words.
    ``runs_on`` are all labels over all legs, None where the run decides.
    ``calls`` is the called file (repository folder, POSIX path) or None.
    ``legs`` is the number of matrix legs (1 without a matrix), None where the run decides.
    ``inputs`` are the called workflow's inputs as far as they are known.
    """

    path: tuple[str, ...]
    name: str
    when: When
    why: str
    needs: tuple[tuple[str, ...], ...]
    runs_on: tuple[str, ...] | None
    calls: tuple[Path, str] | None
    legs: int | None
    continue_on_error: bool | None
    inputs: Mapping[str, Any]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A workflow file: whether the event starts it, and why. ``path`` is relative to the repository, POSIX."""

    path: str
    name: str
    starts: bool
    why: str
    jobs: tuple[PlannedJob, ...]
    workflow: Workflow | None  # None: the file cannot be read; `why` says what is wrong


@dataclass(frozen=True, slots=True)
class Plan:
    event: Event
    inputs: Mapping[str, str]
    files: tuple[PlannedFile, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a job: ``result`` is success, failure, cancelled or skipped; ``outputs`` are its own."""

    result: str
    outputs: Mapping[str, str]


def make(
    repo: Path,
    library: Path,
    event: Event,
    files: Sequence[str] | None,
    job: str | None,
    inputs: Mapping[str, str],
) -> Plan:
    """The plan. ``files`` None: all of ``.github/workflows``; ``job`` keeps that job and what it needs.

    Raises CallError for an event that starts nothing (why, for each file), a
    file or a job that is not there, a ``workflow_dispatch`` that names no file
    where several could be meant.
    """
    raise NotImplementedError


def again(plan: Plan, repo: Path, library: Path, finished: Mapping[str, Mapping[tuple[str, ...], Finished]]) -> Plan:
    """The plan in the light of what ran: ``finished`` is file path -> job path -> result.

    A job whose needs have all finished is then ``must`` or ``skipped`` for
    certain (``may`` only where its condition reads what a dry run has not), so
    whoever compares the plan with the run does it with this one: a ``must`` job
    that is not in ``finished``, or finished as skipped, was dropped by act.
    """
    raise NotImplementedError
