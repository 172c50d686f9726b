"""The gate is green only when every job it needs succeeded."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

GATE = Path(__file__).resolve().parents[3] / "actions/gate-jobs/gate.sh"


def gate(results: dict[str, str], may_skip: str = "[]") -> tuple[int, str]:
    needs = json.dumps({name: {"result": result, "outputs": {}} for name, result in results.items()})
    done = subprocess.run(
        ["bash", str(GATE)],
        env={**os.environ, "MLOPS_NEEDS": needs, "MLOPS_MAY_SKIP": may_skip},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_success_alone_passes() -> None:
    assert gate({"a": "success", "b": "success"})[0] == 0


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_anything_else_fails_and_is_named(result: str) -> None:
    status, printed = gate({"a": "success", "train": result})
    assert status == 1
    assert f"`train` {result}" in printed


def test_a_gate_over_nothing_proves_nothing() -> None:
    assert gate({})[0] == 1


def test_a_job_that_was_switched_off_may_be_skipped_but_not_fail() -> None:
    assert gate({"a": "success", "publish": "skipped"}, '["publish"]')[0] == 0
    assert gate({"a": "success", "publish": "failure"}, '["publish"]')[0] == 1
    assert gate({"a": "skipped", "publish": "skipped"}, '["publish"]')[0] == 1
