"""In place of actions/setup-python: an interpreter that this machine has, in an environment of the job's own.

The interpreter is looked for where runners, pyenv, uv and distributions put
it. The job gets a virtual environment over it, with pip, because packages that
a job installs must not end up in the user's interpreter.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from . import toolkit
from .versions import Spec, Version, from_requires_python, parse_spec, parse_version


class Found(NamedTuple):
    """An interpreter: its version, by name, and its program."""

    version: Version
    program: Path


def main(_: str) -> None:
    """Provide each version asked for; the last one is the default. Raises Refused where one is not on this machine."""
    given = toolkit.inputs()
    architecture = given.get("architecture", "")
    if architecture and architecture.lower() != os.environ.get("RUNNER_ARCH", "").lower():
        raise toolkit.Refused(f"this machine is {os.environ.get('RUNNER_ARCH')}, not {architecture}")
    wanted = _wanted(given)
    update = given.get("update-environment", "") in {"", "true"}
    allow_pre = toolkit.flag(given, "allow-prereleases")
    context = toolkit.context()
    searched = context["search"]
    for text, spec in wanted:
        found = find(searched, spec, allow_pre) or _fetch(text, spec, Path(context["python"]))
        if found is None:
            there = {each.version for some in _interpreters(searched) for each in some}
            names = ", ".join(map(str, sorted(there))) or "none"
            raise toolkit.Refused(
                f"The version '{text}' was not found on this machine. There is: {names}. GitHub would fetch it; "
                "a dry run fetches an interpreter only where UV_PYTHON_INSTALL_MIRROR names a mirror."
            )
        home = make_environment(found, Path(context["python"]), Path(searched["shared"]))
        _publish(found, home, update)
    if given.get("pip-version"):
        _pip(home, f"pip=={given['pip-version']}")
    if given.get("pip-install"):
        _pip(home, *given["pip-install"].split())


def _wanted(given: dict[str, str]) -> list[tuple[str, Spec]]:
    texts = [line.strip() for line in given.get("python-version", "").splitlines() if line.strip()]
    if texts:
        return [(text, _spec(text)) for text in texts]
    name = given.get("python-version-file") or ".python-version"
    path = toolkit.resolve(name)
    if not path.exists():
        if given.get("python-version-file"):
            raise toolkit.Refused(f"The specified python version file at: {path} doesn't exist.")
        toolkit.warning("Neither 'python-version' nor 'python-version-file' inputs were supplied: any Python is taken.")
        return [("3.x", parse_spec("3.x"))]
    return _from_file(path)


def _spec(text: str) -> Spec:
    try:
        return parse_spec(text)
    except ValueError as error:
        raise toolkit.Refused(f"python-version '{text}': {error}") from None


def _from_file(path: Path) -> list[tuple[str, Spec]]:
    text = path.read_text(encoding="utf-8")
    if path.name.endswith(".toml"):
        matched = re.search(r"^\s*(requires-python|python)\s*=\s*[\"']([^\"']+)[\"']", text, re.MULTILINE)
        if not matched:
            raise toolkit.Refused(f"{path.name} names no Python version (requires-python)")
        return [(matched[2], from_requires_python(matched[2]))]
    if path.name == ".tool-versions":
        matched = re.search(r"^\s*python\s+(\S+)", text, re.MULTILINE)
        if not matched:
            raise toolkit.Refused(f"{path.name} names no Python version")
        return [(matched[1], _spec(matched[1]))]
    lines = [line.strip() for line in text.splitlines()]
    return [(line, _spec(line)) for line in lines if line and not line.startswith("#")]


# Where interpreters are.


def _interpreters(searched: dict[str, Any]) -> Iterator[list[Found]]:
    """The machine's interpreters, the newest first: those whose folder says their version, then those that say it."""
    for candidates in (_in_folders(searched["folders"]), _programs(searched["programs"])):
        found: dict[Version, Found] = {}
        for version, program in candidates:
            found.setdefault(version, Found(version, program))
        yield [found[version] for version in sorted(found, reverse=True)]


def _in_folders(folders: list[str]) -> Iterator[tuple[Version, Path]]:
    """A folder for each version: Python/3.12.1/x64 (runners), 3.12.1 (pyenv), cpython-3.12.1-linux-x86_64-gnu (uv)."""
    for base in map(Path, folders):
        for home in sorted(base.iterdir()) if base.is_dir() else []:
            version = _named_version(home.name)
            for place in (home, *sorted(home.glob("*"))) if version else ():
                if version and (place / "bin" / "python3").exists():
                    yield version, place / "bin" / "python3"
                    break


def _programs(folders: list[str]) -> Iterator[tuple[Version, Path]]:
    for base in map(Path, folders):
        for program in sorted(base.glob("python3*")) if base.is_dir() else []:
            if re.match(r"python3(\.\d+t?)?\Z", program.name):
                answer = ask(program)
                if answer:
                    yield answer, program


def _named_version(name: str) -> Version | None:
    matched = re.match(r"(?:cpython-)?(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)(\+?freethreaded)?(?:-.*)?\Z", name)
    try:
        return parse_version(matched[1] + ("t" if matched[2] else "")) if matched else None
    except ValueError:
        return None


