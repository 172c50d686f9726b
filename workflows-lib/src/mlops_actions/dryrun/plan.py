"""What an event starts on GitHub, and what not, and why.

Nothing has run when a plan is made, so a job is one of three: it ``must`` run
(when all that it needs succeeds), it ``may`` (a value of the run decides), or
it is ``skipped``. After a run, :func:`again` makes the plan once more with the
results that are known then: what must have run and did not was dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from mlops_actions.dryrun import expressions, filters, repository
from mlops_actions.dryrun.event import Event, skip_reason
from mlops_actions.dryrun.jobs import Called, Planner, called_inputs
from mlops_actions.dryrun.planned import Finding, Finished, Plan, PlannedFile, PlannedJob, Results, When
from mlops_actions.dryrun.workflow import FOLDER, Input, Workflow, load
from mlops_actions.errors import CallError, Problem, did_you_mean

__all__ = [
    "Finding",
    "Finished",
    "Plan",
    "PlannedFile",
    "PlannedJob",
    "Results",
    "When",
    "again",
    "called_inputs",
    "make",
]


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
    there = sorted(each for each in _listing(repo) if PurePosixPath(each).suffix in {".yml", ".yaml"})
    if not files:
        if not there:
            raise CallError(
                Problem("there are no workflow files", FOLDER, hint="Run this in the root of the repository.")
            )
        return there
    return list(dict.fromkeys(_named(repo, each, there) for each in files))


def _listing(repo: Path) -> list[str]:
    """The files of the folder that GitHub sees: in a repository, those that git lists, so that none is ignored."""
    folder = repo / FOLDER
    try:
        names = [f"{FOLDER}/{each.name}" for each in folder.iterdir() if each.is_file()]
    except OSError:
        return []
    if not (repo / ".git").exists():
        return names
    return [each for each in repository.listed(repo, FOLDER) if each in names]


def _named(repo: Path, file: str, there: list[str]) -> str:
    path = Path(file)
    relative = path
    if path.is_absolute() and path.is_relative_to(repo.resolve()):
        relative = path.relative_to(repo.resolve())
    for candidate in (relative.as_posix(), f"{FOLDER}/{relative.as_posix()}"):
        if candidate in there:
            return candidate
    if any((repo / each).is_file() for each in (FOLDER / relative, relative) if each.parent == Path(FOLDER)):
        raise CallError(Problem("is ignored by Git, so GitHub would never see it", file))
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


def _with_jobs(file: PlannedFile, repo: Path, library: Path, event: Event, finished: Results) -> PlannedFile:
    if not file.starts or file.workflow is None:
        return file
    planner = Planner(repo, library, event, file.workflow, finished)
    inputs = _dispatch_context(file.workflow, event)
    return replace(file, jobs=tuple(planner.jobs(Called(file.workflow, (), inputs))))
