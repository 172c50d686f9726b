"""Gaps among partition folders: told where a calendar tells, and nowhere else."""

from __future__ import annotations

import pytest

from mlops_actions.data.sources import partitions
from mlops_actions.verdict import Status

YEAR = [f"{month:02d}" for month in range(1, 13)]


def gaps(*folders):
    return partitions.gaps(f"d/{folder}/f.csv" for folder in folders)


@pytest.mark.parametrize(
    ("folders", "missing"),
    [
        ([f"year=2013/month={month}" for month in YEAR if month != "07"], ["month=07 in year=2013 is not there"]),
        ([f"year=2013/month={month}" for month in YEAR[:5]], []),
        (["year=2013", "year=2015", "year=2016"], ["year=2014 is not there"]),
        ([f"month=2013-{month}" for month in YEAR[3:9] if month != "05"] , ["month=2013-05 is not there"]),
        (["period=2013-12", "period=2014-02"], ["period=2014-01 is not there"]),
        ([f"date=2013-01-{day:02d}" for day in range(1, 31) if day != 9], ["date=2013-01-09 is not there"]),
        # No gap: working days alone, and numbers that are no calendar's.
        ([f"date=2013-01-{day:02d}" for day in range(1, 31) if day % 7 not in (5, 6)], []),
        (["customer=1", "customer=7"], []),
        (["month=1", "month=x"], []),
        (["date=2013-01-01", "date=2013-13-01"], []),
        (["date=1900-01-01", "date=2013-01-01"], []),
    ],
)  # fmt: skip
def test_what_is_missing_between_the_first_and_the_last(folders, missing):
    assert gaps(*folders) == missing


def test_a_gap_is_a_warning(workspace):
    for month in (1, 2, 4):
        workspace.csv("x\n1\n", f"d/month={month}/f.csv")
    outcome = workspace.run(workspace.columns("- {name: x, logicalType: integer}"), "d")
    assert outcome.verdict.status is Status.WARN
    (check,) = [check for check in outcome.verdict.checks if check.rule == "t.partitions"]
    assert "month=3 is not there" in check.message
