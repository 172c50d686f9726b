"""Quarantine: the parts of a data set are the whole, row for row, and each row is where it belongs."""

# ruff: noqa: S608 (statements are built here, from this file's own texts)

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from mlops_actions.data.validate import Validation, validate
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import FailOn, Status

HEAD = """\
version: 1.0.0
kind: DataContract
apiVersion: v3.2.0
id: a-contract
status: active
schema:
"""
CONTRACT = f"""\
{HEAD}  - name: t
    properties:
      - {{name: id, logicalType: string, primaryKey: true}}
      - {{name: x, logicalType: integer, logicalTypeOptions: {{maximum: 9}}}}
      - {{name: y, logicalType: string, required: true}}
"""

Row = tuple[str | None, int | None, str | None]


def parted(root: Path, *data: str, contract: str = CONTRACT, **more: Any) -> Outcome:
    """The run over data (``name`` or ``object=name``), parted into ``root/Q`` and ``root/A``."""
    (root / "out").mkdir(exist_ok=True)
    (root / "contract.yaml").write_text(contract)
    named = {key: [str(root / value)] for key, _, value in (each.partition("=") for each in data)}
    given = named if "=" in data[0] else [str(root / each) for each in data]
    folders = {"quarantine": root / "Q", "accepted": root / "A"} | more
    return validate(Validation(root / "contract.yaml", given, **folders), root / "out")


def broken_rules(rows: Sequence[Row]) -> list[list[str]]:
    """What each row breaks, by the words of the contract."""
    keys = Counter(row[0] for row in rows)
    return [
        ["t.id.primaryKey"] * (key is None or keys[key] > 1)
        + ["t.x.maximum"] * (x is not None and x > 9)
        + ["t.y.required"] * (y is None)
        for key, x, y in rows
    ]


keys = st.none() | st.sampled_from(["a", "b", "c", "d", "ä\nö", 'q"', "e,f"]) | st.uuids().map(str)
tables = st.lists(
    st.tuples(keys, st.none() | st.integers(0, 12), st.none() | st.text('ab"\n,', min_size=1, max_size=3))
)


def record(row: Row, end: str) -> bytes:
    """A record with quotes where they are needed, and here and there where they are not."""
    cells = ["" if each is None else str(each) for each in row]
    quoted = [f'"{each.replace(chr(34), chr(34) * 2)}"' if {*each} & {*'"\n,'} else each for each in cells]
    return (",".join(quoted) + end).encode()


@settings(deadline=None, max_examples=40)
@given(
    rows=tables,
    torn=st.lists(st.integers(0, 20), max_size=3),
    end=st.sampled_from(["\n", "\r\n"]),
    cut=st.integers(0, 20),
    packed=st.booleans(),
)
def test_the_parts_of_csv_files_are_the_files_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], torn: list[int], end: str, cut: int, packed: bool
) -> None:
    root = tmp_path_factory.mktemp("csv")
    lines = [record(row, end) for row in rows]
    files = {"k=1/a": list(lines[:cut]), "k=2/b": list(lines[cut:])}
    broken = b"torn" + end.encode()
    for place in torn:
        files["k=1/a"].insert(place, broken)
    suffix = ".csv.gz" if packed else ".csv"
    for name, records in files.items():
        content = b"id,x,y" + end.encode() + b"".join(records)
        path = root / "d" / f"{name}{suffix}"
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(content) if packed else content)
    parted(root, "d")

    def records_of(part: str) -> dict[str, list[bytes]]:
        """The records of a part by the file that they came from, each as it stood there."""
        found = {}
        for name in files:
            path = root / part / f"{name}{suffix}"
            content = b"" if not path.exists() else path.read_bytes()
            content = gzip.decompress(content) if packed and content else content
            found[name] = _split(content)[1:]
        return found

    expected, number = broken_rules(rows), 0
    accepted, quarantine, unparsed = records_of("A"), records_of("Q"), records_of("Q/_unparsed")
    for name, records in files.items():
        good, bad = [], []
        for each in (each for each in records if each != broken):
            if expected[number]:
                bad.append((each, expected[number]))
            else:
                good.append(each)
            number += 1
        assert accepted[name] == good
        assert [_without_rules(each) for each in quarantine[name]] == bad
    assert len(unparsed["k=1/a"]) == max(0, len(torn) - 1)  # the first was taken for a heading
    kept = [path.read_bytes() for path in (root / "Q/_unparsed").rglob(f"*{suffix}")]
    assert b"".join(gzip.decompress(each) if packed else each for each in kept) == broken * len(torn)


