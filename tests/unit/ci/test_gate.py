from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops_actions import verdict
from mlops_actions.ci import gate, leg
from mlops_actions.ci.gate import GateRequest
from mlops_actions.ci.leg import Counts, Leg, Ran
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome, Table
from mlops_actions.verdict import Check, Status, Verdict, Where

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FINDING = Check("pylint.unused-import", Status.FAIL, "Unused import os", where=Where(file="hello.py", line=1))


def plan(results: Path, *versions: str, name: str = "python-ci") -> None:
    folder = results / f"{name}-plan"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps({"versions": versions}), encoding="utf-8")


def left(results: Path, version: str, *checks: Check, name: str = "python-ci", python: str = "") -> None:
    folder = results / f"{name}-leg-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    status = verdict.conclude(checks)
    step = Status.FAIL if status is Status.FAIL else Status.PASS
    steps = (Ran("install", "make install", "", Status.PASS, 3.25), Ran("lint", "make lint", "", step, 1.5))
    judged = Verdict("python-ci", status, checks, NOON, NOON)
    leg.write(Leg(python or version, f"{version}.1", steps, Counts(3, 0, 1), 87.5, judged), folder)


def needs(plan_result: str = "success", leg_result: str = "success") -> str:
    return json.dumps({"plan": {"result": plan_result, "outputs": {}}, "leg": {"result": leg_result}})


def judge(results: Path, jobs: str | None = None, name: str = "python-ci") -> Outcome:
    return gate.gate(GateRequest(results, name, jobs), results)


def rules(outcome: Outcome) -> dict[str, str]:
    return {check.where.object or "": check.message for check in outcome.verdict.findings}


def test_all_pass(tmp_path: Path) -> None:
    plan(tmp_path, "3.12", "3.13")
    left(tmp_path, "3.12")
    left(tmp_path, "3.13")
    outcome = judge(tmp_path, needs())
    assert outcome.verdict.status is Status.PASS
    assert outcome.headline == "2 of 2 Python versions pass"
    (table,) = outcome.sections[0].blocks
    assert isinstance(table, Table)
    assert table.columns == ("Python", "Verdict", "Install", "Lint", "Test", "Tests", "Covered", "Seconds")
    row = ("3.12", "pass", "pass 3.2 s", "pass 1.5 s", None, "3 passed, 1 skipped", "87.5%", 4.8)
    assert table.rows[0] == row


def test_a_leg_that_failed_fails_it_and_its_findings_are_told_once(tmp_path: Path) -> None:
    plan(tmp_path, "3.11", "3.12", "3.13")
    left(tmp_path, "3.11", FINDING)
    left(tmp_path, "3.12", FINDING)
    left(tmp_path, "3.13")
    outcome = judge(tmp_path, needs(leg_result="failure"))
    assert outcome.verdict.status is Status.FAIL
    assert outcome.headline == "1 of 3 Python versions pass; not 3.11, 3.12"
    (finding,) = [check for check in outcome.verdict.findings if check.rule == FINDING.rule]
    assert (finding.where.file, finding.where.line) == ("hello.py", 1)
    assert finding.message == "Unused import os (Python 3.11, 3.12)"
    assert "jobs.leg" not in {check.rule for check in outcome.verdict.checks}


def test_a_finding_of_every_version_names_none(tmp_path: Path) -> None:
    plan(tmp_path, "3.12")
    left(tmp_path, "3.12", FINDING)
    assert FINDING in judge(tmp_path, needs(leg_result="failure")).verdict.checks


@pytest.mark.parametrize(
    ("result", "words"),
    [("cancelled", "the jobs were cancelled"), ("skipped", "the jobs were skipped"), ("failure", "its job failed")],
)
def test_a_version_without_a_result_fails_it(tmp_path: Path, result: str, words: str) -> None:
    plan(tmp_path, "3.12", "3.13")
    left(tmp_path, "3.12")
    outcome = judge(tmp_path, needs(leg_result=result))
    assert outcome.verdict.status is Status.FAIL
    assert words in rules(outcome)["3.13"]


