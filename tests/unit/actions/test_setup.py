"""actions/setup leaves no trace in the caller's environment and is not disturbed by it.

The real installer, uv and packages; only GitHub is absent: its variables are set here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETUP = ROOT / "actions/setup/setup.sh"


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Path:
    """A hostile project: every file that has ever disturbed a Python installation."""
    workspace = tmp_path / "work space"
    (workspace / "mlops_actions").mkdir(parents=True)
    (workspace / "mlops_actions/__init__.py").write_text("raise SystemExit('the wrong package')\n")
    (workspace / "sitecustomize.py").write_text("raise SystemExit('sitecustomize ran')\n")
    (workspace / "yaml.py").write_text("raise SystemExit('the wrong yaml')\n")
    (workspace / "uv.toml").write_text('index-url = "http://127.0.0.1:9/simple"\n')
    (workspace / "pyproject.toml").write_text('[tool.uv]\nindex-url = "http://127.0.0.1:9/simple"\n')
    (workspace / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:9/simple\n")
    (workspace / ".python-version").write_text("2.7\n")
    return workspace


def setup(what: str, workspace: Path, temp: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    temp.mkdir(exist_ok=True)
    env = {
        **os.environ,
        "RUNNER_TEMP": str(temp),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    env.pop("GITHUB_OUTPUT", None)
    return subprocess.run(
        ["bash", str(SETUP), what], cwd=workspace, env={**env, **extra}, capture_output=True, text=True, check=False
    )


def outputs(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_a_hostile_project_neither_disturbs_nor_is_disturbed(workspace: Path, tmp_path: Path) -> None:
    before = sorted(str(path) for path in workspace.rglob("*"))
    theirs = {
        "PYTHONPATH": str(workspace),
        "PYTHONHOME": "/nowhere",
        "PYTHONSTARTUP": str(workspace / "sitecustomize.py"),
        "PIP_CONFIG_FILE": str(workspace / "pip.conf"),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "UV_PYTHON": "2.7",
        "UV_CONFIG_FILE": str(workspace / "uv.toml"),
        "UV_PROJECT_ENVIRONMENT": str(workspace / "env"),
        "VIRTUAL_ENV": str(workspace / "env"),
    }
    made = outputs(setup("install", workspace, tmp_path / "temp", MLOPS_EXTRA="ci", **theirs))
    done = subprocess.run(
        [made["mlops"], "--version"],
        cwd=workspace,
        env={**os.environ, **theirs},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("mlops-actions ")
    assert sorted(str(path) for path in workspace.rglob("*")) == before
    assert Path(made["mlops"]).is_relative_to(tmp_path / "temp")


def test_a_second_setup_in_the_same_job_installs_nothing(workspace: Path, tmp_path: Path) -> None:
    first = outputs(setup("install", workspace, tmp_path / "temp", MLOPS_EXTRA="ci"))
    created = Path(first["mlops"]).stat().st_ino
    planned = outputs(setup("plan", workspace, tmp_path / "temp", MLOPS_EXTRA="ci"))
    second = outputs(setup("install", workspace, tmp_path / "temp", MLOPS_EXTRA="ci"))
    assert second == first
    assert Path(second["mlops"]).stat().st_ino == created
    assert planned["cached"] == "true"


def test_a_runners_own_package_cache_is_used_and_not_sent_to_githubs(workspace: Path, tmp_path: Path) -> None:
    assert outputs(setup("plan", workspace, tmp_path / "temp", MLOPS_EXTRA="ci"))["cached"] == "false"
    own = str(tmp_path / "own")
    planned = outputs(setup("plan", workspace, tmp_path / "temp", MLOPS_EXTRA="ci", UV_CACHE_DIR=own))
    assert (planned["cache-dir"], planned["cached"]) == (own, "true")


def test_an_extra_that_is_not_there_is_named_with_those_that_are(workspace: Path, tmp_path: Path) -> None:
    done = setup("install", workspace, tmp_path / "temp", MLOPS_EXTRA="../../etc")
    assert done.returncode == 2
    assert "There is: arrow, ci, data, delta, drift, export, iceberg, " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_and_its_sources_are_installed_together(workspace: Path, tmp_path: Path) -> None:
    """In any order, and however they are parted: it is the same environment, apart from that of the stage alone."""
    made = outputs(setup("install", workspace, tmp_path / "temp", MLOPS_EXTRA="data s3  postgres"))
    code = "import duckdb, botocore, psycopg, importlib.util as u; print(u.find_spec('deltalake'))"
    done = subprocess.run([made["python"], "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("None\n", "")
    again = outputs(setup("plan", workspace, tmp_path / "temp", MLOPS_EXTRA="postgres,s3,data"))
    alone = outputs(setup("plan", workspace, tmp_path / "temp", MLOPS_EXTRA="data"))
    assert (again["cached"], alone["cached"]) == ("true", "false")
    assert again["cache-key"] != alone["cache-key"]
    assert "," not in again["cache-key"]  # which GitHub's cache takes for the end of a key


def test_a_package_with_another_hash_is_refused(tmp_path: Path, workspace: Path) -> None:
    copy = tmp_path / "library"
    for part in ("actions/setup", "workflows-lib/locks", "workflows-lib/src"):
        target = copy / part
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / part), str(target)], check=True)
    lock = copy / "workflows-lib/locks/ci.txt"
    text = lock.read_text(encoding="utf-8")
    name, _, rest = text[text.index("pyyaml==") :].partition("--hash=sha256:")
    assert rest
    broken = "\n".join(
        line.split("sha256:")[0] + "sha256:" + "0" * 64 + (" \\" if line.endswith("\\") else "")
        if "sha256:" in line
        else line
        for line in text.splitlines()
    )
    lock.write_text(broken + "\n", encoding="utf-8")
    env = {**os.environ, "RUNNER_TEMP": str(tmp_path / "temp"), "MLOPS_EXTRA": "ci"}
    done = subprocess.run(
        ["bash", str(copy / "actions/setup/setup.sh"), "install"],
        cwd=workspace,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, name
    assert "hash" in done.stderr.lower()
    assert not list((tmp_path / "temp").rglob("mlops")), "a half-made environment was left"


@pytest.mark.parametrize("name", ["a/b", "a\\b", 'say "hi"', "ci:api", "what?", "one\ntwo", "", " ", "..", "x" * 300])
def test_a_name_that_no_artifact_can_take_is_refused_by_name(workspace: Path, tmp_path: Path, name: str) -> None:
    done = setup("plan", workspace, tmp_path / "temp", MLOPS_NAME=name, GITHUB_ACTIONS="true")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert line.startswith("::error title=mlops-actions::input `name`: ")
    assert "such as ci-api" in line


@pytest.mark.parametrize("name", ["ci", "ci-api", "Modell Größe 1.2", "a_b"])
def test_a_name_that_an_artifact_can_take_is_taken(workspace: Path, tmp_path: Path, name: str) -> None:
    outputs(setup("plan", workspace, tmp_path / "temp", MLOPS_NAME=name))


@pytest.mark.parametrize("folder", ["gone", "uv.toml", "", "a%0A::warning::x"])
def test_a_folder_that_is_not_there_is_refused_by_name(workspace: Path, tmp_path: Path, folder: str) -> None:
    settings = {"MLOPS_FOLDER": folder, "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(workspace)}
    done = setup("plan", workspace.parent, tmp_path / "temp", **settings)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert line.startswith("::error title=mlops-actions::input `working-directory`: ")
    assert repr(folder).replace("%", "%25") in line and "repository's root" in line


def test_a_folder_of_the_checkout_is_taken(workspace: Path, tmp_path: Path) -> None:
    for folder in (".", "mlops_actions", "mlops_actions/"):
        settings = {"MLOPS_FOLDER": folder, "GITHUB_WORKSPACE": str(workspace)}
        outputs(setup("plan", tmp_path, tmp_path / "temp", **settings))
