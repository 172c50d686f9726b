"""``mlops dry-run``: plan, judge, stage, run, compare, collect."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from mlops_actions import files
from mlops_actions.dryrun import act, docker, event, judge, plan, report, rewrite, source, workflow
from mlops_actions.dryrun.expressions import number_of, text_of
from mlops_actions.dryrun.listing import Listing
from mlops_actions.dryrun.masking import Masker
from mlops_actions.dryrun.prepare import Preparation, Shown, private_folder, room_in
from mlops_actions.dryrun.progress import Lines, Progress, Silent
from mlops_actions.dryrun.records import FileRecord
from mlops_actions.dryrun.repository import require_root
from mlops_actions.dryrun.request import NO_TOKEN, DryRun, dispatched, secrets
from mlops_actions.dryrun.runner import ActRunner, Machine
from mlops_actions.dryrun.schedule import Frame, Run
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Json, Severity, Status, Subject, Where, digest, now

__all__ = ["DryRun", "dry_run", "list_plan"]


def list_plan(request: DryRun, *, as_json: bool = False) -> str:
    """What the event would start, as text or JSON, and what is wrong with the calls in it; nothing is run.

    GitHub's language service is not asked: it takes longer than a list may.
    Raises CallError as :func:`dry_run`.
    """
    with private_folder() as root:
        played = _play(request, root, for_a_plan=True)
        judged = judge.own(played.plan, played.source.folder, request.library)
    listed = Listing(played.plan, played.source, [each for each in judged if each.status is Status.FAIL])
    return listed.json() if as_json else listed.text()


@dataclass(frozen=True, slots=True)
class _Played:
    """An event's plan, and the files that it was made from."""

    plan: plan.Plan
    source: source.Source


def _play(request: DryRun, root: Path, *, for_a_plan: bool = False) -> _Played:
    require_root(request.repo)
    happened = event.read(request.repo, request.event, request.event_file, request.ref)
    if request.event == "repository_dispatch" and request.event_file is None and request.from_:
        sent = dispatched(request.from_)
        happened = event.of_dispatch(happened, sent.event_type, sent.payload)
    taken = source.take(request.repo, happened, root, for_a_plan=for_a_plan)
    planned = plan.make(taken.folder, request.library, happened, request.files or None, request.job, request.inputs)
    return _Played(planned, taken)


def dry_run(request: DryRun, out: Path) -> Outcome:
    """Run what the event starts, and write artifacts, outputs and requests into ``out``.

    Raises CallError where the call is wrong: nothing starts, no act, no such
    file, no such secret. A file that GitHub would refuse is not run, and fails.
    """
    started = now()
    given = secrets(request.secrets, os.environ)
    shown = _shown(request, given)
    with private_folder() as root:
        with room_in(root):
            played = _play(request, root)
            request = replace(request, repo=played.source.folder)
            checks, records = _run(request, played, root, given, shown)
        _collect(root, records, out, shown.masker)
        starting = (each.path for each in played.plan.files if each.starts)
        subjects = tuple(Subject(path, digest(request.repo / path)) for path in starting)
    checks = [replace(each, message=shown.masker(each.message)) for each in checks]
    parameters = _parameters(request, played)
    return report.outcome(
        report.Finished(played.plan, checks, records, started, subjects, parameters, request.docker, played.source)
    )


def _run(
    request: DryRun, played: _Played, root: Path, given: Mapping[str, str], shown: Shown
) -> tuple[list[Check], list[FileRecord]]:
    """Judge the files, run those that GitHub would take, and compare what ran with what had to."""
    planned, say = played.plan, shown.progress.note
    say(f"{planned.event.name} of {planned.event.ref}: {played.source.words()}")
    with ThreadPoolExecutor(max_workers=4) as pool:
        prepared = Preparation(request, played.source, planned, root, pool, shown)
        checks = judge.judge(planned, request.repo, request.library, install=request.install, say=say)
        refused = judge.refused(planned, checks)
        for each in sorted(refused | {each.path for each in planned.files if each.workflow is None}):
            say(f"{each}: GitHub would refuse it; nothing of it is run")
        if len(refused) == sum(each.starts for each in planned.files):
            return checks, []
        with prepared.machine() as machine:
            checks = [*checks, *_left_out(machine)]
            records = _run_all(request, planned, refused, machine, given)
    checks += [each for each in _checks(request, planned, records) if each not in checks]
    _show_summaries(records, shown)
    return checks, records


