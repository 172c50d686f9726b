"""Which columns drifted: those with a shift that is both real and material.

Real: significant by Holm's procedure over every test of every column that
could tell a shift (of a column without a null, there is none of nulls), so that
data without drift raises a false alarm in at most 1 of 100 checks. Material:
large enough to matter. A shift that is one of the two alone is said, and is no
drift. Nor is one of a handful of rows, which is left open.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mlops_actions.drift.compare import Comparison, Shift, Sort, State
from mlops_actions.drift.effects import DEFAULTS, Effect
from mlops_actions.drift.statistics import holm

LEVEL = 0.01
"""The chance of any false alarm in one check of data that has not drifted (rows independent of each other)."""

FEW = 30
"""Rows below which a side is too small for "no drift" to mean anything."""

HANDFUL = 5
"""Rows of the current data below which missing or new values are no drift yet, however rare the reference has them."""

MASS = DEFAULTS[Effect.TOTAL_VARIATION]
"""The default threshold of mass moved."""


NO_IMPORTANCES: Mapping[str, float] = MappingProxyType({})
"""Where it is not known how much the model uses each column."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which effect a shift matters, in shares of rows; 0 where any does that is real.

    ``mass`` is what a user sets, in units of the effect ``by``. Missing and new values matter sooner: a model
    meets them unprepared.
    """

    mass: float = MASS
    missing: float = 0.02
    new: float = 0.01
    by: Effect = Effect.TOTAL_VARIATION
    shape: float = MASS
    """Of texts, whatever the effect: the share that has another shape."""

    def of(self, sort: Sort) -> float:
        return {Sort.MASS: self.mass, Sort.MISSING: self.missing, Sort.NEW: self.new, Sort.SHAPE: self.shape}[sort]


class Finding(StrEnum):
    """What is said of a column."""

    DRIFTED = "drifted"
    STABLE = "stable"
    SMALL = "small"  # real, and too small to matter
    ADDED = "added"
    TOO_FEW = "too few"  # rows to say that there is nothing, or that what was found is more than a few rows


@dataclass(frozen=True, slots=True)
class Decision:
    """A column's finding, the shift that decided it, and its effect and threshold.

    A column that is gone, or of another kind, has moved altogether: its effect is 1.
    """

    comparison: Comparison
    finding: Finding
    shift: Shift
    threshold: float

    @property
    def drifted(self) -> bool:
        return self.finding is Finding.DRIFTED

    @property
    def weight(self) -> float:
        """How often the effect exceeds its threshold, infinite above one of 0: the order of importance."""
        return _excess(self.shift, self.threshold)


def ordered(decisions: Sequence[Decision], importances: Mapping[str, float] = NO_IMPORTANCES) -> list[Decision]:
    """Drifted columns first, and in each part what the model uses most; where that is not known, what moved most."""
    return sorted(
        decisions,
        key=lambda each: (not each.drifted, -importances.get(each.comparison.name, 0.0), -each.weight),
    )


def decide(
    comparisons: Sequence[Comparison],
    rows: tuple[int, int],
    thresholds: Thresholds | Callable[[Comparison], Thresholds],
    level: float = LEVEL,
) -> list[Decision]:
    """A decision for each comparison, in their order; ``rows`` are those of the reference and the current data.

    ``thresholds`` hold for all columns, or say which hold for each. ``level`` is
    the chance of any false alarm among them.
    """
    shifts = [(index, shift) for index, each in enumerate(comparisons) for shift in each.shifts]
    significant = holm([shift.p for _, shift in shifts], level, [shift.least for _, shift in shifts])
    real: list[list[Shift]] = [[] for _ in comparisons]
    for (index, shift), is_real in zip(shifts, significant, strict=True):
        if is_real:
            real[index].append(shift)
    own = [thresholds if isinstance(thresholds, Thresholds) else thresholds(each) for each in comparisons]
    return [_decide(each, found, rows, its, level) for each, found, its in zip(comparisons, real, own, strict=True)]


def _excess(shift: Shift, threshold: float) -> float:
    """The effect in units of its threshold."""
    return shift.effect / threshold if threshold else math.inf if shift.effect else 0.0


def _decide(
    comparison: Comparison, real: Sequence[Shift], rows: tuple[int, int], thresholds: Thresholds, level: float
) -> Decision:
    def excess(shift: Shift) -> tuple[float, float]:
        return _excess(shift, thresholds.of(shift.sort)), shift.effect

    if comparison.state is not State.COMPARED:
        finding = Finding.ADDED if comparison.state is State.ADDED else Finding.DRIFTED
        return Decision(comparison, finding, Shift(Sort.MASS, 1.0, 0.0), thresholds.mass)
    material = [shift for shift in real if shift.effect and shift.effect >= thresholds.of(shift.sort)]
    handful = [shift for shift in material if _is_handful(shift, rows[1], thresholds)]
    weighty = [shift for shift in material if shift not in handful and _is_more(shift, handful, thresholds.mass)]
    if weighty:
        # Mass moves by chance, too: where the other values are as they were, the shift is what is missing or new.
        by_itself = [shift for shift in weighty if shift.sort is not Sort.MASS or comparison.apart <= level]
        shift = max(by_itself or weighty, key=excess)
        return Decision(comparison, Finding.DRIFTED, shift, thresholds.of(shift.sort))
    if handful:
        shift = max(handful, key=excess)
        return Decision(comparison, Finding.TOO_FEW, shift, thresholds.of(shift.sort))
    finding = Finding.TOO_FEW if min(rows) < FEW else Finding.SMALL if real else Finding.STABLE
    # The mass says what there was of most shifts, and nothing of shapes.
    only_shapes = finding is Finding.SMALL and {shift.sort for shift in real} == {Sort.SHAPE}
    said = Sort.SHAPE if only_shapes else Sort.MASS
    shift = next(shift for shift in comparison.shifts if shift.sort is said)
    return Decision(comparison, finding, shift, thresholds.of(said))


def _is_handful(shift: Shift, rows: int, thresholds: Thresholds) -> bool:
    """Whether a shift is of fewer than HANDFUL rows; where any shift matters, one row does."""
    own = rows if shift.sort is Sort.MASS else round(shift.effect * rows)
    return own < HANDFUL and thresholds.of(shift.sort) > 0


def _is_more(shift: Shift, handful: Sequence[Shift], threshold: float) -> bool:
    """Whether a shift is material, and no chance, without the handful of rows, which the whole distribution has too."""
    if shift.sort is not Sort.MASS:
        return True
    theirs = sum(each.effect for each in handful) if shift.by is Effect.TOTAL_VARIATION else 0.0
    return shift.effect - theirs >= threshold and all(shift.p < each.p for each in handful)