def test_a_missing_version_fails_even_when_github_says_success(tmp_path: Path) -> None:
    plan(tmp_path, "3.12")
    assert judge(tmp_path, needs()).verdict.status is Status.FAIL
    assert judge(tmp_path).verdict.status is Status.FAIL


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_legs_that_all_passed_but_whose_jobs_did_not(tmp_path: Path, result: str) -> None:
    plan(tmp_path, "3.12")
    left(tmp_path, "3.12")
    outcome = judge(tmp_path, needs(leg_result=result))
    assert outcome.verdict.status is Status.FAIL
    assert f"ended as {result}" in rules(outcome)["leg"]


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped", "success"])
def test_without_a_plan_it_fails(tmp_path: Path, result: str) -> None:
    outcome = judge(tmp_path / "nothing", needs(result, "skipped"))
    assert outcome.verdict.status is Status.FAIL
    assert outcome.headline == "no version was run"
    assert ("left no plan" if result == "success" else f"ended as {result}") in rules(outcome)["plan"]


def test_a_plan_whose_job_failed_afterwards_fails_it(tmp_path: Path) -> None:
    plan(tmp_path, "3.12")
    left(tmp_path, "3.12")
    assert judge(tmp_path, needs("failure")).verdict.status is Status.FAIL


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"python": "3.12"}', "[" * 100_000, "\x00"])
def test_a_result_that_cannot_be_read_fails_it(tmp_path: Path, text: str) -> None:
    plan(tmp_path, "3.12")
    left(tmp_path, "3.12")
    (tmp_path / "python-ci-leg-3.12" / "leg.json").write_text(text, encoding="utf-8")
    outcome = judge(tmp_path, needs())
    assert outcome.verdict.status is Status.FAIL
    assert {check.status for check in outcome.verdict.findings} == {Status.ERROR}


@pytest.mark.parametrize("versions", [("../../other",), ("3.12/..",), ()])
def test_a_plan_that_names_no_version_fails_it(tmp_path: Path, versions: tuple[str, ...]) -> None:
    plan(tmp_path, *versions)
    outcome = judge(tmp_path, needs())
    assert {check.status for check in outcome.verdict.findings} == {Status.ERROR}


def test_the_result_of_another_version_is_not_taken(tmp_path: Path) -> None:
    plan(tmp_path, "3.12")
    left(tmp_path, "3.12", python="3.13")
    assert "is of Python 3.13" in rules(judge(tmp_path, needs()))["3.12"]


def test_another_call_in_the_same_run_is_not_looked_at(tmp_path: Path) -> None:
    plan(tmp_path, "3.12", name="ci")
    left(tmp_path, "3.12", name="ci")
    plan(tmp_path, "3.13", name="ci-extra")
    left(tmp_path, "3.13", FINDING, name="ci-extra")
    outcome = judge(tmp_path, needs(), "ci")
    assert (outcome.verdict.status, outcome.headline) == (Status.PASS, "Python 3.12 passes")


def test_warnings_of_a_leg_warn(tmp_path: Path) -> None:
    plan(tmp_path, "3.12")
    left(tmp_path, "3.12", Check("test.command", Status.NOT_CHECKED, "nothing says how to test"))
    assert judge(tmp_path, needs()).verdict.status is Status.WARN


@pytest.mark.parametrize(
    "jobs",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"plan": "success"}',
        '{"plan": {"result": "success"}}',
        '{"plan": {"result": "success"}, "leg": {"result": "fine"}}',
    ],
)
def test_needs_that_github_would_not_give_is_a_wrong_call(tmp_path: Path, jobs: str) -> None:
    plan(tmp_path, "3.12")
    left(tmp_path, "3.12")
    with pytest.raises(CallError, match="`needs`"):
        judge(tmp_path, jobs)


def test_a_leg_read_back_is_the_leg_that_was_written(tmp_path: Path) -> None:
    judged = Verdict("python-ci", Status.FAIL, (FINDING,), NOON, NOON, parameters={"python": "3.12"})
    whole = Leg("3.12", "3.12.1", (Ran("lint", "a\n b", "é", Status.FAIL, 0.25),), Counts(1, 2, 3), 99.5, judged)
    bare = Leg("3.99", None, (), None, None, judged)
    for each in (whole, bare):
        leg.write(each, tmp_path)
        assert leg.read(tmp_path / "leg.json") == each
