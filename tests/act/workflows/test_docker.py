"""Docker mode: the workflows in containers, where another machine's layout shows what host mode may hide."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlops_actions.verdict import Status

pytestmark = pytest.mark.docker

FOLDER = "my services/api v2"
FILES = {
    f"{FOLDER}/api.py": "def double(x):\n    return 2 * x\n",
    f"{FOLDER}/test_api.py": "import api\n\n\ndef test_double():\n    assert api.double(2) == 5\n",
    f"{FOLDER}/contract.yaml": """\
apiVersion: v3.2.0
kind: DataContract
id: departures
version: 1.0.0
status: active
schema:
  - {name: departures, properties: [{name: hour, logicalType: integer, required: true}]}
""",
    f"{FOLDER}/hours.csv": "hour\n1\n2\n",
}


def test_a_failing_test_and_data_that_holds(repository: Callable[..., Any], calls: Callable[..., str]) -> None:
    here = {"working-directory": FOLDER}
    commands = {"install-command": "true", "lint-command": "true"}
    jobs: dict[str, Any] = {
        "ci": ("python-ci", {**here, **commands, "python-versions": '["3.11"]'}),
        "data": ("data-validation", {**here, "contract": "contract.yaml", "data": "hours.csv"}),
    }
    ran = repository({**FILES, ".github/workflows/ci.yml": calls(jobs)}).dry_run("--docker")
    assert (ran.code, ran.verdict.status) == (1, Status.FAIL), ran.printed
    assert ran.of("ci") == {"Plan": "success", "Python 3.11": "failure", "ci": "failure"}
    assert ran.of("data") == {"Validate": "success", "data": "success"}
    assert (ran.outputs["ci"], ran.outputs["data"]["verdict"]) == ({"verdict": "fail"}, "pass")
    assert json.loads((ran.artifact("data") / "profile.json").read_text())
    places = {(each["level"], each["file"], each["line"]) for each in ran.annotations("ci / Python 3.11")}
    assert ("error", f"{FOLDER}/test_api.py", "5") in places
    assert ran.verdict.parameters["docker"]


def test_the_four_file_scaffold(
    repository: Callable[..., Any], calls: Callable[..., str], scaffold: dict[str, str]
) -> None:
    """Its own Makefile installs with the pip of the container's interpreter."""
    ran = repository({**scaffold, ".github/workflows/ci.yml": calls({"ci": ("python-ci", {})})}).dry_run("--docker")
    assert (ran.code, ran.outputs["ci"]) == (0, {"verdict": "pass"}), ran.printed
    (leg,) = [name for name in ran.artifacts if name.startswith("ci-leg-")]
    assert ran.of("ci") == {"Plan": "success", f"Python {leg.removeprefix('ci-leg-')}": "success", "ci": "success"}
    steps = json.loads((ran.artifact(leg) / "leg.json").read_text())["steps"]
    assert [step["command"] for step in steps] == ["make install", "make lint", "make test"]
    assert ran.annotations("ci") == []
    assert ran.verdict.parameters["docker"]
