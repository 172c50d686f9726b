"""``mlops ci plan``: the matrix of versions, and the commands that each leg will run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from mlops_actions import files, jsonfile, verdict
from mlops_actions.ci import steps, versions
from mlops_actions.ci.steps import Commands, Steps
from mlops_actions.ci.versions import Choice
from mlops_actions.outcome import Outcome, Section, Table
from mlops_actions.project import interpreters, layout
from mlops_actions.verdict import Check, Severity, Status, Verdict, Where

STAGE = "python-ci"
FILE = "plan.json"


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is asked: the project's folder, what the caller gave, and whether this is a dry run.

    In a dry run a matrix that nobody gave holds only the versions that are on
    this machine. ``today`` decides which versions are supported.
    """

    folder: Path = Path()
    python_versions: tuple[str, ...] = ()
    commands: Commands = field(default_factory=Commands)
    fail_fast: bool = False
    dry_run: bool = False
    today: date = field(default_factory=date.today)


def plan(request: PlanRequest, out: Path) -> Outcome:
    """Choose versions and commands, and write ``plan.json``.

    Outputs: ``matrix`` (for ``strategy.matrix``) and ``fail-fast``. Raises
    CallError where no version is left, or there is nothing to lint or test.
    """
    started = verdict.now()
    project = layout.read(request.folder)
    here = _finder() if request.dry_run else None
    choice = versions.choose(request.python_versions, versions.claim(project), request.today, here)
    chosen = steps.choose(project, request.commands)
    write(choice, chosen, out)
    checks = (
        Check("plan.versions", Status.PASS, f"Python {versions.listed(choice.versions)}: {choice.reason}"),
        *(check for name, step in chosen.named().items() if (check := unplanned(name)) and step is None),
    )
    return Outcome(
        Verdict(
            STAGE,
            verdict.conclude(checks),
            checks,
            started,
            verdict.now(),
            parameters={"python-versions": list(choice.versions), "fail-fast": request.fail_fast},
        ),
        headline=f"Python {versions.listed(choice.versions)}: {choice.reason}",
        sections=(Section("What each version runs", (_table(chosen),)),),
        outputs={
            "matrix": json.dumps({"python": list(choice.versions)}),
            "fail-fast": "true" if request.fail_fast else "false",
        },
    )


def unplanned(name: str) -> Check:
    """The check for a step that nothing in the project asks for. A project need not be installed."""
    severity = Severity.INFO if name == "install" else Severity.WARNING
    message = f"nothing says how to {name}; looked for {steps.LOOKED_FOR[name]}"
    return Check(f"{name}.command", Status.NOT_CHECKED, message, severity, Where(object=name))


def write(choice: Choice, chosen: Steps, out: Path) -> None:
    """Write ``plan.json``: the versions, and for each step its command and the reason."""
    data = {
        "versions": list(choice.versions),
        "reason": choice.reason,
        "steps": {
            name: {"command": step.command, "reason": step.reason} if step else None
            for name, step in chosen.named().items()
        },
    }
    files.write_atomic(out / FILE, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> tuple[str, ...]:
    """The versions in a ``plan.json``. Raises ValueError where it holds none, OSError where it can't be read."""
    data = jsonfile.read(path)
    found = data.get("versions") if isinstance(data, dict) else None
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise ValueError("names no versions")
    return tuple(found)


def _finder() -> Callable[[str], bool]:
    """Is a version on this machine? It is searched once, when the first is asked for."""
    lines = cache(interpreters.find_all)
    return lambda version: version in lines() or (version.count(".") > 1 and interpreters.find(version) is not None)


def _table(chosen: Steps) -> Table:
    rows = tuple(
        (name, step.command if step else None, step.reason if step else "nothing asks for it")
        for name, step in chosen.named().items()
    )
    return Table(("Step", "Command", "Why"), rows)
