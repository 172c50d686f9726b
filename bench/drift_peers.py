"""`mlops drift` beside its peers, whole processes in turn: seconds, processor seconds and peak memory.

The data is made here, by DuckDB: 15 columns as a user would have them (eight of numbers, three of categories, two
booleans, texts that hardly repeat, a time that goes on), some with nulls, zstd Parquet, drawn by a hash: the same in
each run. Reference and current data are other rows of the same distributions, 90 days of them each; nothing drifts.

*profile* is `mlops drift` against a stored profile, *data* with both sides as data; both make the current profile,
the digest of each file read, the verdict, the summary and the report. *scan* and *scan both* are one query of DuckDB
for each file read, of the aggregates that an expert would ask for to compare distributions: of numbers the count,
extremes, mean, deviation and 19 approximate quantiles; of categories and booleans the count of each value; of texts
the count, the number of different ones (approximate), and the mean, extremes and quantiles of their lengths; of times
the count and extremes. *counts* is less than can be compared: count, extremes and means alone. It is the least that
reads every column.

The peers read both files with pandas and compare as their documentation says, with their defaults, in environments of
their own (`--environments` names a folder to keep them in). They compare what ours compares: numbers and lengths of
texts by Kolmogorov and Smirnov's test (SciPy, frouros), categories and booleans by chi-square; Evidently and NannyML
choose their own, and get no texts. Times, which go on, are compared by none.

Run: `.venv/bin/python bench/drift_peers.py --rows 1000000 [--runs 3] [--peers scipy frouros] [--only profile data
scan]`; `--columns 1000 --rows 100000` makes a wide table (numbers, whole numbers, categories and texts in turn) for
ours alone.
"""

# ruff: noqa: S608 (statements are built here, from this file's own texts)

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from peers import Peer, environment, versions
from validation import MLOPS, apart

NUMBERS = ("n0", "n1", "n2", "amount", "spend", "discount", "age", "visits")
CATEGORIES = ("plan", "region", "device")
BOOLEANS = ("active", "repeat_buyer")
DAYS = 90

OURS = ("profile", "data")
LIMITS = ("scan", "scan both", "counts", "counts both")
SEEDS = {"reference": 1, "current": 1_000_000_007}


# The data


def columns(rows: int, seed: int) -> dict[str, str]:
    """Column to its expression over ``range``."""

    def drawn(index: int) -> str:
        return f"hash(range * 31 + {index} + {seed}::BIGINT * 64)"

    def uniform(index: int) -> str:
        return f"({drawn(index)}::DOUBLE / 1.8446744073709552e19)"

    def exponential(index: int) -> str:
        return f"-ln({uniform(index)} + 1e-12)"

    def normal(index: int) -> str:  # Box and Muller's
        return f"(sqrt(2 * {exponential(index)}) * cos(6.283185307179586 * {uniform(index + 1)}))"

    return {
        "n0": normal(0),
        "n1": f"CASE WHEN {drawn(2)} % 50 = 0 THEN NULL ELSE 10 + 3 * {normal(3)} END",
        "n2": f"100 * {normal(5)}",
        "amount": f"round(exp(3 + {normal(7)}), 2)",
        "spend": f"CASE WHEN {drawn(9)} % 3 = 0 THEN 0 ELSE round(20 * {exponential(10)}, 2) END",
        "discount": f"round({uniform(14)}, 2)",
        "age": f"(18 + floor(60 * {uniform(11)}))::BIGINT",
        "visits": f"floor(4 * {exponential(12)})::INTEGER",
        "plan": f"['free', 'basic', 'pro'][1 + ({drawn(13)} % 3)::INT]",
        "region": f"'R' || floor(50 * pow({uniform(15)}, 2))::INTEGER::VARCHAR",
        "device": f"CASE WHEN {drawn(16)} % 20 > 0 THEN ['ios', 'droid', 'web', 'tv'][1 + ({drawn(17)} % 4)::INT] END",
        "active": f"{drawn(18)} % 10 < 7",
        "repeat_buyer": f"{drawn(19)} % 10 < 2",
        "email": f"'user' || ({drawn(20)} % 10000000)::VARCHAR || '@example.com'",
        "created": f"TIMESTAMP '2024-01-01' + to_seconds(range * {DAYS * 86400} // {rows})",
    }


