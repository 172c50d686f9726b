"""Each rule of a contract on rows where the right count is plain to see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlops_actions.verdict import Status

NUMBERS = "x\n1\n2\n2\n\nnan\n-5\n1.5\n"


@pytest.mark.parametrize(
    ("rule", "properties", "measured"),
    [
        ("required", "{name: x, logicalType: number, required: true}", 1),
        ("unique", "{name: x, logicalType: number, unique: true}", 1),
        ("primaryKey", "{name: x, logicalType: number, primaryKey: true}", 2),
        ("minimum", "{name: x, logicalType: number, logicalTypeOptions: {minimum: 1}}", 2),
        ("exclusiveMinimum", "{name: x, logicalType: number, logicalTypeOptions: {exclusiveMinimum: 1}}", 3),
        ("maximum", "{name: x, logicalType: number, logicalTypeOptions: {maximum: 2}}", 1),
        ("exclusiveMaximum", "{name: x, logicalType: number, logicalTypeOptions: {exclusiveMaximum: 2}}", 3),
        ("multipleOf", "{name: x, logicalType: number, logicalTypeOptions: {multipleOf: 1}}", 2),
        ("enum", "{name: x, logicalType: number, enum: [{value: 1}, {value: 2}]}", 3),
        ("validValues", "{name: x, logicalType: number, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [1, 2, null]}}]}", 3),
        ("nullValues", "{name: x, logicalType: number, quality: [{metric: nullValues, mustBe: 0}]}", 1),
        ("missingValues", "{name: x, logicalType: number, quality: [{metric: missingValues, mustBe: 0, arguments: {missingValues: [null, nan]}}]}", 2),
        ("duplicateValues", "{name: x, logicalType: number, quality: [{metric: duplicateValues, mustBe: 0}]}", 1),
        ("logicalType", "{name: x, logicalType: integer}", 2),
        ("format", "{name: x, logicalType: integer, logicalTypeOptions: {format: u8}}", 1),
    ],
)  # fmt: skip
def test_rules_on_numbers(workspace, tally, rule, properties, measured):
    assert tally(rule, f"- {properties}", workspace.csv(NUMBERS)) == ("fail", measured)


@pytest.mark.parametrize(("kind", "mentions"), [("integer", False), ("number", True)])
def test_only_of_numbers_that_can_be_infinite_is_it_said(workspace, kind, mentions):
    contract = workspace.columns(f"- {{name: x, logicalType: {kind}, logicalTypeOptions: {{minimum: 2}}}}")
    check = workspace.checks(contract, workspace.csv("x\n1\n"))["t.x.minimum"]
    assert "1 of 1 rows (100 %) are less than 2" in check.message
    assert ("not finite" in check.message) is mentions


@pytest.mark.parametrize(
    ("rule", "options", "cells", "measured"),
    [
        ("pattern", "pattern: '^[A-Z]{2}$'", ["AB", '"AB\n"', "A", "xABx", ""], 3),
        ("pattern", "pattern: AB", ["AB", '"AB\n"', "A", "xABx", ""], 1),
        ("minLength", "minLength: 2", ["é", "éé", '""', ""], 2),
        ("maxLength", "maxLength: 2", ["ééé", "🤦🤦", ""], 1),
        ("format", "format: email", ["a@example.org", "a@", "a b@c.d", "a@b"], 2),
        ("format", "format: uuid", ["123e4567-e89b-12d3-a456-426614174000", "123e4567"], 1),
        ("format", "format: ipv4", ["127.0.0.1", "256.0.0.1", "1.2.3"], 2),
        ("format", "format: hostname", ["example.org", "-a.org", "a..b"], 2),
    ],
)
def test_rules_on_text(workspace, tally, rule, options, cells, measured):
    data = workspace.csv("x,y\n" + "".join(f"{cell},1\n" for cell in cells))
    properties = f"- {{name: x, logicalType: string, logicalTypeOptions: {{{options}}}}}"
    assert tally(rule, properties, data) == ("fail", measured)


def test_dates_and_times(workspace, tally):
    data = workspace.csv("x\n2020-01-01T00:00Z\n2020-01-01T01:00+02:00\n2020-06-01 00:00\n2020-13-01 00:00\n")
    contract = "- {name: x, logicalType: timestamp, logicalTypeOptions: {minimum: '2020-01-01', exclusiveMaximum: '2020-06-01T00:00:00'}}"
    assert tally("minimum", contract, data) == ("fail", 1)
    assert tally("exclusiveMaximum", contract, data) == ("fail", 1)
    assert tally("logicalType", contract, data) == ("fail", 1)
    dates = workspace.csv("x\n31.12.2020\n01.01.2021\n2021-01-01\n", "d.csv")
    contract = "- {name: x, logicalType: date, logicalTypeOptions: {format: dd.MM.yyyy, minimum: '2021-01-01'}}"
    assert tally("logicalType", contract, dates) == ("fail", 1)
    assert tally("minimum", contract, dates) == ("fail", 1)


@pytest.mark.parametrize(
    ("options", "measured"),
    [
        ("timezone: true", 2),
        ("timezone: false", 4),
        ("timezone: true, format: 'yyyy-MM-dd HH:mm'", 1),
        ("timezone: false, format: 'yyyy-MM-dd HH:mm'", 0),
        ("timezone: false, format: 'yyyy-MM-dd HH:mmXXX'", 1),
    ],
)
def test_time_zones_of_cells(workspace, tally, options, measured):
    """A cell that is no timestamp is held against its type alone, though it ends as an offset does."""
    cells = ["2020-01-01 10:00", "2020-01-01T10:00:30.5", "2020-01-01 10:00Z", "2020-01-01T10:00+02"]
    cells += ["2020-01-01T10:00+02:00", "2020-01-01T10:00-0330", "2020-01-01", ""]
    cells = [*cells[:1], "2020-01-01 10:00+02:00"] if "format" in options else cells
    data = workspace.csv("x,y\n" + "".join(f"{cell},1\n" for cell in cells))
    properties = f"- {{name: x, logicalType: timestamp, logicalTypeOptions: {{{options}}}}}"
    assert tally("timezone", properties, data) == ("fail" if measured else "pass", measured)


def test_a_format_says_whether_a_cell_has_a_zone_and_not_its_end(workspace, tally):
    options = "logicalTypeOptions: {timezone: true, format: 'yyyy-MM-dd HH-mm'}"
    data = workspace.csv("x\n2020-01-01 10-30\n")
    assert tally("timezone", f"- {{name: x, logicalType: timestamp, {options}}}", data) == ("fail", 1)


@pytest.mark.parametrize(("kind", "zoned"), [("TIMESTAMP", 0), ("TIMESTAMPTZ", 1)])
def test_time_zones_of_types(workspace, tally, kind, zoned):
    data = workspace.parquet(f"SELECT unnest(['2020-01-01'::{kind}, '2020-01-02'::{kind}, NULL]) AS x")
    for promised in (True, False):
        properties = f"- {{name: x, logicalType: timestamp, logicalTypeOptions: {{timezone: {promised}}}}}".lower()
        properties = properties.replace("logicaltype", "logicalType").replace("options", "Options")
        assert tally("timezone", properties, data)[1] == (0 if promised == zoned else 2)


@pytest.mark.parametrize(
    ("zone", "options", "cells", "measured"),
    [
        ("Etc/UTC", "minimum: '2020-01-01T10:00:00Z'", ["2020-01-01 09:59", "2020-01-01 10:00"], 1),
        ("Asia/Tokyo", "minimum: '2020-01-01T01:00:00Z'", ["2020-01-01 09:59", "2020-01-01 10:00"], 1),
        ("Asia/Tokyo", "minimum: '2020-01-01T10:00:00'", ["2020-01-01 09:59", "2020-01-01 10:00"], 1),
        ("Asia/Tokyo", "minimum: '2020-01-01T10:00:00'", ["2020-01-01T00:59Z", "2020-01-01T03:00+02:00"], 1),
        ("Europe/Berlin", "maximum: '2020-07-01T10:00:00Z'", ["2020-07-01 12:00", "2020-07-01 12:01"], 1),
        ("Europe/Berlin", "maximum: '2020-01-01T10:00:00Z'", ["2020-01-01 11:00", "2020-01-01 11:01"], 1),
        ("Asia/Tokyo", "format: yyyy-MM-dd HH:mm, minimum: '2020-01-01T01:00:00Z'", ["2020-01-01 09:59", "2020-01-01 10:00"], 1),
        ("Asia/Tokyo", "format: 'yyyy-MM-dd HH:mmXXX', minimum: '2020-01-01T01:00:00Z'", ["2020-01-01 00:59+00:00", "2020-01-01 01:00+00:00"], 1),
    ],
)  # fmt: skip
def test_what_carries_no_time_zone_is_of_the_default_one(workspace, tally, zone, options, cells, measured):
    key = options.replace("format: yyyy-MM-dd HH:mm, ", "").replace("format: 'yyyy-MM-dd HH:mmXXX', ", "").split(":")[0]
    contract = f"- {{name: x, logicalType: timestamp, logicalTypeOptions: {{defaultTimezone: {zone}, {options}}}}}"
    data = workspace.csv("x\n" + "".join(f"{cell}\n" for cell in cells))
    assert tally(key, contract, data) == ("fail", measured)
    if "format" not in options:
        values = ", ".join(f"TIMESTAMPTZ '{c}'" if c[-1] == "Z" or "+" in c else f"TIMESTAMP '{c}'" for c in cells)
        typed = workspace.parquet(f"SELECT unnest([{values}]) AS x")
        assert tally(key, contract, typed) == ("fail", measured)


def test_listed_timestamps_are_of_the_default_time_zone(workspace, tally):
    values = "enum: [{value: '2020-01-01T10:00:00'}, {value: '2020-01-01T02:00:00Z'}]"
    contract = f"- {{name: x, logicalType: timestamp, logicalTypeOptions: {{defaultTimezone: Asia/Tokyo}}, {values}}}"
    cells = ("2020-01-01 10:00", "2020-01-01 11:00", "2020-01-01 02:00")
    assert tally("enum", contract, workspace.csv("x\n" + "".join(f"{cell}\n" for cell in cells))) == ("fail", 1)
    typed = workspace.parquet(f"SELECT unnest([{', '.join(f'TIMESTAMP {cell!r}' for cell in cells)}]) AS x")
    assert tally("enum", contract, typed) == ("fail", 1)


def test_the_age_of_what_carries_no_time_zone_is_that_of_the_default_one(workspace):
    contract = workspace.contract(
        """\
        schema:
          - name: t
            properties:
              - {name: x, logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Asia/Tokyo}}
        slaProperties: [{property: latency, value: 1, unit: h, element: t.x}]
        """
    )
    moment = datetime(2020, 1, 1, 2, tzinfo=UTC)
    for data in workspace.csv("x\n2020-01-01 10:00\n"), workspace.parquet("SELECT TIMESTAMP '2020-01-01 10:00' AS x"):
        check = workspace.checks(contract, data, moment=moment)["slaProperties.latency"]
        assert (check.status, check.measured) == (Status.PASS, 1.0)


def test_a_format_of_dates_that_cannot_be_read_is_not_checked(workspace, tally):
    contract = "- {name: x, logicalType: date, logicalTypeOptions: {format: d/M/yy}}"
    assert tally("logicalType", contract, workspace.csv("x\n1/1/20\n"))[0] == "not-checked"


@pytest.mark.parametrize(
    ("logical", "value", "status"),
    [
        ("integer", "1::SMALLINT", "pass"), ("integer", "1::DOUBLE", "fail"), ("number", "1::BIGINT", "pass"),
        ("number", "1::DECIMAL(9,2)", "pass"), ("string", "'a'", "pass"), ("string", "uuid()", "pass"),
        ("string", "1", "fail"), ("date", "DATE '2020-01-01'", "pass"), ("date", "TIMESTAMP '2020-01-01'", "fail"),
        ("timestamp", "TIMESTAMPTZ '2020-01-01'", "pass"), ("boolean", "true", "pass"), ("array", "[1]", "pass"),
        ("object", "{'a': 1}", "pass"), ("map", "MAP {'a': 1}", "pass"), ("time", "TIME '10:00'", "pass"),
    ],
)  # fmt: skip
def test_types_of_parquet(workspace, tally, logical, value, status):
    more = ", map: {key: {logicalType: string}, value: {logicalType: integer}}" if logical == "map" else ""
    found = tally(
        "logicalType", f"- {{name: x, logicalType: {logical}{more}}}", workspace.parquet(f"SELECT {value} AS x")
    )
    assert found[0] == status


@pytest.mark.parametrize(
    ("physical", "value", "status"),
    [
        ("VARCHAR(18)", "'a'", "pass"), ("NUMBER(10)", "1", "pass"), ("timestamp with time zone", "TIMESTAMPTZ '2020-01-01'", "pass"),
        ("bigint", "'a'", "fail"), ("array<string>", "['a']", "pass"), ("int[]", "[1]", "pass"), ("bytea", "'a'::BLOB", "pass"),
        ("hyperlog", "1", "not-checked"),
    ],
)  # fmt: skip
def test_physical_types_are_compared_by_family(workspace, tally, physical, value, status):
    properties = f"- {{name: x, physicalType: '{physical}'}}"
    assert tally("physicalType", properties, workspace.parquet(f"SELECT {value} AS x"))[0] == status


@pytest.mark.parametrize(
    ("physical", "values", "broken"),
    [
        ("varchar(2)", "'ab', 'é🤦', '', NULL", 0), ("varchar(2)", "'abc', 'ab', 'abcd'", 2),
        ("CHAR(3)", "'a', 'abc'", 0), ("character varying (1)", "'a', 'ab'", 1), ("VARCHAR2(1 CHAR)", "'é', 'ab'", 1),
        ("VARCHAR2(1 BYTE)", "'ab'", "pass"), ("text", "'abc'", "pass"),
        ("decimal(4,2)", "99.99::DOUBLE, -99.99, NULL", 0), ("decimal(4,2)", "99.99::DOUBLE, 100, 0.001, 'nan', -100", 4),
        ("NUMBER(3)", "999::BIGINT, 1000, -1000", 2), ("numeric(2,-1)", "10::BIGINT, 15, 990, 1000", 2),
        ("decimal(4,2)", "1::DECIMAL(4,2)", "pass"), ("decimal(4,2)", "1::DECIMAL(3,2)", "pass"),
        ("decimal(4,2)", "1::DECIMAL(4,1)", "fail"), ("decimal(4,2)", "1::DECIMAL(9,2)", "fail"),
        ("decimal", "1::DECIMAL(9,2)", "pass"), ("int(1)", "100::BIGINT", "pass"), ("float(24)", "0.1::DOUBLE", "pass"),
        ("timestamp(3)", "TIMESTAMP '2020-01-01 00:00:00.123', TIMESTAMP '1969-12-31 23:59:59.9999', 'infinity'", 1),
        ("timestamp(0) with time zone", "TIMESTAMPTZ '2020-01-01 00:00:00+01', TIMESTAMPTZ '2020-01-01 00:00:00.1+01'", 1),
        ("time(1)", "TIME '10:00:00.1', TIME '10:00:00.12'", 1), ("timestamp(6)", "TIMESTAMP '2020-01-01 00:00:00.123456'", 0),
        ("timestamp(6)", "TIMESTAMP_NS '2020-01-01'", "fail"), ("timestamp(9)", "TIMESTAMP_NS '2020-01-01'", "pass"),
        ("varchar(2)", "1", "fail"),
    ],
)  # fmt: skip
def test_the_size_of_a_physical_type(workspace, tally, physical, values, broken):
    """The source's own size where it states one, else what the values have."""
    data = workspace.parquet(f"SELECT unnest([{values}]) AS x")
    status, measured, *_ = tally("physicalType", f"- {{name: x, physicalType: '{physical}'}}", data)
    if isinstance(broken, str):
        assert status == broken
    else:
        assert (status, measured) == ("fail" if broken else "pass", broken)


