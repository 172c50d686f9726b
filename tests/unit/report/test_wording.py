"""Numbers and places, as people read them."""

from datetime import timedelta

import pytest

from mlops_actions.outcome import Chart
from mlops_actions.report import wording
from mlops_actions.verdict import Check, Status, Where


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (2013, "2013"),
        (27004, "27,004"),
        (-27004, "-27,004"),
        (0.1 + 0.2, "0.3"),
        (1e-9, "1e-09"),
        (1234567.8, "1,234,568"),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ("2013", "2013"),
    ],
)
def test_a_value(value, text):
    assert wording.scalar(value) == text


@pytest.mark.parametrize(
    ("measured", "threshold", "rows", "text"),
    [
        (0.6499999999, {"min": 0.65}, None, "0.6499999999"),
        (0.65, {"min": 0.65}, None, "0.65"),
        (0.9999999999, {"min": 1}, None, "0.9999999999"),
        (0.123456789, {"min": 0.65}, None, "0.123457"),
        (0.123456789, None, None, "0.123457"),
        (0.5, {"mustBe": [1, 2], "or": "x"}, None, "0.5"),
        (1812, {"mustBe": 0}, 27004, "1,812"),
        (2013, {"mustBe": 2014}, None, "2013"),
        ("12 MB", None, 3, "12 MB"),
        (None, {"min": 1}, 3, ""),
    ],
)
def test_what_was_measured_never_looks_like_what_it_missed(measured, threshold, rows, text):
    check = Check("r", Status.FAIL, "m", measured=measured, threshold=threshold, rows=rows)
    assert wording.measured(check) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ({}, ""),
        ({"mustBe": 0}, "mustBe 0"),
        ({"min": 0.65, "max": 1}, "min 0.65, max 1"),
        ({"validValues": ["é", None]}, 'validValues ["é", null]'),
        ({"mustBe": None}, "mustBe null"),
    ],
)
def test_a_threshold(value, text):
    assert wording.threshold(value) == text


@pytest.mark.parametrize(
    ("where", "place", "name"),
    [
        (Where(), "", ""),
        (Where("t", "c", "a.py", 3, 5), "a.py:3:5", "t.c"),
        (Where("t", None, "a.py", 3), "a.py:3", "t"),
        (Where(None, "c", "a.py"), "a.py", "c"),
        (Where(None, None, "a.py", None, 5), "a.py", ""),
        (Where(line=3), "", ""),
    ],
)
def test_a_place(where, place, name):
    assert wording.place(where) == place
    assert wording.named(where) == name


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.042, "0.042 s"),
        (1.24, "1.2 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (187, "3 min 07 s"),
        (7500, "2 h 05 min"),
        (-1, "0 s"),
    ],
)
def test_a_duration(seconds, text):
    assert wording.duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("values", "cells", "numeric", "statuses"),
    [
        ((4211, 90412, None), ("4,211", "90,412", ""), True, False),
        ((2013, 2014), ("2013", "2014"), True, False),
        ((1.84, 0.3, 2), ("1.84", "0.30", "2.00"), True, False),
        ((1400.0, 17.0), ("1400", "17"), True, False),
        ((0.5, 1e-9), ("0.5", "1e-09"), True, False),
        ((0.5, float("inf")), ("0.5", "inf"), True, False),
        ((0.5, 10**400), ("0.5", f"{10**400:,}"), True, False),
        ((1, "x"), ("1", "x"), False, False),
        ((True, False), ("true", "false"), False, False),
        (("pass", None, "not-checked"), ("pass", "", "not-checked"), False, True),
        (("pass", "passed"), ("pass", "passed"), False, False),
        ((None, None), ("", ""), False, False),
        ((), (), False, False),
    ],
)
def test_a_column(values, cells, numeric, statuses):
    assert wording.column(values) == wording.Column(cells, numeric, statuses)


def test_an_amount_is_a_percentage_only_where_it_is_a_share():
    shares, counts = Chart("t", ("a",), {}), Chart("t", ("a",), {}, "rows")
    assert wording.amount(shares, 0.1234) == "12.3%"
    assert wording.amount(counts, 0.1234) == "0.1234"
    assert wording.amount(counts, float("nan")) == "n/a"


def test_plurals():
    assert [wording.plural(count, "check") for count in (0, 1, 5000)] == ["0 checks", "1 check", "5,000 checks"]


@pytest.mark.parametrize(
    ("value", "text"), [(9999.4, "9999"), (9999.5, "10,000"), (-25_000.2, "-25,000"), (0.123456, "0.1235"), (None, "")]
)
def test_a_mean_has_no_exponent_that_a_person_has_to_reckon_with(value: float | None, text: str) -> None:
    assert wording.rounded(value) == text
