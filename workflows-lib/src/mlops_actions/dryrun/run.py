"""``mlops dry-run``: plan, judge, stage, run, compare, collect."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from mlops_actions import files
from mlops_actions.dryrun import act, docker, environment, event, judge, plan, report, rewrite, stage, workflow
from mlops_actions.dryrun.expressions import number_of, text_of
from mlops_actions.dryrun.masking import Masker
from mlops_actions.dryrun.progress import Lines, Progress, Silent
from mlops_actions.dryrun.records import FileRecord
from mlops_actions.dryrun.runner import ActRunner, Machine
from mlops_actions.dryrun.schedule import Frame, Run
from mlops_actions.errors import CallError, Problem
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Json, Severity, Status, Subject, Where, digest, now

NO_TOKEN = "a-dry-run-has-no-token"


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the command line asked for; ``secrets`` are ``NAME`` (from the environment) or ``NAME=value``.

    ``files`` empty: all that the event starts. ``from_`` is the output folder of
    an earlier dry run. ``image`` None with ``docker``: the one that is built here.
    """

    repo: Path
    library: Path
    files: tuple[str, ...] = ()
    event: str = "push"
    event_file: Path | None = None
    ref: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    job: str | None = None
    docker: bool = False
    image: str | None = None
    from_: Path | None = None
    quiet: bool = False
    install: bool = True


def list_plan(request: DryRun) -> str:
    """What the event would start, as text; nothing is run or judged. Raises CallError as :func:`dry_run`."""
    planned = _plan(request)
    lines = [f"event {planned.event.name}, {planned.event.ref} at {planned.event.sha[:12] or '(no commit)'}"]
    for file in planned.files:
        lines += ["", f"{file.path}: " + ("starts" if file.starts else f"does not start: {file.why}")]
        for job in file.jobs if file.starts else ():
            legs = "" if job.legs == 1 else f" × {job.legs if job.legs is not None else '?'}"
            called = f" → {job.calls[1]}" if job.calls else ""
            reason = "" if job.when == "must" else f": {job.why}"
            lines.append(f"  {'  ' * (len(job.path) - 1)}{job.name}{legs}{called}  [{job.when}{reason}]")
    return "\n".join(lines) + "\n"


def _plan(request: DryRun) -> plan.Plan:
    played = event.read(request.repo, request.event, request.event_file, request.ref)
    return plan.make(request.repo, request.library, played, request.files or None, request.job, request.inputs)


def dry_run(request: DryRun, out: Path) -> Outcome:
    """Run what the event starts, and write artifacts, outputs and requests into ``out``.

    Raises CallError where the call is wrong: nothing starts, no act, no such
    file, no such secret. A file that GitHub would refuse is not run, and fails.
    """
    started = now()
    secrets = _secrets(request.secrets, os.environ)
    earlier = _earlier(request.from_)
    program = act.find()
    planned = _plan(request)
    masker = Masker(value for name, value in secrets.items() if value and value != NO_TOKEN)
    progress: Progress = Silent() if request.quiet else Lines(mask=masker)
    with _private_folder() as root, ThreadPoolExecutor(max_workers=4) as pool:
        judged = pool.submit(judge.judge, planned, request.repo, request.library, install=request.install)
        prepared = _prepare(request, planned, root, pool, program, earlier, masker, progress)
        checks = list(judged.result())
        refused = _refused(planned, checks)
        for each in sorted(refused):
            progress.note(f"{each}: GitHub would refuse it; nothing of it is run")
        records: list[FileRecord] = []
        if len(refused) < sum(each.starts for each in planned.files):
            with prepared() as machine:
                checks += _left_out(machine)
                records = _run_all(request, planned, refused, machine, secrets)
            checks += _checks(request, planned, records)
        _collect(root, records, out, masker)
        finished = report.Finished(
            planned,
            [_masked(each, masker) for each in checks],
            records,
            started,
            tuple(Subject(each.path, digest(request.repo / each.path)) for each in planned.files if each.starts),
            _parameters(request, planned),
            request.docker,
        )
        return report.outcome(finished)


