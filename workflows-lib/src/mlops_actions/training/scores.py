"""The file that a scoring command writes: what a model says of each held-out row, beside what came true."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlops_actions.visible import clip, visible

MAX_ROWS = 2_000_000
NEEDED = ("label", "prediction")
BLOCK = "block"


class Unusable(Exception):
    """The file holds no scores; the message says why."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Each row's label, prediction and block, as text, in the file's order; ``blocks`` None without such a column."""

    labels: list[str]
    predictions: list[str]
    blocks: list[str] | None

    def same_rows(self, other: Scores) -> bool:
        """Whether both list the same rows in the same order, as far as labels and blocks tell."""
        return self.labels == other.labels and self.blocks == other.blocks


class Rows(Protocol):
    """What reads CSV: rows of fields, and the line that the last one ended on."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def read(path: Path) -> Scores:
    """The scores in a CSV file in UTF-8 with a header. Raises Unusable."""
    if path.is_symlink() or not path.is_file():
        raise Unusable("the command wrote no file at MLOPS_SCORES" if not os.path.lexists(path) else "it is no file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(csv.reader(file, strict=True))
    except UnicodeDecodeError:
        raise Unusable("it is not UTF-8") from None
    except csv.Error as error:
        raise Unusable(f"it is not CSV: {error}") from None


def _read(rows: Rows) -> Scores:
    header = next(rows, [])
    for name in NEEDED:
        if header.count(name) != 1:
            shown = ", ".join(clip(visible(each), 40) for each in header[:10]) or "nothing"
            raise Unusable(f"its header must have one column `{name}`, and has: {shown}")
    places = [header.index(name) for name in NEEDED]
    block = header.index(BLOCK) if BLOCK in header else None
    found = Scores([], [], None if block is None else [])
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise Unusable(f"line {rows.line_num} has {len(row)} fields, and the header {len(header)}")
        if len(found.labels) == MAX_ROWS:
            raise Unusable(f"it has more than {MAX_ROWS:,} rows; score a sample of them, the same for each model")
        for values, place in zip((found.labels, found.predictions), places, strict=True):
            values.append(row[place])
        if block is not None and found.blocks is not None:
            found.blocks.append(row[block])
    return found