def test_the_size_of_a_physical_type_inside_of_a_column_and_in_text(workspace):
    nested = workspace.parquet(
        "SELECT {'code': 'abc', 'all': ['a', 'bcd']} AS o UNION ALL SELECT {'code': 'a', 'all': []}"
    )
    properties = """\
        - name: o
          logicalType: object
          properties:
            - {name: code, physicalType: char(2)}
            - {name: all, logicalType: array, items: {physicalType: varchar(3)}}
        """
    found = workspace.checks(workspace.columns(properties), nested)
    assert (found["t.o.code.physicalType"].measured, found["t.o.all[].physicalType"].measured) == (1, 0)
    properties = "- {name: a, physicalType: varchar(2), quality: [{metric: missingValues, mustBeLessThan: 9, arguments: {missingValues: [none]}}]}\n"
    properties += "- {name: b, physicalType: 'decimal(3,1)'}\n- {name: c, physicalType: timestamp(0)}"
    text = workspace.csv(
        "a,b,c\nab,99.9,2020-01-01 00:00:00\nnone,100.0,2020-01-01 00:00:00.5\nabc,0.25,2020-01-01 00:00:01\n"
    )
    found = workspace.checks(workspace.columns(properties), text)
    assert {name: found[f"t.{name}.physicalType"].measured for name in "abc"} == {"a": 1, "b": 2, "c": 1}


