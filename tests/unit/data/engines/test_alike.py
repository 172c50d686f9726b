"""Every engine gives a rule the meaning that plain Python gives it, and profiles count alike.

Tables and rules are drawn at random; each engine's check has the status and the number of the reference.
"""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import itertools
import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import postgres_server
import psycopg
import pytest
from drawn_tables import KINDS, NAMES, Loader, Table, on_duckdb, on_postgres, on_spark, tables
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from plain_rules import broken, is_finite, surplus

from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.profiles import blockscan, correlating, correlations, profiling
from mlops_actions.data.profiles.blocks import ColumnBlocks, Unit, named, order
from mlops_actions.data.profiles.profile import Profile, Range
from mlops_actions.data.queries import query, values
from mlops_actions.data.rules import checks, evidence, rules
from mlops_actions.data.rules.rules import Broken, Repeated, Rule
from mlops_actions.data.types import formats
from mlops_actions.data.types.nested import Each
from mlops_actions.data.types.sizes import Measure, Size
from mlops_actions.verdict import Status, Where

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LIMIT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def engines(postgres_port: int) -> Iterator[Mapping[str, Loader]]:
    """Each engine by its name."""
    with pytest.MonkeyPatch.context() as patch, postgres_server.database(postgres_port, "alike") as database:
        patch.setenv("PGPASSWORD", database.password)
        with on_postgres(database.url) as postgres:
            yield {"duckdb": on_duckdb(), "postgres": postgres}


# Rules

PATTERNS = [
    "a",
    "^a",
    "a$",
    "^a$",
    "^$",
    "^[aB]*$",
    "^.$",
    "^.*$",
    r"\$",
    "a|B",
    "[^a]",
    r"\d",
    r"^\w+$",
    r"\s",
    r"\bk",
    "^(a|é)?.{2}$",
]


def written(value: Any) -> Any:
    """A value as a contract would have it."""
    return (
        value
        if isinstance(value, str | int | float | bool)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else float(value)
    )


def constants(kind: str) -> st.SearchStrategy[Any]:
    """Values of a kind that a contract can name."""
    values = KINDS[kind].values.filter(lambda value: is_finite(value) and value == value)
    return values.map(written)


@st.composite
def a_test(draw: st.DrawFn, name: str, kind: str) -> rules.Test:
    """A test that the column ``name`` of this kind can hold."""
    low, high = sorted(draw(st.tuples(st.integers(0, 3), st.integers(0, 3))))
    count = (low, draw(st.sampled_from([high, None])))
    if kind in {"integers", "texts"}:
        inside = draw(a_test(name, "integer" if kind == "integers" else "text"))
        found = [rules.HasRepeats(name), rules.IsCountOutside(name, *count), rules.Inside(name, (Each.ITEM,), inside)]
        return draw(st.sampled_from([rules.IsNull(name), *found]))
    values = tuple(draw(st.lists(st.none() | constants(kind), max_size=3)))
    alike: list[rules.Test] = [rules.IsNull(name), rules.IsOneOf(name, values), rules.IsNoneOf(name, values)]
    if kind not in {"text", "boolean", "uuid"}:
        ends = sorted(draw(st.tuples(constants(kind), constants(kind))))
        ends = draw(st.sampled_from([ends, (ends[0], None), (None, ends[1])]))
        opened = {"low_open": draw(st.booleans()), "high_open": draw(st.booleans())}
        alike += [rules.IsOutside(name, *ends, **opened)] * 3
    if kind == "text":
        alike.append(rules.IsOversized(name, Size(Measure.LENGTH, (draw(st.integers(0, 3)),))))
        alike += [rules.IsUnmatched(name, draw(st.sampled_from(PATTERNS)))] * 3 + [rules.IsLengthOutside(name, *count)]
    if kind in {"integer", "small", "double", "decimal"}:
        more = [1e-5, 1e300] if kind == "double" else [3]
        alike += [rules.IsNoMultiple(name, draw(st.sampled_from([1, 2, 0.5, 0.1, *more])))] * 2
    if kind in {"integer", "small", "double", "float", "decimal"}:
        digits = draw(st.sampled_from([(1, 0), (0, 1), (9, 2), (20, 6), (38, 0)]))
        alike.append(rules.IsOversized(name, Size(Measure.DIGITS, digits)))
    if kind in {"timestamp", "zoned"}:
        alike.append(rules.IsOversized(name, Size(Measure.PLACES, (draw(st.integers(0, 7)),))))
        alike.append(rules.IsZoned(name, draw(st.booleans())))
    return draw(st.sampled_from(alike))


