"""An isolated environment for the consumer's project, and the variables that its commands see.

A virtual environment made by uv, outside the workspace, first on PATH: so a
Makefile's plain ``pip``, ``python`` or ``pytest`` is this environment's, and
nothing of the caller's machine is changed. What this library and the runner
keep in the environment for themselves is taken out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.errors import CallError, Problem
from mlops_actions.project import secrets

_OURS = re.compile(
    r"MLOPS$|MLOPS_(INPUT_|DRYRUN|SETUP|CACHE|EXTRA)"  # this library's
    r"|GITHUB_(TOKEN|OUTPUT|ENV|PATH|STATE)$|GH_TOKEN$|ACTIONS_(RUNTIME|ID_TOKEN|RESULTS|CACHE)"  # the runner's
    r"|MAKEFLAGS$|MFLAGS$|MAKELEVEL$|MAKEFILES$|MAKEOVERRIDES$"  # of a make that started us
    r"|VIRTUAL_ENV|CONDA_(PREFIX|DEFAULT_ENV)|PYTHON(HOME|EXECUTABLE|STARTUP)$|__PYVENV_LAUNCHER__$|PYENV_VERSION$"
    r"|PIP_(USER|TARGET|PREFIX|REQUIRE_VIRTUALENV|PYTHON)$|UV_(PYTHON|PROJECT|PROJECT_ENVIRONMENT|SYSTEM_PYTHON)$"
)

# What a log wants, unless the runner says otherwise. pip compiles no bytecode, as uv does not: Python does that for the
# modules that are imported, which halves pip's time here (10.5 s to 5.7 s for pylint, pytest and pytest-cov).
_HABITS = {
    "UV_NO_PROGRESS": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_COMPILE": "0",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment: its folder, its interpreter, and the variables that commands run with.

    ``hidden`` is what of these variables must not be shown.
    """

    path: Path
    python: Path
    variables: Mapping[str, str]
    hidden: frozenset[str] = frozenset()


class CannotCreate(Exception):
    """The environment could not be made; the message says why."""


def create(
    root: Path, python: Path | str, base: Mapping[str, str] | None = None, index_url: str | None = None
) -> Environment:
    """Make an environment in ``root/venv`` with the interpreter ``python``.

    ``root`` is an existing folder outside the workspace. ``python`` is an
    interpreter, or a version (``3.14``) that uv fetches. ``base`` is the
    environment to build on, ``os.environ`` unless given. pip is installed in
    it too, since a project's own commands may call it. ``index_url`` is the
    package index of pip and uv, a secret as a whole. Raises CannotCreate.
    """
    base = os.environ if base is None else base
    uv = find_uv(base)
    folder = root / "venv"
    variables = cleaned(base if index_url is None else with_index(base, index_url))
    hidden = secrets.values(variables) | secrets.of_address(index_url)
    _make(uv, folder, python, variables, secrets.Mask(hidden))
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    interpreter = programs / ("python.exe" if os.name == "nt" else "python")
    if shutil.which("uv", path=base.get("PATH")) is None:
        _lend(uv, programs)
    variables["PATH"] = os.pathsep.join(each for each in (str(programs), base.get("PATH", "")) if each)
    variables["VIRTUAL_ENV"] = str(folder)
    # uv's project commands (`uv sync`, `uv run`) use this environment, not a .venv in the workspace.
    variables["UV_PROJECT_ENVIRONMENT"] = str(folder)
    variables["UV_PYTHON"] = str(interpreter)
    return Environment(folder, interpreter, {**_HABITS, **variables}, hidden)


