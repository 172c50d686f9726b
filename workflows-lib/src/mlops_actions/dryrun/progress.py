"""What a person sees while a dry run goes on: a line for each job and step, and the whole log of a step that failed."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from typing import Protocol, TextIO

from mlops_actions.dryrun import rendered
from mlops_actions.dryrun.records import LegRecord, StepRecord
from mlops_actions.visible import visible as printable

MARKS = {"success": "✓", "failure": "✗", "cancelled": "⊘", "skipped": "-"}
COLORS = {"success": "32", "failure": "31", "cancelled": "33", "skipped": "2"}

MAX_SUMMARY = 40
"""Lines of a job's summary on the terminal."""

MAX_WIDTH = 120
"""Columns of a summary at most; a wider terminal is harder to read."""


class Progress(Protocol):
    """Told as things end; called from several threads."""

    def step(self, leg: LegRecord, step: StepRecord) -> None: ...

    def leg(self, leg: LegRecord) -> None: ...

    def note(self, text: str) -> None: ...

    def summary(self, leg: LegRecord) -> None: ...


class Silent:
    """Says nothing."""

    def step(self, leg: LegRecord, step: StepRecord) -> None:
        """Nothing."""

    def leg(self, leg: LegRecord) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def summary(self, leg: LegRecord) -> None:
        """Nothing."""


class Lines:
    """Writes to ``stream``, with colors where it is a terminal that has them."""

    def __init__(
        self, mask: Callable[[str], str] = str, stream: TextIO = sys.stderr, color: bool | None = None
    ) -> None:
        self._mask = mask
        self._stream = stream
        self._color = stream.isatty() if color is None else color
        self._lock = threading.Lock()

    def step(self, leg: LegRecord, step: StepRecord) -> None:
        lines = [self._line(step.result, f"{leg.name} › {step.name}", step.seconds)]
        if step.result == "failure":
            lines += [self._paint("2", "  │ ") + printable(each.expandtabs()) for each in step.log.shown()]
            if step.kept:
                lines.append(self._paint("2", f"  └ all of it: {step.kept} of the output folder"))
        self._write(lines)

    def leg(self, leg: LegRecord) -> None:
        reason = leg.problem or leg.why
        words = f"{leg.name}: {leg.result}" + (f" ({reason})" if reason and leg.result != "success" else "")
        self._write([self._line(leg.result, words, leg.seconds if leg.ran else None)])

    def note(self, text: str) -> None:
        self._write([self._paint("2", printable(text))])

    def summary(self, leg: LegRecord) -> None:
        """What a job wrote about itself, rendered; the report has all of it."""
        written = self._mask("\n".join(text for step in leg.steps for text in step.summary))
        width = min(shutil.get_terminal_size((MAX_WIDTH, 24)).columns, MAX_WIDTH) - 2
        lines = rendered.lines(written, width, self._color)
        if not lines:
            return
        more = [f"… {len(lines) - MAX_SUMMARY} more lines in the report"] if len(lines) > MAX_SUMMARY else []
        title = self._paint("1", f"Summary of {printable(leg.name)}")
        self._write(["", title, *(f"  {line}".rstrip() for line in [*lines[:MAX_SUMMARY], *more])])

    def _line(self, result: str, words: str, seconds: float | None) -> str:
        mark = self._paint(COLORS.get(result, "0"), MARKS.get(result, "?"))
        clock = "        " if seconds is None else f"{seconds:6.1f} s"
        return f"{mark} {clock}  {printable(words)}"

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color else text

    def _write(self, lines: list[str]) -> None:
        with self._lock:
            for line in lines:
                print(self._mask(line), file=self._stream)
            self._stream.flush()
