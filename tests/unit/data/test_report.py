"""What a person is told of each column: the right numbers, the rules it met, and nothing that is private."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import statistics

import pytest

from mlops_actions.data import report
from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.profiles import shapes
from mlops_actions.data.profiles.profile import Bins, ColumnProfile, Kind, Profile, Range
from mlops_actions.outcome import Column, Columns, Frequencies, Histogram, Outcome, Shapes, Timeline, Trend
from mlops_actions.report.html import page
from mlops_actions.report.markdown import summary
from mlops_actions.verdict import Status

NAMES = ("<script>alert(1)</script>", 'it\'s "quoted"', "two\nlines", "txt\u202egnp.exe", "a | b", "`x`")


def block(outcome: Outcome) -> Columns:
    (section,) = outcome.sections
    (found,) = section.blocks
    assert isinstance(found, Columns)
    return found


def columns(outcome: Outcome) -> dict[str, Column]:
    return {each.name: each for each in block(outcome).columns}


def profiled(workspace, select: str) -> dict[str, Column]:
    return columns(describe(Profiling((workspace.parquet(select),)), workspace.out))


def test_a_column_names_the_rules_that_speak_of_it(workspace):
    contract = workspace.columns(
        """\
        - {name: x, logicalType: integer, required: true, logicalTypeOptions: {maximum: 2}}
        - {name: y, logicalType: integer}
        """,
        "- {metric: rowCount, mustBe: 4}",
    )
    outcome = workspace.run(contract, workspace.csv("x,y\n1,1\n2,1\n,1\n9,2\n"))
    checks = outcome.verdict.checks
    found = columns(outcome)
    assert {checks[number].rule: checks[number].status for number in found["x"].checks} == {
        "t.x.present": Status.PASS,
        "t.x.logicalType": Status.PASS,
        "t.x.required": Status.FAIL,
        "t.x.maximum": Status.FAIL,
    }
    assert {checks[number].rule for number in found["y"].checks} == {"t.y.present", "t.y.logicalType"}
    assert "t.rowCount" in {checks[number].rule for number in block(outcome).checks}
    of_all = [*block(outcome).checks, *found["x"].checks, *found["y"].checks]
    assert sorted(of_all) == list(range(len(checks)))  # each once


def test_a_column_that_is_not_there_has_a_card_with_its_rules(workspace):
    contract = workspace.columns("- {name: x, logicalType: integer}\n- {name: gone, logicalType: string}")
    outcome = workspace.run(contract, workspace.csv("x\n1\n"))
    gone = columns(outcome)["gone"]
    assert (gone.type, gone.nulls, gone.shape) == ("", None, "The data has no such column.")
    assert outcome.verdict.checks[gone.checks[0]].rule == "t.gone.present"


def test_a_histogram_has_the_counts_of_a_plain_count(workspace):
    select = "SELECT CAST(floor(sqrt(range) * 10) AS INTEGER) AS x FROM range(10000)"
    values = [int((number**0.5) * 10) for number in range(10000)]
    shape = profiled(workspace, select)["x"].shape
    assert isinstance(shape, Histogram)
    assert shape.whole
    assert shape.ends == ("0", str(max(values)))
    assert len(shape.counts) > 10
    for low, high, count in zip(shape.edges, shape.edges[1:], shape.counts, strict=False):
        assert count == sum(low < value <= high for value in values)


def test_what_is_no_finite_number_is_named_apart_and_in_no_bar(workspace):
    special = "CASE range % 10 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' WHEN 2 THEN '-inf' ELSE NULL END"
    select = f"SELECT CASE WHEN range % 10 < 4 THEN CAST({special} AS DOUBLE) ELSE range END AS x FROM range(1000)"
    found = profiled(workspace, select)["x"]
    assert dict(found.facts)["Not finite"] == "100 NaN, 100 infinite, 100 negative infinite"
    assert found.nulls == 100
    assert isinstance(found.shape, Histogram)
    assert sum(found.shape.counts) == 600


def test_the_most_frequent_values_and_what_is_left_of_them(workspace):
    select = "SELECT unnest(list_value('a','b','c','d','e','f','g')[1 + range % 7 :]) AS x FROM range(7)"
    # each suffix of a…g once: g stands in seven rows, a in one
    found = profiled(workspace, select)["x"]
    assert found.shape == Frequencies((("g", 7), ("f", 6), ("e", 5), ("d", 4), ("c", 3)), 2, 3)
    assert dict(found.facts)["Distinct"] == "7"


@pytest.mark.parametrize(
    ("select", "distinct"),
    [
        ("range AS x FROM range(5000)", "about 5,000"),  # never more than there are
        ("range % 31 AS x FROM range(5000)", "about 31"),  # nor than whole numbers between its ends
        ("2013 AS x FROM range(5000)", "1"),
        ("range % 2 = 0 AS x FROM range(5000)", "2"),
    ],
)
def test_an_estimate_says_so_and_is_not_above_what_there_can_be(workspace, select, distinct):
    assert dict(profiled(workspace, f"SELECT {select}")["x"].facts)["Distinct"] in (distinct, *_lower(distinct))


def _lower(distinct: str) -> set[str]:
    """An estimate of 2 % may be lower."""
    if not distinct.startswith("about"):
        return set()
    number = int(distinct.split()[1].replace(",", ""))
    return {f"about {each:,}" for each in range(int(number * 0.94), number)}


def test_a_private_column_shows_counts_alone(workspace):
    contract = workspace.columns(
        """\
        - {name: number, logicalType: integer, classification: restricted}
        - {name: text, logicalType: string, tags: [pii]}
        - {name: flag, logicalType: boolean, classification: restricted}
        - {name: day, logicalType: date, classification: restricted}
        """
    )
    rows = "\n".join(f"{number % 7 + 4711},secret-{number % 3},true,1999-12-3{number % 2}" for number in range(50))
    outcome = workspace.run(contract, workspace.csv(f"number,text,flag,day\n{rows}\n"))
    for column in columns(outcome).values():
        assert column.nulls == 0
        assert [name for name, _ in column.facts] == ["Distinct"]
        assert column.shape == report.PRIVATE
    for text in (page(outcome), summary(outcome)):
        assert not any(each in text for each in ("4711", "secret-", "1999"))


def test_the_most_frequent_shapes_of_texts_and_what_is_left_of_them(workspace):
    """A column of seven shapes, ``9`` to ``9-9-9-9-9-9-9``: one in 700 texts, the next in 600, and so on."""
    select = "SELECT range || repeat('-' || range, part) AS x, range AS id"
    of = f"{select} FROM range(700), range(7) AS parts(part) WHERE range < 700 - 100 * part"
    found = profiled(workspace, of)
    counts = tuple(("-".join("9" * (part + 1)), 700 - 100 * part) for part in range(7))
    assert found["x"].shapes == Shapes(counts[:5], 2800)
    assert found["id"].shapes is None
    assert isinstance(found["x"].shape, Histogram), "the lengths are drawn as well"


def test_shapes_of_texts_that_were_drawn_are_said_to_be(workspace):
    outcome = describe(Profiling((workspace.parquet("SELECT 'AB-' || range AS x FROM range(25000)"),)), workspace.out)
    (found,) = (each.shapes for each in columns(outcome).values())
    assert found.drawn and found.values == (("A-9", found.texts),)
    assert 15_000 < found.texts < 25_000
    assert f"Of {found.texts:,} texts, drawn at random." in page(outcome)


def test_shapes_of_a_private_column_are_not_shown_whoever_wrote_them():
    own = shapes.Shapes(3, (("$A-9", 3),))
    for private in (False, True):
        column = ColumnProfile("x", "VARCHAR", Kind.TEXT, nulls=0, private=private, shapes=own)
        (section,) = report.sections([Profile("t", 3, (column,))], [])
        (found,) = section.blocks
        assert isinstance(found, Columns)
        assert found.columns[0].shapes == (None if private else Shapes(own.values, 3))


def test_signs_of_shapes_stay_text(workspace):
    outcome = describe(
        Profiling((workspace.parquet("SELECT '</table><b>`|' || range AS x FROM range(300)"),)), workspace.out
    )
    shown = page(outcome)
    assert "&lt;/a&gt;&lt;a&gt;`|9" in shown and "</a><a>" not in shown


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_and_values_stay_text(workspace, name):
    quoted = name.replace("'", "''")
    column = name.replace('"', '""')
    data = workspace.parquet(f"SELECT '{quoted}' AS \"{column}\" FROM range(10)")
    outcome = describe(Profiling((data,)), workspace.out)
    found = columns(outcome)[name]
    assert found.shape == Frequencies(((name, 10),))
    shown = page(outcome)
    assert not any(each in shown for each in ("<script", "\u202e", "two\nlines"))
    assert "alert(1)" in shown or "alert" not in name
    assert not any(each in summary(outcome) for each in ("\u202e", "two\nlines", "a | b"))


def test_data_that_was_merged_reaches_to_its_extremes():
    """Bins that were made for other data have values beyond their edges."""
    column = ColumnProfile("x", "DOUBLE", Kind.NUMBER, 0, 6, range=Range(-5.0, 20.0), bins=Bins((0.0, 1.0), (2, 3, 1)))
    (section,) = report.sections([Profile("t", 6, (column,))], [])
    (found,) = section.blocks
    assert isinstance(found, Columns)
    shape = found.columns[0].shape
    assert isinstance(shape, Histogram)
    assert shape.counts == (2, 3, 1)
    assert shape.edges[0] == pytest.approx(-5)
    assert shape.edges[1:] == (0, 1, 20)


@pytest.mark.parametrize(
    "bins", [Bins((), (0,)), Bins((-5.0, 1.0), (1, 5, 0)), Bins((-9.0, 20.0), (0, 6, 0)), Bins((3.0,), (6, 0))]
)
def test_edges_that_do_not_fit_their_range_stop_no_report(bins):
    column = ColumnProfile("x", "DOUBLE", Kind.NUMBER, 0, 6, range=Range(-5.0, 20.0), bins=bins)
    (section,) = report.sections([Profile("t", 6, (column,))], [])
    assert section.title == "Columns of t (6 rows)"


def test_a_column_of_nulls_says_that_there_is_no_value(workspace):
    found = profiled(workspace, "SELECT CAST(NULL AS DOUBLE) AS x, CAST(NULL AS VARCHAR) AS y FROM range(3)")
    assert [(each.nulls, each.shape) for each in found.values()] == [(3, "There is no value.")] * 2


def test_a_table_of_no_rows_is_a_report(workspace):
    outcome = describe(Profiling((workspace.parquet("SELECT range AS x FROM range(0)"),)), workspace.out)
    assert "Columns of data (0 rows)" in page(outcome)
    assert "Columns of data" in summary(outcome)


# Over time

BY_DAY = """
    SELECT CASE WHEN range < 4 THEN NULL ELSE DATE '2013-01-01' + CAST(range % 4 AS INTEGER) END AS at,
    CASE WHEN range % 4 = 2 AND range % 8 = 2 THEN NULL ELSE 10 * (range % 4) END AS number,
    CASE WHEN range % 4 = 0 OR range % 3 = 0 THEN 'often' ELSE 'else' END AS text, range % 4 = 3 AS truth,
    md5(CAST(range AS VARCHAR)) AS hash, CASE WHEN range % 4 = 3 THEN 'secret' END AS private
    FROM range(804) WHERE range % 4 <> 1