@st.composite
def a_table(draw: st.DrawFn) -> Table:
    return draw(tables(*draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=3, max_size=5, unique=True))))


@st.composite
def a_table_and_tests(draw: st.DrawFn) -> tuple[Table, list[tuple[rules.Test, ...]]]:
    """A table, and several tests of each of its columns: one alone, or two of which a row may meet any."""
    table = draw(a_table())
    some = [
        st.lists(st.lists(a_test(name, kind), min_size=1, max_size=2), min_size=3, max_size=6)
        for name, kind in table.columns
    ]
    drawn = [tuple(each) for column in some for each in draw(column)]
    return table, [each[:1] if isinstance(each[0], rules.Inside) else each for each in drawn]


def judged(loader: Loader, table: Table, *measures: rules.Measure) -> list[tuple[Status, Any, int | None]]:
    """Status, number and rows of the check of each measure, all answered at once."""
    session, relation = loader(table)
    promised = [Rule(f"t.{index}", Where(object="t"), each, says="break it") for index, each in enumerate(measures)]
    plan = checks.prepare(promised, relation, session=session)
    values = checks.exact(session, plan, session.aggregate(relation, plan.aggregates))
    found = checks.judge(plan, values, evidence.find(session, plan, values, [table.columns[0][0]]))
    assert not [each.message for each in found if each.status is Status.ERROR]
    return [(each.status, each.measured, each.rows) for each in found]


def expected(table: Table, counts: Iterable[int]) -> list[tuple[Status, int, int]]:
    return [(Status.FAIL if count else Status.PASS, count, len(table.rows)) for count in counts]


@LIMIT
@given(a_table_and_tests())
def test_rules_on_rows(engines: Mapping[str, Loader], drawn: tuple[Table, list[tuple[rules.Test, ...]]]) -> None:
    table, wanted = drawn
    kinds = dict(table.columns)
    truth = expected(
        table,
        (
            sum(any(broken(test, value, kinds[test.column]) for test in one) for value in table.values(one[0].column))
            for one in wanted
        ),
    )
    for name, loader in engines.items():
        assert judged(loader, table, *(Broken(one) for one in wanted)) == truth, (name, wanted)


@LIMIT
@given(a_table())
def test_keys(engines: Mapping[str, Loader], table: Table) -> None:
    names = [name for name, _ in table.columns]
    measures = [Repeated(tuple(names[:count]), key) for count in range(1, len(names) + 1) for key in (False, True)]
    truth = expected(table, (surplus(each, table) for each in measures))
    for name, loader in engines.items():
        assert judged(loader, table, *measures) == truth, name


_HARD = (0.3, 0.7, 0.35, 2.5, -2.5, 1e15, 5e-324, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf, -0.0, None)


@pytest.mark.parametrize("of", [0.1, 0.5, 3, 1e-5, 1e300])
def test_multiples_at_the_ends_of_what_numbers_can_be(engines: Mapping[str, Loader], of: float) -> None:
    table = Table((("n", "double"),), tuple((each,) for each in _HARD))
    test = rules.IsNoMultiple("n", of)
    truth = expected(table, [sum(broken(test, each, "double") for each in _HARD)])
    for name, loader in engines.items():
        assert judged(loader, table, Broken((test,))) == truth, name


_SINGLE = (0.1, 3.0, -2.0, 1e-45, 3.4e38, -3.4e38, math.inf, math.nan, None)


