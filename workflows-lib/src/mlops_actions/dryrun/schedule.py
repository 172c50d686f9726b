"""Runs a workflow's jobs as GitHub does: needs, conditions, matrices, calls, results and outputs.

act's own order of jobs is not used: there, jobs after a failed call don't run,
``fail-fast``, ``continue-on-error`` and ``timeout-minutes`` of a job mean
nothing, and outputs of nested calls are empty. Here each job starts as soon as
what it needs has ended, each leg is one run of act, and GitHub's rules stand
in this module where they can be read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

from mlops_actions.dryrun import bake, matrix
from mlops_actions.dryrun.event import Event, identities
from mlops_actions.dryrun.expressions import ExpressionError, Scope, condition, expand, text_of, truthy
from mlops_actions.dryrun.plan import called_inputs
from mlops_actions.dryrun.records import FileRecord, JobRecord, LegRecord
from mlops_actions.dryrun.workflow import Job, Workflow

DEFAULT_TIMEOUT = 360.0
"""GitHub's minutes for a job that says nothing."""


ANOTHER_FAILED = "another leg of the matrix failed, and `fail-fast` is not off"


@dataclass(frozen=True, slots=True)
class Frame:
    """A workflow that runs: the file, what it was called with, and the repository that ``$/`` and ``./`` mean in it.

    ``shown`` is the file as messages name it; ``path`` the jobs that called it.
    """

    workflow: Workflow
    shown: str
    path: tuple[str, ...]
    names: tuple[str, ...]
    inputs: Mapping[str, Any]
    secrets: Mapping[str, str]
    repository: str
    ref: str
    sha: str


@dataclass(slots=True)
class Leg:
    """One run of a job: everything that :class:`Runner` needs to carry it out.

    ``stopped`` says that it is to be cancelled, whether it runs or is yet to start.
    """

    frame: Frame
    job: Job
    raw: Mapping[str, Any]
    values: Mapping[str, Any]
    record: LegRecord
    timeout: float
    stopped: bool = False


class Runner(Protocol):
    """Carries out legs: ``run`` fills ``leg.record``; ``stop`` ends a leg that runs, as cancelled."""

    def run(self, leg: Leg) -> None: ...

    def stop(self, leg: Leg) -> None: ...


class Resolver(Protocol):
    """Finds a called workflow: its frame without inputs and secrets, or an error in words."""

    def __call__(self, uses: str, frame: Frame) -> Frame | str: ...


