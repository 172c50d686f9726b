"""What one leg of the matrix leaves for the gate: ``leg.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlops_actions import files, jsonfile, verdict
from mlops_actions.verdict import Status, Verdict

FILE = "leg.json"
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ran:
    """A step as it went. ``seconds`` is 0 where it was not run."""

    name: str
    command: str
    reason: str
    status: Status
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests ended how."""

    passed: int
    failed: int
    skipped: int

    def in_words(self) -> str:
        """``14 passed, 1 failed``."""
        words = [f"{self.passed} passed"]
        words += [f"{self.failed} failed"] if self.failed else []
        words += [f"{self.skipped} skipped"] if self.skipped else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg: the version asked for, the interpreter that ran (None where there was none), and how it went.

    ``coverage`` is in percent.
    """

    python: str
    interpreter: str | None
    steps: tuple[Ran, ...]
    tests: Counts | None
    coverage: float | None
    verdict: Verdict

    def step(self, name: str) -> Ran | None:
        return next((step for step in self.steps if step.name == name), None)

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)


def write(leg: Leg, out: Path) -> None:
    """Write ``leg.json`` into ``out``."""
    data = {
        "python": leg.python,
        "interpreter": leg.interpreter,
        "steps": [asdict(step) for step in leg.steps],
        "tests": asdict(leg.tests) if leg.tests else None,
        "coverage": leg.coverage,
        "verdict": verdict.to_json(leg.verdict),
    }
    files.write_atomic(out / FILE, json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path) -> Leg:
    """The leg in a file that :func:`write` made. Raises ValueError where it holds none, OSError where unreadable."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("is too large")
    data = jsonfile.read(path)
    try:
        return _from_json(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"is not what a leg leaves: {error!r}") from error


def _from_json(data: Mapping[str, Any]) -> Leg:
    tests = data["tests"]
    steps = tuple(
        Ran(
            str(each["name"]), str(each["command"]), str(each["reason"]), Status(each["status"]), float(each["seconds"])
        )
        for each in data["steps"]
    )
    return Leg(
        python=str(data["python"]),
        interpreter=data["interpreter"],
        steps=steps,
        tests=Counts(int(tests["passed"]), int(tests["failed"]), int(tests["skipped"])) if tests else None,
        coverage=float(data["coverage"]) if data["coverage"] is not None else None,
        verdict=verdict.from_json(data["verdict"]),
    )
