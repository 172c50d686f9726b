"""CSV: no record is lost, whatever stands in it, and a count that is in doubt is said to be."""

# ruff: noqa: S608 (statements are built here, from names of their own)

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.cli import main
from mlops_actions.data.sources import csvfiles
from mlops_actions.data.sources import survey as surveys
from mlops_actions.data.sources.intake import take_in
from mlops_actions.data.sources.reading import FOUND, CsvDialect, Reading
from mlops_actions.data.sources.relation import File, Header, Unreadable
from mlops_actions.data.sources.survey import Survey
from mlops_actions.verdict import Status

CELL = st.text(st.sampled_from(list('ab",;\n é')), max_size=4)


def write(rows, delimiter, end, quoting):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue().encode()


def named(path):
    return File(path.name, path)


def surveyed(path, csv=FOUND):
    return surveys.survey(named(path), csvfiles.counter(named(path), Reading(csv=csv)))


def counted(path, csv=FOUND):
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


# Dialects


@pytest.mark.parametrize(
    ("text", "given", "head"),
    [
        ("'a;b','c'\n1,2\n", FOUND, Header(",", ("a;b", "c"), "'")),
        ("'tis;was\n", FOUND, Header(";", ("'tis", "was"))),
        ("a,b;c\n", CsvDialect(";"), Header(";", ("a,b", "c"))),
        ('"a",b\n', CsvDialect(quote=""), Header(",", ('"a"', "b"), "")),
        ("a^b\n", CsvDialect("^", "'"), Header("^", ("a", "b"), "'")),
    ],
)
def test_a_dialect_is_found_or_given(tmp_path, text, given, head):
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert csvfiles.header(named(path), given) == head


@pytest.mark.parametrize(
    ("text", "given", "cells"),
    [
        ("'x';'y'\n'a;b';'it''s'\n", FOUND, [("a;b", "it's")]),
        ('x,y\n"a,b"\n', CsvDialect(quote=""), [('"a', 'b"')]),
        ('x|y\n1,5|"a|b"\n', FOUND, [("1,5", "a|b")]),
        ("x\ty\n'a\tb'\n", CsvDialect("\t", '"'), [("'a", "b'")]),
        ("'x','y'\n\"a,b\n", FOUND, [('"a', "b")]),
    ],
)
def test_cells_are_read_in_their_dialect_and_all_are_counted(workspace, text, given, cells):
    with take_in("t", (workspace.csv(text),), Reading(csv=given)) as intake:
        assert intake.connection.execute(f'SELECT "x", "y" FROM {intake.relation.sql}').fetchall() == cells
        assert intake.checks(len(cells))[0].status is Status.PASS


def test_the_configuration_says_the_dialect(workspace):
    data = workspace.csv("x;y\n'a;b';1\n")
    contract = workspace.columns("- {name: x, logicalType: string, enum: [{value: a;b}]}")
    Path("mlops.yaml").write_text(f"""data: {{contract: {contract}, path: {data}, csv: {{quote: "'"}}}}\n""")
    assert main(["validate", "--out", "o"]) == 0
    Path("mlops.yaml").write_text(f"""data: {{contract: {contract}, path: {data}, csv: {{delimiter: ";;"}}}}\n""")
    assert main(["validate", "--out", "o"]) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("x,y\n1,2\n".encode("utf-16"), "is UTF-16, and only UTF-8 is read: type `iconv -f UTF-16 -t UTF-8 OLD > NEW`"),
        ("x,y\n1,2\n".encode("utf-16-le"), "is UTF-16"),
        ("é,y\n1,2\n".encode("latin-1"), "iconv -f LATIN1"),
        (b"x,y\n1,2\r\n3,4\n", "line 2 ends in another way"),
        (b"x,y\r\n1,2\r\n3,4\n", "line 3 ends in another way"),
        (b"x,y\n1,2\n\r\n3,4\n", "line 3 ends in another way"),
    ],
)
def test_what_cannot_be_read_says_what_to_type(workspace, content, says):
    Path("t.csv").write_bytes(content)
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "t.csv")["t.readable"]
    assert check.status is Status.ERROR
    assert "t.csv" in check.message and says in check.message


# Records that do not parse


def refused(*patterns, csv=FOUND):
    with take_in("t", patterns, Reading(csv=csv)) as intake:
        return [(each.file.name, each.record.line, each.record.raw, each.record.refused) for each in intake.refused()]


