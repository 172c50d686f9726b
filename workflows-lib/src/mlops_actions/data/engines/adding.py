"""What a question about all rows is answered, from the answers to it about parts of them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from mlops_actions.data.engines import hyperloglog
from mlops_actions.data.engines.session import Counts, Distinct, Histogram, Question, Tally


def added(question: Question, parts: Sequence[Any]) -> Any:
    """The answer for all rows to a question about all values of an expression.

    Numbers of rows are exact, as those for the parts are; where only frequent values are named, the order is a guess.
    """
    match question:
        case Distinct():
            return hyperloglog.union(parts) if parts else hyperloglog.empty()
        case Tally(_, most):
            return _tallied(parts, most)
        case Histogram(_, edges):
            return _binned(edges, [each for each in parts if each is not None])
    return _summed(parts)


def _binned(edges: tuple[float, ...], parts: Sequence[Mapping[float, int]]) -> Mapping[float, int] | None:
    if not parts:
        return None
    numbers = [each.numbers for each in parts if isinstance(each, Counts)]
    if len(numbers) < len(parts):
        return _summed(parts)
    return Counts(edges, array("q", map(sum, zip_longest(*numbers, fillvalue=0))))


def _tallied(parts: Sequence[Mapping[str, int | None]], most: int) -> dict[str, int | None]:
    counts = _summed([{value: count or 0 for value, count in part.items()} for part in parts])
    if len(counts) <= most and all(count is not None for part in parts for count in part.values()):
        return {**counts}
    return dict.fromkeys(value for value, _ in Counter(counts).most_common(most))


def _summed(parts: Sequence[Mapping[Any, int]]) -> dict[Any, int]:
    found: Counter[Any] = Counter()
    for each in parts:
        found.update(each)
    return dict(found)
