"""CSV: no record is lost, whatever stands in it, and a count that is in doubt is said to be."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.sources import csvfiles
from mlops_actions.data.sources import survey as surveys
from mlops_actions.data.sources.reading import CsvDialect, Reading
from mlops_actions.data.sources.relation import File, Header
from mlops_actions.data.sources.survey import Survey

CELL = st.text(st.sampled_from(list('ab",;\n é')), max_size=4)


def write(rows, delimiter, end, quoting):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue().encode()


def named(path):
    return File(path.name, path)


def surveyed(path, csv=CsvDialect()):
    return surveys.survey(named(path), csvfiles.counter(named(path), Reading(csv=csv)))


def counted(path, csv=CsvDialect()):
    return sum(1 for _ in csvfiles.records(named(path), Reading(csv=csv)))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("csv") / "t.csv"


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=6)),
    st.sampled_from([",", ";"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(1, 9),
)
def test_both_counts_are_of_the_records_that_were_written(file, rows, delimiter, end, quoting, chunk):
    names = [f"c{number}" for number in range(len(rows[0]) if rows else 2)]
    file.write_bytes(write([names, *rows], delimiter, end, quoting))
    saved, surveys.CHUNK = surveys.CHUNK, chunk  # so that a record crosses chunks
    try:
        survey = surveyed(file, CsvDialect(delimiter))
    finally:
        surveys.CHUNK = saved
    assert survey.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert survey.records == len(rows)
    assert counted(file, CsvDialect(delimiter)) == len(rows)


@pytest.mark.parametrize("members", [1, 3])
def test_gzip_is_counted_inside_and_digested_outside(tmp_path, members):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n") + b"".join(gzip.compress(b"1,2\n3,4\n") for _ in range(members)))
    assert surveyed(path) == Survey(hashlib.sha256(path.read_bytes()).hexdigest(), 2 * members)


def test_blank_lines_are_records_of_a_single_column_alone(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"x\n1\n\n\n2\n")
    assert surveyed(path).records == counted(path) == 4
    path.write_bytes(b"x,y\n1,2\n\n\n2,3\n")
    assert surveyed(path).records == counted(path) == 2


@pytest.mark.parametrize(
    ("line", "delimiter", "names"),
    [
        (b"a,b;c\n", ",", ("a", "b;c")),
        (b"a;b;c,d\n", ";", ("a", "b", "c,d")),
        (b"a\tb\n", "\t", ("a", "b")),
        (b'"a;b;c",d\r\n', ",", ("a;b;c", "d")),
        (b'"two\nlines",x\n', ",", ("two\nlines", "x")),
        (b"\xef\xbb\xbfa,b", ",", ("a", "b")),
        (b"alone\n", ",", ("alone",)),
    ],
)
def test_the_header_gives_dialect_and_names(tmp_path, line, delimiter, names):
    path = tmp_path / "t.csv"
    path.write_bytes(line)
    assert csvfiles.header(named(path)) == Header(delimiter, names)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", "x"])
def test_cells_keep_null_and_empty_apart(workspace, end, tail):
    data = workspace.csv(end.join(["x,y", '"",1', ",2", " ,3"]) + (end if not tail else ""))
    contract = workspace.columns(
        """\
        - name: x
          logicalType: string
          required: true
          quality: [{metric: missingValues, arguments: {missingValues: ['']}, mustBe: 0}]
        """
    )
    checks = workspace.checks(contract, data)
    assert (checks["t.x.required"].measured, checks["t.x.missingValues"].measured) == (1, 1)


def test_a_quote_amid_a_cell_loses_no_row(workspace):
    data = workspace.csv('x,y\n1,6" tall\n2,b\n3,5" x 3"\n')
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), data)["t.readable"]
    assert (check.measured, check.rows) == (0, 3)


def test_a_lone_carriage_return_is_refused(tmp_path):
    path = Path(tmp_path / "t.csv")
    path.write_bytes(b"x,y\r1,2\r")
    with pytest.raises(ValueError, match="carriage return"):
        csvfiles.header(named(path))
