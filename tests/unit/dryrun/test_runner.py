"""Which legs are cancelled: those that were told to stop, and no other."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlops_actions.dryrun import act
from mlops_actions.dryrun.masking import Masker
from mlops_actions.dryrun.progress import Silent
from mlops_actions.dryrun.records import FileRecord, LegRecord
from mlops_actions.dryrun.report import leg_check
from mlops_actions.dryrun.runner import ActRunner, _Steps
from mlops_actions.dryrun.schedule import Leg


class Started(Exception):
    """The runner came to start a leg."""


def leg() -> Leg:
    nothing: Any = SimpleNamespace(repository="octo/consumer", ref="main")
    return Leg(nothing, nothing, {}, {}, LegRecord(("one",), "one", "ci.yml", 1), 60)


@pytest.fixture
def runner(tmp_path: Path) -> ActRunner:
    """A runner on a machine that says when it is asked to start a leg, and starts none."""

    def numbers() -> Any:
        raise Started
        yield

    machine: Any = SimpleNamespace(sources=None, containers=None, numbers=numbers())
    return ActRunner(machine, tmp_path, "ci")


def test_a_leg_that_is_stopped_before_its_start_never_starts(runner: ActRunner) -> None:
    stopped = leg()
    runner.stop(stopped)
    runner.run(stopped)
    assert stopped.record.result == "cancelled"


def test_a_leg_that_stands_where_a_stopped_one_stood_starts(runner: ActRunner) -> None:
    """When a job fails, its legs are stopped and forgotten; the next leg may get their address."""
    stopped = leg()
    address = id(stopped)
    runner.stop(stopped)
    del stopped
    others: list[Leg] = []
    for _ in itertools.takewhile(lambda _: not others or id(others[-1]) != address, range(1000)):
        others.append(leg())
    with pytest.raises(Started):
        runner.run(others[-1])
    assert others[-1].record.result != "cancelled"


@pytest.mark.parametrize("written", [1, "${{ matrix.minutes }}"])
@pytest.mark.parametrize(("seconds", "reason"), [(60.01, ": it took longer than its `timeout-minutes`, 1"), (59.0, "")])
def test_a_step_that_its_timeout_ended_says_so(tmp_path: Path, written: Any, seconds: float, reason: str) -> None:
    """act ends it without a word; these are the events that it gives then."""
    values = {"matrix": {"minutes": 1}}
    nothing: Any = SimpleNamespace(repository="octo/consumer", ref="main")
    steps = [{"name": "slow", "run": "sleep 600", "timeout-minutes": written}]
    slow = Leg(nothing, nothing, {"steps": steps}, values, LegRecord(("one",), "one", "ci.yml", 1), 60)
    machine: Any = SimpleNamespace(masker=Masker(), progress=Silent())
    taken = _Steps(slow, machine, tmp_path)
    taken.take(act.StepStarted(("0",), "Main", "slow"))
    taken.take(act.StepEnded(("0",), "Main", "failure", seconds))
    slow.record.result = "failure"
    assert leg_check(FileRecord("ci.yml", "CI", "1"), slow.record).message == f"failed at step `slow`{reason}"
