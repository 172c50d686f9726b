"""`mlops validate` beside its peers, whole processes in turn: seconds and peak memory.

The table and the 19 rules are those of `validation.py`; each peer gets them in its own words, as its documentation
says, with no tuning. Each lives in an environment of its own, resolved from the package index when the bench is run
(`--environments` names a folder to keep them in). The table has no faults; each script prints how many checks failed.

Run: `.venv/bin/python bench/peers.py --rows 1000000 10000000 [--peers soda pandera] [--runs 3]`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from validation import CONTRACT, KEYS, MLOPS, TABLE, apart, measured

UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True, slots=True)
class Peer:
    """What is installed, the packages whose versions are shown, and a script that reads ``t.parquet``.

    The script prints the number of checks that did not pass.
    """

    requirements: tuple[str, ...]
    shown: tuple[str, ...]
    script: str


SODA = """
import sys, duckdb
from soda.scan import Scan
con = duckdb.connect()
con.execute("CREATE VIEW flights AS SELECT * FROM read_parquet('t.parquet')")
scan = Scan()
scan.add_duckdb_connection(con)
scan.set_data_source_name("duckdb")
scan.add_sodacl_yaml_str('''
checks for flights:
  - row_count >= 1000
  - missing_count(flight_id) = 0
  - missing_count(carrier) = 0
  - missing_count(origin) = 0
  - missing_count(distance) = 0
  - duplicate_count(flight_id) = 0
  - invalid_count(carrier) = 0:
      valid values: [AA, B6, DL, EV, UA, US, WN, 9E, MQ, F9]
  - invalid_count(origin) = 0:
      valid values: [JFK, LGA, EWR]
  - invalid_count(month) = 0:
      valid min: 1
      valid max: 12
  - invalid_count(day) = 0:
      valid min: 1
      valid max: 31
  - invalid_count(dep_delay) = 0:
      valid min: -120
      valid max: 1500
  - invalid_count(distance) = 0:
      valid min: 1
      valid max: 6000
  - invalid_count(tail_number) = 0:
      valid regex: ^N[0-9]{5}$
  - missing_percent(dep_delay) <= 5
  - failed rows:
      name: departed in 2013
      fail condition: departed < TIMESTAMP '2013-01-01' OR departed >= TIMESTAMP '2014-01-01'
  - schema:
      fail:
        when wrong column type:
          flight_id: {key}
          carrier: varchar
          origin: varchar
          dep_delay: double
          distance: double
          tail_number: varchar
          score: double
''')
scan.execute()
assert not scan.has_error_logs(), scan.get_error_logs_text()
print(len(scan.get_checks_fail()))
"""

PANDERA = """
import datetime
import polars as pl
import pandera.polars as pa
frame = pl.read_parquet("t.parquet")
CARRIERS = ["AA", "B6", "DL", "EV", "UA", "US", "WN", "9E", "MQ", "F9"]
begin, end = datetime.datetime(2013, 1, 1), datetime.datetime(2014, 1, 1)
schema = pa.DataFrameSchema(
    {
        "flight_id": pa.Column(pl.{polars}, unique=True, nullable=False),
        "carrier": pa.Column(pl.String, pa.Check.isin(CARRIERS), nullable=False),
        "origin": pa.Column(pl.String, pa.Check.isin(["JFK", "LGA", "EWR"]), nullable=False),
        "month": pa.Column(None, pa.Check.in_range(1, 12), nullable=True),
        "day": pa.Column(None, pa.Check.in_range(1, 31), nullable=True),
        "dep_delay": pa.Column(
            pl.Float64,
            [
                pa.Check.in_range(-120, 1500),
                pa.Check(lambda data: data.lazyframe.select(pl.col(data.key).is_null().mean() <= 0.05)),
            ],
            nullable=True,
        ),
        "distance": pa.Column(pl.Float64, pa.Check.in_range(1, 6000), nullable=False),
        "tail_number": pa.Column(pl.String, pa.Check.str_matches("^N[0-9]{5}$"), nullable=True),
        "departed": pa.Column(
            None, pa.Check.in_range(begin, end, include_max=False), nullable=True
        ),
        "score": pa.Column(pl.Float64, nullable=True),
    },
    checks=pa.Check(lambda data: data.lazyframe.select(pl.len() >= 1000)),
)
try:
    schema.validate(frame, lazy=True)
    print(0)
