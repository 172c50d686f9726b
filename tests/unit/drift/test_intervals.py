"""Intervals by blocks, against SciPy and the formulas written out over rows, and whether they hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm, t

from mlops_actions.drift import intervals
from mlops_actions.drift.intervals import FEWEST, Interval, Sums


def sums(values: np.ndarray, blocks: np.ndarray) -> list[Sums]:
    parts = [values[blocks == each] for each in np.unique(blocks)]
    return [Sums(len(part), float(part.sum()), float(part.var(ddof=1)) if len(part) > 1 else None) for part in parts]


def found(of: Interval | str) -> Interval:
    assert isinstance(of, Interval)
    return of


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.9999])
@pytest.mark.parametrize("blocks", [7, 8, 30, 365])
def test_the_spread_of_blocks_has_the_quantile_of_student(confidence: float, blocks: int) -> None:
    keys = np.repeat(np.arange(blocks), 10)
    values = 100 + keys % 2 + np.tile([-0.01, 0.01], 5 * blocks)
    means = np.array([values[keys == each].mean() for each in range(blocks)])
    error = t.ppf((1 + confidence) / 2, blocks - 1) * means.std(ddof=1) / math.sqrt(blocks)
    root = found(intervals.root(sums(values, keys), confidence))
    assert (root.low**2, root.high**2) == pytest.approx((values.mean() - error, values.mean() + error), rel=1e-9)
    assert (root.rows, root.blocks) == (10 * blocks, blocks)


def test_fewer_blocks_than_tell_anything_are_rows() -> None:
    chance = np.random.default_rng(2)
    keys = np.arange(600) % (FEWEST - 1)
    values = chance.normal(10 + keys, 1, 600)
    error = norm.ppf(0.975) * values.std(ddof=1) / math.sqrt(600)
    root = found(intervals.root(sums(values, keys), 0.95))
    assert (root.high**2, root.blocks) == (pytest.approx(values.mean() + error), 0)
    share = found(intervals.proportion(sums((values > 12).astype(float), keys), 0.95))
    ends = binomtest(int((values > 12).sum()), 600).proportion_ci(0.95, method="wilson")
    assert (share.low, share.high, share.blocks) == (pytest.approx(ends.low), pytest.approx(ends.high), 0)


def test_blocks_that_are_more_alike_than_chance_make_no_interval_narrower_than_rows() -> None:
    keys, values = np.repeat(np.arange(20), 10), np.tile([0.0] * 4 + [1.0] * 6, 20)
    values[[4, 13]] = 0.0, 1.0  # five of the first, seven of the second, six of each other
    share = found(intervals.proportion(sums(values, keys), 0.95))
    ends = binomtest(120, 200).proportion_ci(0.95, method="wilson")
    assert share.low <= ends.low and share.high >= ends.high
    assert found(intervals.proportion(sums(np.ones(200), keys), 0.95)).high == 1.0


def test_a_share_of_blocks_is_as_sure_as_fewer_independent_rows() -> None:
    # Rows of a block that are all the same count as one: Wilson's interval of 50 rows, with Student's quantile.
    keys, values = np.repeat(np.arange(50), 40), np.repeat(np.arange(50) % 5 < 2, 40).astype(float)
    share = found(intervals.proportion(sums(values, keys), 0.95))
    z, rows = t.ppf(0.975, 49), 49  # of 50 blocks, one is spent on the mean
    center = 0.4 + z**2 / (2 * rows)
    spread = z * math.sqrt(0.24 / rows + z**2 / (4 * rows**2))
    ends = ((center - spread) / (1 + z**2 / rows), (center + spread) / (1 + z**2 / rows))
    assert (share.low, share.high) == pytest.approx(ends)


@pytest.mark.parametrize("blocks", [10, 30])
def test_the_interval_holds_the_truth_as_often_as_it_says_where_days_differ(blocks: int) -> None:
    chance = np.random.default_rng(blocks)
    keys = np.repeat(np.arange(blocks), 100)
    held = {True: 0, False: 0}
    for _ in range(400):
        days = np.clip(chance.normal(0.7, 0.08, blocks), 0, 1)
        hits = (chance.random(100 * blocks) < days[keys]).astype(float)
        for by_blocks in held:
            share = found(intervals.proportion(sums(hits, keys if by_blocks else np.zeros(len(keys))), 0.95))
            held[by_blocks] += share.low < 0.7 < share.high
    assert held[True] > 0.92 * 400, held
    assert held[False] < 0.85 * 400, "rows are not independent, and promise too much"