@dataclass(slots=True)
class Run:
    """The run of one workflow file."""

    event: Event
    record: FileRecord
    runner: Runner
    resolve: Resolver
    slots: threading.Semaphore
    job: str | None
    on_leg: Callable[[LegRecord], None]
    cancelled: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def whole(self, frame: Frame) -> JobRecord:
        """Run the file; its result over all jobs, and its ``workflow_call`` outputs where it has any."""
        wanted = (
            _with_needs(frame.workflow.jobs, self.job) if self.job and not frame.path else list(frame.workflow.jobs)
        )
        results = self._jobs(frame, wanted)
        outputs = self._call_outputs(frame, results)
        return JobRecord(_over_all(each.result for each in results.values()), outputs)

    def _jobs(self, frame: Frame, wanted: Sequence[str]) -> dict[str, JobRecord]:
        """All jobs, each as soon as it may. One thread a job: they mostly wait."""
        if not wanted:
            return {}
        futures: dict[str, Future[JobRecord]] = {}
        ready = threading.Event()

        def one(name: str) -> JobRecord:
            ready.wait()
            needs = frame.workflow.jobs[name].needs
            before = {each: futures[each].result() for each in needs if each in futures}
            above = {each: futures[each].result() for each in _ancestors(frame.workflow.jobs, name) if each in futures}
            return self._job(frame, name, before, above)

        with ThreadPoolExecutor(max_workers=len(wanted), thread_name_prefix="job") as pool:
            for name in wanted:
                futures[name] = pool.submit(one, name)
            ready.set()
            wait(futures.values())
        return {name: future.result() for name, future in futures.items()}

    def _job(
        self, frame: Frame, name: str, needs: Mapping[str, JobRecord], above: Mapping[str, JobRecord]
    ) -> JobRecord:
        """One job, over all its legs."""
        job = frame.workflow.jobs[name]
        path = (*frame.path, name)
        contexts = self._contexts(frame, needs)
        try:
            starts = self._starts(job, contexts, above)
            result = self._legs(frame, job, contexts) if starts else self._skipped(frame, job, above)
        except (ValueError, TypeError) as error:
            # An expression, a matrix or a number that is none: GitHub ends such a job before it has a runner.
            self._finish(self._new_record(frame, job, (job.name or name)), "failure", str(error))
            result = JobRecord("failure")
        with self.lock:
            self.record.jobs[path] = result
        return result

    def _starts(self, job: Job, contexts: Mapping[str, Any], above: Mapping[str, JobRecord]) -> bool:
        results = [each.result for each in above.values()]
        status = {
            "success": all(each == "success" for each in results) and not self.cancelled.is_set(),
            "failure": "failure" in results,
            "cancelled": self.cancelled.is_set(),
            "always": True,
        }
        return bool(truthy(condition(job.condition, Scope(contexts, status))))

    def _skipped(self, frame: Frame, job: Job, above: Mapping[str, JobRecord]) -> JobRecord:
        unlike = [f"`{name}` {each.result}" for name, each in above.items() if each.result != "success"]
        why = f"if: {job.condition}" if job.condition else "needs " + ", ".join(unlike)
        self._finish(self._new_record(frame, job, job.name or job.id), "skipped", why)
        return JobRecord("skipped")

    def _contexts(self, frame: Frame, needs: Mapping[str, JobRecord]) -> dict[str, Any]:
        """What a job's own keys may read (GitHub's table of contexts)."""
        return {
            "github": {**github_context(self.event, self.record, self.record.name), "event": dict(self.event.payload)},
            "needs": {name: {"result": each.result, "outputs": dict(each.outputs)} for name, each in needs.items()},
            "inputs": dict(frame.inputs),
            "vars": {},
            "secrets": dict(frame.secrets),
        }

    def _legs(self, frame: Frame, job: Job, contexts: Mapping[str, Any]) -> JobRecord:
        """The legs of a job that runs."""
        raw = frame.workflow.document.data["jobs"][job.id]
        legs, fail_fast, parallel = _strategy(job, raw, Scope(contexts))
        scopes = []
        for index, values in enumerate(legs):
            shown = {"fail-fast": fail_fast, "job-index": index, "job-total": len(legs), "max-parallel": parallel}
            scopes.append({**contexts, "matrix": None if job.matrix is None else values, "strategy": shown})
        gate = _Gate(threading.Semaphore(max(1, parallel)), fail_fast)
        with ThreadPoolExecutor(max_workers=len(scopes), thread_name_prefix="leg") as pool:
            ended = list(pool.map(lambda each: self._leg(frame, job, raw, each, gate), scopes))
        return JobRecord(_over_all(each.result for each in ended), _outputs_over(ended))

    def _leg(
        self, frame: Frame, job: Job, raw: Mapping[str, Any], contexts: Mapping[str, Any], gate: _Gate
    ) -> JobRecord:
        scope = Scope(contexts)
        name = leg_name(job, contexts, scope)
        record = self._new_record(frame, job, name)
        record.allowed = bool(truthy(expand(raw.get("continue-on-error", False), scope)))
        with gate.slots:
            if gate.failed.is_set() or self.cancelled.is_set():
                self._finish(record, "cancelled", ANOTHER_FAILED if gate.failed.is_set() else "")
                return JobRecord("cancelled")
            if job.uses is not None:
                result = self._call(frame, job, raw, scope, record)
            else:
                result = self._run(frame, job, raw, contexts, record, gate)
        if record.allowed and result.result == "failure":
            return JobRecord("success", result.outputs)
        if result.result == "failure" and gate.fail_fast:
            gate.fail(self.runner)
        return result

    def _run(
        self,
        frame: Frame,
        job: Job,
        raw: Mapping[str, Any],
        contexts: Mapping[str, Any],
        record: LegRecord,
        gate: _Gate,
    ) -> JobRecord:
        scope = Scope(contexts)
        labels = expand(raw.get("runs-on"), scope)
        if isinstance(labels, dict):
            labels = labels.get("labels") or labels.get("group")
        record.labels = tuple(text_of(each) for each in (labels if isinstance(labels, list) else [labels]) if each)
        if not record.labels:
            self._finish(record, "failure", "`runs-on` names no runner")
            return JobRecord("failure")
        timeout = float(expand(raw.get("timeout-minutes", DEFAULT_TIMEOUT), scope) or DEFAULT_TIMEOUT)
        leg = Leg(frame, job, raw, self._baked(frame, contexts, record.labels), record, timeout * 60)
        with self.slots:
            gate.legs.append(leg)  # before the question, so that no leg slips between the answer and its start
            if gate.failed.is_set() or self.cancelled.is_set():
                self._finish(record, "cancelled", ANOTHER_FAILED if gate.failed.is_set() else "")
                return JobRecord("cancelled")
            started = time.monotonic()
            self.runner.run(leg)
            record.seconds = time.monotonic() - started
            if record.result == "cancelled" and gate.failed.is_set():
                record.why = ANOTHER_FAILED
        self._finish(record, record.result, record.why)
        return JobRecord(record.result, dict(record.outputs))

    def _baked(self, frame: Frame, contexts: Mapping[str, Any], labels: Sequence[str]) -> dict[str, Any]:
        """The contexts whose values are written into the job's file; the others are act's to fill."""
        called = f"{frame.repository}/{frame.workflow.path}"
        return {
            "needs": contexts["needs"],
            "inputs": contexts["inputs"],
            "vars": {},
            "matrix": contexts["matrix"],
            "strategy": contexts["strategy"],
            "github": bake.Partial(github_context(self.event, self.record, self.record.name)),
            "runner": bake.Partial(runner_context(labels)),
            "job": bake.Partial(
                {
                    "workflow_ref": f"{called}@{frame.ref}",
                    "workflow_sha": frame.sha,
                    "workflow_repository": frame.repository,
                    "workflow_file_path": frame.workflow.path,
                    "check_run_id": None,
                }
            ),
        }

    def _call(self, frame: Frame, job: Job, raw: Mapping[str, Any], scope: Scope, record: LegRecord) -> JobRecord:
        """A called workflow: its jobs are run in a frame of their own."""
        target = self.resolve(str(job.uses), frame)
        if isinstance(target, str):
            self._finish(record, "failure", target)
            return JobRecord("failure")
        inputs = called_inputs(target.workflow, job, scope)
        called = Frame(
            target.workflow,
            target.shown,
            (*frame.path, job.id),
            (*frame.names, record.name.rpartition(" / ")[2]),
            inputs,
            call_secrets(frame.secrets, raw.get("secrets"), scope),
            target.repository,
            target.ref,
            target.sha,
        )
        return self.whole(called)

    def _call_outputs(self, frame: Frame, results: Mapping[str, JobRecord]) -> dict[str, str]:
        contexts = self._contexts(frame, {})
        contexts["jobs"] = {
            name: {"result": each.result, "outputs": dict(each.outputs)} for name, each in results.items()
        }
        outputs = {}
        for name, value in frame.workflow.call_outputs.items():
            try:
                outputs[name] = text_of(expand(value, Scope(contexts)))
            except ExpressionError as error:
                self.record.problems.append((f"output `{name}`: {error}", frame.shown, 1))
        return outputs

    def _new_record(self, frame: Frame, job: Job, name: str) -> LegRecord:
        shown = " / ".join((*frame.names, name))
        return LegRecord((*frame.path, job.id), shown, frame.shown, job.place.line)

    def _finish(self, record: LegRecord, result: str, why: str) -> None:
        record.result, record.why = result, why
        with self.lock:
            self.record.legs.append(record)
        self.on_leg(record)


