"""How long actions/setup takes and how large its environments are, for each extra.

`cold`: no cache at all, uv from its wheel. `warm`: the packages and uv are in the cache, the environment is not.
`again`: a second setup in the same job. Run: `.venv/bin/python bench/setup.py [--runs 3]`.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETUP = ROOT / "actions" / "setup" / "setup.sh"
EXTRAS = ("ci", "data", "drift", "training", "export", "release")


def timed(extra: str, temp: Path, home: Path) -> float:
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UV_", "VIRTUAL_ENV", "XDG_CACHE")) and name != "GITHUB_OUTPUT"
    }
    # As on a runner: without this environment's own programs, so that uv comes from its wheel, and without pyenv's
    # shims, which take 50 ms before they start a Python.
    kept = [each for each in env["PATH"].split(os.pathsep) if not (Path(each) / "uv").exists()]
    path = os.pathsep.join(each for each in kept if Path(each).name != "shims")
    env |= {"MLOPS_EXTRA": extra, "RUNNER_TEMP": str(temp), "HOME": str(home), "PATH": path}
    began = time.perf_counter()
    subprocess.run(["bash", str(SETUP), "install"], env=env, check=True, capture_output=True, cwd=temp)
    return time.perf_counter() - began


def size(folder: Path) -> float:
    seen: set[int] = set()
    total = 0
    for path in folder.rglob("*"):
        state = path.lstat()
        if path.is_file() and state.st_ino not in seen:
            seen.add(state.st_ino)
            total += state.st_size
    return total / 1e6


def environment(temp: Path, extra: str) -> Path:
    return next((temp / "mlops-actions").glob(f"{extra}-*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("| extra | cold s | warm s | again s | MB |")
    print("|---|---|---|---|---|")
    for extra in EXTRAS:
        figures: dict[str, list[float]] = {"cold": [], "warm": [], "again": []}
        megabytes = 0.0
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                temp, home = Path(folder) / "temp", Path(folder) / "home"
                temp.mkdir()
                home.mkdir()
                figures["cold"].append(timed(extra, temp, home))
                shutil.rmtree(environment(temp, extra))
                figures["warm"].append(timed(extra, temp, home))
                figures["again"].append(timed(extra, temp, home))
                megabytes = size(environment(temp, extra))
        medians = " | ".join(f"{statistics.median(each):.2f}" for each in figures.values())
        print(f"| {extra} | {medians} | {megabytes:.0f} |", flush=True)


if __name__ == "__main__":
    main()
