"""``--quarantine`` and ``--accepted``: the files of an object parted into rows that break a rule and the rest.

The engine names the failing rows, sorted by place; the files are copied
beside that, row by row, so that neither part is ever held. Together the parts
are the input, row for row.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions import files
from mlops_actions.data.engines import duck
from mlops_actions.data.quarantine import csvparts, jsonparts, parquetparts, parts
from mlops_actions.data.quarantine.digests import Digests
from mlops_actions.data.quarantine.parts import Faults, Parting
from mlops_actions.data.rules.rowwise import RowRule
from mlops_actions.data.sources.csvfiles import SUFFIXES as CSV
from mlops_actions.data.sources.jsonlines import SUFFIXES as JSON
from mlops_actions.data.sources.parquet import SUFFIXES as PARQUET
from mlops_actions.data.sources.positions import unpacked
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import File, Relation, Unreadable
from mlops_actions.data.sources.survey import Endless
from mlops_actions.errors import CallError, Problem

if TYPE_CHECKING:
    import duckdb

_FETCHED = 10_000  # failing rows at a time


@dataclass(frozen=True, slots=True)
class Task:
    """The files of an object, how they are read, and the rules that failed; ``rows`` is how many the scan came to."""

    relation: Relation
    reading: Reading
    rules: Sequence[RowRule]
    rows: int

    @property
    def is_private(self) -> bool:
        return any(column.private for column in self.relation.columns)


def refuse(data: Iterable[File], folders: Sequence[Path]) -> None:
    """Raises CallError for files whose rows cannot be parted here, or that lie in the folders that are written."""
    for file in data:
        for folder in folders:
            if file.own.is_relative_to(folder.resolve()):
                raise CallError(Problem(f"lies in {str(folder)!r}, which is replaced", file.name))
        name = file.name.lower()
        if name.endswith(PARQUET):
            parquetparts.require()
        elif not name.endswith((*CSV, *JSON)):
            known = ", ".join(f"`{suffix}`" for suffix in (*CSV, *JSON, *PARQUET))
            raise CallError(Problem("rows of this format cannot be parted", file.name, hint=f"Those of {known} can."))


class Folders:
    """The folders that rows are parted into, both as they will be called and as they are written."""

    def __init__(self, quarantine: Path | None, accepted: Path | None) -> None:
        self.quarantine, self.accepted = quarantine, accepted
        self._digests = Digests()
        self.is_abandoned = False

    def parting(self, relation: Relation, folder: str | None) -> Parting:
        """How an object is parted: into ``folder`` of each, where there are several objects."""
        inner = [each and each / _safe(folder) if folder else each for each in (self.quarantine, self.accepted)]
        return Parting(relation, inner[0], inner[1], self._digests)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self.is_abandoned = True


def _safe(name: str) -> str:
    """An object's name as that of a folder; names that differ stay different."""
    plain = re.sub(r"[^A-Za-z0-9-]", "_", name)[:80]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class _Abandoned(Exception):
    """The parts are not to be left."""


@contextmanager
def replaced(quarantine: Path | None, accepted: Path | None) -> Iterator[Folders]:
    """Fresh folders that take the place of both when the block ends well, as :func:`files.replaced_folder` has it.

    Raises CallError where one holds something that no run made, or the disk is full.
    """
    refuse_nested(*(each for each in (quarantine, accepted) if each is not None))
    try:
        with ExitStack() as stack:
            fresh = [each and stack.enter_context(files.replaced_folder(each)) for each in (quarantine, accepted)]
            folders = Folders(fresh[0], fresh[1])
            yield folders
            if folders.is_abandoned:
                raise _Abandoned
    except _Abandoned:
        pass


def refuse_nested(*folders: Path) -> None:
    """Raises CallError where one of the folders, each of which is replaced, is inside of another."""
    for index, one in enumerate(folders):
        for other in (*folders[:index], *folders[index + 1 :]):
            if one.resolve().is_relative_to(other.resolve()):
                raise CallError(Problem(f"lies in {str(other)!r}, which is replaced, too", str(one)))


def split(task: Task, parting: Parting, others: Iterable[File] = ()) -> int:
    """Write both parts of an object; the number of failing rows.

    ``others`` are files that the rules' conditions read besides. Raises
    Unreadable where the rows cannot be told apart, duckdb.Error, OSError.
    """
    relation, total = task.relation, 0
    names = parts.names(relation.files)
    with _faults(task, others) as found:
        for number, file in enumerate(relation.files):
            faults = Faults(found(number))
            try:
                if file.name.lower().endswith(PARQUET):
                    total += parquetparts.part(file, names[file], faults, parting)
                else:
                    total += _text(file, names[file], faults, parting, task.reading)
            except OSError as error:
                hint = "Free some space, or name a folder on another disk." if error.errno == errno.ENOSPC else None
                message = f"its rows cannot be written: {error.strerror or error}"
                raise CallError(Problem(message, file.name, hint=hint)) from error
    if total != task.rows:
        raise Unreadable(f"the files have {total:,} rows where the scan found {task.rows:,}, so none can be parted")
    return found.count


def _text(file: File, name: str, faults: Faults, parting: Parting, reading: Reading) -> int:
    part = csvparts.part if file.name.lower().endswith(CSV) else jsonparts.part
    try:
        return part(file, name, faults, parting, reading)
    except Endless as error:
        raise Unreadable(f"{error}, so the rows after it cannot be told", file.name) from error


class _Found:
    """The failing rows as the engine gives them: sorted by file, then by row. Files are asked for in their order."""

    def __init__(self, rows: Iterator[tuple[int, list[str]]]) -> None:
        self._groups = groupby(rows, key=lambda row: unpacked(row[0])[0])
        self._next = next(self._groups, None)
        self.count = 0

    def __call__(self, number: int) -> Iterator[tuple[int, Sequence[str]]]:
        """Those of a file: the number of each, and the rules that it broke."""
        if self._next is None or self._next[0] != number:
            return
        for position, broken in self._next[1]:
            self.count += 1
            yield unpacked(position)[1], broken
        self._next = next(self._groups, None)


@contextmanager
def _faults(task: Task, others: Iterable[File]) -> Iterator[_Found]:
    if not task.rules:
        yield _Found(iter(()))
        return
    with duck.connect([*(file.path for file in (*task.relation.files, *others))]) as connection:
        yield _Found(_rows(connection, task))


def _rows(connection: duckdb.DuckDBPyConnection, task: Task) -> Iterator[tuple[int, list[str]]]:
    located = task.relation.located
    if located is None:
        raise Unreadable("nothing tells the place of a row in these files, so none can be parted")
    marks = ", ".join(f"CASE WHEN {rule.condition} THEN {index} END" for index, rule in enumerate(task.rules))
    rows = f"SELECT {located.position} AS place, [{marks}] AS marks FROM {located.sql}"
    failing = f"SELECT place, list_filter(marks, lambda mark: mark IS NOT NULL) AS broken FROM ({rows})"
    query = f"SELECT place, broken FROM ({failing}) WHERE len(broken) > 0 ORDER BY place"
    connection.execute(query)
    while some := connection.fetchmany(_FETCHED):
        for position, indices in some:
            yield position, [task.rules[index].name for index in indices]
