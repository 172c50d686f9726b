"""A file in one streaming pass: its digest, and how many records stand in it, counted apart from the reader."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, BinaryIO, Protocol

from mlops_actions.data.sources.relation import File
from mlops_actions.errors import CallError, Problem

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Survey:
    """A file's SHA-256 (hex) and, for text, how many records stand in it (None where it cannot be told)."""

    sha256: str
    records: int | None = None


class Counter(Protocol):
    """Counts records in bytes that are fed to it."""

    def feed(self, chunk: bytes) -> None: ...

    def total(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a text file: where it begins, its bytes as they stand there, and why it does not parse, if so."""

    line: int
    raw: bytes
    refused: str | None = None


class Endless(Exception):
    """The records after a line cannot be told, and why."""


def survey(file: File, counter: Counter | None = None) -> Survey:
    """Digest a file and feed ``counter`` with what is in it, decompressed as its name says. Raises OSError."""
    digest = hashlib.sha256()
    inside = _inflater(file) if counter else None
    whole = counter is not None
    with file.own.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            if counter is None or not whole:
                continue
            try:
                for piece in inside.pieces(chunk) if inside else (chunk,):
                    counter.feed(piece)
            except _damage():
                whole = False
    return Survey(digest.hexdigest(), counter.total() if counter and whole else None)


def packing(file: File) -> str:
    """How a file is compressed, as its name says, in the engine's words."""
    name = file.name.lower()
    return "gzip" if name.endswith(".gz") else "zstd" if name.endswith(".zst") else "none"


def open_bytes(file: File) -> BinaryIO:
    """The bytes of a file, decompressed as its name says."""
    match packing(file):
        case "gzip":
            return gzip.open(file.path, "rb")  # type: ignore[return-value]
        case "zstd":
            stream: BinaryIO = zstd().open(file.path, "rb")
            return stream
    return file.path.open("rb")


def damage() -> tuple[type[Exception], ...]:
    """What reading a damaged compressed file raises."""
    return (OSError, EOFError, *_damage())


def zstd() -> ModuleType:
    """The module of Python that reads Zstandard. Raises CallError where it is not installed."""
    # pylint: disable=import-outside-toplevel
    try:
        from compression import zstd as module  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from backports import zstd as module  # type: ignore[no-redef,unused-ignore]
        except ImportError:
            hint = "Install `backports.zstd`, or the extra `data` of this library."
            raise CallError(Problem("no reader of Zstandard (`.zst`) is installed", hint=hint)) from None
    found: ModuleType = module
    return found


def _damage() -> tuple[type[Exception], ...]:
    try:
        return (zlib.error, zstd().ZstdError)
    except CallError:
        return (zlib.error,)


class _Inflater(Protocol):
    def pieces(self, chunk: bytes) -> Iterator[bytes]: ...


def _inflater(file: File) -> _Inflater | None:
    match packing(file):
        case "gzip":
            return _Gzip()
        case "zstd":
            return _Zstandard()
    return None


class _Gzip:
    """Members one after the other, each in pieces of bounded size."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(31)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            yield self._member.decompress(chunk, CHUNK)
            chunk = self._member.unconsumed_tail
            if self._member.eof:  # another member may follow, after zeros
                chunk = self._member.unused_data.lstrip(b"\0")
                self._member = zlib.decompressobj(31)


class _Zstandard:
    """Frames one after the other, each in pieces of bounded size."""

    def __init__(self) -> None:
        self._frame: Any = zstd().ZstdDecompressor()

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            yield self._frame.decompress(chunk, CHUNK)
            while not (self._frame.eof or self._frame.needs_input):
                yield self._frame.decompress(b"", CHUNK)
            chunk = b""
            if self._frame.eof:
                chunk = self._frame.unused_data
                self._frame = zstd().ZstdDecompressor()
