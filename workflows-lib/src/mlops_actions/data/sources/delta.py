"""A Delta Lake table at a version, read with ``deltalake``.

Files are read as they are where the table is plain: no partition columns
(their values stand in the log alone), no column mapping, no deletion vectors,
every file of the table's present schema. Else its rows are copied by the library.
The subject is the version's entry in the log, ``_delta_log/<version>.json``,
by its SHA-256.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

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
    from deltalake import DeltaTable


def locate(store: Store, state: str | None, into: Path) -> Located:
    """The rows of the table at a version (``v12``), a moment, or now. Raises CallError and Unreadable."""
    from deltalake.exceptions import DeltaError  # pylint: disable=import-outside-toplevel

    base = store.mirror(lambda path: path.startswith(f"{stores.DELTA_LOG}/"))
    try:
        table = _open(base, state, store.name)
        name = f"{store.name}@v{table.version()}"
        located = _plain(table, store, name) or _copied(table, store, name, into)
    except (DeltaError, OSError, ValueError) as error:
        if full(error):
            raise
        raise Unreadable(f"the Delta table cannot be read: {_words(error, base)}", store.name) from error
    subject = Subject(name, _digest(base, table.version(), store.name))
    return Located(located, (subject,), f"version {table.version()} of the Delta table {store.name}")


def _open(base: Path, state: str | None, name: str) -> DeltaTable:
    from deltalake import DeltaTable  # pylint: disable=import-outside-toplevel
    from deltalake.exceptions import DeltaError  # pylint: disable=import-outside-toplevel

    if state is None:
        return DeltaTable(str(base))
    version = re.fullmatch(r"v?(\d{1,18})", state)
    wanted = None if version else stores.moment(state, name)
    newest = DeltaTable(str(base))
    if version and int(version[1]) > newest.version():
        message = f"the Delta table has no version {version[1]}"
        raise CallError(Problem(message, name, hint=f"Its newest is {newest.version()}."))
    try:
        if wanted is None:
            return DeltaTable(str(base), version=int(version[1]) if version else None)
        newest.load_as_version(wanted)
    except DeltaError as error:
        raise Unreadable(f"{state!r} of the Delta table is there no more: {_words(error, base)}", name) from error
    return newest


def _plain(table: DeltaTable, store: Store, name: str) -> tuple[File, ...] | None:
    """The files of the version, where their rows are the table's rows as they stand."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel
    from pyarrow import parquet  # pylint: disable=import-outside-toplevel

    metadata = table.metadata()
    mapped = metadata.configuration.get("delta.columnMapping.mode", "none") != "none"
    if mapped or metadata.partition_columns or _has_deletions(table):
        return None
    wanted = {each.name: copying.plain(each.type) for each in pa.schema(table.schema().to_arrow())}
    paths = _paths(table, store.name)
    files = dict(zip(paths, store.fetch(paths), strict=True))
    for path in files.values():
        if {each.name: copying.plain(each.type) for each in parquet.read_schema(path)} != wanted:
            return None
    return tuple(File(stores.called(name, path), file, of_table=True) for path, file in files.items()) or None


def _copied(table: DeltaTable, store: Store, name: str, into: Path) -> tuple[File, ...]:
    """The rows of the version, copied by the library."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel

    store.fetch(_paths(table, store.name))
    if _has_deletions(table):
        store.mirror(lambda path: path.rpartition("/")[2].startswith("deletion_vector_"))
    reader: pa.RecordBatchReader = pa.RecordBatchReader.from_stream(table.scan())
    file = into / "rows.parquet"
    copying.write(reader, reader.schema, file)
    return (File(f"{name}/rows.parquet", file, of_table=True),)


def _has_deletions(table: DeltaTable) -> bool:
    return "deletionVectors" in (table.protocol().reader_features or ())


def _paths(table: DeltaTable, name: str) -> list[str]:
    """The version's files, relative to the table's folder; the log has them as parts of a URL."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel

    actions: Any = pa.table(table.get_add_actions())
    return [stores.safe(unquote(path), name) for path in sorted(actions.column("path").to_pylist())]


def _digest(base: Path, version: int, name: str) -> str:
    log = base / stores.DELTA_LOG
    for entry in (log / f"{version:020}.json", log / f"{version:020}.checkpoint.parquet"):
        if entry.is_file():
            return digest(entry)
    raise Unreadable(f"its log has no entry for version {version}", name)


def _words(error: Exception, base: Path) -> str:
    """A library's error in one line, without the folder's path on this machine."""
    return str(error).replace(str(base), "").partition("\n")[0][:300]
