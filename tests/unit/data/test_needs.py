"""Which extras a run's data asks for, and how a call says where its data is: through the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.cli import main

CONTRACT = """
servers:
  - {server: lake, type: s3, location: "s3://b/{model}/", format: %s}
  - {server: live, type: postgres, host: h, port: 5432, database: d, schema: s}
  - {server: here, type: local, path: "d/{model}.csv", format: csv}
schema: [{name: t, properties: [{name: id, required: true}]}]
"""


@pytest.fixture
def project(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in [each for each in os.environ if each.startswith(("MLOPS_INPUT_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    workspace.contract(CONTRACT % "delta")
    workspace.csv("id\n1\n", "d/t.csv")
    workspace.csv("id\n1\n2\n3\n4\n", "e.csv")
    Path("lake/delta/_delta_log").mkdir(parents=True)
    Path("lake/ice/metadata").mkdir(parents=True)
    Path("lake/ice/metadata/v1.metadata.json").touch()
    return workspace


def needs(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["needs", *arguments]) == 0
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        (["--data", "d/t.csv"], ""),
        (["--data", "s3://b/k.csv"], "s3"),
        (["--data", "postgresql://h/d#t"], "postgres"),
        (["--data", "lake/delta"], "delta"),
        (["--data", "lake/delta@v3"], "delta"),
        (["--data", "lake/ice"], "iceberg"),
        (["--data", "t=s3://b/x", "--data", "u=lake/ice"], "iceberg s3"),
        (["--contract", "contract.yaml", "--server", "lake"], "delta s3"),
        (["--contract", "contract.yaml", "--server", "live"], "postgres"),
        (["--contract", "contract.yaml", "--server", "here"], ""),
        (["--contract", "contract.yaml", "--server", "nowhere"], ""),  # validate says what is wrong with it
        (["--data", "d/t.csv", "--engine", "postgres"], "postgres"),
        ([], ""),
    ],
)
def test_the_data_says_what_it_needs(
    project: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], extras: str
) -> None:
    assert needs(capsys, "validate", *arguments) == extras


def test_a_workflow_is_told_in_an_output(
    project: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mlops.yaml").write_text("data: {extras: [iceberg]}\ndrift: {data: 's3://b/now/'}\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", "output")
    assert needs(capsys, "drift") == ""
    assert "iceberg s3" in Path("output").read_text().splitlines()[1], "between its delimiters"


@pytest.mark.parametrize(
    ("reference", "extras"),
    [("s3://b/then/", "s3 spark"), ("lake/ice", "iceberg spark"), ("release:m@v1.0.0", "spark")],
)
def test_a_drift_check_reads_its_reference_and_its_data(
    project: Any, capsys: pytest.CaptureFixture[str], reference: str, extras: str
) -> None:
    Path("mlops.yaml").write_text("drift: {data: d/t.csv, engine: spark}\n")
    assert needs(capsys, "drift", "--reference", reference) == extras


@pytest.mark.parametrize(
    ("path", "extras"), [("lake/delta", "delta"), ("{t: s3://b/t/, u: lake/ice}", "iceberg s3"), ("d/t.csv", "")]
)
def test_a_training_describes_the_data_of_the_configuration(
    project: Any, capsys: pytest.CaptureFixture[str], path: str, extras: str
) -> None:
    """With the engine of its own, whatever the validation's is."""
    Path("mlops.yaml").write_text(f"data: {{engine: spark, path: {path}}}\n")
    assert needs(capsys, "train") == extras


def test_an_extra_that_is_not_there_is_refused(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mlops.yaml").write_text("data: {extras: [icberg]}\n")
    assert main(["needs", "validate"]) == 2
    assert "Did you mean `iceberg`" in capsys.readouterr().err


# Where the data is


def rows(project: Any, *arguments: str) -> Any:
    """The rows that a validation came to, or its exit status where nothing was judged."""
    code = main(["validate", "--contract", "contract.yaml", "--out", "out", *arguments])
    if code == 2:
        return code
    verdict = json.loads(Path("out/verdict.json").read_text())
    return next(each["rows"] for each in verdict["checks"] if each["rule"] == "t.id.required")


@pytest.mark.parametrize(
    ("config", "arguments", "expected"),
    [
        ("data: {server: here}", [], 1),
        ("data: {path: e.csv}", [], 4),
        ("data: {path: e.csv}", ["--server", "here"], 1),
        ("data: {server: here}", ["--data", "e.csv"], 4),
        ("data: {server: here, path: e.csv}", [], 2),
        ("{}", ["--server", "here", "--data", "e.csv"], 2),
        ("{}", [], 2),
    ],
)
def test_a_call_wins_over_the_configuration_and_names_one_place(
    project: Any, config: str, arguments: list[str], expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mlops.yaml").write_text(config)
    found = rows(project, *arguments)
    assert found == expected
    said = capsys.readouterr().err
    if config.count("e.csv") + config.count("here") == 2 or len(arguments) == 4:
        assert "names the data as well. Give one of the two" in said
    elif config == "{}":
        assert "Its servers: lake, live, here" in said


def test_a_workflows_secrets_are_variables_for_what_reads_the_data(
    project: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("CREATE TABLE t AS SELECT 1 AS id UNION ALL SELECT 2 UNION ALL SELECT 3")
    monkeypatch.setenv("PGPASSWORD", "the runner's own, which is wrong here")
    monkeypatch.setenv("PGUSER", "nobody")
    monkeypatch.setenv("MLOPS_INPUT_PGPASSWORD", database.password)
    monkeypatch.setenv("MLOPS_INPUT_PGUSER", database.user)
    monkeypatch.setenv("MLOPS_INPUT_AWS_ACCESS_KEY_ID", "")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the runner's own")
    assert rows(project, "--data", f"postgresql://127.0.0.1:{database.port}/{database.name}") == 3
    assert os.environ["AWS_ACCESS_KEY_ID"] == "the runner's own"
    for file in Path("out").iterdir():
        assert database.password not in file.read_text()
