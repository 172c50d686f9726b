"""Bad contracts: each is refused before any data is read, with file, line, column and what to do."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import zoneinfo

import duckdb
import pytest

from mlops_actions.data.contracts import contract, sense
from mlops_actions.data.types.zones import nearest_zone
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status

HERE = "¶"
"""Stands in a contract before the place that the message must name."""

WRONG = {
    "minimum above maximum": (
        "- {name: x, logicalType: integer, logicalTypeOptions: {¶minimum: 9, maximum: 1}}",
        "`minimum` is 9, `maximum` is 1", "Swap the two",
    ),
    "an open range without a value": (
        "- {name: x, logicalType: number, logicalTypeOptions: {¶minimum: 5, exclusiveMaximum: 5}}",
        "no value can be in the range", "exclusive",
    ),
    "two open ends that meet": (
        "- {name: x, logicalType: number, logicalTypeOptions: {¶exclusiveMinimum: 5, exclusiveMaximum: 5}}",
        "no value can be in the range", "exclusive",
    ),
    "moments, not texts, are compared": (
        "- {name: x, logicalType: timestamp, logicalTypeOptions: {¶minimum: '2020-01-01T10:00:00Z', maximum: '2020-01-01T11:00:00+02:00'}}",
        "no value can be in the range", "Swap",
    ),
    "crossed sizes of objects": (
        "- {name: x, logicalType: object, logicalTypeOptions: {¶minProperties: 3, maxProperties: 1}}",
        "no value can be in the range", "Swap",
    ),
    "a bound that is no date": (
        "- {name: x, logicalType: date, logicalTypeOptions: {¶minimum: 31.12.2020}}", "is no date", "2013-01-31",
    ),
    "a bound that is no date, of a physical type": (
        "- {name: x, physicalType: DATE, logicalTypeOptions: {¶minimum: 31.12.2020}}", "is no date", "2013-01-31",
    ),
    "a bound that is no number": (
        "- {name: x, physicalType: INT, logicalTypeOptions: {¶minimum: '1'}}", "is no number", "without quotes",
    ),
    "a pattern on a number": (
        "- {name: x, physicalType: INT, logicalTypeOptions: {¶pattern: '^1$'}}",
        "`pattern` is asked of string, and the property is of the type integer", "logicalType",
    ),
    "a range on text": (
        "- {name: x, physicalType: VARCHAR(3), logicalTypeOptions: {¶minimum: 1}}", "the type string", "logicalType",
    ),
    "an option of another type": (
        "- {name: x, logicalType: integer, logicalTypeOptions: {¶minLength: 1}}", "not a known key", "minimum",
    ),
    "a pattern among valid values of a number": (
        "- {name: x, logicalType: integer, quality: [{metric: invalidValues, mustBe: 0, arguments: {¶pattern: a}}]}",
        "a pattern is asked of text", "validValues",
    ),
    "a valid value that no date is": (
        "- {name: x, logicalType: date, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: ['2020-01-01', ¶soon]}}]}",
        "no value of the type date is 'soon'", "2013-01-31",
    ),
    "a listed value that no number is": (
        "- {name: x, logicalType: number, enum: [{value: 1}, {¶value: one}]}", "no value of the type number is 'one'", "number",
    ),
    "a listed value of an array": (
        "- {name: x, logicalType: array, items: {logicalType: string}, enum: [{¶value: a}]}", "the type array", "`items`",
    ),
    "a format of text on a number": (
        "- {name: x, physicalType: INT, logicalTypeOptions: {¶format: email}}", "is of string, and", "logicalType",
    ),
    "a format of integers on text": (
        "- {name: x, logicalType: string, logicalTypeOptions: {¶format: i32}}", "is of integer, and", "logicalType",
    ),
    "a size that no engine counts to": (
        "- {name: x, logicalType: string, logicalTypeOptions: {¶maxLength: 1" + "0" * 400 + "}}",
        "`maxLength` must be a whole number", None,
    ),
    "a multiple of what is beyond all numbers": (
        "- {name: x, logicalType: number, logicalTypeOptions: {¶multipleOf: 1" + "0" * 400 + "}}",
        "`multipleOf` must be a number", None,
    ),
    "a time zone that is not there": (
        "- {name: x, logicalType: timestamp, logicalTypeOptions: {¶defaultTimezone: Europe/Berln}}",
        "the time zone 'Europe/Berln' is not known", "Did you mean `Europe/Berlin`?",
    ),
    "a name twice, inside": (
        "- {name: x, logicalType: object, properties: [{name: y, logicalType: string}, {¶name: y, logicalType: date}]}",
        "'y' stands twice", "another name",
    ),
    "a range without a value, in items of a property of an object": (
        "- name: x\n  logicalType: object\n  properties:\n    - name: y\n      logicalType: array\n      items:\n"
        "        logicalType: integer\n        logicalTypeOptions:\n          ¶minimum: 2\n          maximum: 1",
        "no value can be in the range", "Swap",
    ),
    "a range without a value, in the values of a map": (
        "- {name: x, logicalType: map, map: {key: {logicalType: string}, value: {logicalType: integer, logicalTypeOptions: {¶minimum: 2, maximum: 1}}}}",
        "no value can be in the range", "Swap",
    ),
    "two operators, in the keys of a map": (
        "- {name: x, logicalType: map, map: {key: {logicalType: string, quality: [{metric: nullValues, mustBe: 0, ¶mustNotBe: 1}]}, value: {logicalType: integer}}}",
        "more than one operator", None,
    ),
    "a map that is none": (
        "- {name: x, logicalType: object, ¶map: {key: {logicalType: string}, value: {logicalType: integer}}}",
        "has no place here", "logicalType: map",
    ),
    "a vector without dimensions": (
        "- {name: x, logicalType: vector, ¶logicalTypeOptions: {elementType: int8}}", "lacks the key `dimensions`", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("properties", "says", "hint"), WRONG.values(), ids=WRONG)
def test_what_no_data_could_keep_is_refused_at_its_place(workspace, properties, says, hint):
    path = workspace.columns(properties)
    before, _, after = path.read_text(encoding="utf-8").partition(HERE)
    path.write_text(before + after, encoding="utf-8")
    with pytest.raises(CallError) as caught:
        contract.load(path)
    (problem,) = caught.value.problems
    assert says in problem.message
    assert hint is None or hint in (problem.hint or "")
    assert (problem.file, problem.line) == ("contract.yaml", before.count("\n") + 1)
    assert problem.column == len(before) - before.rfind("\n")


def test_all_mistakes_are_named_at_once(workspace):
    one = "- {name: x%d, logicalType: integer, logicalTypeOptions: {minimum: 9, maximum: 1}}\n"
    with pytest.raises(CallError) as caught:
        contract.load(workspace.columns(one % 1 + one % 2))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    "properties",
    [
        "- {name: x, logicalType: integer, logicalTypeOptions: {minimum: 5, maximum: 5}}",
        "- {name: x, logicalType: timestamp, logicalTypeOptions: {minimum: '2020-01-01T11:00:00+02:00', maximum: '2020-01-01T10:00:00Z'}}",
        "- {name: x, logicalType: integer, enum: [{value: 1}, {value: '2'}, {value: 3.0}, {value: null}]}",
        "- {name: x, logicalType: boolean, enum: [{value: true}, {value: 'False'}]}",
        "- {name: x, logicalType: number, enum: [{value: 1" + "0" * 400 + "}]}",
        "- {name: x, logicalType: string, enum: [{value: 5}, {value: true}]}",
        "- {name: x, logicalType: timestamp, logicalTypeOptions: {defaultTimezone: GMT}}",
        "- {name: x, logicalTypeOptions: {minimum: 1, minLength: 3, uniqueItems: true}}",
        "- {name: x, logicalType: date, quality: [{metric: missingValues, mustBe: 0, arguments: {missingValues: [N/A]}}]}",
    ],
)  # fmt: skip
def test_what_makes_sense_is_let_through(workspace, properties):
    assert contract.load(workspace.columns(properties)).objects


@pytest.mark.parametrize(
    ("pattern", "lacks"),
    [
        ("(?=a)b", "a lookahead"), ("(?!a)b", "a lookahead"), ("(?<=a)b", "a lookbehind"), ("(?<!a)b", "a lookbehind"),
        (r"(a)\1", "a backreference"), (r"(?<n>a)\k<n>", "a backreference"), ("(?>a+)b", "an atomic group"),
        ("a++", "a possessive quantifier"), ("(a", "RE2"), ("[z-a]", "RE2"), ("a{1,2000}", "RE2"), ("*a", "RE2"),
    ],
)  # fmt: skip
def test_a_pattern_that_does_not_compile_is_refused_with_what_re2_lacks(workspace, pattern, lacks):
    escaped = pattern.replace("'", "''")
    path = workspace.columns(f"- {{name: x, logicalType: string, logicalTypeOptions: {{pattern: '{escaped}'}}}}")
    with pytest.raises(CallError, match="the pattern cannot be run") as caught:
        workspace.run(path, workspace.csv("x\na\n"))
    (problem,) = caught.value.problems
    line = path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith("pattern:")
    assert lacks in problem.hint


def test_what_is_escaped_is_lacking_nothing():
    assert "This one" not in sense.lacking(r"\(?=\\1[+]\++")


def test_a_pattern_made_to_backtrack_takes_no_time(workspace):
    """Python's `re` would take longer than the universe is old."""
    path = workspace.columns("- {name: x, logicalType: string, logicalTypeOptions: {pattern: '^(a|aa|a+)+$'}}")
    check = workspace.checks(path, workspace.csv("x\n" + "a" * 100_000 + "b\n"))["t.x.pattern"]
    assert (check.status, check.measured) == (Status.FAIL, 1)


