"""Which jobs of a started file must run, may run or are skipped, through the files that they call.

A job is decided twice: once in the hope that all before it succeeds, once in
doubt. What holds in hope ``must`` run; what holds only in doubt ``may``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlops_actions.dryrun import expressions, matrix
from mlops_actions.dryrun.event import Event, github_context
from mlops_actions.dryrun.expressions import EvaluationError, ExpressionError, Open, Scope, Unknown
from mlops_actions.dryrun.planned import Finding, Finished, PlannedJob, Results, When
from mlops_actions.dryrun.workflow import FOLDER, Job, Workflow, load, locate
from mlops_actions.errors import CallError, Problem, did_you_mean

MAX_LEVELS = 10
"""GitHub's limit of files that call each other, the event's own file included."""

MAX_JOBS = 2_000


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a job that others need: its result (None: the run decides) and its outputs."""

    result: str | None
    outputs: Mapping[str, Any]
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """A file where it runs: by itself (``parent`` is empty), or called by the job ``parent`` with ``inputs``.

    None of its jobs runs more surely than its caller (``limit``).
    """

    workflow: Workflow
    parent: tuple[str, ...]
    inputs: Mapping[str, Any]
    limit: When = "must"

    def limited(self, when: When, why: str) -> tuple[When, str]:
        if self.limit == "skipped":
            return "skipped", f"`{self.parent[-1]}`, which calls its file, is skipped"
        if self.limit == "may" and when == "must":
            return "may", f"`{self.parent[-1]}`, which calls its file, may be skipped"
        return when, why


