"""data-validation.yml on a pull request: the contract beside that of the base, and the rows that break a rule kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlops_actions.verdict import Status

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: departures
version: 1.0.0
status: active
schema:
  - name: departures
    logicalType: object
    properties:
      - {name: carrier, logicalType: string, required: true}
      - {name: hour, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 23}}
"""
WIDER = CONTRACT.replace("maximum: 23", "maximum: 24")
PROJECT = {
    "mlops.yaml": "data: {contract: contracts/departures.odcs.yaml, path: data}\n",
    "contracts/departures.odcs.yaml": CONTRACT,
    "data/day=1/a.csv": "carrier,hour\nA,1\nB,99\n,2\n",
}
JOBS: dict[str, Any] = {
    "breaks": ("data-validation", {"working-directory": "breaks"}),
    "steps": ("data-validation", {"working-directory": "steps", "quarantine": True, "accepted": True}),
    "new": ("data-validation", {"working-directory": "new"}),
}


@pytest.fixture(scope="module")
def ran(repository: Callable[..., Any], calls: Callable[..., str]) -> Any:
    """A dry run of a pull request, whose branch changes contracts."""
    workflow = json.loads(calls(JOBS)) | {"on": ["push", "pull_request"]}
    files = {f"{name}/{path}": content for name in ("breaks", "steps") for path, content in PROJECT.items()}
    made = repository({**files, ".github/workflows/ci.yml": json.dumps(workflow)})
    made.git("checkout", "--quiet", "-b", "wider")
    for name in ("breaks", "steps", "new"):
        contract = WIDER if name == "breaks" else WIDER.replace("1.0.0", "2.0.0")
        for path, content in {**PROJECT, "contracts/departures.odcs.yaml": contract}.items():
            file = made.root / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content if name == "steps" else content.replace("B,99\n,2\n", "B,3\n"))
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "Wider")
    return made.dry_run("--event", "pull_request", "--ref", "refs/heads/wider")


def test_a_breaking_change_without_a_major_version_fails(ran: Any) -> None:
    assert ran.of("breaks") == {"Validate": "failure", "breaks": "failure"}
    found = ran.broken("breaks")
    assert set(found) == {"contract.departures.hour.maximum"}
    assert "it asks for a major step, 2.0.0" in found["contract.departures.hour.maximum"].message
    assert "breaks/contracts/departures.odcs.yaml" in {row["file"] for row in ran.annotations("breaks")}


def test_one_with_its_version_passes_and_says_which_was_due(ran: Any) -> None:
    checks = {check.rule: check for check in ran.judged("steps").checks}
    assert checks["contract.departures.hour.maximum"].status is Status.PASS
    assert "a major step is due" in checks["contract.changes"].message


def test_a_contract_that_is_new_is_compared_with_nothing(ran: Any) -> None:
    checks = {check.rule: check for check in ran.judged("new").checks}
    assert "the contract is new" in checks["contract.changes"].message
    assert ran.outputs["new"]["verdict"] == "pass"


def test_rows_are_kept_where_they_are_asked_for(ran: Any) -> None:
    outputs = ran.outputs["steps"]
    assert (outputs["quarantined-rows"], outputs["quarantine-artifact"]) == ("2", "steps-quarantine")
    assert outputs["accepted-artifact"] == "steps-accepted"
    rows = (ran.artifact("steps-quarantine") / "day=1/a.csv").read_text().splitlines()
    assert rows[0] == "carrier,hour,broken_rules"
    assert [row.split(",")[1] for row in rows[1:]] == ["99", "2"]
    assert (ran.artifact("steps-accepted") / "day=1/a.csv").read_text() == "carrier,hour\nA,1\n"
    assert "breaks-quarantine" not in ran.artifacts
