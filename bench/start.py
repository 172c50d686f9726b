"""How long a person waits for an answer that needs no work: whole processes, medians.

`help`: `mlops --help`. `list`: `mlops dry-run --list` in a copy of the example. `small`: `mlops validate` of a
contract of three columns against 178 rows of CSV. Run: `.venv/bin/python bench/start.py [--runs 11]`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MLOPS = Path(sys.executable).with_name("mlops")
CONTRACT = """apiVersion: v3.2.0
kind: DataContract
id: small
version: 1.0.0
status: active
schema:
  - name: wine
    properties:
      - {name: alcohol, logicalType: number, required: true, logicalTypeOptions: {minimum: 0, maximum: 100}}
      - {name: hue, logicalType: number, logicalTypeOptions: {minimum: 0}}
      - {name: grape, logicalType: string, required: true, logicalTypeOptions: {pattern: "^[a-z]+$"}}
"""


def timed(arguments: list[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run([str(MLOPS), *arguments], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


def repository(folder: Path) -> None:
    """The example as a repository of its own."""
    subprocess.run(["cp", "-r", str(ROOT / "examples" / "flight-delay"), str(folder)], check=True)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


def small(folder: Path) -> None:
    folder.mkdir()
    (folder / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    rows = "".join(f"{11 + index % 40 / 10},{index % 17 / 10},merlot\n" for index in range(178))
    (folder / "wine.csv").write_text("alcohol,hue,grape\n" + rows, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as temp:
        repository(Path(temp) / "example")
        small(Path(temp) / "small")
        calls = {
            "help": (["--help"], Path(temp)),
            "list": (["dry-run", "--list"], Path(temp) / "example"),
            "small": (["validate", "--contract", "c.yaml", "--data", "wine.csv"], Path(temp) / "small"),
        }
        for name, (arguments, folder) in calls.items():
            timed(arguments, folder)  # the first run compiles Python's files
            seconds = [timed(arguments, folder) for _ in range(runs)]
            print(f"{name}: {statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")


if __name__ == "__main__":
    main()
