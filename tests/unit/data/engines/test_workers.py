"""A cluster of Spark's: a run there comes to what DuckDB comes to here, and says what the workers lack.

The cluster is real; its worker is a process of its own, in a folder of its own, whose Python lacks this library.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from spark_cluster import HOME, Cluster

import mlops_actions

if TYPE_CHECKING:
    from conftest import Workspace

PARTED = ("--quarantine", "q", "--accepted", "a")


@pytest.fixture(name="cluster")
def _cluster(spark_cluster_running: Cluster) -> Cluster:
    spark_cluster_running.started.unlink(missing_ok=True)
    return spark_cluster_running


@pytest.fixture(name="given")
def _given(workspace: Workspace) -> tuple[str, ...]:
    """The options of a run over tables of text and of Parquet, that break rules of each kind; all paths are relative."""
    workspace.csv("id,t,x\n1,a1,0.5\n2,b,nan\n2,a3,7\n,a4,-1\n", "orders/day=1/a.csv")
    workspace.csv('id,t,x\n5,"a\n5",1e3\n6,é,2\n', "orders/day=2/b.csv")
    workspace.parquet(
        "SELECT range AS n, range % 7 AS ref, ['u' || range, 'v'] AS tags FROM range(500)", "lines/m=1/a.parquet"
    )
    workspace.parquet("SELECT range::SMALLINT AS n, 1::BIGINT AS ref FROM range(3)", "lines/m=2/b.parquet")
    contract = workspace.contract(
        """
        schema:
          - name: orders
            properties:
              - {name: id, logicalType: integer, required: true, unique: true}
              - {name: t, logicalType: string, logicalTypeOptions: {pattern: '^a\\d$'}}
              - {name: x, logicalType: number, logicalTypeOptions: {minimum: 0}}
              - {name: day, logicalType: integer, logicalTypeOptions: {maximum: 1}}
          - name: lines
            quality:
              - {type: sql, query: "SELECT count(*) FROM {object} WHERE n > 400", mustBe: 0}
            properties:
              - {name: n, logicalType: integer, unique: true, logicalTypeOptions: {maximum: 450}}
              - name: ref
                relationships: [{to: orders.id}]
              - {name: tags, logicalType: array, required: true, items: {logicalType: string, logicalTypeOptions: {pattern: '^v'}}}
        """
    )
    return ("--contract", str(contract), "--data", "orders=orders", "--data", "lines=lines")


def validate(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "mlops_actions", "validate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})


def found(out: str) -> dict[str, Any]:
    """What a run left, but what may differ: which rows are examples, and distinct values that are estimated."""
    judged = json.loads(Path(out, "verdict.json").read_text(encoding="utf-8"))
    checks = [{name: value for name, value in each.items() if name != "examples"} for each in judged["checks"]]
    profiles = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(out).glob("profile*.json"))]
    for column in (one for each in profiles for one in each["columns"]):
        if not column.get("distinct", {}).get("exact", True):
            column["distinct"] = "estimated"
    return {"checks": checks, "subjects": judged["subjects"], "profiles": profiles}


def files(folder: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def test_a_run_on_a_cluster_comes_to_what_duckdb_comes_to(cluster: Cluster, given: tuple[str, ...]) -> None:
    here = validate(*given, "--out", "here", "--quarantine", "q-here", "--accepted", "a-here")
    there = validate(*given, "--out", "there", *PARTED, "--engine", "spark", "--master", cluster.master,
                     **cluster.environment)  # fmt: skip
    assert (here.returncode, there.returncode) == (1, 1), there.stderr
    assert cluster.started.exists(), "Python ran at the worker"
    assert found("there") == found("here")
    assert len(found("there")["profiles"]) == 2
    assert {"orders/day=2/b.csv", "lines/m=1/a.parquet"} < set(files("q"))
    for kept in ("q", "a"):
        names = files(f"{kept}-here")
        assert files(kept) == names
        assert filecmp.cmpfiles(f"{kept}-here", kept, names, shallow=False) == (names, [], [])
    broken = json.loads(Path("there/verdict.json").read_text(encoding="utf-8"))["checks"]
    shown = {each["rule"]: each["examples"] for each in broken if each.get("examples")}
    assert {each["values"]["t"] for each in shown["orders.t.pattern"]} == {"b", "a\n5", "é"}
    assert not any("line" in each or "row" in each for examples in shown.values() for each in examples)


def test_a_job_of_spark_submit(cluster: Cluster, workspace: Workspace) -> None:
    """Which says where it runs; its exit status is that of the run."""
    contract = workspace.columns("- {name: t, required: true, logicalTypeOptions: {pattern: '^a'}}")
    given = ("--contract", str(contract), "--data", workspace.csv("t\na\nb\n\n"))
    script = Path(mlops_actions.__file__).parent / "__main__.py"
    command = [HOME / "bin" / "spark-submit", "--master", cluster.master, script, "validate", *given, "--out", "there"]
    variables = {**os.environ, **cluster.environment, "PYSPARK_DRIVER_PYTHON": sys.executable}
    done = subprocess.run([*command, "--engine", "spark"], capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 1, done.stderr
    assert cluster.started.exists()
    validate(*given, "--out", "here")
    assert found("there") == found("here")


def test_what_python_at_the_workers_lacks_is_named(cluster: Cluster, given: tuple[str, ...]) -> None:
    variables = {**cluster.environment, "PYSPARK_PYTHON": str(cluster.bare)}
    done = validate(*given, *PARTED, "--out", "there", "--engine", "spark", "--master", cluster.master, **variables)
    assert done.returncode == 2, done.stderr
    assert f"({cluster.bare}) has no package '" in done.stderr
    assert "PYSPARK_PYTHON" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("there/verdict.json").exists()
    assert not Path("q").exists()


AFTER_A_WORKER_HAS_COME = """
import sys
from contextlib import suppress
from mlops_actions.cli import main
from mlops_actions.data.engines import spark

with spark.session(sys.argv[1]) as session:
    while True:
        with suppress(Exception):  # none has come within the patience
            session.range(1).count()
            break
    sys.exit(main(sys.argv[2:]))
"""


def test_a_worker_that_dies_during_the_scan(cluster: Cluster, given: tuple[str, ...]) -> None:
    """No rule is said to hold, nothing is parted, and the run ends by itself."""
    options = ["validate", *given, *PARTED, "--out", "there", "--engine", "spark"]
    command = [sys.executable, "-I", "-c", AFTER_A_WORKER_HAS_COME, cluster.master, *options]
    try:
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, **cluster.environment}
        ) as run:
            while not cluster.started.exists():  # it begins to read
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pytest.fail(f"ended with {run.wait(timeout=0.1)}: {run.communicate()[1]}")
            cluster.kill_worker()
            _, said = run.communicate(timeout=120)
    finally:
        cluster.start_worker()
    assert run.returncode == 1, said
    assert "Traceback" not in said
    judged = json.loads(Path("there/verdict.json").read_text(encoding="utf-8"))
    assert judged["status"] == "fail"
    assert {each["status"] for each in judged["checks"]} == {"error"}
    readable = {each["rule"]: each["message"] for each in judged["checks"] if each["rule"].endswith(".readable")}
    assert set(readable) == {"orders.readable", "lines.readable"}
    assert all("the cluster has had no worker" in each for each in readable.values())
    assert not list(Path("there").glob("profile*"))
    assert {*files("q"), *files("a")} <= {".mlops-out"}
