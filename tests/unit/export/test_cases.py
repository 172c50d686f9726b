"""The rows that are compared: the example, a thousand draws from the profile, and the odd ones."""

from __future__ import annotations

import copy
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.export.cases import DRAWN, UNSEEN, fit, gather, spreads_of
from mlops_actions.export.source import Column, Row, Source

COLUMNS = (
    Column("carrier", "string"),
    Column("dest", "string", required=False),
    Column("hour", "long"),
    Column("distance", "double", required=False),
    Column("late", "boolean"),
)
EXAMPLE: tuple[Row, ...] = (("AA", "LAX", 7, 100.0, True), ("UA", None, 9, 900.0, False))
PROFILE: dict[str, Any] = {
    "rows": 1000,
    "columns": [
        {
            "name": "carrier",
            "kind": "category",
            "nulls": 0,
            "categories": {"digested": False, "values": [["AA", 900], ["UA", 100]]},
        },
        {
            "name": "dest",
            "kind": "category",
            "nulls": 500,
            "categories": {"digested": False, "values": [["LAX", 500]]},
        },
        {
            "name": "hour",
            "kind": "number",
            "nulls": 300,
            "range": {"min": 6, "max": 23},
            "bins": {"edges": [5, 10, 24], "counts": [0, 900, 100, 0]},
        },
        {"name": "distance", "kind": "number", "nulls": 0, "range": {"min": 80.5, "max": 90.5}},
    ],
}


def source(columns: tuple[Column, ...] = COLUMNS, example: tuple[Row, ...] = EXAMPLE) -> Source:
    return Source(Path(), Path(), "skops", "1.9.1", columns, example, (), None, Path())


def drawn(profile: dict[str, Any] | None = None) -> list[Row]:
    cases = gather(source(), spreads_of(profile or PROFILE, COLUMNS))
    return [row for row, origin in zip(cases.rows, cases.origins, strict=True) if origin.startswith("a draw")]


def test_draws_follow_the_profile() -> None:
    rows = drawn()
    assert len(rows) == DRAWN
    carriers = [row[0] for row in rows]
    assert set(carriers) == {"AA", "UA"}
    assert 850 < carriers.count("AA") < 950
    assert 400 < [row[1] for row in rows].count(None) < 600
    hours = [row[2] for row in rows]
    assert all(isinstance(hour, int) and 6 <= hour <= 23 for hour in hours)
    assert 850 < sum(hour <= 10 for hour in hours if isinstance(hour, int)) < 950
    assert all(isinstance(row[3], float) and 80.5 <= row[3] <= 90.5 for row in rows)


def test_a_required_value_is_never_drawn_as_missing() -> None:
    assert None not in [row[2] for row in drawn()]


def test_the_same_profile_gives_the_same_rows() -> None:
    assert drawn() == drawn(copy.deepcopy(PROFILE))


def test_columns_that_the_profile_does_not_describe_follow_the_example() -> None:
    private = copy.deepcopy(PROFILE)
    private["columns"][0]["categories"] = {"digested": True, "values": [["0123456789abcdef", 1000]]}
    cases = gather(source(), spreads_of(private, COLUMNS))
    assert cases.guessed == ("carrier", "late")
    assert {row[0] for row in drawn(private)} == {"AA", "UA"}
    assert {row[4] for row in drawn()} == {True, False}


def test_each_column_has_its_odd_rows() -> None:
    cases = gather(source(), None)
    assert cases.origins[:2] == ("the input example", "the input example")
    odd = cases.rows[2:]
    assert [row[0] for row in odd if row[0] not in {"AA", "UA"}] == [None, UNSEEN]
    assert UNSEEN in [row[1] for row in odd]
    assert None in [row[3] for row in odd]
    assert all(row[2] is not None and row[4] is not None for row in odd), "these types have no missing value"
    assert [cases.origins[row] for row in sorted(cases.outside)] == ["a row without 'carrier'"]


def test_without_example_and_profile_there_is_no_row() -> None:
    assert gather(source(example=()), None).rows == ()


@pytest.mark.parametrize(
    "damage",
    [
        {"rows": 1},
        {"rows": "x", "columns": []},
        {"rows": 1, "columns": [{}]},
        {"rows": 1, "columns": [{"name": "hour", "kind": "number", "nulls": None}]},
        {"rows": 1, "columns": "hour"},
    ],
)
def test_what_is_no_profile_is_said(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not a profile"):
        spreads_of(damage, COLUMNS)


@given(st.floats(-1e30, 1e30))
def test_a_float_is_what_float32_holds(value: float) -> None:
    held = fit(Column("x", "float"), value)
    assert isinstance(held, float)
    assert struct.unpack("f", struct.pack("f", held))[0] == held
    assert math.isclose(held, value, rel_tol=1e-7, abs_tol=1e-44)
