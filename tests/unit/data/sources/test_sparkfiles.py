"""Files that Spark reads: the verdict and the profile of a run are those of DuckDB, and what it cannot hold is named."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.validate import Validation, validate
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Status

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Workspace

pytestmark = pytest.mark.usefixtures("spark_session")


def both(workspace: Workspace, contract: Path, *data: str, **more: Any) -> list[Check]:
    """The checks of a run, the same in both engines to the letter, and so is its profile, but what it estimates.

    Rows have no place in Spark, so which of them are shown as examples differs.
    """
    outcomes: dict[str, Outcome] = {}
    profiles: dict[str, Any] = {}
    for engine in ("duckdb", "spark"):
        given = more.get("mapping") or data
        outcomes[engine] = validate(Validation(contract, given, engine=engine), workspace.out)
        profiles[engine] = json.loads((workspace.out / "profile.json").read_text(encoding="utf-8"))
        assert profiles[engine].pop("digest")  # of the estimates, too
        for column in profiles[engine]["columns"]:
            if not column.get("distinct", {}).get("exact", True):
                column["distinct"] = "estimated"
    mine, theirs = (outcomes[engine].verdict for engine in ("duckdb", "spark"))
    assert [replace(each, examples=()) for each in theirs.checks] == [
        replace(each, examples=()) for each in mine.checks
    ]
    assert theirs.subjects == mine.subjects
    assert profiles["spark"] == profiles["duckdb"]
    return list(theirs.checks)


def broken(checks: list[Check]) -> dict[str, Any]:
    return {check.rule: check.measured for check in checks if check.status is not Status.PASS}


def test_parquet_in_partition_folders(workspace: Workspace) -> None:
    """Types of folders, widths that differ, a column that one file lacks, names that readers take for globs."""
    workspace.parquet(
        "SELECT range AS n, 'a' || range AS t FROM range(5)", "d/year=2013/day=2020-01-01/x [1]{a,b}.parquet"
    )
    workspace.parquet("SELECT range::SMALLINT AS n FROM range(3)", "d/year=2014/day=x%20y/50%_*?.parquet")
    workspace.parquet("SELECT 1::BIGINT AS n, 'é' AS t WHERE false", "d/year=2015/day=2020-01-02/empty.parquet")
    contract = workspace.columns(
        """
        - {name: n, logicalType: integer, logicalTypeOptions: {maximum: 3}, unique: true}
        - {name: t, logicalType: string, required: true, logicalTypeOptions: {pattern: "^a[0-3]$"}}
        - {name: year, logicalType: integer, logicalTypeOptions: {minimum: 2014}}
        - {name: day, logicalType: date}
        """
    )
    found = broken(both(workspace, contract, "d"))
    assert found == {"t.schema": 1, "t.n.maximum": 1, "t.n.unique": 3, "t.t.required": 3, "t.t.pattern": 1,
                     "t.year.minimum": 5, "t.day.logicalType": 3}  # fmt: skip


def test_csv(workspace: Workspace) -> None:
    """Cells, quotes and line ends as DuckDB has them; a record that does not parse is counted and named."""
    workspace.csv(
        'n,t,d,x\n1,"a ""b"", c",2020-01-01,0.5\nx,"",,nan\n3,"two\nlines",2020-13-01,1e3\n4,${env:HOME},2020-01-02,-0\n5\n',
        "d/k=1/one.csv",
    )
    folder = workspace.root / "d" / "k=b"
    folder.mkdir()
    (folder / "two.csv.gz").write_bytes(gzip.compress(b"t;n\n'\\;7\n;8\n"))
    contract = workspace.columns(
        """
        - {name: n, logicalType: integer, required: true, logicalTypeOptions: {maximum: 4}}
        - {name: t, logicalType: string, logicalTypeOptions: {minLength: 1, pattern: '^[^$]*$'}}
        - {name: d, logicalType: date, logicalTypeOptions: {minimum: "2020-01-02"}}
        - {name: x}
        - {name: k}
        """
    )
    found = broken(both(workspace, contract, "d"))
    assert found == {"t.readable": 1, "t.schema": 1, "t.n.logicalType": 1, "t.n.maximum": 2, "t.t.minLength": 1,
                     "t.t.pattern": 1, "t.d.logicalType": 1, "t.d.minimum": 1}  # fmt: skip


def test_nested_values_times_and_queries(workspace: Workspace) -> None:
    workspace.parquet(
        """
        SELECT * FROM (VALUES
          ({'zip': '10115'}, [{'sku': 'A1', 'tags': ['x']}], ['a'], TIME '08:00:00', TIMESTAMP '2020-01-01 00:00:00', DATE '0044-03-15 (BC)', 1::UBIGINT),
          ({'zip': 'x'}, [{'sku': 'b1', 'tags': []}, NULL], ['a', 'a'], TIME '23:59:59.5', 'infinity', 'infinity', 18446744073709551615),
          ({'zip': NULL}, NULL, [], NULL, '290000-01-01 00:00:00', '9999-12-31', NULL),
          (NULL, [], NULL, TIME '07:59:59', NULL, '10000-01-01', 0)
        ) AS t("order address", lines, tags, opens, closed, born, big)
        """
    )
    contract = workspace.columns(
        """
        - name: order address
          logicalType: object
          properties:
            - {name: zip, logicalType: string, required: true, logicalTypeOptions: {pattern: "^[0-9]{5}$"}}
        - name: lines
          logicalType: array
          items:
            logicalType: object
            properties:
              - {name: sku, logicalType: string, logicalTypeOptions: {pattern: "^[A-Z]"}}
        - {name: tags, logicalType: array, logicalTypeOptions: {uniqueItems: true, minItems: 1}, items: {logicalType: string, logicalTypeOptions: {maxLength: 0}}}
        - {name: opens, logicalType: time, logicalTypeOptions: {minimum: "08:00:00"}}
        - {name: closed, logicalType: timestamp, logicalTypeOptions: {maximum: "2021-01-01 00:00:00"}}
        - {name: born, logicalType: date, logicalTypeOptions: {minimum: "1900-01-01"}}
        - {name: big, logicalType: integer, logicalTypeOptions: {maximum: 5}, unique: true}
        """,
        """
        - {type: sql, query: "SELECT max(big) FROM {object}", mustBe: 18446744073709551615}
        """,
    )
    found = broken(both(workspace, contract, "t.parquet"))
    assert found == {
        "t.order address.zip.required": 1, "t.order address.zip.pattern": 1, "t.lines[].sku.pattern": 1,
        "t.tags.uniqueItems": 1, "t.tags.minItems": 1, "t.tags[].maxLength": 2, "t.opens.minimum": 1,
        "t.closed.maximum": 2, "t.born.minimum": 2, "t.big.maximum": 1,
    }  # fmt: skip


def test_relationships(workspace: Workspace) -> None:
    workspace.parquet("SELECT * FROM (VALUES (1, 'x'), (2, 'y'), (NULL, 'z'), (9, 'x')) AS t(id, code)", "a.parquet")
    workspace.csv("id,code\n1,x\n2,q\n", "b.csv")
    contract = workspace.contract(
        """
        schema:
          - name: a
            properties:
              - {name: id, logicalType: integer, relationships: [{to: b.id}]}
              - {name: code, logicalType: string, relationships: [{to: b.code}]}
          - name: b
            properties: [{name: id, logicalType: integer}, {name: code, logicalType: string}]
        """
    )
    found = broken(both(workspace, contract, mapping={"a": ["a.parquet"], "b": ["b.csv"]}))
    assert found == {"a.id.relationships": 1, "a.code.relationships": 2}


def test_no_files_of_text_with_rows(workspace: Workspace) -> None:
    workspace.csv("n\n")
    found = both(workspace, workspace.columns("- {name: n, logicalType: integer, unique: true}"), "t.csv")
    assert broken(found) == {"t.rows": 0}


@pytest.mark.parametrize(
    ("select", "kind"),
    [
        ("gen_random_uuid()", "UUID"),
        ("TIMESTAMP_NS '2020-01-01 00:00:00.000000001'", "TIMESTAMP_NS"),
        ("[INTERVAL 1 DAY]", r"INTERVAL\[\]"),
        ("TIME WITH TIME ZONE '12:00:00+02'", "TIME WITH TIME ZONE"),
    ],
)
def test_what_spark_cannot_hold_is_refused_by_name(workspace: Workspace, select: str, kind: str) -> None:
    workspace.parquet(f"SELECT 1 AS n, {select} AS odd")
    contract = workspace.columns("- {name: n, logicalType: integer}")
    checks = workspace.checks(contract, "t.parquet", engine="spark")
    assert {check.status for check in checks.values()} == {Status.ERROR}
    assert f"its column 'odd' is {kind.replace(chr(92), '')}, which Spark cannot hold" in checks["t.readable"].message


def test_a_column_that_is_called_as_one_of_sparks_own(workspace: Workspace) -> None:
    """Of each row Spark knows the file, in a column that it calls ``_metadata``."""
    workspace.parquet('SELECT range AS "_metadata" FROM range(3)')
    contract = workspace.columns(
        "- {name: _metadata, logicalType: integer, unique: true, logicalTypeOptions: {maximum: 1}}"
    )
    checks = workspace.checks(contract, "t.parquet", engine="spark")
    assert checks["t.readable"].status is Status.PASS and checks["t._metadata.maximum"].measured == 1


def test_a_format_that_spark_does_not_read_is_refused_by_name(workspace: Workspace) -> None:
    workspace.csv('{"n": 1}\n', "t.jsonl")
    checks = workspace.checks(workspace.columns("- {name: n, logicalType: integer}"), "t.jsonl", engine="spark")
    assert {check.status for check in checks.values()} == {Status.ERROR}
    assert "the engine spark reads Parquet and CSV" in checks["t.readable"].message


def test_a_file_that_is_cut_off_in_the_middle(workspace: Workspace) -> None:
    """The footer is whole, so the damage is met by a worker."""
    workspace.parquet("SELECT hash(range)::VARCHAR AS t FROM range(50000)")
    path = workspace.root / "t.parquet"
    content = bytearray(path.read_bytes())
    content[1000:60_000] = bytes(59_000)
    path.write_bytes(content)
    checks = workspace.checks(workspace.columns("- {name: t, required: true}"), "t.parquet", engine="spark")
    assert checks["t.readable"].status is checks["t.t.required"].status is Status.ERROR
    assert "t.parquet" in checks["t.readable"].message
    assert "\n" not in checks["t.readable"].message


def test_a_file_that_spark_passes_over(workspace: Workspace) -> None:
    """Spark leaves out names that begin with an underscore, also where they are asked for; the rows are missed."""
    names = [workspace.parquet("SELECT 1 AS n", name) for name in ("t.parquet", "_t.parquet")]
    checks = workspace.checks(workspace.columns("- {name: n, required: true}"), *names, engine="spark")
    assert {check.status for check in checks.values()} == {Status.ERROR}
    assert "Spark found 1 rows where the files say that they have 2" in checks["t.readable"].message


def test_a_profile(workspace: Workspace) -> None:
    """Whatever signs of Spark's own are in the names of columns."""
    workspace.parquet('SELECT range AS "x`y.z", range % 3 = 0 AS "a.b", \'x\' || range % 2 AS "``" FROM range(3000)')
    outcome = describe(Profiling(["t.parquet"], engine="spark"), workspace.out)
    made = json.loads((workspace.out / "profile.json").read_text(encoding="utf-8"))
    assert outcome.verdict.status is Status.PASS
    assert [each["name"] for each in made["columns"]] == ["x`y.z", "a.b", "``"]
    assert [each["kind"] for each in made["columns"]] == ["number", "boolean", "category"]
    assert made["columns"][2]["categories"]["values"] == [["x0", 1500], ["x1", 1500]]
