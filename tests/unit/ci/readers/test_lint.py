from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.ci.readers import lint
from mlops_actions.verdict import Check, Severity, Status

SOURCE = """\
import os


def f(a):
    return undefined_name + a
"""


def found(text: str, folder: Path) -> list[tuple[str, str | None, int | None, int | None, Severity]]:
    return [brief(check) for check in lint.read(text.splitlines(), folder)]


def brief(check: Check) -> tuple[str, str | None, int | None, int | None, Severity]:
    assert check.status is Status.FAIL
    return check.rule, check.where.file, check.where.line, check.where.character, check.severity


def tool(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a pkg").mkdir()
    (tmp_path / "a pkg" / "hello.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


NAME = "a pkg/hello.py"


def test_pylint(folder: Path) -> None:
    styles = ("text", "parseable", "colorized")
    formats = ",".join(f"{style}:{style}.txt" for style in styles)
    tool(folder, "pylint", "--disable=C,R", "--score=n", f"--output-format={formats}", NAME)
    for style in styles:
        text = (folder / f"{style}.txt").read_text(encoding="utf-8")
        columns = (None, None) if style == "parseable" else (1, 12)  # it has none; pylint's own count from 0
        assert sorted(found(text, folder), key=str) == [
            ("pylint.undefined-variable", NAME, 5, columns[1], Severity.ERROR),
            ("pylint.unused-import", NAME, 1, columns[0], Severity.WARNING),
        ]


@pytest.mark.parametrize(("style", "name"), [("full", "ruff"), ("concise", "lint")])
def test_ruff(folder: Path, style: str, name: str) -> None:
    (folder / "broken.py").write_text("def f(:\n    pass\n", encoding="utf-8")
    text = tool(folder, "ruff", "check", "--isolated", "--no-cache", f"--output-format={style}", ".")
    assert {
        (f"{name}.invalid-syntax", "broken.py", 1, 7, Severity.ERROR),
        (f"{name}.F401", NAME, 1, 8, Severity.ERROR),
        (f"{name}.F821", NAME, 5, 12, Severity.ERROR),
    } <= set(found(text, folder))


def test_ruff_format(folder: Path) -> None:
    (folder / "long.py").write_text("x = 1\ny   =   2\n", encoding="utf-8")
    text = tool(folder, "ruff", "format", "--isolated", "--no-cache", "--check", ".")
    assert found(text, folder) == [("ruff.unformatted", "long.py", 2, 3, Severity.ERROR)]


def test_mypy(folder: Path) -> None:
    text = tool(folder, "mypy", "--check-untyped-defs", "--cache-dir=/dev/null", NAME)
    assert found(text, folder) == [("mypy.name-defined", NAME, 5, None, Severity.ERROR)]


# As printed by flake8 7.3, pycodestyle 2.14, pyright 1.1, black 26.1, isort 9.0 and ruff 0.9.
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("./a pkg/hello.py:1:1: F401 'os' imported but unused", ("lint.F401", 1, 1, Severity.ERROR)),
        ("a pkg/hello.py:4:80: E501 line too long (88 > 79 characters)", ("lint.E501", 4, 80, Severity.ERROR)),
        ("a pkg/hello.py:1:8: F401 [*] `os` imported but unused", ("lint.F401", 1, 8, Severity.ERROR)),
        (
            '  a pkg/hello.py:5:12 - error: "undefined_name" is not defined (reportUndefinedVariable)',
            ("pyright.reportUndefinedVariable", 5, 12, Severity.ERROR),
        ),
        (
            "a pkg/hello.py:5:12: error: Name is not defined  [name-defined]",
            ("mypy.name-defined", 5, 12, Severity.ERROR),
        ),
        ("would reformat a pkg/hello.py", ("format.file", None, None, Severity.ERROR)),
        ("Would reformat: a pkg/hello.py", ("format.file", None, None, Severity.ERROR)),
        (
            "ERROR: a pkg/hello.py Imports are incorrectly sorted and/or formatted.",
            ("format.file", None, None, Severity.ERROR),
        ),
        ("a pkg/hello.py:0:1: E902 IndentationError", ("lint.E902", 1, 1, Severity.ERROR)),
    ],
)
def test_lines_of_other_tools(folder: Path, line: str, expected: tuple[str, int | None, int | None, Severity]) -> None:
    rule, number, column, severity = expected
    assert found(line, folder) == [(rule, NAME, number, column, severity)]


@pytest.mark.parametrize(
    "line",
    [
        "gone.py:1:1: F401 'os' imported but unused",
        "http://localhost:8000: E100 is not a file",
        "a pkg/hello.py:3: note: See https://mypy.example",
        "a pkg/hello.py:1:1: see above",
        "INFO:root:12:3: E501 not a file",
        "************* Module hello",
        "a pkg:1:1: E501 is a folder",
        "a pkg/hello.py:1:1: F401 " + "x" * 5_000,
        "\0:1:1: F401 no such name",
        "",
    ],
)
def test_what_is_no_finding(folder: Path, line: str) -> None:
    assert found(line, folder) == []


def test_a_file_outside_the_folder_is_told_of_and_not_pointed_at(folder: Path) -> None:
    (folder / "inner").mkdir()
    outside = folder / NAME
    (check,) = lint.read([f"{outside}:5:1: F821 undefined name"], folder / "inner")
    assert (check.where.file, check.where.line) == (None, None)
    assert check.message == f"{outside}: undefined name"


def test_an_absolute_path_is_made_relative_and_a_repeat_is_dropped(folder: Path) -> None:
    line = f"{folder / NAME}:5:1: F821 undefined name"
    assert found(f"{line}\n{line}", folder) == [("lint.F821", NAME, 5, 1, Severity.ERROR)]


def test_a_file_named_from_a_folder_below_is_found_where_it_is_the_only_one(tmp_path: Path) -> None:
    for name in ("src/app/a.py", "src/app/b.py", "lib/b.py", "b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    lines = [f"{name}:1:1: E100 x" for name in ("app/a.py", "./a.py", "a.py", "b.py", "no-such.py", "p/a.py")]
    found = [check.where.file for check in lint.read(lines, tmp_path)]
    assert found == ["src/app/a.py", "b.py"]
