"""The values of a column that has few, with their counts, in one pass and without a GROUP BY.

The engine's sketch of the most frequent values names candidates (all values
where there are no more than it was asked for) but gives no counts. So rows are
counted in the buckets of some independent hashes, and :func:`counted` finds
each candidate's share of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlops_actions.data.engines.session import Tally

_HASHES, _BUCKETS = 3, 512


PARTS = 1 + _HASHES
"""How many aggregates :func:`parts` gives."""


def parts(tally: Tally) -> list[str]:
    """The aggregates (DuckDB's) whose answers :func:`answer` takes."""
    text = tally.value
    candidates = f"approx_top_k({text}, {tally.most})"
    found = [f"list_transform({candidates}, lambda each: {{'text': each, 'hash': hash(each)}})"]
    for index in range(_HASHES):
        bucket = f"CAST((hash({text}) >> {_shift(index)}) & {_BUCKETS - 1} AS INTEGER)"
        bucket = f"CASE WHEN {text} IS NOT NULL THEN {bucket} END"  # NULL has a hash too
        found.append(f"histogram({bucket}, CAST(range({_BUCKETS}) AS INTEGER[]))")
    return found


def answer(answers: Sequence[Any]) -> dict[str, int | None]:
    """What :class:`Tally` asks for, from the answers to its parts."""
    named: Iterable[Mapping[str, Any]] = answers[0] or []
    candidates = {each["text"]: each["hash"] for each in named}
    counts = counted(candidates, [row or {} for row in answers[1:]])
    return dict.fromkeys(candidates) if counts is None else {value: counts[value] for value in candidates}


def _shift(index: int) -> int:
    """Where in a hash of 64 bits the bucket of a row of buckets stands."""
    return 20 * index


def counted(candidates: Mapping[str, int], buckets: Sequence[Mapping[int, int]]) -> dict[str, int] | None:
    """The count of each candidate (a value and its hash of 64 bits) from the counts of rows by buckets of hashes.

    A candidate alone in a bucket has that bucket's count; without it, others
    become alone in theirs ("peeling", as in Goodrich, Mitzenmacher, "Invertible
    Bloom Lookup Tables", 2011). Where every bucket is empty in the end, no row has
    another value and each count is exact; otherwise the answer is None.
    """
    left = [dict(row) for row in buckets]
    places = {
        value: [(hashed >> _shift(index)) % _BUCKETS for index in range(len(left))]
        for value, hashed in candidates.items()
    }
    inside: dict[tuple[int, int], set[str]] = {}
    for value, found in places.items():
        for place in enumerate(found):
            inside.setdefault(place, set()).add(value)
    counts: dict[str, int] = {}
    alone = [place for place, values in inside.items() if len(values) == 1]
    while alone:
        row, bucket = alone.pop()
        if not inside[row, bucket]:
            continue
        (value,) = inside[row, bucket]
        counts[value] = left[row].get(bucket, 0)
        for place in enumerate(places[value]):
            left[place[0]][place[1]] = left[place[0]].get(place[1], 0) - counts[value]
            inside[place].discard(value)
            if len(inside[place]) == 1:
                alone.append(place)
    exact = len(counts) == len(candidates) and not any(count for row in left for count in row.values())
    return counts if exact else None
