"""What `make demo` says at its end: five verdicts, how long each stage took, and no more than was found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import demo
import pytest

from mlops_actions import verdict
from mlops_actions.verdict import Check, Status, Verdict

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def keep(out: Path, artifact: str, stage: str, status: str, starts: float, ends: float) -> None:
    """An artifact with a verdict, whose stage ran from ``starts`` to ``ends`` seconds past noon."""
    folder = out / "artifacts" / artifact
    folder.mkdir(parents=True)
    begin, end = NOON + timedelta(seconds=starts), NOON + timedelta(seconds=ends)
    made = Verdict(stage, Status(status), (Check("r", Status(status), "so it is"),), begin, end)
    (folder / "verdict.json").write_text(verdict.dumps(made), encoding="utf-8")


def test_a_stage_of_several_jobs_takes_from_its_first_to_its_last(tmp_path: Path) -> None:
    keep(tmp_path, "python-ci-plan", "python-ci", "pass", 0, 0.5)
    keep(tmp_path, "python-ci-leg-3.12", "python-ci", "fail", 2, 30)
    keep(tmp_path, "python-ci", "python-ci", "warn", 31, 31.25)
    keep(tmp_path, "drift-check", "drift-check", "pass", 40, 42)
    found = demo.stages(tmp_path)
    assert {name: (each.status, each.seconds) for name, each in found.items()} == {
        "python-ci": ("warn", 31.25),
        "drift-check": ("pass", 2.0),
    }
    assert found["python-ci"].report == tmp_path / "artifacts/python-ci/report.html"


@pytest.mark.parametrize(("status", "is_said"), [("fail", True), ("pass", False), ("missing", False)])
def test_why_drift_check_fails_is_said_where_it_failed(tmp_path: Path, status: str, is_said: bool) -> None:
    for at, (name, expected) in enumerate(demo.EXPECTED.items()):
        if name != "drift-check":
            keep(tmp_path, name, name, expected, at, at + 1.5)
        elif status != "missing":
            keep(tmp_path, name, name, status, at, at + 1.5)
    lines = demo.told(demo.stages(tmp_path))
    assert (demo.DRIFTED in lines) is is_said
    assert [line.split()[:2] for line in lines[:5]] == [
        [name, status if name == "drift-check" else expected] for name, expected in demo.EXPECTED.items()
    ]
    assert ["1.5 s" in line for line in lines[:5]] == [True] * 4 + [status != "missing"]
    assert ("expected: fail" in lines[4]) is not is_said
