"""How far two distributions are apart, in the measures that people know by name. Counts in, numbers out.

Counts are those of the same cells on either side. They may be weights: what a
reference by seasons is expected to hold. All are 0 for equal shares, and where
a side is empty, of which there is nothing to say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from types import MappingProxyType


class Effect(StrEnum):
    """An effect size by name."""

    TOTAL_VARIATION = "total-variation"
    PSI = "psi"
    JENSEN_SHANNON = "jensen-shannon"
    WASSERSTEIN = "wasserstein"
    KOLMOGOROV_SMIRNOV = "kolmogorov-smirnov"

    @property
    def is_ordered(self) -> bool:
        """Whether it takes values in an order, which categories have not."""
        return self in {Effect.WASSERSTEIN, Effect.KOLMOGOROV_SMIRNOV}

    @property
    def most(self) -> float:
        """The greatest that it can be."""
        return math.inf if self in {Effect.PSI, Effect.WASSERSTEIN} else 1.0


DEFAULTS: Mapping[Effect, float] = MappingProxyType(
    {
        Effect.TOTAL_VARIATION: 0.05,
        Effect.PSI: 0.1,
        Effect.JENSEN_SHANNON: 0.1,
        Effect.WASSERSTEIN: 0.1,
        Effect.KOLMOGOROV_SMIRNOV: 0.05,
    }
)
"""From which size each matters, unless configured.

