"""The stand-ins' pure parts: version ranges and globs, against npm's and GitHub's own examples."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mlops_actions.dryrun.standins import setup_python, toolkit
from mlops_actions.dryrun.standins.versions import Spec, from_requires_python, parse_spec, parse_version

KNOWN = ["2.7.18", "3.8.18", "3.9.0", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0", "3.13.0t", "3.14.0rc1"]


def allowed(spec: Spec) -> list[str]:
    return [text for text in KNOWN if spec.allows(parse_version(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.12", ["3.12.1"]),
        ("3.12.1", ["3.12.1"]),
        ("3.12.2", []),
        ("3.x", [*KNOWN[1:8], "3.14.0rc1"]),
        ("3", [*KNOWN[1:8], "3.14.0rc1"]),
        ("3.13t", ["3.13.0t"]),
        (">=3.9 <3.11", ["3.9.0", "3.9.18", "3.10.13"]),
        (">= 3.9.1 < 3.10", ["3.9.18"]),
        (">3.9 <3.12", ["3.10.13", "3.11.7"]),
        ("<=3.9", ["2.7.18", "3.8.18", "3.9.0", "3.9.18"]),
        ("~3.9", ["3.9.0", "3.9.18"]),
        ("^3.12", ["3.12.1", "3.13.0", "3.14.0rc1"]),
        ("3.8 - 3.9", ["3.8.18", "3.9.0", "3.9.18"]),
        ("3.8 || 3.12", ["3.8.18", "3.12.1"]),
        ("3.14-dev", ["3.14.0rc1"]),
    ],
)
def test_ranges_of_setup_python(text: str, expected: list[str]) -> None:
    assert allowed(parse_spec(text)) == expected


@pytest.mark.parametrize("text", ["pypy3.10", "graalpy-24", "three", "3.1.2.3", "3..1", ">="])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|CPython"):
        parse_spec(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">=3.9,!=3.10.*", ["3.9.0", "3.9.18", "3.11.7", "3.12.1", "3.13.0", "3.14.0rc1"]),
        ("~=3.12", ["3.12.1", "3.13.0", "3.14.0rc1"]),
        ("~=3.9.1", ["3.9.18"]),
        ("==3.12.*", ["3.12.1"]),
        (">3.9,<3.10", ["3.9.18"]),
        ("<=3.9", ["2.7.18", "3.8.18", "3.9.0"]),
        ("==3.9", ["3.9.0"]),
    ],
)
def test_requires_python(text: str, expected: list[str]) -> None:
    assert allowed(from_requires_python(text)) == expected


def test_a_pre_release_comes_before_its_release() -> None:
    texts = ["3.13.0a1", "3.13.0b2", "3.13.0rc1", "3.13.0", "3.13.1"]
    assert [str(each) for each in sorted(map(parse_version, reversed(texts)))] == texts


def test_an_interpreter_is_the_newest_that_fits_and_runs(tmp_path: Path) -> None:
    """A folder's name is not believed: what does not run, or says another version, is passed over."""
    for name, said in (("3.12.1", "3.12.1"), ("3.12.9", "3.12.3"), ("3.12.7", "broken"), ("3.11.2", "3.11.2")):
        program = tmp_path / name / "bin" / "python3"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n[ {said} != broken ] && echo {said}\n")
        program.chmod(0o755)
    searched = {"folders": [str(tmp_path)], "programs": []}
    found = setup_python.find(searched, parse_spec("3.12"), False)
    assert found is not None and found.program == tmp_path / "3.12.1" / "bin" / "python3"
    assert setup_python.find(searched, parse_spec("3.13"), False) is None


FILES = ["a.txt", "b.log", ".hidden/c.txt", "d/.env", "d/e.txt", "d/f/g.txt", "d/f/h.log"]


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "hidden", "expected"),
    [
        ("d", False, ["d/e.txt", "d/f/g.txt", "d/f/h.log"]),
        ("d", True, ["d/.env", "d/e.txt", "d/f/g.txt", "d/f/h.log"]),
        ("*.txt", False, ["a.txt"]),
        ("**/*.txt", False, ["a.txt", "d/e.txt", "d/f/g.txt"]),
        ("**/*.txt", True, [".hidden/c.txt", "a.txt", "d/e.txt", "d/f/g.txt"]),
        (".hidden", False, []),
        (".hidden/c.txt", False, [".hidden/c.txt"]),
        ("d\n!d/f/**", False, ["d/e.txt"]),
        ("!d/f\nd", False, ["d/e.txt", "d/f/g.txt", "d/f/h.log"]),
        ("d/?.txt\n# a comment\n\n[ab].*", False, ["a.txt", "b.log", "d/e.txt"]),
        ("d/*/", False, ["d/f/g.txt", "d/f/h.log"]),
        ("nothing", False, []),
        ("d/[!e].txt", False, []),
    ],
)
def test_globs(workspace: Path, text: str, hidden: bool, expected: list[str]) -> None:
    found = toolkit.search(toolkit.patterns(text), hidden)
    assert [path.relative_to(workspace).as_posix() for path in found] == expected


def test_a_circle_of_links_ends(workspace: Path) -> None:
    (workspace / "d" / "loop").symlink_to(workspace / "d")
    found = toolkit.search(toolkit.patterns("d"), hidden=False)
    assert [path.name for path in found] == ["e.txt", "g.txt", "h.log"]


def test_a_log_line_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    toolkit.say("::add-mask::all\nfoo")
    toolkit.error("100%\n::error::no")
    assert capsys.readouterr().out == " ::add-mask::all\nfoo\n::error::100%25%0A::error::no\n"


def test_an_interpreter_without_pip_does_not_lend_the_callers(tmp_path: Path, without_pip: Path) -> None:
    version = setup_python.ask(without_pip)
    assert version is not None
    home = setup_python.make_environment(setup_python.Found(version, without_pip), tmp_path / "jobs", tmp_path)
    path = {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for name in ("pip", "pip3"):
        done = subprocess.run([name, "install", "x"], env=path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "pip is not in this environment" in done.stderr
