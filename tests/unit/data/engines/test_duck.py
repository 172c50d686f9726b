"""The connection reads what it was told of and nothing else; names and values are data."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import csv
import math
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession, pattern_for, refused_pattern
from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.session import Aggregate, Histogram
from mlops_actions.data.sources import source
from mlops_actions.data.sources.relation import Relation

ENGINE = duckdb.connect()


@pytest.fixture
def files(tmp_path):
    told, other = tmp_path / "told[1].csv", tmp_path / "other.csv"
    told.write_text("x\n1\n")
    other.write_text("x\n2\n")
    return told, other


def test_only_the_files_it_was_told_of(files):
    told, other = files
    with duck.connect([told]) as connection:
        assert connection.execute(f"SELECT * FROM read_csv({literal(pattern_for(told))})").fetchall() == [(1,)]
        for query in (
            f"SELECT * FROM read_csv({literal(str(other))})",
            "SELECT * FROM read_text('/etc/hostname')",
            f"SELECT * FROM glob({literal(str(other.parent) + '/*')})",
            f"COPY (SELECT 1) TO {literal(str(other))}",
            f"ATTACH {literal(str(other.parent / 'x.db'))}",
            "SELECT * FROM read_csv('https://example.org/x.csv')",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET allowed_paths = ['/']",
            "SET autoinstall_known_extensions = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query).fetchall()
    assert other.read_text() == "x\n2\n"


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1).filter(lambda text: "\0" not in text), st.text().filter(lambda text: "\0" not in text))
def test_names_and_texts_are_quoted(name, text):
    try:
        name.encode(), text.encode()
    except UnicodeEncodeError:
        return  # lone surrogates are in no UTF-8 file
    cursor = ENGINE.execute(f"SELECT {literal(text)} AS {quote(name)}")
    assert cursor.fetchall() == [(text,)]
    assert cursor.description[0][0] == name


@pytest.mark.parametrize("room", [0.01, 4.0])
def test_what_does_not_fit_is_asked_in_parts_and_at_last_with_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: float
) -> None:
    """Distinct values that no memory holds at once, of two columns, and no disk to spill to."""
    path = tmp_path / "t.parquet"
    duckdb.execute(f"COPY (SELECT range AS a, -range AS b FROM range(2000000)) TO '{path}' (FORMAT parquet)")
    monkeypatch.setattr(duck, "ROOM", room)
    files = source.find(["t.parquet"], tmp_path)
    asked = [Aggregate(name, f"length(list({name}))") for name in ("a", "b")]  # a list cannot be spilled
    with duck.connect([path], memory=0.012) as connection:
        relation = source.open_relation(connection, "t", files)
        if room < 1:
            with pytest.raises(duckdb.OutOfMemoryException):
                DuckSession(connection).aggregate(relation, asked)
        else:
            assert DuckSession(connection).aggregate(relation, asked) == {"a": 2_000_000, "b": 2_000_000}


@pytest.mark.parametrize("value", [0, -1, 2**63, True, False, None, 0.1, -0.0, 1e300, math.inf, -math.inf, math.nan])
def test_values_come_back_as_they_were(value):
    with duckdb.connect() as connection:
        ((found,),) = connection.execute(f"SELECT {literal(value)}").fetchall()
    assert repr(found) == repr(value)


def test_more_aggregates_than_one_query_takes(monkeypatch):
    monkeypatch.setattr(duck, "BATCH", 7)
    relation = Relation("t", "range(10)", (), ())
    asked = [Aggregate(f"k{number}", f"sum(range + {number})") for number in range(20)]
    with duckdb.connect() as connection:
        values = DuckSession(connection).aggregate(relation, asked)
    assert values == {f"k{number}": 45 + 10 * number for number in range(20)}


def test_a_question_that_is_asked_twice_is_answered_at_each_key(monkeypatch):
    monkeypatch.setattr(duck, "BATCH", 2)
    relation = Relation("t", "range(10)", (), ())
    up_to = {edge: Histogram("CAST(range AS DOUBLE)", (edge,)) for edge in (3.0, 5.0)}
    asked = {"a": "sum(range)", "b": up_to[3.0], "c": "sum(range)", "d": up_to[5.0], "e": "count(*)", "f": up_to[3.0]}
    with duckdb.connect() as connection:
        values = DuckSession(connection).aggregate(relation, [Aggregate(*each) for each in asked.items()])
    assert (values["a"], values["c"], values["e"]) == (45, 45, 10)
    assert [dict(values[name].items()) for name in "bdf"] == [
        {3: 4, math.inf: 6},
        {5: 6, math.inf: 4},
        {3: 4, math.inf: 6},
    ]


def test_rows_are_drawn_by_their_numbers_whatever_numbers_them(tmp_path):
    """As text, and in columns of many row groups: the same rows, as many as the share says."""
    made = {"t.csv": "", "t.parquet": "(ROW_GROUP_SIZE 10000)"}
    drawn = []
    for name, how in made.items():
        duckdb.execute(f"COPY (SELECT range AS n, 'x' AS place FROM range(200000)) TO '{tmp_path / name}' {how}")
        (file,) = source.find([name], tmp_path)
        with duck.connect([file.path]) as connection:
            relation = source.open_relation(connection, "t", [file])
            drawn.append(sorted(DuckSession(connection).drawn(relation, ["n", "place"], 0.02)))
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == pytest.approx(4000, abs=5 * math.sqrt(4000))
    assert len(set(drawn[0])) == len(drawn[0])


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\1", "[", "(", "a{2000}"])
def test_what_re2_lacks_is_named(pattern):
    with duckdb.connect() as connection:
        assert refused_pattern(connection, pattern)
        assert refused_pattern(connection, "^[a-z]{2,3}$") is None


def test_a_reason_is_one_line_that_can_be_printed():
    assert duck.reason(ValueError("IO Error: bad \x1b[31m\u202e byte\nLINE 1: SELECT")) == r"bad \x1b[31m\u202e byte"


@pytest.mark.parametrize(("batches", "parsed"), [(1, 4), (2, 2), (4, 1)])
def test_columns_of_a_text_file_are_copied_for_several_queries(tmp_path, monkeypatch, batches, parsed):
    """A record that does not parse is refused as often as the file is read, and the answers are the same."""
    names = ["plain", 'with "quotes"', "with 'apostrophe", "Ä b", "n"]
    rows = [[row * place for place in range(1, 6)] for row in range(10)]
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, [1, 2, 3, 4, 5, 6], *rows])
    monkeypatch.setattr(duck, "BATCH", 4)
    monkeypatch.setattr(duck, "COPIED", batches)
    asked = [Aggregate(f"{name} {of}", f"{of}({quote(name)})") for name in names for of in ("min", "max", "sum")]
    scans = "SELECT count(DISTINCT scan_id) FROM reject_errors"
    (file,) = source.find(["t.csv"], tmp_path)
    with duck.connect([file.path]) as connection:
        relation = source.open_relation(connection, "t", [file])
        values = DuckSession(connection).aggregate(relation, asked)
        assert connection.execute(scans).fetchone() == (1 + parsed,)  # once to guess types
        groups = DuckSession(connection).grouped(relation, quote("n"), asked)
    assert values == {
        f"{name} {of.__name__}": of(row[place] for row in rows)
        for place, name in enumerate(names)
        for of in (min, max, sum)
    }
    assert {key: found["plain sum"] for key, found in groups.items()} == {str(row[4]): row[0] for row in rows}
