"""A verdict, handed to a step's files and log."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mlops_actions import github
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Status, Verdict, Where

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FOUND = Check("r", Status.FAIL, "caf\udce9", where=Where(file="c.yaml", line=2))
OUTCOME = Outcome(Verdict("data-validation", Status.FAIL, (FOUND,), NOON, NOON))


@pytest.fixture
def step(tmp_path, monkeypatch):
    folder = tmp_path / "sub"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }


def test_all_three_are_written(step, tmp_path):
    stream = io.StringIO()
    github.publish_outcome(OUTCOME, {"verdict": "fail", "failed-rules": '["r"]'}, "# Fail\n", step, stream)
    output = (tmp_path / "output").read_text()
    assert output.startswith("verdict<<")
    assert '\n["r"]\n' in output
    assert (tmp_path / "summary").read_text() == "# Fail\n"
    assert stream.getvalue() == "::error file=sub/c.yaml,line=2,title=r::caf\\udce9\n"


def test_elsewhere_nothing_is_written(step, tmp_path):
    stream = io.StringIO()
    github.publish_outcome(OUTCOME, {"verdict": "fail"}, "# Fail\n", {**step, "GITHUB_ACTIONS": ""}, stream)
    assert not stream.getvalue()
    assert not (tmp_path / "output").exists()
    assert not (tmp_path / "summary").exists()


def test_a_full_summary_is_told_in_the_log(step, tmp_path):
    (tmp_path / "summary").write_bytes(b"x" * 1024 * 1024)
    stream = io.StringIO()
    github.publish_outcome(OUTCOME, {}, "# Fail\n", step, stream)
    assert stream.getvalue().splitlines()[-1].startswith("::notice title=mlops::The job summary is full")


def test_a_second_command_of_the_step_adds_to_it(step, tmp_path):
    for name in ("one", "two"):
        github.publish_outcome(OUTCOME, {name: "1"}, f"# {name}\n", step, io.StringIO())
    assert (tmp_path / "summary").read_text() == "# one\n\n# two\n"
    assert [line[:5] for line in (tmp_path / "output").read_text().splitlines() if "<<" in line] == ["one<<", "two<<"]


def test_findings_of_another_step_are_not_annotated_again(step):
    own = Check("leg.verdict", Status.FAIL, "Python 3.12 left no result")
    outcome = Outcome(replace(OUTCOME.verdict, checks=(FOUND, own)), annotates_files=False)
    stream = io.StringIO()
    github.publish_outcome(outcome, {"verdict": "fail"}, "# Fail\n", step, stream)
    assert stream.getvalue() == "::error title=leg.verdict::Python 3.12 left no result\n"
