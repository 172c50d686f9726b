"""What a project says of its Pythons is read where it stands, and a word that is none is called by its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import CallError
from mlops_actions.project import layout, requires
from mlops_actions.project.requires import Requires

LINES = ("3.8.9", "3.10.4", "3.11.0", "3.11.7", "3.12.1", "3.14.0", "4.0.0")


def said(folder: Path, name: str, text: str) -> Requires | None:
    (folder / name).write_text(text, encoding="utf-8")
    return requires.of(layout.read(folder))


def poetry(constraint: str) -> Requires:
    return Requires(constraint, requires.POETRY)


@pytest.mark.parametrize(
    ("constraint", "allowed"),
    [
        ("^3.11", ("3.11.0", "3.11.7", "3.12.1", "3.14.0")),
        ("^3.11.5", ("3.11.7", "3.12.1", "3.14.0")),
        ("~3.11", ("3.11.0", "3.11.7")),
        ("~3.11.5", ("3.11.7",)),
        ("~3", LINES[:-1]),
        ("^3", LINES[:-1]),
        (">=3.11,<3.13", ("3.11.0", "3.11.7", "3.12.1")),
        (">= 3.11 <3.13", ("3.11.0", "3.11.7", "3.12.1")),
        (">=3.11 , !=3.12.1", ("3.11.0", "3.11.7", "3.14.0", "4.0.0")),
        ("3.11.*", ("3.11.0", "3.11.7")),
        ("3.11", ("3.11.0",)),
        ("*", LINES),
        ("~=3.11.5", ("3.11.7",)),
        ("~3.8 || ^3.12", ("3.8.9", "3.12.1", "3.14.0")),
    ],
)
def test_poetrys_constraints_allow_what_poetry_says(constraint: str, allowed: tuple[str, ...]) -> None:
    """By Poetry's page "Dependency specification"."""
    ranges = poetry(constraint).ranges()
    assert tuple(line for line in LINES if ranges.contains(line)) == allowed


def test_poetrys_table_is_read_where_the_project_table_says_nothing(tmp_path: Path) -> None:
    table = '[tool.poetry.dependencies]\npython = "^3.12"\n'
    assert said(tmp_path, "pyproject.toml", table) == poetry("^3.12")
    assert said(tmp_path, "pyproject.toml", table.replace('"^3.12"', '{version = "^3.12"}')) == poetry("^3.12")
    both = f'[project]\nname = "a"\nrequires-python = ">=3.13"\n{table}'
    assert said(tmp_path, "pyproject.toml", both) == Requires(">=3.13")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "pyproject.toml",
            "[project]\nrequires-python = 3.11\n",
            "`requires-python` must be a string, not 3.11. Quote it",
        ),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\npython = 3.11\n",
            "python` must be a string, not 3.11. Quote it",
        ),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\npython = '^^3'\n",
            "`tool.poetry.dependencies.python` is '^^3'",
        ),
        ("setup.cfg", "[options]\npython_requires = three\n", "setup.cfg: `python_requires` is 'three', which is no"),
    ],
)
def test_what_is_no_specifier_is_called_by_its_name(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(CallError) as caught:
        found = said(tmp_path, name, text)
        assert found is not None
        found.ranges()
    assert words in str(caught.value) and str(caught.value).startswith(f"{name}: ")
