"""Carries out one leg: writes its file, starts act, and fills its record from what act says."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mlops_actions.dryrun import act, bake, environment, jobfile, rewrite
from mlops_actions.dryrun.event import Event
from mlops_actions.dryrun.masking import Masker
from mlops_actions.dryrun.progress import Progress
from mlops_actions.dryrun.records import StepRecord
from mlops_actions.dryrun.schedule import Leg
from mlops_actions.dryrun.stage import Consumer
from mlops_actions.dryrun.steplog import StepLog, file_name


class Containers(Protocol):
    """Where jobs run in containers: what act is told, and what is cleaned after it."""

    @property
    def image(self) -> str: ...

    def options(self, leg: int) -> str: ...

    def remove(self, leg: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """What all legs of a dry run share: the staged trees, the environment, and where things are kept."""

    root: Path
    program: Path
    consumer: Consumer
    sources: rewrite.Sources
    event: Event
    event_file: Path
    environ: Mapping[str, str]
    path: str
    python: environment.DefaultPython | None
    cache: Path
    search: Mapping[str, Any]
    earlier: tuple[Path, ...]
    masker: Masker
    progress: Progress
    containers: Containers | None
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


class ActRunner:
    """Runs the legs of one workflow file; ``store`` keeps the run's artifacts and caches."""

    def __init__(self, machine: Machine, store: Path, workflow_name: str) -> None:
        self.machine = machine
        self._store = store
        self._workflow_name = workflow_name
        self._running: dict[int, act.Process] = {}
        self._lock = threading.Lock()
        for name in ("artifacts", "cache"):
            (store / name).mkdir(parents=True)

    def run(self, leg: Leg) -> None:
        """Run the leg to its end; ``leg.record`` says what came of it."""
        record = leg.record
        references = [
            rewrite.absolute(step["uses"], leg.frame.repository, leg.frame.ref)
            for step in leg.raw.get("steps") or []
            if isinstance(step.get("uses"), str)
        ]
        found = rewrite.follow(references, self.machine.sources)
        record.used = found.used
        problems = [f"`uses: {each.uses}`: {each.why}" for each in found.missing]
        if self.machine.containers is None and (leg.raw.get("container") or leg.raw.get("services")):
            problems.append("the job asks for a container: run it with --docker")
        if problems:
            record.result, record.problem = "failure", "; ".join(problems)
            return
        with self._lock:
            if leg.stopped:
                record.result = "cancelled"
                return
            number = next(self.machine.numbers)
            process = act.Process(self._call(leg, number, found.folders))
            self._running[id(leg)] = process
        timer = threading.Timer(leg.timeout, self._time_out, (leg, process))
        timer.daemon = True
        timer.start()
        try:
            self._follow(leg, process)
        finally:
            timer.cancel()
            with self._lock:
                self._running.pop(id(leg), None)
            act.end_orphans(process.call.tracking)
            if self.machine.containers is not None:
                self.machine.containers.remove(number)
        self._collect(leg, process)

    def stop(self, leg: Leg) -> None:
        """Cancel a leg, whether it runs or is yet to start."""
        with self._lock:
            leg.stopped = True
            process = self._running.get(id(leg))
        if process is not None:
            process.stop()

    def stop_all(self) -> None:
        with self._lock:
            processes = list(self._running.values())
        for process in processes:
            process.stop()

    def _time_out(self, leg: Leg, process: act.Process) -> None:
        leg.record.why = f"it took longer than {leg.timeout / 60:g} minutes"
        process.stop()

    def _call(self, leg: Leg, number: int, repositories: Mapping[str, Path]) -> act.Call:
        machine = self.machine
        folder = machine.root / "legs" / str(number)
        folder.mkdir(parents=True)
        data = jobfile.build(
            leg.job.id,
            leg.raw,
            leg.frame.workflow.document.data,
            leg.values,
            workflow_name=self._workflow_name,
            unique_name=f"{machine.root.name}-{number}",
            own=(leg.frame.repository, leg.frame.ref),
            on_host=machine.containers is None,
        )
        workflow = folder / "job.yml"
        workflow.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
        tracking = f"github_{uuid.uuid4()}"
        if machine.containers is None:
            assert machine.python is not None  # noqa: S101
            own = environment.host(machine.environ, machine.path, folder, machine.python, machine.cache)
        else:
            own = {name: machine.environ[name] for name in ("PATH", "DOCKER_HOST") if name in machine.environ}
            own["HOME"] = str(folder)
        return act.Call(
            program=machine.program,
            workflow=workflow,
            job=leg.job.id,
            event=machine.event.name,
            event_file=machine.event_file,
            folder=folder,
            settings=self._settings(leg, folder, tracking),
            secrets=leg.frame.secrets,
            environment=own,
            repositories=repositories,
            actor=machine.event.actor,
            image=machine.containers.image if machine.containers else None,
            container_options=machine.containers.options(number) if machine.containers else "",
            tracking=tracking,
        )

    def _settings(self, leg: Leg, folder: Path, tracking: str) -> dict[str, str]:
        """The GITHUB_* and RUNNER_* that act doesn't know itself, and what the stand-ins and the library read."""
        machine = self.machine
        github = leg.values["github"]
        context = {
            "artifacts": str(self._store / "artifacts"),
            "cache": str(self._store / "cache"),
            "pending": str(folder / "pending.json"),
            "outputs": str(folder / "outputs.json"),
            "lasting": [str(machine.cache)],
            "python": str(folder / "python"),
            "tree": str(machine.consumer.tree),
            "git": str(machine.consumer.git),
            "dirty": machine.consumer.dirty,
            "repository": machine.event.repository,
            "ref": machine.event.ref,
            "sha": machine.event.sha,
            "from": [str(each) for each in machine.earlier],
            "search": machine.search,
        }
        (folder / "context.json").write_text(json.dumps(context), encoding="utf-8")
        (folder / "requests.jsonl").touch()
        settings = {f"GITHUB_{name.upper()}": _plain(value) for name, value in github.items()}
        settings |= {f"RUNNER_{name.upper()}": value for name, value in leg.values["runner"].items()}
        settings |= {
            "SHA_REF": github["sha"],  # what act reads for GITHUB_SHA
            "RUNNER_TRACKING_ID": tracking,
            "MLOPS_DRYRUN": "1",
            "MLOPS_DRYRUN_CONTEXT": str(folder / "context.json"),
            "MLOPS_DRYRUN_PENDING": str(folder / "pending.json"),
            "MLOPS_DRYRUN_PYTHON": "python3" if machine.containers else sys.executable,
            "MLOPS_DRYRUN_STANDINS": str(rewrite.STANDINS),
            "MLOPS_DRYRUN_REQUESTS": str(folder / "requests.jsonl"),
            "MLOPS_SETUP_CACHE": str(machine.cache),
        }
        if machine.containers is not None:
            settings["RUNNER_WORKSPACE"] = str(folder)  # on the host a step's shell says it
        if machine.earlier:
            settings["MLOPS_DRYRUN_FROM"] = os.pathsep.join(map(str, machine.earlier))
        return settings

    def _follow(self, leg: Leg, process: act.Process) -> None:
        """Read act's events into the record."""
        record = leg.record
        record.ran = True
        record.result = ""
        steps = _Steps(leg, self.machine, process.call.folder)
        for event in process.events():
            if process.stopped:
                continue  # what act says of its own end is not the job's
            if isinstance(event, act.Mask):
                self.machine.masker.add(event.value)
            elif isinstance(event, act.JobEnded):
                record.result = event.result
            else:
                steps.take(event)
        steps.close()

    def _collect(self, leg: Leg, process: act.Process) -> None:
        record = leg.record
        mask = self.machine.masker
        if process.stopped:
            record.result = "cancelled"
        elif not record.result:
            said = "; ".join(mask(each) for each in process.errors[-3:] if each)
            record.result, record.ran = "failure", False
            record.problem = f"act did not run the job (it ended with {process.popen.returncode})" + (
                f": {said}" if said else ""
            )
        outputs = process.call.folder / "outputs.json"
        if outputs.exists():
            values = json.loads(outputs.read_text(encoding="utf-8"))
            # As GitHub does: an output that may hold a secret is not handed on.
            record.outputs = {name: "" if mask.holds(value) else value for name, value in values.items()}
        for line in (process.call.folder / "requests.jsonl").read_text(encoding="utf-8").splitlines():
            record.requests.append(_request(line, mask))


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _request(line: str, mask: Masker) -> dict[str, Any]:
    try:
        data = json.loads(mask(line))
    except ValueError:
        data = None
    return data if isinstance(data, dict) else {"kind": "unreadable", "body": mask(line)}


