"""Which columns drifted: those with a shift that is both real and material.

Real: significant by Holm's procedure over every test of every column, so that
data without drift raises a false alarm in at most 1 of 100 checks. Material:
large enough to matter. A shift that is one of the two alone is said, and is no
drift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mlops_actions.drift.compare import Comparison, Shift, Sort, State
from mlops_actions.drift.statistics import holm

LEVEL = 0.01
"""The chance of any false alarm in one check of data that has not drifted (rows independent of each other)."""

FEW = 30
"""Rows below which a side is too small for "no drift" to mean anything."""


MASS = 0.05
"""The default threshold of mass moved: what a normal column's mean does to it by an eighth of its deviation."""


NO_IMPORTANCES: Mapping[str, float] = MappingProxyType({})
"""Where it is not known how much the model uses each column."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which effect a shift matters, in shares of rows.

    ``mass`` is what a user sets. Missing and new values matter sooner: a model
    meets them unprepared.
    """

    mass: float = MASS
    missing: float = 0.02
    new: float = 0.01

    def of(self, sort: Sort) -> float:
        return {Sort.MASS: self.mass, Sort.MISSING: self.missing, Sort.NEW: self.new}[sort]


class Finding(StrEnum):
    """What is said of a column."""

    DRIFTED = "drifted"
    STABLE = "stable"
    SMALL = "small"  # real, and too small to matter
    ADDED = "added"
    TOO_FEW = "too few"  # nothing found, in too few rows to say that there is nothing


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
        """How often the effect exceeds its threshold: the order of importance."""
        return self.shift.effect / self.threshold


def ordered(decisions: Sequence[Decision], importances: Mapping[str, float] = NO_IMPORTANCES) -> list[Decision]:
    """Drifted columns first, and in each part what the model uses most; where that is not known, what moved most."""
    return sorted(
        decisions,
        key=lambda each: (not each.drifted, -importances.get(each.comparison.name, 0.0), -each.weight),
    )


def decide(comparisons: Sequence[Comparison], rows: tuple[int, int], thresholds: Thresholds) -> list[Decision]:
    """A decision for each comparison, in their order; ``rows`` are those of the reference and the current data."""
    shifts = [(index, shift) for index, each in enumerate(comparisons) for shift in each.shifts]
    significant = holm([shift.p for _, shift in shifts], LEVEL)
    real: list[list[Shift]] = [[] for _ in comparisons]
    for (index, shift), is_real in zip(shifts, significant, strict=True):
        if is_real:
            real[index].append(shift)
    few = min(rows) < FEW
    return [_decide(each, found, few, thresholds) for each, found in zip(comparisons, real, strict=True)]


def _decide(comparison: Comparison, real: Sequence[Shift], few: bool, thresholds: Thresholds) -> Decision:
    def excess(shift: Shift) -> float:
        return shift.effect / thresholds.of(shift.sort)

    if comparison.state is not State.COMPARED:
        finding = Finding.ADDED if comparison.state is State.ADDED else Finding.DRIFTED
        return Decision(comparison, finding, Shift(Sort.MASS, 1.0, 0.0), thresholds.mass)
    material = [shift for shift in real if excess(shift) >= 1]
    if material:
        shift = max(material, key=excess)
        return Decision(comparison, Finding.DRIFTED, shift, thresholds.of(shift.sort))
    mass = next(shift for shift in comparison.shifts if shift.sort is Sort.MASS)
    finding = Finding.TOO_FEW if few else Finding.SMALL if real else Finding.STABLE
    return Decision(comparison, finding, mass, thresholds.mass)
