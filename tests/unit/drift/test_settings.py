"""What is said of columns in mlops.yaml, at the level of the check."""

from __future__ import annotations

import math

import pytest

from mlops_actions import cli, verdict
from mlops_actions.drift.effects import DEFAULTS, Effect
from mlops_actions.drift.settings import Column
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status

CITIES = ["Oslo", "Bergen", "Bodø", "Tromsø"] * 500


@pytest.mark.parametrize(
    ("effect", "expected", "words"),
    [
        (Effect.TOTAL_VARIATION, math.erf(0.25 / math.sqrt(2)), "of its mass moved"),
        (Effect.PSI, 0.25, "population stability index"),
        (Effect.JENSEN_SHANNON, 0.5 / math.sqrt(8 * math.log(2)), "Jensen-Shannon distance"),
        (Effect.WASSERSTEIN, 0.5, "standard deviations"),
        (Effect.KOLMOGOROV_SMIRNOV, math.erf(0.25 / math.sqrt(2)), "Kolmogorov-Smirnov distance"),
    ],
)
def test_a_mean_half_a_deviation_away_is_measured_by_the_effect_asked_for(workspace, normal, effect, expected, words):
    before, now = normal(20_000, 10, 3), normal(20_000, 11.5, 3)
    found = workspace.one("DOUBLE", before, now, effect=effect)
    assert found.status is Status.FAIL and words in found.message
    # Of normal distributions; bins show a little less of it.
    assert found.measured == pytest.approx(expected, rel=0.12)
    assert found.threshold == {"mustBeLessThan": DEFAULTS[effect]}


def test_the_threshold_is_in_units_of_the_effect(workspace, normal):
    before, now = normal(5000), normal(5000, 0.5)
    for threshold, status in ((0.2, Status.FAIL), (0.35, Status.PASS)):
        found = workspace.one("DOUBLE", before, now, effect=Effect.PSI, threshold=threshold)
        assert found.status is status and found.threshold == {"mustBeLessThan": threshold}


@pytest.mark.parametrize("effect", [Effect.WASSERSTEIN, Effect.KOLMOGOROV_SMIRNOV])
def test_categories_have_no_order_and_are_judged_by_total_variation(workspace, effect):
    found = workspace.one("VARCHAR", CITIES, CITIES[:1000] + ["Oslo"] * 1000, effect=effect, threshold=0.9)
    assert found.status is Status.FAIL and found.measured == pytest.approx(0.375)
    assert found.threshold == {"mustBeLessThan": 0.05} and "of its mass moved" in found.message


@pytest.mark.parametrize(
    ("before", "now"),
    [([5.0] * 500, [5.0] * 250 + [6.0] * 250), ([0.0, 1.0] * 250, [0.0, 1.0] * 150 + [math.inf] * 200)],
    ids=["a constant has no scale", "infinity is infinitely far"],
)
def test_where_wasserstein_cannot_be_told_it_is_total_variation(workspace, before, now):
    found = workspace.one("DOUBLE", before, now, effect=Effect.WASSERSTEIN, columns={"x": Column(threshold=0.9)})
    assert found.status is Status.FAIL and found.measured >= 0.4 and math.isfinite(found.measured)
    assert "infinity" in found.message or "new" in found.message or "reference has not" in found.message
    sections = workspace.check("before.parquet", "now.parquet", effect=Effect.WASSERSTEIN).sections
    (card,) = next(each for each in sections if each.title == "What changed").blocks
    assert dict(card.facts)["Mass moved"] == f"{found.measured:.2f}"


