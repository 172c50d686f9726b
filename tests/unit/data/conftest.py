"""A working directory with a contract and data in it, and the run of one against the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import duckdb
import postgres_server
import pytest
import spark_cluster
from postgres_server import Database
from spark_cluster import Cluster

from mlops_actions.data.engines import spark
from mlops_actions.data.validate import Validation, validate
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, FailOn

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HEAD = """\
version: 1.0.0
kind: DataContract
apiVersion: {version}
id: a-contract
status: active
"""


class Workspace:
    """The current directory of a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "out"
        self.out.mkdir()

    def contract(self, body: str, version: str = "v3.2.0") -> Path:
        """A contract with this body below its fundamentals."""
        path = Path("contract.yaml")
        path.write_text(HEAD.format(version=version) + dedent(body), encoding="utf-8")
        return path

    def columns(self, properties: str, rules: str = "", version: str = "v3.2.0") -> Path:
        """A contract of one object ``t`` with these properties (a YAML list) and rules (a YAML list)."""
        text = "schema:\n  - name: t\n"
        if rules:
            text += "    quality:\n" + indent(dedent(rules), " " * 6)
        return self.contract(text + "\n    properties:\n" + indent(dedent(properties), " " * 6), version)

    def csv(self, text: str, name: str = "t.csv") -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(text).encode())
        return name

    def parquet(self, select: str, name: str = "t.parquet") -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY ({select}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
        return name

    def run(self, contract: Path, *data: str, fail_on: FailOn = FailOn.ERROR, **more: Any) -> Outcome:
        given = more.pop("mapping", None) or data
        return validate(Validation(contract, given, fail_on=fail_on, **more), self.out)

    def checks(self, contract: Path, *data: str, **more: Any) -> dict[str, Check]:
        return {check.rule: check for check in self.run(contract, *data, **more).verdict.checks}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.fixture
def tally(workspace: Workspace) -> Iterator[Callable[..., tuple[str, Any]]]:
    """Status and measure of one rule of one column ``x``, given its YAML and the data."""

    def run(rule: str, properties: str, data: str) -> tuple[str, Any]:
        check = workspace.checks(workspace.columns(properties), data)[f"t.x.{rule}"]
        return check.status.value, check.measured

    yield run


# --- PostgreSQL ----------------------------------------------------------------------------------

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    """The port of a real server, for the whole session; skipped, with the reason, where there is none installed."""
    home = postgres_server.programs()
    if home is None:
        pytest.skip("there is no PostgreSQL server here (Debian: postgresql)")
    with postgres_server.running(home) as port:
        yield port


@pytest.fixture
def database(postgres_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database of the test's own; its password stands in PGPASSWORD, as a user would give it."""
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSFILE", "PGSERVICE", "PGOPTIONS"):
        monkeypatch.delenv(name, raising=False)
    with postgres_server.database(postgres_port, f"test_{next(_numbers)}") as made:
        monkeypatch.setenv("PGPASSWORD", made.password)
        yield made


# --- Spark ---------------------------------------------------------------------------------------

_QUICK = """
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.shuffle.partitions 2
"""
"""For tables of a few rows, compiling takes longer than counting."""


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A real Spark on this machine, which the runs of a test then find active; skipped, with the reason, without Java."""
    try:
        spark.refuse_without_java()
    except CallError as error:
        pytest.skip(error.problems[0].message)
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(_QUICK, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        with spark.session() as session:
            yield session


@pytest.fixture(scope="session")
def spark_cluster_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real cluster of a master and a worker, for the whole session; skipped, with the reason, without Java."""
    try:
        spark.refuse_without_java()
    except CallError as error:
        pytest.skip(error.problems[0].message)
    with spark_cluster.running(tmp_path_factory.mktemp("cluster")) as made:
        yield made
