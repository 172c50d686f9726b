"""Tables whose rows are those that a log says: Delta Lake and Iceberg, in a folder here or in a bucket.

A folder that holds such a log is always read as a table: files that it holds
may be of an older state, or hold rows that were deleted since. Where the
files of the wanted state are plain, the engine reads them as they are; else
the table's own library copies the rows that count (:mod:`.copying`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from mlops_actions import links
from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.sources.located import Located, need
from mlops_actions.data.sources.relation import File, Unreadable
from mlops_actions.errors import CallError, Problem

# pylint: disable=import-outside-toplevel  # each kind of table has a library of its own

DELTA_LOG = "_delta_log"
ICEBERG_LOG = "metadata"
ICEBERG_METADATA = ".metadata.json"


class Store(Protocol):
    """A folder with a table in it, wherever it is. Paths are relative to it, with slashes."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    def names(self, folder: str) -> list[str]:
        """The names of files directly in a folder below; empty where there is no such folder."""

    def fetch(self, paths: Sequence[str]) -> list[Path]:
        """Files as they lie here, in this order. Raises Unreadable for one that is not there."""

    def mirror(self, wanted: Callable[[str], bool]) -> Path:
        """The table's own folder as it lies here, with at least those files whose path is ``wanted``."""


class LocalStore:
    """A folder of this machine."""

    def __init__(self, name: str, root: Path) -> None:
        if links.escape(Path(name)):
            raise CallError(Problem(links.ESCAPES, name, hint="Name the folder that it leads to."))
        self.name = name
        self.base = (root / name).resolve()

    def names(self, folder: str) -> list[str]:
        path = self.base / folder
        return sorted(each.name for each in path.iterdir() if each.is_file()) if path.is_dir() else []

    def fetch(self, paths: Sequence[str]) -> list[Path]:
        found = []
        for path in paths:
            resolved = (self.base / safe(path, self.name)).resolve()
            if not resolved.is_relative_to(self.base):
                raise Unreadable("its log names a file that a symbolic link leads out of the table's folder", self.name)
            if not resolved.is_file():
                raise Unreadable(f"its log names the file {path!r}, which is not there", self.name)
            found.append(resolved)
        return found

    def mirror(self, wanted: Callable[[str], bool]) -> Path:
        del wanted  # all are there
        return self.base


def safe(path: str, table: str) -> str:
    """A path that a log names, if it stays below the table's folder. Raises Unreadable."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path or re.match(r"[A-Za-z][\w+.-]*:/", path):
        raise Unreadable(f"its log names {path!r}, which is not in the table's own folder; no other is read", table)
    return path


# Finding


def split(text: str) -> tuple[str, str | None]:
    """A place's text as path and state: ``lake/flights@v12`` names version 12."""
    path, separator, state = text.rpartition("@")
    return (path, state) if separator and path and state and "/" not in state else (text, None)


def is_local_table(text: str, root: Path) -> bool:
    """Whether a path, as it stands or without its state, is a table's folder (or an Iceberg metadata file)."""
    if os.path.lexists(root / text):
        return _has_log(root / text) or text.endswith(ICEBERG_METADATA)
    path, state = split(text)
    return state is not None and (_has_log(root / path) or path.endswith(ICEBERG_METADATA))


def kind_of(text: str, root: Path) -> str | None:
    """``delta`` or ``iceberg``, where a path is a table's; its format, as a contract would have it."""
    if not is_local_table(text, root):
        return None
    path = text if os.path.lexists(root / text) else split(text)[0]
    return "delta" if (root / path / DELTA_LOG).is_dir() else "iceberg"


def _has_log(folder: Path) -> bool:
    if (folder / DELTA_LOG).is_dir():
        return True
    log = folder / ICEBERG_LOG
    return log.is_dir() and any(each.endswith(ICEBERG_METADATA) for each in os.listdir(log))


def refuse_part(file: File, root: Path) -> None:
    """Refuse a file that lies in a table's folder: whether its rows count, the table's log says."""
    path = Path(os.path.normpath(root / file.name))
    for folder in path.parents:
        if not folder.is_relative_to(root) and not file.name.startswith(("/", "..")):
            return
        if _has_log(folder):
            table = os.path.relpath(folder, root)
            hint = f"Name the table's folder, {table!r}: its log says which files and rows count."
            raise CallError(Problem("is part of a table", file.name, hint=hint))


def locate_local(place: Place, root: Path, into: Path) -> Located:
    """The state of a local table that a place names."""
    path, state = (place.text, None) if os.path.lexists(root / place.text) else split(place.text)
    if path.endswith(ICEBERG_METADATA):
        metadata = PurePosixPath(path)
        return locate(LocalStore(str(metadata.parent.parent), root), place, state, into, metadata.name)
    return locate(LocalStore(path, root), place, state, into)


def locate(store: Store, place: Place, state: str | None, into: Path, metadata: str | None = None) -> Located:
    """The state of the table in ``store``, which is known to be one; ``metadata`` names the file that says it is."""
    if metadata or not store.names(DELTA_LOG):
        return _iceberg(store, place, state, into, metadata)
    expect(place, "delta")
    need("delta")
    from mlops_actions.data.sources import delta

    return delta.locate(store, state, into)


def _iceberg(store: Store, place: Place, state: str | None, into: Path, metadata: str | None) -> Located:
    expect(place, "iceberg")
    need("iceberg")
    from mlops_actions.data.sources import iceberg

    return iceberg.locate(store, state, into, metadata)


def expect(place: Place, kind: str) -> None:
    """Raises CallError where the contract says that a place is of another format than what was found there."""
    if place.format is not None and place.format != kind:
        raise CallError(Problem(f"the contract says `format: {place.format}`, and this is {kind}", place.text))


def called(table: str, path: str) -> str:
    """The name of a table's Parquet file in messages; what it ends in says how it is read."""
    return f"{table}/{path}" if path.lower().endswith(".parquet") else f"{table}/{path}.parquet"


_ENDINGS = {"csv": (".csv", ".tsv"), "json": (".json", ".jsonl", ".ndjson"), "parquet": (".parquet",)}
_ENDINGS["arrow"] = (".arrow", ".feather", ".ipc")


def expect_files(place: Place, files: Sequence[File]) -> None:
    """The same for files, which end in what they are (and in how they are compressed)."""
    if place.format is None:
        return
    for each in files:
        suffixes = PurePosixPath(each.name.lower()).suffixes[-2:]
        if not set(suffixes) & set(_ENDINGS.get(place.format, ())):
            found = f"{each.name} is none"
            raise CallError(Problem(f"the contract says `format: {place.format}`, and {found}", place.text))


# States


def moment(state: str, table: str) -> datetime:
    """A state as a moment, in UTC where it has no zone. Raises CallError for what is none."""
    try:
        found = datetime.fromisoformat(state)
    except ValueError:
        hint = "There is: a version (`@v12`) of a Delta table, a snapshot's number, branch or tag of an Iceberg table, "
        hint += "a moment of either (`@2026-05-01T00:00:00Z`)."
        raise CallError(Problem(f"{state!r} names no state of this table", table, hint=hint)) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
