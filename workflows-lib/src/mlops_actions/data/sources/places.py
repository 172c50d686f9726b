"""Where rows are, for a person who opens the file: its name, and the line or the number of the row.

Rows are numbered file by file. Those of a text file are the records that
parse, so the file is walked up to the last one that is asked for: quoted line
ends, blank lines and refused records all take lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlops_actions.data.sources.positions import unpacked
from mlops_actions.data.sources.relation import Relation, Unreadable
from mlops_actions.data.sources.survey import Endless, Record, damage


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place; ``line`` and ``row`` are 1-based, and None where they cannot be told."""

    file: str | None
    line: int | None = None
    row: int | None = None


def locate(relation: Relation, positions: Iterable[int]) -> dict[int, Place]:
    """The place of each of ``positions`` among the located rows."""
    if relation.located is None:
        return {}
    wanted: dict[int, list[int]] = defaultdict(list)
    for position in sorted(set(positions)):
        wanted[unpacked(position)[0]].append(position)
    found: dict[int, Place] = {}
    for number, here in wanted.items():
        file, rows = relation.files[number], [unpacked(position)[1] for position in here]
        if relation.located.records is None:
            found |= {position: Place(file.name, row=row) for position, row in zip(here, rows, strict=True)}
        else:
            lines = _lines(relation.located.records(file), rows)
            found |= {position: Place(file.name, line) for position, line in zip(here, lines, strict=True)}
    return found


def _lines(records: Iterator[Record], rows: list[int]) -> Iterator[int | None]:
    """The line of each of ``rows`` (from 1, ascending) among the records that parse."""
    number = told = 0
    try:
        for record in records:
            number += record.refused is None
            if number == rows[told]:
                yield record.line
                told += 1
                if told == len(rows):
                    return
    except (Endless, Unreadable):
        pass  # the check on reading says so
    except damage():
        pass
    yield from (None for _ in rows[told:])
