"""The parts of a text file: compressed as it is, and beside them the records that do not parse."""

from __future__ import annotations

import gzip
import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mlops_actions.data.quarantine.parts import UNPARSED, Parting, place
from mlops_actions.data.sources.relation import File
from mlops_actions.data.sources.survey import Record, packing, zstd


def _opened(path: Path, file: File) -> BinaryIO:
    """A file to write, compressed as the other is."""
    match packing(file):
        case "gzip":
            return gzip.GzipFile(path, "wb", mtime=0)  # type: ignore[return-value]
        case "zstd":
            stream: BinaryIO = zstd().open(path, "wb")
            return stream
    return path.open("wb")


@dataclass(slots=True)
class Part:
    """A part of a file, which is there from its first record on."""

    stack: ExitStack
    folder: Path | None
    name: str
    file: File
    heading: bytes
    stream: BinaryIO | None = field(default=None)

    def write(self, raw: bytes) -> None:
        if self.folder is None:
            return
        if self.stream is None:
            self.stream = self.stack.enter_context(_opened(place(self.folder, self.name), self.file))
            self.stream.write(self.heading)
        self.stream.write(raw)


class Unparsed:
    """Records that do not parse: their bytes in one file (without private columns), line and reason in another."""

    def __init__(self, stack: ExitStack, parting: Parting, name: str, file: File) -> None:
        folder = None if parting.quarantine is None else parting.quarantine / UNPARSED
        self._raw = Part(stack, None if parting.private else folder, name, file, b"")
        self._reasons = Part(stack, folder, f"{name}.reasons.jsonl", File("", file.path), b"")
        self._digests = parting.digests if parting.private else None

    def keep(self, record: Record) -> None:
        self._raw.write(record.raw)
        said = {"line": record.line, "bytes": len(record.raw), "reason": record.refused}
        if self._digests is not None:
            said["digest"] = self._digests.of(record.raw)
        self._reasons.write(json.dumps(said).encode() + b"\n")
