"""A contract beside the one that it replaces, in the verdict on the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, FailOn, Status

NARROW = "- {name: x, logicalType: integer, logicalTypeOptions: {maximum: 9}}"
WIDE = "- {name: x, logicalType: integer, logicalTypeOptions: {maximum: 99}}"


@pytest.fixture
def held(workspace):
    """The run of a contract beside the one before it: status, and the checks on changes by rule."""

    def run(old: str | None, new: str, **more) -> tuple[Status, dict[str, Check]]:
        folder = workspace.root / "base"
        folder.mkdir(exist_ok=True)
        if old is not None:
            (folder / "contract.yaml").write_text(workspace.columns(old).read_text())
        path = workspace.columns(new)
        more.setdefault("baseline", Path("base"))
        outcome = workspace.run(path, workspace.csv("x\n1\n"), **more)
        checks = {each.rule: each for each in outcome.verdict.checks if each.rule.startswith("contract.")}
        return outcome.verdict.status, checks

    return run


def test_a_breaking_change_without_a_major_step_fails(held):
    status, checks = held(NARROW, WIDE)
    assert status is Status.FAIL
    change = checks["contract.t.x.maximum"]
    assert change.status is Status.FAIL
    assert "it asks for a major step, 2.0.0" in change.message
    assert change.where.file == "contract.yaml"
    assert "a major step is due" in checks["contract.changes"].message


def test_a_breaking_change_with_its_step_passes(held, workspace, monkeypatch):
    columns = workspace.columns

    def stepped(properties, *rest, **more):
        path = columns(properties, *rest, **more)
        if properties == WIDE:
            path.write_text(path.read_text().replace("version: 1.0.0", "version: 2.0.0"))
        return path

    monkeypatch.setattr(workspace, "columns", stepped)
    status, checks = held(NARROW, WIDE)
    assert (status, checks["contract.t.x.maximum"].status) == (Status.PASS, Status.PASS)


def test_what_fails_on_nothing_warns(held):
    assert held(NARROW, WIDE, fail_on=FailOn.NEVER)[0] is Status.WARN


def test_the_contract_that_was_may_be_named_as_a_file(held, workspace):
    Path("old.yaml").write_text(workspace.columns(NARROW).read_text())
    assert held(None, WIDE, baseline=Path("old.yaml"))[0] is Status.FAIL


@pytest.mark.parametrize(("old", "says"), [(NARROW, "the contract is as it was"), (None, "the contract is new")])
def test_a_contract_that_is_new_or_the_same_passes(held, old, says):
    status, checks = held(old, NARROW)
    assert status is Status.PASS
    assert says in checks["contract.changes"].message


def test_a_contract_that_did_not_hold_was_relied_on_by_nobody(held):
    status, checks = held("- {name: x, logicalType: integr}", NARROW)
    assert (status, checks["contract.changes"].status) == (Status.PASS, Status.NOT_CHECKED)


def test_a_version_that_is_not_semantic_warns_and_the_data_is_judged(held, workspace, monkeypatch):
    columns = workspace.columns

    def dated(properties, *rest, **more):
        path = columns(properties, *rest, **more)
        path.write_text(path.read_text().replace("version: 1.0.0", "version: '2026-11'"))
        return path

    monkeypatch.setattr(workspace, "columns", dated)
    status, checks = held(NARROW, WIDE)
    assert (status, checks["contract.changes"].status) == (Status.WARN, Status.NOT_CHECKED)
    assert "no semantic version" in checks["contract.changes"].message


def test_a_baseline_that_is_not_there_is_a_wrong_call(held):
    with pytest.raises(CallError, match="no such file or folder"):
        held(None, NARROW, baseline=Path("nowhere"))