def test_every_zone_that_is_let_through_is_one_that_the_engine_knows(workspace):
    known = {name for (name,) in duckdb.execute("SELECT name FROM pg_timezone_names()").fetchall()}
    assert {name for name in zoneinfo.available_timezones() if nearest_zone(name)[0]} <= known
    assert nearest_zone("Tokyo") == (False, "Did you mean `Asia/Tokyo`?")
    assert nearest_zone("Mars/Olympus") == (False, "Name one of the IANA database, as `Europe/Berlin`.")


@pytest.mark.parametrize(
    ("kind", "key", "status", "measured"),
    [
        ("BIGINT", "minimum", "fail", 2), ("BIGINT", "maximum", "pass", 0), ("TINYINT", "exclusiveMinimum", "fail", 2),
        ("UBIGINT", "exclusiveMaximum", "pass", 0), ("DOUBLE", "minimum", "error", None), ("DECIMAL(9,2)", "minimum", "error", None),
    ],
)  # fmt: skip
def test_a_bound_that_no_type_can_hold(workspace, tally, kind, key, status, measured):
    """Nothing breaks: of whole numbers all are below it, and a null is not; of others it is no bound."""
    bound = "1" + "0" * 400
    data = workspace.parquet(f"SELECT unnest([1, 2, NULL])::{kind} AS x")
    contract_of = f"- {{name: x, logicalTypeOptions: {{{key}: {bound}}}, enum: [{{value: {bound}}}, {{value: 1}}]}}"
    assert tally(key, contract_of, data) == (status, measured)
    assert tally("enum", contract_of, data) == ("fail", 1)


