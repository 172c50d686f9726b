"""Arrow files: rows as they are, in the footer's form and in the stream's, and what is damaged is named by its batch."""

# ruff: noqa: S608 (statements are built here, from names of their own)

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather, ipc

from mlops_actions.data.sources.intake import take_in
from mlops_actions.verdict import Status

TABLE = pa.table(
    {
        "i": pa.array([1, None, 65535], pa.uint16()),
        "f": pa.array([0.1, float("nan"), float("inf")]),
        "s": pa.array(["a", "", "é\0"]).dictionary_encode(),
        "d": pa.array([Decimal("1.10"), None, Decimal("-99.99")], pa.decimal128(4, 2)),
        "t": pa.array([datetime(2020, 1, 2, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC")),
        "day": pa.array([date(2020, 1, 2)] * 3),
        "n": pa.array([{"zip": 1, "l": [1, 2]}, None, {"zip": None, "l": []}]),
    }
)


def write(name, table=TABLE, rows=2):
    if name.endswith(".feather"):
        feather.write_feather(table, name, chunksize=rows)
    else:
        make = ipc.new_stream if name.endswith(".arrows") else ipc.new_file
        with make(name, table.schema) as writer:
            writer.write_table(table, max_chunksize=rows)
    return name


@pytest.mark.parametrize("name", ["t.arrow", "t.arrows", "t.feather"])
def test_rows_come_as_they_are(workspace, name):
    write(name)
    with take_in("t", (name,)) as intake:
        # Its zone is taken off a timestamp, since the engine wants a library of its own to hand one over.
        query = f"SELECT * REPLACE (CAST(t AS TIMESTAMP) AS t) FROM {intake.relation.sql}"
        asked = [
            tuple(row.values()) for row in TABLE.set_column(4, "t", TABLE["t"].cast(pa.timestamp("us"))).to_pylist()
        ]
        assert repr(intake.connection.execute(query).fetchall()) == repr(asked)
        assert [column.type for column in intake.relation.columns] == [
            "USMALLINT", "DOUBLE", "VARCHAR", "DECIMAL(4,2)", "TIMESTAMP WITH TIME ZONE", "DATE",
            "STRUCT(zip BIGINT, l BIGINT[])",
        ]  # fmt: skip
        (subject,) = intake.subjects
    assert (subject.name, subject.sha256) == (name, hashlib.sha256(Path(name).read_bytes()).hexdigest())


def test_a_contract_is_held_against_them(workspace):
    Path("d/x=1").mkdir(parents=True)
    write("d/x=1/t.arrow")
    contract = workspace.columns(
        """\
        - {name: i, logicalType: integer, required: true, unique: true}
        - {name: x, logicalType: integer, logicalTypeOptions: {maximum: 0}}
        - name: n
          logicalType: object
          properties: [{name: zip, logicalType: integer, required: true}]
        """
    )
    checks = workspace.checks(contract, "d")
    assert (checks["t.i.required"].measured, checks["t.i.unique"].measured) == (1, 0)
    assert (checks["t.x.maximum"].measured, checks["t.n.zip.required"].measured) == (3, 1)


def damaged(name):
    """Offsets of text that lead beyond its end, in the second batch."""
    write(name, pa.table({"x": pa.array(["abcd", "efgh", "ijkl", "mnop"])}))
    data = Path(name).read_bytes()
    offsets = b"".join(number.to_bytes(4, "little") for number in (0, 4, 8))
    at = data.rindex(offsets)
    Path(name).write_bytes(data[: at + 8] + b"\xff\xff\0\0" + data[at + 12 :])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda name: Path(name).write_bytes(b""), "is empty"),
        (lambda name: Path(name).write_bytes(b"hello, world, this is no Arrow"), "cannot be read"),
        (lambda name: Path(name).write_bytes(b"FEA1" + b"\0" * 99), "Feather's first version"),
        (lambda name: Path(write(name)).write_bytes(Path(name).read_bytes()[:-300]), "cannot be read"),
        (lambda name: Path(name).write_bytes(b"version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
        (lambda name: write(name, pa.table({"x": pa.array([1], pa.duration("s"))})), "'x' is duration[s]"),
        (damaged, "record batch 2 cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(workspace, make, says):
    make("t.arrow")
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "t.arrow")["t.readable"]
    assert check.status is Status.ERROR
    assert "t.arrow" in check.message and says in check.message
    assert str(workspace.root) not in check.message


def test_no_rows_are_no_pass(workspace):
    write("t.arrow", TABLE.slice(0, 0))
    assert (
        workspace.checks(workspace.columns("- {name: i, logicalType: integer}"), "t.arrow")["t.rows"].status
        is Status.WARN
    )
