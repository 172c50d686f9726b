"""``mlops ci run``: one leg of the matrix, in an environment of its own.

An install that fails ends the leg; a lint that fails does not hide what the
tests say.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeAlias
from xml.sax.saxutils import escape

from mlops_actions import verdict
from mlops_actions.ci import leg, steps, versions
from mlops_actions.ci.leg import Counts, Leg, Ran
from mlops_actions.ci.plan import STAGE, unplanned
from mlops_actions.ci.readers import coverage, junit, lint, transcript
from mlops_actions.ci.steps import Commands
from mlops_actions.outcome import Block, Log, Outcome, Section, Table
from mlops_actions.project import environment, interpreters, layout, reason, secrets, shell
from mlops_actions.project.environment import CannotCreate, Environment
from mlops_actions.project.install import Step
from mlops_actions.project.layout import Layout
from mlops_actions.verdict import Check, Status, Verdict, Where
from mlops_actions.visible import clip

MAX_FINDINGS = 500
"""Findings of one step that are listed one by one."""

MAX_SHOWN_LOG = 48 * 1024
"""Bytes of a failing step's log in the report, its end; the whole log stands beside it."""

Findings: TypeAlias = Callable[[], Iterable[Check]]
"""Reads a step's findings, after it has run."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One leg: the project's folder, the Python version, and what the caller gave.

    What the commands print goes to ``echo`` as it comes. ``index_url`` is the
    package index that they use, a secret.
    """

    python: str
    folder: Path = Path()
    commands: Commands = field(default_factory=Commands)
    echo: TextIO | None = None
    index_url: str | None = field(default=None, repr=False)


def run(request: RunRequest, out: Path) -> Outcome:
    """Install, lint and test; writes ``leg.json``, ``junit.xml`` and a log for each step.

    Raises CallError where the version is none, or there is nothing to run.
    """
    python = versions.checked((request.python,))[0]
    project = layout.read(request.folder)
    chosen = steps.choose(project, request.commands)
    temporary = os.environ.get("RUNNER_TEMP") or None
    with tempfile.TemporaryDirectory(prefix="mlops-leg-", dir=temporary, ignore_cleanup_errors=True) as root:
        work = _Leg(project, python, out, request.echo or sys.stderr)
        if work.prepare(Path(root), request.index_url):
            if work.install(chosen.install, [step for step in (chosen.lint, chosen.test) if step]):
                work.lint(chosen.lint)
                work.test(chosen.test)
            else:
                work.skip("lint", chosen.lint)
                work.skip("test", chosen.test)
        return work.outcome()


