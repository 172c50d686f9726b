"""Writes workflows-lib/locks/: every dependency with its hashes, one file an extra, no index named.

Run it by hand when a dependency changes: `.venv/bin/python scripts/lock.py`. What is locked stays as it is unless
`--upgrade` says otherwise, and every file has the versions that the tests run with, those of dev.txt. `--check` says
whether the files still answer to pyproject.toml and to each other, without the network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1] / "workflows-lib"
UV = "uv==0.13.9"
FROM_SOURCE = "pyspark"
"""The one package that its makers publish without a wheel."""
BACKEND = "setuptools>=84,<85"
"""What builds it: files are copied, nothing is compiled."""
HEADER = "# Made by scripts/lock.py for: {wanted}\n"


def wanted() -> dict[str, list[str]]:
    """Each lock file's name with the requirements it answers to."""
    project = tomllib.loads((LIBRARY / "pyproject.toml").read_text(encoding="utf-8"))
    base = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    sets = {name: [*base, *requirements] for name, requirements in extras.items()}
    runtime = [each for requirements in extras.values() for each in requirements]
    sets["dev"] = sorted({*base, *runtime, *project["dependency-groups"]["dev"]})
    sets["uv"] = [UV]
    sets["build"] = [BACKEND]
    return {name: sorted(requirements) for name, requirements in sets.items()}


def header(requirements: list[str]) -> str:
    return HEADER.format(wanted=" ".join(each.replace(" ", "") for each in requirements))


def pins(text: str) -> set[str]:
    """Each `name==version` of a lock file."""
    return set(re.findall(r"(?m)^([A-Za-z0-9._-]+==[^\s;]+)", text))


def compile_lock(requirements: list[str], like: str) -> str:
    """The lock of ``requirements`` with the versions of the lock file's text ``like``, where it has them."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}") or "uv"
    command = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-config",
    ]
    command += ["--no-header", "--no-annotate", "--python-version", "3.11", "--only-binary", ":all:"]
    command += ["--no-binary", FROM_SOURCE, "-"]
    env = {name: value for name, value in os.environ.items() if name not in {"PIP_FIND_LINKS", "UV_FIND_LINKS"}}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "lock.txt"  # uv prefers what stands in the file that it is to write
        target.write_text(like, encoding="utf-8")
        command += ["--output-file", str(target)]
        done = subprocess.run(
            command, input="\n".join(requirements), text=True, capture_output=True, env=env, check=False
        )
        if done.returncode:
            sys.exit(done.stderr)
        return target.read_text(encoding="utf-8")


def stale() -> list[str]:
    """The lock files that do not answer to pyproject.toml, or have other versions than dev.txt."""
    found = []
    locks = {name: LIBRARY / "locks" / f"{name}.txt" for name in wanted()}
    texts = {name: path.read_text(encoding="utf-8") if path.exists() else "" for name, path in locks.items()}
    for name, requirements in wanted().items():
        apart = name == "build" or pins(texts[name]) <= pins(texts["dev"])
        if not texts[name].startswith(header(requirements)) or not apart:
            found.append(name)
    return found


def write(upgrade: bool) -> None:
    sets = wanted()
    like = LIBRARY / "locks" / "dev.txt"
    known = like.read_text(encoding="utf-8") if like.exists() and not upgrade else ""
    for name in ("dev", *(name for name in sets if name != "dev")):  # the others take their versions from it
        text = header(sets[name]) + compile_lock(sets[name], known)
        known = text if name == "dev" else known
        (LIBRARY / "locks" / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"{name}: {len(pins(text))} packages, {hashlib.sha256(text.encode()).hexdigest()[:12]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    arguments = parser.parse_args()
    if not arguments.check:
        write(arguments.upgrade)
    if found := stale():
        print(f"stale: {', '.join(found)}. Run scripts/lock.py.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
