"""How the time and the memory of `mlops validate` grow: with columns, with rules, with rows. Whole processes.

The table is made here: columns in turn of floating numbers, whole numbers, text of few values and text of many, drawn
by a hash, zstd Parquet. Each column is required, has a type, and further rules in turn: a range or a pattern, a list of
values, a share of nulls, a share of duplicates. Each call makes the profile, the digest and the report as well.

Run: `.venv/bin/python bench/growth.py columns|rules|rows [--runs 3]`.
"""

# ruff: noqa: S608 (statements are built here, from this file's own texts)

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from validation import MLOPS, apart, measured

SHAPES = {
    "columns": [(columns, 100_000, 5) for columns in (10, 100, 300, 1_000, 2_000)],
    "rules": [(50, 100_000, rules) for rules in (1, 5, 20, 100)],
    "rows": [(10, rows, 5) for rows in (100_000, 1_000_000, 10_000_000, 30_000_000)],
}
"""Columns, rows, and rules a column."""

DRAWN = (
    "hash(range * 7 + {index})::DOUBLE / 1e19",
    "(hash(range * 11 + {index}) % {wide})::BIGINT",
    "['red','green','blue','grey','black'][1 + (hash(range * 13 + {index}) % 5)::INT]",
    "'C' || (hash(range * 17 + {index}) % 1000000)::VARCHAR",
)
TYPES = ("number", "integer", "string", "string")


def table(path: Path, columns: int, rows: int) -> None:
    """Write the table."""
    drawn = (
        f"{DRAWN[index % 4].format(index=index, wide=10 ** (1 + index % 7))} AS c{index}" for index in range(columns)
    )
    apart(f"COPY (SELECT {', '.join(drawn)} FROM range({rows})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def contract(columns: int, rules: int) -> str:
    """A contract (JSON is YAML) with so many rules a column."""
    properties = []
    for index in range(columns):
        made = {"name": f"c{index}", "logicalType": TYPES[index % 4], "required": True}
        quality = list(_quality(index, rules - 2))  # the type is one, `required` another
        properties.append({**made, "quality": quality} if quality else made)
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "growth", "version": "1.0.0", "status": "active"}
    return json.dumps({**head, "schema": [{"name": "t", "properties": properties}]}, indent=1)


def _quality(index: int, count: int) -> Iterator[dict[str, object]]:
    """Rules of a column that all differ, and that its values keep."""
    for number in range(max(count, 0)):
        match number % 3:
            case 0:
                yield {"metric": "nullValues", "unit": "percent", "mustBeLessThan": number + 1}
            case 1 if index % 4 >= 2:
                values = {"pattern": f"^[A-Za-z0-9]{{1,{20 + number}}}$"}
                yield {"metric": "invalidValues", "arguments": values, "mustBe": 0}
            case 1:
                yield {"metric": "missingValues", "arguments": {"missingValues": [-1 - number]}, "mustBe": 0}
            case _:
                yield {
                    "metric": "missingValues",
                    "arguments": {"missingValues": ["" if index % 4 >= 2 else -number]},
                    "unit": "percent",
                    "mustBeLessOrEqualTo": 100,
                }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("of", choices=list(SHAPES))
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print("| columns | rows | rules | seconds | MiB |")
    print("|---|---|---|---|---|")
    for columns, rows, rules in SHAPES[options.of]:
        with tempfile.TemporaryDirectory() as temp:
            folder = Path(temp)
            table(folder / "t.parquet", columns, rows)
            (folder / "c.yaml").write_text(contract(columns, rules), encoding="utf-8")
            command = [str(MLOPS), "validate", "--contract", "c.yaml", "--data", "t.parquet"]
            runs = [measured(command, folder) for _ in range(options.runs)]
        seconds, memory = (statistics.median(each) for each in zip(*runs, strict=True))
        print(f"| {columns:,} | {rows:,} | {columns * rules:,} | {seconds:.2f} | {memory:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
