"""Pairs of numeric columns that no longer go together as they did: what is found, what is said, and what is left out."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import scipy.stats

from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.profiles.correlations import Pair
from mlops_actions.drift import pairs
from mlops_actions.drift.history import columns
from mlops_actions.drift.pairs import Change
from mlops_actions.errors import CallError
from mlops_actions.report.html import page
from mlops_actions.verdict import Check, Severity, Status, to_json

Columns = dict[str, tuple[str, list[Any]]]


def flights(rows: int, seed: int, together: bool = True, names: tuple[str, str] = ("distance", "air_time")) -> Columns:
    """A distance, the time that it takes (or that of another flight), and a delay: positive, skewed, long tails."""
    chance = random.Random(seed)  # noqa: S311
    distance = [chance.gammavariate(2, 500) for _ in range(rows)]
    time = [each / 7 + chance.gauss(0, 5) for each in distance]
    if not together:
        chance.shuffle(time)
    delay = [chance.paretovariate(1.2) for _ in range(rows)]
    return {names[0]: ("DOUBLE", distance), names[1]: ("DOUBLE", time), "delay": ("DOUBLE", delay)}


def found(outcome: Any, key: str = pairs.KEY) -> list[Check]:
    return [each for each in outcome.verdict.checks if each.rule.endswith(key)]


def test_two_columns_that_no_longer_go_together(workspace):
    outcome = workspace.compare(flights(2000, 1), flights(2000, 2, together=False))
    (check,) = found(outcome)
    assert check.status is Status.FAIL
    assert check.rule == "data.distance.air_time.correlation"
    assert check.message.startswith("drifted: `distance` and `air_time` went together (0.9")
    assert "no longer do (" in check.message
    assert check.measured == pytest.approx(1, abs=0.1)
    assert outcome.outputs["drifted"] == "true"
    assert json.loads(outcome.outputs["drifted-columns"]) == []  # each column is as it was
    assert "`distance` and `air_time` went together" in outcome.headline
    (others,) = found(outcome, "correlations")
    assert others.status is Status.PASS
    assert "other 2 pairs" in others.message
    section = next(each for each in outcome.sections if each.title == "What no longer goes together as it did")
    assert [row[0] for row in section.blocks[0].rows] == ["distance and air_time"]
    assert section.covers == {outcome.verdict.checks.index(check)}


def test_pairs_that_still_do(workspace):
    outcome = workspace.compare(flights(2000, 1), flights(2000, 2))
    assert not found(outcome)
    (check,) = found(outcome, "correlations")
    assert check.status is Status.PASS
    assert "no drift of the correlations of 3 pairs of columns" in check.message
    assert outcome.outputs["drifted"] == "false"


def test_another_unit_is_no_drift_of_a_pair(workspace):
    now = flights(2000, 2)
    now["distance"] = ("DOUBLE", [1.609 * each for each in now["distance"][1]])
    outcome = workspace.compare(flights(2000, 1), now)
    assert json.loads(outcome.outputs["drifted-columns"]) == ["distance"]
    assert not found(outcome)


def test_what_is_small_is_no_drift_unless_it_is_asked_for(workspace):
    chance = random.Random(4)  # noqa: S311

    def made(noise: float) -> Columns:
        one = [chance.gauss(0, 1) for _ in range(20_000)]
        return {"a": ("DOUBLE", one), "b": ("DOUBLE", [each + chance.gauss(0, noise) for each in one])}

    before, now = made(1.0), made(0.85)  # correlations of about 0.69 and 0.74
    assert not found(workspace.compare(before, now))
    (check,) = found(workspace.compare(before, now, threshold_correlation=0.02))
    assert "do so more now" in check.message
    assert check.threshold == {"mustBeLessThan": 0.02}


@pytest.mark.parametrize("hostile", ["|`<b>", "$(touch x)", 'a"; DROP', "\u202ename"])
def test_names_are_data(workspace, hostile):
    before, now = (flights(500, seed, together, (hostile, "b.c")) for seed, together in ((1, True), (2, False)))
    outcome = workspace.compare(before, now)
    (check,) = found(outcome)
    assert "\u202e" not in check.message
    assert check.where.column == hostile
    assert "<b>" not in page(outcome)


def test_what_cannot_be_compared_is_no_number_and_is_said(workspace):
    before, now = flights(500, 1), flights(500, 2)
    before["gone"] = ("DOUBLE", before["delay"][1])
    for name, values in (("constant", [3.0] * 500), ("empty", [None] * 500), ("infinite", [math.inf] * 500)):
        before[name] = ("DOUBLE", before["delay"][1])
        now[name] = ("DOUBLE", values)
    before["alone"] = ("DOUBLE", [*before["delay"][1][:480], *[None] * 20])
    now["alone"] = ("DOUBLE", [*[None] * 480, *now["delay"][1][480:]])
    outcome = workspace.compare(before, now)
    messages = {each.message: each for each in found(outcome, "correlations")}
    (left_out,) = (each for text, each in messages.items() if "no correlations are compared of" in text)
    assert left_out.status is Status.NOT_CHECKED
    assert left_out.severity is Severity.INFO
    for reason in (
        "`gone` (it is not in the current data)",
        "`constant` (it has one value in the current data)",
        "`empty` (it has no value in the current data)",
        "`infinite` (it has no value in the current data)",
    ):
        assert reason in left_out.message
    assert any("3 pairs of columns cannot be compared: fewer than 30 rows" in text for text in messages)
    json.dumps(to_json(outcome.verdict), allow_nan=False)


def test_columns_by_name(workspace):
    before, now = flights(2000, 1), flights(2000, 2, together=False)
    outcome = workspace.compare(before, now, correlations=("distance", "delay"))
    assert not found(outcome)
    assert "1 pair of columns" in found(outcome, "correlations")[0].message
    with pytest.raises(CallError, match="`correlations` names `distanse`"):
        workspace.compare(before, now, correlations=("distanse", "delay"))
    assert not found(workspace.compare(before, now, correlations=0), "correlations")
    assert not found(workspace.compare(before, now, ignore=("distance",)))
    with pytest.raises(CallError, match="at most 50"):
        workspace.compare(before, now, correlations=tuple(map(str, range(51))))
    with pytest.raises(CallError, match="threshold-correlation"):
        workspace.compare(before, now, threshold_correlation=-0.1)


def test_a_name_whose_pairs_cannot_be_told_is_a_warning(workspace):
    before, now = flights(500, 1), flights(500, 2)
    before["word"] = now["word"] = ("VARCHAR", ["a", "b"] * 250)
    outcome = workspace.compare(before, now, correlations=("distance", "air_time", "word"))
    (left_out,) = (each for each in found(outcome, "correlations") if each.status is Status.NOT_CHECKED)
    assert left_out.severity is Severity.WARNING
    assert "`word` (it holds no numbers in the reference)" in left_out.message


def stored(workspace, columns: Columns, **options: Any) -> Path:
    """The profile of a training's data."""
    workspace.parquet(columns, "before.parquet")
    (workspace.root / "kept").mkdir(exist_ok=True)
    describe(Profiling(("before.parquet",), **options), workspace.root / "kept")
    return workspace.root / "kept" / "profile.json"