class Planner:
    """Plans one started file, and the files that it calls, into a flat list of jobs."""

    def __init__(self, repo: Path, library: Path, event: Event, workflow: Workflow, finished: Results) -> None:
        self._repo = repo
        self._library = library
        self._event = event
        self._github = github_context(event, workflow.name)
        self._finished = finished
        self._files: dict[tuple[Path, str], Workflow | CallError] = {}
        self._count = 0

    def jobs(self, called: Called) -> list[PlannedJob]:
        """The jobs of a file, callers before what they call."""
        states: dict[str, _State] = {}
        planned: dict[str, list[PlannedJob]] = {}
        for job in _ordered(called.workflow):
            self._count += 1
            if self._count > MAX_JOBS:
                raise CallError(Problem(f"the workflows have more than {MAX_JOBS:,} jobs", called.workflow.file))
            planned[job.id], states[job.id] = self._job(called, job, states)
        return [each for identity in called.workflow.jobs for each in planned[identity]]

    def _job(self, called: Called, job: Job, states: Mapping[str, _State]) -> tuple[list[PlannedJob], _State]:
        """One job, and the jobs of the file that it calls; what the jobs after it may know of it."""
        workflow, path = called.workflow, (*called.parent, job.id)
        findings: list[Finding] = []
        contexts = {"github": self._github, "inputs": called.inputs, "vars": Open(kind="string")}
        when, why = called.limited(*_decide(workflow, job, contexts, states, findings))
        scope = Scope({**contexts, "needs": _needs(job, states)})
        legs = self._legs(job, scope, findings)
        scope = Scope({**scope.contexts, "matrix": matrix.common(legs), "strategy": Open()})
        callee = self._callee(workflow, job, path, findings)
        planned = PlannedJob(
            path=path,
            name=self._name(job, scope),
            when=when,
            why=why,
            needs=tuple((*called.parent, each) for each in job.needs if each in workflow.jobs),
            runs_on=_runs_on(job, legs, scope, findings),
            calls=None if callee is None else (callee.root, callee.path),
            legs=None if legs is None else len(legs),
            continue_on_error=_continue_on_error(job, scope),
            inputs={} if callee is None else called_inputs(callee, job, scope),
            file=workflow.file,
            line=job.place.line,
            workflow=workflow,
            job=job,
            scope=scope,
            callee=callee,
            findings=tuple(findings),
        )
        nested = [] if callee is None else self.jobs(Called(callee, path, planned.inputs, when))
        return [planned, *nested], self._state(planned, nested)

    def _legs(self, job: Job, scope: Scope, findings: list[Finding]) -> list[matrix.Leg] | None:
        path = ("jobs", job.id, "strategy", "matrix")
        try:
            return matrix.legs(job.matrix, scope)
        except (matrix.MatrixError, EvaluationError) as error:
            findings.append(Finding("matrix.invalid", str(error), path))
        except ExpressionError:
            pass  # the language service says what is wrong with the text
        return None

    def _name(self, job: Job, scope: Scope) -> str:
        if job.name is None:
            return job.id
        try:
            value = expressions.expand(job.name, scope)
        except ExpressionError:
            return job.name
        return job.name if isinstance(value, Unknown) else expressions.text_of(value) or job.id

    def _callee(self, workflow: Workflow, job: Job, path: tuple[str, ...], findings: list[Finding]) -> Workflow | None:
        """The file that a job calls, or None with a finding that says why it cannot be followed."""
        if job.uses is None:
            return None
        found = self._followed(workflow, job.uses, len(path))
        if isinstance(found, Workflow):
            return found
        findings.append(Finding(*found, ("jobs", job.id, "uses")))
        return None

    def _followed(self, workflow: Workflow, uses: str, level: int) -> Workflow | tuple[str, str]:
        if uses.startswith(("./", "$/")) and "@" in uses:
            return "call.version", f"`{uses}`: a file of the same repository is called without a version (`@…`)"
        place = locate(uses, workflow.root, self._library, self._event.repository, self._repo)
        if place is None:
            return "call.not-followed", f"`{uses}` is in a repository that is not at hand, so its jobs are not judged"
        if level >= MAX_LEVELS:
            return (
                "call.too-deep",
                f"`{uses}` is level {level + 1} of workflows that call each other; {MAX_LEVELS} is all",
            )
        if not re.fullmatch(r"\.github/workflows/[^/\\]+\.ya?ml", place.path):
            return "call.missing", f"`{uses}`: a called workflow lies in {FOLDER} and ends in .yml or .yaml"
        callee = self._load(place.root, place.path)
        if isinstance(callee, CallError):
            there = [] if (place.root / place.path).exists() else (place.root / FOLDER).glob("*.y*ml")
            near = did_you_mean(Path(place.path).name, (each.name for each in there))
            reason = "; ".join(str(each) for each in callee.problems)
            return "call.missing", f"`{uses}` cannot be called: {reason}" + (f". {near}" if near else "")
        if "workflow_call" not in callee.triggers:
            return "call.missing", f"`{uses}` cannot be called: its `on` does not name `workflow_call`"
        return callee

    def _load(self, root: Path, path: str) -> Workflow | CallError:
        if (root, path) not in self._files:
            name = path if root == self._repo else str(root / path)
            try:
                self._files[root, path] = load(root, path, name)
            except CallError as error:
                self._files[root, path] = error
        return self._files[root, path]

    def _state(self, job: PlannedJob, nested: Sequence[PlannedJob]) -> _State:
        """What the jobs after it may know of a job."""
        finished = self._finished.get(job.path) or self._called(job, nested)
        if finished is None:
            result = {"must": "success", "skipped": "skipped", "may": None}[job.when]
            known = job.when == "skipped"
            return _State(result, {} if known else Open(kind="string"), known and bool(self._finished))
        forgiven = finished.result == "failure" and job.continue_on_error
        return _State("success" if forgiven else finished.result, finished.outputs, True)

    def _called(self, job: PlannedJob, nested: Sequence[PlannedJob]) -> Finished | None:
        """The result of a job that calls a file, from the results of the jobs in it."""
        direct = {each.path[-1]: each for each in nested if len(each.path) == len(job.path) + 1}
        states = {identity: self._state(each, _below(each, nested)) for identity, each in direct.items()}
        if job.callee is None or not states or not all(state.certain for state in states.values()):
            return None
        results = {state.result for state in states.values()}
        worst = next((each for each in ("failure", "cancelled", "success") if each in results), "skipped")
        jobs = {identity: {"outputs": state.outputs, "result": state.result} for identity, state in states.items()}
        scope = Scope({"jobs": jobs, "inputs": job.inputs, "github": self._github, "vars": Open(kind="string")})
        outputs = {}
        for name, value in job.callee.call_outputs.items():
            try:
                outputs[name] = expressions.expand(value, scope)
            except ExpressionError:
                outputs[name] = Unknown(f"needs.{job.path[-1]}.outputs.{name}", "string")
        return Finished(worst, outputs)


def _below(job: PlannedJob, nested: Sequence[PlannedJob]) -> list[PlannedJob]:
    return [each for each in nested if each.path[: len(job.path)] == job.path and each.path != job.path]


def _ordered(workflow: Workflow) -> Iterator[Job]:
    """Jobs after those they need; in a circle of needs, as written."""
    done: set[str] = set()
    waiting = list(workflow.jobs.values())
    while waiting:
        ready = [job for job in waiting if all(each in done or each not in workflow.jobs for each in job.needs)]
        for job in ready or waiting:
            done.add(job.id)
            yield job
        waiting = [job for job in waiting if job.id not in done]


def _ancestors(workflow: Workflow, job: Job) -> set[str]:
    found: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        identity = waiting.pop()
        if identity in workflow.jobs and identity not in found:
            found.add(identity)
            waiting += workflow.jobs[identity].needs
    return found