@pytest.mark.parametrize("bound", [1e300, -1e300, 1e-300, 3.5e38, 10**40, -(10**40), 0.1, 1e-45])
def test_a_bound_that_no_number_of_four_bytes_is(engines: Mapping[str, Loader], bound: float) -> None:
    table = Table((("n", "float"),), tuple((each,) for each in _SINGLE))
    single = [None if each is None else struct.unpack("<f", struct.pack("<f", each))[0] for each in _SINGLE]
    nearest = struct.unpack("<f", struct.pack("<f", bound))[0] if abs(bound) < 3.4e38 else bound
    finite = [each for each in single if each is not None and math.isfinite(each)]
    above = sum(each is not None and not (math.isfinite(each) and each <= nearest) for each in single)
    measures = [Broken((rules.IsOutside("n", high=bound),)), Broken((rules.IsNoneOf("n", (bound,)),))]
    truth = expected(table, [above, sum(each is not None for each in single) - finite.count(nearest)])
    for name, loader in engines.items():
        assert judged(loader, table, *measures) == truth, name


# Queries of a contract

_QUERIES = [
    "SELECT count(*) FROM t WHERE {i} > {s} OR {d} < 0.5",
    "SELECT sum({i}) FROM t",
    "SELECT avg({s}) FROM t WHERE {b}",
    "SELECT avg({m}) FROM t",
    "SELECT sum({m} * {s} - {m}) FROM t",
    "SELECT count({s}) / count(*) FROM t",
    "SELECT round(100.0 * count({m}) / nullif(count(*), 0), 2) FROM t",
    "SELECT max({d}) FROM t WHERE {d} < 1e300",
    "SELECT min(round({d}, 1)) FROM t WHERE abs({d}) < 100",
    "SELECT max({x} || 'a') FROM t",
    "SELECT min({x}) FROM t WHERE {x} > 'K'",
    "SELECT sum(length(trim({x}))) FROM t",
    "SELECT count(*) FROM t WHERE {x} LIKE '%_a%' OR {x} LIKE '\\%'",
    "SELECT count(*) FROM t WHERE contains({x}, 'a') OR {x} IN ('', 'b') OR regexp_full_match({x}, '[aB]+')",
    "SELECT count(DISTINCT {x}) FROM t",
    "SELECT count(*) FROM (SELECT {s}, {b} FROM t GROUP BY ALL_ HAVING count(*) > 1)",
    "SELECT count(*) FROM t a WHERE EXISTS (SELECT 1 FROM t b WHERE b.{s} = a.{i})",
    "SELECT count(*) FROM t a JOIN t b USING ({s})",
    "SELECT count(*) FROM t a ANTI JOIN t b ON a.{i} = b.{s}",
    "SELECT count(*) FROM t WHERE {s} NOT IN (SELECT {i} FROM t WHERE {b})",
    "SELECT count(*) FROM t WHERE {a} >= '1990-01-05' OR {u} < TIMESTAMP '1990-01-02 00:00:00'",
    "SELECT count(*) FROM t WHERE {u} + INTERVAL 1 DAY > {a}",
    "SELECT count(*) FROM t WHERE {a} + 1 = {u}",
    "SELECT max(date_diff('day', {a}, {u})) FROM t WHERE isfinite({a}) AND isfinite({u})",
    "SELECT sum(year({a}) + month({a}) + extract(isodow FROM {a})) FROM t WHERE isfinite({a})",
    "SELECT sum(CASE WHEN {b} THEN {s} ELSE {m} END) FROM t",
    "SELECT bool_and(coalesce({b}, {s} > 0)) FROM t",
    "SELECT sum({s} % 3) + count_if({i} IS DISTINCT FROM {s}) FROM t",
]
_ASKED = {
    "i": "integer",
    "s": "small",
    "d": "double",
    "m": "decimal",
    "x": "text",
    "b": "boolean",
    "a": "date",
    "u": "timestamp",
}
_MAY_STOP = ("/", "round(", "date_diff(", "year(")
"""Where PostgreSQL has an error for zero, the ends of DOUBLE and days beyond all: of a lone row even behind WHERE."""
_COLUMNS = {letter: f"{letter} x" for letter in _ASKED}


