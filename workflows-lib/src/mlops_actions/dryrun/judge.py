"""What GitHub would say against the planned files, and act would not.

Whether a file is valid is said by GitHub's own language service
(:mod:`~mlops_actions.dryrun.languageservice`). Here stands what it leaves out:
the types of inputs, ``choice`` values, permissions of called files, filters
that exclude each other, local actions. Each finding names file and line.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from mlops_actions.dryrun import expressions, filters, languageservice, permissions
from mlops_actions.dryrun.event import Event
from mlops_actions.dryrun.expressions import ExpressionError, Unknown
from mlops_actions.dryrun.plan import Plan, PlannedFile, PlannedJob
from mlops_actions.dryrun.repository import leaves
from mlops_actions.dryrun.workflow import Input, Workflow, locate
from mlops_actions.errors import did_you_mean
from mlops_actions.verdict import Check, Severity, Status, Where
from mlops_actions.yamlfile import KeyPath

MAX_CALLED_FILES = 50
"""GitHub's limit of different files that one run calls."""


def judge(
    plan: Plan, repo: Path, library: Path, *, install: bool, say: languageservice.Say = lambda _: None
) -> list[Check]:
    """All that GitHub would say against the planned files, and what could not be judged.

    ``install`` lets the language service be fetched once from npm, where Node
    is at hand; where it is not, one check is ``not-checked``. ``say`` is told
    what is waited for.
    """
    said = languageservice.check(
        repo, _validated(plan, repo), library, install=install, repository=plan.event.repository, say=say
    )
    answered = {check.where.file for check in said if check.rule == "workflow.invalid"}
    checks = list(said)
    for file in plan.files:
        if file.workflow is None and file.path not in answered:
            checks += _unreadable(file)
    checks += own(plan, repo, library)
    return checks


REFUSING = frozenset(
    (
        "workflow.invalid",
        "filters.both",
        "inputs.unknown",
        "inputs.missing",
        "inputs.type",
        "inputs.choice",
        "permissions.not-granted",
        "call.missing",
        "call.version",
        "call.too-deep",
        "call.too-many",
        "uses.version",
        "steps.missing",
    )
)
"""The rules for which GitHub starts no job at all; where another is broken, a job fails."""


def refused(plan: Plan, checks: Iterable[Check]) -> set[str]:
    """The files that the event starts and that GitHub would refuse, for themselves or for a file that they call."""
    bad = {each.where.file for each in checks if each.status is Status.FAIL and each.rule in REFUSING}
    return {
        file.path for file in plan.files if file.starts and bad & {file.path, *(job.workflow.file for job in file.jobs)}
    }


def own(plan: Plan, repo: Path, library: Path) -> list[Check]:
    """What is judged here, without the language service."""
    checks: list[Check] = []
    for file in plan.files:
        if file.workflow is None:
            continue
        checks += _exclusive_filters(file.workflow)
        checks += _missing_steps(file.workflow)
        if not file.starts:
            continue
        checks += _dispatched(plan, file.workflow)
        checks += _found_in_planning(file.jobs)
        checks += _called_inputs(file.jobs)
        checks += _permissions(file.jobs, repo)
        checks += unasked_permissions(file.jobs, library)
        checks += _called_files(file)
        checks += _called_missing_steps(plan, file, repo)
        checks += _inherited_secrets(file.jobs, plan.event)
        checks += _steps(file.jobs, repo, library, plan.event.repository)
    return checks


def _validated(plan: Plan, repo: Path) -> list[str]:
    """The files to ask about: what starts, what it uses here, and on a push all workflows (GitHub then reads all)."""
    paths = [file.path for file in plan.files if file.starts or file.workflow is None or plan.event.name == "push"]
    jobs = [job for file in plan.files for job in file.jobs]
    paths += [job.callee.path for job in jobs if job.callee is not None and job.callee.root == repo]
    for job in jobs:
        for step in job.job.steps if job.workflow.root == repo else ():
            uses = step.get("uses")
            if isinstance(uses, str) and uses.startswith(("./", "$/")):
                folder = PurePosixPath(uses[2:])
                paths += [str(folder / name) for name in _ACTION if (repo / folder / name).is_file()]
    inside = os.path.realpath(repo)
    kept = (each for each in paths if ".." not in PurePosixPath(each).parts and not leaves(repo / each, inside))
    return list(dict.fromkeys(kept))


def _unreadable(file: PlannedFile) -> Iterator[Check]:
    for problem in file.problems:
        where = Where(file=problem.file or file.path, line=problem.line, character=problem.column)
        message = f"{problem.message}. {problem.hint}" if problem.hint else problem.message
        yield Check("workflow.invalid", Status.FAIL, f"the file {message}", where=where)


