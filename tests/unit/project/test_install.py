from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from mlops_actions.project import environment, install

PACKAGE = '[project]\nname = "a"\nversion = "1"\n[project.optional-dependencies]\ntest = ["pytest"]\n'
BUILT = PACKAGE + '[build-system]\nrequires = ["setuptools"]\n'
GROUPS = '[dependency-groups]\ndev = ["ruff"]\ntest = ["pytest"]\n'
CASES: list[tuple[dict[str, str], str | None]] = [
    ({}, None),
    ({"Makefile": "all:\n\ttrue\n"}, None),
    (
        {"Makefile": "install:\n\ttrue\n", "requirements.txt": "", "uv.lock": "", "pyproject.toml": PACKAGE},
        "make install",
    ),
    ({"requirements.txt": ""}, "uv pip install -r requirements.txt"),
    (
        {"requirements.txt": "", "requirements-dev.txt": ""},
        "uv pip install -r requirements.txt -r requirements-dev.txt",
    ),
    ({"pyproject.toml": BUILT}, "uv pip install -e '.[test]'"),
    ({"pyproject.toml": PACKAGE}, "uv pip install -r pyproject.toml --extra test"),
    ({"pyproject.toml": "[tool.ruff]\n"}, None),
    ({"pyproject.toml": "[tool.ruff]\n" + GROUPS}, "uv pip install --group dev --group test"),
    ({"pyproject.toml": BUILT + GROUPS, "uv.lock": ""}, "uv sync --locked --inexact --extra test --group test"),
    ({"uv.lock": ""}, None),
    ({"setup.py": ""}, "uv pip install -e '.'"),
    ({"setup.cfg": "[metadata]\nname=a\n[options.extras_require]\ndev = ruff\n"}, "uv pip install -e '.[dev]'"),
    ({"setup.cfg": "[flake8]\n"}, None),
    (
        {"requirements.txt": "", "pyproject.toml": BUILT},
        "uv pip install -r requirements.txt -e '.[test]'",
    ),
]


@pytest.mark.parametrize(("files", "command"), CASES)
def test_the_files_imply_the_command(tmp_path: Path, files: dict[str, str], command: str | None) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    step = install.plan(tmp_path)
    assert (step.command if step else None) == command


def test_the_callers_command_wins(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("install:\n\ttrue\n", encoding="utf-8")
    step = install.plan(tmp_path, "./bootstrap.sh")
    assert step is not None
    assert (step.name, step.command) == ("install", "./bootstrap.sh")


def test_a_name_from_a_file_never_reaches_the_shell(tmp_path: Path) -> None:
    text = BUILT.replace("test =", '"test; touch owned" =') + '[dependency-groups]\n"$(id)" = ["ruff"]\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "requirements-$(id).txt").touch()
    step = install.plan(tmp_path)
    assert step is not None
    assert step.command == "uv pip install -e '.'"


ROOT = '[project]\nname = "root"\nversion = "1"\n[tool.uv.workspace]\nmembers = ["services/*"]\nexclude = ["services/old"]\n'


@pytest.mark.parametrize(
    ("member", "locked"),
    [("services/api", True), ("services/old", False), ("elsewhere", False), ("services/api/deep", False)],
)
def test_a_member_of_a_uv_workspace_is_installed_by_the_workspaces_lock(
    tmp_path: Path, with_uv: dict[str, str], member: str, locked: bool
) -> None:
    """As uv itself sees it: what it would lock is asked of it."""
    for name, text in {"": ROOT, "services/api": PACKAGE, "services/old": PACKAGE, member: PACKAGE}.items():
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "pyproject.toml").write_text(text, encoding="utf-8")
    uv = environment.find_uv(with_uv)
    subprocess.run([uv, "lock", "--quiet"], cwd=tmp_path, env=with_uv, check=True)
    step = install.plan(tmp_path / member)
    assert step is not None
    assert step.command.startswith("uv sync --locked") == locked
    if locked:
        assert step.reason == "../../uv.lock locks the workspace"
        words = [uv, *shlex.split(step.command)[1:], "--dry-run"]
        subprocess.run(words, cwd=tmp_path / member, env=with_uv, check=True, capture_output=True)
