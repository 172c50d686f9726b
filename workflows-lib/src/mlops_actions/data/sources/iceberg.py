"""An Iceberg table at a snapshot, read with ``pyiceberg`` from its own metadata file; no catalog is asked.

Files are read as they are where no row of them was deleted since, and their
columns are those of the snapshot's schema, by name, type and field id. Else
the snapshot's rows are copied by the library, a data file at a time. The
subject is the snapshot's manifest list by its SHA-256 (of a table without
one, its metadata file).

A table knows its files by absolute addresses. They are taken relative to the
address that it gives itself, so a table that was moved or copied can be
read, and one that leads elsewhere cannot.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.data.sources import copying
from mlops_actions.data.sources import store as stores
from mlops_actions.data.sources.located import Located
from mlops_actions.data.sources.relation import File, Unreadable
from mlops_actions.data.sources.spool import full
from mlops_actions.data.sources.store import Store
from mlops_actions.errors import CallError, Problem
from mlops_actions.verdict import Subject, digest

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.io import FileIO
    from pyiceberg.table import DataScan, FileScanTask, StaticTable
    from pyiceberg.table.snapshots import Snapshot

MAX_METADATA = 256 * 1024 * 1024
"""Bytes of a metadata file that are read."""


def locate(store: Store, state: str | None, into: Path, metadata: str | None = None) -> Located:
    """The rows of the table at a snapshot (its number, a branch, a tag, a moment), or now.

    ``metadata`` is the name of the metadata file that says what is there, else
    the newest. Raises CallError and Unreadable.
    """
    chosen = metadata or _newest(store)
    (file,) = store.fetch([f"{stores.ICEBERG_LOG}/{chosen}"])
    try:
        table = _open(store, file)
        snapshot = _snapshot(table, state, store.name)
        return _read(table, snapshot, state is not None, store, file, into)
    except (CallError, Unreadable):
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # of the library: many, without a common class
        if full(error):
            raise
        words = str(error).partition("\n")[0].replace(str(into), "")[:300]
        raise Unreadable(f"the Iceberg table cannot be read: {words}", store.name) from error


# Metadata


def _newest(store: Store) -> str:
    """The name of the newest metadata file: what ``version-hint.text`` says, else the highest number."""
    names = [name for name in store.names(stores.ICEBERG_LOG) if name.endswith(stores.ICEBERG_METADATA)]
    if "version-hint.text" in store.names(stores.ICEBERG_LOG):
        (pointer,) = store.fetch([f"{stores.ICEBERG_LOG}/version-hint.text"])
        said = pointer.read_text(encoding="utf-8", errors="replace")[:300].strip()
        for name in (f"v{said}.metadata.json", f"v{said}.gz.metadata.json", said, f"{said}.metadata.json"):
            if name in names:
                return name
    numbers: dict[int, list[str]] = {}
    for name in names:
        if found := re.match(r"v?(\d{1,18})[.-]", name):
            numbers.setdefault(int(found[1]), []).append(name)
    if not numbers:
        raise Unreadable("its metadata files have no numbers, so the newest cannot be told", store.name)
    newest = numbers[max(numbers)]
    if len(newest) > 1:
        hint = f"Name the one to read: {store.name}/{stores.ICEBERG_LOG}/{newest[0]}"
        raise CallError(Problem(f"{len(newest)} metadata files have the highest number", store.name, hint=hint))
    return newest[0]


def _open(store: Store, file: Path) -> StaticTable:
    # pylint: disable=import-outside-toplevel
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.table import StaticTable
    from pyiceberg.table.metadata import TableMetadataUtil

    data = file.read_bytes()[: MAX_METADATA + 1]
    if data.startswith(b"\x1f\x8b"):
        with gzip.open(file) as stream:
            data = stream.read(MAX_METADATA + 1)
    if len(data) > MAX_METADATA:
        raise Unreadable(f"its metadata is larger than {MAX_METADATA:,} bytes", store.name)
    metadata = TableMetadataUtil.parse_raw(data.decode())
    # What the table's properties say of how to read it is not asked: they could name any class.
    return StaticTable(("table", store.name), metadata, file.name, _io(store, metadata.location), NoopCatalog("none"))


def _snapshot(table: StaticTable, state: str | None, name: str) -> Snapshot | None:
    if state is None:
        return table.current_snapshot()
    if found := table.snapshot_by_name(state):
        return found
    if re.fullmatch(r"\d{1,19}", state):
        found = table.snapshot_by_id(int(state))
    else:
        wanted = stores.moment(state, name).timestamp() * 1000
        before = [each.snapshot_id for each in table.metadata.snapshot_log if each.timestamp_ms <= wanted]
        found = table.snapshot_by_id(before[-1]) if before else None
    if found is None:
        known = ", ".join(str(each.snapshot_id) for each in table.metadata.snapshots[-5:]) or "none"
        raise CallError(Problem(f"the Iceberg table has no snapshot {state!r}", name, hint=f"Its last: {known}."))
    return found


# Files


def _io(store: Store, location: str) -> FileIO:
    """What the library reads files with: those of the table's own folder, from ``store``."""
    from pyiceberg.io import InputFile  # pylint: disable=import-outside-toplevel
    from pyiceberg.io.pyarrow import PyArrowFileIO  # pylint: disable=import-outside-toplevel

    class StoreIO(PyArrowFileIO):
        def new_input(self, location: str) -> InputFile:  # type: ignore[override]
            (path,) = store.fetch([_relative(location, home, store.name)])
            return super().new_input(str(path))

    home = location
    return StoreIO()


