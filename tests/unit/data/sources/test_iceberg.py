"""Iceberg tables at a snapshot: the rows that count, under the names that the snapshot's schema has."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from pyiceberg.catalog.memory import InMemoryCatalog
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import LongType, NestedField, StringType

from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, Status

COLUMNS = """
- {name: id, logicalType: integer, unique: true}
- {name: city, logicalType: string}
"""
TABLE = "house/flights/t"


@pytest.fixture
def made(workspace: Any) -> Table:
    """A table of two columns, without a row yet, at TABLE."""
    catalog = InMemoryCatalog("memory", warehouse=(workspace.root / "house").as_uri())
    catalog.create_namespace("flights")
    return catalog.create_table("flights.t", schema())


def schema() -> pa.Schema:
    return pa.schema([("id", pa.int64()), ("city", pa.string())])


def rows(ids: list[int], cities: list[str | None] | None = None) -> pa.Table:
    return pa.table({"id": ids, "city": cities or ["x"] * len(ids)}, schema=schema())


def checks(workspace: Any, data: str = TABLE, properties: str = COLUMNS) -> dict[str, Check]:
    return workspace.checks(workspace.columns(properties, "- {metric: rowCount, mustBe: 0}\n"), data)


def count(workspace: Any, data: str = TABLE) -> Any:
    return checks(workspace, data)["t.rowCount"].measured


def test_deleted_rows_are_not_counted_and_older_snapshots_are_there(workspace: Any, made: Table) -> None:
    made.append(rows([1, 2, 3]))
    first = made.current_snapshot().snapshot_id
    made.append(rows([4, 5]))
    made.delete("id = 2")
    assert len(list(Path(TABLE, "data").iterdir())) == 3, "the file of the deleted row is still there"
    assert count(workspace) == 4
    assert count(workspace, f"{TABLE}@{first}") == 3


def test_the_verdict_says_which_snapshot_and_its_digest_is_that_of_the_manifest_list(
    workspace: Any, made: Table
) -> None:
    made.append(rows([1]))
    snapshot = made.current_snapshot()
    verdict = workspace.run(workspace.columns(COLUMNS), TABLE).verdict
    data = Path(snapshot.manifest_list.removeprefix("file://")).read_bytes()
    name = f"{TABLE}@{snapshot.snapshot_id}"
    assert [(each.name, each.sha256) for each in verdict.subjects] == [(name, sha256(data).hexdigest())]
    said = next(each.message for each in verdict.checks if each.rule == "t.readable")
    assert f"snapshot {snapshot.snapshot_id} of the Iceberg table {TABLE}" in said


def test_tags_and_moments_name_snapshots(workspace: Any, made: Table) -> None:
    made.append(rows([1]))
    snapshot = made.current_snapshot()
    made.manage_snapshots().create_tag(snapshot.snapshot_id, "before-the-move").commit()
    made.append(rows([2, 3]))
    assert count(workspace, f"{TABLE}@before-the-move") == 1
    assert count(workspace, f"{TABLE}@main") == 3
    later = made.current_snapshot().timestamp_ms
    assert later > snapshot.timestamp_ms
    then = datetime.fromtimestamp((later - 1) / 1000, UTC).isoformat()
    assert count(workspace, f"{TABLE}@{then}") == 1
    with pytest.raises(CallError, match="has no snapshot '7'"):
        checks(workspace, f"{TABLE}@7")
    with pytest.raises(CallError, match="has no snapshot '1999-01-01'"):
        checks(workspace, f"{TABLE}@1999-01-01")


def test_a_renamed_column_is_found_in_files_that_have_its_old_name(workspace: Any, made: Table) -> None:
    made.append(rows([1, 2], ["a", None]))
    before = made.current_snapshot().snapshot_id
    with made.update_schema() as update:
        update.rename_column("city", "town")
    made.append(pa.table({"id": [3], "town": ["b"]}))
    found = checks(workspace, TABLE, "- {name: id}\n- {name: town, required: true}\n")
    assert (found["t.town.present"].status, found["t.town.required"].measured) == (Status.PASS, 1)
    found = checks(workspace, f"{TABLE}@{before}", "- {name: city, required: true}\n")
    assert (found["t.city.present"].status, found["t.city.required"].measured) == (Status.PASS, 1)


def test_a_name_that_was_given_to_another_column_does_not_bring_the_old_values(workspace: Any, made: Table) -> None:
    made.append(rows([1, 2], ["secret", "secret"]))
    with made.update_schema() as update:
        update.delete_column("city")
    with made.update_schema() as update:
        update.add_column("city", StringType())
    made.append(rows([3], ["new"]))
    found = checks(workspace, TABLE, "- {name: id}\n- {name: city, required: true}\n")
    assert found["t.city.required"].measured == 2, "the rows before have none"


def test_a_column_that_only_the_schema_has_is_null(workspace: Any, made: Table) -> None:
    made.append(rows([1, 2]))
    with made.update_schema() as update:
        update.add_column("late", LongType())
    found = checks(workspace, TABLE, "- {name: id}\n- {name: late, logicalType: integer, required: true}\n")
    assert (found["t.late.logicalType"].status, found["t.late.required"].measured) == (Status.PASS, 2)


def test_partition_columns_are_columns(workspace: Any) -> None:
    catalog = InMemoryCatalog("memory", warehouse=(workspace.root / "house").as_uri())
    catalog.create_namespace("flights")
    fields = Schema(NestedField(1, "id", LongType()), NestedField(2, "city", StringType()))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "city"))
    catalog.create_table("flights.t", fields, partition_spec=spec).append(rows([1, 2, 3], ["a/b", None, "c"]))
    found = checks(workspace, TABLE, "- {name: id}\n- {name: city, required: true}\n")
    assert (found["t.rowCount"].measured, found["t.city.required"].measured) == (3, 1)


def _delete_by_position(made: Table, positions: list[int]) -> None:
    """Delete rows of the one data file by a file of positions, as Spark and Flink do (merge on read).

    The library that writes the tables of these tests rewrites files instead, so that the delete file, its manifest
    and the snapshot are made here, after Iceberg's specification ("Position Delete Files", "Manifests", "Snapshots").
    """
    base = Path(made.location().removeprefix("file://"))
    newest = sorted(base.glob("metadata/*.metadata.json"))[-1]
    snapshot = made.current_snapshot()
    (task,) = made.scan().plan_files()
    file = base / "data" / "deletes.parquet"
    kinds = [pa.field("file_path", pa.string(), nullable=False, metadata={"PARQUET:field_id": "2147483546"}),
             pa.field("pos", pa.int64(), nullable=False, metadata={"PARQUET:field_id": "2147483545"})]  # fmt: skip
    at = [task.file.file_path] * len(positions)
    parquet.write_table(pa.table({"file_path": at, "pos": positions}, schema=pa.schema(kinds)), file)
    entry = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES, file_path=file.as_uri(), file_format=FileFormat.PARQUET,
        partition=Record(), record_count=len(positions), file_size_in_bytes=file.stat().st_size,
        column_sizes=None, value_counts=None, null_value_counts=None, nan_value_counts=None, lower_bounds=None,
        upper_bounds=None, key_metadata=None, split_offsets=None, equality_ids=None, sort_order_id=None, spec_id=0,
    )  # fmt: skip

    class Deletes(ManifestWriterV2):
        def content(self) -> ManifestContent:
            return ManifestContent.DELETES

    number, io = snapshot.sequence_number + 1, made.io
    identity = snapshot.snapshot_id + 1
    with Deletes(made.spec(), made.schema(), io.new_output(f"{made.location()}/metadata/deletes-m0.avro"),
                 identity, "null") as writer:  # fmt: skip
        writer.add_entry(ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=identity,
                                                 sequence_number=None, file_sequence_number=None, data_file=entry))  # fmt: skip
    listing = f"{made.location()}/metadata/snap-{identity}.avro"
    with write_manifest_list(2, io.new_output(listing), identity, snapshot.snapshot_id, number, "null") as manifests:
        manifests.add_manifests([writer.to_manifest_file(), *snapshot.manifests(io)])
    data = json.loads(newest.read_text())
    now = data["last-updated-ms"] + 1
    data["snapshots"].append(
        {"snapshot-id": identity, "parent-snapshot-id": snapshot.snapshot_id, "sequence-number": number,
         "timestamp-ms": now, "manifest-list": listing, "summary": {"operation": "delete"}, "schema-id": 0}
    )  # fmt: skip
    data |= {"current-snapshot-id": identity, "last-sequence-number": number, "last-updated-ms": now}
    data["refs"]["main"]["snapshot-id"] = identity
    (base / "metadata" / "00099-by-hand.metadata.json").write_text(json.dumps(data))


def test_rows_that_a_delete_file_names_are_not_counted(workspace: Any, made: Table) -> None:
    made.append(rows([1, 2, 3, 4, 4]))
    before = made.current_snapshot().snapshot_id
    _delete_by_position(made, [0, 4])
    found = checks(workspace)
    assert found["t.rowCount"].measured == 3
    assert found["t.id.unique"].measured == 0, "the second 4 was deleted"
    assert count(workspace, f"{TABLE}@{before}") == 5


def test_a_table_without_a_snapshot_has_its_columns(workspace: Any, made: Table) -> None:
    assert made.current_snapshot() is None
    found = checks(workspace)
    assert (found["t.rowCount"].measured, found["t.city.present"].status) == (0, Status.PASS)


def test_a_table_that_was_moved_is_read_where_it_is(workspace: Any, made: Table) -> None:
    made.append(rows([1, 2]))
    shutil.move("house/flights/t", "elsewhere")
    assert count(workspace, "elsewhere") == 2


def test_a_metadata_file_can_be_named_and_may_be_compressed(workspace: Any, made: Table) -> None:
    made.append(rows([1]))
    old = sorted(Path(TABLE, "metadata").glob("*.metadata.json"))[-1]
    made.append(rows([2]))
    assert count(workspace, str(old)) == 1
    newest = sorted(Path(TABLE, "metadata").glob("*.metadata.json"))[-1]
    Path(TABLE, "metadata", "v100.gz.metadata.json").write_bytes(gzip.compress(newest.read_bytes()))
    assert count(workspace) == 2


def test_two_newest_metadata_files_are_not_chosen_between(workspace: Any, made: Table) -> None:
    made.append(rows([1]))
    newest = sorted(Path(TABLE, "metadata").glob("*.metadata.json"))[-1]
    shutil.copy(newest, newest.with_name(newest.name.replace("-", "-0", 1)))
    with pytest.raises(CallError, match="2 metadata files have the highest number"):
        checks(workspace)


@pytest.mark.parametrize("location", ["/etc", "s3://other/t", "{home}/../other"])
def test_files_outside_of_the_table_are_not_read(workspace: Any, made: Table, location: str) -> None:
    made.append(rows([1]))
    newest = sorted(Path(TABLE, "metadata").glob("*.metadata.json"))[-1]
    text = newest.read_text()
    home = made.location()
    newest.write_text(text.replace(f'"manifest-list":"{home}', f'"manifest-list":"{location.format(home=home)}'))
    assert newest.read_text() != text
    found = checks(workspace)["t.readable"]
    assert found.status is Status.ERROR
    assert "not in the table's own folder" in found.message


def test_a_property_of_the_table_does_not_choose_what_reads_it(workspace: Any, made: Table) -> None:
    made.append(rows([1]))
    newest = sorted(Path(TABLE, "metadata").glob("*.metadata.json"))[-1]
    newest.write_text(json.dumps(json.loads(newest.read_text()) | {"properties": {"py-io-impl": "no.such.Class"}}))
    assert count(workspace) == 1


def test_a_file_that_is_gone_and_metadata_that_is_broken_are_named(workspace: Any, made: Table) -> None:
    made.append(rows([1]))
    (gone,) = Path(TABLE, "data").iterdir()
    gone.unlink()
    found = checks(workspace)["t.readable"]
    assert (found.status, gone.name in found.message) == (Status.ERROR, True)
    Path(TABLE, "metadata", "v7.metadata.json").write_text('{"format-version": 2')
    found = checks(workspace)["t.readable"]
    assert found.status is Status.ERROR
    assert "the Iceberg table cannot be read" in found.message


@pytest.mark.parametrize("data", [f"{TABLE}/data/*.parquet", "house", f"{TABLE}/data"])
def test_files_of_a_table_are_not_read_past_its_log(workspace: Any, made: Table, data: str) -> None:
    made.append(rows([1]))
    with pytest.raises(CallError, match=rf"is part of a table.*{TABLE}"):
        checks(workspace, data)
