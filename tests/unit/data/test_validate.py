"""The stage as a user meets it: a contract, data, and what is said of them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_actions.data.profiles import profile
from mlops_actions.data.validate import Validation, validate
from mlops_actions.errors import CallError
from mlops_actions.verdict import FailOn, Status, from_json, to_json

PASSING = "- {name: x, logicalType: integer}"


def test_all_rules_kept_is_a_pass_with_digests_and_a_profile(workspace):
    data = workspace.parquet("SELECT range AS x FROM range(5)")
    outcome = workspace.run(workspace.columns("- {name: x, logicalType: integer, required: true, unique: true}"), data)
    verdict = outcome.verdict
    assert verdict.status is Status.PASS
    assert [(each.name, each.sha256) for each in verdict.subjects] == [
        (data, hashlib.sha256(Path(data).read_bytes()).hexdigest())
    ]
    assert [(each.name, each.sha256) for each in verdict.materials] == [
        ("contract.yaml", hashlib.sha256(Path("contract.yaml").read_bytes()).hexdigest())
    ]
    assert profile.read(workspace.out / "profile.json").rows == 5
    assert json.loads(outcome.outputs["failed-rules"]) == []
    assert from_json(json.loads(json.dumps(to_json(verdict)))) == verdict


def test_a_finding_names_object_column_line_number_and_an_example(workspace):
    contract = workspace.columns(
        """\
        - name: x
          logicalType: string
          quality:
            - metric: invalidValues
              arguments: {validValues: [AA, BB]}
              mustBe: 0
        """
    )
    data = workspace.csv("x\nAA\nXX\nBB\n")
    outcome = workspace.run(contract, data)
    (check,) = [check for check in outcome.verdict.checks if check.rule == "t.x.validValues"]
    line = Path("contract.yaml").read_text().splitlines()[check.where.line - 1]
    assert "metric: invalidValues" in line
    assert (check.where.object, check.where.column, check.where.file) == ("t", "x", "contract.yaml")
    assert (check.measured, check.rows, check.threshold) == (1, 3, {"mustBe": 0})
    assert check.message == "1 of 3 rows (33.3 %) are not among the 2 valid values (for example 'XX')"
    assert json.loads(outcome.outputs["failed-rules"]) == ["t.x.validValues"]


@pytest.mark.parametrize(
    ("severity", "fail_on", "status"),
    [
        ("error", FailOn.ERROR, Status.FAIL),
        ("error", FailOn.NEVER, Status.WARN),
        ("warning", FailOn.ERROR, Status.WARN),
        ("warning", FailOn.WARNING, Status.FAIL),
    ],
)
def test_severity_of_the_contract_and_fail_on_decide(workspace, severity, fail_on, status):
    rule = f"quality: [{{metric: nullValues, mustBe: 0, severity: {severity}}}]"
    contract = workspace.columns(f"- {{name: x, logicalType: string, {rule}}}")
    data = workspace.csv("x,y\na,1\n,2\n")
    assert workspace.run(contract, data, fail_on=fail_on).verdict.status is status


def test_a_column_that_is_not_there_fails_and_its_rules_are_errors(workspace):
    contract = workspace.columns("- {name: Carrier, logicalType: string, required: true}")
    checks = workspace.checks(contract, workspace.csv("carrier\nAA\n"))
    assert checks["t.Carrier.present"].status is Status.FAIL
    assert "Did you mean `carrier`?" in checks["t.Carrier.present"].message
    assert checks["t.Carrier.required"].status is Status.ERROR


def test_a_rule_in_error_fails_the_verdict_even_where_nothing_may_fail(workspace):
    contract = workspace.columns("- {name: x, logicalType: integer, logicalTypeOptions: {minimum: 1}}")
    data = workspace.parquet("SELECT 'a' AS x")
    outcome = workspace.run(contract, data, fail_on=FailOn.NEVER)
    checks = {check.rule: check for check in outcome.verdict.checks}
    assert checks["t.x.minimum"].status is Status.ERROR
    assert outcome.verdict.status is Status.FAIL


def test_additional_columns_are_refused_only_when_asked(workspace):
    data = workspace.csv("x,y,z\n1,2,3\n")
    assert workspace.run(workspace.columns(PASSING), data).verdict.status is Status.PASS
    contract = workspace.contract(
        """\
        schema:
          - name: t
            customProperties: [{property: additionalColumns, value: false}]
            properties: [{name: x, logicalType: integer}]
        """
    )
    check = workspace.checks(contract, data)["t.additionalColumns"]
    assert (check.status, check.measured) == (Status.FAIL, 2)
    assert "'y', 'z'" in check.message


def test_the_order_of_columns_never_matters(workspace):
    contract = workspace.columns("- {name: a, logicalType: integer}\n- {name: b, logicalType: string, required: true}")
    workspace.csv("a,b\n1,x\n", "d/1.csv")
    workspace.csv("b,a\ny,2\n", "d/2.csv")
    outcome = workspace.run(contract, "d")
    assert outcome.verdict.status is Status.PASS
    assert profile.read(workspace.out / "profile.json").column("a").range.max == 2


def test_a_private_columns_values_are_nowhere(workspace):
    contract = workspace.columns(
        """\
        - {name: mail, logicalType: string, classification: restricted, logicalTypeOptions: {maxLength: 3}}
        - {name: name, logicalType: string, tags: [PII], unique: true, logicalTypeOptions: {pattern: '^$'}}
        """
    )
    data = workspace.csv("mail,name\nsecret-one@example.org,Secretname\nsecret-one@example.org,Secretname\n")
    outcome = workspace.run(contract, data)
    assert outcome.verdict.status is Status.FAIL
    text = json.dumps(to_json(outcome.verdict)) + repr(outcome) + (workspace.out / "profile.json").read_text()
    assert "secret" not in text.casefold()


def test_several_objects_take_data_by_name(workspace):
    contract = workspace.contract(
        """\
        schema:
          - name: a
            physicalName: table_a
            properties: [{name: x, logicalType: integer}]
          - name: b
            properties: [{name: y, logicalType: integer}]
          - name: c
            properties: [{name: z, logicalType: integer}]
        """
    )
    one, two = workspace.csv("x\n1\n", "one.csv"), workspace.csv("y\n1\n", "two.csv")
    checks = workspace.checks(contract, mapping={"table_a": (one,), "b": (two,)})
    assert checks["a.x.logicalType"].status is checks["b.y.logicalType"].status is Status.PASS
    assert checks["c.data"].status is Status.NOT_CHECKED
    assert profile.read(workspace.out / "profile.json").object == "a"
    assert profile.read(workspace.out / "profile-b.json").object == "b"
    with pytest.raises(CallError, match="several objects"):
        workspace.run(contract, one)
    with pytest.raises(CallError, match=r"no object 'bb'.*Did you mean `b`"):
        workspace.run(contract, mapping={"bb": (two,)})


# Bad input


def test_an_engine_that_is_not_there_is_refused_by_name(workspace):
    data = workspace.csv("x\n1\n")
    with pytest.raises(CallError, match=r"'abacus' is not there. There is: duckdb"):
        workspace.run(workspace.columns(PASSING), data, engine="abacus")


def test_a_pattern_that_re2_lacks_is_refused_with_its_line(workspace):
    contract = workspace.columns("- {name: x, logicalType: string}\n- name: y\n  logicalType: string\n"
                                 "  logicalTypeOptions: {pattern: '(?=a)b'}\n")  # fmt: skip
    with pytest.raises(CallError) as caught:
        workspace.run(contract, workspace.csv("x,y\na,b\n"))
    (problem,) = caught.value.problems
    assert "pattern" in Path("contract.yaml").read_text().splitlines()[problem.line - 1]
    assert (problem.column, "a lookahead" in problem.hint) == (30, True)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.parquet", b"", "is empty"),
        ("t.parquet", b"PAR1" + b"\0" * 100, "truncated"),
        ("t.parquet", b"hello, world, this is text", "not a Parquet file"),
        ("t.parquet", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        ("t.csv", b"", "is empty"),
        ("t.csv", b"\n1\n", "first line is empty"),
        (
            "t.csv",
            b",x\n0,1\n",
            "line 1 has no name for column 1 of 2: give it one, or leave the column out. A data frame",
        ),
        ("t.csv", b'x,"",y\n1,2,3\n', "line 1 has no name for column 2 of 3: give it one, or leave the column out"),
        ("t.csv", b"x,x\n1,2\n", "'x' twice"),
        ("t.csv", b"x,X\n1,2\n", "differ in case alone"),
        ("t.csv", b"x\xff\n1\n", "not UTF-8"),
        ("t.csv", b"x,\0\n1,2\n", "NUL in its name"),
        ("t.csv", b'x,y\n1,2\n"3,4\n5,6\n', "line 3 opens a quote that is never closed"),
        ("t.csv", b"x,y\n1,2\n" + b"9" * 2_100_000 + b",1\n3,4\n", "line 3 is longer than 2,000,000 bytes"),
        ("t.csv", b"x" * 3_000_000, "first line is longer"),
        ("t.csv.gz", gzip.compress(b"x\n" + b"1\n2\n" * 9999)[:60], "t.csv.gz"),
        ("t.csv.gz", b"not gzip", "t.csv.gz"),
    ],
)
def test_unreadable_data_fails_naming_the_file(workspace, name, content, says):
    Path(name).write_bytes(content)
    outcome = workspace.run(workspace.columns("- {name: x, logicalType: integer, required: true}"), name)
    checks = {check.rule: check for check in outcome.verdict.checks}
    assert outcome.verdict.status is Status.FAIL
    assert checks["t.readable"].status is Status.ERROR
    assert says in checks["t.readable"].message
    assert name in checks["t.readable"].message
    assert checks["t.x.required"].status is Status.ERROR
    assert str(workspace.root) not in json.dumps(to_json(outcome.verdict))


def test_a_column_of_parquet_without_a_name_is_told_by_its_place(workspace):
    parquet.write_table(pa.table({"x": [1], "": [2]}), "t.parquet")
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "t.parquet")["t.readable"]
    assert check.status is Status.ERROR and "t.parquet: its column 2 of 2 has no name" in check.message


def test_damage_inside_a_parquet_file_names_the_file(workspace):
    good = workspace.parquet("SELECT hash(range) AS x FROM range(100000)", "d/1.parquet")
    damaged = bytearray(Path(good).read_bytes())
    damaged[4:2_000] = b"\xff" * 1_996
    Path("d/2.parquet").write_bytes(damaged)
    check = workspace.checks(workspace.columns("- {name: x, physicalType: ubigint, unique: true}"), "d")["t.readable"]
    assert check.status is Status.ERROR
    assert "d/2.parquet" in check.message


def test_an_empty_folder_is_a_failing_check(workspace):
    Path("d").mkdir()
    outcome = workspace.run(workspace.columns(PASSING), "d")
    assert outcome.verdict.status is Status.FAIL
    assert "holds no file that can be read" in outcome.verdict.findings[0].message


def test_zero_rows_is_not_a_pass(workspace):
    outcome = workspace.run(workspace.columns(PASSING), workspace.csv("x\n"))
    assert outcome.verdict.status is Status.WARN


def test_rows_that_do_not_parse_are_counted_and_named(workspace):
    data = workspace.csv('x,y\n1,a\n2\n3,b,c\n4,"q" q\n5,d\n')
    check = workspace.checks(workspace.columns(PASSING), data)["t.readable"]
    assert (check.status, check.measured, check.rows) == (Status.FAIL, 3, 5)
    assert "t.csv, line 3" in check.message


@pytest.mark.parametrize(
    "name", ["new\nline", 'quo"te', "apo'strophe", "back`tick", "$(id)", "${{ x }}", "-x", "a;b", "ä"]
)
def test_hostile_names_are_data(workspace, name):
    contract = workspace.columns(f"- {{name: {json.dumps(name)}, logicalType: integer, required: true, unique: true}}")
    quoted = '"' + name.replace('"', '""') + '"'
    data = workspace.csv(f"{quoted},other\n1,a\n1,b\n,c\n", f"d/{name}.csv")
    checks = workspace.checks(contract, data)
    assert (checks[f"t.{name}.required"].measured, checks[f"t.{name}.unique"].measured) == (1, 1)
    parquet = workspace.parquet(f"SELECT 1 AS {quoted} UNION ALL SELECT 1", f"p/{name}.parquet")
    assert workspace.checks(contract, parquet)[f"t.{name}.unique"].measured == 1


def test_a_link_out_of_the_workspace_is_refused(workspace, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_text("x\n1\n")
    os.symlink(outside, "link.csv")
    with pytest.raises(CallError, match="leads out of the working directory"):
        workspace.run(workspace.columns(PASSING), "link.csv")
    assert workspace.run(workspace.columns(PASSING), str(outside)).verdict.status is Status.PASS  # named on purpose


def test_five_thousand_rules(workspace):
    rules = "\n".join(
        f"    - {{metric: invalidValues, arguments: {{validValues: [{n}]}}, mustBe: 0}}" for n in range(500)
    )
    properties = "\n".join(f"- name: c{i}\n  logicalType: integer\n  quality:\n{rules}" for i in range(10))
    data = workspace.parquet("SELECT " + ", ".join(f"{i} AS c{i}" for i in range(10)))
    verdict = workspace.run(workspace.columns(properties), data).verdict
    quality = [check for check in verdict.checks if "validValues" in check.rule]
    assert len(quality) == len({check.rule for check in quality}) == 5000
    assert [check.rule for check in quality if check.status is Status.PASS] == [
        "t.c0.validValues", *(f"t.c{i}.validValues#{i + 1}" for i in range(1, 10))
    ]  # fmt: skip


def test_a_wrong_contract_leaves_nothing_behind(workspace):
    contract = workspace.columns("- {name: x, logicalType: integr}")
    with pytest.raises(CallError, match=r"Did you mean `integer`"):
        validate(Validation(contract, (workspace.csv("x\n1\n"),)), workspace.out)
    assert list(workspace.out.iterdir()) == []
