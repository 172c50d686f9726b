"""Private values: a failing run of every kind of rule leaves none of them in any byte that it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

SECRETS = ("Xyzzy-Quux", "2718281828", "1931-07-05")
"""A text, a number and a date that stand in private columns and nowhere else."""

CONTRACT = """\
version: 1.0.0
kind: DataContract
apiVersion: v3.2.0
id: a-contract
status: active
slaProperties:
  - {property: latency, value: 1, unit: d, element: people.born}
  - {property: retention, value: 1, unit: d, element: people.born}
schema:
  - name: people
    quality:
      - {metric: duplicateValues, arguments: {properties: [name, salary]}, mustBe: 0}
      - {type: sql, query: "SELECT max(salary) FROM {object}", mustBe: 0}
      - {type: sql, query: "SELECT max(name) FROM {object}", mustBe: nobody}
      - {type: sql, query: "SELECT max(t.salary) FROM (SELECT * FROM {object}) AS t", mustBeLessThan: 5}
      - {type: sql, query: "SELECT CAST(name AS INTEGER) FROM {object}", mustBe: 0}
      - {type: sql, query: "SELECT count(*) FROM {object} WHERE salary > 1", mustBe: 0}
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - name: name
        logicalType: string
        classification: confidential
        unique: true
        enum: [{value: nobody}]
        logicalTypeOptions: {maxLength: 2, pattern: "^z$", format: email}
        relationships: [{to: known.name}]
        quality:
          - {metric: invalidValues, arguments: {validValues: [nobody]}, mustBe: 0}
          - {metric: missingValues, arguments: {missingValues: [none]}, mustBe: 3}
          - {metric: nullValues, unit: percent, mustBe: 90}
          - {metric: duplicateValues, mustBe: 0}
      - name: salary
        logicalType: integer
        tags: [PII]
        logicalTypeOptions: {maximum: 1, multipleOf: 7}
      - name: born
        logicalType: date
        classification: restricted
        logicalTypeOptions: {minimum: "2000-01-01"}
      - {name: home, logicalType: integer, tags: [personal]}
  - name: known
    properties: [{name: name, logicalType: string}]
"""

ROW = "Xyzzy-Quux,2718281828,1931-07-05,Xyzzy-Quux lane"


def run(root: Path, *arguments: str) -> bytes:
    """What a run says and writes: every byte of it."""
    summary = root / "summary.md"
    command = [sys.executable, "-m", "mlops_actions", "validate", "--contract", "contract.yaml", *arguments]
    env = os.environ | {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(root / "o")}
    ended = subprocess.run(command, cwd=root, env=env, capture_output=True, check=False)
    assert ended.returncode == 1, ended.stderr.decode()
    written = [path for path in (root / ".mlops").rglob("*") if path.is_file()]
    assert {"verdict.json", "report.html", "profile.json"} <= {path.name for path in written}
    names = "\n".join(str(path) for path in written).encode()
    files = b"\n".join(path.read_bytes() for path in (*written, summary, root / "o"))
    return b"\n".join([ended.stdout, ended.stderr, names, files])


@pytest.fixture
def people(tmp_path: Path) -> Path:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    (tmp_path / "known.csv").write_text("name\nnobody\n")
    lines = [f"{number},{ROW}" for number in (1, 2, 2)]
    torn = ["4,Xyzzy-Quux,2718281828", f"5,{ROW},too,many", '6,"Xyzzy-Quux" 2718281828,1,1931-07-05,x']
    (tmp_path / "people.csv").write_text("\n".join(["id,name,salary,born,home", *lines, *torn]) + "\n")
    return tmp_path


def test_no_byte_of_a_failing_run_has_a_private_value(people: Path) -> None:
    said = run(people, "--data", "people=people.csv", "--data", "known=known.csv", "--json", "--quarantine", ".mlops/q")
    for part in ("people.name.enum", "people.born.minimum", "people.salary.maximum", "people.name.relationships"):
        assert f'"{part}"'.encode() in said
    for part in (*SECRETS, "Xyzzy-", "27182818"):
        assert part.encode() not in said, part
    assert b"private:" in (people / ".mlops/q/people/people.csv").read_bytes()
    assert b"do not parse" in said


def test_no_byte_has_a_private_value_of_a_parquet_file(people: Path) -> None:
    with duckdb.connect() as connection:
        rows = f"(VALUES {', '.join(['(1, ?, 2718281828::BIGINT, DATE ' + chr(39) + '1931-07-05' + chr(39) + ', 1.5)'] * 2)})"
        select = f"SELECT * FROM {rows} AS t(id, name, salary, born, home)"  # noqa: S608
        connection.execute(f"COPY ({select}) TO '{people}/people.parquet'", ["Xyzzy-Quux"] * 2)
    data = ("--data", "people=people.parquet", "--data", "known=known.csv")
    said = run(people, *data, "--quarantine", ".mlops/q")
    for part in SECRETS:
        assert part.encode() not in said, part
    quarantine = (people / ".mlops/q/people/people.parquet").read_bytes()
    assert not any(part.encode() in quarantine for part in SECRETS)


def test_a_column_is_shown_where_it_is_asked_for_by_name(people: Path) -> None:
    data = ("--data", "people=people.csv", "--data", "known=known.csv")
    said = run(people, *data, "--reveal", "people.born")
    assert b"1931-07-05" in said
    assert b"Xyzzy-" not in said


def test_what_is_inside_of_a_nested_column_makes_the_column_private(tmp_path: Path) -> None:
    contract = (
        CONTRACT[: CONTRACT.index("slaProperties")]
        + """\
schema:
  - name: people
    properties:
      - name: person
        logicalType: object
        required: true
        unique: true
        properties:
          - {name: mail, logicalType: string, classification: restricted, logicalTypeOptions: {maxLength: 2}}
      - {name: all, logicalType: array, items: {logicalType: string, tags: [pii]}, logicalTypeOptions: {maxItems: 1}}
"""
    )
    (tmp_path / "contract.yaml").write_text(contract)
    row = "SELECT {'mail': 'Xyzzy-Quux'} AS person, ['Xyzzy-Quux', 'Xyzzy-Quux'] AS \"all\""
    duckdb.sql(f"COPY ({row} UNION ALL {row}) TO '{tmp_path}/people.parquet'")
    said = run(tmp_path, "--data", "people.parquet", "--quarantine", ".mlops/q")
    assert b"people.person.unique" in said
    assert b"people.all.maxItems" in said
    assert b"Xyzzy-" not in said
