"""Shares that are estimated from clusters of rows: how much the clusters differ, and what that says of one more.

Rao, Scott, "On Chi-Squared Tests for Multiway Contingency Tables with Cell
Proportions Estimated from Survey Data", Annals of Statistics 12, 1984: Pearson's
statistic is held against its expectation under the variance between clusters,
with the degrees of freedom of Satterthwaite. That variance and how much blocks
remember are themselves estimated, so the p-value is an average over what they
may be in truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul
from statistics import NormalDist

from mlops_actions.distributions import chi_square_survival
from mlops_actions.drift import memory


@dataclass(frozen=True, slots=True)
class Between:
    """How much blocks differ, in units of Pearson's statistic for one block.

    ``own`` is the variance of what a block has of its own, ``chance`` what
    independent rows would add, ``shared`` the covariance of a block with the
    next, ``squares`` the sum of the squared eigenvalues of the whole variance.
    ``cells`` and ``blocks`` are their numbers, ``free`` the degrees of freedom.
    """

    own: float
    chance: float
    shared: float
    squares: float
    cells: int
    blocks: int
    free: int

    @property
    def memories(self) -> dict[float, float]:
        """What the correlation of a block with the next may be, with the probability of each.

        It is as much shorter as it is unsure whether blocks differ beyond
        chance at all: of next to nothing, what one shares with the next may be
        all or none.
        """
        if not self.own:
            return {0.0: 1.0}
        by_chance = self.chance * math.sqrt(2 / ((self.cells - 1) * self.free))  # the error of a variance of none
        sure = math.erf(self.own / by_chance / math.sqrt(2))
        return {sure * each: weight for each, weight in memory.likely(self.shared / self.own, self.free).items()}

    @property
    def ways(self) -> float:
        """In how many independent ways blocks differ beyond chance, 1 to one less than the cells."""
        most = self.cells - 1.0
        squares = self.squares - 2 * self.own * self.chance / most - self.chance**2 / most
        return min(max(1.0, self.own**2 / squares), most) if squares > 0 else 1.0

    def beyond(self, found: float, factor: Callable[[float], float], sizes: float) -> float:
        """The chance of a statistic beyond ``found``, where blocks do not drift.

        ``factor`` is the variance of the difference, as a share of a block's
        own, by their memory. ``sizes`` is the sum of the inverse numbers of rows
        on both sides.
        """
        return sum(weight * self._beyond(found, factor(each), each, sizes) for each, weight in self.memories.items())

    def _beyond(self, found: float, factor: float, remembered: float, sizes: float) -> float:
        noise, ways = (self.cells - 1) * sizes, self.ways
        if self.squares <= 0:  # every block is as the next, to the row
            return _beyond(found, noise, self.cells - 1, 0.0, ways)
        effective = memory.effective(self.free, remembered)
        factor *= memory.wider(self.blocks, remembered)
        whole = self.own + self.chance
        truths = (
            (max(0.0, whole / ratio - self.chance), weight)
            for ratio, weight in _low(effective * whole**2 / self.squares)
        )
        return sum(weight * _beyond(found, noise, self.cells - 1, factor * own, ways) for own, weight in truths)


def between(blocks: Sequence[Sequence[int]], expected: Sequence[Sequence[float]], free: int) -> Between:
    """How much blocks differ from the shares that each is expected to have."""
    rows = [sum(each) for each in blocks]
    total, number, cells = sum(rows), len(blocks), len(blocks[0])
    common = [sum(each) / total for each in zip(*blocks, strict=True)]
    # Residuals of the blocks, scaled so that their squares add up to Pearson's statistic.
    residuals = [
        [
            (count / size - mean) * math.sqrt(size / (total * one))
            for count, mean, one in zip(block, means, common, strict=True)
        ]
        for block, size, means in zip(blocks, rows, expected, strict=True)
    ]
    variance = sum(_dot(each, each) for each in residuals) * number / free
    chance = (cells - 1) * number / total  # of a block of average size, were rows independent
    # Where rows are less random than draws are (a timetable), what is left over says too little.
    shared = _shared(residuals, free)
    own = max(0.0, variance - chance, shared)
    return Between(own, chance, shared, _squares(residuals, free), cells, number, free)


def means(blocks: Sequence[Sequence[int]], seasons: Sequence[int]) -> dict[int, list[float]]:
    """Season to the shares of the cells in its blocks."""
    sums: dict[int, list[int]] = {}
    for block, season in zip(blocks, seasons, strict=True):
        before = sums.get(season)
        sums[season] = (
            list(block) if before is None else [one + other for one, other in zip(before, block, strict=True)]
        )
    return {season: [count / sum(each) for count in each] for season, each in sums.items()}


SMALLEST_SHARE = 0.005
"""A cell with less of the rows is pooled: its share is a ratio to next to nothing."""


def pooled(blocks: Sequence[Sequence[int]], current: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Blocks and window with the small cells as one; the choice is made by what both sides have together."""
    total, here = sum(map(sum, blocks)), sum(current)
    sums = [sum(each) for each in zip(*blocks, strict=True)]
    large = [
        place
        for place, (one, other) in enumerate(zip(sums, current, strict=True))
        if one and one / total + (other / here if here else 0) >= 2 * SMALLEST_SHARE
    ]
    rest = [place for place in range(len(sums)) if place not in set(large)]

    def kept(counts: Sequence[int]) -> list[int]:
        found = [counts[place] for place in large]
        return [*found, sum(counts[place] for place in rest)] if rest else found

    made, now = [kept(each) for each in blocks], kept(current)
    if rest and not any(block[-1] for block in made):  # new values alone: another question
        made, now = [each[:-1] for each in made], now[:-1]
    return made, now


