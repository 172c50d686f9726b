"""Where rows are, for a person who opens the file: its name, and the line or the number of the row.

A Parquet file numbers its rows. The reader of text numbers those that it could
parse, over all files of one header, so the file is walked up to the last row
that is asked for: quoted line ends, blank lines and refused records all take
lines.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlops_actions.data.engines.duck import pattern_for
from mlops_actions.data.engines.session import Session
from mlops_actions.data.sources import csvfiles
from mlops_actions.data.sources.positions import unpacked
from mlops_actions.data.sources.relation import File, Relation


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place; ``line`` and ``row`` are 1-based, and None where they cannot be told."""

    file: str | None
    line: int | None = None
    row: int | None = None


def locate(
    session: Session, relation: Relation, positions: Iterable[int], parsed: Mapping[int, int]
) -> dict[int, Place]:
    """The place of each of ``positions``, found in the session that scanned the located rows.

    ``parsed`` is the number of rows that came of each file, by its number.
    """
    wanted: dict[int, list[int]] = defaultdict(list)
    for position in sorted(set(positions)):
        wanted[unpacked(position)[0]].append(position)
    found: dict[int, Place] = {}
    refused = _refused(session) if relation.is_text else {}
    for number, here in wanted.items():
        file = relation.files[number]
        if not relation.is_text:
            found |= {position: Place(file.name, row=unpacked(position)[1]) for position in here}
            continue
        before = _before(relation, number, parsed)
        rows = [unpacked(position)[1] - before for position in here]
        lines = _lines(relation, file, rows, refused.get(pattern_for(file.path), frozenset()))
        found |= {position: Place(file.name, line) for position, line in zip(here, lines, strict=True)}
    return found


def _before(relation: Relation, number: int, parsed: Mapping[int, int]) -> int:
    """Rows of the files before this one that the reader numbered on with it: those of the same header."""
    head = relation.headers[relation.files[number].name]
    return sum(parsed.get(other, 0) for other in range(number) if relation.headers[relation.files[other].name] == head)


def _refused(session: Session) -> dict[str, frozenset[int]]:
    """Where the records begin that the reader refused (bytes, from 0), by the path as it was given to the reader."""
    query = (
        "SELECT DISTINCT file_path, line_byte_position FROM reject_errors JOIN reject_scans USING (scan_id, file_id)"
    )
    found: dict[str, set[int]] = defaultdict(set)
    for path, offset in session.fetch(query):
        found[path].add(offset - 1)
    return {path: frozenset(offsets) for path, offsets in found.items()}


def _lines(relation: Relation, file: File, rows: list[int], refused: frozenset[int]) -> Iterator[int | None]:
    """The line of each of ``rows`` (from 1, ascending) among the records of a file that are not ``refused``."""
    if len(refused) >= csvfiles.REFUSED:  # there may be others that are not known
        yield from (None for _ in rows)
        return
    number = told = 0
    try:
        for record in without(csvfiles.walk(file.path, relation.headers[file.name]), refused):
            number += 1
            if number == rows[told]:
                yield record.line
                told += 1
                if told == len(rows):
                    return
    except (OSError, EOFError, zlib.error):
        pass  # the scan says so
    yield from (None for _ in rows[told:])


def without(records: Iterable[csvfiles.Record], refused: Iterable[int]) -> Iterator[csvfiles.Record]:
    """The records that the reader took. It counts blank lines to the record after them."""
    left = sorted(refused, reverse=True)
    for record in records:
        if left and left[-1] <= record.offset:
            left.pop()
        else:
            yield record
