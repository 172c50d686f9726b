"""A figure over time: each block at its place, bars from 0, a line that is no steeper than it should look."""

import re
from datetime import UTC, datetime

import pytest

from mlops_actions.outcome import Column, Columns, Outcome, Section, Timeline, Trend
from mlops_actions.report import trends
from mlops_actions.report.html import page
from mlops_actions.verdict import Status, Verdict

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONTHS = Timeline("month", ("2013-01", "2013-02", "2013-03", "2013-04"))


def drawn(read_html, trend, name="x", time=MONTHS):
    return read_html("".join(trends.draw((trend,), time, name, "c")))


def caption(root):
    return next(root.all("p")).text


def path(root, name):
    return next(each for each in root.all("path") if each.attributes["class"] == name).attributes["d"]


def bars(root):
    """Where each bar begins, how high and how wide it is."""
    found = re.findall(r"M([\d.]+) 24v-([\d.]+)h([\d.]+)V24", path(root, "s1"))
    return [tuple(map(float, each)) for each in found]


def points(root):
    """The runs of a line, as places in the drawing, with 0 at the bottom."""
    runs = re.findall(r"M(.*?)h0", path(root, "level"))
    pairs = [[point.split(" ") for point in re.split("L", run)] for run in runs]
    return [[(float(x), 24 - float(y)) for x, y in run] for run in pairs]


def test_bars_are_as_high_as_their_shares_and_a_block_without_one_is_a_gap(read_html):
    root = drawn(read_html, Trend("Nulls", (0.1, None, 0.0, 0.4)))
    (first, last) = bars(root)
    assert (first[1], last[1]) == (6, 24)
    assert first[2] == last[2]
    assert last[0] - first[0] == pytest.approx(3 * trends.WIDTH / 4, abs=0.2)
    assert caption(root) == "Nulls: 0 % (2013-03) to 40.0 % (2013-04)"
    assert [each.text for each in root.all("span")][-2:] == ["2013-01", "2013-04"]
    assert next(root.all("title")).text == "Nulls of x by month"


def test_a_line_breaks_where_there_is_no_figure_and_one_alone_is_a_dot(read_html):
    root = drawn(read_html, Trend("Mean", (1.0, 3.0, None, 2.0), "level", spread=0.5))
    (first, alone) = points(root)
    assert [y for _, y in first] == [1.5, 22.5]
    assert [y for _, y in alone] == [12]
    assert caption(root) == "Mean: 1 (2013-01) to 3 (2013-02)"


def test_what_hardly_moves_is_drawn_flat(read_html):
    ((*places,),) = points(drawn(read_html, Trend("Mean", (1e6, 1e6 + 1, 1e6, 1e6 + 1), "level", spread=100)))
    heights = [y for _, y in places]
    assert max(heights) - min(heights) < 0.5
    assert 11 < min(heights) < 13


@pytest.mark.parametrize(
    ("trend", "said"),
    [
        (Trend("Share of", (0.5, 0.5, 0.5, None), of="UA"), "Share of UA: 50.0 % throughout"),
        (Trend("Share of", (0.5, 0.25, 1.0, None), of=" "), "Share of ' ': 25.0 % (2013-02) to 100 % (2013-03)"),
        (Trend("Rows", (12_000, 0, 0, 30_000), "rows"), "Rows: 0 (2013-02) to 30,000 (2013-04)"),
        (Trend("Mean", (-123456.7, 0.123456, 0, 0), "level"), "Mean: -123,457 (2013-01) to 0.1235 (2013-02)"),
        (Trend("Nulls", (0, 0, 0, 0)), "Nulls: 0 % throughout"),
        (Trend("Mean", (None, 7.0, None, None), "level"), "Mean: 7 throughout"),
    ],
)
def test_what_is_said_beside_it(read_html, trend, said):
    assert caption(drawn(read_html, trend)) == said


@pytest.mark.parametrize("values", [(1.7e308, -1.7e308, 0, None), (5e-324, 0, 0, 0), (float("inf"), 1, 1, 1)])
def test_numbers_at_the_end_of_what_there_is_stay_in_the_drawing(read_html, values):
    root = drawn(read_html, Trend("Mean", values, "level", spread=1.7e308))
    for each in re.findall(r"-?[\d.]+(?:e-?\d+)?|nan|inf", "".join(each.attributes["d"] for each in root.all("path"))):
        assert abs(float(each)) <= trends.WIDTH


def test_names_and_values_of_the_data_stay_text(read_html):
    bad = "<script>alert(1)</script>\u202e"
    time = Timeline(bad, (bad, bad, bad, bad), 1)
    root = drawn(read_html, Trend(bad, (0.1, 0.2, 0.3, 0.4), of=bad), bad, time)
    assert not list(root.all("script"))
    assert "\u202e" not in root.text
    assert root.text.count("alert(1)") == 8  # name, value, two blocks; name and unit in the title; both ends


def test_a_card_shows_them_and_the_legend_says_how_to_read_them(read_html):
    column = Column("x", "DOUBLE", "number", 3, trends=(Trend("Mean", (1, 2), "level"),))
    time = Timeline("day", ("2013-01-01", "2013-01-02"), 2)
    verdict = Verdict("profile", Status.PASS, (), NOON, NOON)
    root = read_html(page(Outcome(verdict, sections=(Section("Columns", (Columns(9, (column,), time=time),)),))))
    (legend,) = (each.text for each in root.all("p") if "legend" in (each.attributes.get("class") or ""))
    assert "by day, from 2013-01-01 to 2013-01-02." in legend
    assert "2 rows without a finite time" in legend
    assert len([each for each in root.all("svg") if "strip" in (each.attributes.get("class") or "")]) == 1


def test_a_trend_of_other_blocks_is_refused():
    column = Column("x", "DOUBLE", "number", 3, trends=(Trend("Mean", (1, 2), "level"),))
    for time in (None, MONTHS):
        with pytest.raises(ValueError, match="a trend has not"):
            Columns(9, (column,), time=time)