def _fail(rule: str, message: str, workflow: Workflow, *path: str | int, status: Status = Status.FAIL) -> Check:
    place = workflow.document.where_key(*path)
    severity = Severity.ERROR if status is Status.FAIL else Severity.WARNING
    return Check(rule, status, message, severity, Where(None, None, workflow.file, place.line, place.column))


def _if_it_runs(job: PlannedJob) -> Status | None:
    """The status of something that breaks a job when it starts: it need not start."""
    return {"must": Status.FAIL, "may": Status.WARN, "skipped": None}[job.when]


# --- files ---------------------------------------------------------------------------------------


def _exclusive_filters(workflow: Workflow) -> Iterator[Check]:
    for event, trigger in workflow.triggers.items():
        for key in filters.EXCLUSIVE:
            if key in trigger and f"{key}-ignore" in trigger:
                message = f"`{event}` has both `{key}` and `{key}-ignore`: GitHub takes one (patterns with `!` exclude)"
                yield _fail("filters.both", message, workflow, "on", event, f"{key}-ignore")


def _missing_steps(workflow: Workflow) -> Iterator[Check]:
    """Jobs that say where to run and nothing to do; what else a job may lack, the language service says."""
    for identity, job in workflow.document.data["jobs"].items():
        if "runs-on" in job and "uses" not in job and job.get("steps", []) == []:
            message = f"the job `{identity}` has no `steps`, and calls no workflow with `uses`: GitHub refuses the file"
            yield _fail("steps.missing", message, workflow, "jobs", identity)


def _called_missing_steps(plan: Plan, file: PlannedFile, repo: Path) -> Iterator[Check]:
    """Those of the files that a started file calls, once each."""
    planned = {(repo, each.path) for each in plan.files}
    called = {(job.callee.root, job.callee.path): job.callee for job in file.jobs if job.callee is not None}
    for place, callee in called.items():
        if place not in planned:
            yield from _missing_steps(callee)


def _called_files(file: PlannedFile) -> Iterator[Check]:
    called = {(job.callee.root, job.callee.path) for job in file.jobs if job.callee is not None}
    if len(called) > MAX_CALLED_FILES and file.workflow is not None:
        message = f"the run calls {len(called)} different workflow files, and GitHub takes {MAX_CALLED_FILES}"
        yield _fail("call.too-many", message, file.workflow, "jobs")


_NEEDS_A_START = {"if.fails", "runs-on.invalid"}


def _found_in_planning(jobs: Iterable[PlannedJob]) -> Iterator[Check]:
    for job in jobs:
        for finding in job.findings:
            status: Status | None = Status.FAIL
            if finding.rule == "call.not-followed":
                status = Status.NOT_CHECKED
            elif finding.rule in _NEEDS_A_START or (finding.rule == "matrix.invalid" and _computed(job.job.matrix)):
                status = _if_it_runs(job)
            if status is not None:
                yield _fail(finding.rule, finding.message, job.workflow, *finding.path, status=status)


def _computed(value: Any) -> bool:
    """Whether an expression stands anywhere in a value."""
    if isinstance(value, dict):
        return any(_computed(each) for each in value.values())
    if isinstance(value, list):
        return any(_computed(each) for each in value)
    return isinstance(value, str) and "${{" in value


# --- inputs --------------------------------------------------------------------------------------


def _dispatched(plan: Plan, workflow: Workflow) -> Iterator[Check]:
    """The inputs of a ``workflow_dispatch``, which GitHub's API refuses where they do not fit."""
    if plan.event.name != "workflow_dispatch":
        return
    given: dict[str, str] = {}
    sent = plan.event.payload.get("inputs") if plan.event.complete else None
    values = sent if isinstance(sent, Mapping) else {}
    for name, value in {**values, **plan.inputs}.items():
        given[name] = expressions.text_of(value)
    declared = {name.casefold(): each for name, each in workflow.dispatch_inputs.items()}
    for name, text in given.items():
        if name.casefold() not in declared:
            hint = did_you_mean(name, workflow.dispatch_inputs) or ""
            message = f"`{workflow.path}` has no input {name!r} for workflow_dispatch. {hint}".strip()
            yield _fail("inputs.unknown", message, workflow, "on", "workflow_dispatch")
        elif (wrong := _dispatch_fault(declared[name.casefold()], text)) is not None:
            rule, message = wrong
            yield _fail(rule, message, workflow, "on", "workflow_dispatch", "inputs", declared[name.casefold()].name)
    there = {name.casefold() for name, text in given.items() if text}
    for name, each in declared.items():
        if each.required and each.default is None and name not in there and each.type != "boolean":
            message = f"the input `{each.name}` is required: --input {each.name}=…"
            yield _fail("inputs.missing", message, workflow, "on", "workflow_dispatch", "inputs", each.name)


