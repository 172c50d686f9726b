"""One number for each block of time: what it usually is, and how far from that a window's mean may be.

A t test of two samples ("Student", "The Probable Error of a Mean", Biometrika 6,
1908), each season having its own mean and all one variance. A block resembles
the one before: how much so is estimated (Kendall, as in
:attr:`.clusters.Between.memories`), makes the mean of a window less certain and
the degrees of freedom fewer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlops_actions.distributions import student_survival
from mlops_actions.drift.clusters import LONGEST_MEMORY, of_mean

_ROUNDING = 1e-9


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
        own = sum(share**2 / self.blocks[season] for season, share in mix.items())
        if len(self.blocks) == 1:
            own = of_mean(sum(self.blocks.values()), self.memory)
        variance = self.variance * (own + of_mean(number, self.memory))
        if variance < _ROUNDING**2:
            return 0.0
        free = max(1.0, self.free * (1 - self.memory**2) / (1 + self.memory**2))
        return student_survival(difference / math.sqrt(variance), free)


def usual(numbers: Sequence[tuple[int, float]]) -> Usual:
    """What is usual, from the season and the number of each block, in the order of time."""
    known: dict[int, list[float]] = defaultdict(list)
    for season, number in numbers:
        known[season].append(number)
    means = {season: math.fsum(each) / len(each) for season, each in known.items()}
    residuals = [number - means[season] for season, number in numbers]
    squares = math.fsum(each**2 for each in residuals)
    free = len(numbers) - len(known)
    sizes = {season: len(each) for season, each in known.items()}
    return Usual(means, sizes, squares / max(free, 1), free, _memory(residuals, squares))


def _memory(residuals: Sequence[float], squares: float) -> float:
    """The correlation of a block with the next, 0 to LONGEST_MEMORY, a standard error higher than it seems."""
    if squares <= 0:
        return 0.0
    number = len(residuals)
    found = math.fsum(one * other for one, other in pairwise(residuals)) / squares
    corrected = min(max(0.0, found + (1 + 3 * found) / number), 1.0)
    return min(corrected + math.sqrt((1 - corrected**2) / number), LONGEST_MEMORY)
