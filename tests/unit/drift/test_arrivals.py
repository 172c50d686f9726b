"""When rows came, at the level of the check: how many a day, days without any, times that overlap, the same rows."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, Severity, Status

COLUMNS = dict[str, tuple[str, list[Any]]]


def rows_of(first: int, counts: list[int]) -> COLUMNS:
    """So many rows on each day, spread over it."""
    chance = random.Random(first)  # noqa: S311
    at = [
        datetime(2024, 1, 1) + timedelta(days=day, minutes=1440 * row / count)
        for day, count in enumerate(counts, start=first)
        for row in range(count)
    ]
    return {"at": ("TIMESTAMP", at), "x": ("DOUBLE", [chance.gauss(0, 1) for _ in at])}


REFERENCE = rows_of(0, [200 + day % 7 for day in range(28)])


def by_rule(outcome) -> dict[str, Check]:
    return {each.rule: each for each in outcome.verdict.checks}


def test_a_tenth_of_the_rows_a_day_drifts_and_the_headline_says_so(workspace):
    outcome = workspace.compare(REFERENCE, rows_of(28, [20] * 7), time_column="at")
    found = by_rule(outcome)["data.rows.drift"]
    assert found.status is Status.FAIL and outcome.verdict.status is Status.FAIL
    assert found.measured == pytest.approx(20 / 203, rel=0.01) and found.threshold == {"mustBeBetween": [0.5, 2]}
    assert found.where.column is None and "20 rows a day" in found.message
    assert outcome.headline == (
        "29 January to 4 February 2024 differs from 1 to 28 January 2024, though in none of 2 columns by itself: "
        "there are 20 rows a day instead of 203"
    )
    assert outcome.outputs["drifted-columns"] == "[]"


def test_as_many_rows_a_day_are_no_drift_and_the_factor_is_the_users(workspace):
    usual = workspace.compare(REFERENCE, rows_of(28, [203] * 7), time_column="at")
    assert by_rule(usual)["data.rows.drift"].status is Status.PASS and usual.verdict.status is Status.PASS
    fewer = workspace.compare(REFERENCE, rows_of(28, [150] * 7), time_column="at")
    assert "too little to matter" in by_rule(fewer)["data.rows.drift"].message
    strict = workspace.compare(REFERENCE, rows_of(28, [150] * 7), time_column="at", rows_factor=1.2)
    assert by_rule(strict)["data.rows.drift"].status is Status.FAIL
    with pytest.raises(CallError, match="rows-factor"):
        workspace.check("before.parquet", "now.parquet", rows_factor=1.0)


def test_without_a_time_nothing_is_said_of_it_and_too_few_days_are_no_pass(workspace):
    now = rows_of(28, [20] * 7)
    assert "data.rows.drift" not in by_rule(workspace.compare(REFERENCE, now))
    short = by_rule(workspace.compare(rows_of(0, [200] * 5), now, time_column="at"))
    assert short["data.rows.drift"].status is short["data.at.gaps"].status is Status.NOT_CHECKED
    assert "5 whole days, and 7 are needed" in short["data.rows.drift"].message
    timeless = {"at": ("VARCHAR", ["yesterday"] * 200), "x": ("DOUBLE", [0.5] * 200)}
    found = by_rule(workspace.compare(REFERENCE, timeless, time_column="at"))["data.rows.drift"]
    assert found.status is Status.NOT_CHECKED and "no blocks of time by `at`" in found.message


def test_days_without_rows_are_named(workspace):
    outcome = workspace.compare(REFERENCE, rows_of(28, [200, 0, 0, 200, 200]), time_column="at")
    found = by_rule(outcome)["data.at.gaps"]
    assert found.status is Status.WARN and found.severity is Severity.WARNING and found.measured == 2
    assert "2 days without rows" in found.message and "2024-01-30, 2024-01-31" in found.message
    assert outcome.outputs["drifted-columns"] == "[]" and outcome.verdict.status is Status.WARN
    whole = by_rule(workspace.compare(REFERENCE, rows_of(28, [200] * 5), time_column="at"))["data.at.gaps"]
    assert whole.status is Status.PASS and whole.measured == 0


def test_windows_that_overlap_are_an_information(workspace):
    found = by_rule(workspace.compare(REFERENCE, rows_of(25, [203] * 7), time_column="at"))["data.at.overlap"]
    assert found.is_finding and found.severity is Severity.INFO
    assert "the current data's time overlaps the reference's, from 2024-01-26 00:00 to 2024-01-28 23:5" in found.message
    assert "data.at.overlap" not in by_rule(workspace.compare(REFERENCE, rows_of(28, [203] * 7), time_column="at"))


def test_the_same_file_under_another_name_is_said(workspace):
    name = workspace.parquet(REFERENCE, "x.parquet")
    (workspace.root / "y.parquet").write_bytes((workspace.root / name).read_bytes())
    outcome = workspace.check(name, "y.parquet")
    found = by_rule(outcome)["data.sameData"]
    assert found.status is Status.WARN and found.severity is Severity.WARNING and "`y.parquet`" in found.message
    assert outcome.verdict.status is Status.WARN and outcome.outputs["drifted"] == "false"


def test_the_rows_of_a_stored_profile_are_known_again(workspace):
    name = workspace.parquet(REFERENCE, "x.parquet")
    workspace.check(name, name)
    (workspace.root / "out" / "profile.json").rename(workspace.root / "profile.json")
    found = by_rule(workspace.check("profile.json", name))["data.sameData"]
    assert found.status is Status.WARN and "counts, extremes, means and deviations" in found.message
    others = REFERENCE | {"x": ("DOUBLE", [math.nextafter(each, 9) + 1e-6 for each in REFERENCE["x"][1]])}
    assert "data.sameData" not in by_rule(workspace.check("profile.json", workspace.parquet(others, "z.parquet")))
