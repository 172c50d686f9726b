"""Finds the Python interpreters of this machine, in the places where people and runners put them.

A version is written as in a matrix: ``3.12``, ``3.12.1``, ``3.14t`` (without
the global lock) or ``3.16-dev`` (a pre-release). What is found is asked for
its version before it is believed: a shim that leads nowhere is not an
interpreter.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = re.compile(r"(?P<release>3\.[0-9]{1,2}(\.[0-9]{1,2})?)(?P<threads>t)?(?P<dev>-dev)?")
"""A CPython version as a matrix names it."""

_PROBE = (
    "import sys, sysconfig; print('%d.%d.%d' % sys.version_info[:3] + "
    "('t' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''), sys.version_info[3])"
)
_NAME = re.compile(r"python3\.\d{1,2}t?(\.exe)?")
_FOLDER = re.compile(r"(cpython-)?(?P<release>3\.\d{1,2}(\.\d{1,2})?)")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that was run and answered: ``version`` is ``3.12.1`` or ``3.14.0t``."""

    version: str
    path: Path
    final: bool = True

    @property
    def minor(self) -> str:
        """``3.12``, or ``3.14t``."""
        threads = "t" if self.version.endswith("t") else ""
        return ".".join(self.version.rstrip("t").split(".")[:2]) + threads

    def answers_to(self, version: str) -> bool:
        """Is this the Python that ``version`` asks for? A pre-release only when it is named (``-dev``)."""
        wanted = VERSION.fullmatch(version)
        if wanted is None or bool(wanted["threads"]) != self.version.endswith("t"):
            return False
        mine = self.version.rstrip("t")
        return (mine + ".").startswith(wanted["release"] + ".") and (self.final or bool(wanted["dev"]))


def find(version: str, env: Mapping[str, str] | None = None) -> Path | None:
    """The interpreter of that version, the newest patch where it names none; None where there is none."""
    wanted = VERSION.fullmatch(version)
    if wanted is None:
        return None
    minor = ".".join(wanted["release"].split(".")[:2])
    for candidate in candidates(os.environ if env is None else env):
        if _may_be(candidate, minor):
            found = ask(candidate)
            if found is not None and found.answers_to(version):
                return found.path
    return None


