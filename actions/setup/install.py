"""Installs the mlops-actions library, hash-locked, into a private environment.

An environment is for a stage, and for the sources that its data is read from:
each is an extra, with a lock file of its own, and all lock files agree.

Runs before anything is installed, so it uses the standard library alone and
runs on Python 3.8. ``plan`` says where the packages are cached; ``install``
makes the environment; ``develop`` (the Makefile's) makes an editable one.

What it must not do: put anything on PATH, read the caller's ``uv.toml``,
``pip.conf``, ``.python-version`` or ``PYTHON*`` variables, or write into the
workspace. What it takes from the environment are the runner's index and
certificate settings; a wrong package from there fails its hash.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "workflows-lib"
OLDEST_UV = (0, 8)
OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)

# Runner-level settings that say where packages come from and whom to trust. Nothing else of UV_*, PIP_* is kept.
KEPT = {
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_SYSTEM_CERTS",
    "UV_NATIVE_TLS", "UV_HTTP_TIMEOUT", "UV_PYTHON_INSTALL_MIRROR", "UV_CACHE_DIR",
    "UV_INSECURE_HOST", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_TRUSTED_HOST",
}  # fmt: skip
CREDENTIALS = re.compile(r"UV_INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD)$")
DROPPED = re.compile(r"(UV|PIP|PYTHON|CONDA|PYENV|VIRTUAL_ENV|POETRY|PDM|__PYVENV)")


# Wheels with their hashes. PySpark's makers publish none: its archive has a hash, too, and what packs it (setuptools,
# which copies files there and compiles nothing) is locked in build.txt.
LOCKED = (
    *("--quiet", "--require-hashes", "--only-binary", ":all:"),
    *("--no-binary", "pyspark", "--build-constraints", str(LIBRARY / "locks" / "build.txt")),
)


class Refused(Exception):
    """What is wrong and what to do, in one sentence each."""


def clean_environment() -> dict[str, str]:
    """The environment that uv and pip run in: the runner's, without what a project may have set."""
    env = {
        key: value
        for key, value in os.environ.items()
        if key in KEPT or CREDENTIALS.match(key) or not DROPPED.match(key)
    }
    env["UV_NO_CONFIG"] = "1"
    env["UV_NO_PROGRESS"] = "1"
    env["PIP_CONFIG_FILE"] = os.devnull
    if "UV_DEFAULT_INDEX" not in env and "UV_INDEX_URL" not in env and env.get("PIP_INDEX_URL"):
        env["UV_DEFAULT_INDEX"] = env["PIP_INDEX_URL"]
    return env


NOT_IN_A_NAME = re.compile(r'["<>|*?:/\\\x00-\x1f\x7f]')  # what upload-artifact refuses
LONGEST_NAME = 200


def check_call(name: str, folder: str) -> None:
    """Refuse what the workflow was called with where a later step would trip over it and not say so by name."""
    found = NOT_IN_A_NAME.search(name)
    mend = "Write letters, digits, dashes, dots and underscores, such as ci-api."
    if found:
        raise Refused(f"input `name`: {name!r} holds {found.group()!r}, and artifacts are named after it. {mend}")
    if not name.strip(" .") or len(name) > LONGEST_NAME:
        raise Refused(f"input `name`: {name[:LONGEST_NAME]!r} is no name for an artifact. {mend}")
    path = Path(os.environ.get("GITHUB_WORKSPACE") or os.getcwd(), folder)
    if not folder or not path.is_dir():
        what = f"{folder!r} is a file" if folder and path.exists() else f"there is no folder {folder!r}"
        raise Refused(
            f"input `working-directory`: {what} in this checkout. Name the project's folder from the repository's "
            "root, `.` for the root itself."
        )


def lock_file(extra: str) -> Path:
    known = {each.stem: each for each in (LIBRARY / "locks").glob("*.txt")}
    if extra not in known or extra in {"uv", "build"}:
        there = sorted(known.keys() - {"uv", "build", "dev", "dryrun"})
        raise Refused(f"extra {extra!r} is not known. There is: {', '.join(there)}.")
    return known[extra]


def lock_files(extras: str) -> dict[str, Path]:
    """The lock file of each extra of a list that spaces or commas part, by its name."""
    return {extra: lock_file(extra) for extra in sorted(set(re.split(r"[\s,]+", extras.strip())))}


def state_dir() -> Path:
    """Where environments and packages go: the runner's temporary folder, emptied by GitHub after each job."""
    base = os.environ.get("MLOPS_SETUP_CACHE") or os.environ.get("RUNNER_TEMP") or tempfile.gettempdir()
    return Path(base) / "mlops-actions"


