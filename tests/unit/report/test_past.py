"""Checks one after the other, drawn: each in its place, in proportion, and told to those who do not see them."""

import re
from dataclasses import replace

import pytest

from mlops_actions.outcome import PRESENT, Past, Table, Trace
from mlops_actions.report import past
from mlops_actions.report.blocks import blocks
from mlops_actions.verdict import Status

TABLE = Table(("Checked", "Verdict"), (("third", "fail"), ("second", "pass"), ("first", "fail")))
GIVEN = Past(
    "Columns that drifted",
    "How far columns moved",
    ("first", "second", "third"),
    (Status.FAIL, Status.PASS, Status.FAIL),
    (1, 0, 4),
    (Trace("far", (0.1, None, 0.4), frozenset({2})), Trace("near", (0.01, 0.02, 0.0))),
    TABLE,
)


def drawn(read_html, given=GIVEN):
    return read_html("".join(blocks((given,), "Earlier checks", "s", None)))


def of_class(root, tag, name):
    return [each for each in root.all(tag) if name in each.attributes.get("class", "").split()]


def points(path):
    """The runs of a line, as places in the drawing, with 0 at the bottom."""
    pairs = [[point.split(" ") for point in re.split("L", run)] for run in re.findall(r"M(.*?)h", path)]
    return [[(float(x), past.LOW - float(y)) for x, y in run] for run in pairs]


def test_bars_are_as_high_as_their_counts_and_stand_over_the_marks_of_their_checks(read_html):
    root = drawn(read_html)
    bars = [each.attributes for each in root.all("rect") if each.attributes["class"] != "hover"]
    assert [float(each["height"]) for each in bars] == [past.HIGH / 4, past.HIGH]
    assert [each["class"] for each in bars] == ["fail", "fail"]
    middles = [float(each["x"]) + float(each["width"]) / 2 for each in bars]
    assert middles == pytest.approx([past.WIDTH / 6, past.WIDTH * 5 / 6], abs=0.02)
    assert [each.attributes["class"] for each in of_class(root, "li", "came")] == [
        "came fail",
        "came pass",
        "came fail",
    ]
    assert [each.text for each in of_class(root, "span", "key")] == ["Pass", "Fail"]


def test_a_line_begins_at_nothing_breaks_where_there_is_no_figure_and_marks_what_failed(read_html):
    far, near = of_class(drawn(read_html), "path", "level")
    (first,), (last,) = points(far.attributes["d"])
    assert last[1] == 4 * first[1] == past.LOW - 4
    assert (first[0], last[0]) == pytest.approx((past.WIDTH / 6, past.WIDTH * 5 / 6), abs=0.01)
    (small,) = points(near.attributes["d"])
    assert max(y for _, y in small) == pytest.approx((past.LOW - 4) * 0.02 / past.FLAT, abs=0.1), "chance looks small"
    marks, none = of_class(drawn(read_html), "path", "marked")
    assert points(marks.attributes["d"]) == [[last]] and not none.attributes["d"]


def test_who_does_not_see_it_is_told(read_html):
    root = drawn(read_html)
    titles = [each.text for each in root.all("title")]
    assert titles[0] == "Columns that drifted"
    assert next(root.all("desc")).text == "3 checks from first to third, of which 2 failed; at most 4, third"
    assert "far by check: last 0.4, at most 0.4, third; failed in 1 check" in titles
    assert "near by check: last 0, at most 0.02, second" in titles
    for svg in root.all("svg"):
        assert svg.attributes["role"] == "img" and svg.attributes["aria-labelledby"]
    (details,) = root.all("details")
    assert [each.text for each in details.all("th") if each.attributes["scope"] == "row"] == [
        "third",
        "second",
        "first",
    ]


def test_the_check_of_the_report_has_a_ground_of_its_own_and_is_called_so(read_html):
    root = drawn(read_html, replace(GIVEN, times=("first", "second", PRESENT)))
    grounds = [each.attributes for each in root.all("rect") if each.attributes["class"] == "present"]
    bar = next(each.attributes for each in reversed(list(root.all("rect"))) if each.attributes["class"] == "fail")
    assert [float(each["height"]) for each in grounds] == [past.HIGH, past.LOW, past.LOW]
    for each in grounds:
        left, right = float(each["x"]), float(each["x"]) + float(each["width"])
        assert left < float(bar["x"]) and right == pytest.approx(past.WIDTH, abs=0.02)
        assert right - left == pytest.approx(past.WIDTH / 3, abs=0.02)
    assert "this check" in [each.text for each in of_class(root, "span", "key")]
    said = "3 checks from first to this check, of which 2 failed; at most 4, this check"
    assert next(root.all("desc")).text == said
    titles = [each.text for each in root.all("title")]
    assert "far by check: this check 0.4, at most 0.4, this check; failed in 1 check" in titles
    without = drawn(
        read_html, replace(GIVEN, times=("first", "second", PRESENT), traces=(Trace("x", (0.1, 0.2, None)),))
    )
    assert "x by check: last 0.2, at most 0.2, second" in [each.text for each in without.all("title")]
    assert not of_class(drawn(read_html), "rect", "present")


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e308, None])
def test_any_figures_stay_in_the_drawing(read_html, value):
    given = replace(GIVEN, counts=(0, 0, 0), traces=(Trace("x", (value, 0.05, value)),))
    for path in of_class(drawn(read_html, given), "path", "level"):
        for run in points(path.attributes["d"]):
            assert all(0 <= x <= past.WIDTH and 0 <= y <= past.LOW for x, y in run)
    assert "none" in next(drawn(read_html, given).all("desc")).text


def test_names_of_the_data_stay_text(read_html):
    hostile = "</title><img src=x onerror=alert(1)>"
    given = replace(GIVEN, traces=(Trace(hostile, (0.1, 0.2, 0.3)),))
    root = drawn(read_html, given)
    assert not list(root.all("img"))
    assert hostile in [each.text for each in root.all("code")]


def test_figures_of_another_number_of_checks_are_refused():
    with pytest.raises(ValueError, match="not of 3 checks"):
        replace(GIVEN, traces=(Trace("x", (0.1,)),))