"""


def test_what_is_drawn_over_time_are_nulls_and_what_the_values_are(workspace):
    contract = workspace.columns("""\
        - {name: at, logicalType: date}
        - {name: private, logicalType: string, classification: restricted}
        """)
    of = (workspace.parquet(BY_DAY),)
    outcome = describe(Profiling(of, contract, time_column="at"), workspace.out)
    assert block(outcome).time == Timeline("day", ("2013-01-01", "2013-01-02", "2013-01-03", "2013-01-04"), 3)
    found = {name: each.trends for name, each in columns(outcome).items()}
    assert found["at"] == (Trend("Rows", (200, 0, 200, 200), "rows"), Trend("Nulls", (0, None, 0, 0)))
    nulls, mean = found["number"]
    assert nulls == Trend("Nulls", (0, None, 0.5, 0))
    assert (mean.name, mean.kind, mean.values) == ("Mean", "level", (0, None, 20, 30))
    values = [10 * (at % 4) for at in range(804) if at % 4 != 1 and at % 8 != 2]
    assert mean.spread == pytest.approx(statistics.stdev(values), rel=1e-9)
    (share,) = found["text"]
    assert (share.name, share.of) == ("Share of", "often")
    assert share.values == (1, None, pytest.approx(1 / 3, abs=0.01), pytest.approx(1 / 3, abs=0.01))
    assert found["truth"] == (Trend("Share of", (0, None, 0, 1), of="true"),)
    assert found["hash"] == ()
    assert found["private"] == (Trend("Nulls", (1, None, 1, 0)),)
    assert "secret" not in page(outcome)


@pytest.mark.parametrize("time", [None, "at"])
def test_without_two_blocks_there_is_nothing_over_time(workspace, time):
    data = workspace.parquet("SELECT DATE '2013-01-01' AS at, range AS x FROM range(9)")
    outcome = describe(Profiling((data,), time_column=time), workspace.out)
    assert block(outcome).time is None
    assert not any(each.trends for each in block(outcome).columns)


def test_what_parts_leave_uncertain_is_said():
    column = ColumnProfile(
        "x", "DOUBLE", Kind.NUMBER, 0, 6, distinct_at_most=12, range=Range(0.0, 2.0),
        bins=Bins((0.0, 1.0, 2.0), (1, 150, 49, 0), uncertain=3),
    )  # fmt: skip
    (section,) = report.sections([Profile("t", 200, (column,))], [])
    (found,) = section.blocks
    assert isinstance(found, Columns)
    (shown,) = found.columns
    assert dict(shown.facts)["Distinct"] == "at least about 6, at most 12"
    assert isinstance(shown.shape, Histogram)
    assert shown.shape.uncertain == 3