def _show_summaries(records: Sequence[FileRecord], shown: Shown) -> None:
    for file in records:
        for leg in file.legs:
            shown.progress.summary(leg)


def _shown(request: DryRun, given: Mapping[str, str]) -> Shown:
    masker = Masker(value for value in given.values() if value != NO_TOKEN)
    progress: Progress = Silent() if request.quiet else Lines(mask=masker)
    return Shown(masker, progress)


def _left_out(machine: Machine) -> list[Check]:
    message = "a symbolic link that leads out of the repository is not staged"
    return [
        Check("staging.link", Status.WARN, message, Severity.WARNING, Where(file=path))
        for path in machine.consumer.left_out
    ]


@dataclass(frozen=True, slots=True)
class _FileRun:
    """A workflow file that is about to run."""

    run: Run
    frame: Frame
    runner: ActRunner

    def __call__(self) -> FileRecord:
        self.run.record.result = self.run.whole(self.frame).result
        return self.run.record


def _run_all(
    request: DryRun, planned: plan.Plan, refused: set[str], machine: Machine, given: Mapping[str, str]
) -> list[FileRecord]:
    """All files at once, as on GitHub; jobs share the machine's processors."""
    slots = threading.Semaphore(max(2, os.cpu_count() or 2))
    started = int(time.time() * 1000)  # GITHUB_RUN_ID: a number that no other run has
    runs: list[_FileRun] = []
    for file in planned.files:
        if file.workflow is None or not file.starts or file.path in refused:
            continue
        record = FileRecord(file.path, file.name, str(started + len(runs)))
        runner = ActRunner(machine, machine.root / "runs" / str(len(runs)), file.name)
        run = Run(planned.event, record, runner, _Resolver(request, planned), slots, request.job, machine.progress.leg)
        runs.append(_FileRun(run, _frame(planned, file.workflow, given), runner))
    with _interruptible(runs), ThreadPoolExecutor(max_workers=max(1, len(runs))) as pool:
        return list(pool.map(_FileRun.__call__, runs))


def _frame(planned: plan.Plan, file: workflow.Workflow, given: Mapping[str, str]) -> Frame:
    own = planned.event
    inputs = _event_inputs(planned, file)
    return Frame(file, file.path, (), (), inputs, given, own.repository, own.ref, own.sha)


def _event_inputs(planned: plan.Plan, file: workflow.Workflow) -> dict[str, Any]:
    """The ``inputs`` context of the file itself: those of ``workflow_dispatch``, in their types."""
    given = planned.event.payload.get("inputs")
    if planned.event.name != "workflow_dispatch" or not isinstance(given, dict):
        return {}
    kinds = {name: each.type for name, each in file.dispatch_inputs.items()}
    return {name: _typed(value, kinds.get(name, "string")) for name, value in given.items()}