def test_a_stored_profile_has_them(workspace):
    reference = stored(workspace, flights(2000, 1))
    workspace.parquet(flights(2000, 2, together=False), "now.parquet")
    (check,) = found(workspace.check(str(reference), "now.parquet"))
    assert check.status is Status.FAIL


def test_a_profile_without_is_no_failure(workspace):
    reference = stored(workspace, flights(2000, 1), correlations=0)
    workspace.parquet(flights(2000, 2, together=False), "now.parquet")
    (check,) = found(workspace.check(str(reference), "now.parquet"), "correlations")
    assert check.status is Status.NOT_CHECKED
    assert check.severity is Severity.INFO
    (check,) = found(
        workspace.check(str(reference), "now.parquet", correlations=("distance", "air_time")), "correlations"
    )
    assert check.severity is Severity.WARNING


def test_what_the_model_leans_on_is_compared_where_not_all_is(workspace):
    reference = stored(workspace, flights(2000, 1))
    (workspace.root / "kept" / "importances.json").write_text('{"air_time": 3, "distance": 2, "delay": 1}')
    workspace.parquet(flights(2000, 2, together=False), "now.parquet")
    outcome = workspace.check(str(reference), "now.parquet", correlations=2)
    assert [each.where.column for each in found(outcome)] == ["distance"]
    (workspace.root / "kept" / "importances.json").write_text('{"air_time": 3, "distance": 1, "delay": 2}')
    assert not found(workspace.check(str(reference), "now.parquet", correlations=2))


