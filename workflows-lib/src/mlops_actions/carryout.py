"""Carries out one command: runs its stage, writes every view of the verdict, says how it ended.

The one place for the exit status, the output folder and what a person sees at
the end. A stage is a function that takes the folder to write into.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_actions import files, verdict
from mlops_actions.errors import CallError, Problem
from mlops_actions.github.commands import safe_line
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Status, Verdict

PASSED, FAILED, WRONG_CALL, INTERRUPTED = 0, 1, 2, 130

MAX_SHOWN = 20
"""Findings printed on a terminal; all of them stand in the report."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line was asked: where to write, and whether to print the verdict as JSON."""

    out: Path
    as_json: bool = False


def carry_out(job: Job, stage: Callable[[Path], Outcome]) -> int:
    """Run ``stage`` and write its views into ``job.out``; the exit status.

    Raises CallError when the call is wrong: then no verdict is left, and no
    folder that was made for one.
    """
    absent = [each for each in job.out.parents if not each.exists()]
    try:
        return _carry_out(job, stage)
    except BaseException:
        for each in absent:
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


def _carry_out(job: Job, stage: Callable[[Path], Outcome]) -> int:
    try:
        with files.replaced_folder(job.out) as folder:
            outcome = stage(folder)
            summary = _write(folder, outcome)
            _publish(outcome, summary)  # in the block: what could not be told leaves no verdict either
            _hand_over(outcome)
    except BrokenPipeError:
        mute()
        return INTERRUPTED
    except OSError as error:
        raise CallError(io_problem(error)) from error
    try:
        if job.as_json:
            sys.stdout.buffer.write(verdict.dumps(outcome.verdict).encode("utf-8", "backslashreplace"))
            sys.stdout.flush()
        _print(outcome, job.out)
    except BrokenPipeError:  # whoever read our output has gone; the files are written, and the status stands
        mute()
    return FAILED if outcome.verdict.status is Status.FAIL else PASSED


def io_problem(error: OSError) -> Problem:
    """What to tell of a file that could not be read or written."""
    hint = "Free some space, or name another folder with --out." if error.errno == 28 else None
    return Problem(error.strerror or str(error), error.filename and str(error.filename), hint=hint)


def _write(folder: Path, outcome: Outcome) -> str:
    # The views are imported after the stage has run: a call that is wrong needs none.
    from mlops_actions.report import html, markdown  # pylint: disable=import-outside-toplevel

    summary = markdown.summary(outcome)
    files.write_atomic(folder / "verdict.json", verdict.dumps(outcome.verdict))
    files.write_atomic(folder / "summary.md", summary)
    files.write_atomic(folder / "report.html", html.page(outcome))
    return summary


def _publish(outcome: Outcome, summary: str) -> None:
    from mlops_actions import github  # pylint: disable=import-outside-toplevel

    outputs = {"verdict": outcome.verdict.status.value, **outcome.outputs}
    github.publish_outcome(replace(outcome, outputs=outputs), outputs, summary, os.environ, sys.stderr)


def _hand_over(outcome: Outcome) -> None:
    """In a dry run, what would be written on GitHub goes to the file that the dry run named, a JSON object a line."""
    target = os.environ.get("MLOPS_DRYRUN_REQUESTS")
    if target and outcome.requests:
        with Path(target).open("a", encoding="utf-8") as file:
            for request in outcome.requests:
                file.write(json.dumps({"kind": request.kind, **request.body}, ensure_ascii=False) + "\n")


def _print(outcome: Outcome, out: Path) -> None:
    from mlops_actions.report import wording  # pylint: disable=import-outside-toplevel

    judged: Verdict = outcome.verdict
    lines = [f"{judged.stage}: {judged.status.value}" + (f" — {outcome.headline}" if outcome.headline else "")]
    shown = judged.causes[:MAX_SHOWN]
    for check in shown:
        name = wording.named(check.where)
        place = ":".join(str(part) for part in (check.where.file, check.where.line) if part is not None)
        if name and not check.rule.startswith(name) and name not in check.message:
            place = f"{name}, {place}" if place else name
        lines.append(f"  {check.status.value:<11} {check.rule}: {check.message}" + (f"  ({place})" if place else ""))
    if more := len(judged.findings) - len(shown):
        lines.append(f"  and {more} more in the report")
    lines.append(f"report: {out / 'report.html'}")
    for line in lines:
        print(printable(line), file=sys.stderr)


def mute() -> None:
    """Let nothing more be said, where nobody listens: Python would fail at its end, when it flushes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def printable(text: str) -> str:
    """One line without control characters, so that data can neither move the cursor nor write a workflow command."""
    return safe_line(text)
