"""A Parquet file parted: row group by row group, with the schema that it has, private columns aside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mlops_actions.data.quarantine.parts import Faults, Parting, place
from mlops_actions.data.sources.located import need
from mlops_actions.data.sources.relation import File

_BATCH = 65_536  # rows
_BYTES = 64 * 2**20  # of a part's rows that are gathered into one row group


def require() -> None:
    """Raises CallError where the library that writes Parquet is not installed."""
    need("arrow")


def part(file: File, name: str, faults: Faults, parting: Parting) -> int:
    """Write the rows of a file into its parts; the number of rows that it has. Raises OSError."""
    from pyarrow import parquet  # pylint: disable=import-outside-toplevel

    row = 0
    with ExitStack() as stack:
        source = stack.enter_context(parquet.ParquetFile(file.path))
        packing = _packing(source.metadata)
        accepted, quarantine = (_Part(stack, each, name, packing) for each in (parting.accepted, parting.quarantine))
        for group in range(source.num_row_groups):
            for batch in source.iter_batches(_BATCH, row_groups=[group]):
                row += batch.num_rows
                if broken := faults.until(row):
                    failing = [number in broken for number in range(row - batch.num_rows + 1, row + 1)]
                    accepted.write(_chosen(batch, [not each for each in failing]))
                    quarantine.write(_marked(_chosen(batch, failing), list(broken.values()), parting))
                else:
                    accepted.write(batch)
            accepted.flush()
            quarantine.flush()
    return row


def _chosen(batch: Any, kept: Sequence[bool]) -> Any:
    import pyarrow  # pylint: disable=import-outside-toplevel

    return batch.filter(pyarrow.array(kept, pyarrow.bool_()))


def _packing(metadata: Any) -> str:
    """How the first column is compressed, in the words of the writer."""
    if not metadata.num_row_groups or not metadata.num_columns:
        return "snappy"
    word = str(metadata.row_group(0).column(0).compression).lower()
    return {"uncompressed": "none", "lz4_raw": "lz4"}.get(word, word)


def _marked(failing: Any, broken: Sequence[Sequence[str]], parting: Parting) -> Any:
    """Failing rows with the rules that each broke, and digests in the place of private values."""
    import pyarrow  # pylint: disable=import-outside-toplevel

    fields, arrays = [], []
    for field, column in zip(failing.schema, failing.columns, strict=True):
        if field.name in parting.private:
            digests = [None if value is None else parting.digests.of(str(value)) for value in column.to_pylist()]
            field, column = pyarrow.field(field.name, pyarrow.string()), pyarrow.array(digests, pyarrow.string())
        fields.append(field)
        arrays.append(column)
    kind = pyarrow.list_(pyarrow.string())
    fields.append(pyarrow.field(parting.column, kind))
    arrays.append(pyarrow.array([list(each) for each in broken], kind))
    return pyarrow.record_batch(arrays, schema=pyarrow.schema(fields))


class _Part:
    """A part of a file, which is there from its first row on; rows are gathered into row groups."""

    def __init__(self, stack: ExitStack, folder: Path | None, name: str, packing: str) -> None:
        self._stack, self._folder, self._name, self._packing = stack, folder, name, packing
        self._writer: Any = None
        self._batches: list[Any] = []
        self._bytes = 0

    def write(self, batch: Any) -> None:
        """Take in rows, if there are any and they are asked for."""
        if self._folder is None or not batch.num_rows:
            return
        self._batches.append(batch)
        self._bytes += batch.nbytes
        if self._bytes > _BYTES:
            self.flush()

    def flush(self) -> None:
        """End the row group."""
        if not self._batches or self._folder is None:
            return
        import pyarrow  # pylint: disable=import-outside-toplevel
        from pyarrow import parquet  # pylint: disable=import-outside-toplevel

        table = pyarrow.Table.from_batches(self._batches)
        if self._writer is None:
            path = place(self._folder, self._name)
            self._writer = self._stack.enter_context(
                parquet.ParquetWriter(path, table.schema, compression=self._packing)
            )
        self._writer.write_table(table)
        self._batches, self._bytes = [], 0
