"""What runs the one scan, whatever it is: a session answers questions about a relation.

Questions are written in one language, DuckDB's SQL: DuckDB runs them as they
are, and the session of another engine translates them, word for word out of a
list of those that have the same meaning there. So a rule or a profile is
written once. What an engine answers in a way of its own (numbers between
edges, the values of a column that has few) is named here by what is wanted.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from mlops_actions.data.sources.relation import Relation


@dataclass(frozen=True, slots=True)
class Histogram:
    """The finite values of a DOUBLE expression, counted between edges (ascending, finite).

    The answer is edge to number: of the values greater than the edge before,
    up to and including it. Those beyond the last edge are counted under
    infinity; edges without values may be missing. None over no values.
    """

    value: str
    edges: tuple[float, ...]
    of: str | None = None
    """An expression that the value is a function of, by which rows may be grouped instead."""
    where: str | None = None
    """A condition of all rows whose value is not NULL: others need not be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts(Mapping[float, int]):
    """The answer to a :class:`Histogram`, in eight bytes a bin: the blocks of a wide table have millions of them.

    ``numbers`` are as many as ``edges``, and one more where values are beyond the last.
    """

    edges: tuple[float, ...]
    numbers: array[int]

    def __getitem__(self, edge: float) -> int:
        return dict(zip(self, self.numbers, strict=True))[edge]

    def __iter__(self) -> Iterator[float]:
        yield from self.edges
        if len(self.numbers) > len(self.edges):
            yield math.inf

    def __len__(self) -> int:
        return len(self.numbers)

    def items(self) -> ItemsView[float, int]:
        return dict(zip((*self.edges, math.inf), self.numbers, strict=False)).items()


@dataclass(frozen=True, slots=True)
class Members:
    """The rows with each of some texts. The answer is text to number; texts that no row has may be missing."""

    value: str
    texts: tuple[str, ...]
    grouped: bool = False
    """Whether all values of the expression are asked for as well, so that rows may be grouped by it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The rows with each value of a text expression, where it has no more than ``most`` of them.

    The answer is value to number; where there are more values, some frequent
    ones, the most frequent first, each with None.
    """

    value: str
    most: int


@dataclass(frozen=True, slots=True)
class Distinct:
    """About how many different values an expression has.

    The answer is a :class:`~mlops_actions.data.engines.hyperloglog.Registers`,
    or a number where an engine has no registers to give.
    """

    value: str


Question: TypeAlias = str | Histogram | Members | Tally | Distinct
"""An aggregate expression, or what is wanted of all values of one."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A question about all rows of a relation, and the key its answer is asked for by.

    Count rows with ``count_if(condition)``, never with ``FILTER``: a thousand
    filtered aggregates take DuckDB 2.0 fifty times as long to plan.
    """

    key: str
    of: Question
    apart: bool = False
    """It wants the memory for itself, so it is best asked alone."""
    adds: bool = False
    """The answer is a number, and those for parts of the rows add up to the one for all: a count is, a set is not."""


SEED = 42
"""What rows are drawn with."""

QUERYING = frozenset({"duckdb", "spark"})
"""Engines that read files, which DuckDB reads as well: a contract's own queries, written for it, are its to run."""


class Session(Protocol):
    """An engine at work on relations that it can read. An error of the engine is raised as the engine has it."""

    @property
    def engine(self) -> str:
        """The engine's name, as a request has it."""

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """All rows that a query gives."""

    def aggregate(self, relation: Relation, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
        """The answer to each question by its key, over all rows of ``relation``, in as few passes as can be."""

    def grouped(
        self, relation: Relation, key: str, aggregates: Sequence[Aggregate]
    ) -> dict[str | None, dict[str, Any]]:
        """The answers for the rows of each value of the expression ``key``, which is given as text, None for NULL.

        Every key has every answer; without rows, there is no key. Those to a
        :class:`Distinct` are of all rows when they are put together, and say
        nothing of one key.
        """

    def drawn(self, relation: Relation, expressions: Sequence[str], share: float) -> list[tuple[Any, ...]]:
        """The values of ``expressions`` in each row with the chance ``share``, 0 to 1: in all rows where it is 1.

        Rows are drawn with a seed, so the same are drawn again where the engine reads them in the same order.
        """

    def refusal(self, relation: Relation, sql: str) -> str | None:
        """Why this engine cannot evaluate an expression over ``relation`` in the sense that it has; else None."""
