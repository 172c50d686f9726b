"""Histograms: areas are counts, whatever the bins; what is not drawn is said."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.outcome import Histogram
from mlops_actions.report.histogram import HEIGHT, WIDTH, beyond, describe, draw, drawing


def histogram(edges, counts, **more):
    return Histogram(tuple(map(float, edges)), tuple(counts), (f"{edges[0]}", f"{edges[-1]}"), **more)


def bars(read_html, made):
    """(x, width, height) of each bar of the drawing, in its own units."""
    svg = next(read_html(draw(made, "x", "i")).all("svg"))
    return [tuple(float(each.attributes[key]) for key in ("x", "width", "height")) for each in svg.all("rect")]


def test_a_bin_twice_as_wide_with_as_many_values_is_half_as_high(read_html):
    drawn = bars(read_html, drawing(histogram([0, 1, 3, 4], [10, 10, 5])))
    assert drawn == [
        (0, pytest.approx(WIDTH / 4, abs=0.01), HEIGHT),
        (pytest.approx(WIDTH / 4, abs=0.01), pytest.approx(WIDTH / 2, abs=0.01), HEIGHT / 2),
        (pytest.approx(WIDTH * 3 / 4, abs=0.01), pytest.approx(WIDTH / 4, abs=0.01), HEIGHT / 2),
    ]


EDGES = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=23, unique=True).map(sorted)


@given(edges=EDGES, data=st.data())
def test_areas_are_counts_and_nothing_is_lost(edges, data):
    counts = data.draw(st.lists(st.integers(0, 10**9), min_size=len(edges) - 1, max_size=len(edges) - 1))
    of = histogram(edges, counts)
    made = drawing(of)
    inside = sum(bar.count for bar in made.bars)
    assert made.below + inside + made.above == sum(counts)
    assert made.below + made.above <= sum(counts) / 10
    for bar in made.bars:  # each bar holds the bins between its edges, and no other
        own = [
            count for (low, high), count in zip(pairwise(of.edges), counts, strict=True) if bar.low <= low < bar.high
        ]
        assert bar.count == sum(own)
        assert bar.width * bar.density == pytest.approx(bar.count)
    for one, other in pairwise(made.bars):
        assert one.high == other.low
        assert one.left + one.width == pytest.approx(other.left)
    assert made.bars[0].left == 0
    assert made.bars[-1].left + made.bars[-1].width == pytest.approx(1)
    assert min(bar.width for bar in made.bars) >= min(1 / 70, 1)


def test_a_long_tail_is_not_drawn_and_said(read_html):
    made = drawing(histogram([0, 10, 20, 30, 1000], [40, 40, 15, 5]))
    assert (made.below, made.above, made.ends) == (0, 5, ("0", "30"))
    assert beyond(made) == "Not drawn: 5 (5.0 %) above 30, up to 1000."
    assert beyond(made) in next(read_html(draw(made, "x", "i")).all("desc")).text


def test_a_tail_of_many_values_is_drawn():
    made = drawing(histogram([0, 10, 20, 30, 1000], [40, 40, 5, 15]))
    assert made.above == 0
    assert beyond(made) == ""


def test_a_spike_in_a_narrow_bin_leaves_its_neighbours_to_be_seen():
    made = drawing(histogram([0, 1, 1.001, 2, 3], [10, 80, 10, 10]))
    heights = [bar.density for bar in made.bars]
    assert min(heights) > max(heights) / 100
    assert sum(bar.count for bar in made.bars) == 110


def test_the_least_of_a_bin_of_whole_numbers_is_one_above_its_edge(read_html):
    of = Histogram((-44.0, -1.0, 400.0, 1301.0), (100, 100, 100), ("-43", "1301"), whole=True, unit="characters")
    assert describe(drawing(of)).startswith("300 values from -43 to 1301 characters in 3 bars")
    svg = next(read_html(draw(drawing(of), "x", "i")).all("svg"))
    said = [next(each.all("title")).text for each in svg.all("rect")]
    assert said == ["-43 … -1: 100 rows", "0 … 400: 100 rows", "401 … 1301: 100 rows"]


def test_it_has_a_name_and_a_text_for_those_who_do_not_see_it(read_html):
    of = Histogram((0.0, 1.0, 2.0, 3.0), (3, 8, 1), ("1", "3"), whole=True)
    svg = next(read_html(draw(drawing(of), "<b>", "i")).all("svg"))
    title, desc, *_ = svg.all("title", "desc")
    assert svg.attributes["aria-labelledby"].split() == [title.attributes["id"], desc.attributes["id"]]
    assert title.text == "Histogram of <b>"
    assert desc.text == "12 values from 1 to 3 in 3 bars, the densest at 2: 8 rows."
    assert [each.text for each in svg.all("text")] == ["1", "3"]
    assert [next(each.all("title")).text for each in svg.all("rect")] == ["1: 3 rows", "2: 8 rows", "3: 1 row"]


@pytest.mark.parametrize(
    ("edges", "counts"), [((0, 1), ()), ((0,), ()), ((0, 0), (1,)), ((1, 0), (1,)), ((0, 1, 2), (1,))]
)
def test_edges_that_are_none_are_refused(edges, counts):
    with pytest.raises(ValueError, match="ascending edges"):
        Histogram(edges, counts, ("0", "1"))
