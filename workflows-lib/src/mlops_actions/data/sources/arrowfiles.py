"""Arrow files (IPC, with or without a footer, which Feather's second version is): spooled to Parquet, batch by batch.

The engine reads no Arrow file without an extension. Types and values stay as
they are; what Parquet has no equal for is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.data.sources import parquet
from mlops_actions.data.sources.located import need
from mlops_actions.data.sources.pointers import refuse_pointer
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import File, Relation, Unreadable
from mlops_actions.data.sources.spool import Spool

if TYPE_CHECKING:
    import duckdb

NAME = "Arrow"
SUFFIXES: tuple[str, ...] = (".arrow", ".arrows", ".feather", ".ipc")

_MAGIC = b"ARROW1"


def spooled(file: File, spool: Spool, _reading: Reading) -> File:
    """The file as Parquet. Raises Unreadable, and CallError where the library that reads it is not installed."""
    need("arrow")
    import pyarrow  # pylint: disable=import-outside-toplevel

    def write(path: Path) -> None:
        try:
            _write(file, path)
        except pyarrow.ArrowException as error:
            raise Unreadable(f"cannot be read: {str(error).partition(chr(10))[0][:300]}", file.name) from error

    return spool.copy(file, ".parquet", write)


def open_files(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    keys: tuple[str, ...],
    reading: Reading,
) -> Relation:
    """The rows of Arrow files that were spooled. Raises Unreadable or duckdb.Error."""
    return parquet.open_files(connection, object_name, files, keys, reading)


def _write(file: File, path: Path) -> None:
    from pyarrow import parquet as writing  # pylint: disable=import-outside-toplevel

    with _batches(file) as (schema, batches):
        _refuse_types(schema, file.name)
        with writing.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
            number = 0
            try:
                for batch in batches:
                    batch.validate(full=True)
                    writer.write_batch(batch)
                    number += 1
            except (OSError, ValueError) as error:  # pyarrow's own errors are of these
                if getattr(error, "errno", None):
                    raise
                message = f"record batch {number + 1:,} cannot be read: {str(error).partition(chr(10))[0][:300]}"
                raise Unreadable(message, file.name) from error


@contextmanager
def _batches(file: File) -> Iterator[tuple[Any, Iterator[Any]]]:
    """The schema and the record batches of a file, one at a time. Raises Unreadable and pyarrow.ArrowException."""
    import pyarrow  # pylint: disable=import-outside-toplevel
    from pyarrow import ipc  # pylint: disable=import-outside-toplevel

    with file.path.open("rb") as head:
        begin = head.read(64)
    refuse_pointer(begin, file.name)
    if not begin:
        raise Unreadable("is empty", file.name)
    if begin.startswith(b"FEA1"):
        raise Unreadable("is of Feather's first version: write it anew with a library of today", file.name)
    with pyarrow.OSFile(str(file.path)) as stream:
        if begin.startswith(_MAGIC):
            reader = ipc.open_file(stream)
            yield reader.schema, map(reader.get_batch, range(reader.num_record_batches))
        else:
            with ipc.open_stream(stream) as reader:
                yield reader.schema, iter(reader)


def _refuse_types(schema: Any, name: str) -> None:
    from pyarrow import types  # pylint: disable=import-outside-toplevel

    for column in schema:
        kind = column.type
        if types.is_dictionary(kind):
            kind = kind.value_type
        refused = (types.is_union, types.is_duration, types.is_interval, types.is_run_end_encoded)
        if any(test(kind) for test in refused) or (types.is_decimal(kind) and kind.precision > 38):
            raise Unreadable(f"its column {column.name!r} is {kind}, which no engine here holds", name)
