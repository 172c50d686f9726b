"""A profile without a verdict on what the rows hold."""

from __future__ import annotations

from pathlib import Path

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


DAYS = "SELECT DATE '2013-01-01' + (i % {0})::INTEGER AS day, i % 7 AS x, 'k' || i % 3 AS k FROM range({0} * 10) r(i)"


def profiled(workspace, **more) -> profile.Profile:
    describe(Profiling(("t.parquet",), **more), workspace.out)
    return profile.read(workspace.out / "profile.json")


def test_blocks_of_time_by_the_callers_word(workspace):
    workspace.parquet(DAYS.format(31))
    assert profiled(workspace).time is None
    found = profiled(workspace, time_column="day").time
    assert (found.column, found.unit, found.rows) == ("day", "day", (10,) * 31)


def test_a_time_column_that_is_not_there_is_a_wrong_call(workspace):
    workspace.parquet(DAYS.format(31))
    with pytest.raises(CallError, match=r"no column 'dy'.*Did you mean `day`"):
        profiled(workspace, time_column="dy")
    with pytest.raises(CallError, match="data is of several objects"):
        describe(Profiling({"a": ("t.parquet",), "b": ("t.parquet",)}, time_column="day"), workspace.out)


def test_a_column_that_cannot_be_the_time_is_said_and_makes_no_blocks(workspace):
    outcome = describe(Profiling((workspace.parquet(DAYS.format(31)),), time_column="x"), workspace.out)
    assert outcome.verdict.status is Status.WARN
    assert "'x' is BIGINT" in outcome.verdict.findings[0].message
    assert profile.read(workspace.out / "profile.json").time is None


def test_a_profile_like_another_takes_over_its_edges_its_time_and_its_blocks(workspace):
    workspace.parquet(DAYS.format(600))
    first = profiled(workspace, time_column="day")
    (workspace.root / "first.json").write_text(profile.dumps(first), encoding="utf-8")
    workspace.parquet(DAYS.format(2))
    made = profiled(workspace, like=Path("first.json"))
    assert (made.time.column, made.time.unit) == ("day", "week") == (first.time.column, first.time.unit)
    assert made.column("x").bins.edges == first.column("x").bins.edges


@pytest.mark.parametrize(("text", "why"), [(None, "no such profile"), ("{", "Expecting"), ("{}", "not a profile")])
def test_what_is_no_profile_to_be_like(workspace, text, why):
    workspace.parquet(DAYS.format(3))
    if text is not None:
        (workspace.root / "first.json").write_text(text, encoding="utf-8")
    with pytest.raises(CallError, match=why):
        profiled(workspace, like=Path("first.json"))
