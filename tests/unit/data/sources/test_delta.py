"""Delta Lake tables at a version: the rows that count, and no other."""

from __future__ import annotations

import base64
import json
import shutil
import struct
import uuid
import zlib
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyarrow import parquet
from pyroaring import BitMap

from mlops_actions.data.validate import Validation, validate
from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, Status

COLUMNS = """
- {name: id, logicalType: integer, unique: true}
- {name: city, logicalType: string}
"""
COUNT = "- {metric: rowCount, mustBe: %d}\n"


def rows(workspace: Any, data: str, properties: str = COLUMNS, count: int = 0) -> dict[str, Check]:
    return workspace.checks(workspace.columns(properties, COUNT % count), data)


def counted(checks: dict[str, Check]) -> Any:
    return checks["t.rowCount"].measured


def table(ids: list[int], cities: list[str | None] | None = None) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "city": pa.array(cities or ["x"] * len(ids), pa.string())})


def test_deleted_rows_and_files_are_not_counted_and_older_versions_are_there(workspace: Any) -> None:
    write_deltalake("lake/t", table([1, 2, 3]))
    write_deltalake("lake/t", table([4, 5]), mode="append")
    DeltaTable("lake/t").delete("id = 2")
    assert len(list(Path("lake/t").glob("*.parquet"))) == 3, "the file of the deleted row is still there"
    assert counted(rows(workspace, "lake/t")) == 4
    assert counted(rows(workspace, "lake/t@v0")) == 3
    assert counted(rows(workspace, "lake/t@1")) == 5


def test_the_verdict_says_which_version_and_its_digest_is_that_of_the_log_entry(workspace: Any) -> None:
    write_deltalake("lake/t", table([1]))
    write_deltalake("lake/t", table([2]), mode="append")
    contract = workspace.columns(COLUMNS)
    verdict = workspace.run(contract, "lake/t").verdict
    entry = Path("lake/t/_delta_log/00000000000000000001.json").read_bytes()
    assert [(each.name, each.sha256) for each in verdict.subjects] == [("lake/t@v1", sha256(entry).hexdigest())]
    assert "version 1 of the Delta table lake/t" in next(c.message for c in verdict.checks if c.rule == "t.readable")


def test_a_moment_names_the_version_of_then(workspace: Any) -> None:
    write_deltalake("lake/t", table([1]))
    written = DeltaTable("lake/t").history()[0]["timestamp"]
    write_deltalake("lake/t", table([2, 3]), mode="append")
    then = datetime.fromtimestamp(written / 1000, UTC).isoformat()
    newest = DeltaTable("lake/t").history()[0]["timestamp"]
    assert newest >= written
    if newest > written:
        assert counted(rows(workspace, f"lake/t@{then}")) == 1
    assert counted(rows(workspace, "lake/t@2100-01-01")) == 3


def test_partition_columns_keep_their_type_and_values(workspace: Any) -> None:
    """Their values stand in the log alone; the folders are named in a way of their own."""
    data = table([1, 2, 3, 4], ["São Paulo", None, "a/b=c %20", "z"])
    write_deltalake("lake/t", data.append_column("year", pa.array([2013, 2013, None, 2014], pa.int32())),
                    partition_by=["city", "year"])  # fmt: skip
    checks = rows(
        workspace,
        "lake/t",
        """
- {name: id, logicalType: integer}
- name: city
  logicalType: string
  quality:
    - {metric: nullValues, mustBe: 1}
    - metric: invalidValues
      arguments: {validValues: ["São Paulo", "a/b=c %20", z]}
      mustBe: 0
- name: year
  logicalType: integer
  logicalTypeOptions: {minimum: 2014}
""",
    )
    assert counted(checks) == 4
    assert checks["t.year.logicalType"].status is Status.PASS
    assert (checks["t.year.minimum"].status, checks["t.year.minimum"].measured) == (Status.FAIL, 2)
    assert checks["t.city.validValues"].measured == 0
    assert checks["t.city.nullValues"].measured == 1


