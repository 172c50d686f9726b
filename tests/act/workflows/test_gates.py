"""The checks to require, seen to fail: workflows that somebody broke, given to the dry run through `--library`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions import yamlfile
from mlops_actions.verdict import Status

LIBRARY = Path(__file__).resolve().parents[3]
PYTHON_CI = ".github/workflows/python-ci.yml"
WORKFLOWS = ("python-ci", "data-validation", "model-training", "drift-check", "edge-release")
WAYS = ("fails", "skipped", "cancelled")
"""What befalls the first job of a workflow that is called as `<workflow>-<way>`."""

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
    for name in WORKFLOWS:
        path = copied / ".github/workflows" / f"{name}.yml"
        path.write_text(json.dumps(broken(name, yamlfile.load(path).data)))
    return copied


def broken(name: str, workflow: dict[str, Any]) -> dict[str, Any]:
    """The workflow, where the name that it is called by breaks its first job before that does anything."""
    first = next(job for job in workflow["jobs"].values() if "needs" not in job)
    assert "if" not in first
    first["if"] = f"inputs.name != '{name}-skipped'"
    first["steps"][:0] = [
        {"if": f"inputs.name == '{name}-{way}'", "run": run, "shell": "bash", "working-directory": "."}
        for way, run in (("fails", "exit 1"), ("cancelled", "sleep 86400"))
    ]
    return workflow


@pytest.fixture(scope="module")
def ran(repository: Callable[..., Any], calls: Callable[..., str], library: Path) -> Any:
    jobs: dict[str, Any] = {name: ("python-ci", LEG) for name in (*BROKEN, "untouched")}
    for name in WORKFLOWS:
        for way in WAYS:
            # A job that takes too long is cancelled: there is no other way to cancel one from within a run.
            inputs = {"timeout-minutes": 0.02} if way == "cancelled" else {}
            jobs[f"{name}-{way}"] = (name, inputs)
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


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_gate_fails_for_a_job_that_failed_was_skipped_or_cancelled(ran: Any, name: str, way: str) -> None:
    job, result = f"{name}-{way}", {"fails": "failure", "skipped": "skipped", "cancelled": "cancelled"}[way]
    of = ran.of(job)
    assert (next(iter(of.values())), of[job]) == (result, "failure"), "the first job, and the gate"
    assert "success" not in of.values()
    assert ran.outputs[job]["verdict"] == ("fail" if name == "python-ci" else "")
    assert result in str(ran.annotations(f"{job} / {job}"))


def test_what_needs_a_gate_that_failed_does_not_run(ran: Any) -> None:
    assert ran.of("after") == {} and ran.jobs["after"] == "skipped"
