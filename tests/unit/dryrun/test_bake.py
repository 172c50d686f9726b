"""Values in expressions: what is put in evaluates to what was meant, by this package's own evaluator."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.dryrun import bake
from mlops_actions.dryrun.expressions import Scope, evaluate

NEEDS = {"a": {"result": "success", "outputs": {"x": "it's"}}, "b-c": {"result": "failure", "outputs": {}}}
VALUES: dict[str, Any] = {
    "needs": NEEDS,
    "inputs": {"flag": False, "n": 3, "runs-on": "ubuntu"},
    "matrix": {"list": [1, {"deep": "er"}]},
    "github": bake.Partial({"ref": "refs/heads/main"}),
}
REST: dict[str, Any] = {"github": {"actor": "mona"}, "steps": {"needs": {"outputs": {"inputs": "kept"}}}}

EXPRESSIONS = [
    "needs.a.outputs.x",
    "needs['b-c'].result",
    "needs.b-c.outputs.nothing.below",
    "NEEDS.A.Result",
    "contains(needs.*.result, 'failure')",
    "join(needs.*.outputs.x, ', ')",
    "toJSON(needs)",
    "inputs.flag || inputs.n",
    "inputs.runs-on == 'ubuntu'",
    "matrix.list[1].deep",
    "matrix . list [ 0 ]",
    "matrix.list[inputs.n]",
    "steps.needs.outputs.inputs",
    "format('needs.a {0}', needs.a.result)",
    "github.ref",
    "case(inputs.flag, 'no', needs.a.result == 'success', fromJSON('[1]')[0], 'default')",
    "case(false, 1, case(true, false, true), 2, 'a, (b')",
]


@pytest.mark.parametrize("written", EXPRESSIONS)
def test_a_baked_expression_means_the_same(written: str) -> None:
    """`case` is written without `case`, and nothing of the baked contexts is left to look up."""
    whole = {**VALUES, **REST, "github": {**VALUES["github"], **REST["github"]}}
    baked = bake.expression(written, VALUES)
    left = {"steps": REST["steps"], "github": REST["github"]}
    assert evaluate(baked, Scope(left)) == evaluate(written, Scope(whole))
    assert "case(" not in baked


def test_what_act_must_fill_stays() -> None:
    assert bake.text("${{ github.actor }} ${{ toJSON(github) }}", VALUES) == "${{ github.actor }} ${{ toJSON(github) }}"
    assert bake.text("needs.a.result ${{ 'needs.a.result' }}", VALUES) == "needs.a.result ${{ 'needs.a.result' }}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_any_value_survives_as_a_literal(value: Any) -> None:
    assert evaluate(bake.literal(value), Scope({})) == value


@given(st.text())
def test_a_text_can_not_leave_its_literal(value: str) -> None:
    assert evaluate(bake.expression("inputs.x", {"inputs": {"x": value}}), Scope({})) == value


def test_a_condition_may_leave_the_braces_out() -> None:
    assert bake.condition("always() && needs.a.result == 'success'", VALUES) == "always() && 'success' == 'success'"
    assert bake.condition(True, VALUES) == "true"