def test_text_that_is_not_of_the_guessed_type_is_not_lost(workspace):
    """The first 20,000 rows look like numbers; nobody promised so."""
    data = workspace.csv("x\n" + "1\n" * 20_000 + "abc\n")
    contract = workspace.columns("- {name: x, logicalTypeOptions: {minimum: 0}}")
    checks = workspace.checks(contract, data)
    assert (checks["t.x.logicalType"].status, checks["t.x.logicalType"].measured) == (Status.FAIL, 1)


def test_a_declared_missing_word_is_missing_and_not_of_a_wrong_type(workspace):
    contract = workspace.columns(
        "- {name: x, logicalType: number, quality: [{metric: missingValues, arguments: {missingValues: [N/A]}, mustBe: 1}]}"
    )
    checks = workspace.checks(contract, workspace.csv("x\n1\nN/A\noops\n"))
    assert checks["t.x.missingValues"].status is Status.PASS
    assert checks["t.x.logicalType"].measured == 1


@pytest.mark.parametrize(
    ("operator", "bound", "holds"),
    [
        ("mustBe", 4, True), ("mustBe", 5, False), ("mustNotBe", 4, False), ("mustBeGreaterThan", 4, False),
        ("mustBeGreaterThan", 3, True), ("mustBeGreaterOrEqualTo", 4, True), ("mustBeLessThan", 4, False),
        ("mustBeLessOrEqualTo", 4, True), ("mustBeBetween", [4, 9], True), ("mustBeBetween", [1, 4], True),
        ("mustBeBetween", [5, 9], False), ("mustNotBeBetween", [1, 4], False), ("mustNotBeBetween", [5, 9], True),
    ],
)  # fmt: skip
def test_every_operator_on_the_row_count(workspace, operator, bound, holds):
    contract = workspace.columns("- {name: x, logicalType: integer}", f"- {{metric: rowCount, {operator}: {bound}}}")
    check = workspace.checks(contract, workspace.csv("x\n1\n2\n3\n4\n"))["t.rowCount"]
    assert (check.status is Status.PASS, check.measured) == (holds, 4)
    assert check.threshold == {operator: bound}


