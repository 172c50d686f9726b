from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions.ci import steps
from mlops_actions.ci.steps import Commands
from mlops_actions.errors import CallError
from mlops_actions.project import layout

Make = Callable[[dict[str, str]], Path]

PYLINT = "python -m pylint --recursive=y ."


def choose(folder: Path, commands: Commands = Commands()) -> tuple[str | None, str | None, str | None]:  # noqa: B008
    chosen = steps.choose(layout.read(folder), commands)
    commands_ = tuple(step.command if step else None for step in chosen.named().values())
    return commands_[0], commands_[1], commands_[2]


@pytest.mark.parametrize(
    ("files", "command", "needs"),
    [
        ({}, PYLINT + " --disable=R,C", ("pylint",)),
        ({"pyproject.toml": "[tool.ruff]\n"}, "python -m ruff check .", ("ruff",)),
        ({"ruff.toml": ""}, "python -m ruff check .", ("ruff",)),
        ({".flake8": "[flake8]\n"}, "python -m flake8 .", ("flake8",)),
        ({"tox.ini": "[flake8]\n"}, "python -m flake8 .", ("flake8",)),
        ({"setup.cfg": "[flake8]\n"}, "python -m flake8 .", ("flake8",)),
        ({"pyproject.toml": "[tool.pylint.main]\njobs = 0\n"}, PYLINT, ("pylint",)),
        ({".pylintrc": ""}, PYLINT, ("pylint",)),
        ({"setup.cfg": "[pylint.main]\n"}, PYLINT, ("pylint",)),
        ({".pylintrc": "", "ruff.toml": ""}, f"python -m ruff check . && {PYLINT}", ("ruff", "pylint")),
        ({"requirements-dev.txt": "pytest\nFlake8==7.3 ; python_version > '3'\n"}, "python -m flake8 .", ("flake8",)),
        ({"pyproject.toml": '[dependency-groups]\nlint = ["ruff>=0.9"]\n'}, "python -m ruff check .", ("ruff",)),
        ({"requirements.txt": "flake8-bugbear\n"}, PYLINT + " --disable=R,C", ("pylint",)),
        ({"Makefile": "lint:\n\tflake8\n", "ruff.toml": ""}, "make lint", ()),
    ],
)
def test_lint(project: Make, files: dict[str, str], command: str, needs: tuple[str, ...]) -> None:
    chosen = steps.choose(layout.read(project({"hello.py": "", **files})), Commands())
    assert chosen.lint is not None
    assert (chosen.lint.command, chosen.lint.needs) == (command, needs)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, None),
        ({"tests/test_a.py": ""}, "python -m pytest"),
        ({"pkg/a_test.py": ""}, "python -m pytest"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python -m pytest"),
        ({"setup.cfg": "[tool:pytest]\n"}, "python -m pytest"),
        ({"pytest.ini": ""}, "python -m pytest"),
        ({"Makefile": "test:\n\ttrue\n", "pytest.ini": ""}, "make test"),
        ({"Makefile": "tests:\n\ttrue\n"}, None),
    ],
)
def test_test(project: Make, files: dict[str, str], command: str | None) -> None:
    assert choose(project({"hello.py": "", **files}))[2] == command


def test_the_callers_commands_win_over_all(project: Make) -> None:
    makefile = "install lint test:\n\ttrue\n"
    given = Commands("pip install .", "ruff check src", "tox -e py")
    assert choose(project({"Makefile": makefile})) == ("make install", "make lint", "make test")
    assert choose(project({"Makefile": makefile}), given) == ("pip install .", "ruff check src", "tox -e py")


def test_where_there_is_nothing_the_error_says_what_was_looked_for(project: Make) -> None:
    with pytest.raises(CallError) as caught:
        steps.choose(layout.read(project({"README.md": "", "Makefile": "all:\n\ttrue\n"})), Commands())
    (problem,) = caught.value.problems
    assert problem.message == "there is nothing to lint or test in this folder"
    assert problem.hint is not None
    for word in ("Makefile target `lint`", "Makefile target `test`", "test_*.py", "ruff, flake8 or pylint"):
        assert word in problem.hint


@pytest.mark.parametrize(
    ("files", "command", "path"),
    [
        ({"pytest.ini": "[pytest]\naddopts = -q --junitxml=reports/j.xml -x\n"}, "python -m pytest", "reports/j.xml"),
        ({"pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["--junit-xml=j.xml", "-q"]\n'}, "pytest", "j.xml"),
        ({"Makefile": "test:\n\tpytest --junitxml out.xml\n"}, "make test", "out.xml"),
        ({}, "pytest --junitxml='a.xml'", "a.xml"),
        ({"Makefile": "test:\n\tpytest --junitxml=$(OUT)\n"}, "make test", None),
        ({"pytest.ini": "[pytest]\njunit_family = xunit2\n"}, "pytest", None),
    ],
)
def test_the_projects_own_junit_file_is_known(
    project: Make, files: dict[str, str], command: str, path: str | None
) -> None:
    folder = project({"hello.py": "", **files})
    assert steps.own_junit(layout.read(folder), command) == (folder / path if path else None)
