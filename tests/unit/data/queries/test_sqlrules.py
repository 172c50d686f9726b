"""SQL rules as a user meets them: a query in a contract, the one value it gives, and what is said of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import mean

import pytest

from mlops_actions import cli
from mlops_actions.data.queries import values
from mlops_actions.errors import CallError
from mlops_actions.verdict import Severity, Status, to_json

ROWS = [(1, "a"), (2, "b"), (2, None), (None, "c"), (7, "a")]


@pytest.fixture
def data(workspace):
    rows = ", ".join(f"({'NULL' if x is None else x}, {'NULL' if y is None else repr(y)})" for x, y in ROWS)
    return workspace.parquet(f"SELECT * FROM (VALUES {rows}) AS t(x, y)")  # noqa: S608


@pytest.fixture
def answer(workspace, data):
    """The check of one query on the column ``x``."""

    def run(query, asked="mustBe: 0", more="", **settings):
        rule = f"{{type: sql, query: {json.dumps(query)}, {asked}}}"
        properties = f"- {{name: x, logicalType: integer, quality: [{rule}]}}\n- {{name: y, logicalType: string{more}}}"
        return workspace.checks(workspace.columns(properties), data, **settings)["t.x.sql"]

    return run


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT COUNT(*) FROM ${table} WHERE ${column} IS NOT NULL", sum(x is not None for x, _ in ROWS)),
        ("SELECT count(*) FROM {object} WHERE {property} > 1", sum(x is not None and x > 1 for x, _ in ROWS)),
        ("SELECT count(DISTINCT y) FROM t", len({y for _, y in ROWS} - {None})),
        ("SELECT avg(x) FROM t", mean(x for x, _ in ROWS if x is not None)),
        ("SELECT sum(x)::DECIMAL(9, 2) / 100 FROM T", sum(x for x, _ in ROWS if x is not None) / 100),
        ("WITH q AS (SELECT y, count(*) AS n FROM t GROUP BY y) SELECT max(n) FROM q;", 2),
        ("SELECT 123456789012345678901234567890", 123456789012345678901234567890),
        ("SELECT -1.5e0", -1.5),
    ],
)
def test_the_value_is_what_plain_python_gives(answer, query, value):
    check = answer(query, f"mustBe: {value!r}")
    assert (check.status, check.measured) == (Status.PASS, value)
    check = answer(query, f"mustBeLessThan: {value!r}")
    assert (check.status, check.measured) == (Status.FAIL, value)
    assert f"must be less than {value:,}" in check.message


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("mustBe: 5", "pass"), ("mustNotBe: 5", "fail"), ("mustBeGreaterThan: 5", "fail"), ("mustBeLessThan: 6", "pass"),
        ("mustBeGreaterOrEqualTo: 5", "pass"), ("mustBeLessOrEqualTo: 4.5", "fail"), ("mustBeBetween: [5, 6]", "pass"),
        ("mustNotBeBetween: [4, 5]", "fail"), ("mustBe: 4, severity: warning", "warn"),
    ],
)  # fmt: skip
def test_every_operator(answer, asked, status):
    assert answer("SELECT count(*) FROM {table}", asked).status.value == status


def test_a_decimal_is_compared_digit_by_digit(answer):
    assert answer("SELECT 0.1::DECIMAL(3, 1)", "mustBe: 0.1").status is Status.PASS
    assert answer("SELECT 9007199254740993", "mustBe: 9007199254740992").status is Status.FAIL


def test_percent_says_what_the_number_is_and_divides_nothing(answer):
    check = answer("SELECT 100.0 * count(x) / count(*) FROM t", "mustBeLessThan: 50, unit: percent")
    assert (check.status, check.measured) == (Status.FAIL, 80)
    assert check.message == "the query gives 80.0 %; must be less than 50 %"
    assert check.threshold == {"mustBeLessThan": 50, "unit": "percent"}


@pytest.mark.parametrize(
    ("query", "asked", "status"),
    [
        ("SELECT max(y) FROM t", "mustBe: c", "pass"),
        ("SELECT max(y) FROM t", "mustNotBe: c", "fail"),
        ("SELECT bool_or(x > 5) FROM t", "mustBe: true", "pass"),
        ("SELECT bool_and(x > 5) FROM t", "mustBe: true", "fail"),
        ("SELECT count(*) = 5 FROM t", "mustBe: 1", "error"),
        ("SELECT 1", "mustBe: true", "error"),
        ("SELECT '1'", "mustBe: 1", "error"),
        ("SELECT 'b'", "mustBeGreaterThan: 1", "error"),
    ],
)
def test_a_value_is_compared_with_its_own_kind_alone(answer, query, asked, status):
    assert answer(query, asked).status.value == status


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT NULL", "gives null"),
        ("SELECT max(x) FROM t WHERE x > 100", "gives null"),
        ("SELECT 'nan'::DOUBLE", "gives nan"),
        ("SELECT '-inf'::DOUBLE", "gives -inf"),
        ("SELECT x FROM t", "more than one row"),
        ("SELECT x FROM t WHERE x > 100", "no row"),
        ("SELECT 0, 0", "2 columns"),
        ("SELECT DATE '2020-01-01'", "gives a DATE"),
        ("SELECT [0]", "gives a INTEGER[]"),
        ("SELECT nobody FROM t", '"nobody" not found'),
        ("SELECT text0 FROM t", '"text0" not found'),
        ("SELECT CAST(y AS INTEGER) FROM t", "Could not convert string 'a'"),
    ],
)
def test_what_is_no_single_value_is_an_error_and_never_a_pass(answer, query, says):
    check = answer(query, "mustBe: 0")
    assert (check.status, check.measured) == (Status.ERROR, None)
    assert says in check.message


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r",
        "SELECT count(*) FROM range(1000000000000000000)",
        "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c",
        "SELECT sum(levenshtein(repeat('a', 300000), repeat('b', 300000)))",
        "SELECT list_sum(list_transform(range(1000000000), lambda a: a * 2))",
        "SELECT sum(length(repeat('x', 900000000))) FROM range(1000)",
        "SELECT list_sum(range(1000000000))",
    ],
)
def test_a_query_without_end_is_ended(answer, query):
    started = time.monotonic()
    check = answer(query, "mustBe: 0", sql_seconds=0.5)
    assert check.status is Status.ERROR
    assert "longer than 0.5 seconds" in check.message or "allocat" in check.message or "emory" in check.message
    assert time.monotonic() - started < 15  # the limit is far below; the rest is the machine's other work


def test_the_query_after_one_that_was_ended_is_answered(workspace, data):
    endless = "WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r"
    asked = {endless: 0, "SELECT count(*) FROM t": 5}
    rules = "\n".join(f"- {{type: sql, query: {query!r}, mustBe: {bound}}}" for query, bound in asked.items())
    checks = workspace.checks(workspace.columns("- {name: x}", rules), data, sql_seconds=1)
    assert [checks["t.sql"].status, checks["t.sql#2"].status] == [Status.ERROR, Status.PASS]


def test_hostile_queries_are_a_wrong_contract_and_touch_no_file(workspace, data):
    Path("secret.csv").write_text("x\nsecret\n")
    before = {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}
    queries = ["COPY t TO 'out.csv'", f"FROM '{data}'", "SELECT max(content) FROM read_text('secret.csv')",
               "SELECT 1; ATTACH 'out.db'", "SELECT count(*) FROM tt"]  # fmt: skip
    rules = "\n".join(f"- {{type: sql, query: {json.dumps(query)}, mustBe: 0}}" for query in queries)
    contract = workspace.columns("- {name: x}", rules)
    with pytest.raises(CallError) as caught:
        workspace.run(contract, data)
    lines = contract.read_text().splitlines()
    named = [lines[problem.line - 1] for problem in caught.value.problems]
    assert all(json.dumps(query) in line for query, line in zip(queries, named, strict=True))
    assert caught.value.problems[-1].hint == "Did you mean `t`?"
    after = {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}
    assert {path for path in after if path.name != "contract.yaml"} == set(before)
    assert all(after[path] == content for path, content in before.items())


@pytest.mark.parametrize(
    ("query", "asked", "says"),
    [
        ("SELECT {column} FROM {table}", "mustBe: 1", "is of a column"),
        ("SELECT 1 FROM ${schema}", "mustBe: 1", "is not known"),
        ("SELECT 1", "mustBe: null", "must name a number, a boolean or a text"),
        ("SELECT 1", "mustNotBe: [1, 2]", "must name a number, a boolean or a text"),
        ("SELECT 1", "mustBe: {a: 1}", "must name a number, a boolean or a text"),
    ],
)
def test_a_wrong_rule_is_refused(workspace, data, query, asked, says):
    contract = workspace.columns("- {name: x}", f"- {{type: sql, query: {json.dumps(query)}, {asked}}}")
    with pytest.raises(CallError, match=says):
        workspace.run(contract, data)


def test_other_objects_are_read_by_name_or_physical_name(workspace):
    contract = workspace.contract(
        """\
        schema:
          - name: orders
            physicalName: tbl_orders
            properties: [{name: shop}]
            quality:
              - {type: sql, query: "SELECT count(*) FROM {table} ANTI JOIN Shops USING (shop)", mustBe: 0}
              - {type: sql, query: "SELECT count(*) FROM tbl_orders", mustBe: 3}
              - {type: sql, query: "SELECT count(*) FROM gone", mustBe: 0}
          - name: shops
            properties: [{name: shop}]
          - name: gone
            properties: [{name: x}]
            quality: [{type: sql, query: "SELECT count(*) FROM orders", mustBe: 3}]
        """
    )
    orders, shops = workspace.csv("shop,y\na,1\nb,2\nz,3\n", "o.csv"), workspace.csv("shop,y\na,1\nb,1\n", "s.csv")
    checks = workspace.checks(contract, mapping={"orders": (orders,), "shops": (shops,)})
    assert (checks["orders.sql"].status, checks["orders.sql"].measured) == (Status.FAIL, 1)
    assert checks["orders.sql#2"].status is Status.PASS
    assert checks["orders.sql#3"].status is Status.ERROR
    assert "no data of 'gone'" in checks["orders.sql#3"].message
    assert "gone.sql" not in checks  # the object as a whole is listed
    assert list(checks).index("orders.sql") < list(checks).index("shops.shop.present")


def test_an_object_that_is_called_as_a_relation_of_the_engine_is_not_read(workspace, data):
    contract = workspace.contract(
        """\
        schema:
          - name: duckdb_columns
            properties: [{name: x}]
            quality: [{type: sql, query: "SELECT count(*) FROM {table}", mustBe: 5}]
        """
    )
    with pytest.raises(CallError, match="no object of this contract"):
        workspace.run(contract, data)


def test_data_that_cannot_be_read_leaves_no_query_unanswered(workspace):
    Path("t.parquet").write_bytes(b"")
    rule = "- {type: sql, query: SELECT 0, mustBe: 0}"
    check = workspace.checks(workspace.columns("- {name: x}", rule), "t.parquet")["t.sql"]
    assert (check.status, check.message) == (Status.ERROR, "not evaluated: the data cannot be read")


def test_values_of_private_columns_are_in_no_message(workspace, answer):
    private = ", classification: restricted"
    for query, asked in (("SELECT CAST(y AS INTEGER) FROM t", "mustBe: 0"), ("SELECT max(y) FROM t", "mustBe: zzz")):
        check = answer(query, asked, private)
        assert check.status in {Status.ERROR, Status.FAIL}
        assert check.measured is None
        assert "'a'" not in check.message
        assert "'c'" not in check.message
        assert "private columns" in check.message
    assert answer("SELECT count(y) FROM t", "mustBe: 4", private).status is Status.PASS


def test_a_query_sees_no_variable_of_the_caller(answer, monkeypatch):
    monkeypatch.setenv("A_SECRET", "hunter2")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert answer("SELECT count(*) FROM t", "mustBe: 5").status is Status.PASS


def test_rules_for_people_and_other_tools_stay_listed_with_the_reason(workspace, data):
    rules = """\
    - {type: text, description: People are kind.}
    - {type: custom, engine: soda, implementation: "x: y"}
    """
    checks = workspace.checks(workspace.columns("- {name: x}", rules), data)
    assert (checks["t.text"].status, checks["t.text"].severity) == (Status.NOT_CHECKED, Severity.INFO)
    assert checks["t.text"].message == "not checked: text is for people to read"
    assert checks["t.custom"].status is Status.NOT_CHECKED
    assert "'soda'" in checks["t.custom"].message


def test_the_verdict_with_a_query_in_it_is_plain_data(workspace, data):
    rule = "- {type: sql, query: 'SELECT 1.25::DECIMAL(9, 2)', mustBe: 1.25}"
    verdict = workspace.run(workspace.columns("- {name: x}", rule), data).verdict
    (check,) = [each for each in json.loads(json.dumps(to_json(verdict)))["checks"] if each["rule"] == "t.sql"]
    assert (check["measured"], check["threshold"]) == (1.25, {"mustBe": 1.25})


def test_a_text_too_long_to_compare_is_an_error():
    assert values.value_of("x" * 10_000, "VARCHAR")["kind"] == "text"
    assert "more than 10,000 characters" in values.value_of("x" * 10_001, "VARCHAR")["error"]


def test_the_command_takes_the_limit_from_the_configuration(workspace, data, capsys):
    endless = "WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r"
    contract = workspace.columns("- {name: x}", f"- {{type: sql, query: {endless!r}, mustBe: 0}}")
    Path("mlops.yaml").write_text(f"data: {{contract: {contract}, path: {data}, sql-timeout-seconds: 0.5}}\n")
    assert cli.main(["validate", "--json"]) == 1
    assert "longer than 0.5 seconds" in capsys.readouterr().out
    Path("mlops.yaml").write_text(f"data: {{contract: {contract}, path: {data}, sql-timeout-seconds: 0}}\n")
    assert cli.main(["validate"]) == 2
    assert "sql-timeout-seconds" in capsys.readouterr().err
