"""Finding files: what a pattern names, and what it must not lead to."""

from __future__ import annotations

import os

import pytest

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.session import Aggregate
from mlops_actions.data.sources import source
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.data.types.cells import TextType
from mlops_actions.errors import CallError


def names(root, *patterns):
    return [file.name for file in source.find(patterns, root)]


@pytest.fixture
def tree(tmp_path):
    for name in (
        "a.csv", "b.csv", "data/x=1/p.parquet", "data/x=2/p.parquet", "data/_SUCCESS", "data/.hidden.csv",
        "data/_temporary/q.parquet", "data/read.me", "odd[1].csv", "zip/c.CSV.GZ",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x\n1\n")
    return tmp_path


def test_files_folders_and_globs(tree):
    assert names(tree, "a.csv") == ["a.csv"]
    assert names(tree, "[ab].csv") == ["a.csv", "b.csv"]
    assert names(tree, "odd[1].csv") == ["odd[1].csv"]
    assert names(tree, "data") == names(tree, "data/x=*") == names(tree, "data/**/p*") == [
        "data/x=1/p.parquet", "data/x=2/p.parquet"
    ]  # fmt: skip
    assert names(tree, "b.csv", "a.csv", "*.csv") == ["a.csv", "b.csv", "odd[1].csv"]
    assert names(tree, "zip") == ["zip/c.CSV.GZ"]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("c.csv", "no such file or folder. Did you mean"),
        ("*.json", "no file matches"),
        ("data/*.me", "no file that can be read .* matches"),
        ("data/read.me", "There is: `.parquet`, `.csv`, `.csv.gz`"),
    ],
)
def test_what_names_nothing_is_a_wrong_call(tree, pattern, says):
    with pytest.raises(CallError, match=says):
        names(tree, pattern)


def test_links(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "s.csv").write_text("x\n1\n")
    os.symlink(outside / "s.csv", tree / "out.csv")
    os.symlink(outside, tree / "folder")
    os.symlink(tree / "a.csv", tree / "inner.csv")
    os.symlink(tree / "nowhere", tree / "dangling.csv")
    assert names(tree, "inner.csv") == ["inner.csv"]
    for pattern in ("out.csv", "o*.csv", "folder", "folder/*.csv", "folder/s.csv"):
        with pytest.raises(CallError, match="leads out of the working directory"):
            names(tree, pattern)
    with pytest.raises(CallError, match="leads nowhere"):
        names(tree, "dangling.csv")
    (tree / "data" / "link").symlink_to(tree / "zip")
    with pytest.raises(CallError, match="symbolic link to a folder"):
        names(tree, "data")


def test_a_folder_outside_may_be_named_but_not_left(tree, tmp_path_factory):
    outside, secret = tmp_path_factory.mktemp("outside"), tmp_path_factory.mktemp("secret") / "s.csv"
    (outside / "o.csv").write_text("x\n1\n")
    assert names(tree, str(outside / "*.csv")) == [str(outside / "o.csv")]
    secret.write_text("x\n1\n")
    os.symlink(secret, outside / "link.csv")
    with pytest.raises(CallError, match="leads out"):
        names(tree, str(outside))


def test_one_object_is_of_one_format(tree):
    with pytest.raises(Unreadable, match="of one format"):
        names(tree, "a.csv", "data")


def opened(workspace, *patterns, types=None, aggregates=("count(*)",)):
    files = source.find(patterns, workspace.root)
    with duck.connect(file.path for file in files) as connection:
        relation = source.open_relation(connection, "t", files, Reading(types or {}))
        asked = [Aggregate(sql, sql) for sql in aggregates]
        return relation, DuckSession(connection).aggregate(relation, asked)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_partition_folders_are_columns(workspace, kind):
    for year in ("2013", "x y", "__HIVE_DEFAULT_PARTITION__"):
        folder = f"d/year={year.replace(' ', '%20')}/month=01"
        if kind == "csv":
            workspace.csv("v\n1\n2\n", f"{folder}/f.csv")
        else:
            workspace.parquet("SELECT range AS v FROM range(2)", f"{folder}/f.parquet")
    relation, values = opened(
        workspace, "d", types={"year": TextType("BIGINT")},
        aggregates=("count(*)", 'sum("year")', 'min("month")', "count(year)"),
    )  # fmt: skip
    assert {column.name: column.type for column in relation.columns}["year"] == "BIGINT"
    assert values == {"count(*)": 6, 'sum("year")': 4026, 'min("month")': "01", "count(year)": 2}


def test_partitions_that_differ_are_named(workspace):
    workspace.csv("v\n1\n", "d/year=1/f.csv")
    workspace.csv("v\n1\n", "d/g.csv")
    with pytest.raises(Unreadable, match="partition folders"):
        opened(workspace, "d")


def test_schemas_that_differ_are_named_file_by_file(workspace):
    workspace.parquet("SELECT 1 AS a, 'x' AS b, 1 AS w", "d/1.parquet")
    workspace.parquet("SELECT 1 AS a, 2.5::DOUBLE AS b, 1::BIGINT AS w", "d/2.parquet")
    workspace.parquet("SELECT 1 AS a, 1::SMALLINT AS w, 1 AS extra", "d/3.parquet")
    relation, values = opened(workspace, "d", aggregates=("count(*)", "count(b)", "count(extra)"))
    assert set(relation.differences) == {
        "'b' is DOUBLE in d/2.parquet and VARCHAR in d/1.parquet",
        "d/3.parquet lacks 'b', which d/1.parquet has",
        "d/3.parquet has 'extra', which d/1.parquet lacks",
    }
    assert values == {"count(*)": 3, "count(b)": 2, "count(extra)": 1}


def test_types_of_undeclared_text_are_guessed_with_care(workspace):
    data = workspace.csv(
        "code,n,f,b,d,t,s,none\n007,1,1,true,2020-01-01,2020-01-01 10:00,x,\n010,2,nan,false,2020-01-02,2020-01-01T11:00Z,,\n"
    )
    relation, _ = opened(workspace, data)
    assert {column.name: column.type for column in relation.columns} == {
        "code": "VARCHAR", "n": "BIGINT", "f": "DOUBLE", "b": "BOOLEAN", "d": "DATE", "t": "TIMESTAMP", "s": "VARCHAR",
        "none": "VARCHAR",
    }  # fmt: skip
