"""How the one scan finds out that a key is unique, in little memory.

A set of all values is what costs: half of the time and nearly all of the memory
of a query that an expert writes. But a key is expected to be unique, and to
confirm that takes less than to count repetitions: an upper bound of the surplus
rows that is 0 exactly where there are none. Where the bound is more than 0, a
second query counts (:func:`recount`).

- Whole numbers of a narrow range, as the footers of Parquet files tell it: a
  bit for each number that may be there.
- Text, and keys of several columns: a set of 64-bit hashes instead of the values.
  Two values of one hash only raise the bound, which is then counted.
- All others: the set of values, which is exact.

A set of many values has a query of its own where the file tells how many: beside
the aggregates of a profile it has no room, and is parted and spilled again and
again (10 million rows: 5.0 s together, 4.0 s apart), and to read one column of a
Parquet file alone costs little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_actions.data.engines.quoting import all_present, literal
from mlops_actions.data.types.families import family

if TYPE_CHECKING:
    from mlops_actions.data.engines.session import Session
    from mlops_actions.data.rules.rules import Repeated
    from mlops_actions.data.rules.sql import Dialect
    from mlops_actions.data.sources.parquet import Footers

WIDEST = 2**30
"""Numbers in a range that a bit is kept for each: 128 MiB, for each thread."""

SPARSE = 64
"""Numbers for each row in such a range, at most: eight bytes, as in a set."""


APART = 1_000_000
"""Rows from which on a set has a query of its own."""


@dataclass(frozen=True, slots=True)
class Surplus:
    """An aggregate for the number of surplus rows, exact or else a bound that is 0 where there is none."""

    sql: str
    is_exact: bool = True
    apart: bool = False


def surplus(dialect: Dialect, measure: Repeated, footers: Footers) -> Surplus:
    """How to confirm that a key is unique. Raises Unfit."""
    columns = [dialect.inner(name, path) for name, path in measure.parts]
    names = dialect.values(measure)
    apart = footers.rows >= APART
    if len(columns) > 1:
        hashed = f"CASE WHEN {all_present(names)} THEN hash({', '.join(names)}) END"
        return Surplus(f"count({hashed}) - count(DISTINCT {hashed})", is_exact=False, apart=apart)
    (column,), (name,) = columns, names
    if family(column.type) == "integer" and column.name in footers.bounds and not any(measure.paths):
        low, high = footers.bounds[column.name]
        if high - low < min(WIDEST, SPARSE * footers.rows):
            inside = f"CASE WHEN {name} BETWEEN {literal(low)} AND {literal(high)} THEN CAST({name} AS HUGEINT) END"
            seen = f"bit_count(bitstring_agg({inside}, {literal(low)}, {literal(high)}))"
            return Surplus(f"count({name}) - coalesce({seen}, 0)", is_exact=False)
    if family(column.type) == "string":
        hashed = f"CASE WHEN {all_present(names)} THEN hash({name}) END"
        return Surplus(f"count({name}) - count(DISTINCT {hashed})", is_exact=False, apart=apart)
    return Surplus(dialect.surplus(measure), apart=apart)


def recount(session: Session, dialect: Dialect, measure: Repeated) -> tuple[int, int]:
    """How many rows share their key with another, and how many keys are shared."""
    ((sharing, keys),) = session.fetch(dialect.sharing(measure))
    return int(sharing), int(keys)
