"""What a consumer's project folder holds, read from its files without running any of them."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_actions.errors import CallError, Problem

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""In the order in which make looks for them."""

DEVELOPMENT = frozenset(
    "dev develop development test tests testing lint linting ci qa check checks".split()  # noqa: SIM905
)
"""Names of extras, dependency groups and requirement files that hold what lint and test need."""

_BASE = ("requirements/base.txt", "requirements/main.txt")
"""What a project that keeps its requirement files in a folder calls requirements.txt."""

_SKIPPED = {"node_modules", "__pycache__", "build", "dist", "venv", "env", "site-packages"}
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layout:
    """A project's folder. Names of files are relative to it, with forward slashes.

    ``targets`` are those of the Makefile; ``requirements`` the requirement
    files that lint and test need; ``pyproject`` and ``setup_cfg`` are the
    files' data, empty where they are not there; ``lock`` is the uv.lock that
    holds for the project, its own or that of the uv workspace around it.
    """

    folder: Path
    makefile: str | None = None
    targets: frozenset[str] = frozenset()
    requirements: tuple[str, ...] = ()
    pyproject: Mapping[str, Any] = field(default_factory=dict)
    setup_cfg: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lock: str | None = None

    def has(self, *names: str) -> str | None:
        """The first of ``names`` that is a file of this folder, or None."""
        return next((name for name in names if (self.folder / name).is_file()), None)

    @property
    def project(self) -> Mapping[str, Any]:
        """The ``[project]`` table."""
        return table(self.pyproject, "project")

    def tool(self, name: str) -> bool:
        """Is there a ``[tool.<name>]`` table?"""
        return bool(table(self.pyproject, "tool").get(name) is not None)

    @property
    def is_package(self) -> bool:
        """Is the project itself installed, or only what it needs? uv's rule: a build system makes a package."""
        return "build-system" in self.pyproject or "metadata" in self.setup_cfg or self.has("setup.py") is not None

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras that lint and test need."""
        names = [*table(self.project, "optional-dependencies"), *self.setup_cfg.get("options.extras_require", {})]
        return tuple(dict.fromkeys(name for name in names if name.lower() in DEVELOPMENT))

    @property
    def groups(self) -> tuple[str, ...]:
        """The dependency groups that lint and test need."""
        return tuple(name for name in table(self.pyproject, "dependency-groups") if name.lower() in DEVELOPMENT)

    def files(self, *patterns: str) -> Iterator[str]:
        """Files anywhere in the project whose name matches, hidden and built folders left out."""
        match = re.compile("|".join(patterns)).fullmatch
        for folder, subfolders, names in os.walk(self.folder):
            subfolders[:] = sorted(each for each in subfolders if not each.startswith(".") and each not in _SKIPPED)
            for name in sorted(names):
                if match(name):
                    yield Path(folder, name).relative_to(self.folder).as_posix()


def table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The table at ``key``, empty where there is none or something else."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def read(folder: Path) -> Layout:
    """The layout of the project in ``folder``.

    Raises CallError where there is no such folder, or a file of it cannot be
    read for what it is.
    """
    if not folder.is_dir():
        raise CallError(Problem("no such folder", str(folder), hint="Check `working-directory`."))
    makefile = next((name for name in MAKEFILES if (folder / name).is_file()), None)
    pyproject = _toml(folder, "pyproject.toml")
    return Layout(
        folder,
        makefile,
        frozenset(_targets(folder, makefile)) if makefile else frozenset(),
        tuple(_requirements(folder)),
        pyproject,
        ini(folder, "setup.cfg"),
        _lock(folder, pyproject) if pyproject else None,
    )


def _lock(folder: Path, pyproject: Mapping[str, Any]) -> str | None:
    """The uv.lock of the project in ``folder``, as uv looks for it: its own, else its workspace's."""
    if (folder / "uv.lock").is_file():
        return "uv.lock"
    member = Path(os.path.realpath(folder))
    for root in () if _workspace(pyproject) else member.parents:
        if workspace := _workspace(_around(root)):
            within = _matches(root, member, workspace.get("members")) and not _matches(
                root, member, workspace.get("exclude")
            )
            there = within and (root / "uv.lock").is_file()
            return os.path.relpath(root / "uv.lock", member).replace(os.sep, "/") if there else None
    return None


