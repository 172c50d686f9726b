"""Rows that a library reads, copied into Parquet files here, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 122_880
"""Rows that make a row group: as many as the engine's own."""

BYTES = 128 * 1024 * 1024
"""Bytes in memory that make a row group, where rows are wide."""


def write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, file: Path) -> int:
    """Write all rows into a Parquet file; how many they were. The file is there, and has its columns, without any."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel
    from pyarrow import parquet  # pylint: disable=import-outside-toplevel

    total = rows = size = 0
    held: list[pa.RecordBatch] = []
    with parquet.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            held.append(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows >= ROWS or size >= BYTES:
                writer.write_table(pa.Table.from_batches(held, schema))
                total, rows, size, held = total + rows, 0, 0, []
        writer.write_table(pa.Table.from_batches(held, schema))
    return total + rows


def plain(kind: pa.DataType) -> str:
    """A type's name, the same for types that differ only in how they are laid out in memory."""
    return str(kind).replace("large_", "").replace("_view", "")