def with_index(base: Mapping[str, str], url: str) -> dict[str, str]:
    """``base``, with ``url`` as the package index of pip and of uv."""
    others = {name: value for name, value in base.items() if name != "UV_INDEX_URL"}  # uv's older name
    return {**others, "PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url}


def cleaned(base: Mapping[str, str]) -> dict[str, str]:
    """The environment without what is this library's and the runner's own, and with pip's index settings told to uv."""
    variables = {name: value for name, value in base.items() if not _OURS.match(name)}
    return {**variables, **_index_for_uv(variables)}


def find_uv(env: Mapping[str, str] | None = None) -> str:
    """The uv that was installed with this library, else the one on PATH. Raises CallError where there is none."""
    own = Path(sys.executable).parent / ("uv.exe" if os.name == "nt" else "uv")
    if own.is_file():
        return str(own)
    found = shutil.which("uv", path=(os.environ if env is None else env).get("PATH"))
    if found is None:
        raise CallError(
            Problem(
                "uv is neither beside this program nor on PATH",
                hint="Install the library with its `ci` extra, or put uv on PATH.",
            )
        )
    return found


def _make(uv: str, folder: Path, python: Path | str, variables: Mapping[str, str], mask: secrets.Mask) -> None:
    """Make the environment. These calls are ours: run beside it, they see no uv setting of the project's folder."""
    variables, home = _from_elsewhere(variables), folder.parent
    made = captured([uv, "venv", "--quiet", "--no-project", "--python", str(python), str(folder)], variables, home)
    if made.returncode:
        raise CannotCreate(_words(made, mask))
    interpreter = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    install = [uv, "pip", "install", "--quiet", "--python", interpreter]
    if captured([*install, *_SEED], variables, home).returncode == 0:
        return
    # An index without pip: a copy that came with an interpreter serves, that of this library's where the other carries
    # none (Debian's does not). uv puts it in place at once; ensurepip itself takes seconds.
    for carrier in (interpreter, sys.executable):
        wheels = captured([carrier, "-I", "-c", _BUNDLED], variables).stdout.splitlines()
        if wheels and captured([*install, "--no-index", "--no-deps", *wheels], variables, home).returncode == 0:
            return
    if os.name != "nt":
        _bar(folder / "bin")


_MAY_BE_RELATIVE = re.compile(
    r"UV_(CONFIG_FILE|FIND_LINKS|INDEX|DEFAULT_INDEX|INDEX_URL|EXTRA_INDEX_URL|(BUILD_)?CONSTRAINT|OVERRIDE)$"
)


def _from_elsewhere(variables: Mapping[str, str]) -> dict[str, str]:
    """``variables`` for a call of uv in another folder: what they name in this one is named by its whole path."""
    moved = {name: value for name, value in variables.items() if not name.startswith("UV_WORKING_DIR")}
    for name, value in moved.items():
        if _MAY_BE_RELATIVE.match(name):
            parts = re.split("(,)" if name == "UV_FIND_LINKS" else r"(\s+)", value)
            moved[name] = "".join(os.path.abspath(each) if os.path.exists(each) else each for each in parts)
    return moved


# What a virtual environment has had from its first day: setuptools too, before Python 3.12.
_SEED = ("pip", "setuptools; python_version < '3.12'", "wheel; python_version < '3.12'")
_BUNDLED = (
    "import ensurepip, glob, os; "
    "print(*glob.glob(os.path.join(os.path.dirname(ensurepip.__file__), '_bundled', '*.whl')), sep='\\n')"
)
_NO_PIP = """#!/bin/sh
echo "pip is not in this environment: the package index has none, and the interpreter brought none." >&2
exit 1
"""


def _bar(programs: Path) -> None:
    """Keep a plain ``pip`` from being the caller's own, which would install into the caller's Python."""
    for name in ("pip", "pip3"):
        (programs / name).write_text(_NO_PIP, encoding="utf-8")
        (programs / name).chmod(0o755)


def captured(
    command: list[str], variables: Mapping[str, str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program quietly and wait for it; its status and what it printed, whatever that is."""
    return subprocess.run(
        command,
        cwd=cwd,
        env={"UV_HTTP_RETRIES": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _words(done: subprocess.CompletedProcess[str], mask: secrets.Mask) -> str:
    """uv's error in one line: what it says first, and the last cause."""
    lines = [re.sub(r"^\s*(error|cause|Caused by): ", "", line).strip() for line in done.stderr.splitlines()]
    lines = list(dict.fromkeys(line for line in lines if line)) or [f"uv ended with status {done.returncode}"]
    shown = lines if len(lines) <= 3 else [*lines[:2], lines[-1]]
    return mask.whole("; ".join(shown))


def _index_for_uv(variables: Mapping[str, str]) -> dict[str, str]:
    """uv's names for pip's index settings, where only pip's are set: both then read the same packages."""
    pairs = {
        "UV_DEFAULT_INDEX": ("PIP_INDEX_URL", "UV_INDEX_URL"),
        "UV_INDEX": ("PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL"),
        "UV_FIND_LINKS": ("PIP_FIND_LINKS", ""),
    }
    given = {}
    for name, (pip, old) in pairs.items():
        if variables.get(pip) and not variables.get(name) and not variables.get(old):
            separator = "," if name == "UV_FIND_LINKS" else " "
            given[name] = separator.join(variables[pip].split())
    return given


def _lend(uv: str, programs: Path) -> None:
    """Put uv into the environment where PATH has none, for commands that call it."""
    target = programs / Path(uv).name
    try:
        target.symlink_to(uv)
    except OSError:
        shutil.copy2(uv, target)
