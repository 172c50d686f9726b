"""Rank correlations against SciPy's and their variance against resampling; what a profile keeps of them."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import duckdb
import numpy
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.profiles import blockscan, correlating, correlations, profile, profiling
from mlops_actions.data.profiles.correlations import Correlations, Pair, estimate
from mlops_actions.data.profiles.profile import Bins, Profile
from mlops_actions.data.sources.relation import Column, Relation

Correlate = Callable[..., Profile]


@pytest.fixture
def correlate() -> Iterator[Correlate]:
    """The profile with correlations of columns (name to type and values)."""
    with duckdb.connect() as connection:

        def made(columns: dict[str, tuple[str, list[Any]]], time: str | None = None, wanted: Any = 50) -> Profile:
            select = ", ".join(
                f'unnest(${i + 1}::{kind}[]) AS "{name}"' for i, (name, (kind, _)) in enumerate(columns.items())
            )
            connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT {select}", [each for _, each in columns.values()])
            described = tuple(Column(name, kind) for name, (kind, _) in columns.items())
            relation, session = Relation("t", "t", described, ()), DuckSession(connection)
            timing = blockscan.timing(relation, time) if time else None
            _, found = blockscan.scan(session, profiling.plan(session, relation), time=timing)
            return correlating.added(session, relation, found, correlating.chosen(found, wanted), timing)

        yield made


def related(rows: int, seed: int = 1) -> tuple[list[float], list[float]]:
    """Two columns that go together, with heavy tails, the more spread the farther out."""
    chance = random.Random(seed)  # noqa: S311
    one = [math.tan(math.pi * (chance.random() - 0.5)) for _ in range(rows)]
    return one, [each + chance.gauss(0, 1 + abs(each)) for each in one]


def cells(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """The rows of a table, as two lists of levels."""
    found = [(i, j) for i, each in enumerate(table) for j, count in enumerate(each) for _ in range(count)]
    return [i for i, _ in found], [j for _, j in found]


TABLES = st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=2, max_size=5)


@given(TABLES)
def test_it_is_spearmans_over_the_levels(table):
    one, other = cells(table)
    found = estimate(table) if one else None
    if len(set(one)) < 2 or len(set(other)) < 2:
        assert found is None
        return
    assert found.rows == len(one)
    assert found.correlation == pytest.approx(scipy.stats.spearmanr(one, other)[0], abs=1e-6)


@given(TABLES)
def test_the_variance_is_what_a_row_more_of_each_cell_does(table):
    """The influence of each cell by its definition: the derivative of the correlation as rows are added to the cell."""

    def correlation(shares):
        ranks = [numpy.cumsum(each) - each / 2 for each in (shares.sum(1), shares.sum(0))]
        a, b = (rank - 0.5 for rank in ranks)
        spreads = (shares.sum(1) @ a**2) * (shares.sum(0) @ b**2)
        return a @ shares @ b / math.sqrt(spreads)

    found = estimate(table) if sum(map(sum, table)) else None
    if found is None:
        return
    shares = numpy.array(table) / found.rows
    influence, step = numpy.zeros_like(shares), 1e-6
    for place in numpy.ndindex(shares.shape):
        point = numpy.zeros_like(shares)
        point[place] = 1
        ends = [correlation((1 - each) * shares + each * point) for each in (-step, step)]
        influence[place] = (ends[1] - ends[0]) / (2 * step)
    assert found.variance == pytest.approx((shares * influence**2).sum(), rel=1e-3, abs=1e-6)


def test_a_correlation_of_all_rows_is_near_spearmans_of_the_values(correlate):
    one, other = related(3000)
    (pair,) = correlate({"a": ("DOUBLE", one), "b": ("DOUBLE", other)}).correlations.pairs
    assert pair.rows == 3000
    assert pair.correlation == pytest.approx(scipy.stats.spearmanr(one, other)[0], abs=0.02)  # tenths are not ranks


def test_units_and_outliers_change_next_to_nothing(correlate):
    one, other = related(500)
    (plain,) = correlate({"a": ("DOUBLE", one), "b": ("DOUBLE", other)}).correlations.pairs
    far = [1e300 if each == max(other) else each for each in other]
    for changed in ([1024 * each for each in other], [1.609 * each + 32 for each in other], far):
        (pair,) = correlate({"a": ("DOUBLE", one), "b": ("DOUBLE", changed)}).correlations.pairs
        assert pair.correlation == pytest.approx(plain.correlation, abs=0.01)  # edges of bins are not quite tenths


def test_rows_without_both_values_are_left_out(correlate):
    one, other = related(500)
    strange = [None, math.nan, math.inf, -math.inf]
    columns = {"a": ("DOUBLE", one + strange + [0.0] * 4), "b": ("DOUBLE", other + [0.0] * 4 + strange)}
    (pair,) = correlate(columns).correlations.pairs
    assert pair.rows == 500


def test_columns_that_have_none(correlate):
    one, other = related(100)
    columns = {
        "a": ("DOUBLE", one),
        "constant": ("INTEGER", [7] * 100),
        "empty": ("DOUBLE", [None] * 100),
        "text": ("VARCHAR", ["x", "y"] * 50),
        "b": ("DOUBLE", other),
        "never together": ("DOUBLE", [None] * 100),
    }
    assert correlate(columns).correlations.columns == ("a", "b")
    assert correlate({"a": ("DOUBLE", one)}).correlations == Correlations(0, (), ())
    apart = {"a": ("DOUBLE", [*one[:50], *[None] * 50]), "b": ("DOUBLE", [*[None] * 50, *other[50:]])}
    assert correlate(apart).correlations.pairs == (None,)


def test_private_columns_have_none():
    columns = tuple(
        profile.ColumnProfile(
            name, "BIGINT", profile.Kind.NUMBER, 0, private=name == "b", bins=Bins((0, 1, 2), (0, 3, 3, 0))
        )
        for name in "abc"
    )
    assert correlating.chosen(Profile("t", 6, columns), 50) == ("a", "c")


def test_columns_by_name_or_by_importance():
    columns = tuple(
        profile.ColumnProfile(name, "BIGINT", profile.Kind.NUMBER, 0, bins=Bins((0, 1, 2), (0, 3, 3, 0)))
        for name in "abcd"
    )
    made = Profile("t", 6, columns)
    assert correlating.chosen(made, 2) == ("a", "b")
    assert correlating.chosen(made, 2, {"d": 0.7, "b": 0.3}) == ("b", "d")
    assert correlating.chosen(made, ("c", "a", "z")) == ("a", "c")
    assert correlating.chosen(made, 3, without=("a",)) == ("b", "c", "d")


def test_blocks_of_time_have_their_own(correlate):
    one, other = related(200)
    flipped = [-each for each in other[100:]]
    days = ["2024-01-01"] * 100 + ["2024-01-02"] * 90 + ["2024-01-03"] * 10
    columns = {"a": ("DOUBLE", one), "b": ("DOUBLE", other[:100] + flipped), "at": ("DATE", days)}
    made = correlate(columns, time="at")
    (pair,) = made.correlations.pairs
    first, second, third = pair.blocks
    assert first > 0.4
    assert second < -0.4
    assert third is None  # too few rows
    assert profile.from_json(json.loads(profile.dumps(made))) == made


def test_many_blocks_leave_room_for_fewer_columns():
    for blocks in (0, 1, 35, 365, 10_000):
        columns = correlations.most(blocks)
        assert columns == 50 or (columns + 1) * columns / 2 * blocks > correlations.NUMBERS
        assert columns * (columns - 1) / 2 * blocks <= correlations.NUMBERS or blocks <= 1


@pytest.mark.parametrize(
    ("bins", "expected"),
    [
        (Bins((), (0,)), ()),
        (Bins((0.0, 1.0), (0, 5, 0)), ()),
        (Bins((0.0, 1.0, 2.0), (0, 5, 1, 0)), (1.0,)),
        (Bins(tuple(map(float, range(21))), (0, *[5] * 20, 0)), tuple(map(float, range(2, 20, 2)))),
        (Bins((0.0, 1.0, 2.0, 3.0), (0, 1, 98, 1, 0)), (1.0, 2.0)),
    ],
)
def test_levels_are_tenths_as_far_as_there_are_edges(bins, expected):
    assert correlating.levels(bins) == expected


def test_a_profile_without_is_read_and_one_that_is_wrong_is_not(correlate):
    one, other = related(100)
    made = correlate({"a": ("DOUBLE", one), "b": ("DOUBLE", other)})
    data = profile.to_json(made)
    without = {key: value for key, value in data.items() if key not in ("correlations", "digest")}
    assert profile.from_json(without) == replace(made, correlations=None)
    changed = {**data, "correlations": {**data["correlations"], "rows": 99}}
    with pytest.raises(ValueError, match="was changed after it was written"):
        profile.from_json(changed)
    for wrong, reason in (
        ({"columns": ["a", "z"]}, "different columns of its own"),
        ({"columns": ["a", "a"]}, "different columns of its own"),
        ({"pairs": []}, "2 columns have 1 correlations"),
        ({"pairs": [[100, 1.5, 0.1]]}, "is no correlation"),
        ({"pairs": [[100, 0.5, -1]]}, "is no correlation"),
        ({"pairs": [[True, 0.5, 1]]}, "True is not a count"),
        ({"pairs": [["a", "b", "c"]]}, "'a' is not a count"),
        ({"pairs": [[100, 0.5, "1"]]}, "'1' is not a finite number"),
        ({"pairs": [[101, 0.5, 1]]}, "more rows than were looked at"),
        ({"rows": 101}, "more rows than were looked at"),
        ({"blocks": [[0.5]]}, "is no correlation"),
        ({"pairs": 3}, "is not a profile"),
    ):
        broken = {**without, "correlations": {**data["correlations"], **wrong}}
        with pytest.raises(ValueError, match=reason):
            profile.from_json(broken)


def test_the_variance_is_that_of_many_samples():
    """Of dependent, heavy-tailed pairs, the more spread the farther out."""
    found = []
    for seed in range(300):
        one, other = related(300, seed)
        ranks = [numpy.searchsorted(numpy.quantile(each, numpy.arange(0.1, 0.95, 0.1)), each) for each in (one, other)]
        table = numpy.zeros((10, 10), int)
        numpy.add.at(table, tuple(ranks), 1)
        found.append(estimate(table.tolist()))
    told = sum(each.variance for each in found) / len(found)
    assert isinstance(found[0], Pair)
    assert numpy.var([each.correlation for each in found]) * 300 == pytest.approx(told, rel=0.25)
