"""The check on real files: what drifted is said with its size, what did not is not, and nothing else is a pass."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from mlops_actions import schema, verdict
from mlops_actions.data import describe
from mlops_actions.data.profiles import profile
from mlops_actions.drift.effects import Effect
from mlops_actions.errors import CallError
from mlops_actions.github import publish_outcome
from mlops_actions.outcome import Table, Text
from mlops_actions.verdict import Status


def drifted(outcome) -> list[str]:
    assert outcome.outputs["drifted"] == ("true" if json.loads(outcome.outputs["drifted-columns"]) else "false")
    jsonschema.validate(verdict.to_json(outcome.verdict), schema.shipped("verdict-v1"))
    return json.loads(outcome.outputs["drifted-columns"])


def test_one_column_of_three_drifts_and_is_named_with_its_size(workspace, normal):
    cities = ["Oslo", "Bergen", "Bodø"]
    before = {"a": ("DOUBLE", normal(3000)), "b": ("DOUBLE", normal(3000)), "city": ("VARCHAR", cities * 1000)}
    now = {"a": ("DOUBLE", normal(3000)), "b": ("DOUBLE", normal(3000, 1.0)), "city": ("VARCHAR", cities * 1000)}
    outcome = workspace.compare(before, now)
    assert drifted(outcome) == ["b"]
    assert outcome.verdict.status is Status.FAIL
    checks = {each.where.column: each for each in outcome.verdict.checks if each.where.column}
    found = checks["b"]
    assert found.rule == "data.b.drift" and found.status is Status.FAIL and found.rows == 3000
    # Two normal distributions a deviation apart share all but 2 * Phi(1/2) - 1 of their mass.
    assert found.measured == pytest.approx(math.erf(0.5 / math.sqrt(2)), abs=0.03)
    assert found.threshold == {"mustBeLessThan": 0.05}
    assert "its mean went from" in found.message and "standard deviations" in found.message
    said = re.fullmatch(
        r"The current data differs from the reference in 1 of 3 columns, `b` \(its mean rose by \S+, from (\S+) to (\S+)\)",
        outcome.headline,
    )
    assert said and [float(each) for each in said.groups()] == pytest.approx([0, 1], abs=0.06)
    assert checks["a"].status is checks["city"].status is Status.PASS


def test_the_same_file_has_not_drifted(workspace, normal):
    name = workspace.parquet(
        {"a": ("DOUBLE", normal(500)), "t": ("VARCHAR", [f"id {i}" for i in range(500)])}, "x.parquet"
    )
    outcome = workspace.check(name, name)
    assert drifted(outcome) == [] and outcome.verdict.status is Status.WARN  # which is said, too
    assert outcome.headline == (
        "The current data against the reference: none of 2 columns drifted; rows of it are in the reference, too"
    )
    assert all(each.measured == 0 for each in outcome.verdict.checks if each.where.column)


def test_a_stored_profile_gives_the_verdict_of_the_data_it_was_made_of(workspace, normal):
    before = {"a": ("DOUBLE", normal(1000)), "k": ("VARCHAR", ["x", "y"] * 500)}
    now = {"a": ("DOUBLE", normal(1000, 0.4)), "k": ("VARCHAR", ["x", "z"] * 500)}
    from_data = workspace.compare(before, now)
    workspace.check("before.parquet", "before.parquet")  # leaves its profile
    (workspace.root / "stored").mkdir()
    (workspace.root / "out" / "profile.json").rename(workspace.root / "stored" / "profile.json")
    for reference in ("stored/profile.json", "stored"):
        outcome = workspace.check(reference, "now.parquet")
        assert outcome.verdict.checks == from_data.verdict.checks
        assert [each.name for each in outcome.verdict.materials] == ["stored/profile.json"]
    assert [each.name for each in from_data.verdict.materials] == ["before.parquet"]
    assert [each.name for each in from_data.verdict.subjects] == ["now.parquet"]
    assert workspace.profile.rows == 1000 and dict(workspace.profile.column("k").categories.values) == {
        "x": 500,
        "z": 500,
    }


def test_the_object_of_the_reference_is_in_the_rule(workspace, normal):
    workspace.check(workspace.parquet({"a": ("DOUBLE", normal(100))}, "a.parquet"), "a.parquet")
    flights = replace(workspace.profile, object="flights")
    (workspace.root / "profile.json").write_text(profile.dumps(flights))
    outcome = workspace.check("profile.json", "a.parquet")
    assert {each.rule for each in outcome.verdict.checks if each.where.column} == {"flights.a.drift"}
    assert all(each.where.object == "flights" for each in outcome.verdict.checks)


def test_csv_is_held_against_parquet_without_a_change_of_type(workspace):
    rows = [(index % 7, str(index % 3), index % 2 == 0) for index in range(300)]
    workspace.parquet(
        {
            "n": ("DOUBLE", [row[0] for row in rows]),
            "code": ("VARCHAR", [row[1] for row in rows]),
            "yes": ("BOOLEAN", [row[2] for row in rows]),
        },
        "before.parquet",
    )
    text = "n,code,yes\n" + "".join(f"{n},{code},{str(yes).lower()}\n" for n, code, yes in rows)
    (workspace.root / "now.csv").write_text(text)
    outcome = workspace.check("before.parquet", "now.csv")
    assert drifted(outcome) == [] and outcome.verdict.status is Status.PASS


# What is seen


def test_nulls_from_none_to_five_percent(workspace, normal):
    found = workspace.one("DOUBLE", normal(2000), [None] * 100 + normal(1900))
    assert found.status is Status.FAIL
    assert found.measured == pytest.approx(0.05) and found.threshold == {"mustBeLessThan": 0.02}
    assert "missing values rose by 5.0 %" in found.message


def test_what_moved_by_chance_is_not_said_in_place_of_new_nulls_or_of_a_new_value(workspace, normal):
    # Of few rows much mass moves by chance: more of it, by its threshold, than is missing or new.
    found = workspace.one("DOUBLE", normal(1100), [*normal(350), *[None] * 15])
    assert found.message.startswith("`x` drifted: missing values rose by 4.1 % of the rows (2 % matter)")
    assert (found.measured, found.threshold) == (pytest.approx(15 / 365, abs=1e-6), {"mustBeLessThan": 0.02})

    chance = random.Random(7)  # noqa: S311
    before, now = ([str(chance.randrange(60)) for _ in range(rows)] for rows in (2000, 1480))
    found = workspace.one("VARCHAR", before, [*now, *["new"] * 30])
    assert found.message.startswith(
        "`x` drifted: 2.0 % of the rows have values that the reference has not (1 % matter)"
    )

    both = workspace.one("DOUBLE", normal(1100), [*normal(350, mean=1), *[None] * 15])
    assert "of its mass moved" in both.message and "null" not in both.message


def test_nan_is_missing_and_is_no_null(workspace, normal):
    found = workspace.one("DOUBLE", normal(2000), [math.nan] * 100 + normal(1900))
    assert found.status is Status.FAIL and found.measured == pytest.approx(0.05)
    swapped = workspace.one("DOUBLE", [None] * 400 + normal(1600), [math.nan] * 400 + normal(1600))
    assert swapped.status is Status.FAIL and swapped.measured >= 0.2 and "NaN" in swapped.message


@pytest.mark.parametrize("kind", ["DOUBLE", "VARCHAR", "BOOLEAN", "DATE", "BLOB"])
def test_a_column_that_turned_entirely_null(workspace, kind):
    values = {
        "DOUBLE": [1.0, 2.0],
        "VARCHAR": ["a", "b"],
        "BOOLEAN": [True, False],
        "DATE": ["2013-01-01"] * 2,
        "BLOB": [b"1", b"2"],
    }
    found = workspace.one(kind, values[kind] * 100, [None] * 200)
    assert found.status is Status.FAIL and found.measured == 1.0
    back = workspace.one(kind, [None] * 200, values[kind] * 100)
    assert back.status is Status.FAIL and back.measured == 1.0


def test_a_new_category_with_two_percent_of_the_rows_is_named(workspace):
    old = [f"level {index}" for index in range(16)] * 125
    found = workspace.one("VARCHAR", old, ["::error::<b>new"] * 40 + old[40:])
    assert found.status is Status.FAIL
    assert found.measured == pytest.approx(0.02) and found.threshold == {"mustBeLessThan": 0.01}
    assert "'::error::<b>new' (40 rows)" in found.message


def test_a_category_that_vanished(workspace):
    found = workspace.one("VARCHAR", ["a", "b", "c", "d"] * 250, ["a", "b", "c"] * 300)
    assert found.status is Status.FAIL and found.measured == pytest.approx(0.25)
    assert "'d' went from 25.0 % to 0 %" in found.message


def test_numbers_beyond_all_that_the_reference_has(workspace):
    found = workspace.one("INTEGER", [5] * 1000, [5] * 970 + [7] * 30)
    assert found.status is Status.FAIL and found.measured == pytest.approx(0.03)
    assert "above 5 (30 rows)" in found.message
    assert workspace.one("INTEGER", [5] * 1000, [7] * 1000).measured == 1.0


def test_infinity(workspace, normal):
    found = workspace.one("DOUBLE", normal(1000), [math.inf] * 200 + normal(800))
    assert found.status is Status.FAIL and "+infinity" in found.message


def test_variance_alone(workspace, normal):
    assert workspace.one("DOUBLE", normal(4000), normal(4000, sd=1.5)).status is Status.FAIL


def test_text_of_other_lengths(workspace):
    chance = random.Random(1)  # noqa: S311
    ids = [f"{chance.getrandbits(64):016x}" for _ in range(2000)]
    assert workspace.one("VARCHAR", ids[:1000], ids[1000:]).status is Status.PASS
    found = workspace.one("VARCHAR", ids[:1000], [each[:8] for each in ids[1000:]])
    assert found.status is Status.FAIL and found.measured == 1.0
    assert "such as a length below 16 (1,000 rows)" in found.message


def test_a_column_of_another_type(workspace):
    outcome = workspace.compare({"x": ("BIGINT", [1, 2] * 50)}, {"x": ("VARCHAR", ["1", "2"] * 50)})
    assert drifted(outcome) == ["x"]
    (found,) = (each for each in outcome.verdict.checks if each.where.column)
    assert found.measured == 1.0 and "it was number (BIGINT), and is now text (VARCHAR)" in found.message
    wider = workspace.compare({"x": ("INTEGER", [1, 2] * 50)}, {"x": ("DOUBLE", [1, 2] * 50)})
    assert drifted(wider) == []


def test_numbers_that_one_word_made_text_are_named(workspace):
    ids = [str(number % 40) for number in range(1000)]
    columns = {
        "mass": ("VARCHAR", [*ids, *["NA"] * 50]),
        "id": ("VARCHAR", [*ids, *ids[:50]]),
        "word": ("VARCHAR", ["a", "b", "3"] * 350),
    }
    said = words(workspace.compare(columns, columns))
    assert "Compared as text, though nearly all of their values are numbers: `mass` (not 'NA')." in said


def test_the_ends_of_bins_are_digits(workspace, normal):
    values = [round(value, -1) for value in normal(1000, 5000, 900)]
    found = workspace.one("DOUBLE", values, [value + 2500 for value in values])
    assert "e+" not in found.message and re.search(r"a value above \d{4} ", found.message)


def test_values_where_the_reference_has_none(workspace):
    found = workspace.one("DOUBLE", [None] * 200, [float(each) for each in range(200)])
    assert found.status is Status.FAIL and "100 % of the rows have values that the reference has not" in found.message
    assert found.message.endswith("; any value went from 0 % to 100 % of the rows")


def test_a_column_of_nulls_is_of_any_type(workspace):
    appeared = workspace.one("INTEGER", [None] * 100, [None] * 100)
    assert appeared.status is Status.PASS
    outcome = workspace.compare({"x": ("INTEGER", [None] * 100)}, {"x": ("VARCHAR", ["a", "b"] * 50)})
    assert drifted(outcome) == ["x"] and "it is missing 100 points less often" in outcome.headline
    outcome = workspace.compare({"x": ("VARCHAR", ["a", "b"] * 50)}, {"x": ("INTEGER", [None] * 100)})
    assert drifted(outcome) == ["x"] and "it is now missing in every row" in outcome.headline


def test_columns_that_are_gone_and_columns_that_are_new(workspace):
    same = ("INTEGER", [1, 2] * 50)
    outcome = workspace.compare({"a": same, "gone": same}, {"a": same, "added": same})
    assert drifted(outcome) == ["gone"]
    checks = {each.where.column: each for each in outcome.verdict.checks if each.where.column}
    assert checks["gone"].status is Status.FAIL and checks["gone"].measured == 1.0
    assert checks["added"].status is Status.WARN and checks["added"].measured is None
    assert outcome.headline == "The current data differs from the reference in 1 of 2 columns, `gone` (it is gone)"


# What is not drift


def test_significant_but_tiny_is_a_pass_that_says_so(workspace):
    found = workspace.one("BOOLEAN", [True] * 50_000 + [False] * 50_000, [True] * 52_000 + [False] * 48_000)
    assert found.status is Status.PASS and found.measured == pytest.approx(0.02)
    assert "too small to matter" in found.message


def test_large_but_by_chance_is_a_pass(workspace, normal):
    found = workspace.one("DOUBLE", normal(60), normal(60))
    assert found.status is Status.PASS and found.measured > 0.05 and "may be chance" in found.message


def test_the_threshold_is_the_users(workspace, normal):
    before, now = normal(3000), normal(3000, 0.5)
    assert workspace.one("DOUBLE", before, now, threshold=0.1).status is Status.FAIL
    found = workspace.one("DOUBLE", before, now, threshold=0.3)
    assert found.status is Status.PASS and found.threshold == {"mustBeLessThan": 0.3}


def test_rare_values_that_come_and_go_are_no_new_categories(workspace):
    chance = random.Random(3)  # noqa: S311
    weights = [1 / rank for rank in range(1, 200)]
    draws = [f"value {each}" for each in chance.choices(range(199), weights, k=4000)]
    found = workspace.one("VARCHAR", draws[:2000], draws[2000:])
    assert set(draws[2000:]) - set(draws[:2000]), "there are new values"
    assert found.status is Status.PASS


def test_time_moves_on_and_its_nulls_are_compared(workspace):
    before, now = [f"2013-01-{day:02}" for day in range(1, 31)] * 10, [f"2013-09-{day:02}" for day in range(1, 31)] * 10
    found = workspace.one("DATE", before, now)
    assert found.status is Status.PASS and "in what is compared, its nulls" in found.message
    assert workspace.one("DATE", before, [None] * 60 + now[60:]).status is Status.FAIL


def test_ignored_columns_are_not_compared_and_it_is_said(workspace, normal):
    before = {"a": ("DOUBLE", normal(100)), "b": ("DOUBLE", normal(100))}
    now = {"a": ("DOUBLE", normal(100, 9)), "b": before["b"]}
    outcome = workspace.compare(before, now, ignore=("a",))
    assert drifted(outcome) == [] and outcome.verdict.status is Status.PASS
    (found,) = (each for each in outcome.verdict.checks if each.where.column == "a")
    assert found.status is Status.NOT_CHECKED
    with pytest.raises(CallError, match=r"`B`.*Did you mean `b`"):
        workspace.check("before.parquet", "now.parquet", ignore=("B",))


# What cannot be judged


def test_where_no_column_is_compared_nothing_is_said_to_be_free_of_drift(workspace, normal):
    before = {"a": ("DOUBLE", normal(100)), "b": ("DOUBLE", normal(100))}
    now = {"a": ("DOUBLE", normal(100, 9)), "b": ("DOUBLE", normal(100)), "c": ("DOUBLE", normal(100))}
    outcome = workspace.compare(before, now, ignore=("a", "b"))
    assert outcome.verdict.status is Status.WARN and drifted(outcome) == []
    (found,) = (each for each in outcome.verdict.checks if each.rule == "data.columns")
    assert found.status is Status.NOT_CHECKED and "`drift.ignore`" in found.message
    assert outcome.headline == "The current data against the reference: no column is compared"
    judged = workspace.compare(before, now, ignore=("a",)).verdict.checks
    assert "data.columns" not in [each.rule for each in judged]


def test_no_rows_now_is_a_failure(workspace):
    outcome = workspace.compare({"x": ("INTEGER", [1, 2])}, {"x": ("INTEGER", [])})
    assert outcome.verdict.status is Status.FAIL and drifted(outcome) == []
    assert outcome.headline == "The current data has no rows"
    assert [each.measured for each in outcome.verdict.checks if each.rule == "data.rows"] == [0]


def test_no_rows_before_is_no_reference(workspace):
    outcome = workspace.compare({"x": ("INTEGER", [])}, {"x": ("INTEGER", [1, 2])})
    assert outcome.verdict.status is Status.FAIL
    assert [each.status for each in outcome.verdict.checks] == [Status.ERROR]


@pytest.mark.parametrize(("kind", "before", "odd"), [("VARCHAR", ["a", "b"], "z"), ("DOUBLE", [1.0, 2.0], 99.0)])
def test_a_value_never_seen_in_a_row_or_two_is_left_open(workspace, kind, before, odd):
    for rows in ([odd], [odd, odd, *before * 49]):
        found = workspace.one(kind, before * 50_000, rows)
        assert found.status is Status.NOT_CHECKED, found.message
        assert found.message.endswith("; fewer than 5 such rows are too few to tell")
    assert "(1 row)" in workspace.one(kind, before * 50_000, [odd]).message
    assert workspace.one(kind, before * 50_000, [odd] * 5).status is Status.FAIL


def test_one_row_is_too_few_to_pass(workspace):
    outcome = workspace.compare({"x": ("INTEGER", [1, 2, 3] * 100)}, {"x": ("INTEGER", [2])})
    (found,) = (each for each in outcome.verdict.checks if each.where.column)
    assert found.status is Status.NOT_CHECKED and "1 row is too few" in found.message
    assert outcome.verdict.status is Status.WARN and "Too few rows" in outcome.headline


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "version known here"),
        ('{"schema": "https://mlops-actions.github.io/schemas/profile-v0.schema.json"}', "profile-v0"),
        ("[", "not JSON"),
        ("\xff", "not UTF-8"),
        ("", "not JSON"),
    ],
)
def test_a_reference_that_is_no_profile_is_a_finding(workspace, text, reason):
    (workspace.root / "profile.json").write_bytes(text.encode("latin-1"))
    outcome = workspace.check("profile.json", workspace.parquet({"x": ("INTEGER", [1])}, "x.parquet"))
    (found,) = outcome.verdict.checks
    assert found.status is Status.ERROR and reason in found.message and found.where.file == "profile.json"
    assert outcome.verdict.status is Status.FAIL and drifted(outcome) == []


def test_a_profile_edited_by_hand_does_not_add_up(workspace):
    name = workspace.parquet({"k": ("VARCHAR", ["a", "b"] * 50)}, "x.parquet")
    workspace.check(name, name)
    stored = json.loads((workspace.root / "out/profile.json").read_text())
    stored["columns"][0]["categories"]["values"][0][1] += 1
    (workspace.root / "profile.json").write_text(json.dumps(stored))
    (found,) = workspace.check("profile.json", name).verdict.checks
    assert found.status is Status.ERROR and "its `digest` does not fit" in found.message
    assert found.where.file == "profile.json"
    del stored["digest"]
    (workspace.root / "profile.json").write_text(json.dumps(stored))
    (found,) = workspace.check("profile.json", name).verdict.checks
    assert found.status is Status.ERROR and "does not add up" in found.message and "'k'" in found.message


def test_data_that_cannot_be_read_is_a_finding_that_names_the_file(workspace):
    good = workspace.parquet({"x": ("INTEGER", [1, 2] * 50)}, "x.parquet")
    whole = (workspace.root / good).read_bytes()
    (workspace.root / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    for reference, data in ((good, "cut.parquet"), ("cut.parquet", good)):
        outcome = workspace.check(reference, data)
        (found,) = outcome.verdict.checks
        assert found.status is Status.ERROR and found.where.file == "cut.parquet" and "truncated" in found.message


@pytest.mark.parametrize(
    ("reference", "data", "options", "reason"),
    [
        ("none.json", ("x.parquet",), {}, "no such profile"),
        ("none.parquet", ("x.parquet",), {}, "no such profile or data"),
        ("x.parquet", ("none.parquet",), {}, "none.parquet"),
        ("x.parquet", (), {}, "no current data is named"),
        ("x.parquet", ("x.parquet",), {"engine": "abacus"}, "'abacus' is not there.*duckdb"),
        ("x.parquet", ("x.parquet",), {"threshold": 0.0}, "more than 0"),
    ],
)
def test_a_wrong_call_is_refused(workspace, reference, data, options, reason):
    workspace.parquet({"x": ("INTEGER", [1])}, "x.parquet")
    with pytest.raises(CallError, match=reason):
        workspace.check(reference, *data, **options)


# What is shown


def test_each_row_says_what_its_column_was_judged_by(workspace, normal):
    """By its shapes, a column drifts whose lengths, the mass, are as they were."""
    before = {
        "code": ("VARCHAR", [f"AB-{at:04}" for at in range(600)]),
        "holes": ("INTEGER", [1, 2, 3] * 200),
        "tag": ("VARCHAR", ["a", "b", "c"] * 200),
        "place": ("DOUBLE", normal(600)),
        "strict": ("BOOLEAN", [True] * 300 + [False] * 300),
        "gone": ("INTEGER", [1] * 600),
        "calm": ("BOOLEAN", [True] * 300 + [False] * 300),
    }
    now = {name: each for name, each in before.items() if name != "gone"} | {
        "code": ("VARCHAR", [f"{'ab' if at % 2 else 'AB'}-{at:04}" for at in range(600)]),
        "holes": ("INTEGER", [None, 2, 3] * 200),
        "tag": ("VARCHAR", ["a", "b", "c"] * 190 + ["new"] * 30),
        "place": ("DOUBLE", normal(600, 1.0)),
        "strict": ("BOOLEAN", [True] * 400 + [False] * 200),
    }
    outcome = workspace.compare(
        before, now, effect=Effect.KOLMOGOROV_SMIRNOV, must_not_drift=("strict",), threshold_correlation=1.0
    )
    (section,) = (each for each in outcome.sections if each.title == "All columns")
    table = section.blocks[0]
    assert table.bars == {"times its threshold"}
    said = {row[0]: row[1:4] for row in table.rows}
    assert said["code"] == ("drifted", "50.0 % other shapes", 10.0)
    assert said["holes"] == ("drifted", "33.3 % more missing", 16.67)
    assert said["tag"] == ("drifted", "5.0 % new values", 5.0)
    place = next(each for each in outcome.verdict.checks if each.where.column == "place")
    assert said["place"] == ("drifted", f"Kolmogorov-Smirnov {place.measured:.2f}", round(place.measured / 0.05, 2))
    assert said["strict"] == ("drifted", "0.17 of mass moved", None), "it has no threshold to be times of"
    assert said["gone"] == ("gone", None, None)
    assert said["calm"] == ("stable", "0.00 of mass moved", 0.0)


def test_the_table_leaves_out_what_no_column_has_and_calls_chance_what_may_be_it(workspace, normal):
    before, now = {"x": ("DOUBLE", normal(300))}, {"x": ("DOUBLE", normal(300))}
    table = workspace.compare(before, now).sections[0].blocks[0]
    assert not [name for name in table.columns if name.startswith("missing")]
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["times its threshold"] >= 1 and row["verdict"] == "may be chance"
    now["x"][1][:3] = [None] * 3
    assert {"missing then, %", "missing now, %"} < set(workspace.compare(before, now).sections[0].blocks[0].columns)


def test_the_table_has_each_column_and_drifted_ones_are_drawn_first(workspace, normal):
    before = {name: ("DOUBLE", normal(500)) for name in "abcdef"} | {"when": ("DATE", ["2013-01-01"] * 500)}
    now = before | {"e": ("DOUBLE", normal(500, 2.0))}
    outcome = workspace.compare(before, now)
    columns, changed, like = outcome.sections
    (table,) = (each for each in columns.blocks if isinstance(each, Table))
    assert table.rows[0][0] == "e" and {row[0] for row in table.rows} == set(before)
    checks = outcome.verdict.checks
    (only,) = changed.blocks
    assert only.name == "e" and checks[only.check].where.column == "e" and changed.covers == {only.check}
    assert 1 < len(like.blocks) <= 3 and not like.covers
    for chart in (each.chart for each in (only, *like.blocks)):
        assert set(chart.series) == {"reference", "current"}
        for shares in chart.series.values():
            assert len(shares) == len(chart.categories) and sum(shares) == pytest.approx(1, abs=1e-4)


def test_a_chart_of_many_categories_draws_the_largest_and_says_what_the_others_come_to(workspace):
    values = [f"value {index % 60}" for index in range(6000)]
    outcome = workspace.compare({"x": ("VARCHAR", values)}, {"x": ("VARCHAR", ["value 3"] * 1000 + values[1000:])})
    (card,) = outcome.sections[1].blocks
    assert "value 3" in card.chart.categories and len(card.chart.categories) == 16
    before, now = (sum(shares) for shares in card.chart.series.values())
    assert 0 < before < 1 and 0 < now < 1
    assert dict(card.facts)["44 values not drawn"] == f"from {1 - before:.1%} to {1 - now:.1%}".replace("%", " %")
    assert not {"Mean", "Standard deviation"} & set(dict(card.facts)), "words have none"


def test_a_chart_of_numbers_is_to_scale_from_the_least_to_the_greatest_of_both_sides(workspace):
    outcome = workspace.compare({"x": ("BIGINT", [1, 2, 3, 4] * 50)}, {"x": ("BIGINT", [3, 4, 9, None] * 50)})
    chart = outcome.sections[1].blocks[0].chart
    assert chart.edges == (0.5, 1.5, 2.5, 3.5, 4.5, 9.5)  # a whole number stands in the middle of its place
    assert chart.categories == ("1", "2", "3", "4", "above 4", "null")
    assert chart.series == {
        "reference": (0.25, 0.25, 0.25, 0.25, 0, 0),
        "current": (0, 0, 0.25, 0.25, 0.25, 0.25),
    }


def test_what_was_told_to_be_ignored_is_no_finding_of_the_page(workspace, normal):
    before = {"a": ("DOUBLE", normal(500)), "b": ("DOUBLE", normal(500))}
    outcome = workspace.compare(before, {name: ("DOUBLE", normal(500, 3)) for name in "ab"}, ignore=("b",))
    covered = {outcome.verdict.checks[place].where.column for each in outcome.sections for place in each.covers}
    assert covered == {"a", "b"} and "Not compared, as configured: `b`" in words(outcome)


def test_values_of_a_private_column_are_shown_nowhere(workspace):
    values = ["Ada Lovelace", "Mary Somerville"] * 100
    workspace.parquet({"who": ("VARCHAR", values)}, "before.parquet")
    workspace.check("before.parquet", "before.parquet")
    stored = json.loads((workspace.root / "out/profile.json").read_text())
    del stored["digest"]
    (column,) = stored["columns"]
    column["private"] = True
    for key in ("range", "bins"):
        del column[key]
    column["categories"] = {
        "digested": True,
        "values": [[profile.digest("who", value), count] for value, count in column["categories"]["values"]],
    }
    (workspace.root / "profile.json").write_text(json.dumps(stored))
    assert drifted(workspace.check("profile.json", "before.parquet")) == []
    workspace.parquet({"who": ("VARCHAR", ["Grace Hopper"] * 150 + values[:50])}, "now.parquet")
    outcome = workspace.check("profile.json", "now.parquet")
    assert drifted(outcome) == ["who"]
    text = repr(outcome) + (workspace.root / "out/profile.json").read_text()
    for secret in ("Ada", "Mary", "Grace"):
        assert secret not in text
    assert profile.digest("who", "Grace Hopper") not in repr(outcome), "a digest says nothing to a reader"


@pytest.mark.parametrize(
    "name", ["<img onerror=alert(1)>", "a|b`c", "::error::x", "'; DROP TABLE t; --", '"', "\n", "ü\u202e"]
)
def test_a_column_of_any_name(workspace, name):
    outcome = workspace.compare({name: ("VARCHAR", ["a", "b"] * 100)}, {name: ("VARCHAR", ["a", "c"] * 100)})
    assert drifted(outcome) == [name]
    assert all("\n" not in each.message and "\u202e" not in each.message for each in outcome.verdict.checks)


# Rows of one time are alike


def of_days(first: int, means: Sequence[float]) -> dict[str, tuple[str, list[Any]]]:
    """Two hundred rows a day, with a mean of its own each; three in a hundred have no number."""
    chance = random.Random(first)  # noqa: S311
    at, values = [], []
    for day, mean in enumerate(means, start=first):
        at += [datetime(2024, 1, 1) + timedelta(days=day, minutes=7 * row) for row in range(200)]
        values += [None if chance.random() < 0.03 else chance.gauss(mean, 1) for _ in range(200)]
    return {"at": ("TIMESTAMP", at), "x": ("DOUBLE", values)}


REFERENCE = of_days(0, [((day * 37) % 11 - 5) / 4 for day in range(30)])  # means from -1.25 to 1.25, in no order


def words(outcome) -> str:
    return " ".join(each.text for section in outcome.sections for each in section.blocks if isinstance(each, Text))


def test_days_that_differ_among_themselves_are_the_yardstick(workspace):
    current = of_days(30, [0.75, 0.5, 0.75])
    alone = workspace.compare(REFERENCE, current)
    timed = workspace.compare(REFERENCE, current, time_column="at")
    assert drifted(alone) == ["x"] and "Rows are taken for independent" in words(alone)
    assert drifted(timed) == [] and "the 30 days of the reference differ" in words(timed)
    assert drifted(workspace.compare(REFERENCE, of_days(30, [3.0, 2.5, 3.0]), time_column="at")) == ["x"]


def of_years(first: int, years: int, shift: float) -> dict[str, tuple[str, list[Any]]]:
    """A temperature each day, warm in July, which remembers the day before."""
    chance = random.Random(first)  # noqa: S311
    at, values, weather = [], [], 0.0
    for day in range(365 * years):
        at.append(datetime(first, 1, 1) + timedelta(days=day))
        weather = 0.6 * weather + chance.gauss(0, 2.5)
        values.append(round(16 - 9 * math.cos(math.tau * day / 365) + weather + shift, 1))
    return {"at": ("TIMESTAMP", at), "x": ("DOUBLE", values)}


def test_a_mean_that_moves_is_seen_among_seasons_that_differ_far_more(workspace):
    reference = workspace.parquet(of_years(2012, 3, 0), "before.parquet")
    same, warmer = (
        workspace.check(reference, workspace.parquet(of_years(2016, 1, shift), "now.parquet"), time_column="at")
        for shift in (0, 1.5)
    )
    assert drifted(same) == []
    assert drifted(warmer) == ["x"] and re.search(r"its mean rose by 1\.[3-6]\d?, from", warmer.headline)
    assert "and the current rows are held against the same months" in words(warmer)


def test_new_nulls_are_seen_by_blocks_too(workspace):
    current = of_days(30, [0.0, 0.25, -0.25])
    kind, values = current["x"]
    current["x"] = (kind, [None if index % 4 == 0 else each for index, each in enumerate(values)])
    assert drifted(workspace.compare(REFERENCE, current, time_column="at")) == ["x"]


def test_the_profile_says_which_column_is_the_time(workspace):
    """So a stored reference needs no configuration; a column that is gone is no time, and that is said."""
    data = workspace.parquet(REFERENCE, "before.parquet")
    describe.describe(describe.Profiling((data,), time_column="at"), workspace.root)
    current = of_days(30, [0.75, 0.5, 0.75])
    assert drifted(workspace.check("profile.json", workspace.parquet(current, "now.parquet"))) == []
    del current["at"]
    gone = workspace.check("profile.json", workspace.parquet(current, "now.parquet"))
    assert "the current data has no blocks of time by `at`" in words(gone)


def test_where_nobody_named_the_time_of_the_rows_the_page_says_how(workspace):
    columns = {**of_days(1, [0.0] * 10), "born": ("DATE", ["1990-01-01"] * 1000)}
    said = words(workspace.compare(columns, of_days(11, [0.0] * 10)))
    assert "the reference has no blocks of time (`data.time-column` in mlops.yaml can name `at` or `born`)" in said
    without = words(workspace.compare({"x": columns["x"]}, {"x": columns["x"]}))
    assert "the reference has no blocks of time." in without


@pytest.mark.parametrize("lacks", ["counts", "blocks"])
def test_a_column_that_a_merged_profile_has_not_counted_in_its_blocks_is_judged_by_rows(workspace, lacks):
    """One of its parts was made without; the other columns keep their yardstick."""
    data = workspace.parquet({**REFERENCE, "y": REFERENCE["x"]}, "before.parquet")
    describe.describe(describe.Profiling((data,), time_column="at"), workspace.root)
    stored = json.loads((workspace.root / "profile.json").read_text())
    (column,) = (each for each in stored["columns"] if each["name"] == "x")
    del (column if lacks == "blocks" else column["blocks"])[lacks]
    del stored["digest"]
    (workspace.root / "profile.json").write_text(json.dumps(stored))
    current = of_days(30, [0.75, 0.5, 0.75])
    outcome = workspace.check("profile.json", workspace.parquet({**current, "y": current["x"]}, "now.parquet"))
    assert drifted(outcome) == ["x"]
    said = {each.where.column: "judged by rows" in each.message for each in outcome.verdict.checks}
    assert said["x"] and not said["y"]


def test_a_time_that_has_a_zone_on_one_side_alone_is_compared(workspace):
    """Both are taken for UTC."""
    zoned = {"at": ("TIMESTAMPTZ", [each.replace(tzinfo=UTC) for each in REFERENCE["at"][1]]), "x": REFERENCE["x"]}
    later = of_days(30, [0.75, 0.5, 0.75])
    assert drifted(workspace.compare(zoned, later, time_column="at")) == []
    assert "1 to 30 January 2024" in workspace.compare(zoned, later).headline


def test_a_category_by_the_name_of_no_value_is_a_value(workspace):
    """Where values are not compared, a message says so; one that is called as they are is compared."""
    for name in ("there", "a value", "null", "NaN", "other values"):
        found = workspace.one("VARCHAR", [name, "b"] * 200, [name, "b"] * 200)
        assert found.status is Status.PASS and "its nulls" not in found.message
        found = workspace.one("VARCHAR", [name, name, "b", "c"] * 100, [name, "b", "b", "c"] * 100)
        assert found.status is Status.FAIL and f"'{name}' went from 50.0 % to 25.0 %" in found.message
    times = [datetime(2024, 1, 1)] * 400
    assert "its nulls" in workspace.one("TIMESTAMP", times, times).message


def test_a_time_column_that_is_none_is_a_wrong_call(workspace):
    with pytest.raises(CallError, match="no column 'when'"):
        workspace.compare(REFERENCE, REFERENCE, time_column="when")


# What the model leans on


def _beside(workspace, text: str) -> str:
    """The profile of ``before.parquet``, in a folder with these importances."""
    workspace.check("before.parquet", "before.parquet")
    (workspace.root / "model").mkdir()
    (workspace.root / "out" / "profile.json").rename(workspace.root / "model" / "profile.json")
    (workspace.root / "model" / "importances.json").write_text(text)
    return "model"


def _table_of(outcome) -> list[Any]:
    (table,) = (block for section in outcome.sections for block in section.blocks if isinstance(block, Table))
    return [row[0] for row in table.rows]


def test_drift_in_what_the_model_leans_on_comes_first(workspace, normal):
    names = ("a", "b", "c", "d")
    workspace.parquet({name: ("DOUBLE", normal(1000)) for name in names}, "before.parquet")
    # b moved further than c, and c less than d, which the model does not use at all; a is the most important, and calm.
    shifts = {"a": 0.0, "b": 0.8, "c": 0.6, "d": 2.0}
    workspace.parquet({name: ("DOUBLE", normal(1000, shifts[name])) for name in names}, "now.parquet")
    without = workspace.check("before.parquet", "now.parquet")
    assert _table_of(without) == ["d", "b", "c", "a"]
    outcome = workspace.check(_beside(workspace, '{"a": 5, "c": 3, "b": 2}'), "now.parquet")
    assert _table_of(outcome) == ["c", "b", "d", "a"]
    assert [each.name for each in outcome.verdict.materials] == ["model/profile.json", "model/importances.json"]
    assert drifted(outcome) == drifted(without) == ["b", "c", "d"]


def test_importances_that_cannot_be_used_are_a_warning_and_the_check_goes_on(workspace, normal):
    workspace.parquet({"a": ("DOUBLE", normal(1000))}, "before.parquet")
    outcome = workspace.check(_beside(workspace, '{"a": NaN}'), "before.parquet")
    (found,) = (each for each in outcome.verdict.checks if each.rule == "importances")
    assert found.status is Status.WARN and "NaN" in found.message and found.where.file == "model/importances.json"
    assert outcome.verdict.status is Status.WARN and "none of 1 column drifted" in outcome.headline


def test_only_what_failed_is_annotated(workspace, monkeypatch, capsys):
    new = {"x": ("DOUBLE", [1.0, 2.0] * 500), "new": ("BIGINT", [1] * 1000)}
    outcome = workspace.compare({"x": ("DOUBLE", [1.0, 2.0] * 500)}, new)
    assert outcome.verdict.status is Status.WARN
    publish_outcome(outcome, {}, "", {"GITHUB_ACTIONS": "true"}, sys.stdout)
    assert "::warning" not in capsys.readouterr().out
    gone = workspace.compare({"x": ("DOUBLE", [1.0, 2.0] * 500)}, {"new": ("BIGINT", [1] * 1000)})
    publish_outcome(gone, {}, "", {"GITHUB_ACTIONS": "true"}, sys.stdout)
    assert [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()] == ["::error"]


def test_a_plain_check_does_not_import_what_speaks_to_github(workspace):
    """It is some 20 ms of the time that a check takes."""
    data = workspace.parquet({"x": ("DOUBLE", [1.0, 2.0] * 500), "c": ("VARCHAR", ["a", "b"] * 500)}, "t.parquet")
    call = ["drift", "--reference", data, "--data", data]
    code = (
        f"import sys; from mlops_actions.cli import main; main({call}); "
        "print(sorted({'http.client', 'mlops_actions.github.api'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert "drift-check: warn" in done.stderr  # the two are the same
    assert done.stdout.strip() == "[]"
