"""Chances against closed forms, tables and SciPy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_actions.distributions import chi_square_survival, student_quantile, student_survival

statistic = st.floats(1e-6, 1000)
degrees = st.floats(0.5, 1e6)
"""Whole and fractional ones; with fewer than one, Student's t is wider than any that is asked for."""


@given(statistic)
def test_survival_has_closed_forms_for_few_degrees(x):
    half = x / 2
    assert chi_square_survival(x, 1) == pytest.approx(math.erfc(math.sqrt(half)), rel=1e-9)
    assert chi_square_survival(x, 2) == pytest.approx(math.exp(-half), rel=1e-9)
    assert chi_square_survival(x, 4) == pytest.approx(math.exp(-half) * (1 + half), rel=1e-9)


@given(statistic, st.integers(1, 100))
def test_survival_for_an_even_number_is_a_sum_of_poisson_chances(x, pairs):
    chances = sum(math.exp(-x / 2 + k * math.log(x / 2) - math.lgamma(k + 1)) for k in range(pairs))
    assert chi_square_survival(x, 2 * pairs) == pytest.approx(chances, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "degrees"), [(3.841458820694124, 1), (18.307038053275146, 10), (124.34211340400407, 100)]
)
def test_survival_at_the_tabulated_five_percent_points(x, degrees):
    assert chi_square_survival(x, degrees) == pytest.approx(0.05, rel=1e-9)


@given(st.floats(-1e4, 1e4), degrees)
def test_student_is_that_of_scipy_on_either_side(t, freedom):
    expected = 2 * stats.t.sf(abs(t), freedom)
    assert student_survival(t, freedom) == pytest.approx(expected, rel=1e-7, abs=1e-300)


@given(statistic)
def test_student_has_closed_forms_for_few_degrees(t):
    assert student_survival(t, 1) == pytest.approx(2 / math.pi * math.atan(1 / t), rel=1e-9)
    assert student_survival(t, 2) == pytest.approx(1 - t / math.sqrt(2 + t**2), rel=1e-6)


def test_student_of_a_distance_beyond_all_floats_has_no_chance():
    assert student_survival(1e300, 6) == student_survival(math.inf, 6) == 0.0


@given(st.floats(0.001, 0.999999), degrees)
def test_the_quantile_is_that_of_scipy(confidence, freedom):
    expected = stats.t.ppf((1 + confidence) / 2, freedom)
    assert student_quantile(confidence, freedom) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("freedom", "tabulated"), [(1, 12.706), (4, 2.776), (29, 2.045), (120, 1.980), (math.inf, 1.960)]
)
def test_the_quantile_is_the_tabulated_one(freedom, tabulated):
    assert student_quantile(0.95, freedom) == pytest.approx(tabulated, abs=5e-4)


@given(st.floats(0.01, 0.999999))
def test_of_endless_degrees_the_quantile_is_the_normal_one(confidence):
    normal = stats.norm.ppf((1 + confidence) / 2)
    assert student_quantile(confidence, math.inf) == pytest.approx(normal, rel=1e-9)
    assert student_quantile(confidence, 9.9e6) == pytest.approx(normal, rel=1e-5)
