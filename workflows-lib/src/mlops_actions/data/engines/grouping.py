"""The values of columns that have few, with their counts, where a column can be read alone: a GROUP BY of each.

Some columns are grouped in one query, by grouping sets. Over ten million rows of
Parquet that takes a fortieth of what it takes without (:mod:`.tallying`), since
the engine groups the entries of a dictionary and not the cells. It would read
the whole of a text file once more.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlops_actions.data.engines.session import Tally

TOGETHER = 20
"""Columns in one query, since each keeps its groups until the end; `grouping` tells 64 of them apart."""

SLACK = 2
"""How often more distinct values than asked for a column may seem to have and still be grouped: they are estimated."""


def candidates(tally: Tally) -> str:
    """The aggregate that names frequent values where there are too many to group."""
    return f"approx_top_k({tally.value}, {tally.most})"


def query(rows: str, tallies: Sequence[Tally], key: str | None = None) -> str:
    """What gives key, place, value and number for each value of each of ``tallies``, over what stands behind FROM.

    ``key`` is an expression, of each value of which values are counted by themselves.
    """
    names = [f"value{index}" for index in range(len(tallies))]
    values = ", ".join(f"{each.value} AS {name}" for each, name in zip(tallies, names, strict=True))
    block, by = (f", {key} AS block", "block, ") if key else ("", "")
    sets = ", ".join(f"({by}{name})" for name in names)
    cases = " ".join(f"WHEN grouping({name}) = 0 THEN {index}" for index, name in enumerate(names))
    texts = " ".join(f"WHEN grouping({name}) = 0 THEN {name}" for name in names)
    return (
        f"SELECT {'CAST(block AS VARCHAR)' if key else 'NULL'}, CASE {cases} END AS place, CASE {texts} END AS text, "
        f"count(*) AS amount FROM (SELECT {values}{block} FROM {rows}) "
        f"GROUP BY GROUPING SETS ({sets}) ORDER BY place, amount DESC, text"
    )


def answers(
    rows: Iterable[tuple[Any, ...]], tallies: Sequence[Tally], key: str | None = None
) -> list[dict[str, int | None]]:
    """What each :class:`Tally` asks for, from the rows of :func:`query` of one key; a null is no value."""
    found: list[dict[str, int | None]] = [{} for _ in tallies]
    for block, place, text, amount in rows:
        if block == key and text is not None:
            found[place][text] = int(amount)
    return [
        each if len(each) <= tally.most else dict.fromkeys(list(each)[: tally.most])
        for each, tally in zip(found, tallies, strict=True)
    ]