def test_a_column_that_came_later_is_null_in_older_files(workspace: Any) -> None:
    write_deltalake("lake/t", table([1, 2]))
    more = table([3]).append_column("late", pa.array(["z"]))
    write_deltalake("lake/t", more, mode="append", schema_mode="merge")
    DeltaTable("lake/t").delete("id = 3")  # so that no file has the column
    checks = rows(workspace, "lake/t", "- {name: id, logicalType: integer}\n- {name: late, required: true}\n")
    assert checks["t.late.present"].status is Status.PASS
    assert checks["t.late.required"].measured == 2
    assert "t.schema" not in checks


def _vector(deleted: list[int]) -> bytes:
    """Deleted row numbers as Delta's protocol has them: a magic number, then 64-bit keys with 32-bit bitmaps."""
    bitmap = BitMap(deleted).serialize()
    return struct.pack("<IQI", 1681511377, 1, 0) + bitmap


def _with_deletions(deleted: list[int], folder: str) -> None:
    """Let the newest version delete rows by a vector in a file beside the data, as Spark and Databricks do.

    The library that writes the tables of these tests writes no vectors, so the log is written by hand, after
    Delta's protocol ("Deletion Vector Format", "Deletion Vector Descriptor Schema").
    """
    log = Path(folder, "_delta_log")
    (add,) = [json.loads(x)["add"] for x in (log / f"{0:020}.json").read_text().splitlines() if '"add"' in x]
    (meta,) = [x for x in (log / f"{0:020}.json").read_text().splitlines() if '"metaData"' in x]
    data, identity = _vector(deleted), uuid.UUID("d2c639aa-8816-431a-aaf6-d3fe2512ff61")
    Path(folder, f"deletion_vector_{identity}.bin").write_bytes(
        b"\x01" + struct.pack(">I", len(data)) + data + struct.pack(">I", zlib.crc32(data))
    )
    vector = {"storageType": "u", "pathOrInlineDv": _z85(identity.bytes), "offset": 1}
    vector |= {"sizeInBytes": len(data), "cardinality": len(deleted)}
    removed = {"path": add["path"], "dataChange": True, "deletionTimestamp": 1_800_000_000_000}
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7}
    protocol |= {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    actions = [{"protocol": protocol}, json.loads(meta), {"remove": removed}, {"add": add | {"deletionVector": vector}}]
    (log / f"{1:020}.json").write_text("".join(json.dumps(each) + "\n" for each in actions))


def _z85(data: bytes) -> str:
    """Base 85 of ZeroMQ, RFC 32."""
    ascii85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    return base64.b85encode(data).decode().translate(str.maketrans(ascii85, z85))


def test_rows_that_a_deletion_vector_names_are_not_counted(workspace: Any) -> None:
    write_deltalake("lake/t", table([1, 2, 3, 4, 4]))
    _with_deletions([0, 4], "lake/t")
    checks = rows(workspace, "lake/t")
    assert counted(checks) == 3
    assert checks["t.id.unique"].measured == 0, "the second 4 was deleted"
    assert counted(rows(workspace, "lake/t@v0")) == 5


def test_columns_are_found_by_their_mapping(workspace: Any) -> None:
    """With column mapping, the file has other names than the table (written by hand, after Delta's protocol)."""
    Path("lake/t/_delta_log").mkdir(parents=True)
    parquet.write_table(pa.table({"col-1": [1, 2]}), "lake/t/part.parquet")
    own = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
    schema = {"type": "struct", "fields": [{"name": "id", "type": "long", "nullable": True, "metadata": own}]}
    meta = {"id": str(uuid.uuid4()), "format": {"provider": "parquet", "options": {}}, "partitionColumns": []}
    meta |= {"schemaString": json.dumps(schema), "createdTime": 0}
    meta |= {"configuration": {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "1"}}
    size = Path("lake/t/part.parquet").stat().st_size
    add = {"path": "part.parquet", "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": True}
    actions = [{"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}, {"metaData": meta}, {"add": add}]
    Path("lake/t/_delta_log", f"{0:020}.json").write_text("".join(json.dumps(each) + "\n" for each in actions))
    checks = rows(workspace, "lake/t", "- {name: id, logicalType: integer, required: true}\n")
    assert (counted(checks), checks["t.id.required"].status) == (2, Status.PASS)


def test_an_empty_table_has_its_columns(workspace: Any) -> None:
    write_deltalake("lake/t", table([1]))
    DeltaTable("lake/t").delete()
    checks = rows(workspace, "lake/t")
    assert counted(checks) == 0
    assert checks["t.city.present"].status is Status.PASS
    assert checks["t.rows"].status is Status.WARN


@pytest.mark.parametrize("data", ["lake/t/*.parquet", "lake", "lake/**/*.parquet", "lake/t/y=1"])
def test_files_of_a_table_are_not_read_past_its_log(workspace: Any, data: str) -> None:
    write_deltalake("lake/t", table([1]).append_column("y", pa.array([1])), partition_by=["y"])
    Path("lake/t/stray.parquet").write_bytes(next(Path("lake/t/y=1").iterdir()).read_bytes())
    with pytest.raises(CallError, match=r"is part of a table.*'lake/t'"):
        rows(workspace, data)


def test_a_version_that_is_not_there_is_a_wrong_call(workspace: Any) -> None:
    write_deltalake("lake/t", table([1]))
    with pytest.raises(CallError, match=r"has no version 7\. Its newest is 0"):
        rows(workspace, "lake/t@v7")
    with pytest.raises(CallError, match="'newest' names no state"):
        rows(workspace, "lake/t@newest")


@pytest.mark.parametrize("path", ["../secret.parquet", "%2e%2e/secret.parquet", "/etc/passwd", "file:///etc/passwd"])
def test_a_log_that_leads_out_of_the_table_is_not_followed(workspace: Any, path: str) -> None:
    write_deltalake("lake/t", table([1]))
    parquet.write_table(table([1, 2]), "lake/secret.parquet")
    entry = Path("lake/t/_delta_log", f"{0:020}.json")
    actions = [json.loads(line) for line in entry.read_text().splitlines()]
    for each in actions:
        if "add" in each:
            each["add"]["path"] = path
    entry.write_text("".join(json.dumps(each) + "\n" for each in actions))
    checks = rows(workspace, "lake/t")
    assert checks["t.readable"].status is Status.ERROR
    assert checks["t.rowCount"].status is Status.ERROR


def test_a_file_or_a_log_entry_that_is_gone_is_named(workspace: Any) -> None:
    write_deltalake("lake/t", table([1]))
    write_deltalake("lake/t", table([2]), mode="append")
    shutil.copytree("lake/t", "lake/u")
    gone = next(Path("lake/t").glob("*.parquet"))
    gone.unlink()
    found = rows(workspace, "lake/t")["t.readable"]
    assert found.status is Status.ERROR
    assert gone.name in found.message
    Path("lake/u/_delta_log", f"{0:020}.json").unlink()
    found = rows(workspace, "lake/u")["t.readable"]
    assert found.status is Status.ERROR
    assert str(Path.cwd()) not in found.message


def test_a_checkpoint_stands_for_the_entries_before_it(workspace: Any) -> None:
    write_deltalake("lake/t", table([1, 2]))
    DeltaTable("lake/t").delete("id = 1")
    DeltaTable("lake/t").create_checkpoint()
    Path("lake/t/_delta_log", f"{0:020}.json").unlink()
    write_deltalake("lake/t", table([3]), mode="append")
    assert counted(rows(workspace, "lake/t")) == 2


def test_relationships_and_queries_read_tables_too(workspace: Any) -> None:
    write_deltalake("lake/cities", pa.table({"name": ["x"]}))
    write_deltalake("lake/t", table([1, 2], ["x", "y"]))
    contract = workspace.contract(
        """
        schema:
          - name: trips
            quality: [{type: sql, query: "SELECT count(*) FROM {object} JOIN cities ON city = cities.name", mustBe: 1}]
            properties:
              - {name: id}
              - {name: city, relationships: [{to: cities.name}]}
          - {name: cities, properties: [{name: name}]}
        """
    )
    made = validate(Validation(contract, {"trips": "lake/t", "cities": "lake/cities"}), workspace.out)
    checks = {each.rule: each for each in made.verdict.checks}
    assert checks["trips.sql"].status is Status.PASS
    assert checks["trips.city.relationships"].measured == 1
