from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.errors import CallError
from mlops_actions.project import environment
from mlops_actions.project.environment import CannotCreate, Environment


def output(made: Environment, command: str) -> str:
    done = subprocess.run(["bash", "-c", command], env=dict(made.variables), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_plain_python_pip_and_uv_are_those_of_the_environment(tmp_path: Path, with_uv: dict[str, str]) -> None:
    root = tmp_path / "a b"
    root.mkdir()
    made = environment.create(root, Path(sys.executable), with_uv)
    code = "import sys; print(sys.prefix, sys.version_info[:2] == tuple(map(int, sys.argv[1].split('.'))))"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert output(made, f'python -c "{code}" {version}') == f"{made.path} True"
    assert output(made, "command -v pip") == str(made.path / "bin" / "pip")
    assert str(made.path) in output(made, "pip --version")
    assert output(made, "uv pip list --quiet --format json; uv --version").splitlines()[1].startswith("uv ")
    assert made.python == made.path / "bin" / "python"


OURS = [
    *("MLOPS_INPUT_TEST_COMMAND", "MLOPS_DRYRUN", "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_OUTPUT", "ACTIONS_RUNTIME_TOKEN"),
    *("VIRTUAL_ENV", "PYTHONHOME", "MAKEFLAGS", "MAKELEVEL", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT", "PIP_USER"),
]
THEIRS = ["GITHUB_SHA", "MLOPS_BUCKET", "PYTHONPATH", "UV_PYTHON_INSTALL_MIRROR", "PIP_CERT", "MAKE", "HOME"]


def test_what_is_ours_or_the_runners_is_taken_out() -> None:
    kept = environment.cleaned(dict.fromkeys(OURS + THEIRS, "value"))
    assert kept == dict.fromkeys(THEIRS, "value")


def test_pips_index_reaches_uv_and_uvs_own_wins() -> None:
    pip = {
        "PIP_INDEX_URL": "https://a.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://b.example https://c.example",
        "PIP_FIND_LINKS": "/x /y",
    }
    kept = environment.cleaned(pip)
    assert kept == {
        **pip,
        "UV_DEFAULT_INDEX": "https://a.example/simple",
        "UV_INDEX": "https://b.example https://c.example",
        "UV_FIND_LINKS": "/x,/y",
    }
    own = {"UV_DEFAULT_INDEX": "https://own.example", "UV_EXTRA_INDEX_URL": "https://also.example"}
    assert environment.cleaned({**pip, **own}) == {**pip, **own, "UV_FIND_LINKS": "/x,/y"}


def test_without_an_index_pip_comes_from_the_interpreter(tmp_path: Path, with_uv: dict[str, str]) -> None:
    cache = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty")}
    made = environment.create(tmp_path, Path(sys.executable), {**with_uv, **cache})
    assert str(made.path) in output(made, "pip --version")


def test_an_interpreter_without_pip_takes_this_librarys(
    tmp_path: Path, with_uv: dict[str, str], without_pip: Path
) -> None:
    cache = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty")}
    made = environment.create(tmp_path, without_pip, {**with_uv, **cache})
    assert output(made, 'python -c "import sys; print(sys.base_prefix)"') == str(tmp_path / "stripped")
    assert str(made.path) in output(made, "pip --version")


def test_where_no_pip_can_be_had_a_plain_pip_is_not_the_callers(
    tmp_path: Path, with_uv: dict[str, str], without_pip: Path
) -> None:
    library = str(Path(environment.__file__).parents[2])
    code = f"""
import pathlib, subprocess, sys
sys.path.insert(0, {library!r})
from mlops_actions.project import environment
made = environment.create(pathlib.Path({str(tmp_path)!r}), pathlib.Path(sys.executable))
done = subprocess.run("pip install x || pip3 install x", shell=True, env=made.variables, stderr=subprocess.PIPE)
sys.exit(f"{{done.returncode}} {{done.stderr.decode().strip()}}")
"""
    cache = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty")}
    done = subprocess.run(
        [without_pip, "-I", "-c", code], env={**with_uv, **cache}, capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines() == [
        "1 pip is not in this environment: the package index has none, and the interpreter brought none.",
        "pip is not in this environment: the package index has none, and the interpreter brought none.",
    ]


def test_a_python_that_nobody_has_is_said(tmp_path: Path, with_uv: dict[str, str]) -> None:
    with pytest.raises(CannotCreate, match=r"3\.99"):
        environment.create(tmp_path, "3.99", with_uv)


def test_uv_beside_the_library_is_lent_where_path_has_none(
    tmp_path: Path, with_uv: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = environment.find_uv(with_uv)
    private = tmp_path / "private"
    private.mkdir()
    (private / "uv").symlink_to(uv)
    monkeypatch.setattr(sys, "executable", str(private / "python"))
    made = environment.create(tmp_path, Path(os.path.realpath("/proc/self/exe")), {**with_uv, "PATH": "/usr/bin:/bin"})
    assert output(made, "command -v uv") == str(made.path / "bin" / "uv")


def test_without_uv_the_call_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(CallError, match="uv is neither beside this program nor on PATH"):
        environment.find_uv({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("name", "text"), [("pyproject.toml", '[tool.uv]\nrequired-version = "<0.1"\n'), ("uv.toml", "= broken")]
)
def test_the_projects_settings_for_uv_are_not_ours(
    tmp_path: Path, with_uv: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """A project that never calls uv may say what it wants of it; one that does is heard."""
    project, root = tmp_path / "project", tmp_path / "root"
    project.mkdir()
    root.mkdir()
    (project / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(project)
    made = environment.create(root, Path(sys.executable), with_uv)
    assert str(made.path) in output(made, "pip --version")
    assert "refused" in output(made, "uv pip install --dry-run x 2>/dev/null || echo refused")


def test_a_users_own_settings_for_uv_are_kept(
    tmp_path: Path, with_uv: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('required-version = "<0.1"\n', encoding="utf-8")
    with pytest.raises(CannotCreate, match=r"<0\.1"):
        environment.create(tmp_path, Path(sys.executable), {**with_uv, "XDG_CONFIG_HOME": str(tmp_path)})


def test_what_the_runners_settings_name_in_the_folder_is_still_found(
    tmp_path: Path, with_uv: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative paths count from the project's folder, as they do for the commands."""
    project, root = tmp_path / "project", tmp_path / "root"
    for folder in (project / "wheels", project / "more wheels", root):
        folder.mkdir(parents=True)
    (project / "uv.ci.toml").write_text("", encoding="utf-8")
    (project / "constraints.txt").write_text("", encoding="utf-8")
    monkeypatch.chdir(project)
    settings = {
        "UV_CONFIG_FILE": "uv.ci.toml",
        "UV_FIND_LINKS": "wheels,more wheels",
        "UV_CONSTRAINT": "constraints.txt",
    }
    made = environment.create(root, Path(sys.executable), {**with_uv, **settings})
    assert str(made.path) in output(made, "pip --version")