def package_cache(env: Mapping[str, str]) -> str:
    """Where uv keeps its packages, and itself: the folder that GitHub's cache restores."""
    return os.environ.get("MLOPS_CACHE") or env.get("UV_CACHE_DIR") or str(state_dir() / "packages")


def locks_digest(locks: Mapping[str, Path]) -> str:
    """Changes when what is installed changes."""
    state = hashlib.sha256()
    for name, lock in locks.items():
        state.update(name.encode() + b"\0" + lock.read_bytes())
    return state.hexdigest()[:16]


def library_digest(locks: Mapping[str, Path]) -> str:
    """Changes when the library or what it is installed with changes."""
    state = hashlib.sha256(locks_digest(locks).encode())
    for path in sorted((LIBRARY / "src").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            state.update(str(path.relative_to(LIBRARY)).encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]


def interpreters() -> Iterator[str]:
    """Candidates for the private environment, the likeliest first."""
    yield sys.executable
    versions = [f"3.{minor}" for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1)]
    for tools in filter(None, map(os.environ.get, ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY"))):
        for version in versions:
            for home in sorted(Path(tools, "Python").glob(version + ".*/*"), reverse=True):
                yield str(home / ("python.exe" if os.name == "nt" else "bin/python3"))
    for version in versions:
        yield shutil.which("python" + version) or ""
        for home in sorted((Path.home() / ".pyenv" / "versions").glob(version + ".*"), reverse=True):
            yield str(home / "bin" / "python3")
    yield "/usr/bin/python3"


def find_python() -> str | None:
    """An interpreter that the library runs on, or None: then uv fetches one."""
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return sys.executable
    probe = "import sys, venv; print(sys.version_info[0], sys.version_info[1])"
    for candidate in interpreters():
        if not candidate or not Path(candidate).exists():
            continue
        done = subprocess.run([candidate, "-I", "-c", probe], capture_output=True, text=True, check=False)
        if done.returncode == 0 and OLDEST_PYTHON <= tuple(map(int, done.stdout.split())) <= NEWEST_PYTHON:
            return candidate
    return None


def find_uv(env: Mapping[str, str]) -> str:
    """uv from PATH when recent enough, else from the locked wheel."""
    found = shutil.which("uv")
    if found and uv_version(found, env) >= OLDEST_UV:
        return found
    target = Path(package_cache(env)) / (
        "program-" + hashlib.sha256((LIBRARY / "locks" / "uv.txt").read_bytes()).hexdigest()[:16]
    )
    program = target / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    if not program.exists():
        bootstrap_uv(target, env)
    return str(program)


def uv_version(program: str, env: Mapping[str, str]) -> tuple[int, int]:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, env=env, check=False)
    numbers = re.match(r"uv (\d+)\.(\d+)", done.stdout)
    return (int(numbers.group(1)), int(numbers.group(2))) if numbers else (0, 0)


def bootstrap_uv(target: Path, env: Mapping[str, str]) -> None:
    """uv's wheel, by pip, with its hash."""
    target.parent.mkdir(parents=True, exist_ok=True)
    has_pip = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"
    for python in interpreters():
        if python and Path(python).exists() and run_quietly([python, "-I", "-c", has_pip], env) == 0:
            break
    else:
        raise Refused("neither uv nor pip is on this machine. Install one of them (Debian: python3-pip).")
    fresh = Path(tempfile.mkdtemp(dir=str(target.parent), prefix=".uv-"))
    command = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile", "--target", str(fresh)]
    run([*command, "-r", str(LIBRARY / "locks" / "uv.txt")], env, "uv could not be installed")
    settle(fresh, target)


def run_quietly(command: Sequence[str], env: Mapping[str, str]) -> int:
    return subprocess.run(command, env=env, capture_output=True, check=False).returncode


def run(command: Sequence[str], env: Mapping[str, str], what: str) -> None:
    done = subprocess.run(command, env=env, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Refused(f"{what}:\n{done.stderr.strip()}")


def settle(fresh: Path, target: Path) -> None:
    """Move a finished folder into place; where another process was first, use what it made."""
    try:
        os.rename(str(fresh), str(target))
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(str(fresh), ignore_errors=True)


def environment_folder(locks: Mapping[str, Path]) -> Path:
    return state_dir() / "-".join([*locks, library_digest(locks)])


def make_environment(extras: str, env: Mapping[str, str]) -> tuple[Path, Path]:
    """The private environment for ``extras``; the paths of its ``mlops`` and its interpreter."""
    locks = lock_files(extras)
    target = environment_folder(locks)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        uv = find_uv(env)
        fresh = Path(tempfile.mkdtemp(dir=str(target.parent), prefix=".new-"))
        try:
            fill_environment(uv, fresh, locks.values(), env)
            shutil.copytree(
                str(LIBRARY / "src" / "mlops_actions"),
                str(site_packages(fresh) / "mlops_actions"),
                ignore=shutil.ignore_patterns("__pycache__"),
            )
            write_launcher(fresh)
            settle(fresh, target)
        except BaseException:
            shutil.rmtree(str(fresh), ignore_errors=True)
            raise
    return target / "mlops", interpreter(target)


def fill_environment(uv: str, folder: Path, locks: Iterable[Path], env: Mapping[str, str]) -> None:
    """A virtual environment in ``folder`` with what ``locks`` name, and nothing else."""
    python = find_python() or "3.12"
    run(
        [uv, "venv", "--quiet", "--relocatable", "--allow-existing", "--python", python, str(folder)],
        env,
        "no environment",
    )
    command = [uv, "pip", "install", "--no-deps", *LOCKED, "--python", str(interpreter(folder))]
    command += [word for lock in locks for word in ("-r", str(lock))]
    run(command, env, "the locked packages could not be installed")


def interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_packages(folder: Path) -> Path:
    """Where the environment in ``folder`` keeps its packages."""
    if os.name == "nt":
        return folder / "Lib" / "site-packages"
    return next((folder / "lib").glob("python3.*/site-packages"))


def write_launcher(folder: Path) -> None:
    """``mlops``: isolated (-I), so neither the working directory nor PYTHON* variables are looked at."""
    relative = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    script = f'#!/bin/sh\nexec "$(dirname -- "$0")/{relative}" -I -m mlops_actions "$@"\n'
    path = folder / "mlops"
    path.write_bytes(script.encode())
    path.chmod(0o755)


def plan(extras: str, env: Mapping[str, str]) -> dict[str, str]:
    locks = lock_files(extras)
    # A runner that has a package cache of its own needs no other, and would have all of it sent to GitHub's.
    there = "UV_CACHE_DIR" in env or environment_folder(locks).exists()
    key = "-".join(["mlops-actions", platform.system(), platform.machine(), *locks, locks_digest(locks)])
    return {"cache-dir": package_cache(env), "cache-key": key, "cached": "true" if there else "false"}


def develop(venv: Path, env: Mapping[str, str]) -> None:
    """The maintainers' environment: the library editable, with the tools of ``make lint`` and ``make test``."""
    uv = find_uv(env)
    run(
        [uv, "venv", "--quiet", "--allow-existing", "--python", find_python() or "3.12", str(venv)],
        env,
        "no environment",
    )
    command = [uv, "pip", "sync", *LOCKED, "--python", str(interpreter(venv)), str(lock_file("dev"))]
    run(command, env, "the locked packages could not be installed")
    (site_packages(venv) / "mlops_actions.pth").write_text(str(LIBRARY / "src") + "\n", encoding="utf-8")
    program = interpreter(venv).parent / "mlops"
    program.write_text(f'#!/bin/sh\nexec "{interpreter(venv)}" -I -m mlops_actions "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def write_outputs(outputs: Mapping[str, str]) -> None:
    """As step outputs; the values are paths and digests made here, one line each."""
    lines = "".join(f"{name}={value}\n" for name, value in outputs.items())
    if os.environ.get("GITHUB_OUTPUT"):
        with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
            file.write(lines)
    else:
        sys.stdout.write(lines)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Install the mlops-actions library into a private environment.")
    parser.add_argument("what", choices=["plan", "install", "develop"])
    parser.add_argument("--extra", default=os.environ.get("MLOPS_EXTRA") or "ci")
    parser.add_argument("--venv", default=".venv", help="where `develop` makes its environment")
    arguments = parser.parse_args(argv)
    env = clean_environment()
    try:
        if arguments.what == "plan":
            check_call(os.environ.get("MLOPS_NAME", "mlops"), os.environ.get("MLOPS_FOLDER", "."))
            write_outputs(plan(arguments.extra, env))
        elif arguments.what == "develop":
            develop(Path(arguments.venv).resolve(), env)
        else:
            env["UV_CACHE_DIR"] = package_cache(env)
            mlops, python = make_environment(arguments.extra, env)
            write_outputs({"mlops": mlops.as_posix(), "python": python.as_posix()})
    except Refused as refused:
        message = str(refused)
        encoded = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
        print("::error title=mlops-actions::" + encoded if in_actions else "error: " + message, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
