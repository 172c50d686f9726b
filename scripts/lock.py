"""Writes workflows-lib/locks/: every dependency with its hashes, one file an extra, no index named.

Run it by hand when a dependency changes: `.venv/bin/python scripts/lock.py [extra ...]`.
`--check` says whether the files still answer to pyproject.toml, without the network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1] / "workflows-lib"
UV = "uv==0.13.9"
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
    return {name: sorted(requirements) for name, requirements in sets.items()}


def header(requirements: list[str]) -> str:
    return HEADER.format(wanted=" ".join(each.replace(" ", "") for each in requirements))


def compile_lock(requirements: list[str]) -> str:
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
    command += ["--no-header", "--no-annotate", "--python-version", "3.11", "--only-binary", ":all:", "-"]
    env = {name: value for name, value in os.environ.items() if name not in {"PIP_FIND_LINKS", "UV_FIND_LINKS"}}
    done = subprocess.run(command, input="\n".join(requirements), text=True, capture_output=True, env=env, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extra", nargs="*")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    stale = []
    for name, requirements in wanted().items():
        path = LIBRARY / "locks" / f"{name}.txt"
        if arguments.check:
            if not path.exists() or not path.read_text(encoding="utf-8").startswith(header(requirements)):
                stale.append(name)
        elif not arguments.extra or name in arguments.extra:
            text = header(requirements) + compile_lock(requirements)
            path.write_text(text, encoding="utf-8")
            print(f"{name}: {text.count('==')} packages, {hashlib.sha256(text.encode()).hexdigest()[:12]}")
    if stale:
        print(f"stale: {', '.join(stale)}. Run scripts/lock.py.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