def _typed(value: Any, kind: str) -> Any:
    if kind == "boolean":
        return text_of(value) == "true"
    return number_of(value) if kind == "number" and value != "" else value


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Finds the file that a job calls."""

    request: DryRun
    planned: plan.Plan

    def __call__(self, uses: str, frame: Frame) -> Frame | str:
        place = workflow.locate(
            uses, frame.workflow.root, self.request.library, self.planned.event.repository, self.request.repo
        )
        if place is None:
            return f"`uses: {uses}`: a dry run fetches nothing, so it can call its own workflows and the library's"
        parsed = rewrite.parse_uses(uses)
        owner, ref, sha = frame.repository, frame.ref, frame.sha
        if parsed is not None:
            owner, ref = parsed.repository, parsed.ref
            own = place.root == self.request.repo
            sha = self.planned.event.sha if own else _commit(self.request.library)
        root, path = place.root, place.path
        try:
            found = workflow.load(root, path)
        except CallError as error:
            return "; ".join(str(each) for each in error.problems)
        shown = path if root == self.request.repo else f"{owner}/{path}"
        return Frame(found, shown, (), (), {}, {}, owner, ref, sha)


def _commit(checkout: Path) -> str:
    """The library's commit; zeros where it is no git repository."""
    command = ["git", "-c", "safe.directory=*", "-C", str(checkout), "rev-parse", "--verify", "--quiet", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0" * 40


@contextmanager
def _interruptible(runs: Sequence[_FileRun]) -> Iterator[None]:
    """On Ctrl-C and SIGTERM: every process that was started ends, then KeyboardInterrupt goes on its way."""
    interrupted = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        for each in runs:
            each.run.cancelled.set()
            threading.Thread(target=each.runner.stop_all).start()

    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if interrupted.is_set():
        raise KeyboardInterrupt


def _checks(request: DryRun, planned: plan.Plan, records: Sequence[FileRecord]) -> list[Check]:
    """What became of each job, and whether every job ran that GitHub would have run."""
    checks = [report.leg_check(file, leg) for file in records for leg in file.legs]
    checks += [each for file in records for leg in file.legs for each in report.summary_checks(leg)]
    for file in records:
        checks += [
            Check("run", Status.FAIL, message, where=Where(file=path, line=line))
            for message, path, line in file.problems
        ]
    finished = {
        file.path: {path: plan.Finished(job.result, job.outputs) for path, job in file.jobs.items()} for file in records
    }
    known = plan.again(planned, request.repo, request.library, finished)
    for again in known.files:
        if again.path in finished:
            checks += _dropped(again, finished[again.path])
            checks += judge.unasked_permissions(again.jobs, request.library)
    return checks


def _dropped(again: plan.PlannedFile, finished: plan.Results) -> Iterator[Check]:
    """The jobs that the plan, made again in the light of what ran, says must have run, and did not."""
    for job in again.jobs:
        became = finished.get(job.path)
        if job.when == "must" and (became is None or became.result == "skipped"):
            rule = ".".join((again.path.rpartition("/")[2], *job.path))
            where = Where(object=job.name, file=job.file, line=job.line)
            message = "did not run, and GitHub would have run it" + (f": {job.why}" if job.why else "")
            yield Check(rule, Status.FAIL, message, where=where)


def _collect(root: Path, records: Sequence[FileRecord], out: Path, masker: Masker) -> None:
    """Put artifacts, outputs, requests and the logs of failing steps where the caller finds them."""
    target = out / "artifacts"
    target.mkdir(exist_ok=True)
    for index, file in enumerate(records):
        store = root / "runs" / str(index) / "artifacts"
        for each in sorted(store.iterdir()):
            place = target / each.name
            if place.exists():  # of another workflow file, whose artifacts GitHub keeps apart
                place = target / f"{each.name} ({file.path.rpartition('/')[2]})"
            shutil.move(each / "files", place)
    for step in (step for file in records for leg in file.legs for step in leg.steps if step.kept):
        (out / "logs").mkdir(exist_ok=True)
        step.log.keep(out / step.kept, masker, masker.longest)
    outputs = {
        file.path: {path[0]: dict(job.outputs) for path, job in file.jobs.items() if len(path) == 1} for file in records
    }
    files.write_atomic(out / "outputs.json", masker(json.dumps(outputs, indent=1, ensure_ascii=False)) + "\n")
    requests = [
        {"workflow": file.path, "job": leg.name, **each}
        for file in records
        for leg in file.legs
        for each in leg.requests
    ]
    files.write_atomic(out / "requests.json", json.dumps(requests, indent=1, ensure_ascii=False) + "\n")


def _parameters(request: DryRun, played: _Played) -> dict[str, Json]:
    planned = played.plan
    return {
        "event": planned.event.name,
        "ref": planned.event.ref,
        "sha": planned.event.sha,
        "uncommitted": not played.source.commit,
        "files": [each.path for each in planned.files if each.starts],
        "docker": (request.image or docker.IMAGE) if request.docker else None,
        "act": act.VERSION,
    }