def test_a_page_names_ten_pairs_and_counts_the_others(workspace):
    chance = random.Random(6)  # noqa: S311

    def made(together: bool) -> Columns:
        common = [chance.gauss(0, 1) for _ in range(1000)]
        return {
            f"x{place}": ("DOUBLE", [each * together + chance.gauss(0, 0.5) for each in common]) for place in range(6)
        }

    before, now = made(True), made(False)
    outcome = workspace.compare(before, now, ignore=())
    assert len(found(outcome)) == pairs.SHOWN
    (rest,) = (each for each in found(outcome, "correlations") if each.status is Status.FAIL)
    assert "5 more pairs of columns" in rest.message
    assert "and 14 more pairs of columns changed, too" in outcome.headline
    assert len(columns(outcome.verdict)) == 6  # an issue and a history tell columns from pairs


# Blocks of time

DAY = 100
"""Rows a day."""


def days(number: int, first: int, slope: Callable[[int], float], seed: int) -> Columns:
    """Two columns whose correlation is another each day."""
    chance = random.Random(seed)  # noqa: S311
    found: tuple[list[float], list[float], list[str]] = ([], [], [])
    for day in range(first, first + number):
        by = slope(day)
        for _ in range(DAY):
            one = chance.gauss(0, 1)
            found[0].append(one)
            found[1].append(by * one + chance.gauss(0, 1))
            found[2].append(f"2024-{1 + day // 28:02}-{1 + day % 28:02}")
    return {"a": ("DOUBLE", found[0]), "b": ("DOUBLE", found[1]), "at": ("DATE", found[2])}


def test_days_that_differ_among_themselves_are_the_yardstick(workspace):
    chance = random.Random(3)  # noqa: S311
    moods = [chance.choice([0.0, 2.0]) for _ in range(35)]
    moods[28:31] = [0.0, 0.0, 0.0]
    before, now = days(28, 0, lambda day: moods[day], 1), days(3, 28, lambda day: moods[day], 2)
    assert not found(workspace.compare(before, now, time_column="at"))
    assert found(workspace.compare(before, now))  # rows alone would say so


def test_days_that_are_steady_see_one_that_is_not(workspace):
    before, now = days(28, 0, lambda _: 2.0, 1), days(3, 28, lambda _: 0.0, 2)
    (check,) = found(workspace.compare(before, now, time_column="at"))
    assert check.status is Status.FAIL


# The test, and the words


def test_a_difference_is_held_against_its_variance():
    """Of two large samples, it is the normal test on Fisher's scale, where a correlation has the variance 1.2 / rows."""
    one, other = (Pair(rows, found, 1.2 * (1 - found**2) ** 2) for rows, found in ((10_000, 0.5), (40_000, 0.53)))
    z = (math.atanh(0.53) - math.atanh(0.5)) / math.sqrt(1.2 / 10_000 + 1.2 / 40_000)
    assert pairs.by_rows(one, other) == pytest.approx(2 * scipy.stats.norm.sf(z), rel=0.05)
    assert pairs.by_rows(one, one) == 1.0


def test_columns_that_are_one_and_the_same_are_compared():
    assert pairs.by_rows(Pair(500, 1.0, 0.0), Pair(500, 1.0, 0.0)) == 1.0
    assert pairs.by_rows(Pair(500, 1.0, 0.0), Pair(500, 0.5, 0.8)) < 1e-6
    assert pairs.by_rows(Pair(500, 1.0, 0.0), Pair(500, -1.0, 0.0)) == 0.0


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (0.99, 0.12, "`a` and `b` went together (0.99) and no longer do (0.12)"),
        (-0.8, 0.01, "`a` and `b` went opposite ways (-0.80) and no longer do (0.01)"),
        (0.05, 0.5, "`a` and `b` hardly went together (0.05) and go together now (0.50)"),
        (0.15, -0.6, "`a` and `b` hardly went together (0.15) and go opposite ways now (-0.60)"),
        (-0.1, 0.1, "`a` and `b` hardly went together (-0.10) and still hardly do (0.10)"),
        (0.9, 0.6, "`a` and `b` went together (0.90) and do so less now (0.60)"),
        (-0.5, -0.9, "`a` and `b` went opposite ways (-0.50) and do so more now (-0.90)"),
        (0.7, -0.7, "`a` and `b` went together (0.70) and go opposite ways now (-0.70)"),
    ],
)
def test_what_became_of_a_pair(before, now, words):
    assert pairs.said(Change(("a", "b"), Pair(9, before, 1), Pair(9, now, 1), 0.0)) == words