ASK = """
import ssl, sys, sysconfig
words = {"final": "", "alpha": "a%d", "beta": "b%d", "candidate": "rc%d"}[sys.version_info[3]]
pre = words % sys.version_info[4] if words else ""
print("%d.%d.%d" % sys.version_info[:3] + pre + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""))
"""


def ask(program: Path) -> Version | None:
    """The version that a program says it is, or None where it doesn't run here (or is a shim for nothing)."""
    try:
        done = subprocess.run(
            [str(program), "-I", "-c", ASK],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=30,
            check=False,
        )
        return parse_version(done.stdout.strip()) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def find(searched: dict[str, Any], spec: Spec, allow_pre: bool) -> Found | None:
    """The interpreter for ``spec``, from the ``folders`` and ``programs`` to look in; None where none fits and runs."""
    return next((found for there in _interpreters(searched) if (found := _choose(there, spec, allow_pre))), None)


def _choose(there: list[Found], spec: Spec, allow_pre: bool) -> Found | None:
    """The newest release that fits and runs here, else a pre-release where it may be one."""
    finals = [each for each in there if spec.allows(each.version) and not each.version.pre]
    previews = [each for each in there if spec.allows(each.version) and each.version.pre]
    for each in finals + (previews if allow_pre or spec.pre else []):
        if ask(each.program) == each.version:
            return each
    return None


def _fetch(text: str, spec: Spec, base: Path) -> Found | None:
    """An interpreter that uv installs from the mirror that the caller's environment names, or None."""
    uv = shutil.which("uv")
    if not uv or not os.environ.get("UV_PYTHON_INSTALL_MIRROR"):
        return None
    target = base / "fetched"
    toolkit.say(f"Fetching Python {text} with uv")
    done = subprocess.run(
        [uv, "--no-config", "python", "install", "--no-bin", "--install-dir", str(target), text],
        check=False,
    )
    if done.returncode:
        return None
    return find({"folders": [str(target)], "programs": []}, spec, True)


# The job's own environment.


def make_environment(found: Found, base: Path, shared: Path) -> Path:
    """A virtual environment over ``found``, with the pip that came with it; its folder.

    pip itself lies in ``shared``, once for all jobs, where a job can use it but
    not replace it: pip leaves alone what is outside its environment.
    """
    home = base / str(found.version) / "x64"
    if (home / "bin" / "python").exists():
        return home
    subprocess.run([str(found.program), "-I", "-m", "venv", "--without-pip", str(home)], check=True)
    tag = f"python{found.version.numbers[0]}.{found.version.numbers[1]}" + ("t" if found.version.threaded else "")
    site = home / "lib" / tag / "site-packages"
    pip = _shared_pip(found, shared)
    if pip is not None:
        (site / "mlops-shared-pip.pth").write_text(str(pip) + "\n", encoding="utf-8")
    for name in ("pip", "pip3", f"pip{found.version.numbers[0]}.{found.version.numbers[1]}"):
        script = home / "bin" / name
        script.write_text(f"#!{home}/bin/python\n{PIP if pip else NO_PIP}", encoding="utf-8")
        script.chmod(0o755)
    return home


PIP = "import sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n"
NO_PIP = "import sys\nsys.exit('pip is not in this environment: the interpreter that it was made from has none.')\n"
"""What a plain ``pip`` runs; never the one further down PATH, which would install into your own Python."""


SOURCES = """
import importlib.util, os
try:
    import ensurepip
    folder = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
    print("\\n".join(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".whl")))
except (ImportError, OSError):
    found = importlib.util.find_spec("pip")
    print(os.path.dirname(found.origin) if found else "")
"""
"""Prints where an interpreter's pip is: the wheels that it carries, else (Debian) the installed package."""


def _shared_pip(found: Found, shared: Path) -> Path | None:
    """The interpreter's pip (and setuptools before 3.12), put in a folder of its own once; None where it has none."""
    target = shared / f"pip-{found.version}"
    if target.exists():
        return target
    done = subprocess.run(
        [str(found.program), "-I", "-c", SOURCES],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    sources = [Path(line) for line in done.stdout.splitlines() if line]
    if done.returncode or not sources:
        return None
    fresh = shared / f".pip-{found.version}-{os.getpid()}-{threading.get_ident()}"
    for source in sources:
        if source.is_dir():
            shutil.copytree(str(source), str(fresh / source.name))
        else:
            shutil.unpack_archive(str(source), str(fresh), "zip")
    try:
        os.rename(str(fresh), str(target))
    except OSError:
        shutil.rmtree(str(fresh), ignore_errors=True)
    return target


def _publish(found: Found, home: Path, update: bool) -> None:
    python = home / "bin" / "python"
    if update:
        toolkit.add_path(home)
        toolkit.add_path(home / "bin")
        for name in ("pythonLocation", "Python_ROOT_DIR", "Python3_ROOT_DIR"):
            toolkit.set_env(name, home)
    toolkit.set_output("python-version", found.version)
    toolkit.set_output("python-path", python)
    toolkit.say(f"Python {found.version} ({found.program})")


def _pip(home: Path, *what: str) -> None:
    done = subprocess.run([str(home / "bin" / "python"), "-m", "pip", "install", *what], check=False)
    if done.returncode:
        raise toolkit.Refused(f"pip install {' '.join(what)} failed")