@st.composite
def asked(draw: st.DrawFn) -> Table:
    row = st.tuples(*(st.none() | KINDS[kind].values for kind in _ASKED.values()))
    rows = draw(st.lists(row, max_size=12))
    return Table(tuple((_COLUMNS[letter], kind) for letter, kind in _ASKED.items()), tuple(rows))


@pytest.fixture(scope="module")
def understood() -> list[tuple[str, str]]:
    """The queries, and each as DuckDB writes what it understood."""
    names = {letter: quote(name) for letter, name in _COLUMNS.items()}
    texts = [each.format(**names).replace("ALL_", f"{names['s']}, {names['b']}") for each in _QUERIES]
    with duckdb.connect() as connection:
        known = query.Known.of(connection)
        return [(text, query.examine(connection, known, text, {"t": "t"}).plain or "") for text in texts]


@settings(LIMIT, max_examples=12, phases=[Phase.generate])  # to make one smaller takes minutes
@given(asked())
def test_queries_of_a_contract(engines: Mapping[str, Loader], understood: list[tuple[str, str]], table: Table) -> None:
    """PostgreSQL gives the value that DuckDB gives, or stops where that leaves what numbers can be."""
    here, relation = engines["duckdb"](table)
    there, pushed = engines["postgres"](table)
    for text, plain in understood:
        try:
            rows = here.fetch(f"WITH t AS (SELECT * FROM {relation.sql}) {text}")
        except duckdb.Error:
            continue
        try:
            found, kind = there.value(plain, {"t": pushed}, 30)  # type: ignore[attr-defined]
        except (psycopg.errors.DataError, psycopg.errors.NotSupportedError):
            assert any(each in text for each in _MAY_STOP), text
            continue
        mine, theirs = (values.of_rows(each, kind or "") for each in (rows, found))
        if mine.get("kind") in {"exact", "float"} and "value" in theirs:
            mine["value"], theirs["value"] = pytest.approx(float(mine["value"])), float(theirs["value"])
        assert theirs == mine, text


# Profiles


