from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlops_actions.project import interpreters
from mlops_actions.project.interpreters import Interpreter

MINOR = f"3.{sys.version_info[1]}"
FULL = f"{MINOR}.{sys.version_info[2]}"


def link(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(os.path.realpath(sys.executable))
    return folder / name


@pytest.mark.parametrize(
    ("interpreter", "version", "answer"),
    [
        (Interpreter("3.12.1", Path()), "3.12", True),
        (Interpreter("3.12.1", Path()), "3.12.1", True),
        (Interpreter("3.12.1", Path()), "3.1", False),
        (Interpreter("3.12.1", Path()), "3.12.10", False),
        (Interpreter("3.12.10", Path()), "3.12.1", False),
        (Interpreter("3.14.0t", Path()), "3.14", False),
        (Interpreter("3.14.0t", Path()), "3.14t", True),
        (Interpreter("3.16.0", Path(), final=False), "3.16", False),
        (Interpreter("3.16.0", Path(), final=False), "3.16-dev", True),
        (Interpreter("3.16.0", Path()), "3.16-dev", True),
        (Interpreter("3.16.0", Path()), "pypy3.10", False),
    ],
)
def test_a_version_names_the_interpreters_that_answer_to_it(
    interpreter: Interpreter, version: str, answer: bool
) -> None:
    assert interpreter.answers_to(version) is answer


def test_the_runners_tool_cache_comes_before_path(tmp_path: Path) -> None:
    cached = link(tmp_path / "tools" / "Python" / FULL / "x64" / "bin", "python3")
    on_path = link(tmp_path / "bin", f"python{MINOR}")
    env = {"RUNNER_TOOL_CACHE": str(tmp_path / "tools"), "PATH": str(on_path.parent)}
    assert interpreters.find(MINOR, env) == cached
    assert interpreters.find(FULL, env) == cached
    assert interpreters.find(MINOR, {"PATH": str(on_path.parent)}) == on_path


def test_the_other_variable_of_a_tool_cache_is_read_too(tmp_path: Path) -> None:
    cached = link(tmp_path / "a b" / "Python" / FULL / "x64" / "bin", "python3")
    assert interpreters.find(MINOR, {"AGENT_TOOLSDIRECTORY": str(tmp_path / "a b")}) == cached


@pytest.mark.parametrize("place", [".pyenv/versions/{}", ".local/share/uv/python/cpython-{}-linux-x86_64-gnu"])
def test_installations_under_home_are_found(tmp_path: Path, place: str) -> None:
    found = link(tmp_path / place.format(FULL) / "bin", "python3")
    assert interpreters.find(FULL, {"HOME": str(tmp_path)}) == found


def test_a_folder_named_for_a_version_is_not_believed(tmp_path: Path) -> None:
    liar = link(tmp_path / "tools" / "Python" / "3.7.99" / "x64" / "bin", "python3")
    env = {"RUNNER_TOOL_CACHE": str(tmp_path / "tools")}
    assert interpreters.find("3.7.99", env) is None
    assert liar not in {path for version, path in interpreters.find_all(env).items() if version != MINOR}


def test_a_shim_that_leads_nowhere_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "first" / f"python{MINOR}"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    real = link(tmp_path / "second", f"python{MINOR}")
    env = {"PATH": os.pathsep.join([str(shim.parent), str(real.parent)])}
    assert interpreters.find(MINOR, env) == real
    assert interpreters.find_all(env)[MINOR] == real


def test_all_are_listed_by_line_the_oldest_first() -> None:
    found = interpreters.find_all({"PATH": str(Path(sys.executable).parent)})
    minors = [int(version.rstrip("t").split(".")[1]) for version in found]
    assert MINOR in found
    assert minors == sorted(minors)


@pytest.mark.parametrize("version", ["", "3", "2.7", "3.x", ">=3.11", "3.12; rm", "pypy3.10", "3.12\n"])
def test_what_is_no_version_is_not_found(version: str) -> None:
    assert interpreters.find(version) is None
