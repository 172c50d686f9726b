"""How much a block of time remembers of the one before, and how sure the mean of some blocks is for it.

What blocks have of their own is taken for an autoregressive process of order 1;
its memory is the correlation of a block with the next. From few blocks it is
estimated too low (Kendall, "Note on Bias in the Estimation of Autocorrelation",
Biometrika 41, 1954; Marriott, Pope, "Bias in the Estimation of
Autocorrelations", the same volume). The error of what is corrected is one over
the root of the number of blocks on the scale of angles whose sines are memories,
about normal and the same for any memory (Jenkins, "An Angular Transformation for
the Serial Correlation Coefficient", the same volume). Fisher's transformation is
for pairs that are independent of each other: of a memory of 0.9 it has the error
less than half as large as it is.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

LONGEST = 0.98
"""The memory at most: with more, no number of blocks that a profile holds tells it."""

_CHANCES = (0.0, 0.2, 0.5, 0.8, 0.95, 0.995, 1.0)
_RANGES = tuple((NormalDist().inv_cdf(min(high, 0.9999)), high - low) for low, high in pairwise(_CHANCES))
"""The upper end of each range of a normal variable, with its probability."""


def above(found: float, free: int, errors: float) -> float:
    """The memory, so many standard errors above what it seems to be; 0 to LONGEST.

    ``found`` is the mean product of neighbouring blocks, less their own mean,
    as a share of their variance, which has ``free`` degrees of freedom. (Less
    the means of seasons, it is lower by the share of the blocks that these
    take: :mod:`.clusters` makes up for that, with many cells to tell it by,
    and :mod:`.series` does not, since that cost power and no fewer alarms.)
    """
    corrected = min(max(0.0, found + (1 + 4 * found) / free), LONGEST)
    angle = math.asin(corrected) + errors / math.sqrt(free)
    return math.sin(min(max(0.0, angle), math.asin(LONGEST)))


def likely(found: float, free: int) -> dict[float, float]:
    """What the memory may be, with the probability of each.

    A few ranges stand for their upper ends: a window of many blocks is held to
    be as steady as it says.
    """
    memories: dict[float, float] = {}
    for errors, weight in _RANGES:
        memory = above(found, free, errors)
        memories[memory] = memories.get(memory, 0.0) + weight
    return memories


def effective(free: int, memory: float) -> float:
    """The degrees of freedom of a variance of blocks that remember, 1 at least.

    Bayley, Hammersley, "The Effective Number of Independent Observations in an
    Autocorrelated Time Series", JRSS Supplement 8, 1946.
    """
    return max(1.0, free * (1 - memory**2) / (1 + memory**2))


def wider(blocks: int, memory: float) -> float:
    """The variance of blocks that remember, as a multiple of what it seems: they are close to their own mean.

    Bayley, Hammersley, as in :func:`effective`.
    """
    return (1 - 1 / blocks) / (1 - of_mean(blocks, memory))


def of_mean(number: float, memory: float) -> float:
    """The variance of the mean of so many blocks, as a share of a block's, where each remembers the one before.

    That of an autoregressive process of order 1 (Anderson, "The Statistical
    Analysis of Time Series", 1971, section 8.3).
    """
    if number <= 1 or memory == 0:
        return 1 / number
    total = number * (1 + memory) / (1 - memory) - 2 * memory * (1 - memory**number) / (1 - memory) ** 2
    return float(total / number**2)
