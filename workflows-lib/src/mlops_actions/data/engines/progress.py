"""How far a long scan is: one line that is renewed on a terminal, a quiet line now and then in a log.

A scan is asked how far it is from a thread beside it. Nothing is said of one
that is short.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TextIO, runtime_checkable

from mlops_actions.report.wording import duration, plural
from mlops_actions.visible import clip, visible

SHORT = 2.0
"""Seconds in which nothing is said: most scans are over by then."""

QUIET = 30.0
"""Seconds between two lines in a log."""

_RENEWED = 0.25  # seconds between two states of a line on a terminal
_CLEAR = "\r\x1b[K"  # to the begin of the line, and erase it


@runtime_checkable
class Shares(Protocol):
    """What can tell how far it is."""

    def share(self) -> float | None:
        """How much of the query that runs in another thread is done, 0 to 1; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Says how far scans are on ``stream``, which is a terminal or a log."""

    stream: TextIO
    short: float = SHORT
    quiet: float = QUIET

    @contextmanager
    def of(self, what: str, rows: int | None, scan: object) -> Iterator[None]:
        """Watch the scan of ``what`` (with so many rows, where that is known) as long as the block takes."""
        ended = threading.Event()
        watch = _Watch(self, clip(visible(what), 60), rows, scan if isinstance(scan, Shares) else None)
        thread = threading.Thread(target=watch.run, args=(ended,), name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


class _Watch:
    """One scan, as long as it takes."""

    def __init__(self, progress: Progress, what: str, rows: int | None, scan: Shares | None) -> None:
        self._progress, self._what, self._rows, self._scan = progress, what, rows, scan
        self._begin = time.monotonic()

    def run(self, ended: threading.Event) -> None:
        """Say something from time to time until the scan has ended."""
        if ended.wait(self._progress.short):
            return
        total = "" if self._rows is None else f", {plural(self._rows, 'row')}"
        if self._progress.stream.isatty():
            while not ended.wait(_RENEWED):
                self._say(_CLEAR + f"scanning {self._what}{self._far() or total}"[: _width(self._progress.stream)])
            self._say(_CLEAR)
            return
        self._say(f"scanning {self._what}{total}\n")
        while not ended.wait(self._progress.quiet):
            self._say(f"scanning {self._what}{self._far()}\n")
        self._say(f"scanned {self._what}{total} in {self._time(self._passed())}\n")

    def _far(self) -> str:
        """Rows, share and time left, as far as they can be told."""
        share = self._scan.share() if self._scan else None
        if share is None or not 0 < share < 1:
            return ""
        rows = "" if self._rows is None else f", {round(share * self._rows):,} of {plural(self._rows, 'row')}"
        return f"{rows}, {share:.0%}, about {self._time(self._passed() / share - self._passed())} left"

    def _passed(self) -> float:
        return time.monotonic() - self._begin

    @staticmethod
    def _time(seconds: float) -> str:
        return duration(timedelta(seconds=round(seconds)))

    def _say(self, text: str) -> None:
        try:
            self._progress.stream.write(text)
            self._progress.stream.flush()
        except (OSError, ValueError):
            pass  # who does not listen is not told


def _width(stream: TextIO) -> int:
    """Columns of a terminal that a line may have, without being continued on the next."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        columns = 0
    return (columns or 80) - 1  # one that does not know its size says 0
