"""What holds for every kind of place: what is missing is named, and nothing half-copied is read."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from mlops_actions.data.sources import located
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status

COLUMNS = "- {name: id}\n"


@contextmanager
def little_room(size: int = 200_000) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes, which an operating system says in the way of a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def assert_full(workspace: Any, data: str) -> None:
    contract = workspace.columns(COLUMNS)
    with little_room():
        verdict = workspace.run(contract, data).verdict
    found = {each.rule: each for each in verdict.checks}
    assert verdict.status.value == "fail"
    assert found["t.readable"].status is Status.ERROR
    assert "is full" in found["t.readable"].message
    assert "TMPDIR" in found["t.readable"].message


def test_a_full_disk_under_a_table_that_is_copied(workspace: Any) -> None:
    wide = pa.table({"id": [f"{n * 7919 % 100_003}-{n}" for n in range(200_000)], "y": ["x"] * 200_000})
    write_deltalake("t", wide, partition_by=["y"])
    assert_full(workspace, "t")


def test_a_full_disk_under_objects(workspace: Any, s3: Any) -> None:
    s3.put("d/a.csv", b"id\n" + b"1\n" * 200_000)
    assert_full(workspace, "s3://lake/d")


def test_a_full_disk_under_rows_of_a_server(workspace: Any, database: Any) -> None:
    database.execute("CREATE TABLE t AS SELECT md5(n::text) AS id FROM generate_series(1, 50000) n")
    assert_full(workspace, database.url)


@pytest.mark.parametrize(
    ("place", "extra"),
    [("s3://lake/d", "s3"), ("postgresql://h/d#t", "postgres"), ("delta", "delta"), ("ice", "iceberg")],
)
def test_an_extra_that_is_missing_is_named(
    workspace: Any, place: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("delta/_delta_log").mkdir(parents=True)
    Path("delta/_delta_log/00000000000000000000.json").touch()
    Path("ice/metadata").mkdir(parents=True)
    Path("ice/metadata/v1.metadata.json").touch()

    def bare(name: str) -> ModuleSpec | None:
        assert name in {"deltalake", "pyarrow", "pyiceberg", "botocore", "psycopg"}
        return None

    monkeypatch.setattr(located, "find_spec", bare)
    with pytest.raises(CallError, match=rf"the extra `{extra}` is not installed.*pip install"):
        workspace.run(workspace.columns(COLUMNS), place)


def test_a_plain_file_imports_no_library_of_other_sources(workspace: Any) -> None:
    workspace.csv("id\n1\n")
    workspace.columns(COLUMNS)
    code = (
        "import sys; from pathlib import Path; from mlops_actions.data.validate import Validation, validate; "
        "validate(Validation(Path('contract.yaml'), ('t.csv',)), Path('out')); "
        "print(sorted({'pyarrow', 'deltalake', 'pyiceberg', 'botocore', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          env={"PYTHONPATH": str(Path(located.__file__).parents[3])})  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr


def test_a_table_is_not_one_of_several_places(workspace: Any) -> None:
    workspace.csv("id\n1\n")
    write_deltalake("t", pa.table({"id": [1]}))
    with pytest.raises(CallError, match="t: cannot be one of several places"):
        workspace.run(workspace.columns(COLUMNS), "t.csv", "t")
