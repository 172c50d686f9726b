"""A Parquet file parted: row group by row group, with the schema that it has, private columns aside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from mlops_actions.data.quarantine.parts import Faults, Parting, place
from mlops_actions.data.sources.relation import File
from mlops_actions.errors import CallError, Problem

_BATCH = 65_536  # rows
_BYTES = 64 * 2**20  # of a part's rows that are gathered into one row group


def require() -> None:
    """Raises CallError where the library that writes Parquet is not installed."""
    try:
        import pyarrow  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: F401  # pylint: disable=import-outside-toplevel,unused-import
    except ImportError:
        hint = "Install `pyarrow`, or the extra `quarantine` of this library."
        raise CallError(
            Problem("rows of Parquet files are parted with pyarrow, which is not installed", hint=hint)
        ) from None


def part(file: File, name: str, faults: Faults, parting: Parting) -> int:
    """Write the rows of a file into its parts; the number of rows that it has. Raises OSError."""
    import pyarrow  # pylint: disable=import-outside-toplevel
    from pyarrow import parquet  # pylint: disable=import-outside-toplevel

    with ExitStack() as stack:
        source = stack.enter_context(parquet.ParquetFile(file.path))
        schema = source.schema_arrow
        packing = _packing(source.metadata)
        accepted = quarantine = None
        numbered = faults.numbered()
        number, broken = next(numbered)
        row = 0
        for group in range(source.num_row_groups):
            for batch in source.iter_batches(_BATCH, row_groups=[group]):
                first, row = row + 1, row + batch.num_rows
                marks: list[Sequence[str] | None] = [None] * batch.num_rows
                while number <= row:
                    marks[number - first] = broken
                    number, broken = next(numbered)
                good = [each is None for each in marks]
                if parting.accepted is not None and any(good):
                    if accepted is None:
                        accepted = stack.enter_context(_Writer.at(place(parting.accepted, name), schema, packing))
                    accepted.write(batch if all(good) else batch.filter(pyarrow.array(good)))
                if parting.quarantine is not None and not all(good):
                    marked = _marked(batch.filter(pyarrow.array([not each for each in good])), marks, parting)
                    if quarantine is None:
                        path = place(parting.quarantine, name)
                        quarantine = stack.enter_context(_Writer.at(path, marked.schema, packing))
                    quarantine.write(marked)
            for writer in (accepted, quarantine):
                if writer is not None:
                    writer.flush()
    return row


def _packing(metadata: Any) -> str:
    """How the first column is compressed, in the words of the writer."""
    if not metadata.num_row_groups or not metadata.num_columns:
        return "snappy"
    word = str(metadata.row_group(0).column(0).compression).lower()
    return {"uncompressed": "none", "lz4_raw": "lz4"}.get(word, word)


def _marked(failing: Any, marks: Sequence[Sequence[str] | None], parting: Parting) -> Any:
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
    arrays.append(pyarrow.array([list(each) for each in marks if each is not None], kind))
    return pyarrow.record_batch(arrays, schema=pyarrow.schema(fields))


class _Writer:
    """Gathers the rows of a part until there are enough for a row group, or the file's own ends."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._batches: list[Any] = []
        self._bytes = 0

    @classmethod
    def at(cls, path: Any, schema: Any, packing: str) -> _Writer:
        from pyarrow import parquet  # pylint: disable=import-outside-toplevel

        return cls(parquet.ParquetWriter(path, schema, compression=packing))

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, batch: Any) -> None:
        self._batches.append(batch)
        self._bytes += batch.nbytes
        if self._bytes > _BYTES:
            self.flush()

    def flush(self) -> None:
        if self._batches:
            import pyarrow  # pylint: disable=import-outside-toplevel

            self._writer.write_table(pyarrow.Table.from_batches(self._batches))
        self._batches, self._bytes = [], 0
