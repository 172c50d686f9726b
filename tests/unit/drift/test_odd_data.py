"""Odd data on either side: a finding or a pass that is true, a number that is one, and no error."""

from __future__ import annotations

import json
import math
import random
from datetime import datetime, timedelta
from itertools import product

import duckdb
import pytest

from mlops_actions import verdict
from mlops_actions.drift.effects import Effect
from mlops_actions.verdict import Status

ROWS = 400
chance = random.Random(9)  # noqa: S311
KINDS: dict[str, list[float | None]] = {
    "usual": [chance.gauss(0, 1) for _ in range(ROWS)],
    "constant": [5.0] * ROWS,
    "another constant": [5.0000001] * ROWS,
    "nulls": [None] * ROWS,
    "NaN": [math.nan] * ROWS,
    "infinity": [math.inf] * ROWS,
    "both infinities": [math.inf, -math.inf] * (ROWS // 2),
    "some infinity": [math.inf] * 100 + [chance.gauss(0, 1) for _ in range(ROWS - 100)],
    "huge": [1.7e308, -1.7e308] * (ROWS // 2),
    "narrow": [chance.gauss(0, 1e-10) for _ in range(ROWS)],  # of whose deviations there are too many to what is huge
    "tiny": [5e-324, 0.0] * (ROWS // 2),
}


@pytest.mark.parametrize("effect", Effect)
def test_every_odd_column_against_every_other(workspace, effect):
    """All pairs as columns of one data set: what differs drifts, what does not passes, and no number is none."""
    pairs = {f"{one} to {other}": (one, other) for one, other in product(KINDS, KINDS)}
    outcome = workspace.compare(
        {name: ("DOUBLE", KINDS[one]) for name, (one, _) in pairs.items()},
        {name: ("DOUBLE", KINDS[other]) for name, (_, other) in pairs.items()},
        effect=effect,
    )
    written = json.loads(verdict.dumps(outcome.verdict))
    checks = {each["where"]["column"]: each for each in written["checks"] if "column" in each["where"]}
    for name, (one, other) in pairs.items():
        found = checks[name]
        assert found["measured"] is not None and math.isfinite(found["measured"]), name
        assert found["status"] == ("pass" if one == other else "fail"), (name, found["message"])
        assert not {"nan", "inf"} & set(str(found["measured"]).split()), name
        assert (found["measured"] > 0) is (one != other), name


@pytest.mark.parametrize("values", [[2.0], [None], [math.nan], [math.inf]], ids=repr)
@pytest.mark.parametrize("effect", Effect)
def test_one_row_on_either_side_is_no_pass(workspace, effect, values):
    many = KINDS["usual"]
    for before, now in ((many, values), (values, many), (values, values)):
        found = workspace.one("DOUBLE", before, now, effect=effect)
        assert found.status in {Status.FAIL, Status.NOT_CHECKED}
        assert found.measured is None or math.isfinite(found.measured)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_million_different_texts_against_a_few(workspace, swapped):
    """Values that are counted are bounded; that nearly all are new is said in a number."""
    with duckdb.connect() as connection:
        for name, text in (("few", "'v' || (i % 10)"), ("many", "'v' || i")):
            made = f"SELECT {text} AS x FROM range(1000000) t(i)"  # noqa: S608
            connection.execute(f"COPY ({made}) TO '{name}.parquet'")
    names = ("many.parquet", "few.parquet") if swapped else ("few.parquet", "many.parquet")
    (found,) = (each for each in workspace.check(*names).verdict.checks if each.where.column)
    assert found.status is Status.FAIL
    if not swapped:
        assert found.measured == pytest.approx(1 - 10 / 1_000_000)
        assert found.message.endswith("any other value went from 0 % to over 99.9 % of the rows")
    assert len((workspace.root / "out" / "profile.json").read_bytes()) < 20_000
    (same,) = (each for each in workspace.check("many.parquet", "many.parquet").verdict.checks if each.where.column)
    assert same.status is Status.PASS and same.measured == 0


def test_another_schema_is_said_column_by_column(workspace):
    usual = ("DOUBLE", KINDS["usual"])
    before, now = {"a": usual, "b": usual, "c": usual}, {"b": ("VARCHAR", ["x", "y"] * 200), "C": usual}
    checks = {each.where.column: each for each in workspace.compare(before, now).verdict.checks if each.where.column}
    assert {name: each.status for name, each in checks.items()} == {
        "a": Status.FAIL, "b": Status.FAIL, "c": Status.FAIL, "C": Status.WARN
    }  # fmt: skip
    assert "is now text" in checks["b"].message and "no such column" in checks["a"].message


def test_times_that_no_clock_has_reached_are_new_values(workspace):
    begin = datetime(2013, 1, 1)
    before = [begin + timedelta(hours=hour) for hour in range(2000)]
    now = [begin + timedelta(days=100, hours=hour) for hour in range(2000)]
    assert workspace.one("TIMESTAMP", before, now).status is Status.PASS  # time moves on
    unknown = [datetime(1970, 1, 1)] * 60 + [datetime(9999, 12, 31)] * 40
    found = workspace.one("TIMESTAMP", before, now[100:] + unknown)
    assert (found.status, found.measured) == (Status.FAIL, 0.05)
    assert "a time before 2012-12-31 (60 rows), a time from 2113-03-" in found.message


def test_an_earlier_window_is_another_window(workspace):
    early, late = ([datetime(year, 3, 1) + timedelta(minutes=each) for each in range(500)] for year in (2012, 2013))
    assert workspace.one("TIMESTAMP", late, early).status is Status.PASS
    assert workspace.one("TIMESTAMP", late, early[:100] + late[100:]).status is Status.FAIL
    for unknown in ([early[0]], [datetime(9999, 12, 31)], [datetime(1970, 1, 1), datetime(9999, 12, 31)]):
        assert workspace.one("TIMESTAMP", late, unknown * 500).status is Status.FAIL, unknown


def days(first: int, number: int, *, due: list[datetime | None], time: list[datetime] | None = None):
    """So many days of 100 rows, with their time and when something is due; the first rows of each as given."""
    rows = [datetime(2024, 1, 1) + timedelta(days=first + row // 100, minutes=row % 100) for row in range(number * 100)]
    wanted = [due[row % 100] if row % 100 < len(due) else rows[row] + timedelta(days=30) for row in range(len(rows))]
    return {"t": ("TIMESTAMP", (time or []) + rows[len(time or []) :]), "due": ("TIMESTAMP", wanted)}


def test_by_blocks_too_early_times_are_seen_beside_nulls(workspace):
    before = days(0, 60, due=[None])
    unknown = [None, *[datetime(1970, 1, 1)] * 30]
    outcome = workspace.compare(before, days(60, 7, due=unknown), time_column="t")
    assert {each.where.column for each in outcome.verdict.checks if each.status is Status.FAIL} == {"due"}


def test_of_the_time_of_the_rows_overlap_is_judged_and_not_how_early_it_is(workspace):
    before, now = days(20, 60, due=[]), days(0, 30, due=[])
    found = {each.rule: each.status for each in workspace.compare(before, now, time_column="t").verdict.checks}
    assert (found["data.t.drift"], found["data.t.overlap"]) == (Status.PASS, Status.WARN)
    now = days(90, 30, due=[], time=[datetime(9999, 12, 31)] * 200)
    found = {each.rule: each.status for each in workspace.compare(before, now, time_column="t").verdict.checks}
    assert found["data.t.drift"] is Status.FAIL
