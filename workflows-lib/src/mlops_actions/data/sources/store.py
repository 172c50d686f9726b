"""A folder with a table in it, wherever it is, and what its log may name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from mlops_actions import links
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.errors import CallError, Problem

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


def called(table: str, path: str) -> str:
    """The name of a table's Parquet file in messages; what it ends in says how it is read."""
    return f"{table}/{path}" if path.lower().endswith(".parquet") else f"{table}/{path}.parquet"


def moment(state: str, table: str) -> datetime:
    """A state as a moment, in UTC where it has no zone. Raises CallError for what is none."""
    try:
        found = datetime.fromisoformat(state)
    except ValueError:
        hint = "There is: a version (`@v12`) of a Delta table, a snapshot's number, branch or tag of an Iceberg table, "
        hint += "a moment of either (`@2026-05-01T00:00:00Z`)."
        raise CallError(Problem(f"{state!r} names no state of this table", table, hint=hint)) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
