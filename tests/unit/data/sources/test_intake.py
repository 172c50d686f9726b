"""Bad input: whatever is wrong with a file is said with its name and place, and no verdict on it passes."""

# ruff: noqa: S608 (statements are built here, from names of their own)

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow
import pytest
from pyarrow import parquet

from mlops_actions.cli import main
from mlops_actions.data.sources import relation
from mlops_actions.data.sources.intake import take_in
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status, to_json

COLUMN = "- {name: x, logicalType: integer}"


def judged(workspace, *data, properties=COLUMN):
    """The outcome of a run that must not pass, with the check on whether the data could be read."""
    outcome = workspace.run(workspace.columns(properties), *data)
    assert outcome.verdict.status is not Status.PASS
    assert str(workspace.root) not in json.dumps(to_json(outcome.verdict))
    return {check.rule: check for check in outcome.verdict.checks}


def grouped(name, groups=5):
    """A Parquet file of row groups of 2,048 rows."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        query = f"COPY (SELECT hash(range) >> 1 AS x FROM range({groups} * 2048)) TO '{name}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
        connection.execute(query)
        return connection.execute(
            f"SELECT data_page_offset, total_compressed_size FROM parquet_metadata('{name}') ORDER BY row_group_id"
        ).fetchall()


def test_a_damaged_row_group_in_the_middle_is_named(workspace):
    places = grouped("t.parquet")
    offset, size = places[2]
    data = bytearray(Path("t.parquet").read_bytes())
    data[offset : offset + size] = b"\xff" * size
    Path("t.parquet").write_bytes(data)
    check = judged(workspace, "t.parquet")["t.readable"]
    assert check.status is Status.ERROR
    assert "t.parquet: row group 3 of 5 (rows 4,097 to 6,144) cannot be read" in check.message


@pytest.mark.parametrize("kept", [0.2, 0.999])
def test_a_truncated_parquet_file_is_named(workspace, kept):
    grouped("t.parquet")
    data = Path("t.parquet").read_bytes()
    Path("t.parquet").write_bytes(data[: int(len(data) * kept)])
    assert "t.parquet: is truncated" in judged(workspace, "t.parquet")["t.readable"].message


def test_a_schema_that_differs_in_one_of_400_files_is_named(workspace):
    for number in range(400):
        workspace.csv("x,y\n1,2\n" if number != 237 else "x,z\n1,2\n", f"d/{number:03d}.csv")
    check = judged(workspace, "d")["t.schema"]
    assert (check.status, check.measured) == (Status.FAIL, 2)
    assert "d/237.csv lacks 'y', which d/000.csv has" in check.message


def test_types_that_differ_over_files_are_named(workspace):
    workspace.parquet("SELECT 1 AS x", "p/1.parquet")
    workspace.parquet("SELECT 'one' AS x", "p/2.parquet")
    assert "'x' is VARCHAR in p/2.parquet and INTEGER in p/1.parquet" in judged(workspace, "p")["t.schema"].message
    workspace.csv("x\n1\n", "c/1.csv")
    workspace.csv("x\none\n", "c/2.csv")
    assert judged(workspace, "c")["t.x.logicalType"].measured == 1


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl", "t.arrow", "t.db"])
def test_an_empty_file_is_no_pass(workspace, name):
    Path(name).touch()
    check = judged(workspace, name)["t.readable"]
    assert check.status is Status.ERROR and f"{name}: is empty" in check.message


def test_a_file_that_changes_while_it_is_read_is_an_error(workspace):
    workspace.csv("x\n1\n")
    with take_in("t", ("t.csv",)) as intake, pytest.raises(Unreadable, match=r"t\.csv: changed while it was read"):
        Path("t.csv").write_text("x\n1\n2\n")
        intake.checks(1)


def test_a_file_that_vanishes_while_it_is_read_is_an_error(workspace):
    grouped("t.parquet")
    with take_in("t", ("t.parquet",)) as intake, pytest.raises(Unreadable, match=r"t\.parquet: is not there any more"):
        Path("t.parquet").unlink()
        intake.checks(1)


HUMBLE = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""What takes from root the power to read every file."""


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl", "t.arrow", "t.db"])
def test_a_file_that_may_not_be_read_is_named(workspace, name):
    Path(name).write_text("x\n1\n")
    Path(name).chmod(0)
    command = [sys.executable, "-m", "mlops_actions", "validate", "--json", "--data", name]
    command += ["--contract", str(workspace.columns(COLUMN))]
    done = subprocess.run([*HUMBLE, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    (check,) = (each for each in json.loads(done.stdout)["checks"] if each["rule"] == "t.readable")
    assert check["status"] == "error" and name in check["message"] and "ermission denied" in check["message"]


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_far_too_many_columns_end_in_a_message(workspace, kind):
    names = [f"c{number}" for number in range(100_000)]
    if kind == "csv":
        Path("t.csv").write_text(f"{','.join(names)}\n{','.join('1' * len(names))}\n")
    elif kind == "jsonl":
        Path("t.jsonl").write_text(json.dumps(dict.fromkeys(names, 1)) + "\n")
    else:
        parquet.write_table(pyarrow.table({name: [1] for name in names}), "t.parquet")
    check = judged(workspace, f"t.{kind}")["t.readable"]
    assert check.status is Status.ERROR
    assert f"t.{kind}: it has {len(names):,} columns, and at most {relation.MAX_COLUMNS:,} are taken" in check.message


SPILL = """
import resource, signal, sys
from pathlib import Path
from mlops_actions.cli import main
from mlops_actions.data.engines import duck
duck.MEMORY = 0.06  # so that little data has to be spilled
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.exit(main(["validate", "--contract", "contract.yaml", "--data", sys.argv[1], "--out", "o"]))
"""


@pytest.mark.parametrize("kind", ["spill", "spool"])
def test_a_full_disk_says_which_and_what_to_do(workspace, kind):
    properties = "- {name: x, logicalType: integer, unique: true}\n- {name: y, physicalType: varchar, unique: true}"
    workspace.columns(properties)
    if kind == "spill":
        select = "hash(range) >> 1 AS x, md5(range::VARCHAR) || md5((range + 1)::VARCHAR) AS y"
        data = workspace.parquet(f"SELECT {select} FROM range(400_000)")
    else:
        with closing(sqlite3.connect("t.db")) as connection:
            connection.execute("CREATE TABLE t (x, y)")
            connection.executemany("INSERT INTO t VALUES (?, ?)", ((number, "y" * 200) for number in range(30_000)))
            connection.commit()
        data = "t.db"
    done = subprocess.run([sys.executable, "-c", SPILL, data], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"the disk of the temporary folder {tempfile.gettempdir()!r} is full" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


# Pointers


def test_a_dvc_pointer_says_what_to_type(workspace):
    contract = workspace.columns(COLUMN)
    Path("data").mkdir()
    Path("data/t.csv.dvc").write_text("outs:\n- md5: 0\n  path: t.csv\n")
    for pattern in ("data/t.csv", "data/t.csv.dvc", "data/*.csv", "data", "data/t.*"):
        with pytest.raises(CallError, match=r"Type `dvc pull data/t\.csv\.dvc`"):
            workspace.run(contract, pattern)
    workspace.csv("x\n1\n", "data/s.csv")
    for pattern in ("data", "data/*.csv"):  # not the rest alone
        with pytest.raises(CallError, match="DVC keeps it elsewhere"):
            workspace.run(contract, pattern)
    workspace.csv("x\n1\n", "data/t.csv")
    assert workspace.run(contract, "data").verdict.status is Status.PASS
    Path("folder.dvc").write_text("outs:\n- md5: 0.dir\n  path: folder\n")
    with pytest.raises(CallError, match="dvc pull"):
        workspace.run(contract, "folder")


def test_a_column_of_another_case_is_missing_and_the_near_one_is_named(workspace):
    for name, text in (("t.csv", "X\n1\n"), ("t.jsonl", '{"X": 1}\n')):
        Path(name).write_text(text)
        check = judged(workspace, name)["t.x.present"]
        assert check.status is Status.FAIL and "Did you mean `X`" in check.message


def test_drift_reads_each_format(workspace):
    rows = [{"x": number} for number in range(500)]
    Path("r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    workspace.csv("x\n" + "".join(f"{row['x']}\n" for row in rows), "c.csv")
    assert main(["drift", "--reference", "r.jsonl", "--data", "c.csv", "--out", "o"]) == 0