@st.composite
def two_tables(draw: st.DrawFn) -> tuple[Table, Table]:
    """Two tables of the same columns; values repeat, so that text has categories."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3))
    found = []
    for _ in range(2):
        table = draw(tables(*kinds))
        found.append(Table(table.columns, table.rows * draw(st.integers(1, 3))))
    return found[0], found[1]


def counted(
    loader: Loader, table: Table, like: Profile | None = None
) -> tuple[Profile, Mapping[str, profiling.Recount]]:
    session, relation = loader(table)
    plan = profiling.plan(session, relation, like)
    values = session.aggregate(relation, plan.aggregates)
    return profiling.build(plan, values), profiling.recount(plan, values) if like else {}


@LIMIT
@given(two_tables())
def test_profiles(engines: Mapping[str, Loader], drawn: tuple[Table, Table]) -> None:
    """Nulls, what is not finite, extremes, moments and categories; and the counts in the bins of a reference."""
    before, after = drawn
    reference, _ = counted(engines["duckdb"], before)
    one, counts = counted(engines["duckdb"], after, reference)
    for name in engines.keys() - {"duckdb"}:
        other, recounts = counted(engines[name], after, reference)
        assert recounts == counts
        for mine, theirs in zip(one.columns, other.columns, strict=True):
            assert (theirs.nulls, theirs.kind, theirs.special) == (mine.nulls, mine.kind, mine.special)
            assert theirs.categories == mine.categories
            assert sum(theirs.bins.counts if theirs.bins else ()) == sum(mine.bins.counts if mine.bins else ())
            assert about(theirs.range) == about(mine.range)
            if mine.categories is None and mine.distinct is not None:
                assert theirs.distinct == pytest.approx(mine.distinct, abs=1)  # one sketch takes -0 for another value


@LIMIT
@given(
    st.lists(
        st.tuples(
            st.none() | st.datetimes(datetime(1999, 12, 25), datetime(2001, 3, 1)),
            st.none() | st.sampled_from([0.5, -1.0, 3.0, math.inf, math.nan]),
            st.none() | st.sampled_from(["a", "b", ""]),
        ),
        max_size=20,
    )
)
def test_blocks_of_time(engines: Mapping[str, Loader], rows: list[tuple[Any, ...]]) -> None:
    """PostgreSQL counts the rows of each block, and what is in them, as DuckDB does."""
    table = Table((("t", "timestamp"), ("n", "double"), ("s", "text")), tuple(rows))
    assert in_blocks(engines["postgres"], table, "t") == in_blocks(engines["duckdb"], table, "t")


@st.composite
def wide(draw: st.DrawFn, kinds: Sequence[str], rows: int = 30) -> Table:
    """A table with a column of each of these kinds."""
    columns = tuple((f"{NAMES[index % len(NAMES)]}{index}", kind) for index, kind in enumerate(kinds))
    row = st.tuples(*(KINDS[kind].values | KINDS[kind].values | st.none() for kind in kinds))
    drawn = tuple(draw(st.lists(row, min_size=rows, max_size=rows)))
    assume(len(set(map(repr, drawn))) > rows / 2)  # what is drawn first is of the simplest values alone
    return Table(columns, drawn)


@settings(LIMIT, max_examples=10)
@given(wide(("decimal", "double", "float", "integer", "small", "timestamp"), 60))
def test_correlations(engines: Mapping[str, Loader], table: Table) -> None:
    """PostgreSQL finds the levels of numbers that DuckDB finds, in every row and in the blocks of time."""
    made, columns, one = correlated(engines["duckdb"], table)
    assert correlated(engines["postgres"], table, made) == (made, columns, one)


def correlated(loader: Loader, table: Table, made: Profile | None = None) -> tuple[Profile, tuple[str, ...], Any]:
    """The correlations of all columns, at the edges of ``made``: in blocks where there is a time column."""
    session, relation = loader(table)
    if made is None:
        made, _ = counted(loader, table)
    columns = correlating.chosen(made, correlations.MOST)
    time = next((name for name, kind in table.columns if kind == "timestamp"), None)
    blocks = None
    if time is not None:
        key = blockscan.timing(relation, time).key(Unit.DAY)
        starts = dict(session.fetch(f"SELECT DISTINCT CAST({key} AS VARCHAR), 1 FROM {relation.sql}"))
        blocks = correlating.Blocks(key, tuple(sorted(map(named, starts), key=order)))
    return made, columns, correlating.correlate(session, relation, made, columns, blocks)


def in_blocks(loader: Loader, table: Table, time: str) -> tuple[Any, ...]:
    """The blocks of a profile, and of each column the numbers in them and, to fewer digits, the moments."""
    session, relation = loader(table)
    _, made = blockscan.scan(session, profiling.plan(session, relation), (), blockscan.timing(relation, time))
    found = [each.blocks or ColumnBlocks(()) for each in made.columns]
    moments = [(about_each(each.mean), about_each(each.sd)) for each in found]
    return made.time, [replace(each, mean=(), sd=()) for each in found], moments


def about_each(of: Iterable[float | None]) -> list[Any]:
    return [None if each is None else pytest.approx(each, rel=2e-3, abs=1e-300) for each in of]


@LIMIT
@given(st.sampled_from(["date", "timestamp", "zoned"]).flatmap(lambda kind: tables(kind, "small", "boolean")))
def test_blocks_of_every_kind_of_time(engines: Mapping[str, Loader], table: Table) -> None:
    time = table.columns[0][0]
    assert in_blocks(engines["postgres"], table, time) == in_blocks(engines["duckdb"], table, time)


def about(of: Any) -> Any:
    """A range with as many digits as engines share: they add numbers up in different orders."""
    if of is None:
        return None
    return [pytest.approx(each, rel=1e-9, abs=1e-300) if isinstance(each, float) else each for each in astuple(of)]


@pytest.mark.parametrize(
    "values",
    [
        (5e-324, 0.0, 5e-324),
        (1e200, -1e200, 1.0),
        (0.1,) * 5,
        (1e-170, 3e-170),
        (-1.7e308, 1.7e308),
    ],
)
def test_moments_at_the_ends_of_what_numbers_can_be(engines: Mapping[str, Loader], values: tuple[float, ...]) -> None:
    table = Table((("n", "double"),), tuple((each,) for each in values))
    found = {name: counted(loader, table)[0].columns[0].range for name, loader in engines.items()}
    for each in found.values():
        assert about(found["duckdb"]) == about(each)


def test_moments_so_far_out_that_postgres_cannot_tell_them_are_left_out(engines: Mapping[str, Loader]) -> None:
    far = counted(engines["postgres"], Table((("n", "double"),), ((1.7e308,), (1.7e308,))))[0].columns[0].range
    assert far == Range(1.7e308, 1.7e308)


# Patterns

_ATOMS = [
    *"abBkK09.-]{}/# é🤦", *([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"^", r"$", r"\A", r"\z", r"\x{e9}", r"\n", r"\.", r"\x41", r"\101", r"\Qa.b\E", r"[a-c]", r"[^a]", r"[^\d]", r"[\w-]", r"[]a]", r"[^]a]", r"[a-]"]),
    "[[:alpha:]]", "[[:^digit:]]", "[^[:space:]]", r"[\x00-\x20]", "(?i:aB)", "(?i:[a-k])", r"(?i:\W)", "(?i)s", "(?s:.)",
    "(?m:^a$)", "^.*$", "(?m:$)", "(?P<n>a)", "(a|)", "()", "{,2}",
]  # fmt: skip
_TIMES = ["", "", "", "*", "+", "?", "{2}", "{1,}", "{2,3}", "{300}", "*?", "+?"]
_PARTS = st.builds("".join, st.tuples(st.sampled_from(["", "", "|"]), st.sampled_from(_ATOMS), st.sampled_from(_TIMES)))
_DRAWN = st.builds(
    lambda parts, flag, group: f"{flag}({''.join(parts)}){group}",
    st.lists(_PARTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "(?i)", "(?m)"]),
    st.sampled_from(_TIMES),
)
_HAY = st.lists(
    st.text(st.sampled_from("abBAkK09 \n\té🤦\u212a\u017fsS_-.^$]{\r\x0b/#\x01"), max_size=6), min_size=5, max_size=40
)


@settings(LIMIT, max_examples=200)
@given(_DRAWN, _HAY)
def test_patterns(engines: Mapping[str, Loader], form: str, texts: list[str]) -> None:
    """A pattern finds in PostgreSQL what RE2 finds, and no more; or it is refused by name."""
    try:
        duckdb.sql(f"SELECT regexp_matches('', {literal(form)})")
    except duckdb.Error:
        return
    table = Table(((NAMES[0], "text"),), tuple((text,) for text in texts))
    session, relation = engines["postgres"](table)
    if session.refusal(relation, f"regexp_matches({NAMES[0]}, {literal(form)})") is not None:
        return
    asked = f"CASE WHEN regexp_matches({NAMES[0]}, {literal(form)}) THEN {NAMES[0]} END"
    found = {}
    for name, loader in engines.items():
        session, relation = loader(table)
        found[name] = sorted(session.fetch(f"SELECT {asked}, count(*) FROM {relation.sql} GROUP BY {asked}"), key=repr)
    assert found == dict.fromkeys(engines, found["duckdb"])


@pytest.mark.parametrize("name", sorted(formats.PATTERNS))
def test_the_patterns_of_formats(engines: Mapping[str, Loader], name: str) -> None:
    texts = [
        "",
        "a@b.c",
        "a@b.c\n",
        "::1",
        "1.2.3.4",
        "01.2.3.4",
        "http://[::1]:80/a?b#c",
        "YQ==",
        "a.b-c",
        "é",
        "1:2::",
        "x:y z",
        "123e4567-E89b-12d3-a456-426614174000",
    ]
    table = Table(((NAMES[0], "text"),), tuple((text,) for text in texts))
    measure = Broken((rules.IsUnmatched(NAMES[0], formats.PATTERNS[name]),))
    found = {each: judged(loader, table, measure) for each, loader in engines.items()}
    assert found == dict.fromkeys(engines, found["duckdb"])
    assert 0 < found["duckdb"][0][1] < len(texts)


def test_a_pattern_that_the_server_cannot_run_is_refused_and_the_run_goes_on(engines: Mapping[str, Loader]) -> None:
    session, relation = engines["postgres"](Table(((NAMES[0], "text"),), (("a",),)))
    for _ in range(2):
        refused = session.refusal(relation, f"regexp_matches({NAMES[0]}, '(9?0*\\b9?){{300}}')")
        assert refused is not None
        assert "regular expression is too complex" in refused
    assert session.fetch(f"SELECT count(*) FROM {relation.sql}") == [(1,)]


@pytest.mark.parametrize(
    ("form", "what"),
    [
        (r"\pL", r"the Unicode class \\pL"),
        (r"a\B", r"\\B"),
        ("(?i)é", "letters of either case beyond ASCII"),
        (r"\C", r"the escape \\C"),
    ],
)
def test_a_pattern_without_an_equal_is_refused_by_name(engines: Mapping[str, Loader], form: str, what: str) -> None:
    session, relation = engines["postgres"](Table(((NAMES[0], "text"),), ()))
    rule = Rule("t.pattern", Where(object="t"), Broken((rules.IsUnmatched(NAMES[0], form),)))
    (check,) = checks.prepare([rule], relation, session=session).decided.values()
    assert check.status is Status.ERROR
    assert re.search(f"the engine postgres cannot run the pattern, which has {what}", check.message)


# Spark: a job takes a second whatever it counts, so a table has a column of every kind and a job answers hundreds of
# rules. What is drawn is the same in each run.

ONCE = settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HELD = sorted(KINDS.keys() - {"uuid"})
"""Spark has no type for a UUID in Parquet."""


@pytest.fixture(scope="module")
def loader(spark_session: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Loader:
    return on_spark(spark_session, tmp_path_factory.mktemp("tables"))


@st.composite
def wide_and_tests(draw: st.DrawFn) -> tuple[Table, list[rules.Test]]:
    table = draw(wide(HELD))
    return table, [draw(a_test(name, kind)) for name, kind in table.columns for _ in range(12)]


@ONCE
@given(wide_and_tests())
def test_rules_on_rows_of_spark(loader: Loader, drawn: tuple[Table, list[rules.Test]]) -> None:
    table, wanted = drawn
    kinds = dict(table.columns)
    counts = [sum(broken(test, value, kinds[test.column]) for value in table.values(test.column)) for test in wanted]
    found = judged(loader, table, *(Broken((test,)) for test in wanted))
    for test, here, there in zip(wanted, found, expected(table, counts), strict=True):
        assert here == there, test


@ONCE
@given(wide(HELD, 60))
def test_keys_of_spark(loader: Loader, table: Table) -> None:
    names = [name for name, _ in table.columns]
    keys = [*((name,) for name in names), *zip(names[::2], names[1::2], strict=False)]
    measures = [Repeated(each, key=index % 2 == 0) for index, each in enumerate(keys)]
    assert judged(loader, table, *measures) == expected(table, (surplus(each, table) for each in measures))


@ONCE
@given(wide(HELD, 40), wide(HELD, 50))
def test_profiles_of_spark(loader: Loader, before: Table, after: Table) -> None:
    """The same edges, counts and categories as DuckDB's, of the data and in the bins of a reference."""
    reference, _ = counted(on_duckdb(), before)
    one, counts = counted(on_duckdb(), after, reference)
    other, recounts = counted(loader, after, reference)
    assert recounts == counts
    for mine, theirs in zip(one.columns, other.columns, strict=True):
        assert (theirs.type, theirs.nulls, theirs.kind, theirs.special) == (
            mine.type,
            mine.nulls,
            mine.kind,
            mine.special,
        )
        assert (theirs.categories, theirs.bins) == (mine.categories, mine.bins)
        assert about(theirs.range) == about(mine.range)
        if mine.distinct is not None:
            assert theirs.distinct == pytest.approx(mine.distinct, abs=1)  # one sketch takes -0 for another value


