"""SQLite: each cell is judged as what it is, whatever the column was declared as, and the file is left alone."""

# ruff: noqa: S608 (statements are built here, from names of their own)

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mlops_actions.data.sources.intake import take_in
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.types.cells import TextType
from mlops_actions.verdict import Status


def write(name, **tables):
    with closing(sqlite3.connect(name)) as connection:
        for table, (columns, *rows) in tables.items():
            connection.execute(f'CREATE TABLE "{table}" ({columns})')
            for row in rows:
                connection.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', row)
        connection.commit()
    return name


def rows(pattern, types=None, tables=()):
    with take_in("t", (pattern,), Reading(types or {}, tables=tables)) as intake:
        names = {column.name: column.type for column in intake.relation.columns}
        select = ", ".join(f'"{name}"' for name in names)
        return intake.connection.execute(f"SELECT {select} FROM {intake.relation.sql}").fetchall(), names


def test_a_value_of_another_type_is_counted_not_converted_and_not_lost(workspace):
    write("s.db", t=("x INTEGER, y TEXT", (1, "a"), ("three", "b"), (2.5, "c"), (None, None), (b"\1", b"\xff")))
    contract = workspace.columns(
        "- {name: x, logicalType: integer, required: true}\n- {name: y, logicalType: string, required: true}"
    )
    outcome = workspace.run(contract, "s.db")
    checks = {check.rule: check for check in outcome.verdict.checks}
    assert (checks["t.x.logicalType"].measured, checks["t.x.logicalType"].rows) == (3, 5)
    assert (checks["t.y.logicalType"].measured, checks["t.y.required"].measured) == (1, 1)
    assert [(each.name, each.sha256) for each in outcome.verdict.subjects] == [
        ("s.db", hashlib.sha256(Path("s.db").read_bytes()).hexdigest())
    ]


def test_values_come_as_they_are(workspace):
    whole, text = (2**63 - 1, -(2**63)), 'é\0"\n{𝄞'
    write(
        "s.db",
        t=('i, r, s, b, "a b", z', (whole[0], 0.1, text, b"\0\xff", 1, None), (whole[1], 1e300, "", b"", 0, None)),
    )
    found, names = rows("s.db")
    assert found == [(whole[0], 0.1, text, b"\0\xff", 1, None), (whole[1], 1e300, "", b"", 0, None)]
    assert names == {"i": "BIGINT", "r": "DOUBLE", "s": "VARCHAR", "b": "BLOB", "a b": "BIGINT", "z": "VARCHAR"}


def test_infinities_are_kept_and_nan_is_a_null_as_sqlite_makes_it(workspace):
    write("s.db", t=("r REAL", (float("inf"),), (float("-inf"),), (float("nan"),)))
    assert rows("s.db")[0] == [(float("inf"),), (float("-inf"),), (None,)]


def test_dates_and_booleans_are_what_the_contract_says(workspace):
    write("s.db", t=("d, b", ("2020-01-31", 1), ("2020-01-32", 2), ("x", 0)))
    contract = workspace.columns("- {name: d, logicalType: date}\n- {name: b, logicalType: boolean}")
    checks = workspace.checks(contract, "s.db")
    assert (checks["t.d.logicalType"].measured, checks["t.b.logicalType"].measured) == (2, 1)


def test_a_table_is_found_by_name_or_named(workspace):
    write("s.sqlite", a=("x", (1,)), B_1=("x", (2,), (3,)))
    contract = workspace.contract(
        """\
        schema:
          - {name: a, properties: [{name: x, logicalType: integer, logicalTypeOptions: {maximum: 1}}]}
          - {name: b, physicalName: B_1, properties: [{name: x, logicalType: integer, logicalTypeOptions: {minimum: 2},
             relationships: [{to: a.x}]}]}
        """
    )
    both = {"a": "s.sqlite", "b": "s.sqlite"}
    checks = workspace.checks(contract, mapping=both)
    assert (checks["a.x.maximum"].status, checks["b.x.minimum"].status) == (Status.PASS, Status.PASS)
    assert checks["b.x.relationships"].measured == 2
    assert workspace.checks(contract, mapping=both | {"a": "s.sqlite#B_1"})["a.x.maximum"].measured == 2


def test_a_query_of_the_contract_reads_the_table(workspace):
    write("s.db", t=("x", (1,), (2,)))
    contract = workspace.columns(
        "- {name: x, logicalType: integer}", "- {type: sql, query: 'SELECT sum(x) FROM {object}', mustBe: 3}"
    )
    assert workspace.checks(contract, "s.db")["t.sql"].status is Status.PASS


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: write("s.db", one=("x",), two=("x",)), "has no table 't'; there is: 'one', 'two'"),
        (lambda: Path("s.db").write_bytes(b""), "is empty"),
        (lambda: Path("s.db").write_bytes(b"hello"), "is not an SQLite file"),
        (lambda: Path("s.db").write_bytes(b"version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
        (
            lambda: Path(write("s.db", t=("x",))).write_bytes(Path("s.db").read_bytes()[:100] + b"\0" * 8092),
            "cannot be",
        ),
        (lambda: (write("s.db", t=("x",)), Path("s.db-wal").write_bytes(b"1")), "wal_checkpoint"),
    ],
)
def test_what_cannot_be_read_is_named(workspace, make, says):
    make()
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "s.db")["t.readable"]
    assert check.status is Status.ERROR
    assert "s.db" in check.message and says in check.message
    assert str(workspace.root) not in check.message


def test_nothing_is_written_beside_the_file(workspace):
    with closing(sqlite3.connect("s.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
    before = sorted(os.listdir()), Path("s.db").stat().st_mtime_ns
    assert rows("s.db", {"x": TextType("BIGINT")})[0] == [(1,)]
    assert (sorted(os.listdir()), Path("s.db").stat().st_mtime_ns) == before
