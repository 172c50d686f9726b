"""The tests' p-values against closed forms and plain counting, and how often they alarm where nothing moved."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlops_actions.distributions import chi_square_survival
from mlops_actions.drift import statistics
from mlops_actions.drift.statistics import fisher, holm, homogeneity, in_order, least_fisher

counts = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


def plain_fisher(hits: int, n: int, other: int, m: int) -> float:
    total = hits + other
    ways = [math.comb(m, k) * math.comb(n, total - k) for k in range(total + 1)]
    return min(1.0, 2 * min(Fraction(sum(ways[: other + 1]), sum(ways)), Fraction(sum(ways[other:]), sum(ways))))


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_fisher_counts_the_tables_as_extreme(n, m, data):
    hits, other = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    assert fisher(hits, n, other, m) == pytest.approx(float(plain_fisher(hits, n, other, m)), rel=1e-8)


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_the_least_p_value_is_that_of_all_hits_on_one_side(n, m, data):
    hits = data.draw(st.integers(1, m))
    least = least_fisher(hits, n, m)
    assert least == pytest.approx(fisher(0, n, hits, m), rel=1e-8)
    there = data.draw(st.integers(max(0, hits - n), hits))
    assert there / m < (hits - there) / n or fisher(hits - there, n, there, m) >= least * (1 - 1e-9)
    assert least_fisher(0, n, m) == 1


def test_fisher_and_the_lady_who_tasted_tea():
    assert fisher(0, 4, 4, 4) == pytest.approx(2 / 70)


def test_fisher_holds_for_counts_of_a_billion():
    assert fisher(0, 10**9, 40, 2000) < 1e-100
    assert 0.1 < fisher(500_000, 10**9, 500_500, 10**9) < 1


@pytest.mark.parametrize("sizes", [(200, 200), (2000, 2000), (5000, 100), (300, 20_000)])
def test_samples_of_one_source_are_significant_as_often_as_stated(sizes):
    chance = random.Random(5)  # noqa: S311
    weights = [0.4, 0.3, 0.15, 0.1, 0.03, 0.01, *[0.001] * 10]
    cells = range(len(weights))
    trials, alarms = 400, 0
    for _ in range(trials):
        one, other = ([0] * len(weights) for _ in range(2))
        for sample, size in ((one, sizes[0]), (other, sizes[1])):
            for each in chance.choices(cells, weights, k=size):
                sample[each] += 1
        alarms += homogeneity(one, other) < 0.05
    assert alarms <= 0.05 * trials + 3 * math.sqrt(trials * 0.05 * 0.95), "more would alarm without cause"
    assert alarms >= 1, "a test that never alarms has no power"


def test_reference_counts_are_taken_for_a_sample_and_not_for_exact_expectations():
    # The current sample is of the true shares exactly; the small reference is as far off as chance makes it.
    reference, current = [30, 20], [25_000, 25_000]
    assert homogeneity(reference, current) > 0.1
    one_sample = sum((c - 50_000 * r / 50) ** 2 / (50_000 * r / 50) for r, c in zip(reference, current, strict=True))
    assert chi_square_survival(one_sample, 1) < 1e-10


def test_mass_in_a_cell_too_small_for_chi_square_is_seen():
    assert homogeneity([1_000_000, 20, 0], [1000, 1000, 0]) < 1e-100
    assert homogeneity([1_000_000, 0], [0, 2000]) < 1e-100


def test_a_pool_too_small_for_chi_square_is_tested_apart_and_both_tests_are_paid_for():
    # 9 of 1000 against 0 of 1000 is expected to be 4.5 on either side: under the least.
    apart = fisher(9, 1000, 0, 1000)
    assert homogeneity([496, 495, 9], [500, 500, 0]) == pytest.approx(2 * apart)
    assert homogeneity([495, 495, 10], [500, 500, 0]) == statistics.chi_square([(495, 500), (495, 500), (10, 0)])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(5, 60), st.integers(5, 60)), min_size=2, max_size=12))
def test_place_and_spread_are_regressions_of_the_side_on_ranks(cells):
    """Each statistic is the share of variance that ranks, or their squares besides, explain, times the rows less one."""
    reference, current = [a for a, _ in cells], [b for _, b in cells]
    least = 5 * (sum(reference) + sum(current)) / min(sum(reference), sum(current))
    assume(all(a + b >= least for a, b in cells))
    values = np.repeat([*range(len(cells))] * 2, [*reference, *current])
    side = np.repeat([0.0, 1.0], [sum(reference), sum(current)])
    ranks = scipy.stats.rankdata(values) / len(values) - 0.5

    def explained(*columns):
        design = np.column_stack([np.ones(len(ranks)), *columns])
        left = side - design @ np.linalg.lstsq(design, side, rcond=1e-7)[0]
        return 1 - np.sum(left**2) / np.sum((side - side.mean()) ** 2)

    one, both = explained(ranks), explained(ranks, ranks**2)
    expected = [scipy.stats.chi2.sf((len(values) - 1) * share, 1) for share in (one, max(both - one, 0))]
    assert in_order(reference, current) == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_a_row_or_two_carry_no_place_and_no_spread():
    for now in ([0, 0, 1], [2, 2, 1], [49, 49, 2], [0, 1, 0]):
        assert min(in_order([50_000, 50_000, 0], now)) > 0.1
    assert homogeneity([50_000, 50_000, 0], [40, 40, 20]) < 1e-20, "new values are seen over all cells"
    assert in_order([0, 0], [0, 0]) == (1, 1)
    assert in_order([100, 0], [7, 0]) == in_order([5], [9]) == (1, 1)


def test_place_is_the_rank_sum_test():
    one, other = [6, 9, 12, 20, 6], [9, 9, 14, 10, 8]
    values = [np.repeat(range(5), each) for each in (one, other)]
    assert in_order(one, other)[0] == pytest.approx(scipy.stats.kruskal(*values).pvalue)


def test_a_moved_mean_and_a_wider_spread_are_seen_in_few_rows():
    usual = [10] * 20
    moved = [*range(20)]
    wider = [14, 14, 13, 12, 11, 9, 8, 7, 6, 6, 6, 6, 7, 8, 9, 11, 12, 13, 14, 14]
    assert in_order(usual, moved)[0] < min(in_order(usual, moved)[1], homogeneity(usual, moved)) / 20
    assert in_order(usual, wider)[1] < min(in_order(usual, wider)[0], homogeneity(usual, wider)) / 20
    uneven = [20 if place % 2 else 0 for place in range(20)]
    assert min(in_order(usual, uneven)) > 0.1 and homogeneity(usual, uneven) < 1e-6, "what has no trend is in the cells"


@given(counts)
def test_equal_shares_are_never_significant(one):
    assert homogeneity(one, one) == pytest.approx(1.0) and homogeneity(one, [0] * len(one)) == 1.0


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.2))
def test_holm_rejects_at_least_what_bonferroni_does_and_at_most_what_no_correction_does(p_values, level):
    found = holm(p_values, level)
    for p, significant in zip(p_values, found, strict=True):
        assert significant or p > level / len(p_values)
        assert not significant or p <= level


def test_holm_as_published():
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]


def test_what_could_not_be_significant_takes_no_share_of_the_level():
    p_values = [0.004, 0.3, 1.0, 1.0, 1.0]
    assert holm(p_values, 0.01) == [False] * 5
    assert holm(p_values, 0.01, [0.0, 0.0, 1.0, 0.02, 0.5]) == [True, False, False, False, False]


def test_nothing_to_test_is_no_significance():
    assert statistics.chi_square([]) == 1.0 and holm([], 0.01) == []
    assert fisher(0, 0, 3, 5) == fisher(0, 5, 0, 5) == fisher(5, 5, 5, 5) == 1.0