def _split(content: bytes) -> list[bytes]:
    """The records of CSV, each with its line end: an even number of quotes stands in one."""
    found, rest = [], b""
    for line in content.splitlines(keepends=True) if b"\r" not in content else content.split(b"\n"):
        line += b"\n" if b"\r" in content else b""
        rest += line
        if rest.count(b'"') % 2 == 0:
            found.append(rest)
            rest = b""
    return [each for each in found if each.strip()]


def _without_rules(raw: bytes) -> tuple[bytes, list[str]]:
    """A record of the quarantine as it was, and the rules that it broke."""
    end = raw[len(raw.rstrip(b"\r\n")) :]
    (cells,) = csv.reader(io.StringIO(raw.decode(), newline=""))
    last = cells[-1]
    tail = b',"' + last.replace('"', '""').encode() + b'"' + end
    assert raw.endswith(tail)
    return raw[: -len(tail)] + end, json.loads(last)


@settings(deadline=None, max_examples=40)
@given(rows=tables, cut=st.integers(0, 20), groups=st.integers(1, 4))
def test_the_parts_of_parquet_files_are_the_files_row_for_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cut: int, groups: int
) -> None:
    root = tmp_path_factory.mktemp("parquet")
    schema = pyarrow.schema(
        [
            ("id", pyarrow.string()),
            ("x", pyarrow.int16()),
            ("y", pyarrow.large_string()),
            ("n", pyarrow.list_(pyarrow.struct([("at", pyarrow.timestamp("us", "UTC"))]))),
        ],
        metadata={"made by": "a test"},
    )
    files = {"k=1/a.parquet": rows[:cut], "k=2/b.parquet": rows[cut:]}
    for name, some in files.items():
        path = root / "d" / name
        path.parent.mkdir(parents=True)
        columns = [*zip(*some, strict=True)] or [(), (), ()]
        nested = [[{"at": 1_234_567_890_123_456}]] * len(some)
        table = pyarrow.table([*columns, nested], schema=schema)
        parquet.write_table(table, path, row_group_size=groups, compression="zstd")
    parted(root, "d")
    expected, number = broken_rules(rows), 0
    for name, some in files.items():
        marked = [(*row, rules) for row, rules in zip(some, expected[number:], strict=False)]
        number += len(some)
        good = [row[:3] for row in marked if not row[3]]
        bad = [row for row in marked if row[3]]
        for part, wanted in (("A", good), ("Q", bad)):
            path = root / part / name
            assert path.exists() == bool(wanted)
            if wanted:
                file = parquet.ParquetFile(path)
                table = file.read()
                names = ["id", "x", "y", *(["broken_rules"] if part == "Q" else [])]
                assert [tuple(each[name] for name in names) for each in table.to_pylist()] == wanted
                assert table.schema.metadata[b"made by"] == b"a test" if part == "A" else True
                assert list(table.schema)[:4] == list(schema)
                assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_rows_without_a_parent_and_rows_of_several_objects_are_parted(tmp_path: Path) -> None:
    contract = f"""\
{HEAD}  - name: orders
    properties:
      - {{name: id, logicalType: integer}}
      - {{name: customer, logicalType: integer, relationships: [{{to: customers.id}}]}}
  - name: customers
    properties:
      - {{name: id, logicalType: integer}}
"""
    (tmp_path / "o.csv").write_text("id,customer\n1,1\n2,7\n3,\n4,2\n")
    (tmp_path / "c.csv").write_text("id\n1\n\n2\n")
    outcome = parted(tmp_path, "orders=o.csv", "customers=c.csv", contract=contract)
    assert (tmp_path / "A/orders/o.csv").read_text() == "id,customer\n1,1\n3,\n4,2\n"
    expected = 'id,customer,broken_rules\n2,7,"[""orders.customer.relationships""]"\n'
    assert (tmp_path / "Q/orders/o.csv").read_text() == expected
    assert (tmp_path / "A/customers/c.csv").read_text() == "id\n1\n\n2\n"
    assert not (tmp_path / "Q/customers").exists()
    assert outcome.outputs["quarantined-rows"] == "1"


