"""A gate passes exactly when its bounds hold, both of them inclusive."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions import config
from mlops_actions.errors import CallError
from mlops_actions.training import gates
from mlops_actions.training.gates import Gate
from mlops_actions.verdict import Status, Where

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(value=FINITE, bounds=st.tuples(FINITE, FINITE).map(sorted))
def test_both_bounds_are_inclusive(value: float, bounds: list[float]) -> None:
    low, high = bounds
    checks = list(gates.judge((Gate("auc", low, high),), {"auc": value}))
    assert [check.rule for check in checks] == ["gates.auc.min", "gates.auc.max"]
    assert all(check.status is Status.PASS for check in checks) == (low <= value <= high)
    assert all(check.measured == value for check in checks)


def test_a_metric_just_below_its_bound_is_not_shown_as_equal_to_it() -> None:
    value = 0.65 - 1e-12
    (check,) = gates.judge((Gate("auc", 0.65),), {"auc": value})
    assert check.status is Status.FAIL
    assert repr(value) in check.message


def test_a_metric_that_is_not_there_is_an_error_with_the_nearest_name() -> None:
    (check,) = gates.judge((Gate("AUC", 0.65),), {"auc": 0.7, "loss": 1.0})
    assert check.status is Status.ERROR
    assert "Did you mean `auc`?" in check.message
    (check,) = gates.judge((Gate("auc", 0.65),), {})
    assert check.status is Status.ERROR


def test_without_metrics_no_gate_is_judged() -> None:
    where = Where(file="mlops.yaml", line=7)
    (check,) = gates.judge((Gate("auc", 0.65, where=where),), None, "the command failed")
    assert (check.status, check.message, check.where) == (Status.NOT_CHECKED, "the command failed", where)


def test_gates_know_their_line(tmp_path: Path) -> None:
    path = tmp_path / "mlops.yaml"
    path.write_text("training:\n  gates:\n    auc: {min: 0.65}\n    loss: {max: 2}\n")
    found = gates.configured(config.load(path))
    assert [(gate.metric, gate.min, gate.max, gate.where.line) for gate in found] == [
        ("auc", 0.65, None, 3),
        ("loss", None, 2, 4),
    ]


@pytest.mark.parametrize("bounds", ["{min: 2, max: 1}", "{min: .nan}", "{max: .inf}"])
def test_bounds_that_nothing_can_hold_are_refused(tmp_path: Path, bounds: str) -> None:
    path = tmp_path / "mlops.yaml"
    path.write_text(f"training:\n  gates: {{auc: {bounds}}}\n")
    with pytest.raises(CallError, match="finite") as caught:
        gates.configured(config.load(path))
    assert caught.value.problems[0].line == 2
