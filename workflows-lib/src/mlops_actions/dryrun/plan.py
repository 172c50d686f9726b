"""What an event starts on GitHub, and what not, and why.

Nothing has run when a plan is made, so a job is one of three: it ``must`` run
(when all that it needs succeeds), it ``may`` (a value of the run decides), or
it is ``skipped``. After a run, :func:`again` makes the plan once more with the
results that are known then: what must have run and did not was dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mlops_actions.dryrun import expressions, filters, matrix
from mlops_actions.dryrun.event import Event, github_context, skip_reason
from mlops_actions.dryrun.expressions import EvaluationError, ExpressionError, Open, Scope, Unknown
from mlops_actions.dryrun.workflow import FOLDER, Input, Job, Workflow, load, locate
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.yamlfile import KeyPath

When = Literal["must", "may", "skipped"]

MAX_LEVELS = 10
"""GitHub's limit of files that call each other, the event's own file included."""

MAX_JOBS = 2_000


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


Results = Mapping[tuple[str, ...], Finished]


def make(
    repo: Path,
    library: Path,
    event: Event,
    files: Sequence[str] | None = None,
    job: str | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Plan:
    """The plan. ``files`` None: all of ``.github/workflows``; ``job`` keeps that job and what it needs.

    Raises CallError for an event that starts nothing (why, for each file), a
    file or a job that is not there, inputs that the event has none of, a
    ``workflow_dispatch`` that names no file where several could be meant.
    """
    inputs = dict(inputs or {})
    if inputs and event.name != "workflow_dispatch":
        raise CallError(
            Problem(f"`{event.name}` takes no inputs", hint="Inputs belong to the event workflow_dispatch.")
        )
    planned = [_file(repo, path, event) for path in _paths(repo, files)]
    if not any(each.starts or each.workflow is None for each in planned):
        raise _starts_nothing(event, planned)
    if event.name == "workflow_dispatch" and sum(each.starts for each in planned) > 1:
        names = ", ".join(each.path for each in planned if each.starts)
        raise CallError(Problem(f"workflow_dispatch starts one file, and {names} take it", hint="Name the file."))
    event = _with_inputs(event, planned, inputs)
    planned = [_with_jobs(each, repo, library, event, {}) for each in planned]
    return Plan(event, inputs, tuple(planned if job is None else _only(planned, job)))


def again(plan: Plan, repo: Path, library: Path, finished: Mapping[str, Results]) -> Plan:
    """The plan in the light of what ran: ``finished`` is file -> job path -> result.

    A job whose needs have all finished is then ``must`` or ``skipped`` for
    certain (``may`` only where its condition reads what a dry run has not), so
    whoever compares the plan with the run does it with this one: a ``must`` job
    that is not in ``finished``, or finished as skipped, was dropped by act.
    """
    files = []
    for each in plan.files:
        kept = {job.path for job in each.jobs}
        now = _with_jobs(each, repo, library, plan.event, finished.get(each.path, {}))
        files.append(replace(now, jobs=tuple(job for job in now.jobs if job.path in kept)))
    return replace(plan, files=tuple(files))


# --- files ---------------------------------------------------------------------------------------


def _paths(repo: Path, files: Sequence[str] | None) -> list[str]:
    folder = repo / FOLDER
    there = sorted(f"{FOLDER}/{each.name}" for each in _listing(folder) if each.suffix in {".yml", ".yaml"})
    if not files:
        if not there:
            raise CallError(
                Problem("there are no workflow files", FOLDER, hint="Run this in the root of the repository.")
            )
        return there
    return list(dict.fromkeys(_named(repo, each, there) for each in files))


def _listing(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each.is_file()]
    except OSError:
        return []


def _named(repo: Path, file: str, there: list[str]) -> str:
    path = Path(file)
    relative = path
    if path.is_absolute() and path.is_relative_to(repo.resolve()):
        relative = path.relative_to(repo.resolve())
    for candidate in (relative.as_posix(), f"{FOLDER}/{relative.as_posix()}"):
        if candidate in there:
            return candidate
    if (repo / relative).is_file():
        raise CallError(Problem(f"is not in {FOLDER}, the only folder that GitHub reads", file))
    hint = did_you_mean(path.name, [each.rpartition("/")[2] for each in there])
    raise CallError(Problem("no such workflow file", file, hint=hint or f"There is: {', '.join(there) or 'none'}."))


def _file(repo: Path, path: str, event: Event) -> PlannedFile:
    try:
        workflow = load(repo, path)
    except CallError as error:
        return PlannedFile(path, path, False, "GitHub refuses the file", (), None, error.problems)
    why = _not_started(workflow, event)
    return PlannedFile(path, workflow.name, why is None, why or _started(event), (), workflow)


def _started(event: Event) -> str:
    action = event.payload.get("action")
    return f"`{event.name}`{f' ({action})' if isinstance(action, str) else ''} of {event.ref}"


def _not_started(workflow: Workflow, event: Event) -> str | None:
    """Why an event does not start a file, None where it does."""
    if event.name not in workflow.triggers:
        return f"`on` names {_list(workflow.triggers)}, not `{event.name}`"
    trigger = workflow.triggers[event.name]
    cron = event.payload.get("schedule")
    if event.name == "schedule" and isinstance(cron, str) and cron not in trigger.get("crons", ()):
        return f"its schedules are {_list(trigger.get('crons', ()))}, not {cron!r}"
    return skip_reason(event) or filters.refusal(event, trigger)


def _list(names: Any) -> str:
    return ", ".join(f"`{each}`" for each in names) or "nothing"


def _starts_nothing(event: Event, planned: Sequence[PlannedFile]) -> CallError:
    problems = [Problem(f"`{event.name}` of {event.ref} starts no workflow")]
    for each in planned:
        workflow = each.workflow
        if workflow is not None:
            place = workflow.document.where_key("on", event.name)
            problems.append(Problem(each.why, each.path, place.line, place.column))
    return CallError(*problems)


def _only(planned: Sequence[PlannedFile], job: str) -> list[PlannedFile]:
    """The files that have a job, with that job, what it needs, and what these call."""
    found = []
    for each in planned:
        needed: set[str] = set()
        waiting = [job]
        direct = {one.path[0]: one for one in each.jobs if len(one.path) == 1}
        while waiting:
            identity = waiting.pop()
            if identity in direct and identity not in needed:
                needed.add(identity)
                waiting += direct[identity].job.needs
        jobs = tuple(one for one in each.jobs if one.path[0] in needed)
        if jobs or each.workflow is None:
            found.append(replace(each, jobs=jobs))
    if not any(each.jobs for each in found):
        known = [one.path[0] for each in planned for one in each.jobs if len(one.path) == 1]
        hint = did_you_mean(job, known) or f"There is: {', '.join(dict.fromkeys(known)) or 'none'}."
        raise CallError(Problem(f"no workflow that the event starts has a job {job!r}", hint=hint))
    return found


# --- inputs --------------------------------------------------------------------------------------


def _with_inputs(event: Event, planned: Sequence[PlannedFile], inputs: Mapping[str, str]) -> Event:
    """The event of a dispatch with ``github.event.inputs``: what was given, else the defaults, all strings."""
    started = [each.workflow for each in planned if each.starts and each.workflow is not None]
    if event.name != "workflow_dispatch" or not started:
        return event
    given = event.payload.get("inputs")
    values = {name: _dispatch_default(each) for name, each in started[0].dispatch_inputs.items()}
    for source in (given if isinstance(given, dict) else {}, inputs):
        for name, value in source.items():
            known = next((each for each in values if each.casefold() == name.casefold()), name)
            values[known] = expressions.text_of(value)
    payload = {**event.payload, "inputs": values, "workflow": started[0].path, "ref": event.ref}
    return replace(event, payload=payload)


def _dispatch_default(declared: Input) -> str:
    if declared.default is not None:
        return expressions.text_of(declared.default)
    if declared.type == "choice" and declared.options:
        return declared.options[0]
    return "false" if declared.type == "boolean" else ""


def _dispatch_context(workflow: Workflow, event: Event) -> dict[str, Any]:
    """The ``inputs`` context of a dispatched file: booleans and numbers as such."""
    inputs = event.payload.get("inputs")
    if event.name != "workflow_dispatch" or not isinstance(inputs, dict):
        return {}
    context = {}
    for name, text in inputs.items():
        declared = workflow.dispatch_inputs.get(name)
        if declared is not None and declared.type == "boolean":
            context[name] = text == "true"
        elif declared is not None and declared.type == "number" and text:
            context[name] = expressions.number_of(text)
        else:
            context[name] = text
    return context


# --- jobs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a job that others need: its result (None: the run decides) and its outputs."""

    result: str | None
    outputs: Mapping[str, Any]
    certain: bool = False


