"""Docker mode: the workflows in containers, where another machine's layout shows what host mode may hide."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlops_actions.dryrun import docker
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


SPARK = {"working-directory": FOLDER, "contract": "contract.yaml", "data": "hours.csv", "engine": "spark"}


COMPARED = {"working-directory": FOLDER, "reference": "hours.csv", "data": "hours.csv", "engine": "spark"}


def test_spark_scans_the_data(repository: Callable[..., Any], calls: Callable[..., str]) -> None:
    """Its packages are installed by the second setup step; Java is in the image, as it is on GitHub's."""
    jobs: dict[str, Any] = {
        "there": ("data-validation", SPARK),
        "here": ("data-validation", {**SPARK, "engine": "duckdb"}),
        "compared": ("drift-check", COMPARED),
    }
    files = {**FILES, f"{FOLDER}/hours.csv": "hour\n1\n\nx\n", ".github/workflows/ci.yml": calls(jobs)}
    ran = repository(files).dry_run("--docker")
    assert [ran.outputs[job]["verdict"] for job in jobs] == ["fail", "fail", "warn"], ran.printed
    assert ran.judged("compared").parameters["engine"] == "spark"
    there, here = ran.judged("there"), ran.judged("here")
    assert (there.parameters["engine"], here.parameters["engine"]) == ("spark", "duckdb")
    seen = {job: {each.rule: (each.status, each.measured) for each in ran.judged(job).checks} for job in jobs}
    assert seen["compared"]["data.hour.drift"][0] is Status.NOT_CHECKED  # of so few rows
    assert seen["there"] == seen["here"], [each.message for each in there.checks]
    assert seen["there"]["departures.hour.required"] == (Status.FAIL, 1)


@pytest.fixture(name="without_java")
def _without_java() -> Iterator[str]:
    """An image as ours, whose Java has no name on PATH."""
    name = "mlops-dry-run-test:without-java"
    if subprocess.run(["docker", "image", "inspect", docker.IMAGE], capture_output=True, check=False).returncode:
        docker.build()
    made = subprocess.run(
        ["docker", "run", "--detach", docker.IMAGE, "rm", "/usr/bin/java"], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run(["docker", "wait", made], check=True, capture_output=True)
    subprocess.run(["docker", "commit", made, name], check=True, capture_output=True)
    subprocess.run(["docker", "rm", made], check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rmi", name], check=True, capture_output=True)


def test_spark_without_java_says_what_to_install(
    repository: Callable[..., Any], calls: Callable[..., str], without_java: str
) -> None:
    jobs = {"there": ("data-validation", SPARK)}
    ran = repository({**FILES, ".github/workflows/ci.yml": calls(jobs)}).dry_run("--docker", without_java)
    assert ran.of("there") == {"Validate": "failure", "there": "failure"}, ran.printed
    (row,) = [each for each in ran.annotations("there / Validate") if each["level"] == "error"]
    assert "Spark needs Java 17 or newer, and there is none on PATH" in row["message"]
    assert "default-jre-headless" in row["message"]
    assert set(ran.outputs["there"].values()) == {""} and "there" not in ran.artifacts


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
