"""How much blocks remember, against series whose memory is known, and the variance of means, against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.drift import memory

found = st.floats(-1.5, 1.5)
free = st.integers(6, 1100)
memories = st.floats(0, memory.LONGEST)


def series(blocks: int, remembered: float, trials: int) -> np.ndarray:
    """Autoregressive series of variance 1, one a row."""
    chance = np.random.default_rng(7)
    made = chance.normal(size=(trials, blocks))
    for block in range(1, blocks):
        made[:, block] = remembered * made[:, block - 1] + math.sqrt(1 - remembered**2) * made[:, block]
    return made


def estimates(made: np.ndarray) -> np.ndarray:
    """The mean product of neighbours as a share of the variance, of each series."""
    apart = made - made.mean(axis=1, keepdims=True)
    return (apart[:, 1:] * apart[:, :-1]).mean(axis=1) / apart.var(axis=1, ddof=1)


@pytest.mark.parametrize("blocks", [35, 240])
@pytest.mark.parametrize("remembered", [0.3, 0.5, 0.7, 0.9])
def test_the_correction_undoes_the_bias_and_the_error_is_as_said(blocks, remembered):
    seen = estimates(series(blocks, remembered, 4000))
    corrected = np.array([memory.above(each, blocks - 1, 0) for each in seen])
    assert abs(np.median(corrected) - remembered) < 0.035
    if blocks < 100 and remembered >= 0.7:  # there is a bias to undo
        assert np.median(seen) < remembered - 0.05
    if blocks > 100:  # of few, the error is larger still where they remember much
        below = np.mean([memory.above(each, blocks - 1, 1.645) < remembered for each in seen])
        assert below == pytest.approx(0.05, abs=0.04)


@given(found, free)
def test_what_it_may_be_adds_up_to_one_and_stays_within_bounds(seen, degrees):
    likely = memory.likely(seen, degrees)
    assert sum(likely.values()) == pytest.approx(1)
    assert all(0 <= each <= memory.LONGEST + 1e-12 for each in likely)
    assert min(likely) <= memory.above(seen, degrees, 0) <= max(likely)


@given(st.integers(1, 60), memories)
def test_the_variance_of_a_mean_is_the_mean_of_all_covariances(number, remembered):
    places = np.arange(number)
    plain = (remembered ** np.abs(places[:, None] - places)).mean()
    assert memory.of_mean(number, remembered) == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize(("blocks", "remembered"), [(20, 0.0), (20, 0.5), (35, 0.9)])
def test_blocks_that_remember_are_close_to_their_own_mean(blocks, remembered):
    seen = series(blocks, remembered, 4000).var(axis=1, ddof=1).mean()
    assert seen * memory.wider(blocks, remembered) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("free_", "remembered", "fewer"), [(34, 0.0, 34), (34, 0.5, 34 * 0.75 / 1.25), (8, 0.9, 1)])
def test_blocks_that_remember_are_as_good_as_fewer(free_, remembered, fewer):
    assert memory.effective(free_, remembered) == pytest.approx(fewer)
