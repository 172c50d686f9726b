"""edge-release.yml with a real model: from a push to its tag, with a token, and a requirement that looks around.

One dry run of a push tests, validates and trains; a second, of the tag, releases what the first left.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.release import bundle
from mlops_actions.verdict import Status

CALL = "mlops-actions/mlops-actions/.github/workflows/{}.yml@v1"
TOKEN = "ghs_never-beside-the-model"
TAG = "delay@v1.0.0"
HERE = f"3.{sys.version_info.minor}"

FIT = """\
import json, pathlib, sys
import numpy, skops.io
from sklearn import __version__ as version
from sklearn.linear_model import LogisticRegression

folder = pathlib.Path(sys.argv[1])
hours = numpy.arange(480).reshape(-1, 1) % 24.0
fitted = LogisticRegression().fit(hours, (hours[:, 0] > 15).astype(int))
(folder / "model.skops").write_bytes(skops.io.dumps(fitted))
flavor = {"pickled_model": "model.skops", "serialization_format": "skops", "sklearn_version": version}
(folder / "MLmodel").write_text(json.dumps({
    "flavors": {"sklearn": flavor},
    "saved_input_example_info": {"artifact_path": "input_example.json", "type": "dataframe"},
    "signature": {"inputs": json.dumps([{"type": "double", "name": "hour", "required": True}])},
}))
(folder / "input_example.json").write_text(json.dumps({"columns": ["hour"], "data": [[8.0], [17.0]]}))
(folder / "python_env.yaml").write_text(f"python: {sys.version.split()[0]}\\n")
"""
REQUIREMENTS = "numpy==2.4.6\npandas==3.1.1\nscikit-learn==1.9.1\nscipy==1.17.1\nskops==0.16.0\nspy @ {spy}\n"

# A source distribution whose build runs code, as any may: it notes every process above it, with its environment.
SPY = """\
import json, pathlib, zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    seen, process = [], "self"
    while process not in {{"0", "1"}}:
        folder = pathlib.Path("/proc", process)
        try:
            command = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\\0")
            environment = (folder / "environ").read_bytes().decode("utf-8", "replace").split("\\0")
        except OSError:
            break
        seen.append({{"command": command, "environment": environment}})
        process = (folder / "stat").read_text().rpartition(")")[2].split()[1]
    pathlib.Path({seen!r}).write_text(json.dumps(seen))
    with zipfile.ZipFile(pathlib.Path(wheel_directory, "spy-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("spy-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: spy\\nVersion: 1\\n")
        wheel.writestr("spy-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: spy\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("spy-1.dist-info/RECORD", "")
    return "spy-1-py3-none-any.whl"
"""
PYPROJECT = """\
[project]
name = "spy"
version = "1"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
TRAIN = """\
import pathlib, shutil

shutil.copytree("fitted", "build/model")
pathlib.Path("build/metrics.json").write_text('{"auc": 0.75}')
"""
CONFIG = """\
model: delay
data: {contract: contract.yaml, path: rows.csv}
training: {command: python train.py, gates: {auc: {min: 0.65}}}
drift: {data: rows.csv}
export: {targets: [onnx]}
release: {publish: true}
"""
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: departures
version: 1.0.0
status: active
schema:
  - name: departures
    logicalType: object
    properties:
      - {name: hour, logicalType: integer, required: true}
"""
STEPS = {"install-command": "true", "lint-command": "true", "test-command": "true", "python-versions": f'["{HERE}"]'}
ON_A_TAG, ELSEWHERE = {"if": "github.ref_type == 'tag'"}, {"if": "github.ref_type != 'tag'"}


def release(name: str, contents: str, **inputs: Any) -> dict[str, Any]:
    permissions = {"contents": contents, "actions": "read"}
    with_ = {"name": name, **inputs}
    return {
        "uses": CALL.format("edge-release"),
        **ON_A_TAG,
        "needs": "drift",
        "permissions": permissions,
        "with": with_,
    }


JOBS: dict[str, dict[str, Any]] = {
    "ci": {"uses": CALL.format("python-ci"), **ELSEWHERE, "with": STEPS},
    "data": {"uses": CALL.format("data-validation"), **ELSEWHERE},
    "train": {"uses": CALL.format("model-training"), **ELSEWHERE, "needs": ["ci", "data"]},
    "drift": {"uses": CALL.format("drift-check"), **ON_A_TAG, "with": {"reference": "rows.csv"}},
    "release": release("release", "write"),
    "unable": release("unable", "read"),
    "refused": release("refused", "write", tag="delay@v0.9.0"),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spy")


@pytest.fixture(scope="module")
def ran(repository: Callable[..., Any], seen: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The dry run of the tag, after that of the push."""
    (seen / "pyproject.toml").write_text(PYPROJECT)
    (seen / "backend.py").write_text(SPY.format(seen=str(seen / "seen.json")))
    fitted = tmp_path_factory.mktemp("fitted")
    subprocess.run([sys.executable, "-W", "ignore", "-c", FIT, str(fitted)], check=True)
    (fitted / "requirements.txt").write_text(REQUIREMENTS.format(spy=seen.as_uri()))
    workflow = {"name": "Model", "on": "push", "permissions": {"contents": "read"}, "jobs": JOBS}
    made = repository(
        {
            **{f"fitted/{path.name}": path.read_bytes() for path in fitted.iterdir()},
            "mlops.yaml": CONFIG,
            "contract.yaml": CONTRACT,
            "train.py": TRAIN,
            "rows.csv": "hour\n" + "".join(f"{hour % 24}\n" for hour in range(480)),
            ".github/workflows/model.yml": json.dumps(workflow, indent=1),
        }
    )
    made.git("tag", "delay@v0.9.0")
    made.git("commit", "--quiet", "--allow-empty", "--message", "Another")
    made.git("tag", TAG)
    pushed = made.dry_run()
    assert pushed.code == 0, pushed.printed
    earlier = made.root / ".mlops" / "push"
    shutil.move(pushed.out, earlier)
    options = ("--ref", f"refs/tags/{TAG}", "--from", str(earlier), "--secret", f"GITHUB_TOKEN={TOKEN}")
    return made.dry_run(*options)


def test_what_is_switched_on_in_the_configuration_alone_is_published(ran: Any) -> None:
    assert ran.of("release") == {
        "Find the model": "success",
        "Export and verify": "success",
        "Publish": "success",
        "release": "success",
    }
    assert ran.outputs["release"]["verdict"] == "pass", ran.broken("release-bundle")
    (request,) = [each for each in ran.requests if each["job"].startswith("release ")]
    folder = ran.artifact("release-bundle") / "bundle"
    assert (request["kind"], request["tag_name"]) == ("release", TAG)
    assert {each["name"]: each["sha256"] for each in request["assets"]} == bundle.check(folder)


def test_the_verdicts_of_the_stages_before_are_released(ran: Any) -> None:
    """Those of the run that trained the model, and of this run what that one had not: the drift check."""
    folder = ran.artifact("release-bundle") / "bundle"
    kept = {path.name for path in folder.glob("verdict-*.json")}
    stages = ("python-ci", "data-validation", "drift-check", "model-training", "export")
    assert kept == {f"verdict-{stage}.json" for stage in stages}
    artifacts = ran.out.parent / "push" / "artifacts"
    for stage in ("python-ci", "data-validation"):
        assert (folder / f"verdict-{stage}.json").read_bytes() == (artifacts / stage / "verdict.json").read_bytes()
    notes = (folder / "RELEASE_NOTES.md").read_text()
    came_to = dict.fromkeys(stages, "pass") | {"drift-check": "warn"}  # the same file is its reference
    assert all(f"| {stage} | {came_to[stage]} | verdict-{stage}.json |" in notes for stage in stages), notes


def test_no_process_around_the_export_has_a_token(ran: Any, seen: Path) -> None:
    assert ran.code == 1  # for the jobs that fail on purpose
    processes = json.loads((seen / "seen.json").read_text())
    commands = [" ".join(each["command"]) for each in processes]
    assert any("release" in each and "mlops" in each for each in commands), commands
    assert any("dry-run" in each for each in commands), "every parent was looked at, up to the dry run itself"
    for each in processes:
        assert not [word for word in each["environment"] if TOKEN in word or word.startswith(("GITHUB_TOKEN=", "GH_"))]


def test_a_tag_on_another_commit_is_refused_and_nothing_is_handed_on(ran: Any) -> None:
    assert ran.of("refused") == {
        "Find the model": "failure",
        "Export and verify": "skipped",
        "Publish": "skipped",
        "refused": "failure",
    }
    assert ran.outputs["refused"] == {
        "verdict": "fail",
        "targets": "[]",
        "release-url": "",
        "bundle-artifact": "refused-bundle",
    }
    failed = [rule for rule, each in ran.broken("refused-bundle").items() if each.status is Status.FAIL]
    assert "tag.commit" in failed
    assert ran.kept("refused-bundle") == set()
    assert "refused-model" not in ran.artifacts


def test_a_release_that_the_configuration_switches_on_needs_its_permission(ran: Any) -> None:
    """No input says so beforehand: it is known once the configuration was read."""
    assert ran.of("unable")["Publish"] == "success"
    (check,) = [each for each in ran.verdict.checks if each.rule == "permissions.needed"]
    assert check.status is Status.FAIL
    assert "the job `unable`" in check.message