# Size and depth


def test_an_anchor_that_contains_itself_is_refused(workspace):
    path = workspace.columns("- &x\n  name: x\n  logicalType: object\n  properties: [*x]\n")
    with pytest.raises(CallError, match=r"contract\.yaml:13:\d+: an alias refers to a value that contains it"):
        contract.load(path)


def test_aliases_that_explode_are_refused(workspace):
    lines = ["customProperties:", "  - {property: a0, value: &a0 [x, x, x, x, x, x, x, x, x, x]}"]
    lines += [f"  - {{property: a{i}, value: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 9)]
    with pytest.raises(CallError, match=r"contract\.yaml:\d+:\d+: aliases add more than 100,000 values"):
        contract.load(workspace.contract("\n".join(lines) + "\nschema: [{name: t}]\n"))


def test_a_contract_nested_too_deep_is_refused(workspace):
    inner = "{name: x, logicalType: object, properties: [" * 40 + "{name: y, logicalType: string}" + "]}" * 40
    with pytest.raises(CallError, match=r"contract\.yaml:\d+:\d+: is nested more than 64 levels deep"):
        contract.load(workspace.columns(f"- {inner}"))


def test_as_deep_as_a_file_may_be_is_checked(workspace):
    depth = 28
    inner = (
        "{name: a, logicalType: object, properties: [" * depth
        + "{name: a, logicalType: integer, required: true}"
        + "]}" * depth
    )
    value = "{'a': " * depth + "NULL::INTEGER" + "}" * depth
    checks = workspace.checks(workspace.columns(f"- {inner}"), workspace.parquet(f"SELECT {value} AS a"))
    assert checks["t." + ".".join(["a"] * (depth + 1)) + ".required"].measured == 1


def test_five_thousand_rules(workspace):
    """On fifty columns; each tenth of the rules of a column is broken."""
    rules = "".join(
        f"    - {{metric: invalidValues, arguments: {{validValues: [{i}, {i % 10}]}}, mustBe: {i % 10}}}\n" for i in range(100)
    )  # fmt: skip
    properties = "".join(f"- name: c{i}\n  logicalType: integer\n  quality:\n{rules}" for i in range(50))
    data = workspace.parquet("SELECT " + ", ".join(f"i % 2 + {i} AS c{i}" for i in range(50)) + " FROM range(20) t(i)")
    verdict = workspace.run(workspace.columns(properties), data).verdict
    of_rules = [check for check in verdict.checks if ".validValues" in check.rule]
    assert len(of_rules) == 5_000
    for check in of_rules:
        column, number = int(check.where.column[1:]), int(check.rule.partition("#")[2] or 1) - 1
        wrong = sum(value % 2 + column not in {number, number % 10} for value in range(20))
        assert (check.measured, check.status is Status.PASS) == (wrong, wrong == number % 10)


def test_a_hundred_thousand_properties(workspace):
    lines = "".join(f"      - {{name: c{i}, logicalType: integer}}\n" for i in range(99_999))
    wrong = "      - {name: c99999, logicalType: intger}\n"
    with pytest.raises(CallError, match=r"contract\.yaml:100008:24: .*Did you mean `integer`"):
        contract.load(workspace.contract("schema:\n  - name: t\n    properties:\n" + lines + wrong))
