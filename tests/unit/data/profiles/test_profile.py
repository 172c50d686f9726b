"""A profile read back equals the one written, and one that cannot be right is refused with the reason."""

from __future__ import annotations

import hashlib
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions import schema
from mlops_actions.data.profiles import profile
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.data.profiles.profile import Bins, Categories, ColumnProfile, Kind, Profile, Range, Special

names = st.text(st.characters(codec="utf-8"), max_size=20)
counts = st.integers(0, 10**12)
finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def columns(draw, rows: int, name: str) -> ColumnProfile:
    """A column whose counts add up to ``rows``."""
    parts = sorted(draw(st.lists(st.integers(0, rows), min_size=3, max_size=3)))
    nulls, values = parts[0], rows - parts[0]
    match draw(st.sampled_from(["number", "category", "time", "other"])):
        case "number":
            nan = draw(st.integers(0, values))
            edges = tuple(sorted(set(draw(st.lists(finite, max_size=4)))))
            inner = [0] * (len(edges) + 1)
            inner[draw(st.integers(0, len(edges)))] = values - nan
            return ColumnProfile(
                name,
                "DOUBLE",
                Kind.NUMBER,
                nulls,
                distinct=draw(counts),
                range=Range(draw(finite), draw(finite), draw(st.none() | finite), draw(st.none() | st.floats(0, 1e9))),
                special=Special(nan=nan),
                bins=Bins(edges, tuple(inner)),
            )
        case "category":
            first = draw(st.integers(0, values))
            stored = (("one", first), ("other", values - first))
            private = draw(st.booleans())
            return ColumnProfile(
                name, "VARCHAR", Kind.CATEGORY, nulls, 2, private, categories=Categories(stored, private)
            )
        case "time":
            return ColumnProfile(name, "DATE", Kind.TIME, nulls, 3, range=Range("2013-01-01", "2013-12-31"))
        case _:
            return ColumnProfile(name, "BLOB", Kind.OTHER, nulls)


@st.composite
def profiles(draw) -> Profile:
    rows = draw(counts)
    found = draw(st.lists(names, max_size=5, unique=True))
    return Profile(draw(names), rows, tuple(draw(columns(rows, name)) for name in found))


@settings(max_examples=50, deadline=None)
@given(profiles())
def test_a_profile_read_back_equals_the_one_written_and_fits_the_published_schema(one):
    text = profile.dumps(one)
    assert profile.from_json(json.loads(text)) == one
    jsonschema.validate(json.loads(text), schema.shipped("profile-v1"))


NUMBER = {"name": "x", "type": "DOUBLE", "kind": "number", "nulls": 1, "bins": {"edges": [], "counts": [2]}}
TEXT = {"name": "k", "type": "VARCHAR", "kind": "category", "nulls": 1}
TWO = {"digested": False, "values": [["a", 2]]}
GOOD = {"schema": profile.SCHEMA, "object": "t", "rows": 3, "columns": [NUMBER]}


def with_column(**changes: object) -> dict[str, object]:
    column = NUMBER | changes
    return GOOD | {"columns": [{key: value for key, value in column.items() if value is not None}]}