@pytest.mark.parametrize("effect", Effect)
def test_missing_and_new_values_are_judged_as_ever(workspace, normal, effect):
    values = normal(2000)
    options = {"effect": effect, "threshold": 0.999}
    found = workspace.one("DOUBLE", values, [None] * 100 + values[100:], **options)
    assert found.status is Status.FAIL and found.threshold == {"mustBeLessThan": 0.02}
    assert found.measured == pytest.approx(0.05)
    found = workspace.one("VARCHAR", CITIES, ["Rome"] * 40 + CITIES[40:], **options)
    assert found.status is Status.FAIL and found.threshold == {"mustBeLessThan": 0.01}
    assert found.measured == pytest.approx(0.02)
    found = workspace.one("DOUBLE", values, [None] * 2000, **options)
    assert found.status is Status.FAIL and "missing" in found.message


def test_infinities_are_the_ends_of_an_order(workspace, normal):
    values = normal(2000)
    found = workspace.one("DOUBLE", values, [math.inf] * 400 + values[400:], effect=Effect.KOLMOGOROV_SMIRNOV)
    assert found.status is Status.FAIL and found.measured == pytest.approx(0.2, abs=0.01)


def test_a_column_has_its_own_threshold_and_effect(workspace, normal):
    before = {name: ("DOUBLE", normal(4000)) for name in "abc"}
    now = {name: ("DOUBLE", normal(4000, 0.4)) for name in "abc"}
    columns = {"a": Column(threshold=0.3), "b": Column(effect=Effect.PSI), "c": Column(0.6, Effect.WASSERSTEIN)}
    outcome = workspace.compare(before, now, columns=columns)
    found = {each.where.column: each for each in outcome.verdict.checks}
    assert [found[name].status for name in "abc"] == [Status.PASS, Status.FAIL, Status.PASS]
    assert [found[name].threshold for name in "abc"] == [{"mustBeLessThan": each} for each in (0.3, 0.1, 0.6)]
    assert found["c"].measured == pytest.approx(0.4, abs=0.06)
    assert outcome.verdict.parameters["columns"] == {
        "a": {"threshold": 0.3},
        "b": {"effect": "psi"},
        "c": {"threshold": 0.6, "effect": "wasserstein"},
    }


def test_how_many_false_alarms_are_accepted_is_the_users(workspace):
    before, now = [True, False] * 1000, [True] * 1110 + [False] * 890  # chi-square 12.1 of 1 degree: p = 0.0005
    less = [True] * 1060 + [False] * 940  # 3.6: p = 0.058; by Holm, nulls are asked about as well
    assert workspace.one("BOOLEAN", before, now).status is Status.FAIL
    assert workspace.one("BOOLEAN", before, less, threshold=0.01).status is Status.PASS
    assert workspace.one("BOOLEAN", before, less, threshold=0.01, false_alarms=0.2).status is Status.FAIL
    for rate in (0.0, 0.6, math.nan):
        with pytest.raises(CallError, match="false-alarms"):
            workspace.check("before.parquet", "now.parquet", false_alarms=rate)


