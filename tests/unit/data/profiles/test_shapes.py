"""Shapes of texts against plain Python, in every engine; what a profile keeps of them, and what it adds up."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import postgres_server
import pytest
from drawn_tables import Loader, Table, on_duckdb, on_postgres, on_spark
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.profiles import blockscan, profile, profiling, shapes, shaping
from mlops_actions.data.profiles.profile import Kind, Profile
from mlops_actions.data.profiles.shapes import Shapes
from mlops_actions.data.sources.relation import Column, Relation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ENGINE = duckdb.connect()
SESSION = DuckSession(ENGINE)


def plain(text: str) -> str:
    """The shape of a text, by its definition."""

    def sign(each: str) -> str:
        for kind, of in (("A", "[A-Z]"), ("a", "[a-z]"), ("9", "[0-9]"), (" ", "[ \t\n\v\f\r]"), (each, "[!-~]")):
            if re.fullmatch(of, each):
                return kind
        return "¤"

    signs = "".join(map(sign, text[:64]))
    return re.sub(r"(.)\1+", r"\1", signs) + ("…" if len(text) > 64 else "")


def described(*values: str | None, private: bool = False, times: list[str] | None = None) -> Profile:
    """The profile of a column ``x`` with shapes, written and read again."""
    days = times or ["2024-01-01"] * len(values)
    ENGINE.execute(
        "CREATE OR REPLACE TABLE t AS SELECT unnest($1::VARCHAR[]) AS x, unnest($2::DATE[]) AS d", [list(values), days]
    )
    relation = Relation("t", "t", (Column("x", "VARCHAR", private), Column("d", "DATE")), ())
    timing = blockscan.timing(relation, "d") if times else None
    _, made = blockscan.scan(SESSION, profiling.plan(SESSION, relation), time=timing)
    made = shaping.added(SESSION, relation, made, timing)
    assert profile.from_json(json.loads(profile.dumps(made))) == made
    return made


def counted(made: Profile) -> Shapes:
    found = made.columns[0].shapes
    assert found is not None
    return found


ODD = [
    "",
    " ",
    " \t\n\r\v\f ",
    "AB-1234",
    "ab1234",
    "René",
    "Rene\u0301",
    "Ünï",
    "👩‍👩‍👧",
    "🤦" * 70,
    "שלום 12",
    "\u202eabc",
    "١٢٣",  # digits, and none of ASCII
    "a\u00a0b\u2003c",  # white space, and none of ASCII
    "\x01\x1f\x7f\x85",
    "'; DROP TABLE t; --",
    '<b onclick="x">&amp;</b>',
    "a\\b\\\\c$1 [^-~] ¤ …",
    "x" * 64,
    "x" * 65,
    "ab" * 40,
    "Kſ\u212a",  # whose case is that of ASCII letters
    "é9" * 5_000_000,
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=70) | st.sampled_from(ODD[:-1]) | st.none(), min_size=1, max_size=30))
def test_shapes_are_those_of_plain_python(values: list[str | None]) -> None:
    found = counted(described(*values, *map(str, range(300))))  # so that it has too many values for categories
    wanted = Counter(plain(each) for each in values if each is not None) + Counter({"9": 300})
    assert found.rows == wanted.total()
    assert all(wanted[shape] == count for shape, count in found.values)
    assert [count for _, count in found.values] == [count for _, count in wanted.most_common(20)]
    assert found.most_other == ([*(count for _, count in wanted.most_common(21)), *[0] * 21][20])


@pytest.fixture(scope="module")
def engines(
    postgres_port: int, spark_session: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Loader]]:
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        database = stack.enter_context(postgres_server.database(postgres_port, "shapes"))
        patch.setenv("PGPASSWORD", database.password)
        postgres = stack.enter_context(on_postgres(database.url))
        yield {
            "duckdb": on_duckdb(),
            "postgres": postgres,
            "spark": on_spark(spark_session, tmp_path_factory.mktemp("shapes")),
        }


@pytest.mark.parametrize("engine", ["duckdb", "postgres", "spark"])
def test_every_engine_counts_the_same(engines: Mapping[str, Loader], engine: str) -> None:
    texts = [*ODD, None, *map(str, range(300))]
    table = Table((("x", "text"),), tuple((each,) for each in texts))
    made = profiling.profile(*engines["duckdb"](table))
    session, relation = engines[engine](table)
    found = counted(shaping.added(session, relation, made))
    assert found == shapes.listed(Counter(plain(each) for each in texts if each is not None))


def test_a_text_with_a_sign_of_code_0(tmp_path: Path) -> None:
    """Neither PostgreSQL nor a literal of DuckDB's has one; a file may."""
    assert counted(described("a\0b", *map(str, range(300)))).values == (("9", 300), ("a¤a", 1))