@dataclass(slots=True)
class _Gate:
    """What the legs of one matrix share: how many at once, and the first failure."""

    slots: threading.Semaphore
    fail_fast: bool
    failed: threading.Event = field(default_factory=threading.Event)
    legs: list[Leg] = field(default_factory=list)

    def fail(self, runner: Runner) -> None:
        """Cancel the other legs."""
        if not self.failed.is_set():
            self.failed.set()
            for leg in list(self.legs):
                runner.stop(leg)


def _strategy(job: Job, raw: Mapping[str, Any], scope: Scope) -> tuple[list[matrix.Leg], bool, int]:
    """The legs, ``fail-fast`` and ``max-parallel``. Raises MatrixError, ExpressionError, ValueError."""
    legs = matrix.legs(job.matrix, scope)
    if legs is None:
        raise matrix.MatrixError("the matrix hangs on a value that no context has")
    written = raw.get("strategy")
    written = written if isinstance(written, dict) else {}
    fail_fast = bool(truthy(expand(written.get("fail-fast", True), scope)))
    return legs, fail_fast, int(expand(written.get("max-parallel"), scope) or len(legs))


def _with_needs(jobs: Mapping[str, Job], name: str) -> list[str]:
    wanted = {name, *_ancestors(jobs, name)}
    return [each for each in jobs if each in wanted]


