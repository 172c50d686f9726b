"""Service levels that rows show: how old the newest and the oldest value are, at a moment that the test chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.data.rules.servicelevels import age_in
from mlops_actions.verdict import Severity, Status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def level(workspace):
    """The check of one service level over timestamps of the column ``at``."""

    def run(sla, *moments, kind="TIMESTAMP", more=""):
        rows = " UNION ALL ".join(f"SELECT {f'{each!r}' if each else 'NULL'}::{kind} AS at, 1 AS n" for each in moments)
        contract = workspace.contract(
            f"""\
            schema: [{{name: t, physicalName: tbl, properties: [{{name: when, physicalName: at{more}}}, {{name: n}}]}}]
            slaProperties: [{sla}]
            """
        )
        checks = workspace.checks(contract, workspace.parquet(rows), moment=NOW)
        return next(check for rule, check in checks.items() if rule.startswith("slaProperties."))

    return run


@pytest.mark.parametrize(
    ("sla", "newest", "status", "measured"),
    [
        ("{property: latency, value: 4, unit: d, element: t.when}", "2026-11-19 12:00:00", "pass", 4),
        ("{property: latency, value: 4, unit: d, element: t.when}", "2026-11-19 11:59:59.999999", "fail", 4),
        ("{property: freshness, value: 24, unit: hours, element: when}", "2026-11-23 06:00:00", "pass", 6),
        ("{property: Latency, value: '24', unit: h, element: tbl.at}", "2026-11-22 00:00:00", "fail", 36),
        ("{property: ly, value: 90, unit: minutes, element: t.at}", "2026-11-23 11:00:00", "pass", 60),
        ("{property: latency, value: 30, unit: s, element: t.when}", "2026-11-23 11:59:00", "fail", 60),
        ("{property: latency, value: 1, unit: week, element: t.when}", "2026-11-09 12:00:00", "fail", 2),
        ("{property: latency, value: 1, unit: months, element: t.when}", "2026-10-23 12:00:00", "pass", 1),
        ("{property: latency, value: 1, unit: y, element: t.when}", "2024-11-23 12:00:00", "fail", 2),
    ],
)
def test_the_newest_value_is_at_most_so_old(level, sla, newest, status, measured):
    check = level(sla, "2001-01-01", newest, None)
    assert (check.status.value, check.measured) == (status, pytest.approx(measured))
    assert (check.where.object, check.where.column) == ("t", "at")
    assert newest[:19] in check.message


@pytest.mark.parametrize(
    ("oldest", "status"),
    [("2023-11-23 12:00:00", "pass"), ("2023-11-23 11:59:59", "fail"), ("2026-01-01", "pass")],
)
def test_the_oldest_value_is_at_most_so_old(level, oldest, status):
    check = level("{property: retention, value: 3, unit: y, element: t.when}", "2026-11-23", oldest)
    assert check.status.value == status
    assert check.threshold == {"atMost": 3, "unit": "y"}
    assert ("must be at most 3 y" in check.message) is (status == "fail")


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS", "TIMESTAMP_S", "DATE"])
def test_every_type_that_is_a_point_in_time(level, kind):
    check = level("{property: latency, value: 2, unit: d, element: when}", "2026-11-21", "2026-11-22", kind=kind)
    assert (check.status, check.measured) == (Status.PASS, 1.5)


def test_of_text_the_values_that_are_of_the_type_count(workspace):
    contract = workspace.contract(
        """\
        schema: [{name: t, properties: [{name: day, logicalType: date, logicalTypeOptions: {format: dd.MM.yyyy}}]}]
        slaProperties: [{property: latency, value: 10, unit: d, element: t.day}]
        """
    )
    checks = workspace.checks(contract, workspace.csv("day,n\n20.11.2026,1\n99.11.2026,2\n01.11.2026,3\n"), moment=NOW)
    assert checks["slaProperties.latency"].measured == 3.5
    assert checks["t.day.logicalType"].measured == 1


@pytest.mark.parametrize(
    ("moments", "kind", "says"),
    [
        ([None], "TIMESTAMP", "there is no value"),
        (["2026-11-24 12:00:01"], "TIMESTAMP", "lies in the future"),
        (["2026-11-23", "infinity"], "TIMESTAMP", "1 values are infinite"),
        (["20000-01-01"], "TIMESTAMP", "in no year from 1 to 9999"),
        (["12:00:00"], "TIME", "the column is TIME"),
        (["1"], "INTEGER", "the column is INTEGER"),
    ],
)
def test_what_tells_no_age_is_an_error_and_never_a_pass(level, moments, kind, says):
    check = level("{property: latency, value: 4, unit: d, element: t.when}", *moments, kind=kind)
    assert (check.status, check.measured) == (Status.ERROR, None)
    assert says in check.message


def test_a_day_that_has_begun_in_the_east_is_no_error(level):
    check = level("{property: latency, value: 1, unit: d, element: t.when}", "2026-11-24", kind="DATE")
    assert (check.status, check.measured) == (Status.PASS, -0.5)


def test_no_rows_tell_no_age(workspace):
    contract = workspace.contract(
        """\
        schema: [{name: t, properties: [{name: x, logicalType: date}]}]
        slaProperties: [{property: retention, value: 4, unit: d, element: t.x}]
        """
    )
    assert workspace.checks(contract, workspace.csv("x\n"))["slaProperties.retention"].status is Status.ERROR


@pytest.mark.parametrize(
    ("sla", "says", "severity"),
    [
        ("{property: availability, value: 99.9}", "a promise of the service", Severity.INFO),
        ("{property: frequency, value: 1, unit: d, element: t.when}", "a promise of the service", Severity.INFO),
        ("{property: latency, value: 4, unit: d}", "names no element", Severity.WARNING),
        ("{property: latency, value: 4, unit: d, element: t.whenn}", "'t.whenn' is no property", Severity.WARNING),
        ("{property: latency, value: 4, element: t.when}", "has no unit", Severity.WARNING),
        ("{property: latency, value: 4, unit: m, element: t.when}", "minutes or months", Severity.WARNING),
        ("{property: latency, value: 4, unit: moons, element: t.when}", "'moons' is not known", Severity.WARNING),
        ("{property: latency, value: soon, unit: d, element: t.when}", "no length of time", Severity.WARNING),
        ("{property: latency, value: true, unit: d, element: t.when}", "no length of time", Severity.WARNING),
        ("{property: retention, value: -1, unit: d, element: t.when}", "no length of time", Severity.WARNING),
        ("{property: retention, value: nan, unit: d, element: t.when}", "no length of time", Severity.WARNING),
    ],
)
def test_the_rest_is_listed_with_the_reason(level, sla, says, severity):
    check = level(sla, "2026-11-23")
    assert (check.status, check.severity) == (Status.NOT_CHECKED, severity)
    assert says in check.message


def test_several_elements_and_objects(workspace):
    contract = workspace.contract(
        """\
        schema:
          - {name: a, properties: [{name: x, logicalType: date}, {name: y, logicalType: date}]}
          - {name: b, properties: [{name: x, logicalType: date}]}
          - {name: c, properties: [{name: x, logicalType: date}]}
        slaProperties:
          - property: latency
            value: 2
            unit: d
            element: a.x, b.x, c.x, x
          - {property: latency, value: 9, unit: d, element: a.y}
        """
    )
    one, two = workspace.csv("x,y\n2026-11-22,2026-11-20\n", "a.csv"), workspace.csv("x\n2026-11-20\n", "b.csv")
    checks = workspace.checks(contract, mapping={"a": (one,), "b": (two,)}, moment=NOW)
    found = {rule.partition(".")[2]: check for rule, check in checks.items() if rule.startswith("sla")}
    assert {rule: check.status.value for rule, check in found.items()} == {
        "latency": "pass", "latency#2": "fail", "latency#3": "not-checked", "latency#4": "not-checked", "latency#5": "pass"
    }  # fmt: skip
    assert "no data of its object" in found["latency#3"].message
    assert (
        Path("contract.yaml").read_text().splitlines()[found["latency#2"].where.line - 1].strip()
        == "- property: latency"
    )


def test_the_default_element_of_older_contracts(workspace):
    contract = workspace.contract(
        """\
        slaDefaultElement: t.x
        schema: [{name: t, properties: [{name: x, logicalType: date}]}]
        slaProperties: [{property: latency, value: 4, unit: d}]
        """,
        version="v3.0.2",
    )
    checks = workspace.checks(contract, workspace.csv("x\n2026-11-22\n"), moment=NOW)
    assert checks["slaProperties.latency"].measured == 1.5


def test_data_that_cannot_be_read_tells_no_age(workspace):
    contract = workspace.contract(
        """\
        schema: [{name: t, properties: [{name: x, logicalType: date}]}]
        slaProperties: [{property: latency, value: 4, unit: d, element: t.x}]
        """
    )
    Path("t.parquet").write_bytes(b"")
    check = workspace.checks(contract, "t.parquet")["slaProperties.latency"]
    assert (check.status, check.message) == (Status.ERROR, "not evaluated: the data cannot be read")


@pytest.mark.parametrize(("newest", "status"), [("2026-11-22", "pass"), ("2026-11-11", "fail")])
def test_of_a_private_column_only_whether_it_holds_is_said(level, newest, status):
    sla = "{property: latency, value: 4, unit: d, element: t.when}"
    check = level(sla, newest, more=", classification: restricted")
    assert (check.status.value, check.measured) == (status, None)
    assert check.message == f"the newest value is {'not ' if status == 'fail' else ''}at most 4 d old"


def test_without_a_moment_now_is_when_the_run_began(workspace):
    contract = workspace.contract(
        """\
        schema: [{name: t, properties: [{name: x, logicalType: timestamp}]}]
        slaProperties: [{property: latency, value: 1, unit: h, element: t.x}]
        """
    )
    data = workspace.csv(f"x\n{datetime.now(UTC).isoformat()}\n")
    assert workspace.checks(contract, data)["slaProperties.latency"].status is Status.PASS


@pytest.mark.parametrize(
    ("moment", "value", "months"),
    [
        ("2024-02-29", "2023-02-28", 12), ("2026-03-31", "2026-02-28", 1), ("2026-01-31", "2025-12-31", 1),
        ("2026-01-01", "0001-01-01", 24_300), ("2026-05-15", "2026-05-15", 0),
    ],
)  # fmt: skip
def test_birthdays_of_months(moment, value, months):
    found = age_in("month", *(datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (value, moment)))
    assert found == months


@given(
    st.datetimes(datetime(1, 2, 1), NOW.replace(tzinfo=None)),
    st.timedeltas(timedelta(0), timedelta(days=20)),
    st.sampled_from(["s", "d", "month", "y"]),
)
def test_what_is_older_has_a_greater_age(value, later, unit):
    older, younger = (each.replace(tzinfo=UTC) for each in (value, min(value + later, NOW.replace(tzinfo=None))))
    assert age_in(unit, older, NOW) >= age_in(unit, younger, NOW) >= 0
