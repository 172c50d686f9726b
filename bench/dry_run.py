"""What a dry run costs beside the bare commands.

`smallest`: a job of one step, `true`. `matrix`: python-ci over four versions of a small project, against the same
install, lint and test by hand in four environments made by uv, two at a time (a dry run's number of legs at once on
two cores). Each run in turn; medians and the ratio. Run: `.venv/bin/python bench/dry_run.py [--runs 3]`.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlops_actions.project import interpreters

BIN = Path(sys.executable).parent
WORKFLOWS = {
    "smallest": "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: 'true'\n",
    "matrix": "on: push\npermissions: {contents: read}\njobs:\n  ci:\n"
    "    uses: mlops-actions/mlops-actions/.github/workflows/python-ci.yml@v1\n",
}
FILES = {
    "Makefile": "install:\n\tpython -m pip install -r requirements.txt\n\n"
    "lint:\n\tpylint --disable=R,C hello.py\n\ntest:\n\tpython -m pytest -q test_hello.py\n",
    "requirements.txt": "pylint\npytest\n",
    "hello.py": "def add(a, b):\n    return a + b\n",
    "test_hello.py": "from hello import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
}


def repository(folder: Path, workflow: str, versions: list[str]) -> None:
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "mlops.yaml").write_text(f"ci: {{python-versions: {versions}}}\n", encoding="utf-8")
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / ".github/workflows/ci.yml").write_text(WORKFLOWS[workflow], encoding="utf-8")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-qm", "x"], cwd=folder, check=True)


def dry_run(folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run([str(BIN / "mlops"), "dry-run"], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


def bare(folder: Path, pythons: list[Path]) -> float:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as temp, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(lambda python: leg(folder, Path(temp) / python.parent.parent.name, python), pythons))
    return time.perf_counter() - began


def leg(folder: Path, place: Path, python: Path) -> None:
    shutil.copytree(folder, place)
    subprocess.run([str(BIN / "uv"), "venv", "-q", "--seed", "--python", str(python), str(place / "venv")], check=True)
    env = {**os.environ, "PATH": f"{place / 'venv/bin'}{os.pathsep}{os.environ['PATH']}"}
    for target in ("install", "lint", "test"):
        subprocess.run(["make", target], cwd=place, env=env, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    found = dict(list(interpreters.find_all().items())[-4:])
    versions = list(found)
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; Python {', '.join(versions)}")
    with tempfile.TemporaryDirectory() as temp:
        for name in WORKFLOWS:
            repository(Path(temp) / name, name, versions)
            dry_run(Path(temp) / name)
        smallest = [dry_run(Path(temp) / "smallest") for _ in range(runs)]
        print(f"smallest job: {statistics.median(smallest):.2f} s")
        pairs = []
        for _ in range(runs):
            pairs.append((dry_run(Path(temp) / "matrix"), bare(Path(temp) / "matrix", list(found.values()))))
        ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"matrix of {len(found)}: dry run {ours:.1f} s, bare {theirs:.1f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
