"""`make demo`: one real model through its whole life, in dry runs of the example's own workflow file.

A copy of examples/flight-delay becomes a Git repository of its own, as a
stranger's would be. A push lints, tests, validates and trains; a tag exports,
verifies and bundles what that push trained; a week later the schedule meets
September, and the drift check sends the event that starts a training with the
newer data. Then the five verdicts, how long each stage took, where their reports
are, and the story from the alarm to what became of the new model. The parts are
functions, so that tests/act runs the same.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_actions import verdict

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "flight-delay"
DEMO = ROOT / ".mlops" / "demo"
TAG = "flight-delay@v0.1.0"


@dataclass(frozen=True, slots=True)
class Run:
    """One event of the demo.

    ``follows`` are the runs before, whose artifacts it finds, and whose event it
    may be; ``code`` the exit status that `mlops dry-run` ends with.
    """

    name: str
    title: str
    event: tuple[str, ...]
    follows: tuple[str, ...] = ()
    code: int = 0

    def options(self, folder: Path) -> list[str]:
        """What `mlops dry-run` is told, where each run has a folder of its name in ``folder``."""
        earlier = [part for name in self.follows for part in ("--from", str(folder / name))]
        return [*self.event, *earlier, "--out", str(folder / self.name)]


RUNS = (
    Run("push", "a push to main", ("--event", "push")),
    Run("tag", f"the tag {TAG}", ("--event", "push", "--ref", f"refs/tags/{TAG}"), ("push",)),
    Run("schedule", "a Monday morning", ("--event", "schedule"), ("tag",), code=1),
    Run(
        "retrain",
        "the event that the drift check sends",
        ("--event", "repository_dispatch"),
        ("schedule", "tag"),
        code=1,  # the new model beats the old one and not the gate, whose number neither reaches in September
    ),
)
EXPECTED = {
    "python-ci": "pass",
    "data-validation": "pass",
    "model-training": "pass",
    "edge-release": "pass",
    "drift-check": "fail",  # September truly differs; the check is right to say so
}
DRIFTED = "drift-check fails because September differs from January to August: that is its answer."
GATE = (
    "That gate is a number of August. In a September with so few delays neither model reaches it, "
    "and a training that fails says so: examples/flight-delay/README.md, When September drifts."
)


STORY = "### From alarm to outcome"
"""The heading, in the summary of the training that a drift check started."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage's verdict: its status, its report, and the seconds from its first job's verdict to its last."""

    status: str
    report: Path
    seconds: float


def git(*arguments: str, cwd: Path) -> None:
    settings = ["-c", "user.name=demo", "-c", "user.email=demo@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def make_repository(repository: Path) -> None:
    """The example as a repository of its own in the new folder ``repository``, with its tag."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=EXAMPLE,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = repository / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLE / name, target)
    git("init", "--quiet", "--initial-branch", "main", cwd=repository)
    git("add", "--all", cwd=repository)
    git("commit", "--quiet", "--message", "Flight delays", cwd=repository)
    git("tag", "--annotate", TAG, "--message", TAG, cwd=repository)


def stages(out: Path) -> dict[str, Stage]:
    """The stages that have left a verdict among a dry run's artifacts.

    A stage of several jobs leaves several (python-ci one for its plan, one a leg
    and one for the whole): the one that ended last is the stage's.
    """
    found: dict[str, Stage] = {}
    for name in EXPECTED:
        paths = out.glob("artifacts/*/verdict.json")
        own = [(path, each) for path in paths if (each := verdict.read(path)).stage == name]
        if own:
            seconds = max(each.ended for _, each in own) - min(each.started for _, each in own)
            path, whole = max(own, key=lambda pair: pair[1].ended)
            found[name] = Stage(whole.status.value, path.with_name("report.html"), seconds.total_seconds())
    return found


def told(found: Mapping[str, Stage]) -> list[str]:
    """A line for each of the five stages, and what is to be said of a drift that was found."""
    lines = []
    for name, expected in EXPECTED.items():
        stage = found.get(name)
        if stage is None:
            lines.append(f"{name:<16} missing             expected: {expected}")
            continue
        note = "" if stage.status == expected else f"   expected: {expected}"
        lines.append(f"{name:<16} {stage.status:<6} {stage.seconds:>5.1f} s  {os.path.relpath(stage.report)}{note}")
    if "drift-check" in found and found["drift-check"].status == EXPECTED["drift-check"]:
        lines.append(DRIFTED)
    return lines


def story(out: Path) -> list[str]:
    """What the training's summary tells, from the alarm to what became of the new model; a sentence or two a line."""
    summary = (out / "artifacts" / "model-training-model" / "summary.md").read_text(encoding="utf-8")
    _, _, after = summary.partition(f"{STORY}\n")
    sentences, _, _ = after.partition("\n#")
    text = html.unescape(re.sub(r"<[^>]*>|\\\\(?=\\W)|`", "", sentences))
    return [line for line in text.splitlines() if line.strip()]


def main() -> int:
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    repository = DEMO / "flight-delay"
    make_repository(repository)
    mlops = Path(sys.executable).parent / "mlops"
    found: dict[str, Stage] = {}
    as_expected = True
    began = time.monotonic()
    for run in RUNS:
        print(f"\n=== {run.title}", flush=True)
        done = subprocess.run([str(mlops), "dry-run", *run.options(DEMO)], cwd=repository, check=False)
        as_expected &= done.returncode == run.code
        found = stages(DEMO / run.name) | found  # of a stage that runs at every event, the first

    print("\n=== five verdicts", *told(found), sep="\n")
    print("\n=== from alarm to outcome", *story(DEMO / RUNS[-1].name), GATE, sep="\n")
    print(f"\nAll four events, with what is around the stages: {time.monotonic() - began:.0f} s.")
    return 0 if as_expected and {name: stage.status for name, stage in found.items()} == EXPECTED else 1


if __name__ == "__main__":
    sys.exit(main())
