"""The example's contract on all twelve months, and on copies corrupted in sixteen ways.

One for each kind of rule that it has. Each count is that of a query written by hand over the corrupted files.
"""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from mlops_actions.data.report import is_broken
from mlops_actions.data.validate import Validation, validate
from mlops_actions.verdict import Status, Verdict

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/flight-delay"
CONTRACT = EXAMPLE / "contracts/flights.odcs.yaml"
MONTHS = sorted(EXAMPLE.glob("data/*.parquet"))
KEY = "year, month, day, carrier, flight, origin"
SOME = "flight % 97 = 5 AND day > 3"
"""A few hundred flights of a month, no two of one key."""


class Corruption(NamedTuple):
    """What is written in the place of June, the query that counts, and the rules that it breaks, the one meant first."""

    june: str
    counted: str
    rules: tuple[str, ...]


def put(column: str, value: str, where: str = SOME) -> str:
    return f"SELECT * REPLACE (CASE WHEN {where} THEN {value} ELSE {column} END AS {column}) FROM june"


CORRUPTIONS = {
    "a value is missing": Corruption(
        put("distance", "NULL"), "SELECT count(*) FROM flights WHERE distance IS NULL", ("distance.required",)
    ),
    "less than the least": Corruption(
        put("air_time", "0"), "SELECT count(*) FROM flights WHERE air_time < 1", ("air_time.minimum",)
    ),
    "more than the greatest": Corruption(
        put("dep_delay", "1441"), "SELECT count(*) FROM flights WHERE dep_delay > 1440", ("dep_delay.maximum",)
    ),
    "a moment of another year": Corruption(
        put("time_hour", "time_hour + INTERVAL 1 YEAR"),
        "SELECT count(*) FROM flights WHERE time_hour > '2014-01-01T04:00:00Z'",
        ("time_hour.maximum",),
    ),
    "an airline that there is not": Corruption(
        put("carrier", "'ZZ'"), "SELECT count(*) FROM flights WHERE carrier = 'ZZ'", ("carrier.validValues",)
    ),
    "a line end behind the text": Corruption(
        put("tailnum", "tailnum || chr(10)"),
        "SELECT count(*) FROM flights WHERE contains(tailnum, chr(10))",
        ("tailnum.pattern",),
    ),
    "a text too short": Corruption(
        put("dest", "'AB'"), "SELECT count(*) FROM flights WHERE length(dest) < 3", ("dest.minLength", "dest.pattern")
    ),
    "a text too long": Corruption(
        put("dest", "'ABCD'"), "SELECT count(*) FROM flights WHERE length(dest) > 3", ("dest.maxLength", "dest.pattern")
    ),
    "rows twice, and some thrice": Corruption(
        f"SELECT * FROM june UNION ALL SELECT * FROM june WHERE {SOME} UNION ALL SELECT * FROM june WHERE {SOME} AND day > 20",
        f"SELECT sum(n - 1)::BIGINT FROM (SELECT count(*) AS n FROM flights GROUP BY {KEY})",
        ("primaryKey",),
    ),
    "a key with a hole": Corruption(
        put("origin", "NULL"), "SELECT count(*) FROM flights WHERE origin IS NULL", ("primaryKey", "origin.required")
    ),
    "more nulls than are allowed": Corruption(
        put("dep_time", "NULL", "TRUE"),
        "SELECT 100 * count(*) FILTER (dep_time IS NULL) / count(*) FROM flights",
        ("dep_time.nullValues",),
    ),
    "a column is gone": Corruption(
        "SELECT * EXCLUDE hour FROM june", "SELECT count(*) FROM flights WHERE month = 6", ("hour.required", "schema")
    ),
    "a column is of another type": Corruption(
        "SELECT * REPLACE (CAST(distance AS DOUBLE) AS distance) FROM june", "SELECT count(DISTINCT file_name) FROM parquet_schema('data/*.parquet') WHERE name = 'distance' AND type <> 'INT32'",
        ("schema", "distance.logicalType")
    ),
}  # fmt: skip


@pytest.fixture
def months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a copy of the twelve files."""
    shutil.copytree(EXAMPLE / "data", tmp_path / "data", ignore=shutil.ignore_patterns("SHA256SUMS"))
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def validated(data: str) -> Verdict:
    return validate(Validation(CONTRACT, (data,)), Path("out")).verdict


def broken(verdict: Verdict) -> set[str]:
    return {check.rule for check in verdict.checks if is_broken(check)}


def ask(query: str) -> int | float:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE VIEW flights AS FROM read_parquet('data/*.parquet', union_by_name = true)")
        ((answer,),) = connection.execute(query).fetchall()
    return answer


def test_twelve_months_keep_the_contract(months):
    verdict = validated("data")
    assert (verdict.status, broken(verdict)) == (Status.PASS, set())
    assert {check.rows for check in verdict.checks if check.rows is not None} == {ask("SELECT count(*) FROM flights")}


@pytest.mark.parametrize("corruption", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_a_corruption_is_found_with_the_count_of_a_plain_query(months, corruption):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE VIEW june AS FROM 'data/2013-06.parquet'")
        connection.execute(f"COPY ({corruption.june}) TO 'new.parquet' (FORMAT parquet)")
    os.replace("new.parquet", "data/2013-06.parquet")
    verdict, (meant, *_) = validated("data"), corruption.rules
    assert broken(verdict) == {f"flights.{rule}" for rule in corruption.rules}
    (check,) = (check for check in verdict.checks if check.rule == f"flights.{meant}")
    counted = ask(corruption.counted)
    assert counted > 0
    assert check.measured == counted, check.message


def test_too_few_rows(months):
    for path in sorted(months.glob("data/*.parquet"))[1:]:
        path.unlink()
    with duckdb.connect() as connection:
        connection.execute("COPY (FROM 'data/2013-01.parquet' LIMIT 19999) TO 'new.parquet' (FORMAT parquet)")
    os.replace("new.parquet", "data/2013-01.parquet")
    verdict = validated("data")
    assert broken(verdict) == {"flights.rowCount"}
    (check,) = (check for check in verdict.checks if check.rule == "flights.rowCount")
    assert check.measured == ask("SELECT count(*) FROM flights") == 19_999


def test_cells_that_are_no_numbers_and_records_that_do_not_parse(months):
    """June as text: in some rows the distance is a word, and some lines have a cell too many."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        cells = f"SELECT * REPLACE (CASE WHEN {SOME} THEN 'far' ELSE CAST(distance AS VARCHAR) END AS distance)"
        connection.execute(f"COPY ({cells} FROM 'data/2013-06.parquet') TO 'june.csv' (HEADER)")
    header, *lines = Path("june.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{line},too many" if number % 1000 == 7 else line for number, line in enumerate(lines)]
    Path("june.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    checks = {check.rule: check for check in validated("june.csv").checks}
    of_lines = "read_csv('june.csv', delim = '\x01', quote = '', columns = {'line': 'VARCHAR'})"
    commas = "length(line) - length(replace(line, ',', ''))"
    assert checks["flights.readable"].measured == ask(f"SELECT count(*) FROM {of_lines} WHERE {commas} > 18") > 0
    far = f"SELECT count(*) FROM {of_lines} WHERE {commas} = 18 AND contains(line, ',far,')"
    assert checks["flights.distance.logicalType"].measured == ask(far) > 0
    assert checks["flights.distance.minimum"].status is checks["flights.distance.required"].status is Status.PASS