def test_a_share_is_in_percent(workspace):
    contract = workspace.columns(
        "- {name: x, logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 25, unit: percent}]}"
    )
    check = workspace.checks(contract, workspace.csv("x,y\na,1\n,2\nc,3\nd,4\n"))["t.x.nullValues"]
    assert (check.status, check.measured) == (Status.FAIL, 25.0)
    assert check.message == "1 of 4 rows (25 %) are null; must be less than 25 %"


@pytest.mark.parametrize(
    ("metric", "share"),
    [
        ("metric: nullValues", 25.0), ("metric: missingValues, arguments: {missingValues: [null, a]}", 75.0),
        ("metric: invalidValues, arguments: {validValues: [a]}", 25.0), ("metric: duplicateValues", 25.0),
    ],
)  # fmt: skip
def test_every_metric_has_a_share(workspace, tally, metric, share):
    name = metric.removeprefix("metric: ").partition(",")[0].replace("invalidValues", "validValues")
    rule = f"- {{name: x, logicalType: string, quality: [{{{metric}, unit: percent, mustBe: {share}}}]}}"
    assert tally(name, rule, workspace.csv("x,y\na,1\n,2\na,3\nb,4\n")) == ("pass", share)


def test_composite_keys_have_no_nulls_and_say_both_counts(workspace):
    contract = workspace.columns(
        "- {name: n, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}\n"
        "- {name: rows, logicalType: string, primaryKey: true, primaryKeyPosition: 1}",
        "- {metric: duplicateValues, mustBe: 0, arguments: {properties: [rows, n]}}",
    )
    checks = workspace.checks(contract, workspace.csv("n,rows\n1,a\n1,a\n1,a\n2,a\n,a\n2,\n"))
    assert checks["t.primaryKey"].measured == 4
    assert not {"t.n.primaryKey", "t.rows.primaryKey"} & set(checks)
    assert checks["t.duplicateValues"].measured == 2
    assert "3 rows share 1 key)" in checks["t.duplicateValues"].message


def test_nan_and_infinity_are_counted_apart(workspace):
    contract = workspace.columns("- {name: x, logicalType: number, logicalTypeOptions: {maximum: 9}}")
    check = workspace.checks(contract, workspace.csv("x\n1\nnan\ninf\n-inf\n10\n\n"))["t.x.maximum"]
    assert check.measured == 4
    assert "3 of them NaN or infinite" in check.message
    assert "'10.0'" in check.message


def test_an_old_contract_is_read(workspace):
    contract = workspace.columns(
        """\
        - name: x
          logicalType: integer
          logicalTypeOptions: {maximum: 3, exclusiveMaximum: true}
          quality: [{rule: validValues, validValues: [1, 2]}]
        """,
        version="v3.0.2",
    )
    checks = workspace.checks(contract, workspace.csv("x\n1\n2\n3\n"))
    assert checks["t.x.exclusiveMaximum"].measured == 1
    assert checks["t.x.validValues"].measured == 1
