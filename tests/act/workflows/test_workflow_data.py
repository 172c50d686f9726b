"""data-validation.yml and drift-check.yml, called by strangers' repositories: data that holds, and each way to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

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
      - name: carrier
        logicalType: string
        required: true
      - name: hour
        logicalType: integer
        logicalTypeOptions: {minimum: 0, maximum: 23}
"""
SERVERS = "servers: [{server: lake, type: local, path: 'lake/{model}', format: delta}]\n"
HOUR = 1 + CONTRACT.splitlines().index("        logicalTypeOptions: {minimum: 0, maximum: 23}")
CONFIG = "model: departures\ndata: {contract: contract.yaml, path: 'data/*.csv'}\ndrift: {data: now.csv}\n"


def departures(hours: list[int], carriers: str = "AB") -> str:
    rows = [f"{carriers[index % len(carriers)]},{hour}" for index, hour in enumerate(hours)]
    return "\n".join(["carrier,hour", *rows]) + "\n"


DAY = [hour for hour in range(24) for _ in range(20)]
NIGHT = [hour for hour in (0, 1, 2, 3) for _ in range(120)]
GOOD = {
    "mlops.yaml": CONFIG,
    "contract.yaml": CONTRACT,
    "data/a.csv": departures(DAY),
    "now.csv": departures(DAY[::-1]),
}
PROJECTS: dict[str, dict[str, str | bytes]] = {
    "good": {**GOOD},
    "table": {
        **GOOD,
        "mlops.yaml": CONFIG.replace("data/*.csv", "lake/departures"),
        "contract.yaml": CONTRACT + SERVERS,
    },
    "bad": {**GOOD, "data/b.csv": departures([5, 24, 6, 99, 24, 7])},
    "broken": {**GOOD, "contract.yaml": CONTRACT.replace("logicalType: integer", "logicalType: intger")},
    "drifted": {**GOOD, "now.csv": departures(NIGHT)},
}
JOBS: dict[str, Any] = {
    "good": ("data-validation", {"working-directory": "good", "runs-on": '["self-hosted"]'}),
    "good-never": ("data-validation", {"working-directory": "bad", "fail-on": "never"}),
    "bad": ("data-validation", {"working-directory": "bad"}),
    "broken": ("data-validation", {"working-directory": "broken"}),
    "table": ("data-validation", {"working-directory": "table"}),
    "server": ("data-validation", {"working-directory": "table", "server": "lake"}),
    "truncated": ("data-validation", {"working-directory": "good", "data": "cut.parquet"}),
    "flink": ("data-validation", {"working-directory": "good", "engine": "flink"}),
    "same": ("drift-check", {"working-directory": "good", "reference": "data/a.csv"}),
    "from-profile": ("drift-check", {"working-directory": "drifted", "reference": "artifact:good"}, {"needs": "good"}),
    "no-reference": ("drift-check", {"working-directory": "good", "reference": "nowhere/profile.json"}),
    "no-artifact": ("drift-check", {"working-directory": "good", "reference": "artifact:never-made"}),
    "no-release": ("drift-check", {"working-directory": "good"}),
    "responds": (
        "drift-check",
        {
            **{"working-directory": "drifted", "reference": "data/a.csv"},
            **{"open-issue": True, "retrain-event": "retrain", "history": True},
        },
    ),
}


