"""How far an export's predictions are from the original's, over the same rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Label: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says of each row.

    ``labels`` are a classifier's, None of a regressor. ``values`` are the
    probabilities of the classes, or the predicted numbers; None where the
    model gives none. A row in ``errors`` was refused, with what was said;
    there ``labels`` and ``values`` hold None.
    """

    labels: tuple[Label, ...] | None
    values: tuple[tuple[float, ...] | None, ...] | None
    errors: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels if self.labels is not None else self.values or ())


@dataclass(frozen=True, slots=True)
class Parity:
    """The comparison's figures.

    ``difference`` is the largest |original - export| / max(1, |original|): for
    probabilities the absolute difference. ``agreement`` is the share of rows
    with the same label; rows where the original's two best classes lie within
    the tolerance of each other are ``ties`` and count for neither side.
    ``worst`` is the row of the largest difference, ``disagreeing`` the rows
    with another label; ``only_original`` and ``only_export`` are the rows
    that one of the two refuses.
    """

    rows: int
    difference: float | None
    worst: int | None
    agreement: float | None
    disagreeing: tuple[int, ...]
    ties: int
    only_original: tuple[int, ...]
    only_export: tuple[int, ...]

    def within(self, tolerance: float) -> bool:
        """Whether the export stands for the original: close, of one opinion, and answering what it answers."""
        near = self.difference is None or self.difference <= tolerance
        return self.rows > 0 and near and not self.disagreeing and not self.only_export


def compare(original: Predictions, exported: Predictions, tolerance: float) -> Parity:
    """The figures over all rows. NaN equals NaN, and is infinitely far from a number."""
    refused = set(original.errors), set(exported.errors)
    rows = [index for index in range(len(original)) if index not in refused[0] | refused[1]]
    difference, worst = _difference(original.values, exported.values, rows)
    ties = 0
    disagreeing: list[int] = []
    if original.labels is not None and exported.labels is not None:
        for row in rows:
            if original.labels[row] != exported.labels[row]:
                if _is_tie(None if original.values is None else original.values[row], tolerance):
                    ties += 1
                else:
                    disagreeing.append(row)
    judged = len(rows) - ties
    agreement = None if original.labels is None or not judged else 1 - len(disagreeing) / judged
    return Parity(
        rows=len(rows),
        difference=difference,
        worst=worst,
        agreement=agreement,
        disagreeing=tuple(disagreeing),
        ties=ties,
        only_original=tuple(sorted(refused[0] - refused[1])),
        only_export=tuple(sorted(refused[1] - refused[0])),
    )


def _difference(
    original: Sequence[tuple[float, ...] | None] | None,
    exported: Sequence[tuple[float, ...] | None] | None,
    rows: Sequence[int],
) -> tuple[float | None, int | None]:
    if original is None or exported is None or not rows:
        return None, None
    by_row = [(_row_difference(original[row] or (), exported[row] or ()), row) for row in rows]
    difference, worst = max(by_row, key=lambda each: each[0])
    return difference, worst


def _row_difference(original: Sequence[float], exported: Sequence[float]) -> float:
    if len(original) != len(exported):
        return math.inf
    return max((_cell_difference(a, b) for a, b in zip(original, exported, strict=True)), default=0.0)


def _cell_difference(original: float, exported: float) -> float:
    if original == exported or (math.isnan(original) and math.isnan(exported)):
        return 0.0
    found = abs(original - exported) / max(1.0, abs(original))
    return math.inf if math.isnan(found) else found


def _is_tie(probabilities: Sequence[float] | None, tolerance: float) -> bool:
    if not probabilities or len(probabilities) < 2:
        return False
    second, first = sorted(probabilities)[-2:]
    return first - second <= tolerance