@pytest.mark.parametrize(("fail_on", "count"), [(FailOn.ERROR, 1), (FailOn.WARNING, 2), (FailOn.NEVER, 1)])
def test_rows_are_put_aside_for_rules_that_fail_the_verdict(tmp_path: Path, fail_on: FailOn, count: int) -> None:
    warning = "quality: [{metric: nullValues, mustBe: 0, severity: warning}]"
    contract = CONTRACT.replace("required: true", warning)
    (tmp_path / "t.csv").write_text("id,x,y\na,1,\nb,10,z\n")
    outcome = parted(tmp_path, "t.csv", contract=contract, fail_on=fail_on)
    assert outcome.outputs["quarantined-rows"] == str(count)


def test_rows_that_a_rule_allows_are_accepted(tmp_path: Path) -> None:
    allowed = "quality: [{metric: nullValues, mustBeLessThan: 2}]"
    (tmp_path / "t.csv").write_text("id,x,y\na,1,\nb,2,z\n")
    outcome = parted(tmp_path, "t.csv", contract=CONTRACT.replace("required: true", allowed))
    assert (outcome.verdict.status, outcome.outputs["quarantined-rows"]) == (Status.PASS, "0")
    assert (tmp_path / "A/t.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()
    assert [path.name for path in (tmp_path / "Q").iterdir()] == [".mlops-out"]


def test_private_values_are_digests_unless_revealed(tmp_path: Path) -> None:
    contract = CONTRACT.replace("required: true", "classification: restricted")
    (tmp_path / "t.csv").write_text('id,x,y\na,10,"secret, one"\nb,11,"secret, one"\nc,12,\n')
    parted(tmp_path, "t.csv", contract=contract)
    rows = list(csv.DictReader((tmp_path / "Q/t.csv").open()))
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    first, second, third = (row["y"] for row in rows)
    assert first == second != third == ""
    assert first.startswith("private:")
    parted(tmp_path, "t.csv", contract=contract, reveal=["y"])
    assert [row["y"] for row in csv.DictReader((tmp_path / "Q/t.csv").open())] == ["secret, one", "secret, one", ""]


def test_a_column_of_that_name_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,x,y,Broken_Rules\na,10,z,mine\n")
    parted(tmp_path, "t.csv")
    assert next(csv.reader((tmp_path / "Q/t.csv").open())) == ["id", "x", "y", "Broken_Rules", "broken_rules_"]


def test_a_folder_that_no_run_made_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,x,y\na,10,z\n")
    (tmp_path / "Q").mkdir()
    (tmp_path / "Q/mine.txt").write_text("kept")
    with pytest.raises(CallError):
        parted(tmp_path, "t.csv")
    assert (tmp_path / "Q/mine.txt").read_text() == "kept"
    assert not (tmp_path / "A").exists()


def test_a_folder_with_the_data_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,x,y\na,10,z\n")
    parted(tmp_path, "t.csv")
    before = (tmp_path / "Q/t.csv").read_bytes()
    with pytest.raises(CallError, match="which is replaced"):
        parted(tmp_path, "Q/t.csv", accepted=None)
    with pytest.raises(CallError, match="which is replaced"):
        parted(tmp_path, "t.csv", accepted=tmp_path / "Q/inner")
    assert (tmp_path / "Q/t.csv").read_bytes() == before


def test_the_parts_of_json_lines_are_the_lines(tmp_path: Path) -> None:
    good, bad = '{"y": "z",  "id": "a", "x": 1 }\n', '{"id": "b", "x": 10, "y": "z\\u00e4"}\n'
    (tmp_path / "d").mkdir()
    (tmp_path / "d/1.jsonl").write_text(f"{good}\nnot JSON\n{bad}")
    (tmp_path / "d/2.jsonl").write_text('{"id": "c", "y": null}')
    outcome = parted(tmp_path, "d")
    check = next(each for each in outcome.verdict.checks if each.rule == "t.x.maximum")
    assert [(Path(each.file or "").name, each.line) for each in check.examples] == [("1.jsonl", 4)]
    assert (tmp_path / "A/1.jsonl").read_text() == good
    assert (tmp_path / "Q/1.jsonl").read_text() == bad[:-2] + ', "broken_rules": ["t.x.maximum"]}\n'
    assert json.loads((tmp_path / "Q/2.jsonl").read_text())["broken_rules"] == ["t.y.required"]
    assert (tmp_path / "Q/_unparsed/1.jsonl").read_text() == "not JSON\n"
    contract = CONTRACT.replace("required: true", "classification: restricted")
    parted(tmp_path, "d", contract=contract)
    row = json.loads((tmp_path / "Q/1.jsonl").read_text())
    assert row["y"].startswith("private:")
    assert row["id"] == "b"


def test_a_format_that_cannot_be_parted_is_refused_by_name(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "t.sqlite") as connection:
        connection.execute("CREATE TABLE t (id TEXT)")
    with pytest.raises(CallError, match=r"t\.sqlite.*cannot be parted"):
        parted(tmp_path, "t.sqlite")
    assert not (tmp_path / "Q").exists()


def test_what_cannot_be_told_apart_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,x,y\na,10,z\nb,1,"never closed\n')
    outcome = parted(tmp_path, "t.csv")
    assert outcome.verdict.status is Status.FAIL
    assert not list((tmp_path / "A").glob("*.csv")) if (tmp_path / "A").exists() else True


@pytest.mark.skipif(os.name != "posix" or not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_is_named_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part is a link to a device that takes no byte, as a disk without room."""
    from mlops_actions.data.quarantine import textparts  # pylint: disable=import-outside-toplevel

    (tmp_path / "t.csv").write_text("id,x,y\na,10,z\nb,1,z\n")

    def full(folder: Path, name: str) -> Path:
        (folder / name).symlink_to("/dev/full")
        return folder / name

    monkeypatch.setattr(textparts, "place", full)
    with pytest.raises(CallError, match="No space left on device"):
        parted(tmp_path, "t.csv")
    assert not (tmp_path / "Q").exists()
    assert not (tmp_path / "A").exists()


def test_many_rows_are_parted_in_bounded_memory(tmp_path: Path) -> None:
    select = "SELECT CAST(range AS VARCHAR) AS id, range % 12 AS x, 'y' AS y FROM range(400000)"
    duckdb.sql(f"COPY ({select}) TO '{tmp_path}/t.parquet'")
    outcome = parted(tmp_path, "t.parquet")
    counts = [
        duckdb.sql(f"SELECT count(*), min(x), max(x) FROM '{tmp_path}/{part}/t.parquet'").fetchall()[0] for part in "QA"
    ]
    assert counts == [(66_666, 10, 11), (333_334, 0, 9)]
    assert outcome.outputs["quarantined-rows"] == "66666"