def _relative(address: str, home: str, name: str) -> str:
    """An address of the table, relative to its own."""
    path, folder = _plain_address(address), _plain_address(home).rstrip("/") + "/"
    if not path.startswith(folder):
        raise Unreadable(f"its log names {address!r}, which is not in the table's own folder; no other is read", name)
    return stores.safe(path.removeprefix(folder), name)


def _plain_address(address: str) -> str:
    """An address in one form of those that mean the same: ``file:/x``, ``file:///x``, ``/x``; ``s3a``, ``s3``."""
    if address.startswith("file:"):
        return re.sub(r"^file:/*", "/", address)
    return re.sub(r"^s3[an]://", "s3://", address)


# Reading


def _read(
    table: StaticTable, snapshot: Snapshot | None, asked: bool, store: Store, metadata: Path, into: Path
) -> Located:
    if snapshot is None:
        name, note = f"{store.name}@empty", f"the Iceberg table {store.name}, which has no snapshot yet"
        subject = Subject(name, digest(metadata))
    else:
        name = f"{store.name}@{snapshot.snapshot_id}"
        note = f"snapshot {snapshot.snapshot_id} of the Iceberg table {store.name}"
        defining = metadata
        if snapshot.manifest_list:
            (defining,) = store.fetch([_relative(snapshot.manifest_list, table.metadata.location, store.name)])
        subject = Subject(name, digest(defining))
    # Without a number, columns are those of now; with one, those of that time.
    scan = table.scan(snapshot_id=snapshot.snapshot_id if snapshot and asked else None)
    tasks = list(scan.plan_files()) if snapshot else []
    files = _plain(table, scan, tasks, store, name) or _copied(table, scan, tasks, name, into)
    return Located(files, (subject,), note)


def _plain(
    table: StaticTable, scan: DataScan, tasks: Sequence[FileScanTask], store: Store, name: str
) -> tuple[File, ...] | None:
    """The snapshot's data files, where their rows are the table's rows as they stand."""
    # pylint: disable=import-outside-toplevel
    from pyarrow import parquet
    from pyiceberg.io.pyarrow import schema_to_pyarrow
    from pyiceberg.manifest import FileFormat

    if not tasks or any(task.delete_files or task.file.file_format != FileFormat.PARQUET for task in tasks):
        return None
    wanted = _columns(schema_to_pyarrow(scan.projection()))
    paths = [_relative(task.file.file_path, table.metadata.location, store.name) for task in tasks]
    files = store.fetch(paths)
    if any(_columns(parquet.read_schema(file)) != wanted for file in files):
        return None
    return tuple(File(stores.called(name, path), file, of_table=True) for path, file in zip(paths, files, strict=True))


def _columns(schema: pa.Schema) -> dict[str, Any]:
    """Type and field id by column, those inside of nested ones too: a name may have been given to another field."""
    return {each.name: _signature(each) for each in schema}


def _signature(of: pa.Field) -> tuple[Any, ...]:
    inner = [of.type.field(index) for index in range(of.type.num_fields)]
    kind = [(each.name, _signature(each)) for each in inner] or copying.plain(of.type)
    return kind, (of.metadata or {}).get(b"PARQUET:field_id")


def _copied(
    table: StaticTable, scan: DataScan, tasks: Sequence[FileScanTask], name: str, into: Path
) -> tuple[File, ...]:
    """The snapshot's rows, copied by the library."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow  # pylint: disable=import-outside-toplevel

    schema = schema_to_pyarrow(scan.projection(), include_field_ids=False)
    file = into / "rows.parquet"
    copying.write(_batches(table, scan, tasks, schema), schema, file)
    return (File(f"{name}/rows.parquet", file, of_table=True),)


def _batches(
    table: StaticTable, scan: DataScan, tasks: Sequence[FileScanTask], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """All rows, a data file at a time: given several, the library would hold all of them in memory."""
    from pyiceberg.expressions import AlwaysTrue  # pylint: disable=import-outside-toplevel
    from pyiceberg.io.pyarrow import ArrowScan  # pylint: disable=import-outside-toplevel

    reader = ArrowScan(table.metadata, table.io, scan.projection(), AlwaysTrue())
    for task in tasks:
        for batch in reader.to_record_batches([task]):
            yield batch.cast(schema)
