"""The flights of 2013: what is flagged of the months after the reference, and of random weeks inside of it.

    python bench/drift_flights.py [--weeks 50] [--false-alarms 0.01]

The reference is January to August of examples/flight-delay/data, counted by blocks of time. Each later month is held
against it, and each of some weeks of it, begun on a random day (seeded): a week of the reference has not drifted, so
those that are flagged are false alarms. By rows is what the check says where it knows of no time.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from mlops_actions.data.describe import OBJECT, Profiling, describe
from mlops_actions.drift.check import check
from mlops_actions.drift.request import DriftCheck
from mlops_actions.drift.settings import Settings
from mlops_actions.drift.sides import PROFILE
from mlops_actions.verdict import Status

DATA = Path(__file__).parents[1] / "examples" / "flight-delay" / "data"
CALENDAR = ("year", "month", "day")
FIRST, LAST = date(2013, 1, 1), date(2013, 8, 31)


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder to work in, and how the checks are configured."""

    folder: Path
    settings: Settings

    def rows(self, first: date, last: date, name: str) -> Path:
        """The departures of some days, both included, as a file."""
        path = self.folder / name
        between = f"make_date(year, month, day) BETWEEN DATE '{first}' AND DATE '{last}'"
        duckdb.sql(f"COPY (FROM '{DATA}/*.parquet' WHERE {between}) TO '{path}'")
        return path

    def profile(self, rows: Path, name: str, time_column: str | None) -> Path:
        """The profile of a file, as `mlops profile` writes it."""
        out = self.folder / name
        out.mkdir()
        describe(Profiling({OBJECT: (str(rows),)}, time_column=time_column), out)
        return out / PROFILE

    def drifted(self, reference: Path, current: Path) -> list[str]:
        """The columns that are flagged."""
        found = check(DriftCheck(reference, (str(current),), settings=self.settings), self.folder / "out")
        checks = [each for each in found.verdict.checks if each.rule.endswith(".drift") and each.status is Status.FAIL]
        return [str(each.where.column or each.rule) for each in checks if each.where]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=50)
    parser.add_argument("--false-alarms", type=float, default=0.01)
    options = parser.parse_args()
    chance = random.Random(2013)  # noqa: S311
    starts = [FIRST + timedelta(days=chance.randrange((LAST - FIRST).days - 5)) for _ in range(options.weeks)]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "out").mkdir()
        bench = Bench(Path(folder), Settings(ignore=CALENDAR, false_alarms=options.false_alarms))
        rows = bench.rows(FIRST, LAST, "reference.parquet")
        by_time, by_rows = bench.profile(rows, "by time", "time_hour"), bench.profile(rows, "by rows", None)
        print("| window | flagged by blocks of time | by rows |")
        print("|---|---|---|")
        for month in range(9, 13):
            found = (
                ", ".join(bench.drifted(each, DATA / f"2013-{month:02}.parquet")) or "nothing"
                for each in (by_time, by_rows)
            )
            print(f"| {date(2013, month, 1):%B} | {' | '.join(found)} |", flush=True)
        alarms = Counter[Path]()
        for start in starts:
            current = bench.rows(start, start + timedelta(days=6), "current.parquet")
            flagged = {each: bench.drifted(each, current) for each in (by_time, by_rows)}
            alarms.update(each for each, columns in flagged.items() if columns)
            if flagged[by_time]:
                print(f"| the week of {start} | {' | '.join(map(', '.join, flagged.values()))} |", flush=True)
        print(f"| {options.weeks} random weeks of the reference | {alarms[by_time]} | {alarms[by_rows]} |")


if __name__ == "__main__":
    main()