except pa.errors.SchemaErrors as error:
    print(len(error.failure_cases))
"""

POINTBLANK = """
import datetime
import polars as pl
import pointblank as pb
frame = pl.read_parquet("t.parquet")
begin, end = datetime.datetime(2013, 1, 1), datetime.datetime(2014, 1, 1)
made = (
    pb.Validate(frame)
    .row_count_match(count=1000, tol=(0, 10**12))
    .col_vals_not_null(["flight_id", "carrier", "origin", "distance"])
    .rows_distinct("flight_id")
    .col_vals_in_set("carrier", ["AA", "B6", "DL", "EV", "UA", "US", "WN", "9E", "MQ", "F9"])
    .col_vals_in_set("origin", ["JFK", "LGA", "EWR"])
    .col_vals_between("month", 1, 12, na_pass=True)
    .col_vals_between("day", 1, 31, na_pass=True)
    .col_vals_between("dep_delay", -120, 1500, na_pass=True)
    .col_vals_between("distance", 1, 6000, na_pass=True)
    .col_vals_regex("tail_number", "^N[0-9]{5}$", na_pass=True)
    .col_vals_between("departed", begin, end, inclusive=(True, False), na_pass=True)
    .col_vals_not_null("dep_delay", thresholds=pb.Thresholds(error=0.05))
    .interrogate()
)
failed = [step for step in made.validation_info if not step.all_passed]
print(sum(step.assertion_type != "col_vals_not_null" or step.column != "dep_delay" or bool(step.error) for step in failed))
"""

EXPECTATIONS = """
import datetime
import pandas
import great_expectations as gx
import great_expectations.expectations as gxe
frame = pandas.read_parquet("t.parquet")
context = gx.get_context(mode="ephemeral")
batch = (
    context.data_sources.add_pandas("p").add_dataframe_asset("t").add_batch_definition_whole_dataframe("b")
)
begin, end = datetime.datetime(2013, 1, 1), datetime.datetime(2014, 1, 1)
wanted = [
    gxe.ExpectTableRowCountToBeBetween(min_value=1000),
    *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in ("flight_id", "carrier", "origin", "distance")),
    gxe.ExpectColumnValuesToBeUnique(column="flight_id"),
    gxe.ExpectColumnValuesToBeInSet(
        column="carrier", value_set=["AA", "B6", "DL", "EV", "UA", "US", "WN", "9E", "MQ", "F9"]
    ),
    gxe.ExpectColumnValuesToBeInSet(column="origin", value_set=["JFK", "LGA", "EWR"]),
    gxe.ExpectColumnValuesToBeBetween(column="month", min_value=1, max_value=12),
    gxe.ExpectColumnValuesToBeBetween(column="day", min_value=1, max_value=31),
    gxe.ExpectColumnValuesToBeBetween(column="dep_delay", min_value=-120, max_value=1500),
    gxe.ExpectColumnValuesToBeBetween(column="distance", min_value=1, max_value=6000),
    gxe.ExpectColumnValuesToMatchRegex(column="tail_number", regex="^N[0-9]{5}$"),
    gxe.ExpectColumnValuesToBeBetween(column="departed", min_value=begin, max_value=end, strict_max=True),
    gxe.ExpectColumnValuesToNotBeNull(column="dep_delay", mostly=0.95),
    *(gxe.ExpectColumnValuesToBeOfType(column=name, type_="float64") for name in ("dep_delay", "distance", "score")),
    gxe.ExpectColumnValuesToBeOfType(column="flight_id", type_="{key}64"),
]
suite = context.suites.add(gx.ExpectationSuite(name="s", expectations=wanted))
checked = context.validation_definitions.add(gx.ValidationDefinition(name="v", data=batch, suite=suite))
result = checked.run(batch_parameters={"dataframe": frame})
print(sum(not each.success for each in result.results))
"""

DATACONTRACT = """
from datacontract.data_contract import DataContract
run = DataContract(data_contract_file="peer.yaml").test()
print(sum(each.result not in ("passed", "warning", "info") for each in run.checks))
"""

PEERS = {
    "soda": Peer(("soda-core-duckdb", "setuptools"), ("soda-core-duckdb", "duckdb"), SODA),
    "pandera": Peer(("pandera[polars]",), ("pandera", "polars"), PANDERA),
    "pointblank": Peer(("pointblank", "polars"), ("pointblank", "polars"), POINTBLANK),
    "great-expectations": Peer(("great-expectations", "pyarrow"), ("great-expectations", "pandas"), EXPECTATIONS),
    "datacontract-cli": Peer(("datacontract-cli[duckdb,parquet]",), ("datacontract-cli", "duckdb"), DATACONTRACT),
}
_TYPES = {
    "ordered": {"key": "bigint", "polars": "Int64", "pandas": "int"},
    "random": {"key": "ubigint", "polars": "UInt64", "pandas": "uint"},
}


def environment(folder: Path, name: str, peer: Peer) -> Path:
    """The interpreter of an environment that holds the peer; it is made where it is not there."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / name], check=True)
        subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *peer.requirements], check=True)
    return python


