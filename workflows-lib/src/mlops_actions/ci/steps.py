"""What a leg runs: install, lint, test, each with the reason it was chosen.

The caller's command, else the Makefile's target, else what the project's files
imply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.errors import CallError, Problem
from mlops_actions.project import install, layout
from mlops_actions.project.install import Step
from mlops_actions.project.layout import Layout, table

LINTERS: Mapping[str, str] = {
    "ruff": "python -m ruff check .",
    "flake8": "python -m flake8 .",
    "pylint": "python -m pylint --recursive=y .",
}

LOOKED_FOR = {
    "install": install.LOOKED_FOR,
    "lint": "a Makefile target `lint`, settings of ruff, flake8 or pylint, Python files",
    "test": "a Makefile target `test`, settings of pytest, files named test_*.py or *_test.py",
}


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands that the caller gave; None where it is ours to choose."""

    install: str | None = None
    lint: str | None = None
    test: str | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a leg; None where nothing says what to run."""

    install: Step | None
    lint: Step | None
    test: Step | None

    def named(self) -> dict[str, Step | None]:
        return {"install": self.install, "lint": self.lint, "test": self.test}


def choose(project: Layout, commands: Commands) -> Steps:
    """The steps of the project. Raises CallError where there is nothing to lint and nothing to test."""
    steps = Steps(
        install.choose(project, commands.install), _lint(project, commands.lint), _test(project, commands.test)
    )
    if steps.lint is None and steps.test is None:
        looked = "; ".join(f"for `{name}`, {LOOKED_FOR[name]}" for name in ("lint", "test"))
        raise CallError(
            Problem(
                "there is nothing to lint or test in this folder",
                str(project.folder),
                hint=f"Looked for: {looked}. Check `working-directory`, or give `lint-command` or `test-command`.",
            )
        )
    return steps


def _lint(project: Layout, given: str | None) -> Step | None:
    if given:
        return Step("lint", given, "`lint-command` says so")
    if "lint" in project.targets:
        return Step("lint", "make lint", f"{project.makefile} has the target `lint`")
    if next(project.files(r".*\.py"), None) is None:
        return None
    configured = _configured_linters(project)
    if configured:
        names = tuple(configured)
        reason = " and ".join(f"{file} configures {name}" for name, file in configured.items())
        return Step("lint", " && ".join(LINTERS[name] for name in names), reason, names)
    wanted = _wanted(project)
    for name, command in LINTERS.items():
        if name in wanted:
            return Step("lint", command, f"{wanted[name]} names {name}", (name,))
    reason = "the project configures no linter: pylint's errors and warnings"
    return Step("lint", LINTERS["pylint"] + " --disable=R,C", reason, ("pylint",))


def _configured_linters(project: Layout) -> dict[str, str]:
    """Each linter that the project configures, with the file that does."""
    tox = layout.ini(project.folder, "tox.ini")
    found: dict[str, str | None] = {
        "ruff": "pyproject.toml" if project.tool("ruff") else project.has("ruff.toml", ".ruff.toml"),
        "flake8": "setup.cfg"
        if "flake8" in project.setup_cfg
        else "tox.ini"
        if "flake8" in tox
        else project.has(".flake8"),
        "pylint": "pyproject.toml"
        if project.tool("pylint")
        else "setup.cfg"
        if any(section.startswith("pylint") for section in project.setup_cfg)
        else project.has(".pylintrc", "pylintrc", ".pylintrc.toml", "pylintrc.toml"),
    }
    return {name: file for name, file in found.items() if file}


_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def _wanted(project: Layout) -> dict[str, str]:
    """The packages that the project asks for (lower case), each with the file that does."""
    found: dict[str, str] = {}
    for file in project.requirements:
        for line in (project.folder / file).read_text(encoding="utf-8", errors="replace").splitlines():
            if name := _NAME.match(line):
                found.setdefault(name[1].lower(), file)
    lists = [project.project.get("dependencies")]
    lists += [table(project.project, "optional-dependencies").get(name) for name in project.extras]
    lists += [table(project.pyproject, "dependency-groups").get(name) for name in project.groups]
    for requirements in lists:
        for line in requirements if isinstance(requirements, list) else ():
            if isinstance(line, str) and (name := _NAME.match(line)):
                found.setdefault(name[1].lower(), "pyproject.toml")
    return found


def _test(project: Layout, given: str | None) -> Step | None:
    if given:
        return Step("test", given, "`test-command` says so")
    if "test" in project.targets:
        return Step("test", "make test", f"{project.makefile} has the target `test`")
    where = _pytest_settings(project) or next(project.files(r"test_.*\.py", r".*_test\.py"), None)
    if where is None:
        return None
    return Step("test", "python -m pytest", f"{where} is there", ("pytest",))


def _pytest_settings(project: Layout) -> str | None:
    if project.tool("pytest"):
        return "[tool.pytest] of pyproject.toml"
    if "tool:pytest" in project.setup_cfg:
        return "[tool:pytest] of setup.cfg"
    return project.has("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml")


_JUNIT = re.compile(r"--junit-?xml[=\s]+[\"']?(?P<path>[^\s\"'\],]+)")


def own_junit(project: Layout, command: str) -> Path | None:
    """The JUnit file that the project's own command or settings ask pytest for; ours would take its place."""
    names = (project.makefile, "pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", "setup.cfg", "tox.ini")
    texts = [command] + [
        (project.folder / name).read_text(encoding="utf-8", errors="replace")
        for name in names
        if name and (project.folder / name).is_file()
    ]
    found = next((match for text in texts if (match := _JUNIT.search(text))), None)
    return project.folder / found["path"] if found and "$" not in found["path"] else None
