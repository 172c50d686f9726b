"""The vocabulary of questions: what each engine writes in its own way.

sqlglot parses DuckDB's SQL; each part of it is then written by a function of
its own, with its type, or refused: nothing passes through unread. What is the
same in every engine is written by :class:`~.writer.Writer`, the rest by each
engine's subclass:

==============  ==============================================================
conditions      ``AND OR NOT``, ``= <> < <= > >=``, ``IS [NOT] NULL``,
                ``[NOT] IN (…)``, ``BETWEEN``, ``TRUE FALSE NULL``
values          literals, columns, ``CASE WHEN``, ``CAST``, ``coalesce``,
                ``+ - * / %`` and the sign, ``row``, lists
functions       those of :data:`FUNCTIONS`
aggregates      ``count``, ``count(DISTINCT)``, ``count_if``, ``sum``,
                ``min``, ``max``, ``avg``, ``quantile_disc``, ``var_samp`` of
                DOUBLE; ``sum`` also as ``OVER (PARTITION BY … [ORDER BY …])``,
                of values that are not null in an order of such
queries         ``SELECT [DISTINCT] … FROM (…) WHERE … GROUP BY … HAVING …
                ORDER BY … LIMIT …``, ``ANTI JOIN … ON``, a query as a value
==============  ==============================================================

Types are DuckDB's words for them. A column has the type that its table was made
known with, or that the query inside gives it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.translation.terms import Term, Untranslatable

FUNCTIONS = frozenset({
    "abs", "approx_count_distinct", "concat", "date_trunc", "epoch", "epoch_us", "greatest", "isfinite", "isnan",
    "left", "len", "length", "list_count", "list_filter", "list_unique", "regexp_matches", "regexp_replace", "round",
    "sha256", "struct_extract", "translate", "trunc",
})  # fmt: skip
"""Every function of the vocabulary that is not written alike everywhere."""


class Vocabulary(ABC):
    """How one engine writes types, functions and what else is not alike everywhere."""

    engine = ""

    @abstractmethod
    def type(self, name: str) -> str:
        """A type of DuckDB's in the engine's words. Raises Untranslatable."""

    @abstractmethod
    def function(self, name: str, arguments: Sequence[Term]) -> Term:
        """A call of one of FUNCTIONS. Raises Untranslatable."""

    def text(self, value: str) -> str:
        """A text as a literal."""
        return literal(value)

    def name(self, identifier: str) -> str:
        """A name as an identifier."""
        return quote(identifier)

    def cast(self, of: Term, to: str) -> Term:
        """``CAST(of AS to)``."""
        constant = float(of.text) if to == "DOUBLE" and of.text is not None else None
        return Term(f"CAST({of.sql} AS {self.type(to)})", to, constant=constant)

    def try_cast(self, of: Term, to: str) -> Term:
        """``TRY_CAST(of AS to)``: null where the type has no such value."""
        raise Untranslatable(f"compute TRY_CAST of {of.type} to {to}")

    @abstractmethod
    def arithmetic(self, sign: str, left: Term, right: Term) -> Term:
        """A sum, difference, product, quotient (always of DOUBLE) or remainder."""

    @abstractmethod
    def average(self, of: Term) -> Term:
        """The mean, as DOUBLE."""

    def moment(self, of: Term, center: Term, power: int) -> Term:
        """The mean of the distances of DOUBLE values from a constant (``power`` 1), or of their squares (2).

        Infinite where values are so far away that it cannot be told.
        """
        distance = self.arithmetic("-", of, center)
        return self.average(distance if power == 1 else self.arithmetic("*", distance, distance))

    @abstractmethod
    def quantiles(self, of: Term, shares: Sequence[str]) -> Term:
        """The values that so large shares of all values are at or below, as a list."""

    def count_if(self, condition: Term) -> Term:
        """The number of rows for which a condition is true."""
        return Term(f"count(CASE WHEN {condition.sql} THEN 1 END)", "BIGINT")

    @abstractmethod
    def row(self, parts: Sequence[Term]) -> Term:
        """Several values as one, to be told apart."""

    @abstractmethod
    def items(self, parts: Sequence[Term]) -> Term:
        """A list of these."""

    @abstractmethod
    def filtered(self, of: Term, name: str, condition: Term) -> Term:
        """The items of a list, each called ``name`` (an identifier), for which a condition is true."""

    @abstractmethod
    def anti_join(self, left: str, right: str, on: str) -> tuple[str, str | None]:
        """What stands behind FROM, and a condition, for the rows of ``left`` that have no match in ``right``."""

    def alike(self, left: Term, right: Term) -> tuple[Term, Term]:
        """Two sides of a comparison; a text literal beside a value of another type is of that type."""
        if right.is_literal and left.type not in {None, "VARCHAR"}:
            return left, self.cast(right, left.type or "")
        if left.is_literal and right.type not in {None, "VARCHAR"}:
            return self.cast(left, right.type or ""), right
        return left, right

    def collated(self, of: Term, name: str) -> Term:
        """A text that is compared in the order of a collation."""
        raise Untranslatable(f"compare in the collation {name}")

    def distinct(self, of: Term) -> Term:
        """The number of different values."""
        return Term(f"count(DISTINCT {of.sql})", "BIGINT")

    def extreme(self, side: str, of: Term) -> Term:
        """The least or the greatest value."""
        return Term(f"{side}({of.sql})", of.type)