def test_categories_and_private_columns_have_none() -> None:
    few, many = ["a-1", "b-2"] * 200, [f"a-{number}" for number in range(400)]
    assert described(*few).columns[0].kind is Kind.CATEGORY
    assert described(*few).columns[0].shapes is None
    assert described(*many).columns[0].shapes == Shapes(400, (("a-9", 400),))
    assert described(*many, private=True).columns[0].shapes is None
    assert '"shapes"' not in profile.dumps(described(*many, private=True))


def test_a_profile_says_nothing_but_punctuation() -> None:
    made = described(*(f"Quux-{number} hörte <auf>" for number in range(400)))
    assert counted(made).values == (("Aa-9 a¤a <a>", 400),)


def test_blocks_add_up_to_the_whole() -> None:
    values = [f"a-{number}" for number in range(300)] + [f"b{number}" for number in range(100)] + [None] * 10
    days = [f"2024-01-{1 + number % 9:02}" for number in range(len(values))]
    found = counted(described(*values, times=days))
    wanted = Counter((plain(value), day) for value, day in zip(values, days, strict=True) if value is not None)
    assert [found.blocks[day][0] for day in range(9)] == [wanted["a-9", f"2024-01-{1 + day:02}"] for day in range(9)]
    assert [sum(each) for each in zip(*found.blocks, strict=True)] == [300, 100, 0]


def test_of_many_rows_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaping, "DRAWN", 1000)
    monkeypatch.setattr(shaping, "FEWEST", 1000)
    values = [f"a-{number}" if number % 4 else f"a{number}" for number in range(8000)]
    found = counted(described(*values))
    assert 850 < found.rows < 1150
    assert found == counted(described(*values))
    assert 0.7 < dict(found.values)["a-9"] / found.rows < 0.8


# Lists of shapes


COUNTS = st.dictionaries(st.text(st.sampled_from("Aa9-"), max_size=4), st.integers(1, 50), max_size=40)


@given(st.lists(COUNTS, min_size=1, max_size=4), st.booleans())
def test_what_is_added_up_is_exact(parts: list[dict[str, int]], alike: bool) -> None:
    asked = [shape for shape, _ in shapes.listed(parts[0]).values] if alike else []
    found = shapes.added([shapes.listed(each, asked) for each in parts])
    whole = sum((Counter(each) for each in parts), Counter())
    assert found.rows == whole.total()
    assert all(whole[shape] == count for shape, count in found.values)
    listed = dict(found.values)
    assert listed.keys() >= set(asked)
    assert found.most_other >= max((count for shape, count in whole.items() if shape not in listed), default=0)
    assert (found.most_other > 0) == (found.others > 0)


def test_blocks_are_added_up_where_they_go() -> None:
    one = Shapes(10, (("a", 6), ("9", 4)), 0, ((6, 0, 0), (0, 4, 0)))
    other = Shapes(7, (("9", 5),), 2, ((1, 0), (4, 2)))
    found = shapes.added([one, other], [(0, 1), (1, 2)], 3)
    assert found == Shapes(17, (("9", 9),), 8, ((0, 6), (5, 0), (4, 2)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"texts": 401}, "does not add up"),
        ({"texts": 399}, "does not add up"),
        ({"texts": 400.0}, "counts"),
        ({"values": [["a", 300], ["a", 100]]}, "twice"),
        ({"values": [["a", -1]]}, "counts"),
        ({"values": [[1, 400]]}, "counts"),
        ({"values": [["a", 1]]}, "does not add up"),
        ({"values": [["a", 1]], "most other": 400}, "does not add up"),
        ({"blocks": [[400, 0]]}, "blocks of time"),
        ({"values": "?"}, "is not a profile"),
    ],
)
def test_what_does_not_add_up_is_refused(change: dict[str, Any], why: str) -> None:
    data: Any = profile.to_json(described(*(f"a{number}" for number in range(400))))
    del data["digest"]
    data["columns"][0]["shapes"] |= change
    with pytest.raises(ValueError, match=why):
        profile.from_json(data)
