"""What a profile holds of a block is what plain Python counts in the rows of that block."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import json
import math
import statistics
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import replace

import duckdb
import jsonschema
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mlops_actions import schema
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.session import Aggregate
from mlops_actions.data.profiles import blockscan, profile, profiling
from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.sources.relation import Column, Relation, Unreadable

ENGINE = duckdb.connect()
ENGINE.execute("SET TimeZone = 'UTC'")
SESSION = DuckSession(ENGINE)
# Each example runs the engine; shrinking a failure would run it for minutes.
LIMIT = settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
TYPES = {"when": "TIMESTAMP", "n": "DOUBLE", "s": "VARCHAR", "b": "BOOLEAN", "o": "INTEGER[]"}


def relation(rows: list[dict], types: dict[str, str], private: frozenset[str] = frozenset()) -> Relation:
    ENGINE.execute(f"CREATE OR REPLACE TABLE t ({', '.join(f'{quote(name)} {each}' for name, each in types.items())})")
    lists = ", ".join(f"unnest(${index}::{each}[])" for index, each in enumerate(types.values(), 1))
    if rows:
        ENGINE.execute(f"INSERT INTO t SELECT {lists}", [[row[name] for row in rows] for name in types])
    return Relation("t", "t", tuple(Column(name, each, name in private) for name, each in types.items()), ())


def blocked(of: Relation, time: str, like: Profile | None = None) -> Profile:
    timing = blockscan.timing(of, time)
    plan = profiling.plan(SESSION, of, like)
    _, made = blockscan.scan(SESSION, plan, (), timing, like)
    data = json.loads(profile.dumps(made))
    assert profile.from_json(data) == made, "every count adds up, or from_json refuses it"
    jsonschema.validate(data, schema.shipped("profile-v1"))
    return made


ROW = st.fixed_dictionaries(
    {
        "when": st.none()
        | st.sampled_from(["infinity", "-infinity"])
        | st.builds("2013-{:02}-{:02} {:02}:17:00".format, st.integers(1, 3), st.integers(1, 28), st.integers(0, 23)),
        "n": st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, math.nan, math.inf, -math.inf]),
        "s": st.none() | st.sampled_from(["", "a", "bb", "'"]),
        "b": st.none() | st.booleans(),
        "o": st.none() | st.just([1]),
    }
)


@LIMIT
@given(st.lists(ROW, max_size=50))
def test_each_block_is_counted_as_plain_python_counts_it(rows):
    made = blocked(relation(rows, TYPES), "when")
    length = {Unit.HOUR: 13, Unit.DAY: 10}[made.time.unit]
    groups = defaultdict(list)
    for row in rows:
        text = row["when"]
        if text and "infinity" not in text:
            text = text[:length] + (":00:00" if length == 13 else "")
            text = text.removesuffix(" 00:00:00")
        groups[text].append(row)
    assert dict(zip(made.time.starts, made.time.rows, strict=True)) == {key: len(each) for key, each in groups.items()}
    for index, start in enumerate(made.time.starts):
        own = groups[start]
        for column in made.columns:
            assert column.blocks.nulls[index] == sum(row[column.name] is None for row in own)
        numbers = [row["n"] for row in own if row["n"] is not None]
        n, finite = made.column("n"), [each for each in numbers if math.isfinite(each)]
        assert n.blocks.special(index) == len(numbers) - len(finite)
        if n.blocks.counts:
            plain = [0] * len(n.bins.counts)
            for each in finite:
                plain[bisect_left(n.bins.edges, each)] += 1
            assert list(n.blocks.counts[index]) == plain
            sd = statistics.stdev(finite) if len(finite) > 1 else None
            if not finite:
                assert n.blocks.mean[index] is None
            else:
                error = 5.1e-4 * (sd or 0) + 1e-6
                assert n.blocks.mean[index] == pytest.approx(statistics.fmean(finite), abs=error)
            assert n.blocks.sd[index] == (None if sd is None else pytest.approx(sd, rel=5.1e-4, abs=1e-7 * 2e6))
        text, truth = made.column("s"), made.column("b")
        if text.categories and text.categories.values:
            there = Counter(row["s"] for row in own)
            assert text.blocks.counts[index] == tuple(there[value] for value, _ in text.categories.values)
        there = Counter(row["b"] for row in own)
        assert truth.blocks.counts[index] == (there[True], there[False])


@pytest.mark.parametrize("is_text", [False, True])
@LIMIT
@given(st.lists(ROW, max_size=50))
def test_what_is_added_up_from_blocks_is_the_profile_of_all_rows(is_text, rows):
    of = replace(relation(rows, TYPES, frozenset("b")), is_text=is_text)
    made, plain = blocked(of, "when"), profiling.profile(SESSION, of)
    assert made.rows == plain.rows
    for one, other in zip(made.columns, plain.columns, strict=True):
        mean, sd = (getattr(other.range, name, None) for name in ("mean", "sd"))
        assert getattr(one.range, "mean", None) == (mean and pytest.approx(mean, rel=1e-9, abs=1e-9))
        assert getattr(one.range, "sd", None) == (sd and pytest.approx(sd, rel=1e-9, abs=1e-9))
        ends = one.range and replace(one.range, mean=mean, sd=sd)
        assert replace(one, range=ends, blocks=None) == other


def test_what_is_asked_besides_is_answered_of_all_rows():
    rows = [{"when": f"2013-01-{1 + index % 3:02}", "x": index % 7} for index in range(40)]
    of = relation(rows, {"when": "DATE", "x": "INTEGER"})
    asked = {"even": "count_if(x % 2 = 0)", "different": "count(DISTINCT x)", "last": "max(x)"}
    others = [Aggregate(key, sql, adds=key == "even") for key, sql in asked.items()]
    values, made = blockscan.scan(SESSION, profiling.plan(SESSION, of), others, blockscan.timing(of, "when"))
    assert made.time.rows == (14, 13, 13)
    even = sum(row["x"] % 2 == 0 for row in rows)
    assert {key: values[key] for key in asked} == {"even": even, "different": 7, "last": 6}


def test_dates_are_not_counted_by_the_hour():
    rows = [{"day": f"2013-01-{1 + index % 5:02}", "x": index} for index in range(20)]
    made = blocked(relation(rows, {"day": "DATE", "x": "INTEGER"}), "day")
    assert (made.time.unit, made.time.rows) == (Unit.DAY, (4, 4, 4, 4, 4))


@pytest.mark.parametrize("type_name", ["TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ"])
def test_times_of_every_type_are_counted_in_utc(type_name):
    rows = [{"when": f"2013-0{1 + index // 40}-01 00:30:00", "x": index} for index in range(360)]
    ENGINE.execute(f"CREATE OR REPLACE TABLE t AS SELECT when_::{type_name} AS w FROM (SELECT unnest($1) AS when_)",
                   [[row["when"] + ("+02" if type_name == "TIMESTAMPTZ" else "") for row in rows]])  # fmt: skip
    ((_, described, *_),) = ENGINE.execute("DESCRIBE t").fetchall()
    made = blocked(Relation("t", "t", (Column("w", described),), ()), "w")
    more = f"(FROM t UNION ALL SELECT NULL UNION ALL SELECT 'infinity'::{type_name})"
    ends = blocked(Relation("t", more, (Column("w", described),), ()), "w").time
    assert (ends.starts[-2:], ends.rows[-2:]) == (("infinity", None), (1, 1))
    first = "2012-12-31 22:00:00" if type_name == "TIMESTAMPTZ" else "2013-01-01"
    assert (made.time.starts[0], made.time.rows) == (first, (40,) * 9)


def test_no_value_of_a_private_column_stands_in_its_blocks():
    rows = [{"when": "2013-01-01", "n": 31337.5, "s": "Ada"} for _ in range(50)]
    types = {"when": "DATE", "n": "DOUBLE", "s": "VARCHAR"}
    made = blocked(relation(rows, types, frozenset({"n", "s"})), "when")
    for name in "ns":
        column = made.column(name)
        assert column.blocks == type(column.blocks)(nulls=(0,))
        assert column.sketch is None and column.fine is None


@pytest.mark.parametrize(
    ("name", "private", "why"),
    [("nowhere", "", "no column 'nowhere'"), ("n", "", "neither a date nor"), ("when", "when", "not to be shown")],
)
def test_what_cannot_be_the_time_of_rows(name, private, why):
    with pytest.raises(ValueError, match=why):
        blockscan.timing(relation([], {"when": "DATE", "n": "DOUBLE"}, frozenset({private})), name)


class Growing(DuckSession):
    """A session whose data gets another row before it is asked by block."""

    def grouped(self, *asked):
        self.connection.execute("INSERT INTO t VALUES ('2013-01-02')")
        return super().grouped(*asked)


def test_data_that_changes_between_the_look_at_its_times_and_the_scan_is_not_profiled():
    of = relation([{"when": "2013-01-01"}] * 3, {"when": "DATE"})
    with pytest.raises(Unreadable, match="changed while it was read: 3 rows, and then 4"):
        blockscan.scan(Growing(ENGINE), profiling.plan(SESSION, of), (), blockscan.timing(of, "when"))


def test_a_column_of_a_thousand_different_years_makes_no_blocks():
    rows = [{"when": f"{1000 + index}-01-01"} for index in range(1000)]
    assert blocked(relation(rows, {"when": "DATE"}), "when").time is None


@LIMIT
@given(st.lists(ROW, min_size=1, max_size=40), st.lists(ROW, max_size=40))
def test_a_profile_like_another_has_its_edges_and_blocks(before, now):
    reference = blocked(relation(before, TYPES), "when")
    made = blocked(relation(now, TYPES), "when", reference)
    n, known = made.column("n"), reference.column("n")
    assert made.time.unit is reference.time.unit
    if known.bins.edges:
        assert n.bins.edges == known.bins.edges
        finite = [row["n"] for row in now if row["n"] is not None and math.isfinite(row["n"])]
        plain = [0] * len(n.bins.counts)
        for each in finite:
            plain[bisect_left(n.bins.edges, each)] += 1
        assert list(n.bins.counts) == plain