class _Steps:
    """The record's steps, filled as act's events come."""

    def __init__(self, leg: Leg, machine: Machine, folder: Path) -> None:
        self._leg = leg.record
        self._machine = machine
        self._folder = folder
        self._nested_summaries: set[tuple[str, ...]] = set()
        self._steps: dict[str, StepRecord] = {}
        for index, step in enumerate(leg.raw.get("steps") or []):
            name = str(
                step.get("name")
                or step.get("uses")
                or "Run " + (str(step.get("run", "")).strip().splitlines() or [""])[0]
            )
            record = self._steps[str(step.get("id") or index)] = self._new(name)
            record.limit = _minutes(step.get("timeout-minutes"), leg.values)
            self._leg.steps.append(record)

    def take(self, event: act.StepStarted | act.StepEnded | act.Line | act.Annotation | act.Summary) -> None:
        """One event of a step; those of steps within a composite action count for the whole action."""
        mask = self._machine.masker
        name = event.step[0] if event.step else "--setup-job"
        step = self._step(name)
        if isinstance(event, act.Line):
            step.log.add(event.text, mask, ends=event.ends)
        elif isinstance(event, act.Annotation):
            self._leg.annotations.append(
                act.Annotation(
                    event.step,
                    event.level,
                    mask(event.message),
                    {key: mask(value) for key, value in event.properties.items()},
                )
            )
        elif isinstance(event, act.Summary):
            self._take_summary(step, event)
        elif isinstance(event, act.StepStarted):
            if len(event.step) == 1 and event.stage == "Main":
                step.name = mask(_shown(event.name, step.name))
        elif len(event.step) == 1:
            self._end(step, event)

    def _step(self, name: str) -> StepRecord:
        if name not in self._steps:
            shown = {"--setup-job": "Set up job", "--complete-job": "Complete job"}.get(name, "Finish")
            self._steps[name] = self._new(shown)
        return self._steps[name]

    def _new(self, name: str) -> StepRecord:
        return StepRecord(name, log=StepLog(self._folder / "logs" / f"{len(self._steps)}.log"))

    def close(self) -> None:
        for each in self._steps.values():
            each.log.close()

    def _take_summary(self, step: StepRecord, event: act.Summary) -> None:
        # After a composite action act reads its last step's summary once more, for the whole action.
        if event.step in self._nested_summaries:
            return
        self._nested_summaries.update(event.step[:end] for end in range(1, len(event.step)))
        step.summary.append(self._machine.masker(event.markdown))

    def _end(self, step: StepRecord, event: act.StepEnded) -> None:
        if event.stage == "Main":
            step.result, step.seconds = event.result, event.seconds
            if event.result == "failure" and step.limit is not None and event.seconds >= step.limit * 60:
                step.why = f"it took longer than its `timeout-minutes`, {step.limit:g}"
                step.log.add(step.why)
        elif event.result == "failure":
            step.result = "failure"
        known = any(step is each for each in self._leg.steps)
        if event.result == "failure" and not known:
            self._leg.steps.append(step)  # setting up, or this package's own last step
        if event.result == "failure" or (known and event.stage == "Main"):
            step.log.close()
            if step.result == "failure" and step.log.lines:
                number = [id(each) for each in self._leg.steps].index(id(step)) + 1
                step.kept = "logs/" + file_name(self._folder.name, self._leg.name, number, step.name)
            self._machine.progress.step(self._leg, step)
            if step.result != "failure":
                step.log.drop()


def _minutes(written: object, values: Mapping[str, Any]) -> float | None:
    """A step's ``timeout-minutes``, where it is a number before the step starts."""
    text = str(bake.bake(written, values)).strip()
    literal = re.fullmatch(r"\$\{\{\s*(.*?)\s*\}\}", text)
    try:
        return float(literal[1] if literal else text)
    except ValueError:
        return None


def _shown(by_act: str, ours: str) -> str:
    """A step's name with its expressions filled in; act shows a script for its name, where ours is its first line."""
    return ours if ours.startswith("Run ") or "\n" in by_act or not by_act else by_act