def _decide(
    workflow: Workflow,
    job: Job,
    contexts: Mapping[str, Any],
    states: Mapping[str, _State],
    findings: list[Finding],
) -> tuple[When, str]:
    """Whether a job runs, by its ``if`` and the jobs that it needs, and why."""
    ancestors = _ancestors(workflow, job)
    if job.id in ancestors or any(each not in states for each in ancestors):
        return "skipped", "its `needs` go in a circle"
    before = {each: states[each] for each in sorted(ancestors)}
    text = str(expressions.text_of(job.condition)) if job.condition is not None else ""
    try:
        hoped = _condition(job, contexts, before, states)
        feared = _condition(job, contexts, {name: _doubted(each) for name, each in before.items()}, states)
    except EvaluationError as error:
        findings.append(Finding("if.fails", str(error), ("jobs", job.id, "if")))
        return "may", f"its `if` fails: {error}"
    except ExpressionError as error:
        return "may", f"its `if` cannot be read: {error}"
    skipped = next((name for name in job.needs if name in states and states[name].result == "skipped"), None)
    truth = expressions.truthy(hoped)
    if truth is None:
        source = hoped.source if isinstance(hoped, Unknown) else ""
        return (
            "may",
            f"`{source}` is known only in the run" if "(" not in source else f"{source} is known only in the run",
        )
    if truth:
        return "must", f"`if: {text}` is true" if text else _after(job)
    if expressions.truthy(feared) is not False:
        return "may", f"`if: {text}` is false unless a job before it fails"
    if skipped and expressions.truthy(_success(before)) is False:
        return "skipped", f"it needs `{skipped}`, which is skipped"
    failed = next((name for name, each in before.items() if each.result in {"failure", "cancelled"}), None)
    if failed and (not text or "success" not in text):
        return "skipped", f"`{failed}`, before it, did not succeed"
    return "skipped", f"`if: {text}` is false"


def _after(job: Job) -> str:
    names = ", ".join(f"`{each}`" for each in job.needs)
    return f"it runs after {names}" if names else "it has no condition"


def _condition(
    job: Job, contexts: Mapping[str, Any], before: Mapping[str, _State], states: Mapping[str, _State]
) -> Any:
    known = {**states, **before}
    status = {
        "always": True,
        "cancelled": False,
        "success": _success(before),
        "failure": _failure(before),
    }
    return expressions.condition(job.condition, Scope({**contexts, "needs": _needs(job, known)}, status))


def _doubted(state: _State) -> _State:
    """A result that is only hoped for (a job that must run may fail) is not known."""
    return state if state.certain or state.result == "skipped" else replace(state, result=None)


def _success(before: Mapping[str, _State]) -> Any:
    """``success()``: all jobs before it succeeded, a skipped one did not."""
    if any(each.result not in {"success", None} for each in before.values()):
        return False
    doubted = next((name for name, each in before.items() if each.result is None), None)
    return True if doubted is None else Unknown(f"needs.{doubted}.result", "boolean")


def _failure(before: Mapping[str, _State]) -> Any:
    if any(each.result == "failure" for each in before.values()):
        return True
    doubted = next((name for name, each in before.items() if each.result is None), None)
    return False if doubted is None else Unknown(f"needs.{doubted}.result", "boolean")


def _needs(job: Job, states: Mapping[str, _State]) -> dict[str, Any]:
    """The ``needs`` context."""
    return {
        name: {
            "result": Unknown(f"needs.{name}.result", "string") if state.result is None else state.result,
            "outputs": state.outputs,
        }
        for name in job.needs
        if (state := states.get(name)) is not None
    }


def called_inputs(callee: Workflow, job: Job, scope: Scope) -> dict[str, Any]:
    """The ``inputs`` context of a called file: what ``with`` says, else the default, else the type's empty value."""
    given = {name.casefold(): value for name, value in job.with_.items()}
    values: dict[str, Any] = {}
    for name, declared in callee.call_inputs.items():
        value = given.get(name.casefold(), declared.default)
        if value is None and name.casefold() not in given:
            value = {"boolean": False, "number": 0}.get(declared.type, "")
        try:
            values[name] = expressions.expand(value, scope)
        except ExpressionError:
            values[name] = Unknown(f"inputs.{name}", declared.type)
        if declared.type == "string" and not isinstance(values[name], Unknown | dict | list):
            values[name] = expressions.text_of(values[name])
    return values


def _runs_on(job: Job, legs: list[matrix.Leg] | None, scope: Scope, findings: list[Finding]) -> tuple[str, ...] | None:
    """All labels over all legs; none for a job that calls a file; None where the run decides."""
    if job.runs_on is None:
        return ()
    labels: dict[str, None] = {}
    for leg in legs or [scope.contexts["matrix"]]:
        try:
            value = expressions.expand(job.runs_on, Scope({**scope.contexts, "matrix": leg}))
        except EvaluationError as error:
            findings.append(Finding("runs-on.invalid", str(error), ("jobs", job.id, "runs-on")))
            return None
        except ExpressionError:
            return None
        value = value.get("labels", []) if isinstance(value, dict) else value
        if not expressions.is_known(value):
            return None
        labels |= dict.fromkeys(expressions.text_of(each) for each in (value if isinstance(value, list) else [value]))
    return tuple(labels)


def _continue_on_error(job: Job, scope: Scope) -> bool | None:
    try:
        value = expressions.expand(job.continue_on_error, scope)
    except ExpressionError:
        return None
    return expressions.truthy(value)
