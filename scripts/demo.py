"""`make demo`: one real model through its whole life, in dry runs of the example's own workflow file.

A copy of examples/flight-delay becomes a Git repository of its own, as a
stranger's would be. A push lints, tests, validates and trains; a tag exports,
verifies and bundles what that push trained; a week later the schedule meets
September. Then the five verdicts, where their reports are, and the seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / ".mlops" / "demo"
TAG = "flight-delay@v0.1.0"

RUNS = (
    ("push", "a push to main", ["--event", "push"]),
    ("tag", f"the tag {TAG}", ["--event", "push", "--ref", f"refs/tags/{TAG}", "--from", "push"]),
    ("schedule", "a Monday morning", ["--event", "schedule", "--from", "tag"]),
)
EXPECTED = {
    "python-ci": "pass",
    "data-validation": "pass",
    "model-training": "pass",
    "edge-release": "pass",
    "drift-check": "fail",  # September truly differs; the check is right to say so
}


def git(*arguments: str, cwd: Path) -> None:
    settings = ["-c", "user.name=demo", "-c", "user.email=demo@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def make_repository() -> Path:
    """The example as a repository of its own, with its tag."""
    repository = DEMO / "flight-delay"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT / "examples" / "flight-delay",
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = repository / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "examples" / "flight-delay" / name, target)
    git("init", "--quiet", "--initial-branch", "main", cwd=repository)
    git("add", "--all", cwd=repository)
    git("commit", "--quiet", "--message", "Flight delays", cwd=repository)
    git("tag", "--annotate", TAG, "--message", TAG, cwd=repository)
    return repository


def verdicts(out: Path) -> dict[str, tuple[str, Path]]:
    """stage -> (status, report) of every verdict among a dry run's artifacts."""
    found: dict[str, tuple[str, Path]] = {}
    for path in sorted(out.glob("artifacts/*/verdict.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["stage"] in EXPECTED:  # python-ci's own comes before those of its plan and legs
            found.setdefault(data["stage"], (data["status"], path.with_name("report.html")))
    return found


def main() -> int:
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    repository = make_repository()
    mlops = Path(sys.executable).parent / "mlops"
    found: dict[str, tuple[str, Path]] = {}
    seconds = {}
    for name, title, arguments in RUNS:
        print(f"\n=== {title}", flush=True)
        began = time.monotonic()
        resolved = [
            str(DEMO / each) if each in ("push", "tag") and arguments[at - 1] == "--from" else each
            for at, each in enumerate(arguments)
        ]
        subprocess.run([str(mlops), "dry-run", *resolved, "--out", str(DEMO / name)], cwd=repository, check=False)
        seconds[name] = time.monotonic() - began
        found |= verdicts(DEMO / name)

    print("\n=== five verdicts")
    for stage, expected in EXPECTED.items():
        status, report = found.get(stage, ("missing", Path()))
        note = "" if status == expected else f"   expected: {expected}"
        print(f"{stage:<16} {status:<8} {os.path.relpath(report) if report.name else ''}{note}")
    print("drift-check fails because September differs from January to August: that is its answer.")
    print(
        "  ".join(f"{name} {each:.0f} s" for name, each in seconds.items()) + f"  in all {sum(seconds.values()):.0f} s"
    )
    return 0 if {stage: status for stage, (status, _) in found.items()} == EXPECTED else 1


if __name__ == "__main__":
    sys.exit(main())