def wide(count: int, seed: int) -> dict[str, str]:
    """So many columns: numbers, whole numbers, categories and texts in turn."""
    kinds = (
        "hash(range * 7 + {0})::DOUBLE / 1e19",
        "(hash(range * 11 + {0}) % {1})::BIGINT",
        "['red', 'green', 'blue', 'grey', 'black'][1 + (hash(range * 13 + {0}) % 5)::INT]",
        "'C' || (hash(range * 17 + {0}) % 1000000)::VARCHAR",
    )
    return {
        f"c{index}": kinds[index % 4].format(index * 1_000_003 + seed, 10 ** (1 + index % 7)) for index in range(count)
    }


def write(path: Path, made: dict[str, str], rows: int) -> None:
    """Write a table, in a process of its own."""
    select = ", ".join(f"{expression} AS {name}" for name, expression in made.items())
    apart(f"COPY (SELECT {select} FROM range({rows})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


# The limit


def scanned() -> str:
    """What an expert asks for, to compare distributions."""
    quantiles = "[" + ", ".join(f"{index / 20}" for index in range(1, 20)) + "]"
    parts = [
        f"count({name}), min({name}), max({name}), avg({name}), stddev({name}), approx_quantile({name}, {quantiles})"
        for name in NUMBERS
    ]
    parts += [f"count({name}), histogram({name})" for name in CATEGORIES]
    parts += [f"count({name}), count_if({name})" for name in BOOLEANS]
    length = "length(email)"
    parts.append(f"count(email), approx_count_distinct(email), min({length}), max({length}), avg({length})")
    parts.append(f"approx_quantile({length}, {quantiles}), count(created), min(created), max(created)")
    return ", ".join(parts)


def counted() -> str:
    """The least that reads every column."""
    parts = [f"count({name}), min({name}), max({name}), avg({name})" for name in NUMBERS]
    parts += [f"count({name}), min(length({name})), max(length({name}))" for name in (*CATEGORIES, "email")]
    parts += [f"count({name}), count_if({name})" for name in BOOLEANS]
    return ", ".join([*parts, "count(created), min(created), max(created)"])


def query(select: str, *files: str) -> list[str]:
    """The command that asks this of each file, in a process of its own."""
    lines = "; ".join(f"duckdb.execute('''SELECT {select} FROM '{file}' ''').fetchall()" for file in files)
    return [sys.executable, "-I", "-c", f"import duckdb; {lines}"]


# The peers

_READ = f"""
import pandas
reference, current = (pandas.read_parquet(f"{{side}}.parquet") for side in ("reference", "current"))
NUMBERS, CATEGORIES = {list(NUMBERS)}, {[*CATEGORIES, *BOOLEANS]}
"""

SCIPY = (
    _READ
    + """
from scipy import stats
drifted = []
for name in NUMBERS:
    if stats.ks_2samp(reference[name].dropna(), current[name].dropna()).pvalue < 0.05:
        drifted.append(name)
length = [each["email"].str.len() for each in (reference, current)]
if stats.ks_2samp(*length).pvalue < 0.05:
    drifted.append("email")
for name in CATEGORIES:
    table = pandas.DataFrame({"r": reference[name].value_counts(), "c": current[name].value_counts()}).fillna(0)
    if stats.chi2_contingency(table.T).pvalue < 0.05:
        drifted.append(name)
print(drifted)
"""
)

FROUROS = (
    _READ
    + """
from frouros.detectors.data_drift import ChiSquareTest, KSTest
for each in (reference, current):
    each["email"] = each["email"].str.len().astype("int64")
drifted = []
for names, detector in (([*NUMBERS, "email"], KSTest), (CATEGORIES, ChiSquareTest)):
    for name in names:
        made = detector()
        made.fit(X=reference[name].dropna().to_numpy())
        if made.compare(X=current[name].dropna().to_numpy())[0].p_value < 0.05:
            drifted.append(name)
print(drifted)
"""
)

EVIDENTLY = (
    _READ
    + """
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
names = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
sides = [Dataset.from_pandas(each[NUMBERS + CATEGORIES], data_definition=names) for each in (current, reference)]
found = Report([DataDriftPreset()]).run(*sides).dict()
print(len(found["metrics"]))
"""
)

NANNYML = (
    _READ
    + """
import nannyml
made = nannyml.UnivariateDriftCalculator(
    column_names=NUMBERS + CATEGORIES, treat_as_categorical=CATEGORIES, timestamp_column_name="created"
)
made.fit(reference)
print(len(made.calculate(current).to_df()), "chunks")
"""
)

PEERS = {
    "scipy": Peer(("scipy==1.17.1", "pandas", "pyarrow"), ("scipy", "pandas"), SCIPY),
    "frouros": Peer(("frouros==0.9.0", "pandas", "pyarrow"), ("frouros", "scipy"), FROUROS),
    # As installed, these two do not import with the newest pandas, nor the second without statsmodels.
    "evidently": Peer(("evidently==0.7.23", "pandas<3", "pyarrow"), ("evidently", "pandas"), EVIDENTLY),
    "nannyml": Peer(("nannyml==0.13.1", "statsmodels", "pandas<3", "pyarrow"), ("nannyml", "pandas"), NANNYML),
}


# Running


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: seconds, seconds of processors, and MiB (peak resident)."""

    seconds: float
    cpu: float
    memory: float


def measured(command: list[str], folder: Path) -> Run:
    """What a command takes, which must succeed."""
    began = time.perf_counter()
    with (folder / "said").open("wb") as said:
        # pylint: disable-next=consider-using-with  # it is waited for here, for what it used
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ended with status {process.returncode}: {(folder / 'said').read_text()[-800:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def prepared(folder: Path, options: argparse.Namespace) -> dict[str, list[str]]:
    """Name to the command, of what was asked for; the peers' versions are printed."""
    drift = [str(MLOPS), "drift", "--data", "current.parquet", "--reference"]
    both = ("reference.parquet", "current.parquet")
    every = {
        "profile": [*drift, "profile.json"],
        "data": [*drift, "reference.parquet"],
        "scan": query(scanned(), "current.parquet"),
        "scan both": query(scanned(), *both),
        "counts": query(counted(), "current.parquet"),
        "counts both": query(counted(), *both),
    }
    homes = (options.environments or folder / "environments").absolute()
    if options.columns:
        return {name: every[name] for name in OURS if name in options.only}
    commands = {name: command for name, command in every.items() if name in options.only}
    for name in options.peers:
        python = environment(homes, name, PEERS[name])
        (folder / f"run_{name}.py").write_text(PEERS[name].script, encoding="utf-8")
        commands[name] = [str(python), f"run_{name}.py"]
        print(f"{name}: {versions(python, PEERS[name].shown)}", flush=True)
    return commands


def compare(folder: Path, commands: dict[str, list[str]], runs: int) -> dict[str, list[Run]]:
    """Run all in turn, as often as asked for."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(measured(command, folder))
    return found


def show(found: dict[str, list[Run]], label: str) -> None:
    """A line of the table for each: medians, and how many times the seconds of ours it took (median of the runs)."""
    for name, runs in found.items():
        middle = [statistics.median(each) for each in zip(*((r.seconds, r.cpu, r.memory) for r in runs), strict=True)]
        ratios = []
        for ours in OURS:
            pairs = zip(runs, found.get(ours, []), strict=False)
            ratio = [other.seconds / mine.seconds for other, mine in pairs] if name != ours else []
            ratios.append(f"{statistics.median(ratio):.2f}" if ratio else "")
        print(
            f"| {label} | {name} | {middle[0]:.2f} | {middle[1]:.2f} | {middle[2]:,.0f} | {' | '.join(ratios)} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--columns", type=int, help="a wide table of so many columns, for ours alone")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument(
        "--only", nargs="*", choices=[*OURS, *LIMITS], default=[*OURS, *LIMITS], help="of ours and limits"
    )
    parser.add_argument("--environments", type=Path, help="a folder for the peers' environments, to be kept")
    parser.add_argument("--folder", type=Path, help="where the data is written and kept (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="a file for all runs")
    options = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, DuckDB {duckdb.__version__}")
    kept: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as temp:
        folder = Path(temp)
        commands = prepared(folder, options)
        print("| rows | what | seconds | CPU seconds | MiB | times *profile* | times *data* |")
        print("|---|---|---|---|---|---|---|")
        for rows in options.rows:
            for side, seed in SEEDS.items():
                made = wide(options.columns, seed) if options.columns else columns(rows, seed)
                write(folder / f"{side}.parquet", made, rows)
            measured([str(MLOPS), "profile", "--data", "reference.parquet", "--out", "of-reference"], folder)
            (folder / "of-reference" / "profile.json").replace(folder / "profile.json")
            found = compare(folder, commands, options.runs)
            show(found, f"{rows:,}")
            kept += [{"rows": rows, "what": name, **asdict(run)} for name, runs in found.items() for run in runs]
    if options.json:
        options.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
