"""The log of a step: whole in a file, as long as the step may yet fail, and its beginning and end in memory."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

HEAD, TAIL = 1_000, 4_000
"""Lines that are shown of a log that is longer: the first ones and the last ones."""

WIDTH = 4_000
"""Characters that are shown of a line."""

_PIECE = 1 << 20


class StepLog:
    """Takes lines; ``lines`` is how many there were. ``spool`` is the file that holds all of it, whole."""

    def __init__(self, spool: Path | None = None) -> None:
        self.lines = 0
        self.trouble = ""
        self._spool = spool
        self._file: BinaryIO | None = None
        self._head: list[str] = []
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._begun: tuple[str, int] | None = None

    def add(self, text: str, shown: Callable[[str], str] = str, *, ends: bool = True) -> None:
        """A line, or a piece of one that goes on (``ends`` is off); ``shown`` is what memory holds of it."""
        self._write(text + ("\n" if ends else ""))
        start, length = self._begun or ("", 0)
        if not start:
            text = shown(text)
            start = text[:WIDTH]
        self._begun = (start, length + len(text))
        if ends:
            self._finish_line()

    def _finish_line(self) -> None:
        start, length = self._begun or ("", 0)
        self._begun = None
        self.lines += 1
        more = f"… ({length - WIDTH:,} more characters)" if length > WIDTH else ""
        (self._head if len(self._head) < HEAD else self._tail).append(start + more)

    def _write(self, text: str) -> None:
        if self._spool is None or self.trouble:
            return
        try:
            if self._file is None:
                self._spool.parent.mkdir(exist_ok=True)
                self._file = self._spool.open("ab")  # pylint: disable=consider-using-with  # until the step ends
            self._file.write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:  # a full disk: what is in memory is still shown
            self.trouble = error.strerror or str(error)

    def shown(self) -> list[str]:
        """Its lines, or the first and the last of them, and between these how many there are more."""
        left_out = self.lines - len(self._head) - len(self._tail)
        mark = [f"… {left_out:,} lines are left out here"] if left_out else []
        return [*self._head, *mark, *self._tail]

    def end(self, number: int) -> list[str]:
        """Its last lines, no more than ``number``."""
        lines = [*self._tail] if len(self._tail) >= number else [*self._head, *self._tail]
        return lines[-number:]

    def close(self) -> None:
        """No more is to come, as far as is known."""
        if self._begun is not None:
            self.add("")
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.trouble = self.trouble or error.strerror or str(error)
            self._file = None

    def drop(self) -> None:
        """Nobody will ask for it: the step did not fail."""
        self.close()
        if self._spool is not None:
            self._spool.unlink(missing_ok=True)
        self.lines, self._head = 0, []
        self._tail.clear()

    def keep(self, target: Path, mask: Callable[[str], str], longest: int) -> None:
        """Copy all of it to ``target``, masked; no secret is longer than ``longest`` characters."""
        self.close()
        with target.open("w", encoding="utf-8", newline="") as file:
            file.writelines(_masked(self._pieces(), mask, longest))
            if self.trouble:
                file.write(f"… the rest could not be kept: {self.trouble}\n")

    def _pieces(self) -> Iterator[str]:
        if self._spool is None or not self._spool.exists():
            return
        with self._spool.open(encoding="utf-8", newline="") as file:
            while piece := file.read(_PIECE):
                yield piece


def _masked(pieces: Iterator[str], mask: Callable[[str], str], longest: int) -> Iterator[str]:
    """The pieces, masked, also where a secret stands across the end of one."""
    held = ""
    for piece in pieces:
        text = mask(held + piece)
        end = max(0, len(text) - longest)
        held = text[end:]
        yield text[:end]
    yield mask(held)


def file_name(*parts: object) -> str:
    """A file's name that says what it is, of plain characters."""
    words = (re.sub(r"[^\w.()+-]+", "-", str(part)).strip("-.") for part in parts)
    return "-".join(word[:60] for word in words if word) + ".log"
