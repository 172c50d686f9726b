"""Runs the training command: an interpreter, an environment, the project's install step, then the command.

All of it in the consumer's own environment and folder; each step is a check,
and the first that fails is the last.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.errors import CallError, Problem
from mlops_actions.outcome import Log
from mlops_actions.project import environment, install, interpreters, layout, reason, requires, shell
from mlops_actions.project.layout import Layout
from mlops_actions.verdict import Check, Status, Where
from mlops_actions.visible import clip, visible

TAIL_LINES = 60
TAIL_BYTES = 64 * 1024
NEWEST = "3.14"
"""Asked of uv where the machine has no Python that the project allows, and the project names none."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run: the shell text of ``command`` in ``folder``; ``limit`` in seconds for each step.

    ``index_url`` is the package index that both steps use, a secret. ``told`` are
    variables of the command beside the environment's.
    """

    command: str
    folder: Path
    install_command: str | None = None
    python_version: str | None = None
    limit: float | None = None
    index_url: str | None = field(default=None, repr=False)
    command_at: Where = field(default_factory=Where)
    install_at: Where = field(default_factory=Where)
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Ran:
    """How it went: a check a step, the ends of the logs, the Python that was used, and its environment."""

    checks: list[Check] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    python: str = ""
    seconds: float = 0.0
    made: environment.Environment | None = None

    @property
    def ok(self) -> bool:
        return all(check.status is Status.PASS for check in self.checks)


def run(job: Job, home: Path, logs: Path) -> Ran:
    """Run ``job`` in an environment made in ``home``; whole logs go to ``logs/install.log`` and ``logs/train.log``.

    Raises CallError where the project's files cannot be read, or it allows no
    Python.
    """
    ran = Ran()
    project = layout.read(job.folder)
    wanted = job.python_version or _allowed(project)
    try:
        made = environment.create(home, _interpreter(wanted), index_url=job.index_url)
    except environment.CannotCreate as error:
        message = f"no environment with Python {wanted} could be made: {error}"
        ran.checks.append(Check("training.python", Status.FAIL, message))
        return ran
    ran.made = made
    found = interpreters.ask(made.python)
    ran.python = found.version if found else wanted
    step = install.choose(project, job.install_command)
    if step is None:
        message = f"nothing says how to install the project (looked for {install.LOOKED_FOR})"
        ran.checks.append(Check("training.install", Status.PASS, f"{message}: nothing was installed"))
    else:
        _step(ran, made, job, _Step("install", step.command, step.reason, job.install_at), logs)
    if ran.ok:
        _step(ran, made, job, _Step("train", job.command, "", job.command_at), logs)
    return ran


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    command: str
    reason: str
    where: Where

    @property
    def rule(self) -> str:
        return "training.command" if self.name == "train" else "training.install"


def _step(ran: Ran, made: environment.Environment, job: Job, step: _Step, logs: Path) -> None:
    log = logs / f"{step.name}.log"
    variables = {**made.variables, **job.told}
    result = shell.run(step.command, job.folder, variables, log, sys.stderr, limit=job.limit, hidden=made.hidden)
    tail = _tail(log)
    what = f"`{clip(visible(step.command), 200)}`"
    if step.name == "train":
        ran.seconds = result.seconds
    if result.ok:
        message = f"{what} ran for {result.seconds:.1f} s" + (f" ({step.reason})" if step.reason else "")
        ran.checks.append(Check(step.rule, Status.PASS, message, where=step.where))
    else:
        how = (
            f"ended with exit status {result.code}" if result.code is not None else f"took longer than {job.limit:g} s"
        )
        why = reason.last_line(tail) if step.name == "train" else reason.of_install(tail)
        label = "Its last line" if step.name == "train" else "It says"
        message = f"{what} {how}" + (f". {label}: {clip(visible(why), 300)}" if why else " and printed nothing")
        ran.checks.append(
            Check(step.rule, Status.FAIL, message, where=step.where, measured=result.code, threshold={"mustBe": 0})
        )
    if tail:
        ran.logs.append(Log(f"{step.name}.log", tail))


def again(ran: Ran, job: Job, command: str, told: Mapping[str, str], log: Path) -> str | None:
    """Run another command where the training ran, with the variables ``told``; why it failed, None where it did not."""
    if ran.made is None:
        return "there is no environment to run it in"
    variables = {**ran.made.variables, **job.told, **told}
    result = shell.run(command, job.folder, variables, log, sys.stderr, limit=job.limit, hidden=ran.made.hidden)
    if result.ok:
        return None
    tail = _tail(log)
    ran.logs.append(Log(log.name, tail))
    how = f"ended with exit status {result.code}" if result.code is not None else f"took longer than {job.limit:g} s"
    said = clip(visible(reason.last_line(tail)), 300)
    return f"`{clip(visible(command), 200)}` {how}" + (f". Its last line: {said}" if said else " and printed nothing")


def _tail(log: Path) -> str:
    """The last lines of a log."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        text = file.read().decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-TAIL_LINES:])


def _interpreter(version: str) -> Path | str:
    """The interpreter of that version that is here, else the version, for uv to fetch. Raises CallError for none."""
    if not interpreters.VERSION.fullmatch(version):
        hint = 'Write one such as "3.13" (in YAML in quotes), "3.13.1" or "3.14t".'
        raise CallError(Problem(f"`python-version`: {version!r} is not a CPython version", hint=hint))
    return interpreters.find(version) or version


def _allowed(project: Layout) -> str:
    """The newest Python here that the project allows; where none is here, the newest that it allows.

    Raises CallError where what it says is no specifier, or allows nothing.
    """
    said = requires.of(project) or requires.Requires("")
    allowed = said.ranges()
    for version, path in reversed(interpreters.find_all().items()):
        found = interpreters.ask(path) if not version.endswith("t") else None
        if found and allowed.contains(found.version):
            return found.version
    for version in _lines():
        if allowed.contains(f"{version}.99"):
            return version
    raise CallError(Problem(f"{said.named}, which allows no Python that could be used", said.file))


def _lines() -> Iterator[str]:
    """Lines of CPython that uv can fetch, the newest first."""
    newest = int(NEWEST.partition(".")[2])
    yield from (f"3.{minor}" for minor in range(newest, 7, -1))
