"""Tables whose rows are those that a log says: Delta Lake and Iceberg, in a folder here or in a bucket.

A folder that holds such a log is always read as a table: files that it holds
may be of an older state, or hold rows that were deleted since. Where the
files of the wanted state are plain, the engine reads them as they are; else
the table's own library copies the rows that count (:mod:`.copying`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.sources.located import Located, need
from mlops_actions.data.sources.relation import File
from mlops_actions.data.sources.store import DELTA_LOG, ICEBERG_LOG, ICEBERG_METADATA, LocalStore, Store
from mlops_actions.errors import CallError, Problem

# pylint: disable=import-outside-toplevel  # each kind of table has a library of its own

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
