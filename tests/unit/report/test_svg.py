"""Charts: bars where the values say, in a drawing that is named and described."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.outcome import Chart
from mlops_actions.report import svg, wording

FLOATS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)


def bars(root, series):
    found = [each for each in root.all("rect") if each.attributes["class"] == f"s{series}"]
    return [{key: float(value) for key, value in each.attributes.items() if key != "class"} for each in found]


@given(FLOATS, FLOATS)
def test_ticks_are_round_even_and_enclose(low, high):
    low, high = sorted(wording.drawn(value) for value in (low, high))
    ticks = svg.ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert all(first < second for first, second in pairwise(ticks))
    span = ticks[-1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * span
    assert ticks[-1] >= high - 1e-6 * span
    assert any(abs(tick) <= 1e-9 * span for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 0.3, [0, 0.1, 0.2, 0.3]), (0, 1, [0, 0.5, 1]), (-1, 2, [-1, 0, 1, 2]), (0, 0, [0, 1])],
)
def test_ticks_that_a_person_would_choose(low, high, expected):
    assert svg.ticks(low, high) == pytest.approx(expected)


def test_bars_stand_on_one_axis_in_proportion(read_html):
    chart = Chart("delay", ("a", "b"), {"reference": (0.1, 0.2), "current": (0.2, 0.1)})
    root = read_html(svg.draw(chart, "c"))
    first, second = bars(root, 1), bars(root, 2)
    assert first[1]["height"] == pytest.approx(2 * first[0]["height"], abs=0.2)
    assert first[1]["height"] == second[0]["height"]
    assert len({round(bar["y"] + bar["height"], 1) for bar in first + second}) == 1
    middles = [[bar["x"] + bar["width"] / 2 for bar in series] for series in (first, second)]
    assert middles[0] == pytest.approx(middles[1], abs=0.2)
    assert second[0]["width"] < first[0]["width"] / 2


def test_a_negative_value_hangs_below_the_axis(read_html):
    up, down = bars(read_html(svg.draw(Chart("t", ("a", "b"), {"x": (1.0, -1.0)}, "points"), "c")), 1)
    assert up["y"] + up["height"] == pytest.approx(down["y"], abs=0.2)
    assert up["height"] == pytest.approx(down["height"], abs=0.2)


def test_it_is_named_and_described(read_html):
    chart = Chart("delay <b>", ("UA", "AA"), {"reference": (0.1, 0.9), "current": (0.6, 0.4)})
    (drawing,) = read_html(svg.draw(chart, "c7")).content
    assert drawing.attributes["role"] == "img"
    parts = {each.attributes.get("id"): each.text for each in drawing.all("title", "desc")}
    labels = [parts[ident] for ident in drawing.attributes["aria-labelledby"].split()]
    assert labels == [
        "delay <b>",
        "share of rows, 2 bars: reference is largest at AA (90.0%); current is largest at UA (60.0%)",
    ]


def test_each_category_says_its_values_to_a_pointer(read_html):
    root = read_html(svg.draw(Chart("t", ("UA",), {"reference": (0.25,), "current": (0.5,)}), "c"))
    (hover,) = [each for each in root.all("rect") if each.attributes["class"] == "hover"]
    assert hover.text == "UA: reference 25.0%; current 50.0%"


@given(
    st.integers(0, 40).flatmap(
        lambda count: st.tuples(
            st.lists(st.text(max_size=30), min_size=count, max_size=count),
            st.dictionaries(st.text(max_size=5), st.lists(FLOATS, min_size=count, max_size=count), max_size=6),
        )
    )
)
def test_any_chart_is_drawn_within_its_frame(read_html, given_chart):
    categories, series = given_chart
    chart = Chart("t", tuple(categories), {name: tuple(values) for name, values in series.items()}, "things")
    text = svg.draw(chart, "c")
    (drawing,) = read_html(text).content
    assert not re.search(r"\b(nan|inf)\b", re.sub(r"<(title|desc|text)\b.*?</\1>", "", text))
    _, _, width, height = map(float, drawing.attributes["viewbox"].split())
    for each in drawing.all("rect"):
        assert float(each.attributes["x"]) >= -0.1
        assert float(each.attributes["x"]) + float(each.attributes["width"]) <= width + 0.1
        assert float(each.attributes["y"]) >= -0.1
        assert float(each.attributes["y"]) + float(each.attributes["height"]) <= height + 0.1
    assert {key for each in drawing.all() for key in each.attributes} <= {
        *("id", "class", "d", "x", "y", "width", "height", "text-anchor", "transform"),
    }


def test_thousands_of_categories_stay_a_small_drawing():
    count = 5000
    text = svg.draw(Chart("t", tuple(map(str, range(count))), {"x": (1 / count,) * count}), "c")
    assert len(text) < 60_000
