"""Edges ascend and are dense where values are; bins made of them hold each value once."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.profiles import bins

finite = st.floats(allow_nan=False, allow_infinity=False)
ordered = st.lists(finite, min_size=5, max_size=5).map(sorted)


def histogram(values: list[float], edges: tuple[float, ...]) -> dict[float, int]:
    """What the engine gives, counted plainly."""
    found = dict.fromkeys((*edges, math.inf), 0)
    for value in values:
        found[(*edges, math.inf)[bisect_left(edges, value)]] += 1
    return found


@settings(deadline=None)
@given(ordered, st.booleans())
def test_fine_edges_ascend_and_are_bounded_in_number_for_any_quantiles(quantiles, whole):
    edges = bins.fine(quantiles, whole)
    assert 1 <= len(edges) <= 600
    assert all(one < other for one, other in pairwise(edges))
    assert all(math.isfinite(each) for each in edges)


@given(st.lists(st.none(), max_size=5))
def test_fine_edges_of_unknown_values_are_there_too(quantiles):
    assert len(bins.fine(quantiles)) > 100


def test_edges_stand_where_values_are_however_far_from_zero():
    for center, spread in ((0.0, 1.0), (290.0, 5.0), (-73.9, 0.02), (1e9, 1.0), (1e-12, 1e-14)):
        quantiles = [center + spread * each for each in (-1.6, -0.67, 0, 0.67, 1.6)]
        edges = bins.fine(quantiles)
        inside = [each for each in edges if quantiles[1] < each < quantiles[3]]
        assert len(inside) >= 40, center
        assert edges[0] < center - 1000 * spread and edges[-1] > center + 1000 * spread


def test_whole_edges_are_whole_and_tell_small_counts_apart():
    edges = bins.fine([0.0, 1.0, 3.0, 5.0, 9.0], whole=True)
    assert all(each == int(each) for each in edges)
    assert set(range(-5, 12)) <= set(edges)


@settings(deadline=None)
@given(st.lists(finite.filter(lambda each: each > -1e308), min_size=1, max_size=200), st.integers(1, 30))
def test_coarse_bins_hold_each_value_once_and_none_is_outside(values, wanted):
    fine = bins.fine([0.0, 1.0, 2.0, 3.0, 4.0])
    counted = histogram(values, fine)
    edges = bins.coarse(counted, min(values), max(values), bins=wanted)
    assert all(one < other for one, other in pairwise(edges))
    assert edges[0] < min(values) and edges[-1] == max(values)
    assert set(edges[1:-1]) <= set(fine)
    plain = [0] * (len(edges) + 1)
    for value in values:
        plain[bisect_left(edges, value)] += 1
    assert plain[0] == plain[-1] == 0
    assert list(bins.counts(edges[1:-1], counted)) == plain[1:-1]


@given(st.integers(400, 1000), st.integers())
@settings(max_examples=30, deadline=None)
def test_coarse_bins_are_of_about_equal_frequency(size, seed):
    values = random.Random(seed).sample(range(1001), size)  # noqa: S311
    edges = tuple(float(each) for each in range(1001))
    found = bins.coarse(histogram([float(each) for each in values], edges), min(values), max(values), whole=True)
    inner = bins.counts(found[1:-1], histogram([float(each) for each in values], edges))
    assert len(inner) in (20, 21)
    assert max(inner) <= 1.5 * len(values) / 20


def test_a_value_that_many_rows_have_is_a_bin_of_its_own():
    values = [0.0] * 500 + [float(each) for each in range(-50, 51) if each]
    edges = tuple(float(each) for each in range(-60, 61))
    found = bins.coarse(histogram(values, edges), -50.0, 50.0)
    assert -1.0 in found and 0.0 in found
    assert bins.counts(found, histogram(values, edges))[found.index(0.0)] == 500


@settings(deadline=None)
@given(st.lists(st.integers(0, 2_000_000), max_size=50))
def test_lengths_up_to_64_have_an_edge_each(lengths):
    edges = bins.lengths()
    assert edges[:65] == tuple(range(65)) and len(edges) < 250
    counts = bins.counts(edges, histogram([float(each) for each in lengths], edges))
    assert sum(counts) == len(lengths)
    for length in range(65):
        assert counts[length] == lengths.count(length)
