"""Rows grouped by the value of a column or of an expression, some of them in one query: each value with its count.

A columnar file can be read column by column, and the engine groups the entries
of a dictionary and not the cells. So columns of few values are grouped after
the pass that found out how many they have: over ten million rows of Parquet
that takes a fortieth of what it takes without to count texts (:mod:`.tallying`),
and a tenth to count numbers between edges. Numbers of many values are grouped by
their :mod:`.cells`. It would read the whole of a text file once more.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mlops_actions.data.engines.cells import Cells, cells
from mlops_actions.data.engines.session import Distinct, Histogram, Members, Question, Tally

TOGETHER = 20
"""Expressions in one query, since each keeps its groups until the end; `grouping` tells 64 of them apart."""

SLACK = 2
"""How often more distinct values than asked for a column may seem to have and still be grouped: they are estimated."""

FEW = 1024
"""Values of a column that are grouped as they are: numbers are sorted between edges afterwards, texts looked up."""

WORTH = 500_000
"""Rows from which on numbers are grouped: to fetch some hundreds of groups takes a millisecond."""

Values: TypeAlias = Sequence[tuple[str | None, float | None, int]]
"""Values as text, as numbers, and how many rows have each."""


@dataclass(frozen=True, slots=True)
class Group:
    """An expression to group rows by, whether its values are wanted, which are text, and an expression over it."""

    by: str
    is_text: bool = False
    number: str | None = None

    def __or__(self, other: Group) -> Group:
        """What both want of the same expression."""
        return Group(self.by, self.is_text or other.is_text, self.number or other.number)


@dataclass(frozen=True, slots=True)
class Grouped:
    """A question that groups answer, between the edges of whose ``cells`` if that is what they are grouped by."""

    question: Tally | Histogram | Members
    group: Group
    cells: Cells | None = None

    def answer(self, values: Values) -> tuple[Any, Question | None]:
        """The answer, from all values of the group; and a question about what is missing of it, if anything is."""
        match self.question:
            case Tally(_, most):
                return _tallied(values, most), None
            case Members(_, texts):
                amounts = {text: amount for text, _, amount in values}
                return {text: amounts.get(text, 0) for text in texts}, None
            case Histogram(value, edges) if self.cells:
                found, left = self.cells.counts((int(cell), count) for _, cell, count in values if cell is not None)
                outside = Histogram(self.cells.outside(value), edges, where=self.cells.beyond(value))
                return found or None, outside if left else None
            case Histogram(_, edges):
                return _between(values, edges), None


def sizing(question: Question, rows: int) -> Question:
    """What tells whether groups shall answer a question about so many rows: how many values there are.

    A profile asks that of the column as well, and the engine answers it once.
    It is the question itself where groups shall not.
    """
    match question:
        case Tally(of, _) | Members(of, _, True):
            return Distinct(of)
        case Histogram(_, _, str() as of) if rows >= WORTH:
            return Distinct(of)
    return question


def grouped(question: Tally | Histogram | Members, distinct: int) -> Grouped | None:
    """How groups answer a question about a column of so many values; None where they would be too many."""
    match question:
        case Tally(value, most) if distinct <= SLACK * most:
            return Grouped(question, Group(value, is_text=True))
        case Members(value) if distinct <= FEW:
            return Grouped(question, Group(value, is_text=True))
        case Histogram(value, _, str() as of) if distinct <= FEW:
            return Grouped(question, Group(of, number=value))
        case Histogram(value, edges, _) if made := cells(edges):
            cell = made.expression(value)
            return Grouped(question, Group(cell, number=cell), made)
    return None


def plain(question: Tally | Histogram | Members) -> Question:
    """What to ask where there are too many values to group: of a tally, which are frequent."""
    return f"approx_top_k({question.value}, {question.most})" if isinstance(question, Tally) else question


def completed(answer: Any, more: Any, question: Tally | Histogram | Members) -> Any:
    """An answer with what was asked for afterwards: frequent texts, or the numbers between other edges."""
    if isinstance(question, Tally):
        return dict.fromkeys(more or ())
    if isinstance(question, Members):
        return more
    found = Counter(answer or {})
    found.update(more or {})
    return dict(found) or None


def query(rows: str, groups: Sequence[Group], key: str | None = None) -> str:
    """What gives key, place, text, number and amount for each value of each of ``groups``, over what is behind FROM.

    ``key`` is an expression; rows of each value of it are grouped by themselves.
    """
    names = [f"group{index}" for index in range(len(groups))]
    known = list(zip(names, groups, strict=True))
    inside = ", ".join(f"{each.by} AS {name}" for name, each in known)
    place = " ".join(f"WHEN grouping({name}) = 0 THEN {index}" for index, name in enumerate(names))
    texts = " ".join(f"WHEN grouping({name}) = 0 THEN {name}" for name, each in known if each.is_text)
    numbers = " ".join(
        f"WHEN grouping({name}) = 0 THEN {each.number.replace(each.by, name)}" for name, each in known if each.number
    )
    text, number = (f"CASE {some} END" if some else "NULL" for some in (texts, numbers))
    block, by, shown = (f", {key} AS block", "block, ", "CAST(block AS VARCHAR)") if key else ("", "", "NULL")
    sets = ", ".join(f"({by}{name})" for name in names)
    return (
        f"SELECT {shown}, CASE {place} END, {text}, {number}, count(*) "
        f"FROM (SELECT {inside}{block} FROM {rows}) GROUP BY GROUPING SETS ({sets})"
    )


def parted(rows: Iterable[tuple[Any, ...]], groups: Sequence[Group]) -> dict[tuple[str | None, str], Values]:
    """The values of each of ``groups`` by key and its expression, from the rows of :func:`query`."""
    found: dict[tuple[str | None, str], list[tuple[str | None, float | None, int]]] = {}
    for key, place, text, number, amount in rows:
        found.setdefault((key, groups[place].by), []).append((text, number, amount))
    return {**found}


def _tallied(values: Values, most: int) -> dict[str, int | None]:
    known = sorted(
        ((text, amount) for text, _, amount in values if text is not None), key=lambda each: (-each[1], each)
    )
    return dict(known) if len(known) <= most else {text: None for text, _ in known[:most]}


def _between(values: Values, edges: Sequence[float]) -> dict[float, int] | None:
    found: Counter[float] = Counter()
    ends = (*edges, math.inf)
    for _, number, amount in values:
        if number is not None and math.isfinite(number):
            found[ends[bisect_left(edges, number)]] += amount
    return dict(found) or None
