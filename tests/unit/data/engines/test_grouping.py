"""A tally is the same whether columns are grouped or all is counted in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.session import Aggregate, Members, Tally
from mlops_actions.data.sources.relation import Column, Relation

texts = st.none() | st.sampled_from(["", "a", "b", "é", "NULL", "a\n", "=a"])


@pytest.fixture(scope="module")
def session() -> Iterator[DuckSession]:
    with duckdb.connect() as connection:
        yield DuckSession(connection)


@pytest.fixture(params=["each by itself", "together"], scope="module")
def _asked(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duck, "ALONE", 0 if request.param == "together" else duck.ALONE)
        yield


@pytest.mark.usefixtures("_asked")
@pytest.mark.parametrize("is_text", [False, True])
@settings(deadline=None, max_examples=30)
@given(
    columns=st.integers(0, 12).flatmap(
        lambda n: st.lists(st.lists(texts, min_size=n, max_size=n), min_size=1, max_size=45)
    )
)
def test_all_values_of_columns_that_have_few(session, is_text, columns):
    names = [f"c{index}" for index in range(len(columns))]
    session.connection.execute(f"CREATE OR REPLACE TABLE t ({', '.join(f'{name} VARCHAR' for name in names)})")
    if columns[0]:
        marks = ", ".join("?" * len(columns))
        session.connection.executemany(f"INSERT INTO t VALUES ({marks})", list(zip(*columns, strict=True)))  # noqa: S608
    relation = Relation("t", "t", tuple(Column(name, "VARCHAR") for name in names), (), is_text=is_text)
    some = ("a", "=a", "never")
    asked = [Aggregate(name, Tally(name, 256)) for name in names]
    asked += [Aggregate(f"{name} some", Members(name, some, grouped=True)) for name in names]
    found = session.aggregate(relation, asked)
    for name, values in zip(names, columns, strict=True):
        counts = Counter(value for value in values if value is not None)
        assert found[name] == counts
        assert {text: found[f"{name} some"].get(text, 0) for text in some} == {text: counts[text] for text in some}


def test_some_of_many_values_are_counted_where_they_are_too_many_to_group(session):
    rows = "(SELECT CASE WHEN range % 2 = 0 THEN 'often' ELSE range::VARCHAR END AS a FROM range(40000))"
    relation = Relation("t", rows, (Column("a", "VARCHAR"),), ())
    found = session.aggregate(relation, [Aggregate("a", Members("a", ("often", "7", "8"), grouped=True))])["a"]
    assert {text: found.get(text, 0) for text in ("often", "7", "8")} == {"often": 20000, "7": 1, "8": 0}


@pytest.mark.parametrize("is_text", [False, True])
def test_of_many_values_frequent_ones_are_named_without_numbers(session, is_text):
    rows = "(SELECT CASE WHEN range % 2 = 0 THEN 'often' ELSE range::VARCHAR END AS a FROM range(4000))"
    relation = Relation("t", rows, (Column("a", "VARCHAR"),), (), is_text=is_text)
    found = session.aggregate(relation, [Aggregate("a", Tally("a", 8))])["a"]
    assert next(iter(found)) == "often" and set(found.values()) == {None}