def _workspace(pyproject: Mapping[str, Any]) -> Mapping[str, Any]:
    return table(table(table(pyproject, "tool"), "uv"), "workspace")


def _around(folder: Path) -> dict[str, Any]:
    """The pyproject.toml of a folder that is not the project's, empty where it has none that can be read."""
    try:
        return _toml(folder, "pyproject.toml")
    except CallError:
        return {}


def _matches(root: Path, member: Path, patterns: object) -> bool:
    """Is ``member`` one of the folders below ``root`` that the globs name?"""
    for pattern in patterns if isinstance(patterns, list) else ():
        try:
            if isinstance(pattern, str) and any(each == member for each in root.glob(pattern.rstrip("/"))):
                return True
        except (NotImplementedError, ValueError, OSError):  # an absolute or an empty pattern
            continue
    return False


_RULE = re.compile(r"(?P<names>[^\s#:=][^#:=]*?)\s*(&?::?)(?![:=])")
_DEFINE = re.compile(r" *((override|export|unexport|private) +)*define +[^\s:=]")
_INCLUDE = re.compile(r"-?s?include\s+(?P<names>[^#]+)")


def _targets(folder: Path, name: str, depth: int = 0) -> Iterator[str]:
    """The names before the colons, in the Makefile and in those that it includes by a plain name.

    make is not asked: even reading a Makefile runs its ``$(shell ...)``.
    """
    text = _text(folder, name) if (folder / name).is_file() else ""
    defines = 0
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if (opened := _DEFINE.match(line)) or defines:  # the text of a variable
            ended = not opened and re.match(r"\s*endef\b", line)
            defines += 1 if opened else -1 if ended else 0
        elif rule := _RULE.match(line):
            yield from (each for each in rule["names"].split() if not each.startswith("."))
        elif (include := _INCLUDE.match(line)) and depth < 8:
            for included in include["names"].split():
                if "$" not in included:
                    yield from _targets(folder, included, depth + 1)


def _requirements(folder: Path) -> Iterator[str]:
    """What the project needs first, then what development does; beside the project's files or in ``requirements/``."""
    if (folder / "requirements.txt").is_file():
        yield "requirements.txt"
    else:
        yield from (name for name in _BASE if (folder / name).is_file())
    for place, prefix in ((folder, ""), (folder / "requirements", "requirements/")):
        for path in sorted(place.glob("*.txt")) if place.is_dir() else ():
            words = set(re.split(r"[-_.]", path.stem.lower()))
            named = prefix or "requirements" in words
            if named and words - {"requirements"} and words - {"requirements"} <= DEVELOPMENT:
                yield prefix + path.name


def _text(folder: Path, name: str) -> str:
    path = folder / name
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8-sig", "replace")
    except OSError as error:
        raise CallError(Problem(f"cannot be read: {error.strerror}", name)) from error


def _toml(folder: Path, name: str) -> dict[str, Any]:
    if not (folder / name).is_file():
        return {}
    try:
        return tomllib.loads(_text(folder, name))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r" \(at line (\d+), column (\d+)\)", message)
        line, column = (int(place[1]), int(place[2])) if place else (None, None)
        words = message.replace(place[0], "") if place else message
        raise CallError(Problem(f"is not TOML: {words}", name, line, column)) from None


def ini(folder: Path, name: str) -> dict[str, dict[str, str]]:
    """The sections of an INI file, empty where it is not there. Raises CallError where it is not INI."""
    if not (folder / name).is_file():
        return {}
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(folder, name), name)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((each[0] for each in getattr(error, "errors", ())), None)
        raise CallError(Problem(f"is not INI: {error.message.splitlines()[0]}", name, line)) from None
    return {section: dict(parser[section]) for section in parser.sections()}
