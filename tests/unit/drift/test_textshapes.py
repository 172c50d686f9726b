"""Texts whose shape changes: what is found, what is said of it, and what is no drift."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.profiles import profile, shapes
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.profiles.profiling import Recount
from mlops_actions.data.profiles.shapes import Shapes
from mlops_actions.drift import textshapes
from mlops_actions.drift.compare import compare
from mlops_actions.drift.decision import Decision, Finding, Thresholds, decide
from mlops_actions.verdict import Status

if TYPE_CHECKING:
    from conftest import Columns, Workspace


def ids(form: str, rows: int = 1000, first: int = 1000) -> list[str]:
    return [form.format(number) for number in range(first, first + rows)]


def test_an_id_that_is_written_otherwise_drifts_though_it_is_as_long(workspace: Workspace) -> None:
    now = ids("AB-{}", 20) + ids("abc{}", 980)
    outcome = workspace.compare({"id": ("VARCHAR", ids("AB-{}"))}, {"id": ("VARCHAR", now)})
    (found,) = (each for each in outcome.verdict.checks if each.where.column == "id")
    assert (found.status, found.measured, found.threshold) == (Status.FAIL, 0.98, {"mustBeLessThan": 0.05})
    what = "the shape 'A-9' went from 100 % to 2.0 % of them, and 'a9', which none had, has 98.0 %"
    assert found.message == f"`id` drifted: 98.0 % of its texts have another shape (5 % matter); {what}"
    assert outcome.headline.endswith(f"`id` (98.0 % of its texts have another shape: {what})")
    assert outcome.outputs["drifted-columns"] == '["id"]'
    (chart,) = (block.chart for each in outcome.sections for block in each.blocks if hasattr(block, "chart"))
    assert (chart.title, chart.unit) == ("id, shapes of its texts", "share of texts")
    assert dict(zip(chart.categories, chart.series["current"], strict=True)) == {
        "'A-9'": 0.02,
        "'a9' (new)": 0.98,
        "other shapes": 0.0,
    }


def test_free_text_that_becomes_ids_is_seen(workspace: Workspace) -> None:
    """No shape of the reference is one that other such texts would have."""
    chance = random.Random(1)  # noqa: S311
    before = ["".join(chance.choices("aA9-. ", k=12)) for _ in range(1000)]
    found = workspace.one("VARCHAR", before, ids("Abcdefg-{}"))
    assert found.status is Status.FAIL
    assert re.search(r"; the shape 'Aa-9', which (none had|0\.\d % had at most), has 100 % of them$", found.message)


def test_more_texts_of_a_known_shape(workspace: Workspace) -> None:
    before, now = ids("A{}", 900) + ids("a{}", 100), ids("A{}", 800) + ids("a{}", 200)
    found = workspace.one("VARCHAR", before, now)
    assert found.message.endswith(
        "10.0 % of its texts have another shape (5 % matter); the shape 'A9' went from 90.0 % to 80.0 % of them"
    )
    small = workspace.one("VARCHAR", before * 20, (ids("A{}", 870) + ids("a{}", 130)) * 20)
    assert small.status is Status.PASS
    assert "too small to matter (3.0 % of its texts have another shape, the shape 'A9'" in small.message


def test_what_is_asked_of_mass_is_asked_of_shapes(workspace: Workspace) -> None:
    before, now = ids("A{}", 900) + ids("a{}", 100), ids("A{}", 800) + ids("a{}", 200)
    assert workspace.one("VARCHAR", before, now, threshold=0.2).status is Status.PASS
    assert workspace.one("VARCHAR", before, now, must_not_drift=("x",)).status is Status.FAIL
    outcome = workspace.compare({"x": ("VARCHAR", before)}, {"x": ("VARCHAR", now)}, ignore=("x",))
    assert workspace.profile.columns[0].shapes is None
    assert outcome.outputs["drifted"] == "false"


@pytest.mark.parametrize("shape", ["<b>|`$(x)` ‮", "::error::x", "", " "])
def test_the_shape_of_hostile_text_is_text(workspace: Workspace, shape: str) -> None:
    before = ids("a{}", 400)
    outcome = workspace.compare({"x": ("VARCHAR", before)}, {"x": ("VARCHAR", before[:200] + [shape] * 200)})
    (found,) = (each for each in outcome.verdict.checks if each.where.column == "x")
    assert found.status is Status.FAIL
    assert "‮" not in found.message


def test_a_profile_without_shapes_is_compared_by_lengths(workspace: Workspace) -> None:
    workspace.parquet({"x": ("VARCHAR", ids("AB-{}"))}, "before.parquet")
    describe(Profiling(("before.parquet",)), workspace.root / "out")
    made = workspace.profile
    old = profile.to_json(made)
    del old["digest"], old["columns"][0]["shapes"]  # type: ignore[index, union-attr, call-overload]
    (workspace.root / "old.json").write_text(profile.dumps(profile.from_json(old)))
    outcome = workspace.check("old.json", workspace.parquet({"x": ("VARCHAR", ids("abc{}"))}, "now.parquet"))
    (found,) = (each for each in outcome.verdict.checks if each.where.column == "x")
    assert found.status is Status.PASS
    assert found.message == "`x` shows no drift in what is compared, the lengths of its texts (none of its mass moved)"


def test_stored_profiles_like_the_reference_are_compared_by_shapes(workspace: Workspace) -> None:
    workspace.parquet({"x": ("VARCHAR", ids("AB-{}"))}, "before.parquet")
    describe(Profiling(("before.parquet",)), workspace.root / "out")
    (workspace.root / "out" / "profile.json").rename("reference.json")
    for number in (1, 2):
        form = "AB-{}" if number == 1 else "abc{}"
        workspace.parquet({"x": ("VARCHAR", ids(form, 300))}, "batch.parquet")
        describe(Profiling(("batch.parquet",), like=workspace.root / "reference.json"), workspace.root / "out")
        (workspace.root / "out" / "profile.json").rename(f"batch-{number}.json")
    outcome = workspace.check("reference.json", "batch-*.json")
    (found,) = (each for each in outcome.verdict.checks if each.where.column == "x")
    assert (found.status, found.measured) == (Status.FAIL, 0.5)


def days(shares: list[float], first: date, seed: int) -> Columns:
    """Rows of so many days, of which a share is written in another way, that of its day."""
    chance = random.Random(seed)  # noqa: S311
    rows = [
        (first + timedelta(days=day), chance.random() < share) for day, share in enumerate(shares) for _ in range(200)
    ]
    texts = [f"{'a' if other else 'A-'}{1000 + place}" for place, (_, other) in enumerate(rows)]
    return {"x": ("VARCHAR", texts), "day": ("DATE", [day for day, _ in rows])}


def test_a_share_that_differs_from_day_to_day_is_no_drift_by_days(workspace: Workspace) -> None:
    chance = random.Random(3)  # noqa: S311
    usual = [chance.uniform(0.1, 0.6) for _ in range(60)]
    before = days(usual, date(2024, 1, 1), 1)
    calm = days([0.5, 0.5, 0.45], date(2024, 3, 1), 2)
    gone = days([1.0] * 7, date(2024, 3, 1), 2)

    def status(now: Columns, time: str | None) -> Status:
        (found,) = (
            each
            for each in workspace.compare(before, now, time_column=time).verdict.checks
            if each.rule == "data.x.drift"
        )
        return found.status

    assert status(calm, None) is Status.FAIL  # rows as if they were independent
    assert status(calm, "day") is Status.PASS
    assert status(gone, "day") is Status.FAIL


# Chance


def side(counts: Counter[str], like: Profile | None = None) -> Profile:
    known = like.columns[0].shapes if like else None
    found = shapes.listed(counts, [shape for shape, _ in known.values] if known else ())
    return Profile("data", found.rows, (ColumnProfile("x", "VARCHAR", Kind.TEXT, 0, shapes=found),))


def held(before: Counter[str], now: Counter[str]) -> Decision:
    one = side(before)
    other = side(now, one)
    return decide(compare(one, other, {"x": Recount()}), (one.rows, other.rows), Thresholds())[0]


SOURCES = {
    "few": [0.97, 0.02, 0.01],
    "some": [0.8**rank for rank in range(40)],
    "many": [1 / rank for rank in range(1, 400)],
    "as many as are listed": [1.0] * 21,
    "alike": [1.0] * 300,
}
"""Weights of shapes."""


@pytest.mark.parametrize("rows", [200, 2000])
def test_without_drift_one_check_in_a_hundred_alarms_at_most(rows: int) -> None:
    """The most that so many checks have of it, with a chance of one in a hundred: 17 of 1,000 (binomial)."""
    chance, alarms = random.Random(rows), 0  # noqa: S311

    def drawn(weights: list[float]) -> Counter[str]:
        return Counter(map(str, chance.choices(range(len(weights)), weights, k=rows)))

    for weights in SOURCES.values():
        alarms += sum(held(drawn(weights), drawn(weights)).drifted for _ in range(200))
    assert alarms <= 17


@pytest.mark.parametrize("rows", [200, 2000])
def test_texts_that_all_differ_are_no_drift(rows: int) -> None:
    """Each of the listed ones is in the reference by chance, and not in the current data."""
    before, now = (Counter(f"{name}{number}" for number in range(rows)) for name in "ab")
    assert held(before, now).finding is Finding.STABLE


def test_a_shape_is_told_where_any_sample_would_list_it() -> None:
    reference = Shapes(1000, (("a", 500), ("A", 60), ("9", 41)), 40)
    assert textshapes.told(reference, Shapes(1000, (("a", 500), ("A", 60), ("9", 41)), 40)) == ["a"]
    assert textshapes.told(reference, Shapes(1000, (("a", 0), ("A", 0), ("9", 1000)))) == ["a", "9"]
    assert textshapes.told(reference, Shapes(1000, (("A", 900),), 100)) == ["A"]  # of "a", it is not known now
    assert textshapes.newcomer(reference, Shapes(1000, (("A", 900), ("-", 100)))) is None
    assert textshapes.newcomer(reference, Shapes(1000, (("A", 850), ("-", 150)))) == ("-", 150)
