"""What unit tests of more than one folder need."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openapi_server
import postgres_server
import pytest
import s3_server
import spark_cluster
from postgres_server import Database
from s3_server import S3
from spark_cluster import Cluster

from mlops_actions.data.engines import spark
from mlops_actions.errors import CallError
from mlops_actions.github.api import Client

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def without_pip(tmp_path: Path) -> Path:
    """This Python without the pip that it carries, as Debian's is: a copy of the program over links to its library."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = Path(os.__file__).parent
    (tmp_path / "stripped" / "bin").mkdir(parents=True)
    (tmp_path / "stripped" / "lib" / name).mkdir(parents=True)
    for each in library.iterdir():
        if each.name not in {"ensurepip", "site-packages", "dist-packages"}:
            (tmp_path / "stripped" / "lib" / name / each.name).symlink_to(each)
    for each in library.parent.glob("libpython*"):
        (tmp_path / "stripped" / "lib" / each.name).symlink_to(each)
    program = tmp_path / "stripped" / "bin" / name
    shutil.copy2(os.path.realpath(sys.executable), program)
    return program


@pytest.fixture(scope="session")
def s3_running() -> Iterator[S3]:
    """A server, for the whole session."""
    with s3_server.running() as made:
        yield made


@pytest.fixture
def s3(s3_running: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """A bucket that is empty; the key of who may read it stands in the environment, as a user would give it."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in s3_running.environment.items():
        monkeypatch.setenv(name, value)
    s3_running.clear()
    return s3_running


# --- GitHub --------------------------------------------------------------------------------------


@pytest.fixture
def github() -> Iterator[Any]:
    """A GitHub that knows its own OpenAPI description."""
    with openapi_server.serve() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the client would have waited."""
    return []


@pytest.fixture
def client(github: Any, waits: list[float]) -> Client:
    """A client of it that does not really wait. Both clocks say the same."""
    github.now = 1_000_000.0
    return Client(github.base, "ghs_a_token_that_must_not_leak", sleep=waits.append, clock=lambda: 1_000_000.0)


@pytest.fixture
def fault(github: Any) -> Callable[..., None]:
    """Put a fault in the way of the next call: ``fault(status, on="POST /issues")``."""
    return lambda status=None, **more: github.faults.append(openapi_server.Fault(status, **more))


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
def java() -> None:
    """What Spark needs; without it a test is skipped, with the reason."""
    try:
        spark.refuse_without_java()
    except CallError as error:
        pytest.skip(error.problems[0].message)


@pytest.fixture(scope="session")
def spark_session(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A real Spark on this machine, which the runs of a test then find active."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(_QUICK, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        with spark.session() as session:
            yield session


@pytest.fixture(scope="session")
def spark_cluster_running(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real cluster of a master and a worker, for the whole session."""
    with spark_cluster.running(tmp_path_factory.mktemp("cluster")) as made:
        yield made