class _Leg:
    """A leg under way: the steps so far and the checks that came of them."""

    def __init__(self, project: Layout, python: str, out: Path, echo: TextIO) -> None:
        self._project, self._python, self._out, self._echo = project, python, out, echo
        self._started = verdict.now()
        self._environment = Environment(Path(), Path(), {})
        self._private = Path()
        self._mask = secrets.Mask(())
        self._interpreter: str | None = None
        self._ran: list[Ran] = []
        self._checks: list[Check] = []
        self._logs: list[Log] = []
        self._tests: Counts | None = None
        self._coverage: float | None = None

    # --- the steps -------------------------------------------------------------------------------

    def prepare(self, root: Path, index_url: str | None) -> bool:
        """Make the environment; False, with a check that says why, where there is no such Python."""
        self._private = root
        found = interpreters.find(self._python)
        try:
            python = found or self._python.removesuffix("-dev")
            made = environment.create(root, python, index_url=index_url)
        except CannotCreate as error:
            if found is None:
                state = "is not on this machine and could not be fetched"
                return self._no_python(f"Python {self._python} {state}: {error}; looked in {interpreters.PLACES}")
            here = interpreters.ask(found)
            self._interpreter = here.version if here else None
            return self._no_python(f"Python {self._python} could not be isolated: {error}")
        answer = interpreters.ask(made.python)
        if answer is None or not answer.answers_to(self._python):
            got = f"{answer.version}{'' if answer.final else ', a pre-release'}" if answer else "one that does not run"
            return self._no_python(
                f"Python {self._python} was asked for and {got} is what there is"
                + (f': name it "{answer.minor}-dev"' if answer and not answer.final else "")
            )
        self._interpreter, self._environment = answer.version, made
        self._mask = secrets.Mask(made.hidden)
        return True

    def _no_python(self, message: str) -> bool:
        self._say(message)
        self._checks.append(Check("python.version", Status.FAIL, message, where=Where(object=self._python)))
        return False

    def install(self, step: Step | None, later: list[Step]) -> bool:
        """Install the project, and the tools that later steps need and it does not bring."""
        ok, seconds = True, 0.0
        if step is not None:
            ok, seconds = self._run(step, {})
        missing = self._missing(tuple(name for each in later for name in each.needs)) if ok else []
        if missing:
            tools = Step("tools", f"uv pip install {' '.join(missing)}", "the project does not install them")
            ok, more = self._run(tools, {}, folder=self._for_tools(step))
            seconds += more
        step = step or Step("install", "", "nothing asks for it")
        if missing:
            step = replace(step, reason=f"{step.reason}; {' and '.join(missing)} added, since the project has none")
        if not step.command and not missing:
            self.skip("install", None)
        else:
            self._ran.append(_ran(step, Status.PASS if ok else Status.FAIL, seconds))
        return ok

    def _for_tools(self, install: Step | None) -> Path:
        """Where the tools are installed: the project's settings for uv hold for them only where it uses uv itself."""
        uses_uv = install is not None and re.search(r"\buv\b", install.command)
        return self._project.folder if uses_uv else self._private

    def lint(self, step: Step | None) -> None:
        if step is None:
            self.skip("lint", None)
            return
        log = self._out / "lint.log"
        ok, seconds = self._run(step, {}, lambda: lint.read(_lines(log), self._project.folder))
        self._ran.append(_ran(step, Status.PASS if ok else Status.FAIL, seconds))

    def test(self, step: Step | None) -> None:
        if step is None:
            self.skip("test", None)
            return
        report = steps.own_junit(self._project, step.command)
        variables = {} if report else self._ask_for_junit()
        before = time.time()
        ok, seconds = self._run(step, variables, lambda: self._tested(report, before))
        self._coverage = self._covered(before)
        self._ran.append(_ran(step, Status.PASS if ok else Status.FAIL, seconds))

    def skip(self, name: str, step: Step | None) -> None:
        """A step that is not run: nothing asks for it, or the install failed."""
        if step is None:
            self._checks.append(unplanned(name))
            self._ran.append(Ran(name, "", "nothing asks for it", Status.NOT_CHECKED))
            return
        message = f"not run, since the install failed: `{step.command}`"
        self._checks.append(Check(f"{name}.command", Status.NOT_CHECKED, message, where=Where(object=name)))
        self._ran.append(_ran(step, Status.NOT_CHECKED, 0.0))

    # --- their parts -----------------------------------------------------------------------------

    def _run(
        self, step: Step, variables: Mapping[str, str], findings: Findings = lambda: (), folder: Path | None = None
    ) -> tuple[bool, float]:
        """Run a step's command, judge it, and keep its findings: failing ones fail, those of a passing step warn."""
        env = {**self._environment.variables, **variables}
        command = self._mask.whole(step.command)
        self._say(f"{step.name}: {command}  ({step.reason})")
        log = self._out / f"{step.name}.log"
        hidden = self._environment.hidden
        result = shell.run(step.command, folder or self._project.folder, env, log, self._echo, hidden=hidden)
        found = list(islice(findings(), MAX_FINDINGS + 1))
        status = Status.PASS if result.ok else Status.FAIL
        message = f"`{command}` passed" if result.ok else f"`{command}` ended with status {result.code}"
        if found:
            message += f", with {_findings(len(found))}"
        elif not result.ok:
            message += f": {clip(_reason(step, log), 500)}"
        if result.ok and not found and reason.last_line(_end_of(log)) == f"make: '{step.name}' is up to date.":
            status = Status.WARN
            message = f"`{command}` did nothing: a file or folder is named `{step.name}`. Declare the target `.PHONY`"
        self._checks.append(Check(f"{step.name}.command", status, message, where=Where(object=step.name)))
        self._checks += [
            replace(each, status=Status.WARN if result.ok else Status.FAIL) for each in found[:MAX_FINDINGS]
        ]
        if not result.ok:
            self._logs.append(Log(f"{step.name}: {command}", _end_of(log)))
        return result.ok, result.seconds

    def _missing(self, names: tuple[str, ...]) -> list[str]:
        """Which of these modules the environment lacks."""
        if not names:
            return []
        probe = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if importlib.util.find_spec(n) is None])"
        return self._ask(["-I", "-c", probe, *names]).split()

    def _ask(self, arguments: list[str]) -> str:
        """What the environment's Python prints; empty where it fails."""
        command = [str(self._environment.python), *arguments]
        done = environment.captured(command, self._environment.variables, self._project.folder)
        return done.stdout if done.returncode == 0 else ""

    def _ask_for_junit(self) -> dict[str, str]:
        """pytest reads these as options before its own, so the project's command and settings stay as they are."""
        report = (self._out / "junit.xml").resolve().as_posix()
        options = f"--junitxml={shlex.quote(report)} -o junit_family=xunit1"
        return {"PYTEST_ADDOPTS": f"{self._environment.variables.get('PYTEST_ADDOPTS', '')} {options}".strip()}

    def _tested(self, report: Path | None, before: float) -> Iterator[Check]:
        ours = self._out / "junit.xml"
        if report is not None and _written_since(report, before):
            shutil.copyfile(report, ours)
        self._hide(ours)
        if not ours.is_file():
            yield from transcript.read(_lines(self._out / "test.log"), self._project.folder)
            return
        try:
            tests = junit.read(ours, self._project.folder)
        except junit.Unreadable as error:
            yield Check("test.report", Status.FAIL, f"the JUnit file {error}", where=Where(object="test"))
            return
        self._tests = Counts(tests.passed, tests.failed, tests.skipped)
        yield from tests.checks

    def _hide(self, report: Path) -> None:
        """Mask the secrets in a JUnit file, which the project's process wrote past us, also where XML escaped them."""
        if not self._environment.hidden or not report.is_file() or report.stat().st_size > junit.MAX_BYTES:
            return
        hidden = self._environment.hidden
        mask = secrets.Mask({*hidden, *map(escape, hidden), *(escape(each, {'"': "&quot;"}) for each in hidden)})
        text = report.read_bytes().decode("utf-8", "surrogateescape")
        if (masked := mask.whole(text)) != text:
            report.write_bytes(masked.encode("utf-8", "surrogateescape"))

    def _covered(self, before: float) -> float | None:
        folder = self._project.folder
        share = coverage.from_text(_lines(self._out / "test.log"))
        if share is None and _written_since(folder / "coverage.xml", before):
            share = coverage.from_xml(folder / "coverage.xml")
        if share is None and _written_since(folder / ".coverage", before):
            share = coverage.from_text(
                [f"TOTAL 0 {self._ask(['-m', 'coverage', 'report', '--format=total']).strip()}%"]
            )
        return share

    def _say(self, text: str) -> None:
        encoding = getattr(self._echo, "encoding", None) or "utf-8"
        print(f"\n== {text}".encode(encoding, "backslashreplace").decode(encoding), file=self._echo, flush=True)

    # --- what comes of it ------------------------------------------------------------------------

    def outcome(self) -> Outcome:
        """The verdict of the leg, its table and the logs of what failed; writes ``leg.json``."""
        checks = tuple(self._checks)
        judged = Verdict(
            STAGE,
            verdict.conclude(checks),
            checks,
            self._started,
            verdict.now(),
            parameters={"python": self._python},
        )
        done = Leg(self._python, self._interpreter, tuple(self._ran), self._tests, self._coverage, judged)
        leg.write(done, self._out)
        blocks: list[Block] = [_table(done)] if done.steps else []
        return Outcome(
            judged,
            headline=headline(done),
            sections=(Section(f"Python {self._interpreter or self._python}", (*blocks, *self._logs)),)
            if blocks or self._logs
            else (),
        )


