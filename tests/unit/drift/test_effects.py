"""Effect sizes against SciPy, or their definition in numpy."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from itertools import pairwise

import numpy
import pytest
import scipy.spatial.distance
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.drift import effects
from mlops_actions.drift.effects import Effect, Scale, total_variation

counts = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


@st.composite
def pairs(draw: st.DrawFn, least: int = 0) -> tuple[list[int], list[int]]:
    """Counts of the same cells on either side, neither side empty."""
    size = draw(st.integers(1, 12))
    side = st.lists(st.integers(least, 500), min_size=size, max_size=size).filter(any)
    return draw(side), draw(side)


@given(counts, st.randoms(use_true_random=False))
def test_total_variation_is_a_distance_of_shares(one, chance):
    other = [chance.randint(0, 1000) for _ in one]
    distance = total_variation(one, other)
    assert 0 <= distance <= 1 and distance == total_variation(other, one)
    assert total_variation(one, [3 * each for each in one]) == 0
    if sum(one) and sum(other):
        exact = sum(abs(Fraction(a, sum(one)) - Fraction(b, sum(other))) for a, b in zip(one, other, strict=True)) / 2
        assert distance == pytest.approx(float(exact), rel=1e-12)


@given(pairs())
def test_total_variation_is_half_of_scipys_city_block_distance(pair):
    expected = scipy.spatial.distance.cityblock(*(numpy.divide(side, sum(side)) for side in pair)) / 2
    assert total_variation(*pair) == pytest.approx(expected, abs=1e-12)


def test_total_variation_of_nothing_in_common_is_all_of_it():
    assert total_variation([7, 0], [0, 3]) == 1.0


@given(pairs(least=1))
def test_psi_is_both_divergences(pair):
    one, other = pair
    expected = scipy.stats.entropy(one, other) + scipy.stats.entropy(other, one)
    assert effects.psi(one, other) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_psi_takes_an_empty_cell_for_half_a_row():
    expected = scipy.stats.entropy([90, 10, 0.5], [80, 0.5, 20]) + scipy.stats.entropy([80, 0.5, 20], [90, 10, 0.5])
    assert effects.psi([90, 10, 0, 0], [80, 0, 20, 0]) == pytest.approx(expected)


@given(pairs())
def test_jensen_shannon_is_that_of_scipy_in_bits(pair):
    expected = scipy.spatial.distance.jensenshannon(*pair, base=2)
    # The root of a rounding error is as large as 1e-8.
    assert effects.jensen_shannon(*pair) == pytest.approx(0.0 if math.isnan(expected) else expected, abs=1e-7)


@given(pairs())
def test_kolmogorov_smirnov_is_that_of_the_places_of_cells(pair):
    one, other = (numpy.repeat(numpy.arange(len(side)), side) for side in pair)
    with warnings.catch_warnings():  # of its p-value, which is not asked for
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = scipy.stats.ks_2samp(one, other, method="asymp").statistic
    assert effects.kolmogorov_smirnov(*pair) == pytest.approx(expected, abs=1e-12)


@given(pairs(), st.lists(st.floats(0.01, 100), min_size=12, max_size=12), st.floats(0.1, 10))
def test_wasserstein_is_that_of_values_spread_within_cells(pair, widths, sd):
    edges = [0.0, *numpy.cumsum(widths[: len(pair[0])])]
    places = 400
    spread = numpy.concatenate([low + (numpy.arange(places) + 0.5) / places * (high - low)
                                for low, high in pairwise(edges)])  # fmt: skip
    weights = [numpy.repeat(side, places) for side in pair]
    expected = scipy.stats.wasserstein_distance(spread, spread, *weights) / sd
    assert effects.wasserstein(*pair, edges, sd) == pytest.approx(expected, rel=1e-3, abs=1e-3 * edges[-1] / sd)


@pytest.mark.parametrize("effect", Effect)
def test_nothing_moved_and_nothing_there_are_no_effect(effect):
    scale = Scale((0.0, 1.0, 2.0, 5.0), 2.0)
    assert effects.size(effect, [5, 0, 7], [5, 0, 7], scale) == 0
    assert effects.size(effect, [5, 1, 7], [10, 2, 14], scale) == pytest.approx(0, abs=1e-7)
    assert effects.size(effect, [5, 1, 7], [0, 0, 0], scale) == effects.size(effect, [0, 0, 0], [5, 1, 7], scale) == 0


@pytest.mark.parametrize(
    ("effect", "sds"),
    [
        (Effect.TOTAL_VARIATION, 0.125),
        (Effect.PSI, 0.316),
        (Effect.JENSEN_SHANNON, 0.236),
        (Effect.WASSERSTEIN, 0.1),
        (Effect.KOLMOGOROV_SMIRNOV, 0.125),
    ],
)
def test_a_default_is_what_the_documentation_says_of_a_normal_mean(effect, sds):
    edges = numpy.linspace(-9, 9, 2001)
    before = numpy.diff(scipy.stats.norm.cdf(edges)) * 1e9
    now = numpy.diff(scipy.stats.norm.cdf(edges - sds)) * 1e9
    assert effects.size(effect, [*before], [*now], Scale((*edges,), 1.0)) == pytest.approx(
        effects.DEFAULTS[effect], rel=0.02
    )