def find_all(env: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Every minor version that is here (``3.12``, ``3.14t``) with its interpreter, the oldest first.

    Pre-releases are left out.
    """
    found: dict[str, Path] = {}
    for candidate in candidates(os.environ if env is None else env):
        guess = _guess(candidate)
        if guess is not None and guess in found:
            continue
        interpreter = ask(candidate)
        if interpreter is not None and interpreter.final:
            found.setdefault(interpreter.minor, interpreter.path)
    return dict(sorted(found.items(), key=lambda item: _order(item[0])))


PLACES = "the runner's tool cache, PATH, pyenv, asdf, mise, uv, /opt/python, /usr/local/bin, /usr/bin" + (
    {"darwin": ", Homebrew, the Python framework", "win32": ", the py launcher"}.get(sys.platform, "")
)
"""Where is searched, for the message that says nothing was found there."""


def ask(path: Path) -> Interpreter | None:
    """Run ``path`` and take its word for what it is; None where it does not answer."""
    try:
        done = subprocess.run(
            [str(path), "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    words = done.stdout.split()
    if done.returncode or len(words) != 2 or not words[0].startswith("3."):
        return None
    return Interpreter(words[0], path, words[1] == "final")


def candidates(env: Mapping[str, str]) -> Iterator[Path]:
    """Files that may be interpreters, the likeliest first, each once."""
    seen: set[str] = set()
    for path in _candidates(env):
        key = os.path.normcase(str(path))
        if key not in seen and path.is_file():
            seen.add(key)
            yield path


def _candidates(env: Mapping[str, str]) -> Iterator[Path]:
    for variable in ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY"):
        if tools := env.get(variable):
            for release in _newest_first(Path(tools, "Python")):
                for architecture in _listed(release):
                    yield from _within(architecture)
    for entry in env.get("PATH", "").split(os.pathsep):
        if entry and Path(entry).name != "shims":  # they lead into the installations below, or nowhere
            yield from _named(Path(entry))
    for root in roots(env):
        for installation in _newest_first(root):
            yield from _within(installation)
    for name in ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"):
        yield from _named(Path(name))
    if os.name == "nt":
        yield from _launcher()


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """Folders that hold one installation a version, the likeliest first; they need not be there."""
    homes = _homes(env)
    if given := env.get("PYENV_ROOT"):
        yield Path(given, "versions")
    if given := env.get("UV_PYTHON_INSTALL_DIR"):
        yield Path(given)
    for variable in ("XDG_DATA_HOME", "APPDATA"):
        if given := env.get(variable):
            yield Path(given, "uv", "python")
    for home in homes:
        yield home / ".pyenv" / "versions"
        yield home / ".asdf" / "installs" / "python"
        yield home / ".local" / "share" / "mise" / "installs" / "python"
        yield home / ".local" / "share" / "uv" / "python"
    yield Path("/opt/python")
    yield Path("/Library/Frameworks/Python.framework/Versions")


def _homes(env: Mapping[str, str]) -> list[Path]:
    """The home folder as the environment says, and as the system says: a dry run gives its jobs a home of their own."""
    homes = [Path(value) for name in ("HOME", "USERPROFILE") if (value := env.get(name))]
    try:
        import pwd  # pylint: disable=import-outside-toplevel  # not on Windows

        homes.append(Path(pwd.getpwuid(os.getuid()).pw_dir))
    except (ImportError, KeyError):
        pass
    return list(dict.fromkeys(homes))


def _launcher() -> Iterator[Path]:
    """What Windows' ``py`` knows: lines such as `` -V:3.12 *  C:\\Python312\\python.exe``."""
    launcher = shutil.which("py")
    if launcher is None:
        return
    done = subprocess.run([launcher, "-0p"], capture_output=True, text=True, errors="replace", timeout=20, check=False)
    for line in done.stdout.splitlines():
        if found := re.search(r"\S:\\.*\.exe", line):
            yield Path(found[0])


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _newest_first(folder: Path) -> list[Path]:
    return sorted(_listed(folder), key=lambda each: _order(_release(each.name) or "0"), reverse=True)


def _within(folder: Path) -> Iterator[Path]:
    """The interpreter of an installation's own folder."""
    if os.name == "nt":
        yield folder / "python.exe"
    elif (folder / "bin" / "python3").exists():
        yield folder / "bin" / "python3"
    else:
        yield folder / "bin" / "python"


def _named(folder: Path) -> Iterator[Path]:
    """Interpreters in a folder of programs: those whose name says a version, then the plain ones."""
    names = [each for each in _listed(folder) if _NAME.fullmatch(each.name)]
    yield from sorted(names, key=lambda each: _order(_release(each.name) or "0"), reverse=True)
    for name in ("python3", "python", "python.exe"):
        yield folder / name


def _release(name: str) -> str | None:
    found = _FOLDER.search(name)
    return found["release"] if found else None


def _guess(path: Path) -> str | None:
    """The minor version that a path speaks of, where it does; the path is not believed, only put off."""
    names = [path.name, *(parent.name for parent in list(path.parents)[:3])]
    for name in names:
        if release := _release(name):
            threads = "t" if re.search(r"\d\.\d+t\b|freethreaded", str(path)) else ""
            return ".".join(release.split(".")[:2]) + threads
    return None


def _may_be(path: Path, minor: str) -> bool:
    guess = _guess(path)
    return guess is None or guess.rstrip("t") == minor


def _order(version: str) -> tuple[tuple[int, ...], bool]:
    return tuple(int(part) for part in version.rstrip("t").split(".") if part.isdigit()), version.endswith("t")
