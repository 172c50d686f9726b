"""What became of a run: its jobs, legs and steps, as the report and the outputs need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_actions.dryrun.act import Annotation
from mlops_actions.dryrun.steplog import StepLog


@dataclass(slots=True)
class StepRecord:
    """A step of a leg. ``summary`` is what it wrote to GITHUB_STEP_SUMMARY; ``kept`` the file of its log in ``--out``.

    ``limit`` are its minutes, where that is known; ``why`` says more than ``result`` does.
    """

    name: str
    result: str = "skipped"
    seconds: float = 0.0
    log: StepLog = field(default_factory=StepLog)
    summary: list[str] = field(default_factory=list)
    kept: str = ""
    limit: float | None = None
    why: str = ""


@dataclass(slots=True)
class LegRecord:
    """A job, or one leg of its matrix, as act ran it.

    ``result`` is success, failure, cancelled or skipped; ``allowed`` says that
    its failure does not count (``continue-on-error``). ``problem`` is set where
    the leg could not be run at all.
    """

    path: tuple[str, ...]
    name: str
    file: str
    line: int
    result: str = "skipped"
    why: str = ""
    seconds: float = 0.0
    allowed: bool = False
    labels: tuple[str, ...] = ()
    steps: list[StepRecord] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    outputs: Mapping[str, str] = field(default_factory=dict)
    used: tuple[str, ...] = ()
    problem: str = ""
    ran: bool = False
    requests: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class JobRecord:
    """A job as those that need it see it: one result and one set of outputs over all its legs."""

    result: str
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class FileRecord:
    """A workflow file's run: ``jobs`` by path (``("data", "validate")``), ``legs`` in the order of their end."""

    path: str
    name: str
    run_id: str
    result: str = ""
    jobs: dict[tuple[str, ...], JobRecord] = field(default_factory=dict)
    legs: list[LegRecord] = field(default_factory=list)
    problems: list[tuple[str, str, int]] = field(default_factory=list)
    """What GitHub would have stopped the run for: message, file, line."""
