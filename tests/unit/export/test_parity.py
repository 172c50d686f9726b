"""The comparison's figures, on predictions written by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.export.parity import Predictions, compare

NAN = math.nan


def classified(*rows: tuple[str, float], errors: dict[int, str] | None = None) -> Predictions:
    """Two classes; each row is its label and the probability of the first class."""
    return Predictions(tuple(row[0] for row in rows), tuple((row[1], 1 - row[1]) for row in rows), errors or {})


def regressed(*values: float) -> Predictions:
    return Predictions(None, tuple((value,) for value in values))


def test_equal_predictions_are_within_any_tolerance() -> None:
    found = compare(classified(("a", 0.9), ("b", 0.2)), classified(("a", 0.9), ("b", 0.2)), 1e-12)
    assert (found.rows, found.difference, found.agreement) == (2, 0.0, 1.0)
    assert found.within(1e-12)


def test_the_worst_row_gives_the_difference() -> None:
    found = compare(classified(("a", 0.9), ("b", 0.2)), classified(("a", 0.9), ("b", 0.25)), 0.1)
    assert found.difference == pytest.approx(0.05)
    assert found.worst == 1
    assert found.within(0.1)
    assert not found.within(0.01)


def test_another_label_is_a_disagreement_however_near_the_numbers_are() -> None:
    found = compare(classified(("a", 0.52), ("b", 0.2)), classified(("b", 0.52), ("b", 0.2)), 1e-5)
    assert found.disagreeing == (0,)
    assert found.agreement == 0.5
    assert not found.within(1e-5)


def test_a_tie_of_the_original_may_fall_either_way() -> None:
    found = compare(classified(("a", 0.5), ("b", 0.2)), classified(("b", 0.5), ("b", 0.2)), 1e-5)
    assert (found.ties, found.disagreeing, found.agreement) == (1, (), 1.0)
    assert found.within(1e-5)


def test_large_numbers_are_compared_by_their_size() -> None:
    found = compare(regressed(1e6, 2.0), regressed(1e6 + 1, 2.0), 1e-5)
    assert found.difference == pytest.approx(1e-6)


@pytest.mark.parametrize(
    ("original", "exported", "difference"),
    [(NAN, NAN, 0.0), (NAN, 1.0, math.inf), (1.0, NAN, math.inf), (math.inf, math.inf, 0.0), (0.0, -0.0, 0.0)],
)
def test_nan_is_no_number(original: float, exported: float, difference: float) -> None:
    assert compare(regressed(original), regressed(exported), 1e-5).difference == difference


def test_another_number_of_classes_is_infinitely_far() -> None:
    found = compare(classified(("a", 0.9)), Predictions(("a",), ((0.9, 0.05, 0.05),)), 1e-5)
    assert found.difference == math.inf


def test_refused_rows_are_told_apart_and_not_compared() -> None:
    original = classified(("a", 0.9), ("a", 0.9), ("a", 0.9), ("a", 0.9), errors={1: "no", 2: "no"})
    exported = classified(("a", 0.9), ("b", 0.1), ("b", 0.1), ("b", 0.1), errors={2: "no", 3: "no"})
    found = compare(original, exported, 1e-5)
    assert (found.rows, found.only_original, found.only_export) == (1, (1,), (3,))
    assert not found.within(1e-5), "an export that refuses what the original answers does not stand for it"


def test_nothing_compared_is_not_within() -> None:
    assert not compare(classified(("a", 0.9), errors={0: "no"}), classified(("a", 0.9)), 1e-5).within(1e-5)


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1, max_size=20))
def test_the_difference_is_the_largest_of_the_rows(pairs: list[tuple[float, float]]) -> None:
    found = compare(regressed(*(a for a, _ in pairs)), regressed(*(b for _, b in pairs)), 1e-5)
    assert found.difference == max(abs(a - b) / max(1.0, abs(a)) for a, b in pairs)