def _ancestors(jobs: Mapping[str, Job], name: str) -> list[str]:
    """All jobs that a job needs, through others too: ``success()`` is about all of them."""
    found: dict[str, None] = {}
    todo = list(jobs[name].needs)
    while todo:
        each = todo.pop()
        if each in jobs and each not in found and each != name:
            found[each] = None
            todo += jobs[each].needs
    return list(found)


def _outputs_over(legs: Iterable[JobRecord]) -> dict[str, str]:
    """The outputs of a matrix: of the last leg that sets them, in the order of the legs (GitHub's is that of time)."""
    outputs: dict[str, str] = {}
    for each in legs:
        outputs.update({name: value for name, value in each.outputs.items() if value or name not in outputs})
    return outputs


def _over_all(results: Iterable[str]) -> str:
    """One result for several: the worst. Only when all are skipped, the whole is."""
    there = set(results)
    for each in ("failure", "cancelled", "success"):
        if each in there:
            return each
    return "skipped" if there else "success"


def leg_name(job: Job, contexts: Mapping[str, Any], scope: Scope) -> str:
    """The name of a job or a leg: GitHub adds the matrix's values where the name holds none of them."""
    written = job.name if job.name is not None else job.id
    values = contexts.get("matrix")
    shown = text_of(expand(written, scope)) or job.id
    if values and "matrix." not in written and "matrix[" not in written:
        return f"{shown} ({_flat(values)})"
    return shown


def _flat(value: Any) -> str:
    """The values of a leg as GitHub writes them after a job's name."""
    if isinstance(value, dict | list):
        return ", ".join(_flat(each) for each in (value.values() if isinstance(value, dict) else value))
    return text_of(value)


def call_secrets(own: Mapping[str, str], written: Any, scope: Scope) -> dict[str, str]:
    """The secrets of a called workflow: all (``inherit``), or those that the caller's job names."""
    if written == "inherit":
        return dict(own)
    if not isinstance(written, dict):
        return {name: value for name, value in own.items() if name == "GITHUB_TOKEN"}
    token = {name: value for name, value in own.items() if name == "GITHUB_TOKEN"}
    return {**token, **{str(name).upper(): text_of(expand(value, scope)) for name, value in written.items()}}


def github_context(event: Event, record: FileRecord, workflow_name: str) -> dict[str, Any]:
    """The part of the ``github`` context that is the same in all steps of a run."""
    owner = event.repository.partition("/")[0]
    return {
        "workflow": workflow_name,
        "workflow_ref": f"{event.repository}/{record.path}@{event.ref}",
        "workflow_sha": event.sha,
        "ref": event.ref,
        "ref_name": event.ref_name,
        "ref_type": event.ref_type,
        "ref_protected": False,
        "sha": event.sha,
        "base_ref": event.base_ref,
        "head_ref": event.head_ref,
        "event_name": event.name,
        "actor": event.actor,
        "triggering_actor": event.actor,
        "repository": event.repository,
        "repository_owner": owner,
        "run_id": record.run_id,
        "run_number": "1",
        "run_attempt": "1",
        "server_url": "https://github.com",
        "api_url": "https://api.github.com",
        "graphql_url": "https://api.github.com/graphql",
        "retention_days": "90",
        "secret_source": "Actions",
        **identities(event),
    }


RUNNER_NAME = "mlops-dry-run"


def runner_context(labels: Sequence[str]) -> dict[str, str]:
    """The part of the ``runner`` context that act does not know; GitHub's own machines have all other labels."""
    own = any(each.casefold() == "self-hosted" for each in labels)
    return {"name": RUNNER_NAME, "environment": "self-hosted" if own else "github-hosted"}
