"""Metrics with their intervals, from sums over rows: by rows, or by blocks of time whose rows resemble each other.

Each metric is, to first order, a sum of what every row adds to it. Were rows
independent, their spread would give the variance. Where they come in blocks,
the spread of the blocks does: for a mean that is the cluster-robust variance of
Liang and Zeger ("Longitudinal Data Analysis Using Generalized Linear Models",
Biometrika 73, 1986), for the area under the ROC curve that of Obuchowski
("Nonparametric Analysis of Clustered ROC Curve Data", Biometrics 53, 1997). It
has as many degrees of freedom as there are blocks, less one. Blocks that differ
by less than chance would have it do not make an interval narrower, and fewer
than FEWEST say too little: then rows are taken for independent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mlops_actions.distributions import student_quantile
from mlops_actions.drift import seasons

FEW = 30
"""Rows (for an AUC: of either class) below which no interval is worth its name."""
FEWEST = seasons.FEWEST + 1
"""Blocks from which their spread is taken."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A metric over ``rows`` rows with the ends of its interval, and how many blocks that is told by; 0: rows."""

    value: float
    low: float
    high: float
    rows: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Sums:
    """A block of a mean: its rows, the sum of their values, and the variance of those; None of a single row."""

    rows: int
    total: float
    variance: float | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A block of an AUC: its rows, how much of them is positive and negative, and where these are among all blocks.

    ``below`` is the sum over positives of the negatives that score less, by half
    where they score the same, and ``above`` that over negatives of the positives
    that score more; the other two are those of the squares.
    """

    rows: int
    positives: float
    negatives: float
    below: float
    below_squared: float
    above: float
    above_squared: float


def proportion(blocks: Sequence[Sums], confidence: float) -> Interval | str:
    """A share, with the score interval of Wilson ("Probable Inference", JASA 22, 1927); or why there is none.

    Of blocks, with as many rows as would be as sure, were they independent
    (Dean, Pagano, "Evaluating Confidence Interval Methods for Binomial
    Proportions in Clustered Surveys", Journal of Survey Statistics and
    Methodology 3, 2015).
    """
    rows = sum(each.rows for each in blocks)
    if rows < FEW:
        return _few(rows)
    share = math.fsum(each.total for each in blocks) / rows
    chance = share * (1 - share) / rows
    variance = max(chance, _of_mean(blocks, share, rows))
    sure = rows * chance / variance if chance else rows
    z = _quantile(confidence, len(blocks))
    center, spread = share + z**2 / (2 * sure), z * math.sqrt(share * (1 - share) / sure + z**2 / (4 * sure**2))
    scale = 1 + z**2 / sure
    low, high = max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)
    return Interval(share, low, high, rows, _told(len(blocks)))


def root(blocks: Sequence[Sums], confidence: float) -> Interval | str:
    """The root of a mean of squares, its ends the roots of those of the mean (central limit theorem); or why not."""
    rows = sum(each.rows for each in blocks)
    if rows < FEW:
        return _few(rows)
    mean = sum(each.total for each in blocks) / rows  # infinite sums are no error of it
    squares = _squares(blocks, mean)
    if not math.isfinite(mean + squares):
        return "the errors are too large to be squared"
    variance = max(squares / (rows - 1) / rows, _of_mean(blocks, mean, rows))
    error = _quantile(confidence, len(blocks)) * math.sqrt(variance)
    low, high = math.sqrt(max(0.0, mean - error)), math.sqrt(mean + error)
    return Interval(math.sqrt(mean), low, high, rows, _told(len(blocks)))


def area(blocks: Sequence[Placed], confidence: float) -> Interval | str:
    """The area under the ROC curve: the chance that a positive scores higher than a negative; or why there is none.

    Of rows, its variance is that of DeLong, DeLong and Clarke-Pearson
    ("Comparing the Areas under Two or More Correlated Receiver Operating
    Characteristic Curves", Biometrics 44, 1988), from the variance among
    positives of the share of negatives below each, and among negatives of that
    of positives above.
    """
    positives, negatives = (math.fsum(each) for each in zip(*((b.positives, b.negatives) for b in blocks), strict=True))
    if min(positives, negatives) < FEW:
        return f"{min(positives, negatives):,.0f} rows of one of the two classes are too few for an AUC"
    pairs = positives * negatives
    found = math.fsum(each.below for each in blocks) / pairs
    below, above = math.fsum(b.below_squared for b in blocks), math.fsum(b.above_squared for b in blocks)
    of_positives = (below / negatives**2 - positives * found**2) / (positives - 1)
    of_negatives = (above / positives**2 - negatives * found**2) / (negatives - 1)
    influences = [
        (each.below + each.above) / pairs - found * (each.positives / positives + each.negatives / negatives)
        for each in blocks
    ]
    variance = max(0.0, of_positives / positives + of_negatives / negatives, _of_blocks(influences))
    error = _quantile(confidence, len(blocks)) * math.sqrt(variance)
    rows = sum(each.rows for each in blocks)
    return Interval(found, max(0.0, found - error), min(1.0, found + error), rows, _told(len(blocks)))


def _few(rows: int) -> str:
    return f"{rows:,} rows are too few"


def _told(blocks: int) -> int:
    """How many blocks an interval is told by; 0 where there are too few, or none."""
    return blocks if blocks >= FEWEST else 0


def _squares(blocks: Sequence[Sums], mean: float) -> float:
    """The sum of the squared distances of all rows from their mean; not finite where it is too large."""
    found = 0.0
    for each in blocks:
        inner = each.variance if each.variance is not None else 0.0 if each.rows == 1 else math.inf
        if not math.isfinite(each.total + inner):
            return math.inf
        found += (each.rows - 1) * inner + each.rows * (each.total / each.rows - mean) ** 2
    return found


def _of_mean(blocks: Sequence[Sums], mean: float, rows: int) -> float:
    """The variance of a mean, by blocks."""
    return _of_blocks([(each.total - mean * each.rows) / rows for each in blocks])


def _of_blocks(influences: Sequence[float]) -> float:
    """The variance of a sum of what each block adds to a metric; 0 where there are too few."""
    count = len(influences)
    return count / (count - 1) * math.fsum(each * each for each in influences) if _told(count) else 0.0


def _quantile(confidence: float, blocks: int) -> float:
    """How many standard errors an interval reaches to either side: Student's of blocks, the normal one of rows."""
    return student_quantile(confidence, blocks - 1 if _told(blocks) else math.inf)
