"""How a project is installed: as its Makefile says, else as its files imply, with uv."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops_actions.project import layout
from mlops_actions.project.layout import Layout

LOOKED_FOR = (
    "a Makefile target `install`, uv.lock, requirements*.txt, requirements/base.txt, "
    "pyproject.toml, setup.cfg, setup.py"
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command that will run, and why this one.

    ``needs`` names the tools that are installed for it where the project
    installed none (``pytest``).
    """

    name: str
    command: str
    reason: str
    needs: tuple[str, ...] = ()


def plan(folder: Path, given: str | None = None) -> Step | None:
    """The command that installs the project in ``folder``, for a shell in that folder; None where nothing says how.

    ``given`` is the caller's own command, which wins. Raises CallError where
    the folder or one of its files cannot be read.
    """
    return choose(layout.read(folder), given)


def choose(project: Layout, given: str | None = None) -> Step | None:
    """:func:`plan` for a layout that was read before."""
    if given:
        return Step("install", given, "`install-command` says so")
    if "install" in project.targets:
        return Step("install", "make install", f"{project.makefile} has the target `install`")
    if project.lock:
        where = "uv.lock is there" if project.lock == "uv.lock" else f"{project.lock} locks the workspace"
        return Step("install", _sync(project), where)
    arguments, files = _arguments(project)
    if not arguments:
        return None
    return Step("install", " ".join(["uv pip install", *arguments]), f"{_listed(files)} {_be(files)} there")


def _sync(project: Layout) -> str:
    words = ["uv sync --locked --inexact"]
    words += [f"--extra {name}" for name in project.extras]
    words += [f"--group {name}" for name in project.groups if name != "dev"]  # uv takes dev by itself
    return " ".join(words)


def _arguments(project: Layout) -> tuple[list[str], list[str]]:
    """The arguments of `uv pip install`, and the files that they come from."""
    arguments = [f"-r {name}" for name in project.requirements]
    files = list(project.requirements)
    source = project.has("pyproject.toml") if project.pyproject else None
    if project.is_package:
        extras = f"[{','.join(project.extras)}]" if project.extras else ""
        arguments.append(f"-e '.{extras}'")
        files.append(source or project.has("setup.cfg", "setup.py") or "setup.py")
    elif source and (project.project.get("dependencies") or project.extras):
        arguments += [f"-r {source}", *(f"--extra {name}" for name in project.extras)]
        files.append(source)
    if project.groups:
        arguments += [f"--group {name}" for name in project.groups]
        files.append("pyproject.toml")
    return arguments, list(dict.fromkeys(files))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _be(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