def _with_jobs(file: PlannedFile, repo: Path, library: Path, event: Event, finished: Results) -> PlannedFile:
    if not file.starts or file.workflow is None:
        return file
    planner = _Planner(repo, library, event, file.workflow, finished)
    inputs = _dispatch_context(file.workflow, event)
    return replace(file, jobs=tuple(planner.jobs(file.workflow, (), inputs, "must")))


class _Planner:
    """Plans one started file, and the files that it calls, into a flat list of jobs."""

    def __init__(self, repo: Path, library: Path, event: Event, workflow: Workflow, finished: Results) -> None:
        self._repo = repo
        self._library = library
        self._event = event
        self._github = github_context(event, workflow.name)
        self._finished = finished
        self._files: dict[tuple[Path, str], Workflow | CallError] = {}
        self._count = 0

    def jobs(
        self, workflow: Workflow, parent: tuple[str, ...], inputs: Mapping[str, Any], limit: When
    ) -> list[PlannedJob]:
        """The jobs of a file, callers before what they call; no job runs more surely than its caller (``limit``)."""
        states: dict[str, _State] = {}
        planned: dict[str, list[PlannedJob]] = {}
        for job in _ordered(workflow):
            self._count += 1
            if self._count > MAX_JOBS:
                raise CallError(Problem(f"the workflows have more than {MAX_JOBS:,} jobs", workflow.file))
            planned[job.id], states[job.id] = self._job(workflow, job, parent, inputs, limit, states)
        return [each for identity in workflow.jobs for each in planned[identity]]

    def _job(
        self,
        workflow: Workflow,
        job: Job,
        parent: tuple[str, ...],
        inputs: Mapping[str, Any],
        limit: When,
        states: Mapping[str, _State],
    ) -> tuple[list[PlannedJob], _State]:
        path = (*parent, job.id)
        findings: list[Finding] = []
        contexts = {"github": self._github, "inputs": inputs, "vars": Open(kind="string")}
        when, why = _decide(workflow, job, contexts, states, findings)
        if limit == "skipped":
            when, why = "skipped", f"`{parent[-1]}`, which calls its file, is skipped"
        elif limit == "may" and when == "must":
            when, why = "may", f"`{parent[-1]}`, which calls its file, may be skipped"
        scope = Scope({**contexts, "needs": _needs(job, states)})
        legs = self._legs(job, scope, findings)
        scope = Scope({**scope.contexts, "matrix": matrix.common(legs), "strategy": Open()})
        callee = self._callee(workflow, job, path, findings)
        planned = PlannedJob(
            path=path,
            name=self._name(job, scope),
            when=when,
            why=why,
            needs=tuple((*parent, each) for each in job.needs if each in workflow.jobs),
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
        nested = [] if callee is None else self.jobs(callee, path, planned.inputs, when)
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
            return "call.missing", f"`{uses}` cannot be called: {'; '.join(str(each) for each in callee.problems)}"
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
    return f"it runs after {_list(job.needs)}" if job.needs else "it has no condition"


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