def truncated_parquet(folder: Path) -> bytes:
    path = folder / "whole.parquet"
    duckdb.sql("SELECT 'A' AS carrier, 5::BIGINT AS hour FROM range(1000)").write_parquet(str(path))
    whole = path.read_bytes()
    return whole[: len(whole) * 2 // 3]


def delta_table(folder: Path) -> dict[str, bytes]:
    """The files of a table of three rows, one of which was deleted."""
    table = folder / "lake" / "departures"
    write_deltalake(str(table), pa.table({"carrier": ["A", "B", "C"], "hour": [1, 99, 3]}))
    DeltaTable(str(table)).delete("hour = 99")
    return {str(each.relative_to(folder)): each.read_bytes() for each in table.rglob("*") if each.is_file()}


@pytest.fixture(scope="module")
def ran(repository: Callable[..., Any], calls: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One dry run of one file: a job for each caller, a folder for each project."""
    files = {f"{name}/{path}": content for name, project in PROJECTS.items() for path, content in project.items()}
    files |= {f"table/{name}": content for name, content in delta_table(tmp_path_factory.mktemp("delta")).items()}
    files["good/cut.parquet"] = truncated_parquet(tmp_path_factory.mktemp("parquet"))
    return repository({**files, ".github/workflows/ci.yml": calls(JOBS)}).dry_run()


def test_the_whole(ran: Any) -> None:
    assert (ran.code, ran.verdict.status) == (1, Status.FAIL)
    good = {job for job in JOBS if ran.of(job)[job] == "success"}
    assert good == {"good", "good-never", "table", "server", "same"}


def test_data_that_holds(ran: Any) -> None:
    assert ran.of("good") == {"Validate": "success", "good": "success"}
    assert ran.outputs["good"] == {
        "verdict": "pass",
        "failed-rules": "[]",
        "report-artifact": "good",
        "profile-artifact": "good",
        "quarantined-rows": "",
        "quarantine-artifact": "",
        "accepted-artifact": "",
    }
    assert ran.kept("good") == {"profile.json"}
    assert ran.annotations("good") == []
    (subject,) = ran.judged("good").subjects
    assert subject.name == "data/a.csv"


@pytest.mark.parametrize("job", ["table", "server"])
def test_what_a_table_needs_is_installed_by_itself(ran: Any, job: str) -> None:
    """The row that was deleted would break a rule."""
    assert ran.of(job) == {"Validate": "success", job: "success"}
    judged = ran.judged(job)
    assert {each.rows for each in judged.checks if each.rows is not None} == {2}
    assert [each.name for each in judged.subjects] == ["lake/departures@v1"]


def test_one_broken_rule_with_its_count(ran: Any) -> None:
    """Three of the six rows of the second file are out of bounds."""
    assert ran.of("bad") == {"Validate": "failure", "bad": "failure"}
    found = ran.broken("bad")
    assert {rule: check.measured for rule, check in found.items()} == {"departures.hour.maximum": 3}
    assert ran.outputs["bad"]["verdict"] == "fail"
    assert json.loads(ran.outputs["bad"]["failed-rules"]) == ["departures.hour.maximum"]
    assert found["departures.hour.maximum"].rows == len(DAY) + 6
    places = {(each["level"], each["file"], each["line"]) for each in ran.annotations("bad") if each["file"]}
    assert places == {("error", "bad/contract.yaml", str(HOUR))}
    assert ran.kept("bad") == {"profile.json"}


def test_rules_that_never_fail_warn(ran: Any) -> None:
    assert ran.of("good-never") == {"Validate": "success", "good-never": "success"}
    assert ran.outputs["good-never"]["verdict"] == "warn"
    assert set(ran.broken("good-never")) == set(ran.broken("bad"))


def test_a_contract_that_is_wrong_judges_nothing(ran: Any) -> None:
    """Exit 2: the place in the contract, the nearest right word, and no verdict."""
    assert ran.of("broken") == {"Validate": "failure", "broken": "failure"}
    (row,) = ran.annotations("broken / Validate")
    line = 1 + CONTRACT.splitlines().index("        logicalType: integer")
    assert (row["level"], row["file"], row["line"]) == ("error", "broken/contract.yaml", str(line))
    assert "intger" in row["message"] and "integer" in row["message"]
    assert set(ran.outputs["broken"].values()) == {""} and "broken" not in ran.artifacts


def test_a_truncated_file_fails_by_name(ran: Any) -> None:
    assert ran.of("truncated") == {"Validate": "failure", "truncated": "failure"}
    assert ran.outputs["truncated"]["verdict"] == "fail"
    checks = ran.judged("truncated").checks
    assert {each.status for each in checks} == {Status.ERROR}  # no rule is said to hold
    assert [each.rule for each in checks if "cut.parquet" in each.message] == ["departures.readable"]
    (row,) = [each for each in ran.annotations("truncated / Validate") if each["file"] == "good/cut.parquet"]
    assert "truncated" in row["message"]


def test_an_engine_that_is_not_built_is_refused_by_name(ran: Any) -> None:
    (row,) = ran.annotations("flink / Validate")
    assert "flink" in row["message"] and "duckdb" in row["message"]
    assert set(ran.outputs["flink"].values()) == {""} and "flink" not in ran.artifacts


def test_data_that_has_not_drifted(ran: Any) -> None:
    assert ran.of("same") == {"Check": "success", "Respond": "skipped", "same": "success"}
    assert ran.outputs["same"] == {
        "verdict": "pass",
        "drifted": "false",
        "drifted-columns": "[]",
        "report-artifact": "same",
    }
    assert ran.kept("same") == {"profile.json"}


def test_data_that_has_drifted_from_the_profile_of_another_job(ran: Any) -> None:
    assert ran.of("from-profile") == {"Check": "failure", "Respond": "skipped", "from-profile": "failure"}
    outputs = ran.outputs["from-profile"]
    assert (outputs["verdict"], outputs["drifted"]) == ("fail", "true")
    assert json.loads(outputs["drifted-columns"]) == ["hour"]
    (check,) = [each for each in ran.judged("from-profile").checks if each.status is Status.FAIL]
    assert check.where.column == "hour" and check.measured > 0.5
    assert [each["level"] for each in ran.annotations("from-profile / Check")].count("error") == 1
    assert all(each["job"].startswith("responds / ") for each in ran.requests)


def test_what_was_switched_on_is_asked_for_and_in_a_dry_run_nothing_is_sent(ran: Any) -> None:
    """The check fails by its own verdict; the caller granted no more than reading, and that starts all the same."""
    assert ran.of("responds") == {"Check": "failure", "Respond": "success", "responds": "failure"}
    assert ran.kept("responds") == {"profile.json", "requests.json"}
    asked = {each["kind"]: each for each in ran.requests if each["job"] == "responds / Respond"}
    assert len(asked) == len(ran.requests) == 3
    assert asked["issue"]["state"] == "drifted" and "`hour`" in asked["issue"]["text"]
    assert asked["repository_dispatch"]["client_payload"]["columns"] == ["hour"]
    assert json.loads(asked["history"]["line"])["drifted"] == ["hour"]
    assert not ran.annotations("responds / Respond"), "there is nothing to do about it"


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("no-reference", ("good/nowhere/profile.json", "no such profile")),
        ("no-artifact", ("never-made",)),
        ("no-release", ("reference", "--from")),
    ],
)
def test_what_cannot_be_checked_judges_nothing(ran: Any, job: str, words: tuple[str, ...]) -> None:
    assert ran.of(job) == {"Check": "failure", "Respond": "skipped", job: "failure"}
    message = " ".join(f"{each['file']} {each['message']}" for each in ran.annotations(f"{job} / Check"))
    assert all(word in message for word in words), message
    assert set(ran.outputs[job].values()) == {""} and job not in ran.artifacts
