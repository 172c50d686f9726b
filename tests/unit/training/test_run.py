"""The command runs in an environment of its own, and how it ended is said with the end of what it printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlops_actions.errors import CallError
from mlops_actions.project import interpreters
from mlops_actions.training import run
from mlops_actions.verdict import Status, Where

HERE = interpreters.find_all()


@pytest.fixture(name="job")
def _job(tmp_path: Path) -> run.Job:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.py").write_text("")
    return run.Job("true", folder, command_at=Where(file="mlops.yaml", line=4), install_at=Where(line=3))


def ran(job: run.Job, tmp_path: Path) -> run.Ran:
    home, logs = tmp_path / "home", tmp_path / "logs"
    home.mkdir()
    logs.mkdir()
    return run.run(job, home, logs)


def test_a_command_that_fails_is_said_with_its_last_line(job: run.Job, tmp_path: Path) -> None:
    words = "echo first; echo 'ValueError: no \x1b[31mrows' >&2; exit 3"
    found = ran(replace(job, command=words), tmp_path)
    failed = found.checks[-1]
    assert (failed.rule, failed.status, failed.measured, failed.where.line) == ("training.command", Status.FAIL, 3, 4)
    assert r"ended with exit status 3. Its last line: ValueError: no \x1b[31mrows" in failed.message
    assert found.logs[-1].text.startswith("first\n")
    assert (tmp_path / "logs" / "train.log").is_file()


def test_an_install_step_that_fails_is_the_last(job: run.Job, tmp_path: Path) -> None:
    found = ran(replace(job, command="touch trained", install_command="exit 1"), tmp_path)
    assert [(check.rule, check.status) for check in found.checks] == [("training.install", Status.FAIL)]
    assert found.checks[0].where.line == 3
    assert not (job.folder / "trained").exists()


def test_under_make_it_is_said_what_failed_not_which_target(job: run.Job, tmp_path: Path) -> None:
    (job.folder / "Makefile").write_text("install:\n\t@echo 'error: no wheel of x'; echo more; exit 1\n")
    assert ran(job, tmp_path).checks[0].message.endswith("ended with exit status 2. It says: no wheel of x")


def test_a_command_is_ended_when_its_time_is_up(job: run.Job, tmp_path: Path) -> None:
    found = ran(replace(job, command="exec sleep 600", limit=0.5), tmp_path)
    assert "took longer than 0.5 s" in found.checks[-1].message
    assert found.checks[-1].status is Status.FAIL


def test_it_runs_in_its_folder_with_its_own_python_and_what_it_installed(job: run.Job, tmp_path: Path) -> None:
    (job.folder / "lib").mkdir()
    (job.folder / "lib" / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    (job.folder / "Makefile").write_text("install:\n\techo X = 1 > installed.py\n")
    command = "python -c 'import installed, pathlib, sys; pathlib.Path(\"prefix\").write_text(sys.prefix)'"
    found = ran(replace(job, command=command), tmp_path)
    assert found.ok, found
    assert "Makefile has the target `install`" in found.checks[0].message
    assert Path((job.folder / "prefix").read_text()).is_relative_to(tmp_path / "home")


def test_the_library_is_not_there_for_the_command(job: run.Job, tmp_path: Path) -> None:
    found = ran(replace(job, command="cd / && python -c 'import mlops_actions'"), tmp_path)
    assert "ModuleNotFoundError" in found.checks[-1].message


def test_the_python_is_the_one_that_is_asked_for(job: run.Job, tmp_path: Path) -> None:
    oldest = next(iter(HERE))
    found = ran(replace(job, python_version=oldest, command="python -V"), tmp_path)
    assert found.python.startswith(f"{oldest}.")
    assert found.logs[-1].text == f"Python {found.python}"


@pytest.mark.skipif(len(HERE) < 2, reason="needs two Pythons")
def test_else_it_is_the_newest_that_the_project_allows(job: run.Job, tmp_path: Path) -> None:
    *_, older, newest = HERE
    (job.folder / "pyproject.toml").write_text(f'[project]\nname = "x"\nversion = "1"\nrequires-python = "<{newest}"\n')
    assert ran(job, tmp_path).python.startswith(f"{older}.")


@pytest.mark.parametrize("version", ["3", "pypy3.11", "; rm -rf /", "3.11 ", ""])
def test_a_version_that_is_none_is_a_wrong_call(job: run.Job, tmp_path: Path, version: str) -> None:
    if not version:  # no version: the project decides, and this one says nonsense
        (job.folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\nrequires-python = "three"\n')
    with pytest.raises(CallError, match=r"not a CPython version|no version specifier"):
        ran(replace(job, python_version=version or None), tmp_path)


def test_a_python_that_cannot_be_had_fails_by_name(
    job: run.Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    found = ran(replace(job, python_version="3.99"), tmp_path)
    assert [(check.rule, check.status) for check in found.checks] == [("training.python", Status.FAIL)]
    assert "Python 3.99" in found.checks[0].message
