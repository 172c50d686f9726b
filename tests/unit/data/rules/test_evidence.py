"""Evidence: the first rows that break a rule, each at the place where a person finds it."""

# ruff: noqa: S608 (statements are built here, from this file's own texts)

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.validate import Validation, validate
from mlops_actions.verdict import Check, Example

CONTRACT = """\
version: 1.0.0
kind: DataContract
apiVersion: v3.2.0
id: a-contract
status: active
schema:
  - name: t
    properties:
      - {name: id, logicalType: string, primaryKey: true}
      - {name: x, logicalType: integer, logicalTypeOptions: {maximum: 9}}
"""


def checked(root: Path, name: str, contract: str = CONTRACT) -> dict[str, Check]:
    """Each check of the data at ``root / name`` by its rule."""
    (root / "out").mkdir(exist_ok=True)
    (root / "contract.yaml").write_text(contract)
    outcome = validate(Validation(root / "contract.yaml", [str(root / name)]), root / "out")
    return {check.rule: check for check in outcome.verdict.checks}


cell = st.text('ab"\n\r,', max_size=4)
row = st.tuples(cell, st.integers(0, 20))


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.one_of(row, st.just("blank"), st.just("torn")), max_size=30),
    end=st.sampled_from(["\n", "\r\n"]),
    packed=st.booleans(),
)
def test_the_first_ten_rows_are_named_with_their_lines_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], end: str, packed: bool
) -> None:
    """The reference counts the line ends that stand before a record, as an editor does."""
    text, expected = f"id,x{end}", []
    for number, each in enumerate(rows):
        line = text.count("\n") + 1
        if each == "blank":
            text += end
        elif each == "torn":
            text += f"{number},1,too many{end}"
        else:
            out = io.StringIO()
            csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerow([f"{number} {each[0]}", each[1]])
            text += out.getvalue()
            if each[1] > 9:
                expected.append((line, {"id": f"{number} {each[0]}"}, {"x": str(each[1])}))
    root = tmp_path_factory.mktemp("lines")
    name = "t.csv.gz" if packed else "t.csv"
    (root / name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    examples = checked(root, name)["t.x.maximum"].examples
    assert [(each.line, each.key, each.values) for each in examples] == expected[:10]
    assert {(each.file, each.row) for each in examples} <= {(str(root / name), None)}


def test_rows_of_several_files_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.csv").write_text("id,x\na1,1\n\na2,10\nlost\na3,11\n")
    (tmp_path / "d/b.csv").write_text("x,id\n12,b1\n")  # another order, so another reader
    (tmp_path / "d/c.csv").write_text("id,x\nc1,1\nc2,13\n")
    examples = checked(tmp_path, "d")["t.x.maximum"].examples
    found = [(Path(each.file or "").name, each.line, each.key["id"]) for each in examples]
    assert found == [("a.csv", 4, "a2"), ("a.csv", 6, "a3"), ("b.csv", 2, "b1"), ("c.csv", 3, "c2")]


def test_rows_of_parquet_files_are_named_by_their_number(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name, first in (("a", 0), ("b", 300_000)):  # more than one row group, scanned by several threads
        select = (
            f"SELECT CAST({first} + range AS VARCHAR) AS id, IF(range % 50000 = 7, 10, 1)::INT AS x FROM range(300000)"
        )
        duckdb.sql(f"COPY ({select}) TO '{tmp_path}/d/{name}.parquet'")
    check = checked(tmp_path, "d")["t.x.maximum"]
    file = str(tmp_path / "d/a.parquet")
    assert check.measured == 12
    assert check.examples[:6] == tuple(
        Example(file, row=each + 1, key={"id": str(each)}, values={"x": "10"}) for each in range(7, 300_000, 50_000)
    )
    assert [each.row for each in check.examples[6:]] == [8, 50_008, 100_008, 150_008]


def test_keys_that_are_shared_are_named_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,x\na,1\nb,2\nb,3\nc,4\na,5\nb,6\n,7\n")
    check = checked(tmp_path, "t.csv")["t.id.primaryKey"]
    assert check.measured == 4
    assert [(each.key["id"], each.line) for each in check.examples] == [
        ("a", 2),
        ("a", 6),
        ("b", 3),
        ("b", 4),
        (None, 8),
    ]


@pytest.mark.parametrize("values", ["('NaN'), ('NaN'), ('1')", "(0.0), (-0.0), (1)"])
def test_keys_that_equal_each_other_are_found_as_they_are_counted(tmp_path: Path, values: str) -> None:
    contract = CONTRACT.replace("primaryKey: true", "unique: true").replace("string", "number")
    select = f"SELECT col0::DOUBLE AS id, 1::INT AS x FROM (VALUES {values})"
    duckdb.sql(f"COPY ({select}) TO '{tmp_path}/t.parquet'")
    check = checked(tmp_path, "t.parquet", contract)["t.id.unique"]
    assert (check.measured, [each.row for each in check.examples]) == (1, [1, 2])


def test_a_key_of_several_columns_is_shown_whole(tmp_path: Path) -> None:
    contract = CONTRACT.replace("logicalTypeOptions: {maximum: 9}", "primaryKey: true")
    (tmp_path / "t.csv").write_text("id,x\na,1\na,2\na,1\n")
    check = checked(tmp_path, "t.csv", contract)["t.primaryKey"]
    assert [(each.line, each.key) for each in check.examples] == [
        (2, {"id": "a", "x": "1"}),
        (4, {"id": "a", "x": "1"}),
    ]


def test_a_rule_that_asks_for_more_has_no_rows_that_break_it(tmp_path: Path) -> None:
    """Where too few rows are null, those that are null are not at fault."""
    rule = "quality: [{metric: nullValues, mustBeGreaterThan: 2}]"
    contract = CONTRACT.replace("logicalTypeOptions: {maximum: 9}", rule)
    (tmp_path / "t.csv").write_text("id,x\na,\nb,1\n")
    check = checked(tmp_path, "t.csv", contract)["t.x.nullValues"]
    assert (check.status.value, check.examples) == ("fail", ())


def test_what_is_inside_of_nested_values_is_named_by_its_row(tmp_path: Path) -> None:
    contract = CONTRACT.replace(
        "{name: x, logicalType: integer, logicalTypeOptions: {maximum: 9}}",
        "{name: x, logicalType: object, properties: [{name: y, logicalType: integer, required: true}]}",
    )
    duckdb.sql(
        f"COPY (SELECT 'k' || range AS id, {{'y': nullif(range, 1)}} AS x FROM range(3)) TO '{tmp_path}/t.parquet'"
    )
    check = checked(tmp_path, "t.parquet", contract)["t.x.y.required"]
    assert check.examples == (Example(str(tmp_path / "t.parquet"), row=2, key={"id": "k1"}),)


def test_a_long_value_is_cut_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"id,x\n{'k' * 300},{'9' * 18}\n")
    (example,) = checked(tmp_path, "t.csv")["t.x.maximum"].examples
    assert example.key == {"id": "k" * 200 + "…"}


def test_places_are_left_out_where_a_file_has_a_column_that_hides_them(tmp_path: Path) -> None:
    select = "SELECT 'k' || range AS id, range::INT + 9 AS x, 1 AS file_row_number FROM range(3)"
    duckdb.sql(f"COPY ({select}) TO '{tmp_path}/t.parquet'")
    examples = checked(tmp_path, "t.parquet")["t.x.maximum"].examples
    assert examples == (Example(key={"id": "k1"}, values={"x": "10"}), Example(key={"id": "k2"}, values={"x": "11"}))