def versions(python: Path, packages: tuple[str, ...]) -> str:
    """The versions of packages in an environment, in words."""
    code = (
        "import json, sys; from importlib.metadata import version; print(json.dumps(list(map(version, sys.argv[1:]))))"
    )
    found = json.loads(subprocess.run([python, "-c", code, *packages], check=True, capture_output=True).stdout)
    return ", ".join(f"{name} {version}" for name, version in zip(packages, found, strict=True))


def script(peer: Peer, key: str) -> str:
    """The peer's script for a table with that kind of key."""
    types = _TYPES[key]
    made = peer.script.replace("pl.{polars}", f"pl.{types['polars']}").replace(
        "flight_id: {key}", f"flight_id: {types['key']}"
    )
    return made.replace('"{key}64"', f'"{types["pandas"]}64"')


def prepared(folder: Path, homes: Path, names: list[str], key: str) -> dict[str, list[str]]:
    """Name to the command of ours and of each peer; the peers' versions are printed."""
    commands = {"mlops": [str(MLOPS), "validate", "--contract", "c.yaml", "--data", "t.parquet"]}
    (folder / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    server = "servers: [{server: local, type: local, path: t.parquet, format: parquet}]\n"
    (folder / "peer.yaml").write_text(CONTRACT + server, encoding="utf-8")
    for name in names:
        peer = PEERS[name]
        python = environment(homes, name, peer)
        (folder / f"run_{name}.py").write_text(script(peer, key), encoding="utf-8")
        commands[name] = [str(python), f"run_{name}.py"]
        print(f"{name}: {versions(python, peer.shown)}", flush=True)
    return commands


def compare(folder: Path, commands: dict[str, list[str]], runs: int, label: str) -> None:
    """Run all in turn and print a line of the table for each."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(measured(command, folder))
    for name, pairs in found.items():
        seconds, memory = (statistics.median(each) for each in zip(*pairs, strict=True))
        ratio = statistics.median(other[0] / ours[0] for ours, other in zip(found["mlops"], pairs, strict=True))
        print(f"| {label} | {name} | {seconds:.2f} | {memory:,.0f} | {ratio:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--key", choices=list(KEYS), default="ordered")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--environments", type=Path, help="a folder for the peers' environments, to be kept")
    options = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        homes = (options.environments or folder / "environments").absolute()
        commands = prepared(folder, homes, options.peers, options.key)
        print("| rows | key | what | seconds | MiB | times ours |\n|---|---|---|---|---|---|")
        for rows in options.rows:
            apart(TABLE.format(key=KEYS[options.key], rows=rows, path=folder / "t.parquet"))
            compare(folder, commands, options.runs, f"{rows:,} | {options.key}")


if __name__ == "__main__":
    main()
