"""The five workflows' inputs, outputs and permissions are a promise: what they are stands here, by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlops_actions import yamlfile

ROOT = Path(__file__).resolve().parents[2]

COMMON = {"runs-on", "working-directory", "config", "timeout-minutes", "name"}
INPUTS = {
    "python-ci": {"python-versions", "install-command", "lint-command", "test-command", "fail-fast"},
    "data-validation": {"contract", "data", "server", "engine", "fail-on", "quarantine", "accepted"},
    "model-training": {"data", "python-version", "platform"},
    "drift-check": {"reference", "data", "engine", "open-issue", "retrain-event", "retrain-workflow", "history"},
    "edge-release": {"tag", "model", "targets", "publish"},
}
OUTPUTS = {
    "python-ci": {"verdict"},
    "data-validation": {
        *("verdict", "failed-rules", "report-artifact", "profile-artifact"),
        *("quarantined-rows", "quarantine-artifact", "accepted-artifact"),
    },
    "model-training": {"verdict", "model-artifact", "model-digest", "metrics", "promoted"},
    "drift-check": {"verdict", "drifted", "drifted-columns", "report-artifact"},
    "edge-release": {"verdict", "targets", "release-url", "bundle-artifact"},
}
SOURCES = {"aws-access-key-id", "aws-secret-access-key", "aws-session-token", "pguser", "pgpassword"}
SECRETS = {
    "python-ci": {"index-url"},
    "model-training": {"index-url", *SOURCES},
    "data-validation": SOURCES,
    "drift-check": SOURCES,
}
"""All of them optional: a pull request from a fork has none."""
NEEDS_MORE = {("edge-release", "find"), ("edge-release", "publish"), ("drift-check", "respond")}
"""Jobs that take what the caller grants; all others name `contents: read` or nothing."""

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / "actions").glob("*/action.yml"))
YAML_FILES = [*WORKFLOWS, *ACTIONS]


def load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yamlfile.load(path).data
    return data


def called(name: str) -> dict[str, Any]:
    data: dict[str, Any] = load(ROOT / ".github/workflows" / f"{name}.yml")["on"]["workflow_call"]
    return data


def steps_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = data.get("jobs", {}).values()
    return [step for job in jobs for step in job.get("steps", [])] + data.get("runs", {}).get("steps", [])


@pytest.mark.parametrize("name", INPUTS)
def test_a_workflow_takes_the_promised_inputs(name: str) -> None:
    assert set(called(name)["inputs"]) == COMMON | INPUTS[name]


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_workflow_gives_the_promised_outputs(name: str) -> None:
    assert set(called(name)["outputs"]) == OUTPUTS[name]


@pytest.mark.parametrize("name", INPUTS)
def test_a_workflow_takes_the_promised_secrets_and_needs_none(name: str) -> None:
    secrets = called(name).get("secrets", {})
    assert set(secrets) == SECRETS.get(name, set())
    assert all(each["required"] is False and len(each["description"]) > 3 for each in secrets.values())


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_reaches_one_step_alone_as_a_variable(name: str) -> None:
    data = load(ROOT / ".github/workflows" / f"{name}.yml")
    for each in SECRETS[name]:
        expression = f"${{{{ secrets.{each} }}}}"
        (step,) = [step for step in steps_of(data) if expression in repr(step)]
        assert step["env"]["MLOPS_INPUT_" + each.upper().replace("-", "_")] == expression
        assert repr(data).count("secrets.") == len(SECRETS[name])


@pytest.mark.parametrize("name", INPUTS)
def test_every_input_and_output_is_described_and_no_input_but_one_is_required(name: str) -> None:
    call = called(name)
    for each in [*call["inputs"].values(), *call["outputs"].values()]:
        assert len(each["description"]) > 3
    assert sum(each.get("required", False) for each in call["inputs"].values()) <= 1
    assert all("default" in each or each.get("required") for each in call["inputs"].values())


@pytest.mark.parametrize("name", INPUTS)
def test_every_input_is_used(name: str) -> None:
    text = (ROOT / ".github/workflows" / f"{name}.yml").read_text(encoding="utf-8")
    for each in called(name)["inputs"]:
        assert re.search(rf"inputs\.{re.escape(each)}(?![\w-])", text), each


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.parent.name)
def test_every_input_and_output_of_an_action_is_described_documented_and_used(path: Path) -> None:
    data, text = load(path), path.read_text(encoding="utf-8")
    page = (path.parent / "README.md").read_text(encoding="utf-8")
    for name, each in data["inputs"].items():
        assert len(each["description"]) > 3, name
        assert "default" in each or each.get("required"), name
        assert re.search(rf"inputs\.{re.escape(name)}(?![\w-])", text.partition("\nruns:")[2]), name
        assert f"| `{name}` |" in page, name
    steps = {step.get("id") for step in data["runs"]["steps"]}
    for name, each in data.get("outputs", {}).items():
        assert len(each["description"]) > 3, name
        assert set(re.findall(r"steps\.([\w-]+)\.outputs", each["value"])) <= steps, name
        assert f"| `{name}` |" in page, name
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(data["inputs"])


@pytest.mark.parametrize("name", INPUTS)
def test_every_input_and_output_is_documented(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for part in ("inputs", "outputs"):
        (table,) = re.findall(rf"<!-- {part} -->(.*?)<!-- /{part} -->", page, re.DOTALL)
        assert set(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == set(called(name)[part]), part


@pytest.mark.parametrize("name", INPUTS)
def test_defaults_need_no_permission_beyond_reading(name: str) -> None:
    data = load(ROOT / ".github/workflows" / f"{name}.yml")
    for job_id, job in data["jobs"].items():
        if (name, job_id) in NEEDS_MORE:
            assert "permissions" not in job, job_id
            assert "permissions" not in data, "a workflow-level grant would take away what the caller gave"
        else:
            assert job["permissions"] in ({}, {"contents": "read"}), job_id


def test_the_security_linter_ignores_these_jobs_and_no_other(tmp_path: Path) -> None:
    """Without our settings it finds the jobs that take what the caller granted, and their file, which says nothing."""
    (tmp_path / "zizmor.yml").write_text("rules: {}\n", encoding="utf-8")
    command = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--strict-collection", "--persona=auditor"]
    command += ["--no-progress", "--config", str(tmp_path / "zizmor.yml"), "--format=json", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = set()
    for each in json.loads(done.stdout):
        (place,) = [place["symbolic"] for place in each["locations"] if place["symbolic"]["kind"] == "Primary"]
        keys = [str(part["Key"]) for part in place["route"]["route"]]
        found.add((each["ident"], Path(place["key"]["Local"]["verbatim_path"]).stem, ".".join(keys)))
    wanted = {(file, f"jobs.{job}") for file, job in NEEDS_MORE} | {(file, "") for file, _ in NEEDS_MORE}
    assert found == {("excessive-permissions", *each) for each in wanted}


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_expression_stands_in_a_shell_line(path: Path) -> None:
    for step in steps_of(load(path)):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_action_is_ours_or_githubs_and_pinned_with_its_version(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\s*(?:- )?uses: (\S+)(.*)", line)
        if found and not found[1].startswith("$/"):
            assert re.fullmatch(r"actions/[a-z-]+(/[a-z]+)?@[0-9a-f]{40}", found[1]), line
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", found[2]), line


def test_one_action_has_one_pin_everywhere() -> None:
    pins: dict[str, str] = {}
    for file in YAML_FILES:
        for name, pin in re.findall(r"uses: (actions/[\w-]+)(?:/\w+)?@(\S+ # \S+)", file.read_text(encoding="utf-8")):
            assert pins.setdefault(name, pin) == pin, f"{name} in {file}"
    assert len(pins) >= 4


def test_every_public_workflow_ends_with_one_gate_that_always_runs() -> None:
    for name in INPUTS:
        jobs = load(ROOT / ".github/workflows" / f"{name}.yml")["jobs"]
        gate = jobs["gate"]
        assert list(jobs)[-1] == "gate"
        assert gate["if"] == "always()"
        assert set(gate["needs"]) == set(jobs) - {"gate"}, name


@pytest.mark.parametrize("name", INPUTS)
def test_the_first_setup_of_a_workflow_checks_what_it_was_called_with(name: str) -> None:
    jobs = load(ROOT / ".github/workflows" / f"{name}.yml")["jobs"]
    first = next(step for step in next(iter(jobs.values()))["steps"] if step.get("uses") == "$/actions/setup")
    for each in ("name", "working-directory"):
        assert first["with"][each] == f"${{{{ inputs.{each} }}}}"


def test_this_repository_calls_each_workflow_on_each_system() -> None:
    """What is left out stands in ci.yml with its reason, and then here."""
    jobs = load(ROOT / ".github/workflows/ci.yml")["jobs"]
    for name in INPUTS:
        job = jobs[name]
        assert job["uses"] == f"$/.github/workflows/{name}.yml"
        assert job["strategy"]["matrix"] == {"system": ["ubuntu-24.04", "macos-26", "windows-2025"]}, name
        assert job["with"]["runs-on"] == "${{ matrix.system }}", name
    assert set(jobs["ci"]["needs"]) == set(jobs) - {"ci"}