def test_what_must_not_drift_does_however_small_the_shift_if_it_is_real(workspace):
    before, now = [True] * 50_000 + [False] * 50_000, [True] * 51_500 + [False] * 48_500
    assert workspace.one("BOOLEAN", before, now).status is Status.PASS
    found = workspace.one("BOOLEAN", before, now, must_not_drift=("x",))
    assert found.status is Status.FAIL and found.measured == pytest.approx(0.015) and found.threshold == {"mustBe": 0}
    assert "anything that is no chance matters" in found.message
    chance = workspace.one("BOOLEAN", before, [*now[:50_100], *now[51_500:], *now[:1_400]], must_not_drift=("x",))
    same = workspace.one("BOOLEAN", before, before, must_not_drift=("x",))
    assert chance.status is Status.FAIL and same.status is Status.PASS and same.measured == 0
    assert workspace.one("BOOLEAN", [True] * 50 + [False] * 50, [True] * 60 + [False] * 40,
                         must_not_drift=("x",)).status is Status.PASS  # fmt: skip


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"columns": {"amuont": Column(0.1)}}, "`columns` names `amuont`.*Did you mean `amount`"),
        ({"must_not_drift": ("Amount",)}, "`must-not-drift` names `Amount`.*Did you mean `amount`"),
        ({"ignore": ("amounts",)}, "`ignore` names `amounts`.*Did you mean `amount`"),
        ({"columns": {"city": Column(effect=Effect.WASSERSTEIN)}}, "`wasserstein` of `city`.*no order"),
        ({"columns": {"amount": Column(2.0)}}, "threshold of `amount` is a share of mass"),
        ({"columns": {"amount": Column(2.0, Effect.JENSEN_SHANNON)}}, "jensen-shannon, must be more than 0 and at most 1"),
        ({"effect": Effect.PSI, "threshold": math.inf}, "psi, must be more than 0, not inf"),
        ({"ignore": ("city",), "must_not_drift": ("city",)}, "`ignore` and `must-not-drift` both name `city`"),
        ({"columns": {"city": Column(0.1)}, "ignore": ("city",)}, "`ignore` and `columns` both name `city`"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(workspace, options, reason):
    data = {"amount": ("DOUBLE", [1.0, 2.0] * 50), "city": ("VARCHAR", ["a", "b"] * 50)}
    with pytest.raises(CallError, match=reason):
        workspace.compare(data, data, **options)


def test_mlops_yaml_says_all_of_it(workspace, normal):
    names = ("a", "b", "c", "d")
    workspace.parquet({name: ("DOUBLE", normal(4000)) for name in names}, "before.parquet")
    workspace.parquet({name: ("DOUBLE", normal(4000, 0.2)) for name in names}, "now.parquet")
    (workspace.root / "mlops.yaml").write_text("""
drift:
  reference: before.parquet
  data: now.parquet
  effect: wasserstein
  threshold: 0.5
  columns: {a: {threshold: 0.15}, b: {effect: psi, threshold: 0.9}}
  must-not-drift: [c]
  ignore: [d]
""")
    assert cli.main(["drift", "--out", "judged"]) == 1
    made = verdict.read(workspace.root / "judged" / "verdict.json")
    found = {each.where.column: each for each in made.checks}
    assert [found[name].status.value for name in names] == ["fail", "pass", "fail", "not-checked"]
    assert [found[name].threshold for name in ("a", "b", "c")] == [
        {"mustBeLessThan": 0.15}, {"mustBeLessThan": 0.9}, {"mustBe": 0}
    ]  # fmt: skip
    assert found["a"].measured == pytest.approx(0.2, abs=0.05)
    assert made.parameters["effect"] == "wasserstein" and made.parameters["must-not-drift"] == ["c"]


@pytest.mark.parametrize(
    ("said", "line", "words"),
    [
        ("  threshold: 3", 4, "a share of mass"),
        ("  columns:\n    city:\n      effect: psi\n    n:\n      threshold: 7", 8, "the threshold of `n`"),
        ("  false-alarms: 0.7", 4, "false-alarms"),
        ("  ignore: [n]\n  must-not-drift:\n    - city\n    - n", 7, "both name `n`"),
        ("  ignore:\n    - n\n    - towm", 6, "`ignore` names `towm`"),
        ("  columns:\n    city: {effect: wasserstein}", 5, "whose values have no order"),
        ("  prediction: nn", 4, "`prediction` names `nn`"),
        ("  prediction: n\n  segments:\n    - city\n    - towm", 7, "`segments` names `towm`"),
    ],
)
def test_a_refusal_names_the_file_and_the_line(workspace, normal, capsys, said, line, words):
    for name in ("before.parquet", "now.parquet"):
        workspace.parquet({"n": ("DOUBLE", normal(200)), "city": ("VARCHAR", CITIES[:200])}, name)
    (workspace.root / "mlops.yaml").write_text(f"drift:\n  reference: before.parquet\n  data: now.parquet\n{said}\n")
    assert cli.main(["drift"]) == 2
    said_of_it = capsys.readouterr().err
    assert f"mlops.yaml:{line}:" in said_of_it and words in said_of_it
