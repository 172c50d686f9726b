"""What cells count is what stands between the edges, for any edges and any numbers that a DOUBLE can be."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines import grouping
from mlops_actions.data.engines.cells import MOST, cells
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.session import Aggregate, Distinct, Histogram
from mlops_actions.data.profiles import bins
from mlops_actions.data.sources.relation import Column, Relation

finite = st.floats(allow_nan=False, allow_infinity=False)
SPECIAL = [0.0, -0.0, 5e-324, -5e-324, 1.7e308, -1.7e308, math.inf, -math.inf, math.nan]


@pytest.fixture(scope="module")
def session() -> Iterator[DuckSession]:
    with duckdb.connect() as connection:
        yield DuckSession(connection)


def plain(values: Sequence[float | None], edges: Sequence[float]) -> dict[float, int] | None:
    """What a histogram is, value by value."""
    known = [each for each in values if each is not None and math.isfinite(each)]
    return dict(Counter((*edges, math.inf)[bisect_left(edges, each)] for each in known)) or None


def load(session: DuckSession, values: Sequence[float | None]) -> Relation:
    session.connection.execute("CREATE OR REPLACE TABLE t (a DOUBLE)")
    if values:
        session.connection.executemany("INSERT INTO t VALUES (?)", [[each] for each in values])
    return Relation("t", "t", (Column("a", "DOUBLE"),), ())


@st.composite
def edges_and_values(draw: st.DrawFn) -> tuple[tuple[float, ...], list[float | None]]:
    """Edges as a profile has them, some odd ones among them, and values that like to stand on or beside an edge."""
    quantiles = sorted(draw(st.lists(finite, min_size=5, max_size=5)))
    odd = draw(st.lists(finite, max_size=4))
    edges = tuple(sorted({*bins.fine(quantiles, draw(st.booleans())), *odd}))
    near = st.sampled_from(edges).flatmap(
        lambda edge: st.sampled_from([edge, math.nextafter(edge, -math.inf), math.nextafter(edge, math.inf)])
    )
    return edges, draw(st.lists(st.none() | st.sampled_from(SPECIAL) | near | finite, max_size=40))


@settings(deadline=None, max_examples=60)
@given(edges_and_values())
@example((tuple(float(1024 * each) for each in range(9)), [5e-324, -5e-324, 0.0, 1e-300, 8192.0, 8192.5, 1e308]))
@example((tuple(each * 2.0**-900 for each in range(9)), [1e308, -1e308, 2.0**-900, 5e-324]))
def test_cells_and_what_is_left_are_the_histogram(session, drawn):
    edges, values = drawn
    made = cells(edges)
    assume(made is not None)
    relation = load(session, values)
    rows = session.fetch(f"SELECT {made.expression('a')} AS cell, count(*) FROM t GROUP BY ALL")  # noqa: S608
    found, left = made.counts((cell, count) for cell, count in rows if cell is not None)
    rest = {}
    if made.below or made.above:
        more = session.aggregate(relation, [Aggregate("more", Histogram(made.outside("a"), edges))])["more"]
        rest = {edge: count for edge, count in (more or {}).items() if count}
    assert sum(rest.values()) == left
    assert not found.keys() & rest.keys()
    assert {**found, **rest} == (plain(values, edges) or {})


def test_the_dense_part_of_a_profiles_edges_has_cells():
    for quantiles in (
        [-1.64, -0.67, 0.0, 0.67, 1.64],
        [0.05, 0.25, 0.5, 0.75, 0.95],
        [1e9, 1e9 + 3, 1e9 + 5, 2e9, 3e9],
    ):
        made = cells(bins.fine(quantiles))
        assert made is not None
        assert made.edges[made.first] < quantiles[0] and quantiles[-1] < made.edges[made.last]
        assert made.edges[made.last] - made.edges[made.first] <= MOST * made.unit


def test_edges_that_are_ends_of_no_cells_have_none():
    assert cells([each / 10 for each in range(9)]) is None or cells([each / 10 for each in range(9)]).unit < 1e-10
    assert cells([0.0, 1.0]) is None


@pytest.mark.parametrize("different", [3, 5000], ids=["few", "many"])
@settings(deadline=None, max_examples=20)
@given(drawn=st.lists(st.none() | st.sampled_from(SPECIAL) | finite, max_size=30), seed=st.integers())
def test_a_session_counts_the_same_whichever_way_it_takes(session, at_once, different, drawn, seed):
    normal = random.Random(seed)  # noqa: S311
    some = [normal.gauss(10, 3) for _ in range(different)]
    rows = [*drawn, *(normal.choice(some) for _ in range(400))]
    edges = bins.fine([4.0, 8.0, 10.0, 12.0, 16.0])
    relation = load(session, rows)
    asked = [Aggregate("h", Histogram("a", edges, "a")), Aggregate("d", Distinct("a"))]
    assert {edge: n for edge, n in session.aggregate(relation, asked)["h"].items() if n} == plain(rows, edges)


@pytest.fixture(scope="module")
def at_once() -> Iterator[None]:
    """Groups are worth it for any number of rows, and a hundred values are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "WORTH", 0)
        patch.setattr(grouping, "FEW", 100)
        yield