@ONCE
@given(wide(HELD, 60))
def test_blocks_of_spark(loader: Loader, table: Table) -> None:
    for time in (name for name, kind in table.columns if kind in {"date", "timestamp", "zoned"}):
        assert in_blocks(loader, table, time) == in_blocks(on_duckdb(), table, time), time


@ONCE
@given(wide(HELD, 60))
def test_correlations_of_spark(loader: Loader, table: Table) -> None:
    made, columns, one = correlated(on_duckdb(), table)
    assert len(columns) > 3
    assert correlated(loader, table, made) == (made, columns, one)


def some_are_drawn(loader: Loader) -> None:
    table = Table((("Place", "integer"),), tuple((number,) for number in range(1000)))
    session, relation = loader(table)
    one, other = (session.drawn(relation, ['"Place"'], 0.5) for _ in range(2))
    assert one == other
    assert 400 < len(one) < 600  # six standard deviations
    assert set(one) < {(number,) for number in range(1000)}


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_of_many_rows_some_are_drawn_and_the_same_again(engines: Mapping[str, Loader], engine: str) -> None:
    some_are_drawn(engines[engine])


def test_of_many_rows_some_are_drawn_by_spark_and_the_same_again(loader: Loader) -> None:
    some_are_drawn(loader)


def test_no_rows_of_spark(loader: Loader) -> None:
    table = Table(tuple((f"c{index}", kind) for index, kind in enumerate(HELD)), ())
    assert judged(loader, table, Repeated(("c0",)), Broken((rules.IsNull("c0"),))) == expected(table, [0, 0])
    (mine, _), (theirs, _) = counted(on_duckdb(), table), counted(loader, table)
    assert theirs.columns == mine.columns