def _dispatch_fault(declared: Input, text: str) -> tuple[str, str] | None:
    if declared.type == "boolean" and text not in {"true", "false"}:
        return "inputs.type", f"the input `{declared.name}` is a boolean: true or false, not {text!r}"
    if declared.type == "number" and text and expressions.number_of(text) != expressions.number_of(text):
        return "inputs.type", f"the input `{declared.name}` is a number, not {text!r}"
    if declared.type == "choice" and text and text not in declared.options:
        options = ", ".join(f"`{each}`" for each in declared.options)
        return "inputs.choice", f"the input `{declared.name}` is one of {options}, not {text!r}"
    return None


def _called_inputs(jobs: Iterable[PlannedJob]) -> Iterator[Check]:
    """The types of ``with``: GitHub converts nothing to a boolean or a number, and everything plain to a string."""
    for job in jobs:
        if job.callee is None:
            continue
        declared = {name.casefold(): each for name, each in job.callee.call_inputs.items()}
        for name, value in job.job.with_.items():
            # What is computed fails when the job starts; what is written down, when the file is read.
            status = _if_it_runs(job) if _computed(value) else Status.FAIL
            fault = _type_fault(declared.get(name.casefold()), value, job)
            if status is not None and fault is not None:
                yield _fail("inputs.type", fault, job.workflow, "jobs", job.job.id, "with", name, status=status)


def _type_fault(declared: Input | None, value: Any, job: PlannedJob) -> str | None:
    if declared is None:
        return None
    computed = _computed(value)
    try:
        value = expressions.expand(value, job.scope)
    except expressions.EvaluationError as error:
        return f"the input `{declared.name}`: {error}"
    except ExpressionError:
        return None
    kind = value.kind if isinstance(value, Unknown) else expressions.kind_of(value)
    if kind is None or kind == declared.type or (declared.type == "string" and kind != "object"):
        return None
    shown = f"`{value.source}`, a {kind}" if isinstance(value, Unknown) else _shown(value, kind)
    help_ = " (`fromJSON()` makes one of a string)" if kind == "string" and computed else ""
    return f"the input `{declared.name}` is a {declared.type}, and {shown}, is given{help_}"


def _shown(value: Any, kind: str) -> str:
    if value is None:
        return "nothing"
    if kind == "object":
        return "a list or mapping"
    return f"{expressions.text_of(value)!r}, a {kind}"


# --- permissions and secrets ---------------------------------------------------------------------


def _permissions(jobs: tuple[PlannedJob, ...], repo: Path) -> Iterator[Check]:
    by_path = {job.path: job for job in jobs}
    found = []
    for excess in permissions.excesses(jobs):
        chain = [by_path[excess.caller.path[:end]] for end in range(1, len(excess.caller.path) + 1)]
        here = [each for each in chain if each.workflow.root == repo][-1]  # where the user can mend it
        found.append((here, excess))
    has = permissions.granted(jobs)
    for here, excess in found:
        caller = excess.caller
        asks = f"its job `{excess.job.job.id}`" if excess.job else "the file itself"
        message = (
            f"`{caller.job.uses}` cannot start: {asks} asks for `{permissions.words(excess.requested)}`, and the job"
            f" `{caller.job.id}` grants `{permissions.words(excess.allowed)}`"
        )
        if excess.by_default:
            message += (
                " (there is no `permissions` key, so the restricted default is assumed: contents and packages read)"
            )
        asked = [each.requested for there, each in found if there is here]
        message += f". {_mend(here, has[here.path], asked)}"
        yield _fail("permissions.not-granted", message, here.workflow, "jobs", here.job.id, "uses")


def _mend(job: PlannedJob, has: permissions.Permissions | None, asked: Iterable[permissions.Permissions]) -> str:
    """The whole line to write: a job's own key replaces all that it had, so what it had stands in it too."""
    whole = permissions.over(permissions.DEFAULT if has is None else has, *asked)
    return f"Write `permissions: {{{permissions.words(whole)}}}` in the job `{job.job.id}`"


NEEDED = {("edge-release.yml", "publish"): ("contents", "write")}
"""What a job of the library needs and does not ask for: GitHub would refuse every caller who grants less, even one who
switches the job off."""


