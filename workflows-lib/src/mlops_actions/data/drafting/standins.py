"""Words that stand for a missing value in a column of text that would be of another type without them.

A file from a statistics program has ``NA`` where a number is missing, and one
such cell makes text of the whole column. Where all other cells are of one type,
that type is meant, and the contract says which word is a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.engines.session import Aggregate, Members
from mlops_actions.data.types.cells import GUESSES, guess

WORDS = ("NA", "N/A", "n/a", "na", "#N/A", "NULL", "Null", "null", "None", "none", "-", "--", "?", ".", "missing")
"""What the usual programs write for a missing value, but for the empty cell and NaN."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """The words that were seen with the number of their rows, and the type of all other cells; None where of none."""

    words: Mapping[str, int]
    type: str | None

    @property
    def rows(self) -> int:
        return sum(self.words.values())


def questions(index: int, raw: str) -> list[Aggregate]:
    """What is asked of a column's cells, which the SQL expression ``raw`` gives."""
    others = f"CASE WHEN {raw} NOT IN ({', '.join(map(literal, WORDS))}) THEN {raw} END"
    found = [
        Aggregate(f"{index} words", Members(raw, WORDS)),
        Aggregate(f"{index} others than words", f"count({others})"),
    ]
    return found + [Aggregate(f"{index} as {kind}", f"count({guess(others, kind)})") for kind in GUESSES]


def seen(index: int, values: Mapping[str, Any]) -> StandIns | None:
    """The words that stand in a column, from the answers; None where none does, or nothing was asked."""
    counts = values.get(f"{index} words") or {}
    words = {word: int(counts[word]) for word in WORDS if counts.get(word)}
    if not words:
        return None
    others = int(values[f"{index} others than words"])
    fitting = (kind for kind in GUESSES if others and int(values[f"{index} as {kind}"]) == others)
    return StandIns(words, next(fitting, None))