def test_refused_records_are_had_as_they_stand_with_line_and_reason(workspace):
    Path("t.csv").write_bytes(b'x,y\n1,2\n3\n"4\n",5,6\n7,\xe9\n8,"9"9\n\n10,11,,\n')
    assert refused("t.csv") == [
        ("t.csv", 3, b"3\n", "has 1 fields, and the first line has 2"),
        ("t.csv", 4, b'"4\n",5,6\n', "has 3 fields, and the first line has 2"),
        ("t.csv", 6, b"7,\xe9\n", "is not UTF-8 (byte 0xe9); type `iconv -f LATIN1 -t UTF-8 OLD > NEW`, where it is Latin-1"),
        ("t.csv", 7, b'8,"9"9\n', "has a quoted field that goes on after its closing quote: is there a stray quote?"),
    ]  # fmt: skip
    contract = workspace.columns("- {name: x, logicalType: integer}")
    check = workspace.checks(contract, "t.csv")["t.readable"]
    assert (check.status, check.measured, check.rows) == (Status.FAIL, 4, 6)
    assert "t.csv, line 3: has 1 fields" in check.message


SCRAPS = st.sampled_from(["a", '"b"', '"c,\nd"', '6" t', '"e""f"', 'x"', '"st', '"q" r', "", '""', "é"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(SCRAPS, min_size=1, max_size=3), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_no_file_passes_in_which_a_record_is_refused(file, records, end):
    file.write_bytes(end.join(["x,y", *map(",".join, records), ""]).encode())
    with take_in("t", (str(file),)) as intake:
        query = f"SELECT count(*), min(COLUMNS(*)) FROM {intake.relation.sql}"
        rows = intake.connection.execute(query).fetchall()[0][0]
        try:
            wrong = [each.record for each in intake.refused()]
            status = intake.checks(rows)[0].status
        except Unreadable:
            return
        assert status is (Status.FAIL if wrong else Status.PASS) or (wrong and status is Status.ERROR)
        assert wrong or rows == sum(1 for _ in csv.reader(file.open(newline="", encoding="utf-8")) if _) - 1


LINES = 250_000  # of 24 bytes: three buffers of the reader


@pytest.mark.parametrize(
    ("stray", "status", "says"),
    [
        # It swallows the next lines up to the next quote, and one record is what cannot be told apart.
        (['7,"seven'], Status.FAIL, "line 240,002: has a quoted field that goes on after its closing quote on line 245,000"),
        (['7,seven"'], Status.PASS, "0 of"),
        (['7,"se"ven'], Status.FAIL, "line 240,002: has a quoted field that goes on after its closing quote"),
    ],
)  # fmt: skip
def test_a_stray_quote_far_from_the_start_is_named_by_its_line(workspace, stray, status, says):
    lines = [f"{number},a text of 14 chars" for number in range(LINES)]
    lines[240_000:240_001] = stray
    lines[244_998] = '244998,"quoted, with a comma"'
    Path("t.csv").write_text("\n".join(["x,y", *lines, ""]))
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "t.csv")["t.readable"]
    assert check.status is status
    assert says in check.message


def test_a_stray_quote_that_no_other_ends_is_named_by_its_line(workspace):
    lines = [f"{number},a text of 14 chars" for number in range(LINES)]
    for at, says in ((100_000, "opens a quote that is not closed within"), (LINES - 10, "opens a quote that is never")):
        changed = [*lines]
        changed[at] = f'{at},"stray'
        Path("t.csv").write_text("\n".join(["x,y", *changed, ""]))
        check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "t.csv")["t.readable"]
        assert check.status is Status.ERROR
        assert f"t.csv: line {at + 2:,} {says}" in check.message


def test_zstandard_is_read_counted_and_digested(workspace):
    frames = [zstd.compress(b"x,y\n1,2\n"), zstd.compress(b"".join(b"%d,b\n" % number for number in range(200_000)))]
    Path("t.csv.zst").write_bytes(b"".join(frames))
    outcome = workspace.run(workspace.columns("- {name: x, logicalType: integer, required: true}"), "t.csv.zst")
    assert outcome.verdict.status is Status.PASS
    assert {check.rule: check for check in outcome.verdict.checks}["t.readable"].rows == 200_001
    assert outcome.verdict.subjects[0].sha256 == hashlib.sha256(Path("t.csv.zst").read_bytes()).hexdigest()
    Path("t.csv.zst").write_bytes(b"".join(frames)[:-100])
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "t.csv.zst")["t.readable"]
    assert check.status is Status.ERROR and "t.csv.zst" in check.message
