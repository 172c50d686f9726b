"""Every engine gives a rule the meaning that plain Python gives it, and profiles count alike.

Tables and rules are drawn at random; each engine's check has the status and the number of the reference.
"""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any

import duckdb
import postgres_server
import pytest
from drawn_tables import KINDS, NAMES, Loader, Table, on_duckdb, on_postgres, tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_rules import broken, is_finite, surplus

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.engines.translation.patterns import Unread
from mlops_actions.data.engines.translation.postgres import pattern
from mlops_actions.data.profiles import profiling
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.rules import checks, rules
from mlops_actions.data.rules.rules import Broken, Repeated, Rule
from mlops_actions.data.types import formats
from mlops_actions.verdict import Status, Where

LIMIT = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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
def drawn_test(draw: st.DrawFn, kind: str) -> rules.Test:
    """A test that a column of this kind can hold."""
    name = NAMES[0]
    low, high = sorted(draw(st.tuples(st.integers(0, 3), st.integers(0, 3))))
    if kind in {"integers", "texts"}:
        inner = draw(drawn_test("integer" if kind == "integers" else "text"))
        count = rules.IsCountOutside(name, low, draw(st.sampled_from([high, None])))
        return draw(
            st.sampled_from([rules.IsNull(name), rules.HasRepeats(name), count, rules.Inside(name, (None,), inner)])
        )
    values = tuple(draw(st.lists(st.none() | constants(kind), max_size=3)))
    found: list[rules.Test] = [rules.IsNull(name), rules.IsOneOf(name, values), rules.IsNoneOf(name, values)]
    if kind not in {"text", "boolean", "uuid"}:
        ends = sorted(draw(st.tuples(constants(kind), constants(kind))))
        ends = draw(st.sampled_from([ends, (ends[0], None), (None, ends[1])]))
        found.append(rules.IsOutside(name, *ends, low_open=draw(st.booleans()), high_open=draw(st.booleans())))
    if kind == "text":
        found.append(rules.IsUnmatched(name, draw(st.sampled_from(PATTERNS))))
        found.append(rules.IsLengthOutside(name, low, draw(st.sampled_from([high, None]))))
    if kind in {"integer", "small", "double", "decimal"}:
        found.append(
            rules.IsNoMultiple(
                name, draw(st.sampled_from([1, 2, 3, 0.5, 0.1] if kind != "double" else [1, 2, 0.5, 0.1, 1e-5, 1e300]))
            )
        )
    if kind in {"timestamp", "zoned"}:
        found.append(rules.IsZoned(name, draw(st.booleans())))
    return draw(st.sampled_from(found))


@st.composite
def tables_and_tests(draw: st.DrawFn) -> tuple[Table, str, tuple[rules.Test, ...]]:
    kind = draw(st.sampled_from(sorted(KINDS)))
    others = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=1))
    amount = draw(st.integers(1, 2)) if kind not in {"integers", "texts"} else 1
    return draw(tables(kind, *others)), kind, tuple(draw(drawn_test(kind)) for _ in range(amount))


def judged(loader: Loader, table: Table, measure: rules.Measure) -> tuple[Status, Any, int | None]:
    session, relation = loader(table)
    rule = Rule("t.rule", Where(object="t"), measure, says="break it")
    plan = checks.prepare([rule], relation, session=session)
    values = checks.exact(session, plan, session.aggregate(relation, plan.aggregates))
    (check,) = checks.judge(plan, values, checks.find_evidence(session, plan, values))
    assert check.status is not Status.ERROR, check.message
    return check.status, check.measured, check.rows


@LIMIT
@given(tables_and_tests())
def test_rules_on_rows(engines: Mapping[str, Loader], drawn: tuple[Table, str, tuple[rules.Test, ...]]) -> None:
    table, kind, wanted = drawn
    truth = sum(any(broken(test, value, kind) for test in wanted) for value in table.values(NAMES[0]))
    expected = (Status.FAIL if truth else Status.PASS, truth, len(table.rows))
    assert {name: judged(loader, table, Broken(wanted)) for name, loader in engines.items()} == dict.fromkeys(
        engines, expected
    )


@LIMIT
@given(
    st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3).flatmap(lambda kinds: tables(*kinds)),
    st.booleans(),
)
def test_keys(engines: Mapping[str, Loader], table: Table, key: bool) -> None:
    measure = Repeated(tuple(name for name, _ in table.columns), key)
    truth = surplus(measure, table)
    expected = (Status.FAIL if truth else Status.PASS, truth, len(table.rows))
    assert {name: judged(loader, table, measure) for name, loader in engines.items()} == dict.fromkeys(
        engines, expected
    )


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


def about(of: Any) -> Any:
    """A range with as many digits as engines share: they add numbers up in different orders."""
    if of is None:
        return None
    return [pytest.approx(each, rel=1e-9, abs=1e-300) if isinstance(each, float) else each for each in astuple(of)]


# Patterns

_ATOMS = [
    *"abBkK09.-]{}/# é🤦", *([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"^", r"$", r"\A", r"\z", r"\x{e9}", r"\n", r"\.", r"\x41", r"\101", r"\Qa.b\E", r"[a-c]", r"[^a]", r"[^\d]", r"[\w-]", r"[]a]", r"[^]a]", r"[a-]"]),
    "[[:alpha:]]", "[[:^digit:]]", "[^[:space:]]", r"[\x00-\x20]", "(?i:aB)", "(?i:[a-k])", r"(?i:\W)", "(?i)s", "(?s:.)",
    "(?m:^a$)", "(?m:$)", "(?P<n>a)", "(a|)", "()", "{,2}",
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


@settings(LIMIT, max_examples=400)
@given(_DRAWN, _HAY)
def test_patterns(engines: Mapping[str, Loader], form: str, texts: list[str]) -> None:
    """A pattern finds in PostgreSQL what RE2 finds, and no more; or it is refused by name."""
    try:
        duckdb.sql(f"SELECT regexp_matches('', {literal(form)})")
        pattern(form)
    except (duckdb.Error, Unread):
        return
    table = Table(((NAMES[0], "text"),), tuple((text,) for text in texts))
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
    ]
    table = Table(((NAMES[0], "text"),), tuple((text,) for text in texts))
    found = {
        each: judged(loader, table, Broken((rules.IsUnmatched(NAMES[0], formats.PATTERNS[name]),)))
        for each, loader in engines.items()
    }
    assert found == dict.fromkeys(engines, found["duckdb"])
    assert 0 < (found["duckdb"][1] or 0) < len(texts)


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