_SOME = ["", "a", "aB", "Ba ", "k\n", "\u212a", "\u017f", "é", "🤦", "a.b", "09", "]-", "{2}", "\t", "$^", "_a\r"]


@ONCE
@given(st.lists(_DRAWN, min_size=80, max_size=80, unique=True))
def test_patterns_of_spark(loader: Loader, drawn: list[str]) -> None:
    """Java's patterns would differ, and could be made to backtrack: these are RE2's, on one text and in a list."""
    table = Table((("text", "text"), ("texts", "texts")), tuple((text, [text, None, "b"]) for text in _SOME))
    kept = [form for form in drawn if not refused(form)][:40]
    assert len(kept) == 40
    session, relation = loader(table)
    plain, local = on_duckdb()(table)
    inside = 'coalesce(len(list_filter({0}, lambda "x": regexp_matches("x", {1}))) > 0, FALSE)'
    asked = [
        f"count_if({condition})"
        for form in kept
        for condition in (
            f"regexp_matches({quote('text')}, {literal(form)})",
            inside.format(quote("texts"), literal(form)),
        )
    ]
    ((*theirs,),) = session.fetch(f"SELECT {', '.join(asked)} FROM {relation.sql}")
    ((*mine,),) = plain.fetch(f"SELECT {', '.join(asked)} FROM {local.sql}")
    assert theirs == mine


def refused(form: str) -> bool:
    try:
        duckdb.sql(f"SELECT regexp_matches('', {literal(form)})")
    except duckdb.Error:
        return True
    return False


# Numbers


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_products_and_running_sums_have_the_value_of_duckdb(
    engines: Mapping[str, Loader], loader: Loader, engine: str
) -> None:
    """A product that leaves the range of DOUBLE is an error of PostgreSQL's own."""
    edges = [0.0, -0.0, 5e-324, 1e-160, 0.5, -3.0, 1e160, -1.7e308, math.inf, -math.inf, math.nan, None]
    table = Table((("a", "double"), ("b", "double")), tuple(itertools.product(edges, edges)))
    query_ = "SELECT a, b, a * b, sum(1) OVER (PARTITION BY b ORDER BY a) FROM {} WHERE a IS NOT NULL"
    found = {}
    for name, load in {"duckdb": engines["duckdb"], engine: {**engines, "spark": loader}[engine]}.items():
        session, relation = load(table)
        rows = session.fetch(query_.format(relation.only(["a", "b"])))
        found[name] = sorted(
            (repr(a), repr(b), repr(product and product + 0.0), int(rows)) for a, b, product, rows in rows
        )
    assert found[engine] == found["duckdb"]
