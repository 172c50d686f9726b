from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mlops_actions import cli
from mlops_actions.ci import plan
from mlops_actions.ci.plan import PlanRequest
from mlops_actions.ci.steps import Commands
from mlops_actions.errors import CallError
from mlops_actions.project import interpreters
from mlops_actions.verdict import Status

Make = Callable[[dict[str, str]], Path]
TODAY = date(2026, 11, 23)


def test_the_matrix_and_the_plan_for_the_other_jobs(project: Make, out: Path) -> None:
    folder = project({"pyproject.toml": '[project]\nrequires-python = ">=3.13"\n', "test_a.py": ""})
    outcome = plan.plan(PlanRequest(folder, fail_fast=True, today=TODAY), out)
    assert json.loads(outcome.outputs["matrix"]) == {"python": ["3.13", "3.14", "3.15"]}
    assert outcome.outputs["fail-fast"] == "true"
    assert outcome.verdict.status is Status.PASS
    assert plan.read(out / plan.FILE) == ("3.13", "3.14", "3.15")
    written = json.loads((out / plan.FILE).read_text(encoding="utf-8"))
    assert written["steps"]["test"] == {"command": "python -m pytest", "reason": "test_a.py is there"}


def test_a_project_without_tests_is_warned_of(project: Make, out: Path) -> None:
    outcome = plan.plan(PlanRequest(project({"hello.py": ""}), ("3.12",)), out)
    assert outcome.verdict.status is Status.WARN
    findings = {check.where.object: check for check in outcome.verdict.findings}
    assert findings["test"].status is Status.NOT_CHECKED
    assert "looked for a Makefile target `test`" in findings["test"].message


def test_a_project_that_needs_no_install_passes(project: Make, out: Path) -> None:
    request = PlanRequest(project({"hello.py": ""}), ("3.12",), Commands(test="true"))
    assert plan.plan(request, out).verdict.status is Status.PASS


def test_in_a_dry_run_only_what_is_found_is_planned(project: Make, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find_all", lambda: {"3.9": Path(), "3.12": Path(), "3.14": Path()})
    folder = project({"pyproject.toml": '[project]\nrequires-python = ">=3.11"\n', "test_a.py": ""})
    request = PlanRequest(folder, dry_run=True, today=TODAY)
    assert json.loads(plan.plan(request, out).outputs["matrix"]) == {"python": ["3.12", "3.14"]}
    monkeypatch.setattr(interpreters, "find_all", lambda: pytest.fail("nobody asked what is here"))
    given = PlanRequest(folder, ("3.13",), dry_run=True, today=TODAY)
    assert json.loads(plan.plan(given, out).outputs["matrix"]) == {"python": ["3.13"]}


def test_a_wrong_call_leaves_no_plan(project: Make, out: Path) -> None:
    with pytest.raises(CallError):
        plan.plan(PlanRequest(project({"README.md": ""}), ("3.12",)), out)
    with pytest.raises(CallError):
        plan.plan(PlanRequest(project({"hello.py": ""}), ("3.1",)), out)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"versions": []}', '{"versions": [3.12]}', '{"versions": "3.12"}'])
def test_what_is_no_plan_is_no_plan(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError):  # whatever it says
        plan.read(tmp_path / "plan.json")


def test_an_input_that_names_no_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_a.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLOPS_INPUT_PYTHON_VERSIONS", "[]")
    assert cli.main(["ci", "plan"]) == 2
    assert "input `python-versions`: must not be empty" in capsys.readouterr().err
