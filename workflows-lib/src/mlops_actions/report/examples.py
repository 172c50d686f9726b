"""The rows that break a rule as a grid: where each is, its key, and the values that the rule looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mlops_actions.verdict import Example
from mlops_actions.visible import clip

MAX_COLUMNS = 16

_FILE, _LINE, _ROW = "File", "Line", "Row"
_NAME = 60  # characters


@dataclass(frozen=True, slots=True)
class Null:
    """A value that is missing, which is not the text ``null``."""


Cell: TypeAlias = str | Null


@dataclass(frozen=True, slots=True)
class Grid:
    """``numeric`` says of each column whether it holds numbers of lines or rows. A cell that is not known is empty."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[bool, ...]


def grid(examples: Sequence[Example]) -> Grid | None:
    """The examples of one check, None where there is nothing to show of any. One file is named once, in the caption."""
    files = {each.file for each in examples}
    places: dict[str, Callable[[Example], object]] = {
        _FILE: lambda each: each.file if len(files) > 1 else None,
        _LINE: lambda each: f"{each.line:,}" if each.line is not None else None,
        _ROW: lambda each: f"{each.row:,}" if each.row is not None else None,
    }
    placed = {name: [str(place(each) or "") for each in examples] for name, place in places.items()}
    found: list[tuple[str, bool, list[Cell]]] = [
        (name, name != _FILE, list(cells)) for name, cells in placed.items() if any(cells)
    ]
    found += [(clip(name, _NAME), False, [_cell(each, name) for each in examples]) for name in _names(examples)]
    if not found:
        return None
    found = found[:MAX_COLUMNS]
    caption = "The first row that breaks it" if len(examples) == 1 else f"The first {len(examples)} rows that break it"
    (file,) = files if len(files) == 1 else (None,)
    caption += f", in {file}" if file else ""
    names, numeric, cells = zip(*found, strict=True)
    return Grid(caption, names, tuple(zip(*cells, strict=True)), numeric)


def _names(examples: Sequence[Example]) -> Iterator[str]:
    """Columns of the key, then the others, each once."""
    seen = dict.fromkeys(name for each in examples for name in each.key)
    yield from seen | dict.fromkeys(name for each in examples for name in each.values)


def _cell(example: Example, name: str) -> Cell:
    cells = {**example.values, **example.key}
    if name not in cells:
        return ""
    value = cells[name]
    return Null() if value is None else value
