"""The shape of a plan: files, jobs, and what is found while they are planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mlops_actions.dryrun.event import Event
from mlops_actions.dryrun.expressions import Scope
from mlops_actions.dryrun.workflow import Job, Workflow
from mlops_actions.errors import Problem
from mlops_actions.yamlfile import KeyPath

When: TypeAlias = Literal["must", "may", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that GitHub would say against a job; ``path`` is the place in the job's file."""

    rule: str
    message: str
    path: KeyPath


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job of the run. A job that calls a workflow is followed by the jobs of that workflow.

    ``path`` is ``("data",)``, or ``("data", "validate")`` for a job of the
    called workflow; ``needs`` are such paths. ``when``: ``must`` (runs if all
    that it needs succeeds), ``may`` (a value of the run decides), ``skipped``;
    ``why`` says it in words. ``runs_on`` are all labels over all legs, None
    where the run decides. ``calls`` is the called file (checkout, POSIX path).
    ``legs`` is the number of matrix legs (1 without a matrix), None where the
    run decides. ``inputs`` are the called workflow's inputs as far as they are
    known. ``file`` and ``line`` are where a person finds the job.

    ``workflow``, ``job`` and ``scope`` are what judging reads; ``callee`` is the called file.
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
    workflow: Workflow
    job: Job
    scope: Scope
    callee: Workflow | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A workflow file: whether the event starts it, and why. ``path`` is relative to the repository, POSIX."""

    path: str
    name: str
    starts: bool
    why: str
    jobs: tuple[PlannedJob, ...]
    workflow: Workflow | None  # None: the file cannot be read; `problems` says what is wrong
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of a repository under one event. ``inputs`` are those of ``workflow_dispatch``, as given."""

    event: Event
    inputs: Mapping[str, str]
    files: tuple[PlannedFile, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a job: ``result`` is success, failure, cancelled or skipped; ``outputs`` are its own."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)


Results: TypeAlias = Mapping[tuple[str, ...], Finished]
