"""A matrix: GitHub's documented examples, and its refusals."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.dryrun import matrix
from mlops_actions.dryrun.expressions import Scope, Unknown

SCOPE = Scope(
    {"inputs": {"list": '["x", "y"]'}, "needs": {"plan": {"outputs": {"m": Unknown("needs.plan.outputs.m")}}}}
)


def test_no_matrix_is_one_leg() -> None:
    assert matrix.legs(None, SCOPE) == [{}]


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 3), min_size=1, max_size=3), min_size=1))
def test_vectors_are_multiplied(vectors: dict[str, list[int]]) -> None:
    expected = [dict(zip(vectors, each, strict=True)) for each in itertools.product(*vectors.values())]
    assert matrix.legs(vectors, SCOPE) == expected


def test_exclude_takes_legs_away_by_some_of_their_values() -> None:
    value = {"os": ["a", "b"], "v": [1, 2], "exclude": [{"os": "a", "v": "1"}, {"v": 2}]}  # '1' equals 1, loosely
    assert matrix.legs(value, SCOPE) == [{"os": "b", "v": 1}]


def test_include_extends_legs_and_adds_its_own() -> None:
    # The example of GitHub's documentation ("Expanding or adding matrix configurations").
    value = {
        "fruit": ["apple", "pear"],
        "animal": ["cat", "dog"],
        "include": [
            {"color": "green"},
            {"color": "pink", "animal": "cat"},
            {"fruit": "apple", "shape": "circle"},
            {"fruit": "banana"},
            {"fruit": "banana", "animal": "cat"},
        ],
    }
    assert matrix.legs(value, SCOPE) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


def test_only_include_lists_the_legs() -> None:
    assert matrix.legs({"include": [{"a": 1}, {"a": 2, "b": 3}]}, SCOPE) == [{"a": 1}, {"a": 2, "b": 3}]


def test_expressions_are_evaluated_and_what_the_run_decides_is_not_known() -> None:
    assert matrix.legs({"v": "${{ fromJSON(inputs.list) }}"}, SCOPE) == [{"v": "x"}, {"v": "y"}]
    assert matrix.legs("${{ fromJSON(needs.plan.outputs.m) }}", SCOPE) is None
    assert matrix.legs({"v": [1], "include": "${{ fromJSON(needs.plan.outputs.m) }}"}, SCOPE) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"v": []}, "does not contain any values"),
        ({}, "no vector"),
        ({"v": "x"}, "must be a list"),
        ("text", "must be a mapping"),
        ({"v": [1], "exclude": [{"v": 1}]}, "leaves no leg"),
        ({"a": list(range(17)), "b": list(range(16))}, "272 legs"),
        ({name: list(range(100)) for name in "abcdef"}, "more than 256"),  # never multiplied out
        ({"v": [1], "include": [3]}, "list of mappings"),
    ],
)
def test_a_matrix_that_github_refuses(value: Any, said: str) -> None:
    with pytest.raises(matrix.MatrixError, match=said):
        matrix.legs(value, SCOPE)


def test_what_all_legs_share_is_known() -> None:
    shared = matrix.common([{"os": "a", "v": 1, "x": 1}, {"os": "a", "v": 2}])
    assert shared == {"os": "a", "v": Unknown("matrix.v", "number"), "x": Unknown("matrix.x")}
    assert matrix.common(None) == Unknown("matrix")