For total variation and Kolmogorov-Smirnov, what a normal column's mean does to
it by an eighth of its standard deviation; for the others what is usual in the
field, which is a little more (docs/drift-check.md).
"""

_EMPTY = 0.5
"""Rows that an empty cell is taken to hold where a ratio to it is asked for."""


def total_variation(reference: Sequence[float], current: Sequence[float]) -> float:
    """The share of mass that must move to turn one distribution into the other, 0 to 1.

    Half the sum of absolute differences of shares (Levin, Peres, "Markov Chains
    and Mixing Times", 2nd ed., proposition 4.2).
    """
    n, m = sum(reference), sum(current)
    if not n or not m:
        return 0.0
    # Of counts, integers until the end: equal shares give 0, not a rounding error.
    return sum(abs(one * m - other * n) for one, other in zip(reference, current, strict=True)) / (2 * n * m)


def psi(reference: Sequence[float], current: Sequence[float]) -> float:
    """The population stability index, 0 or more.

    The Kullback-Leibler divergences both ways, added, in nats (Jeffreys, "An
    Invariant Form for the Prior Probability in Estimation Problems", 1946;
    Siddiqi, "Credit Risk Scorecards", 2006, for the name and its use). It would
    be infinite where a side has an empty cell: that is taken to hold half a row.
    """
    pairs = [(one, other) for one, other in zip(reference, current, strict=True) if one or other]
    if not sum(reference) or not sum(current):
        return 0.0
    before, now = _shares([one or _EMPTY for one, _ in pairs]), _shares([other or _EMPTY for _, other in pairs])
    return math.fsum((q - p) * math.log(q / p) for p, q in zip(before, now, strict=True))


def jensen_shannon(reference: Sequence[float], current: Sequence[float]) -> float:
    """The Jensen-Shannon distance, 0 to 1: the square root of the divergence, in bits.

    Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Transactions on
    Information Theory 37, 1991; that its root is a distance: Endres, Schindelin,
    "A New Metric for Probability Distributions", the same 49, 2003.
    """
    if not sum(reference) or not sum(current):
        return 0.0

    def toward(share: float, middle: float) -> float:
        return share * math.log2(share / middle) if share else 0.0

    pairs = zip(_shares(reference), _shares(current), strict=True)
    divergence = math.fsum(toward(p, (p + q) / 2) + toward(q, (p + q) / 2) for p, q in pairs) / 2
    return math.sqrt(min(max(divergence, 0.0), 1.0))


def kolmogorov_smirnov(reference: Sequence[float], current: Sequence[float]) -> float:
    """The greatest difference of the shares up to any of the cells' edges, 0 to 1; cells in the order of values.

    Smirnov's two-sample statistic ("Table for Estimating the Goodness of Fit of
    Empirical Distributions", Annals of Mathematical Statistics 19, 1948), looked
    at where edges are: between them it may be greater, by no more than a cell holds.
    """
    n, m = sum(reference), sum(current)
    if not n or not m:
        return 0.0
    pairs = zip(accumulate(reference), accumulate(current), strict=True)
    return max(abs(one * m - other * n) for one, other in pairs) / (n * m)


def wasserstein(reference: Sequence[float], current: Sequence[float], edges: Sequence[float], sd: float) -> float:
    """How far a value has to move, on average, to turn one distribution into the other, in units of ``sd``.

    Wasserstein's distance of order 1: the area between the distribution
    functions (Vallender, "Calculation of the Wasserstein Distance between
    Probability Distributions on the Line", Theory of Probability and Its
    Applications 18, 1974). The first cell lies between the first two of
    ``edges`` and so on, one edge more than cells; values in a cell are taken
    for evenly spread. Infinite or NaN where that is too large for a number.
    """
    n, m = sum(reference), sum(current)
    if not n or not m:
        return 0.0
    pairs = zip(accumulate(reference), accumulate(current), strict=True)
    apart = [0.0, *((one * m - other * n) / (n * m) for one, other in pairs)]
    widths = ((high - low) / sd for low, high in pairwise(edges))
    return sum(width * _area(*ends) for width, ends in zip(widths, pairwise(apart), strict=True))


def _area(one: float, other: float) -> float:
    """The mean of the absolute value along a line from ``one`` to ``other``."""
    if one * other >= 0:
        return (abs(one) + abs(other)) / 2
    return (one * one + other * other) / (2 * (abs(one) + abs(other)))


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts)
    return [each / total for each in counts]


@dataclass(frozen=True, slots=True)
class Scale:
    """What orders the cells of a number: the ends of all cells, one more than these, and the reference's deviation."""

    edges: tuple[float, ...]
    sd: float


def size(effect: Effect, reference: Sequence[float], current: Sequence[float], scale: Scale | None = None) -> float:
    """The effect of this name; ``scale`` is needed for Wasserstein's."""
    match effect:
        case Effect.PSI:
            return psi(reference, current)
        case Effect.JENSEN_SHANNON:
            return jensen_shannon(reference, current)
        case Effect.KOLMOGOROV_SMIRNOV:
            return kolmogorov_smirnov(reference, current)
        case Effect.WASSERSTEIN:
            return wasserstein(reference, current, scale.edges, scale.sd) if scale else math.nan
        case _:
            return total_variation(reference, current)


def said(effect: Effect, text: str) -> str:
    """An effect in words; ``text`` is its size, as it is to be read."""
    return {
        Effect.TOTAL_VARIATION: f"{text} of its mass moved",
        Effect.PSI: f"its population stability index is {text}",
        Effect.JENSEN_SHANNON: f"its Jensen-Shannon distance is {text}",
        Effect.WASSERSTEIN: f"its values moved by {text} standard deviations on average",
        Effect.KOLMOGOROV_SMIRNOV: f"its Kolmogorov-Smirnov distance is {text}",
    }[effect]


def briefly(effect: Effect, text: str) -> str:
    """An effect in a few words, as a cell of a table wants them; ``text`` is its size."""
    return {
        Effect.TOTAL_VARIATION: f"{text} of mass moved",
        Effect.PSI: f"stability index {text}",
        Effect.JENSEN_SHANNON: f"Jensen-Shannon {text}",
        Effect.WASSERSTEIN: f"moved by {text} sd",
        Effect.KOLMOGOROV_SMIRNOV: f"Kolmogorov-Smirnov {text}",
    }[effect]
