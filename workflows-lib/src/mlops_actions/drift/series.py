"""One number for each block of time: what it usually is, and how far from that a window's mean may be.

A t test of two samples ("Student", "The Probable Error of a Mean", Biometrika 6,
1908), each season having its own mean and all one variance. A block resembles
the one before: how much so is estimated (:mod:`.memory`), makes the mean of a
window less certain and the degrees of freedom fewer.

The memory is taken at the upper end of its interval. An average over what it may
be, as in :mod:`.clusters`, is more exact far out in the tail, and sees less of
what moved.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlops_actions.distributions import student_survival
from mlops_actions.drift import memory

_ROUNDING = 1e-9

_ERRORS = 1.645
"""How many standard errors longer than it seems the memory is taken to be: one-sided, with 95 % confidence."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The numbers of the reference: the mean of each season, its blocks, and how blocks differ from it.

    ``free`` are the degrees of freedom of ``variance``, ``memory`` the correlation of a block with the next.
    """

    means: Mapping[int, float]
    blocks: Mapping[int, int]
    variance: float
    free: int
    memory: float

    def expected(self, mix: Mapping[int, float]) -> float:
        """The mean of a window with these shares of seasons."""
        return math.fsum(share * self.means[season] for season, share in mix.items())

    def p_value(self, difference: float, mix: Mapping[int, float], number: float) -> float:
        """The chance of a mean of so many blocks, in these seasons, that is as far away."""
        if abs(difference) < _ROUNDING:
            return 1.0
        blocks = sum(self.blocks.values())
        own = sum(share**2 / self.blocks[season] for season, share in mix.items())
        if len(self.blocks) == 1:
            own = memory.of_mean(blocks, self.memory)
        variance = self.variance * memory.wider(blocks, self.memory) * (own + memory.of_mean(number, self.memory))
        if variance < _ROUNDING**2:
            return 0.0
        free = memory.effective(self.free, self.memory)
        return student_survival(difference / math.sqrt(variance), free)


def usual(numbers: Sequence[tuple[int, float]]) -> Usual:
    """What is usual, from the season and the number of each block, in the order of time."""
    known: dict[int, list[float]] = defaultdict(list)
    for season, number in numbers:
        known[season].append(number)
    means = {season: math.fsum(each) / len(each) for season, each in known.items()}
    residuals = [number - means[season] for season, number in numbers]
    free = len(numbers) - len(known)
    variance = math.fsum(each**2 for each in residuals) / max(free, 1)
    sizes = {season: len(each) for season, each in known.items()}
    return Usual(means, sizes, variance, free, _memory(residuals, variance, free))


def _memory(residuals: Sequence[float], variance: float, free: int) -> float:
    """The correlation of a block with the next, 0 to LONGEST, at the upper end of its interval."""
    if variance <= 0 or len(residuals) < 2:
        return 0.0
    shared = math.fsum(one * other for one, other in pairwise(residuals)) / (len(residuals) - 1)
    return memory.above(shared / variance, free, _ERRORS)
