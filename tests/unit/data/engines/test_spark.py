"""When a session of Spark begins and ends, and what is said where it cannot."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_actions.data.engines import spark
from mlops_actions.errors import CallError

if TYPE_CHECKING:
    from conftest import Workspace
    from pyspark.sql import SparkSession


def mlops(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "mlops_actions", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables}, check=False)


@pytest.mark.parametrize(
    ("home", "said"),
    [
        (None, "there is none in JAVA_HOME"),
        ('openjdk version "11.0.2" 2019-01-15', "is version 11"),
        ('java version "1.8.0_202"', "is version 8"),
        ("cannot start", "is none that answers"),
    ],
)
def test_java_that_spark_does_not_run_on(
    home: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if home is not None:
        (tmp_path / "bin").mkdir()
        java = tmp_path / "bin" / "java"
        java.write_text(f"#!/bin/sh\necho '{home}' >&2\n", encoding="utf-8")
        java.chmod(0o755)
    with pytest.raises(CallError) as caught:
        spark.refuse_without_java()
    (problem,) = caught.value.problems
    assert problem.message.startswith("Spark needs Java 17 or newer, and ")
    assert said in problem.message
    assert "default-jre-headless" in str(problem.hint)


def test_a_master_of_spark_connect_is_refused() -> None:
    with pytest.raises(CallError, match="Spark Connect"), spark.session("sc://localhost"):
        pass


def test_an_active_session_is_used_and_left_as_it_is(spark_session: SparkSession) -> None:
    spark_session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        with spark.session() as session:
            assert session.conf.get("spark.sql.session.timeZone") == "UTC"
            session.sql("SELECT 1 AS n").createOrReplaceTempView("ours")
        assert spark_session.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    finally:
        spark_session.conf.set("spark.sql.session.timeZone", "UTC")
    assert not spark_session.catalog.tableExists("ours")
    assert spark_session.sql("SELECT 2").first() == (2,)
    with pytest.raises(CallError, match="a Spark session is active"), spark.session("local[1]"):
        pass


def test_what_looks_like_a_variable_in_a_value_is_none(spark_session: SparkSession) -> None:
    with spark.session() as session:
        assert session.sql("SELECT '${env:HOME}'").first() == ("${env:HOME}",)
    del spark_session


def test_a_run_of_its_own(spark_session: SparkSession, workspace: Workspace) -> None:
    """Java starts and ends with the run, says nothing, leaves nothing; a project's files are no modules to it."""
    del spark_session  # which skips this where there is no Java
    workspace.csv("n,t\n1,a\n2,b\n")
    (workspace.root / "pyarrow.py").write_text("raise SystemExit('the project was imported')", encoding="utf-8")
    contract = workspace.columns("- {name: n, logicalType: integer}\n- {name: t, logicalTypeOptions: {pattern: ^a}}")
    place = Path(tempfile.mkdtemp(dir=workspace.root))
    done = mlops("validate", "--engine", "spark", "--contract", str(contract), "--data", "t.csv", TMPDIR=str(place))
    assert done.returncode == 1
    assert "1 of 2 rows" in done.stderr
    assert not re.search("WARN|INFO|Spark|java|Traceback|the project was imported", done.stderr)
    assert not list(place.iterdir())


def test_ctrl_c_ends_it(spark_session: SparkSession, workspace: Workspace) -> None:
    del spark_session
    workspace.parquet("SELECT range AS n, hash(range)::VARCHAR AS t FROM range(3000000)")
    place = Path(tempfile.mkdtemp(dir=workspace.root))
    command = [sys.executable, "-I", "-m", "mlops_actions", "profile", "--engine", "spark", "--data", "t.parquet"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(place)}) as run:
        while not list(place.glob("mlops-spark-*/blockmgr-*")):  # Spark has started
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=120)
    assert run.returncode == 130
    assert "Traceback" not in said
    assert not list(place.iterdir())


def test_a_master_that_is_none(spark_session: SparkSession, workspace: Workspace) -> None:
    del spark_session
    workspace.csv("n\n1\n")
    done = mlops("profile", "--engine", "spark", "--master", "nowhere", "--data", "t.csv")
    assert done.returncode == 2
    assert "Spark does not start on nowhere" in done.stderr
    assert "Master must either be yarn or start with spark, k8s, or local" in done.stderr
    assert "Traceback" not in done.stderr
