"""`mlops validate` beside the query that an expert writes by hand, whole processes in turn: seconds and peak memory.

The table is made here: ten columns of synthetic departures, zstd Parquet, drawn by a hash: the same in each run.
`--key ordered` numbers the rows; `--key random` hashes that number to 64 bits. 19 rules: row count; four not null; a
unique key; two lists of allowed values; four ranges and a half-open range of times; a pattern; a share of nulls; the
types of ten columns as four rules. *rules* is the expert's query for them alone; *rules and profile* adds what a
profile holds: counts, distinct values (approximate), extremes, mean, deviation, 19 quantiles or the lengths of text,
and the counts of categories. Ours always makes the profile, checks the digest of the file and writes verdict, summary
and report.

Run: `.venv/bin/python bench/validation.py --rows 1000000 10000000 [--key random] [--runs 3]`.
"""

# ruff: noqa: S608 (statements are built here, from this file's own texts)

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

MLOPS = Path(sys.executable).with_name("mlops")

TABLE = """
COPY (
  SELECT {key} AS flight_id,
    ['AA','B6','DL','EV','UA','US','WN','9E','MQ','F9'][1 + (hash(range) % 10)::INT] AS carrier,
    ['JFK','LGA','EWR'][1 + (hash(range + 7) % 3)::INT] AS origin,
    1 + (hash(range + 1) % 12)::INT AS month, 1 + (hash(range + 2) % 28)::INT AS day,
    CASE WHEN hash(range + 3) % 100 < 3 THEN NULL ELSE (hash(range + 4) % 600)::DOUBLE / 3 - 30 END AS dep_delay,
    50 + (hash(range + 5) % 250000)::DOUBLE / 100 AS distance,
    'N' || lpad((hash(range + 6) % 99999)::VARCHAR, 5, '0') AS tail_number,
    TIMESTAMP '2013-01-01' + to_seconds((hash(range + 8) % 31000000)::BIGINT) AS departed,
    hash(range + 9)::DOUBLE / 1.8446744073709552e19 AS score
  FROM range({rows})
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
KEYS = {"ordered": "range", "random": "hash(range)"}

CONTRACT = """apiVersion: v3.2.0
kind: DataContract
id: bench
version: 1.0.0
status: active
schema:
  - name: flights
    quality: [{metric: rowCount, mustBeGreaterOrEqualTo: 1000}]
    properties:
      - {name: flight_id, logicalType: integer, required: true, unique: true}
      - name: carrier
        logicalType: string
        required: true
        enum: [{value: AA}, {value: B6}, {value: DL}, {value: EV}, {value: UA}, {value: US}, {value: WN}, {value: 9E},
               {value: MQ}, {value: F9}]
      - {name: origin, logicalType: string, required: true, enum: [{value: JFK}, {value: LGA}, {value: EWR}]}
      - {name: month, logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 12}}
      - {name: day, logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 31}}
      - name: dep_delay
        logicalType: number
        logicalTypeOptions: {minimum: -120, maximum: 1500}
        quality: [{metric: nullValues, unit: percent, mustBeLessOrEqualTo: 5}]
      - {name: distance, logicalType: number, required: true, logicalTypeOptions: {minimum: 1, maximum: 6000}}
      - {name: tail_number, logicalType: string, logicalTypeOptions: {pattern: "^N[0-9]{5}$"}}
      - name: departed
        logicalType: timestamp
        logicalTypeOptions: {minimum: "2013-01-01T00:00:00Z", exclusiveMaximum: "2014-01-01T00:00:00Z"}
      - {name: score, logicalType: number}
"""

RULES = """count(*), count_if(flight_id IS NULL), count_if(carrier IS NULL), count_if(origin IS NULL),
count_if(distance IS NULL), count(flight_id) - count(DISTINCT flight_id),
count_if(carrier NOT IN ('AA','B6','DL','EV','UA','US','WN','9E','MQ','F9')),
count_if(origin NOT IN ('JFK','LGA','EWR')), count_if(month NOT BETWEEN 1 AND 12), count_if(day NOT BETWEEN 1 AND 31),
count_if(dep_delay NOT BETWEEN -120 AND 1500), count_if(distance NOT BETWEEN 1 AND 6000),
count_if(NOT regexp_matches(tail_number, '^N[0-9]{5}$')), count_if(dep_delay IS NULL),
count_if(departed < TIMESTAMP '2013-01-01' OR departed >= TIMESTAMP '2014-01-01')"""


def profile() -> str:
    """The aggregates of a profile, as an expert writes them."""
    quantiles = "[" + ", ".join(f"{index / 20}" for index in range(1, 20)) + "]"
    parts = []
    for name in ("flight_id", "month", "day", "dep_delay", "distance", "score"):
        parts.append(
            f"count({name}), approx_count_distinct({name}), min({name}), max({name}), avg({name}), stddev({name}), "
            f"approx_quantile({name}, {quantiles})"
        )
    for name in ("carrier", "origin", "tail_number"):
        parts.append(
            f"count({name}), approx_count_distinct({name}), min(length({name})), max(length({name})), "
            f"avg(length({name}))"
        )
    parts += ["histogram(carrier)", "histogram(origin)", f"approx_quantile(length(tail_number), {quantiles})"]
    parts.append("count(departed), approx_count_distinct(departed), min(departed), max(departed)")
    return ", ".join(parts)


def expert(select: str, path: Path) -> list[str]:
    """The command that runs one query, and looks at the types, in a process of its own."""
    code = (
        "import duckdb; "
        f"print(duckdb.execute('''DESCRIBE SELECT * FROM '{path}' ''').fetchall()); "
        f"print(duckdb.execute('''SELECT {select} FROM '{path}' ''').fetchall())"
    )
    return [sys.executable, "-I", "-c", code]


def apart(statement: str) -> None:
    """Run a statement in a process of its own: the peak of what this one takes is counted for its children, too."""
    subprocess.run(
        [sys.executable, "-I", "-c", f"import duckdb; duckdb.execute({statement!r})"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and MiB (peak resident) of a command, which must succeed."""
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode and process.stderr:
            sys.exit(f"{command[0]} ended with status {process.returncode}: {process.stderr.read().decode()[-500:]}")
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--key", choices=list(KEYS), default="ordered")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, DuckDB {duckdb.__version__}")
    print("| rows | key | what | seconds | MiB | ours takes, times |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        (folder / "c.yaml").write_text(CONTRACT, encoding="utf-8")
        for rows in options.rows:
            path = folder / "t.parquet"
            apart(TABLE.format(key=KEYS[options.key], rows=rows, path=path))
            commands = {
                "ours": [str(MLOPS), "validate", "--contract", "c.yaml", "--data", path.name],
                "rules": expert(RULES, path),
                "rules and profile": expert(f"{RULES}, {profile()}", path),
            }
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
            for _ in range(options.runs):
                for name, command in commands.items():
                    found[name].append(measured(command, folder))
            for name, pairs in found.items():
                seconds, memory = (statistics.median(each) for each in zip(*pairs, strict=True))
                ratio = statistics.median(ours[0] / other[0] for ours, other in zip(found["ours"], pairs, strict=True))
                shown = "" if name == "ours" else f"{ratio:.2f}"
                print(f"| {rows:,} | {options.key} | {name} | {seconds:.2f} | {memory:,.0f} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