def _shared(residuals: Sequence[Sequence[float]], free: int) -> float:
    """The covariance of a block with the next."""
    pairs = [_dot(one, other) for one, other in pairwise(residuals)]
    return sum(pairs) / len(pairs) * len(residuals) ** 2 / free


def _squares(residuals: Sequence[Sequence[float]], free: int) -> float:
    """The sum of the squared eigenvalues of the covariance between blocks.

    What is estimated from few blocks is too large by what Bai and Saranadasa
    give ("Effect of High Dimension", Statistica Sinica 6, 1996, equation 3.9).
    """
    scale = len(residuals) / free
    # The products of the blocks and those of the cells have the same eigenvalues; the fewer are asked.
    cells = list(zip(*residuals, strict=True))
    vectors = cells if len(cells) < len(residuals) else residuals
    products = [[_dot(one, other) * scale for other in vectors] for one in vectors]
    trace = sum(row[index] for index, row in enumerate(products))
    squares = sum(each * each for row in products for each in row)
    corrected = (squares - trace**2 / free) * free**2 / ((free + 2) * (free - 1))
    return max(corrected, trace**2 / (len(residuals[0]) - 1))


_POINTS = 16
_NORMAL = tuple(NormalDist().inv_cdf((place + 0.5) / _POINTS) for place in range(_POINTS))

_TAILS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.9, 1.0)
"""Chances that part what an estimated variance may be: fine where it is too low, which a small p-value hangs on."""


def _beyond(found: float, noise: float, cells: int, spread: float, shape: float) -> float:
    """The chance of a sum beyond ``found``: of a chi-square of mean ``noise`` and another of mean ``spread``."""
    if spread <= 0:
        return chi_square_survival(found / noise * cells, cells)
    each = (chi_square_survival((found - noise * one) / spread * shape, shape) for one in _chi_square(cells, _NORMAL))
    return sum(each) / _POINTS


def _low(degrees: float) -> list[tuple[float, float]]:
    """Ratios of an estimated variance to the true one, the low end of each of some ranges, with its probability."""
    chances = [(_TAILS[0] / 10, _TAILS[0]), *pairwise(_TAILS)]
    normal = [NormalDist().inv_cdf(low) for low, _ in chances]
    return [
        (max(ratio, 1e-12), high - (0.0 if place == 0 else low))
        for place, (ratio, (low, high)) in enumerate(zip(_chi_square(degrees, normal), chances, strict=True))
    ]


def _chi_square(degrees: float, normal: Sequence[float]) -> list[float]:
    """Chi-square by its degrees of freedom, where a normal variable is as far out as each of ``normal``.

    The cube root is about normal (Wilson, Hilferty, "The Distribution of
    Chi-square", Proceedings of the National Academy of Sciences 17, 1931).
    """
    part = 2 / (9 * degrees)
    return [max(1 - part + each * math.sqrt(part), 0.0) ** 3 for each in normal]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return float(sum(map(mul, one, other)))