def _secrets(given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets by name, upper case as GitHub has them. Raises CallError for one that is not there."""
    found = {"GITHUB_TOKEN": NO_TOKEN}
    for each in given:
        name, equals, value = each.partition("=")
        if not name.isidentifier():
            raise CallError(
                Problem("--secret: a secret's name is letters, digits and underscores", hint="Give NAME or NAME=value.")
            )
        if not equals and name not in environ:
            raise CallError(
                Problem(f"--secret {name}: there is no such variable", hint=f"Export {name}, or give {name}=value.")
            )
        found[name.upper()] = value if equals else environ[name]
    return found


def _earlier(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    if not (folder / "artifacts").is_dir():
        raise CallError(Problem("is no output folder of a dry run: it has no `artifacts`", str(folder)))
    return folder.resolve()


@contextmanager
def _private_folder() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="mlops-")).resolve()
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _prepare(
    request: DryRun,
    planned: plan.Plan,
    root: Path,
    pool: ThreadPoolExecutor,
    program: Path,
    earlier: Path | None,
    masker: Masker,
    progress: Progress,
) -> Callable[[], AbstractContextManager[Machine]]:
    """Stage in the background, while the files are judged; the machine when it is wanted, for as long as it is."""
    cache = environment.cache_folder(os.environ) / ("containers" if request.docker else "host")
    shared = cache / "pip"
    for each in (cache, shared, root / "legs"):
        each.mkdir(parents=True, exist_ok=True)
    path = environment.clean_path(os.environ, request.repo.resolve())
    consumer = pool.submit(stage.consumer, request.repo, root / "consumer")
    library = pool.submit(_staged_library, request.library, root / "library", not request.docker)
    python: Future[environment.DefaultPython] | None = None
    if not request.docker:
        python = pool.submit(environment.DefaultPython, os.environ, shared)
    event_file = root / "event.json"
    event_file.write_text(json.dumps(dict(planned.event.payload)), encoding="utf-8")

    @contextmanager
    def finished() -> Iterator[Machine]:
        staged = consumer.result()
        sources = rewrite.Sources(library.result(), workflow.THIS_REPOSITORY, staged.tree, planned.event.repository)
        rewrite.actions(
            staged.tree,
            planned.event.repository,
            planned.event.sha or "HEAD",
            on_host=not request.docker,
            only_where_needed=True,
        )
        searched = environment.search(os.environ, path, shared)
        with _containers(
            request, root, cache, searched, [*([earlier] if earlier else []), *stage.borrowed(staged.git)], progress
        ) as containers:
            yield Machine(
                root=root,
                program=program,
                consumer=staged,
                sources=sources,
                event=planned.event,
                event_file=event_file,
                environ=dict(os.environ),
                path=path,
                python=python.result() if python else None,
                cache=cache,
                search=containers.search(searched) if containers else searched,
                earlier=earlier,
                masker=masker,
                progress=progress,
                containers=containers,
            )

    return finished


@contextmanager
def _containers(
    request: DryRun, root: Path, cache: Path, searched: Mapping[str, Any], others: Sequence[Path], progress: Progress
) -> Iterator[docker.Engine | None]:
    if not request.docker:
        yield None
        return
    readable = [rewrite.STANDINS, *others, *environment.mounts(os.environ), *map(Path, searched["folders"])]
    engine = docker.prepare(request.image, root.name, [root, cache], readable, cache, progress)
    try:
        yield engine
    finally:
        engine.close()


def _staged_library(checkout: Path, target: Path, on_host: bool) -> Path:
    staged = stage.library(checkout, target)
    rewrite.actions(staged, f"{workflow.THIS_REPOSITORY}/{workflow.THIS_REPOSITORY}", "dry-run", on_host=on_host)
    return staged


def _refused(planned: plan.Plan, checks: Sequence[Check]) -> set[str]:
    """The files that GitHub would refuse: those with a failing check; one about another file counts for all."""
    starting = {each.path for each in planned.files if each.starts}
    bad = {each.where.file for each in checks if each.status in {Status.FAIL, Status.ERROR}}
    return starting if bad - starting else starting & {each for each in bad if each}


def _left_out(machine: Machine) -> list[Check]:
    message = "a symbolic link that leads out of the repository is not staged"
    return [
        Check("staging.link", Status.WARN, message, Severity.WARNING, Where(file=path))
        for path in machine.consumer.left_out
    ]


def _run_all(
    request: DryRun, planned: plan.Plan, refused: set[str], machine: Machine, secrets: Mapping[str, str]
) -> list[FileRecord]:
    """All files at once, as on GitHub; jobs share the machine's processors."""
    slots = threading.Semaphore(max(2, os.cpu_count() or 2))
    numbers = itertools.count(1)
    runs = []
    for index, file in enumerate(each for each in planned.files if each.starts and each.path not in refused):
        assert file.workflow is not None  # noqa: S101
        record = FileRecord(file.path, file.name, str(int(time.time() * 1000) + index))
        store = machine.root / "runs" / str(index)
        for name in ("artifacts", "cache"):
            (store / name).mkdir(parents=True)
        runner = ActRunner(machine, store, record.run_id, file.name, file.path, numbers)
        run = Run(planned.event, record, runner, _Resolver(request, planned), slots, request.job, machine.progress.leg)
        frame = Frame(
            file.workflow, file.path, (), (), _event_inputs(planned, file.workflow), secrets,
            planned.event.repository, planned.event.ref, planned.event.sha,
        )  # fmt: skip
        runs.append((run, frame, runner))
    with _interruptible(runs), ThreadPoolExecutor(max_workers=max(1, len(runs))) as pool:
        for (run, _, _), result in zip(runs, pool.map(lambda each: each[0].whole(each[1]), runs), strict=True):
            run.record.result = result.result
    return [run.record for run, _, _ in runs]


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
        repository, ref, sha = frame.repository, frame.ref, frame.sha
        if parsed is not None:
            repository, ref = parsed.repository, parsed.ref
            own = place.root == self.request.repo
            sha = self.planned.event.sha if own else _commit(self.request.library)
        root, path = place.root, place.path
        try:
            found = workflow.load(root, path)
        except CallError as error:
            return "; ".join(str(each) for each in error.problems)
        shown = path if root == self.request.repo else f"{repository}/{path}"
        return Frame(found, shown, (), (), {}, {}, repository, ref, sha)


def _commit(checkout: Path) -> str:
    """The library's commit; zeros where it is no git repository."""
    command = ["git", "-c", "safe.directory=*", "-C", str(checkout), "rev-parse", "--verify", "--quiet", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0" * 40


@contextmanager
def _interruptible(runs: Sequence[tuple[Run, Frame, ActRunner]]) -> Iterator[None]:
    """On Ctrl-C and SIGTERM: every process that was started ends, then KeyboardInterrupt goes on its way."""
    interrupted = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        for run, _, runner in runs:
            run.cancelled.set()
            threading.Thread(target=runner.stop_all).start()

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
    for file in records:
        checks += [
            Check("run", Status.FAIL, message, where=Where(file=path, line=line))
            for message, path, line in file.problems
        ]
    return checks + _dropped(request, planned, records)


def _dropped(request: DryRun, planned: plan.Plan, records: Sequence[FileRecord]) -> list[Check]:
    """The jobs that the plan, made again in the light of what ran, says must have run, and did not."""
    finished = {
        file.path: {path: plan.Finished(job.result, job.outputs) for path, job in file.jobs.items()} for file in records
    }
    dropped = []
    ran = {file.path for file in records}
    for file in plan.again(planned, request.repo, request.library, finished).files:
        for job in file.jobs if file.path in ran else ():
            became = finished[file.path].get(job.path)
            if job.when == "must" and (became is None or became.result == "skipped"):
                rule = ".".join((file.path.rpartition("/")[2], *job.path))
                where = Where(object=job.name, file=job.file, line=job.line)
                message = "did not run, and GitHub would have run it" + (f": {job.why}" if job.why else "")
                dropped.append(Check(rule, Status.FAIL, message, where=where))
    return dropped


def _collect(root: Path, records: Sequence[FileRecord], out: Path, masker: Masker) -> None:
    """Put artifacts, outputs and requests where the caller finds them."""
    target = out / "artifacts"
    target.mkdir(exist_ok=True)
    for index, file in enumerate(records):
        store = root / "runs" / str(index) / "artifacts"
        for each in sorted(store.iterdir()):
            place = target / each.name
            if place.exists():  # of another workflow file, whose artifacts GitHub keeps apart
                place = target / f"{each.name} ({file.path.rpartition('/')[2]})"
            shutil.move(each / "files", place)
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


def _masked(check: Check, masker: Masker) -> Check:
    message = masker(check.message)
    if message == check.message:
        return check
    return Check(
        check.rule, check.status, message, check.severity, check.where, check.measured, check.threshold, check.rows
    )


def _parameters(request: DryRun, planned: plan.Plan) -> dict[str, Json]:
    return {
        "event": planned.event.name,
        "ref": planned.event.ref,
        "sha": planned.event.sha,
        "files": [each.path for each in planned.files if each.starts],
        "docker": (request.image or docker.IMAGE) if request.docker else None,
        "act": act.VERSION,
    }
