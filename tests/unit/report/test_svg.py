"""Charts: bars where the values say, in a drawing that is named and described."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.outcome import Chart
from mlops_actions.report import svg, wording

FLOATS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)


def draw(chart):
    return svg.draw(svg.drawing(chart), "c")


def filled(root):
    """Of each bar of the filled series: where it stands and how high it is."""
    found = [each for each in root.all("rect") if each.attributes["class"] == "now"]
    return [{key: float(value) for key, value in each.attributes.items() if key != "class"} for each in found]


def steps(root, series=1):
    """The corners of an outline, as (x, y)."""
    (path,) = [each for each in root.all("path") if each.attributes["class"] == f"then t{series}"]
    x, y, found = 0.0, 0.0, []
    for letter, numbers in re.findall(r"([MVH])([-0-9. ]+)", path.attributes["d"]):
        values = [float(each) for each in numbers.split()]
        x, y = (*values,) if letter == "M" else (x, values[0]) if letter == "V" else (values[0], y)
        found.append((x, y))
    return found


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


def test_an_outline_stands_over_filled_bars_on_one_axis_in_proportion(read_html):
    chart = Chart("delay", ("a", "b"), {"reference": (0.1, 0.2), "current": (0.2, 0.1)})
    root = read_html(draw(chart))
    high, low = filled(root)
    assert high["height"] == pytest.approx(2 * low["height"], abs=0.2)
    zero = high["y"] + high["height"]
    assert zero == pytest.approx(low["y"] + low["height"], abs=0.1)
    ends = [end for bar in (high, low) for end in (bar["x"], bar["x"] + bar["width"])]
    tops = [low["y"], low["y"], high["y"], high["y"]]  # the other way round
    for start, corners in ((0, steps(root)[:4]), (2, steps(root)[4:])):
        left, right = ends[start : start + 2]
        assert [x for x, _ in corners] == pytest.approx([left, left, right, right], abs=0.11)
        assert [y for _, y in corners] == pytest.approx([zero, tops[start], tops[start], zero], abs=0.11)


def test_a_negative_value_hangs_below_the_axis(read_html):
    up, down = filled(read_html(draw(Chart("t", ("a", "b"), {"x": (1.0, -1.0)}, "points"))))
    assert up["y"] + up["height"] == pytest.approx(down["y"], abs=0.2)
    assert up["height"] == pytest.approx(down["height"], abs=0.2)


def test_of_ranges_the_area_is_the_value_and_what_is_no_number_stands_beside_them(read_html):
    chart = Chart(
        "x", ("0 to 1", "1 to 3", "null"), {"then": (0.5, 0.5, 0.0), "now": (0.2, 0.4, 0.4)}, edges=(0.0, 1.0, 3.0)
    )
    made = svg.drawing(chart)
    root = read_html(svg.draw(made, "c"))
    one, two, null = filled(root)
    assert two["width"] == pytest.approx(2 * one["width"], abs=0.2)
    assert two["x"] == pytest.approx(one["x"] + one["width"], abs=0.11)
    assert null["x"] > two["x"] + two["width"]
    areas = [each["width"] * each["height"] for each in (one, two, null)]
    assert areas == pytest.approx([areas[0], 2 * areas[0], 2 * areas[0]], rel=0.02)
    (outline,) = [each.attributes["d"] for each in root.all("path") if "then" in each.attributes["class"]]
    assert outline.count("M") == 2  # the ranges are one flight of steps
    assert made.note == "The area of a bar is its share."
    assert [each.text for each in root.all("text")] == ["1", "2", "null"]


def test_a_long_tail_is_left_out_and_said():
    edges = (0.0, 10, 20, 30, 1000)
    chart = Chart(
        "x", ("a", "b", "c", "d"), {"then": (0.4, 0.4, 0.15, 0.05), "now": (0.35, 0.4, 0.2, 0.05)}, edges=edges
    )
    assert svg.drawing(chart).note == "The area of a bar is its share. Not drawn: d (then 5.0%, now 5.0%)."


@pytest.mark.parametrize(
    "values",
    [
        ((0.5, 0.5, 0.0), (0.5, 0.0, 0.5)),  # a value moves to a bin that is too narrow to be seen beside it
        ((0.9, 0.05, 0.05), (0.9, 0.1, 0.0)),  # one value hides the others
    ],
)
def test_ranges_are_of_one_width_where_a_scale_would_hide_what_moved(read_html, values):
    chart = Chart("x", ("a", "b", "c"), dict(zip(("then", "now"), values, strict=True)), edges=(0.0, 1e-3, 2e-3, 1.0))
    made = svg.drawing(chart)
    assert made.note == "Each range is drawn as wide as any other; its height is its share."
    bars = filled(read_html(svg.draw(made, "c")))
    assert len({each["width"] for each in bars}) == 1
    assert [round(each["height"] / bars[0]["height"], 2) for each in bars] == [
        pytest.approx(value / values[1][0], abs=0.02) for value in values[1] if value
    ]


def test_ranges_are_of_one_width_where_a_scale_would_hide_most_of_what_there_is():
    chart = Chart("x", ("0", "more"), {"then": (0.6, 0.4), "now": (0.6, 0.4)}, edges=(0.0, 0.015, 1.0))
    assert not svg.drawing(chart).spans


@given(st.data())
def test_any_ranges_are_drawn_without_losing_a_value(data):
    edges = data.draw(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=25, unique=True).map(sorted))
    more = data.draw(st.integers(0, 3))
    counts = st.lists(st.integers(0, 10**6), min_size=len(edges) - 1 + more, max_size=len(edges) - 1 + more)
    series = {name: tuple(map(float, data.draw(counts))) for name in ("then", "now")}
    names = tuple(map(str, range(len(edges) - 1 + more)))
    made = svg.drawing(Chart("x", names, series, "rows", tuple(edges)))
    for at, values in enumerate(series.values()):
        drawn = sum(bar.values[at] for bar in made.bars)
        left_out = sum(values) - drawn
        assert -1e-6 <= left_out <= 0.1 * sum(values) + 1e-6
        assert not left_out or "Not drawn" in made.note
        assert made.spans or [bar.values[at] for bar in made.bars] == list(values)
    for bar in made.bars[: len(made.spans)]:  # all on one scale
        assert bar.height(0) * bar.width == pytest.approx(bar.values[0])


@given(FLOATS, FLOATS)
def test_numbers_below_the_axis_are_within_it(low, high):
    low, high = sorted(wording.drawn(value) for value in (low, high))
    numbers = svg.between(low, high)
    assert len(numbers) <= 6
    assert all(low <= number <= high for number in numbers)
    assert all(one < other for one, other in pairwise(numbers))


def test_it_is_named_and_described(read_html):
    chart = Chart("delay <b>", ("UA", "AA"), {"reference": (0.1, 0.9), "current": (0.6, 0.4)})
    (drawing,) = read_html(svg.draw(svg.drawing(chart), "c7")).content
    assert drawing.attributes["role"] == "img"
    parts = {each.attributes.get("id"): each.text for each in drawing.all("title", "desc")}
    labels = [parts[ident] for ident in drawing.attributes["aria-labelledby"].split()]
    assert labels == [
        "delay <b>",
        "share of rows, 2 bars: reference is largest at AA (90.0%); current is largest at UA (60.0%)",
    ]


def test_each_category_says_its_values_to_a_pointer(read_html):
    root = read_html(draw(Chart("t", ("UA",), {"reference": (0.25,), "current": (0.5,)})))
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
    text = draw(chart)
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
    text = draw(Chart("t", tuple(map(str, range(count))), {"x": (1 / count,) * count}))
    assert len(text) < 60_000
