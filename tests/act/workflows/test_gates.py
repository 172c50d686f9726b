"""The checks to require, seen to fail: workflows that somebody broke, given to the dry run through `--library`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.verdict import Status

LIBRARY = Path(__file__).resolve().parents[3]
PYTHON_CI, TRAINING = (f".github/workflows/{name}.yml" for name in ("python-ci", "model-training"))

SABOTAGE = {
    PYTHON_CI: [
        # A leg whose job is switched off.
        ("    needs: plan\n", "    needs: plan\n    if: inputs.name != 'leg-skipped'\n"),
        # A leg whose step does not do what it should: it fails before it says anything, or it says nothing and passes.
        (
            """        run: '"$MLOPS" ci run'\n""",
            """        run: if [ "$HOW" = leg-fails ]; then exit 1; elif [ "$HOW" != leg-silent ]; then "$MLOPS" ci run; fi\n""",
        ),
        ("          MLOPS_INPUT_PYTHON: ${{", "          HOW: ${{ inputs.name }}\n          MLOPS_INPUT_PYTHON: ${{"),
        # A leg that passes, and whose job then fails.
        (
            "          name: ${{ inputs.name }}-leg-${{ matrix.python }}\n",
            "          name: ${{ inputs.name != 'leg-fails-late' && inputs.name || '\"' }}-leg-${{ matrix.python }}\n",
        ),
        # A plan that does not come to be.
        ("        run: '\"$MLOPS\" ci plan'\n", '        run: \'[ "$HOW" != plan-fails ] && "$MLOPS" ci plan\'\n'),
        (
            "          MLOPS_INPUT_FAIL_FAST: ${{",
            "          HOW: ${{ inputs.name }}\n          MLOPS_INPUT_FAIL_FAST: ${{",
        ),
    ],
    TRAINING: [("    name: Train\n", "    name: Train\n    if: inputs.name != 'train-skipped'\n")],
}
HERE = f"3.{sys.version_info.minor}"
LEG = {"python-versions": f'["{HERE}"]', "install-command": "true", "lint-command": "true", "test-command": "true"}
BROKEN = ("leg-skipped", "leg-fails", "leg-silent", "leg-fails-late", "plan-fails")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout with its workflows broken."""
    copied = tmp_path_factory.mktemp("library") / "mlops-actions"
    listed = ["git", "ls-files", "-z", "--", ".github/workflows", "actions", "workflows-lib"]
    names = subprocess.run(listed, cwd=LIBRARY, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(LIBRARY / name, copied / name)
    for name, changes in SABOTAGE.items():
        text = (copied / name).read_text()
        for before, after in changes:
            assert text.count(before) == 1, f"{name}: {before!r}"
            text = text.replace(before, after)
        (copied / name).write_text(text)
    return copied


@pytest.fixture(scope="module")
def ran(repository: Callable[..., Any], calls: Callable[..., str], library: Path) -> Any:
    jobs: dict[str, Any] = {name: ("python-ci", LEG) for name in (*BROKEN, "untouched")}
    jobs["train-skipped"] = ("model-training", {})
    jobs["after"] = ("python-ci", LEG, {"needs": "leg-skipped"})
    made = repository({"app.py": "X = 1\n", ".github/workflows/ci.yml": calls(jobs)})
    return made.dry_run("--library", str(library))


def test_what_nobody_broke_passes(ran: Any) -> None:
    assert (ran.code, ran.verdict.status) == (1, Status.FAIL)
    assert ran.of("untouched") == {"Plan": "success", f"Python {HERE}": "success", "untouched": "success"}
    assert ran.outputs["untouched"] == {"verdict": "pass"}


@pytest.mark.parametrize(
    ("job", "plan", "leg"),
    [
        ("leg-skipped", "success", "skipped"),
        ("leg-fails", "success", "failure"),
        ("leg-silent", "success", "success"),
        ("leg-fails-late", "success", "failure"),
        ("plan-fails", "failure", "skipped"),
    ],
)
def test_the_gate_of_python_ci_fails(ran: Any, job: str, plan: str, leg: str) -> None:
    of = ran.of(job)
    assert (of.pop("Plan"), of.pop(job)) == (plan, "failure")
    assert list(of.values()) == [leg]
    assert ran.outputs[job] == {"verdict": "fail"}
    (finding,) = ran.judged(job).findings
    assert finding.rule == ("jobs.plan" if job == "plan-fails" else "leg.verdict")
    assert HERE in finding.message or job == "plan-fails"


def test_the_gate_over_jobs_fails_for_a_job_that_was_skipped(ran: Any) -> None:
    assert ran.of("train-skipped") == {"Train": "skipped", "train-skipped": "failure"}
    assert "`train` skipped" in str(ran.annotations("train-skipped"))
    assert ran.outputs["train-skipped"]["verdict"] == ""


def test_what_needs_a_gate_that_failed_does_not_run(ran: Any) -> None:
    assert ran.of("after") == {} and ran.jobs["after"] == "skipped"
