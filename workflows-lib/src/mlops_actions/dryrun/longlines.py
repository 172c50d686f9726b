"""A line of act's JSON that is longer than memory should hold: a step printed a very long line.

It goes to a file as it comes. act writes its keys in the order of the alphabet,
so what the step printed (``msg``) stands between a short beginning and a short
end that name the step; it is read from the file again in pieces.
"""

from __future__ import annotations

import codecs
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PIECE = 1 << 20
"""Bytes that are read of a line at once; what is shorter is parsed as a whole."""

MAX_WHOLE = 32 * PIECE
"""Bytes of a line that no step printed (a summary, a message), which is parsed as a whole."""

_BEFORE, _AFTER = b'"msg":"', b'","raw_output":true,'


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line in ``file``. ``of_a_step`` is the line without its ``msg``, None where no step printed it."""

    file: IO[bytes]
    of_a_step: Mapping[str, Any] | None
    start: int
    end: int

    def whole(self) -> str:
        """The line where it is not too long, else a line that says so."""
        if self.end > MAX_WHOLE:
            return f"a line of {self.end:,} bytes is left out"
        self.file.seek(0)
        return self.file.read().decode("utf-8", "replace")

    def pieces(self) -> Iterator[str]:
        """What the step printed."""
        self.file.seek(self.start)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        left, rest = self.end - self.start, ""
        while left > 0:
            raw = self.file.read(min(PIECE, left))
            left -= len(raw) or left
            text, rest = _without_half_an_escape(rest + decoder.decode(raw, not left))
            yield json.loads(f'"{text}"', strict=False)


def _without_half_an_escape(text: str) -> tuple[str, str]:
    """The text up to an escape of JSON (``\\\\n``, ``\\\\u0007``) that is not complete, and the beginning of that."""
    at = text.rfind("\\", max(0, len(text) - 6))
    if at < 0:
        return text, ""
    backslashes = at + 1 - len(text[: at + 1].rstrip("\\"))
    needed = 6 if text[at + 1 : at + 2] == "u" else 2
    if backslashes % 2 == 0 or len(text) - at >= needed:
        return text, ""
    return text[:at], text[at:]


@contextmanager
def read(first: bytes, stream: IO[bytes], folder: Path) -> Iterator[LongLine]:
    """The line that begins with ``first``, with its rest from ``stream``, for as long as it is wanted."""
    with tempfile.TemporaryFile(dir=folder) as file:
        last, size = first, len(first)
        file.write(first)
        while not last.endswith(b"\n") and (piece := stream.readline(PIECE)):
            file.write(piece)
            last, size = (last + piece)[-PIECE:], size + len(piece)
        start, behind = first.find(_BEFORE) + len(_BEFORE), last.rfind(_AFTER)
        yield LongLine(file, *_place(first[:start], last[behind + 1 :], start, size, behind >= 0, len(last) - behind))


def _place(
    head: bytes, tail: bytes, start: int, size: int, found: bool, back: int
) -> tuple[Mapping[str, Any] | None, int, int]:
    if found and head.endswith(_BEFORE):
        try:
            data = json.loads(head[:-1] + b'""' + tail.lstrip(b'"'))
        except ValueError:
            data = None
        if isinstance(data, dict):
            return data, start, size - back
    return None, 0, size
