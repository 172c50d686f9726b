"""A profile without a verdict on what the rows hold."""

from __future__ import annotations

import pytest

from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.profiles import profile
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status


def test_data_alone(workspace):
    outcome = describe(Profiling((workspace.csv("x,y\n1,a\n,b\n"),)), workspace.out)
    assert outcome.verdict.status is Status.PASS
    read = profile.read(workspace.out / "profile.json")
    assert (read.rows, read.column("x").nulls, read.column("x").type) == (2, 1, "BIGINT")


def test_a_contract_gives_types_and_privacy_and_no_rules(workspace):
    contract = workspace.columns("- {name: x, logicalType: string, classification: restricted, required: true}")
    outcome = describe(Profiling((workspace.csv("x,y\n12345,1\n,2\n"),), contract), workspace.out)
    assert [check.rule for check in outcome.verdict.checks] == ["t.readable"]
    assert profile.read(workspace.out / "profile.json").column("x").type == "VARCHAR"
    assert "12345" not in (workspace.out / "profile.json").read_text() + repr(outcome)


def test_unreadable_data_fails_and_leaves_no_profile(workspace):
    (workspace.root / "t.parquet").write_bytes(b"PAR1")
    assert describe(Profiling(("t.parquet",)), workspace.out).verdict.status is Status.FAIL
    assert list(workspace.out.iterdir()) == []


def test_a_wrong_call(workspace):
    with pytest.raises(CallError, match="no such file"):
        describe(Profiling(("nowhere.csv",)), workspace.out)
    with pytest.raises(CallError, match="'abacus' is not there"):
        describe(Profiling(("nowhere.csv",), engine="abacus"), workspace.out)