def in_blocks(column: dict[str, object] | None = None, **time: object) -> dict[str, object]:
    """Two days of two rows and one, and a column of two values in them."""
    blocks = {"nulls": [0, 1], "counts": [[2], [0]]}
    known = {"column": "t", "unit": "day", "starts": ["2024-02-28", "2024-02-29"], "rows": [2, 1]}
    return GOOD | {"time": known | time, "columns": [NUMBER | {"blocks": blocks | (column or {})}]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "version known here"),
        (GOOD | {"schema": "https://mlops-actions.github.io/schemas/profile-v0.schema.json"}, "profile-v0"),
        ({"schema": profile.SCHEMA}, "'object'"),
        (GOOD | {"rows": -1}, "not a count"),
        (GOOD | {"rows": True}, "not a count"),
        (GOOD | {"columns": [NUMBER, NUMBER]}, "twice"),
        (GOOD | {"columns": 3}, "not a profile"),
        (with_column(kind="imaginary"), "imaginary"),
        (with_column(nulls=4), "more nulls than rows"),
        (with_column(name=5), "5 is not text"),
        (with_column(name=None), "no 'name'"),
        (with_column(bins={"edges": [1, 1], "counts": [0, 2, 0]}), "ascending"),
        (with_column(bins={"edges": [1], "counts": [2]}), "one count more"),
        (with_column(bins={"edges": [1], "counts": [1, 2]}), "bins of column 'x' do not hold 2"),
        (with_column(bins={"edges": [float("nan")], "counts": [1, 1]}), "finite"),
        (with_column(categories={"digested": False, "values": [["a", 3]]}), "categories of column 'x'"),
        (with_column(range={"minimum": 3}), "minimum"),
        # numbers that would be reckoned with, by whoever can give a profile a digest that fits
        (GOOD | {"rows": 2**63}, "9223372036854775808 is not a count"),
        (GOOD | {"object": 5}, "5 is not text"),
        (with_column(range={"mean": "5"}), "'5' is not a finite number.*column 'x'"),
        (with_column(range={"mean": {}}), "not a finite number"),
        (with_column(range={"min": "<b>"}), "'<b>' is not a finite number"),
        (with_column(range={"sd": -0.1}), "-0.1 is no standard deviation"),
        (with_column(kind="time", bins=None, range={"min": 5}), "5 is not text"),
        (with_column(kind="time", bins=None, special={"infinity": 3}), "more NaN and infinities than values"),
        (
            with_column(distinct={"count": 1, "exact": False, "sketch": {"hash": "h", "registers": "?"}}),
            "registers.*'x'",
        ),
        (with_column(categories={"digested": False, "values": [["a", 1, 1]]}), "not a profile: too many values"),
        (with_column(bins={"edges": list(range(10_001)), "counts": [2, *[0] * 10_001]}), "10,002 parts, 10,000 are"),
        # a kind whose counts are not there would be compared by its nulls alone
        (with_column(bins=None), "column 'x' is of the kind number, and not counted as such"),
        (with_column(categories=TWO), "of the kind number"),
        (with_column(kind="other"), "of the kind other"),
        (GOOD | {"columns": [TEXT]}, "column 'k' is of the kind category"),
        (GOOD | {"columns": [TEXT | {"kind": "text", "categories": TWO}]}, "of the kind text"),
        (GOOD | {"columns": [TEXT | {"kind": "boolean", "categories": TWO}]}, "of the kind boolean"),
        # blocks that no calendar has, or no row
        (in_blocks(starts=["2024-02-28", "2024-02-30"]), "no day begins at '2024-02-30'"),
        (in_blocks(starts=["2023-02-28", "2023-02-29"]), "no day begins at '2023-02-29'"),
        (in_blocks(starts=["2024-02-28", "2024-02-29 00:00:00"]), "no day begins at"),
        (in_blocks(starts=["2024-02-28", "2024-02-29 13:00:00"]), "no day begins at"),
        (in_blocks(starts=["2024-02-28", "<script>"]), "no day begins at '<script>'"),
        (in_blocks(starts=["2024-02-28", "\u0662\u0660\u0662\u0664-02-29"]), "no day begins at"),
        (in_blocks(unit="month"), "no month begins at '2024-02-28'"),
        (in_blocks(unit="week"), "no week begins at '2024-02-28'"),
        (in_blocks(unit="hour", starts=["2024-02-28", "2024-02-28 24:00:00"]), "no hour begins at"),
        (in_blocks(unit="eon"), "'eon' is not one of hour, day"),
        (in_blocks(starts=["2024-02-29", "2024-02-28"]), "not in order"),
        (in_blocks(starts=["2024-02-29", "2024-02-29"]), "not in order, each once"),
        (in_blocks(starts=[None, "2024-02-29"]), "not in order"),
        (in_blocks(starts=["2024-02-28", 5]), "5 is not text"),
        (in_blocks(rows=[3, 0]), "a block of time has no rows"),
        (in_blocks(rows=[2]), "2 counts are needed, and there are 1"),
        (in_blocks(rows=[1, 2]), "the counts of column 'x' in its blocks"),
        (
            in_blocks({"counts": []}, rows=[2, 1])
            | {
                "rows": 3,
                "columns": [NUMBER | {"nulls": 3, "bins": {"edges": [], "counts": [0]}, "blocks": {"nulls": [3, 0]}}],
            },
            "what is missing of column 'x'",
        ),
        (in_blocks({"mean": ["a", None]}), "'a' is not a finite number"),
        (in_blocks({"sd": 5}), "5 is not a list"),
        (in_blocks({"counts": [[2.0], [0]]}), "2.0 is not a count"),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_reason(data, reason):
    profile.from_json(GOOD)
    profile.from_json(in_blocks())
    profile.from_json(GOOD | {"columns": [TEXT | {"categories": TWO}]})
    with pytest.raises(ValueError, match=reason):
        profile.from_json(data)


@settings(max_examples=30, deadline=None)
@given(profiles())
def test_a_profile_may_be_laid_out_anew_and_says_so_if_it_says_something_else(one):
    data = json.loads(profile.dumps(one))
    assert data["digest"] == profile.to_json(one)["digest"] == profile.digest_of(data)
    turned = dict(reversed(json.loads(json.dumps(data, indent=3, sort_keys=True)).items()))
    assert profile.from_json(turned) == one
    with pytest.raises(ValueError, match="changed after it was written: its `digest` does not fit"):
        profile.from_json(data | {"object": data["object"] + "s"})
    del data["digest"]
    assert profile.from_json(data) == one


def test_the_digest_is_that_of_text_anyone_can_write():
    text = '{"columns":[],"object":"ü","rows":3,"schema":"s","x":[1,0.5,null]}'
    data = {"rows": 3.0, "object": "ü", "schema": "s", "columns": [], "digest": "?", "x": [1.0, 0.5, None]}
    assert profile.digest_of(data) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "is not a profile"),
        ("3", "is not a profile"),
        ('"profile"', "is not a profile"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"rows": NaN}', "holds NaN"),
        ('{\n"rows"', "is not JSON: .*delimiter"),
        ("\ud8ff", "is not UTF-8"),
    ],
)
def test_a_file_of_something_else_is_no_profile(tmp_path, text, reason):
    path = tmp_path / "profile.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(Misfit, match=reason) as refused:
        profile.read(path)
    assert refused.value.line == (2 if "JSON" in reason else None)


def test_a_digest_depends_on_the_column_and_shows_no_value():
    assert profile.digest("a", "secret") != profile.digest("b", "secret")
    assert "secret" not in profile.digest("a", "secret") and len(profile.digest("a", "secret")) == 16