def unasked_permissions(jobs: tuple[PlannedJob, ...], library: Path) -> Iterator[Check]:
    """A job of the library that must start, and then may not do what it is for.

    Whether one that may start does so is known when it has run: the plan that is made again asks once more.
    """
    has, by_path = permissions.granted(jobs), {job.path: job for job in jobs}
    for job in jobs:
        needed = NEEDED.get((PurePosixPath(job.workflow.path).name, job.job.id))
        if needed is None or job.when != "must" or job.workflow.root != library or len(job.path) < 2:
            continue
        (scope, level), given = needed, has[job.path]
        there = (permissions.DEFAULT if given is None else given).get(scope, "none")
        if permissions.LEVELS.index(there) < permissions.LEVELS.index(level):
            caller = by_path[job.path[:1]]
            message = (
                f"`{job.name}` needs `{scope}: {level}` and gets `{scope}: {there}`, so GitHub will refuse what it"
                f" writes. {_mend(caller, has[caller.path], [{scope: level}])}"
            )
            yield _fail("permissions.needed", message, caller.workflow, "jobs", caller.job.id, "uses")


def _inherited_secrets(jobs: Iterable[PlannedJob], event: Event) -> Iterator[Check]:
    """``secrets: inherit`` reaches files of the same organization or enterprise only."""
    own_owner = event.repository.partition("/")[0].casefold()
    for job in jobs:
        uses = job.job.uses or ""
        owner = uses.partition("/")[0]
        if job.job.secrets != "inherit" or owner in {".", "$", ""} or owner.casefold() == own_owner:
            continue
        if len(job.path) > 1 or own_owner == "local":
            continue  # whose repository this is, is not known
        message = f"`secrets: inherit` hands nothing to `{owner}` unless it is of the same organization or enterprise"
        yield _fail("secrets.inherit", message, job.workflow, "jobs", job.job.id, "secrets", status=Status.WARN)


# --- steps ---------------------------------------------------------------------------------------


def _steps(jobs: Iterable[PlannedJob], repo: Path, library: Path, repository: str) -> Iterator[Check]:
    for job in jobs:
        if job.workflow.root != repo:
            continue  # the library's own files are tested where they are made
        steps = job.workflow.document.data["jobs"][job.job.id].get("steps")
        for index, step in enumerate(steps if isinstance(steps, list) else []):
            uses = step.get("uses") if isinstance(step, dict) else None
            if not isinstance(uses, str):
                continue
            before = [each for each in steps[:index] if isinstance(each, dict)]
            path: KeyPath = ("jobs", job.job.id, "steps", index, "uses")
            for rule, message, status in _uses(uses, before, job, repo, library, repository):
                yield _fail(rule, message, job.workflow, *path, status=status)


def _uses(
    uses: str, before: Sequence[Mapping[str, Any]], job: PlannedJob, repo: Path, library: Path, repository: str
) -> Iterator[tuple[str, str, Status]]:
    """What is wrong with the action that a step uses, as far as its files are at hand."""
    starts = _if_it_runs(job)
    if uses.startswith("$/") and "@" in uses:
        message = f"`{uses}`: an action of the same repository is used without a version (`@…`)"
        yield "uses.version", message, Status.FAIL
    elif uses.startswith("./") and starts is not None:
        if fault := _local_action(uses, before, repo):
            made_here = any("run" in each for each in before)
            yield "uses.missing", fault, Status.WARN if made_here else starts
    elif not uses.startswith(("./", "$/", "docker://")) and starts is not None:
        place = locate(uses, job.workflow.root, library, repository, repo)
        if place is not None and place.root == library != repo and not _is_action(place.root / place.path):
            known = [each.name for each in (library / "actions").glob("*") if _is_action(each)]
            hint = did_you_mean(place.path.rpartition("/")[2], known) or ""
            yield "uses.missing", f"`{uses}`: there is no such action. {hint}".strip(), starts


def _local_action(uses: str, before: Sequence[Mapping[str, Any]], repo: Path) -> str | None:
    """Why ``./action`` is not there when its step starts; None where it is, or where that cannot be told."""
    checkouts = [each for each in before if str(each.get("uses", "")).startswith("actions/checkout@")]
    if not checkouts:
        cloned = any("clone" in str(each.get("run", "")) for each in before)
        return None if cloned else f"`{uses}`: no step before it checks the repository out, so nothing is there"
    elsewhere = any(
        isinstance(given := each.get("with"), dict) and given.keys() & {"repository", "path", "ref"}
        for each in checkouts
    )
    if elsewhere or _is_action(repo / uses[2:]):
        return None
    return f"`{uses}`: there is no action.yml, action.yaml or Dockerfile in that folder"


_ACTION = ("action.yml", "action.yaml")


def _is_action(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (*_ACTION, "Dockerfile"))
