"""What the two parts of a file are written with, whatever its format."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from mlops_actions.data.quarantine.digests import Digests
from mlops_actions.data.sources.relation import File, Relation

COLUMN = "broken_rules"
"""The column that is added to failing rows (with underscores behind it, where the data has one of that name)."""

UNPARSED = "_unparsed"
"""The folder of records that are no rows. What begins with an underscore is not read as data."""


class Faults:
    """The failing rows of a file, in its order: the number of each (from 1), and the names of the rules it broke."""

    def __init__(self, rows: Iterator[tuple[int, Sequence[str]]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def until(self, last: int) -> dict[int, Sequence[str]]:
        """Those up to the row ``last`` that were not asked for yet."""
        found = {}
        while self._next is not None and self._next[0] <= last:
            found[self._next[0]] = self._next[1]
            self._next = next(self._rows, None)
        return found


@dataclass(frozen=True, slots=True)
class Parting:
    """How an object's files are parted: where to, where not at all (None), and what must not be written out.

    ``private`` are the columns whose values are replaced by digests in the quarantine.
    """

    relation: Relation
    quarantine: Path | None
    accepted: Path | None
    digests: Digests = field(default_factory=Digests)

    @property
    def private(self) -> frozenset[str]:
        return frozenset(column.name for column in self.relation.columns if column.private)

    @property
    def column(self) -> str:
        """The name of the added column."""
        name, taken = COLUMN, {each.name.casefold() for each in self.relation.columns}
        while name in taken:
            name += "_"
        return name


def place(folder: Path, name: str) -> Path:
    """``folder / name``, with the folders that it is in."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def names(files: Sequence[File]) -> Mapping[File, str]:
    """What each file is called in a part: its path below the folder that all are in, partition folders included."""
    paths = [PurePath(os.path.normpath(file.name)) for file in files]
    common = PurePath(os.path.commonpath([path.parent for path in paths])) if len(paths) > 1 else paths[0].parent
    depth = len(common.parts)
    while depth and re.match(r"[^=]+=", common.parts[depth - 1]):
        depth -= 1
    return {file: str(PurePath(*path.parts[depth:])) for file, path in zip(files, paths, strict=True)}