def headline(done: Leg) -> str:
    """A leg in one sentence."""
    failed = [step.name for step in done.steps if step.status is Status.FAIL]
    if done.interpreter is None:
        return f"Python {done.python} is not here"
    if not done.steps:
        return f"Python {done.interpreter} is here, and no environment could be made with it"
    parts = [f"{' and '.join(failed)} failed"] if failed else [f"passed in {done.seconds:.1f} s"]
    if done.tests:
        parts.append(f"tests: {done.tests.in_words()}")
    if done.coverage is not None:
        parts.append(f"{done.coverage:g}% covered")
    return f"Python {done.interpreter}: {', '.join(parts)}"


def _table(done: Leg) -> Table:
    rows = tuple(
        (step.name, step.status.value, round(step.seconds, 1), step.command, step.reason) for step in done.steps
    )
    words = [f"tests: {done.tests.in_words()}"] if done.tests else []
    words += [f"coverage: {done.coverage:g}%"] if done.coverage is not None else []
    return Table(("Step", "Status", "Seconds", "Command", "Why"), rows, "; ".join(words))


def _ran(step: Step, status: Status, seconds: float) -> Ran:
    return Ran(step.name, step.command, step.reason, status, round(seconds, 2))


def _findings(count: int) -> str:
    if count > MAX_FINDINGS:
        return f"more than {MAX_FINDINGS} findings, of which the first {MAX_FINDINGS} are listed"
    return "1 finding" if count == 1 else f"{count} findings"


def _lines(log: Path) -> Iterator[str]:
    with log.open(encoding="utf-8", errors="replace") as file:
        yield from (line.rstrip("\n") for line in file)


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MAX_SHOWN_LOG))
        text = file.read().decode("utf-8", "replace")
    return text if size <= MAX_SHOWN_LOG else f"[the last {MAX_SHOWN_LOG // 1024} KiB of {log.name}]\n{text}"


def _reason(step: Step, log: Path) -> str:
    """Why a step failed, where nothing was found in what it printed."""
    installs = step.name in {"install", "tools"}
    text = _end_of(log)
    return (reason.of_install(text) if installs else reason.last_line(text)) or "it printed nothing"


def _written_since(path: Path, moment: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime >= moment - 2  # file systems round
    except OSError:
        return False
