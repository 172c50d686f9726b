"""Performance in a whole check: when it fails, when it only warns, and what is said where nothing can be told."""

from __future__ import annotations

import json
import math
import random
import re
from datetime import datetime, timedelta
from typing import Any

import jsonschema
import pytest
from scipy.stats import binomtest

from mlops_actions import schema, verdict
from mlops_actions.cli import main
from mlops_actions.drift import performing
from mlops_actions.drift.performance import Asked, Measured, Metric
from mlops_actions.drift.response import Wishes, requests
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome, Table, Text
from mlops_actions.verdict import Check, Status

Columns = dict[str, tuple[str, list[Any]]]


def scored(size: int, seed: int, *, sense: float = 1.0) -> Columns:
    """Scores of the same distribution, and labels that follow them (``sense`` 1) or are dealt out at random (0)."""
    chance = random.Random(seed)  # noqa: S311
    scores = [chance.betavariate(1.2, 2) for _ in range(size)]
    labels = [int(chance.random() < sense * score + (1 - sense) * 0.375) for score in scores]
    keys = [("AA", "UA")[index % 2] for index in range(size)]
    return {"score": ("DOUBLE", scores), "late": ("INTEGER", labels), "carrier": ("VARCHAR", keys)}


ASKED = Asked("score", "late")


def of(outcome: Outcome, rule: str) -> Check:
    jsonschema.validate(verdict.to_json(outcome.verdict), schema.shipped("verdict-v1"))
    assert not any("nan" in each.message.lower().split() for each in outcome.verdict.checks)
    (found,) = (each for each in outcome.verdict.checks if each.rule == rule)
    return found


def without(columns: Columns, *names: str) -> Columns:
    return {name: each for name, each in columns.items() if name not in names}


def test_labels_that_no_longer_follow_the_scores_fail_though_no_column_drifted(workspace):
    outcome = workspace.compare(scored(4000, 1), scored(4000, 3, sense=0.3), performance=ASKED)
    found = of(outcome, "data.performance.auc")
    assert found.status is outcome.verdict.status is Status.FAIL and found.rows == 4000
    assert json.loads(outcome.outputs["drifted-columns"]) == []
    assert found.measured < found.threshold["mustBeGreaterOrEqualTo"] and "worse by more than 0.02" in found.message
    assert re.fullmatch(
        r".* differs from .*, though in none of 3 columns by itself: the AUC fell from 0\.\d+ to 0\.\d+; .*",
        outcome.headline,
    ), outcome.headline
    assert outcome.verdict.parameters["prediction"] == "score"
    (training,) = requests(outcome, Wishes("delay", retrain_event="retrain"))
    assert training.body["client_payload"]["failed"] == ["data.performance.auc"]


def test_the_same_performance_passes_and_columns_are_called_what_they_are(workspace):
    outcome = workspace.compare(scored(4000, 1), scored(4000, 3), performance=ASKED)
    assert of(outcome, "data.performance.auc").status is outcome.verdict.status is Status.PASS
    assert of(outcome, "data.score.drift").message.startswith("the prediction `score` shows no drift")
    assert of(outcome, "data.late.drift").message.startswith("the label `late` shows no drift")


@pytest.mark.parametrize(
    ("before", "now"), [((80, 200), (66, 200)), ((800, 2000), (660, 2000)), ((40, 50), (700, 1000))]
)
def test_accuracies_differ_where_the_interval_of_newcombe_says_so(before, now):
    one, other = (binomtest(*each).proportion_ci(0.95, method="wilson") for each in (now, before))
    p, q = now[0] / now[1], before[0] / before[1]
    upper = p - q + math.sqrt((one.high - p) ** 2 + (q - other.low) ** 2)
    sides = [
        Measured(Metric.ACCURACY, share, ends.low, ends.high, count)
        for share, ends, (_, count) in ((p, one, now), (q, other, before))
    ]
    assert performing.is_worse(*sides) == (upper < -performing.TOLERANCE) == (before[1] == 2000)


def test_scores_that_moved_have_drifted_as_any_column(workspace):
    now = scored(4000, 3)
    now["score"] = ("DOUBLE", [score**2 for score in now["score"][1]])
    outcome = workspace.compare(scored(4000, 1), now, performance=ASKED)
    assert json.loads(outcome.outputs["drifted-columns"]) == ["score"]
    assert of(outcome, "data.performance.auc").status is Status.PASS  # the order of the scores is the same


def _stored(workspace, metrics: str | None) -> str:
    """The profile of data without predictions, with what training measured beside it."""
    workspace.parquet(without(scored(4000, 1), "score"), "train.parquet")
    workspace.check("train.parquet", "train.parquet")
    folder = workspace.root / "model"
    folder.mkdir()
    (workspace.root / "out" / "profile.json").rename(folder / "profile.json")
    if metrics is not None:
        (folder / "metrics.json").write_text(metrics)
    return "model"


@pytest.mark.parametrize(("recorded", "status"), [(0.70, Status.PASS), (0.95, Status.FAIL)])
@pytest.mark.parametrize("name", ["auc", "roc_auc"])
def test_what_training_recorded_is_the_reference_of_a_stored_profile(workspace, recorded, status, name):
    reference = _stored(workspace, json.dumps({name: recorded, "rows": 4000}))
    outcome = workspace.check(reference, workspace.parquet(scored(4000, 3), "now.parquet"), performance=ASKED)
    found = of(outcome, "data.performance.auc")
    assert found.status is outcome.verdict.status is status
    assert found.threshold == {"mustBeGreaterOrEqualTo": pytest.approx(recorded - 0.02)}
    assert "model/metrics.json" in [each.name for each in outcome.verdict.materials]
    assert of(outcome, "data.score.drift").status is Status.NOT_CHECKED  # predictions are no columns of training data


def test_nothing_to_compare_with_is_measured_and_said(workspace):
    outcome = workspace.check(
        _stored(workspace, None), workspace.parquet(scored(4000, 3), "now.parquet"), performance=ASKED
    )
    found = of(outcome, "data.performance.auc")
    assert found.status is Status.NOT_CHECKED and found.measured > 0.6
    assert "nor its metrics.json say what it was" in found.message and outcome.verdict.status is Status.PASS


def test_predictions_that_are_called_otherwise_than_labels_are_no_accuracy_to_hold_others_to(workspace):
    """Both sides are wrong in every row, which is no performance that was kept."""
    sides = {"said": ("VARCHAR", ["yes", "no"] * 100), "was": ("VARCHAR", ["1", "0"] * 100)}
    outcome = workspace.compare(sides, sides, performance=Asked("said", "was"))
    found = of(outcome, "data.performance.accuracy")
    assert found.status is Status.NOT_CHECKED and "labels name the classes in another way" in found.message
    # but where it was right before, it is worse
    before = {**sides, "said": sides["was"]}
    found = of(workspace.compare(before, sides, performance=Asked("said", "was")), "data.performance.accuracy")
    assert found.status is Status.FAIL


def test_metrics_that_cannot_be_read_are_a_warning(workspace):
    outcome = workspace.check(
        _stored(workspace, '{"auc": NaN}'), workspace.parquet(scored(4000, 3), "now.parquet"), performance=ASKED
    )
    found = of(outcome, "metrics")
    assert found.status is outcome.verdict.status is Status.WARN and found.where.file == "model/metrics.json"


@pytest.mark.parametrize("there", [True, False])
def test_labels_that_are_not_there_yet_are_no_drift_and_performance_is_estimated(workspace, there):
    now = scored(4000, 3)
    now = now | {"late": ("INTEGER", [None] * 4000)} if there else without(now, "late")
    outcome = workspace.compare(scored(4000, 1), now, performance=ASKED)
    found = of(outcome, "data.performance.auc")
    assert found.status is outcome.verdict.status is Status.PASS
    assert found.message.startswith("the estimated AUC is") and "It is an estimate, since" in found.message
    assert re.search(r"in the reference they are, but for 0\.0[0-3]", found.message)
    assert "there are no labels yet" in of(outcome, "data.late.drift").message
    assert outcome.sections[0].title == "Performance, estimated"


def test_an_estimate_that_is_worse_warns_and_does_not_fail(workspace):
    now = without(scored(4000, 3), "late")
    now["score"] = ("DOUBLE", [0.375 + (score - 0.375) / 5 for score in now["score"][1]])  # unsure of everything
    outcome = workspace.compare(scored(4000, 1), now, performance=ASKED, ignore=("score",))
    assert of(outcome, "data.performance.auc").status is outcome.verdict.status is Status.WARN
    assert requests(outcome, Wishes("delay", retrain_event="retrain")) == (), "an estimate starts no training"


def test_scores_that_are_no_probabilities_in_the_reference_are_not_estimated_by(workspace):
    before = scored(4000, 1)
    before["score"] = ("DOUBLE", [score / 3 for score in before["score"][1]])
    outcome = workspace.compare(before, without(before, "late"), performance=ASKED)
    found = of(outcome, "data.performance")
    assert found.status is Status.NOT_CHECKED and outcome.verdict.status is Status.WARN
    assert "the scores are no probabilities, so nothing is estimated" in found.message


def test_an_estimate_without_labels_in_the_reference_says_that_it_is_not_checked(workspace):
    reference = _stored(workspace, '{"auc": 0.7}')
    now = workspace.parquet(without(scored(4000, 3), "late"), "now.parquet")
    found = of(workspace.check(reference, now, performance=ASKED), "data.performance.auc")
    assert found.status is Status.PASS and "that is not checked (the reference is a profile" in found.message


def test_the_segment_that_lost_is_named_and_small_ones_are_not_judged(workspace):
    now = scored(4000, 3)
    chance = random.Random(9)  # noqa: S311
    for index in range(1, 4000, 2):  # of UA alone
        now["late"][1][index] = int(chance.random() < 0.375)
    now["carrier"][1][:400:2] = ["HA"] * 200
    outcome = workspace.compare(
        scored(4000, 1), now, performance=Asked("score", "late", segments=("carrier",)), ignore=("carrier",)
    )
    found = of(outcome, "data.performance.auc.carrier")
    assert found.status is Status.FAIL and found.measured == 1 and found.where.column == "carrier"
    assert re.search(r"worse in 1 of 2 values: 'UA' \(0\.\d+ to 0\.\d+\); 1 value of too few rows \(200", found.message)
    (table,) = (each for each in outcome.sections[0].blocks if isinstance(each, Table))
    assert [row[0] for row in table.rows] == ["all rows", "carrier = 'UA'", "carrier = 'AA'"]


def test_where_no_segment_has_both_classes_that_is_the_reason(workspace):
    now = scored(4000, 3)
    now["carrier"] = ("VARCHAR", [("AA", "UA")[late] for late in now["late"][1]])
    asked = Asked("score", "late", segments=("carrier",))
    outcome = workspace.compare(scored(4000, 1), now, performance=asked, ignore=("carrier",))
    found = of(outcome, "data.performance.auc.carrier")
    assert found.status is Status.NOT_CHECKED
    assert "of no value it can be told (0 rows of one of the two classes are too few for an AUC)" in found.message


def test_the_intervals_of_all_segments_hold_together(workspace):
    hits = {"AA": 60, "UA": 75}  # of 100 rows each
    pairs = [(key, index < count) for key, count in hits.items() for index in range(100)]
    now: Columns = {
        "said": ("BOOLEAN", [hit for _, hit in pairs]),
        "true": ("BOOLEAN", [True] * 200),
        "carrier": ("VARCHAR", [key for key, _ in pairs]),
    }
    asked = Asked("said", "true", Metric.ACCURACY, segments=("carrier",), smallest=100)
    outcome = workspace.compare(now, now, performance=asked)
    (table,) = (each for each in outcome.sections[0].blocks if isinstance(each, Table))
    for row, (key, level) in zip(table.rows, ((None, 0.95), ("AA", 0.975), ("UA", 0.975)), strict=True):
        count, rows = (hits[key], 100) if key else (135, 200)
        ends = binomtest(count, rows).proportion_ci(level, method="wilson")
        assert row[1:4] == pytest.approx((count / rows, ends.low, ends.high), abs=1e-4)
    assert "taken for independent" in outcome.sections[0].blocks[1].text


def dated(days: int, good: int, bad: int, first: int = 1) -> Columns:
    """Classes of 100 rows a day, of which so many are right on every other day."""
    hits = [at < (bad if day % 2 else good) for day in range(days) for at in range(100)]
    times = [datetime(2024, 1, 1) + timedelta(days=first - 1 + at // 100, hours=at % 24) for at in range(100 * days)]
    return {"said": ("BOOLEAN", hits), "true": ("BOOLEAN", [True] * len(hits)), "at": ("TIMESTAMP", times)}


def test_days_that_differ_say_how_much_performance_may(workspace):
    before, now = dated(28, 90, 60), dated(14, 84, 54, first=29)
    asked = {"performance": Asked("said", "true", Metric.ACCURACY), "ignore": ("said",)}
    by_rows = workspace.compare(before, now, **asked)
    assert of(by_rows, "data.performance.accuracy").status is Status.FAIL
    assert "taken for independent, since there are no blocks of time" in by_rows.sections[0].blocks[1].text
    by_days = workspace.compare(before, now, time_column="at", **asked)
    assert of(by_days, "data.performance.accuracy").status is Status.PASS
    assert "current data is told by how much its 14 days differ" in by_days.sections[0].blocks[1].text
    assert "reference is told by how much its 28 days differ" in by_days.sections[0].blocks[1].text
    # What is worse on every day is worse, days or no days.
    worse = workspace.compare(before, dated(14, 60, 30, first=29), time_column="at", **asked)
    assert of(worse, "data.performance.accuracy").status is Status.FAIL


def test_a_window_of_too_few_days_is_told_by_its_rows_and_says_so(workspace):
    now = dated(6, 90, 60, first=29)
    asked = Asked("said", "true", Metric.ACCURACY)
    outcome = workspace.compare(dated(28, 90, 60), now, time_column="at", performance=asked, ignore=("said",))
    (said,) = (each.text for each in outcome.sections[0].blocks if isinstance(each, Text))
    assert "current data are taken for independent, since they are of fewer than 7 days" in said
    assert "reference is told by how much its 28 days differ" in said and said.endswith("interval too narrow.")
    (table,) = (each for each in outcome.sections[0].blocks if isinstance(each, Table))
    ends = binomtest(450, 600).proportion_ci(0.95, method="wilson")
    assert table.rows[0][2:4] == pytest.approx((ends.low, ends.high), abs=1e-4)


def test_a_column_of_too_many_values_is_no_segment(workspace):
    size = 201 * 40
    now = scored(size, 2) | {"carrier": ("VARCHAR", [f"k{index % 201}" for index in range(size)])}
    outcome = workspace.compare(
        now, now, performance=Asked("score", "late", Metric.ACCURACY, segments=("carrier",), smallest=30)
    )
    found = of(outcome, "data.performance.accuracy.carrier")
    assert found.status is Status.NOT_CHECKED and "201 values of that size" in found.message


def test_hostile_names_are_data(workspace):
    names = {"score": 'p"; DROP TABLE t --', "late": "y'{plan.rows}", "carrier": "k`|<b>"}
    before, now = ({names[name]: each for name, each in scored(2000, seed).items()} for seed in (1, 2))
    asked = Asked(names["score"], names["late"], segments=(names["carrier"],))
    outcome = workspace.compare(before, now, performance=asked)
    assert of(outcome, "data.performance.auc").rows == 2000
    assert of(outcome, f"data.performance.auc.{names['carrier']}").measured == 0


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked("scor"), "`prediction` names `scor`.*Did you mean `score`"),
        (Asked("score", segments=("carier",)), "`segments` names `carier`.*Did you mean `carrier`"),
    ],
)
def test_columns_that_are_not_there_end_the_check(workspace, asked, message):
    with pytest.raises(CallError, match=message):
        workspace.compare(scored(100, 1), scored(100, 2), performance=asked)


def test_a_label_that_is_called_otherwise_is_asked_about(workspace):
    """It may be one that is not there yet, so it is no wrong call."""
    outcome = workspace.compare(scored(2000, 1), scored(2000, 2), performance=Asked("score", "Late"))
    assert "there is no column `Late` (did you mean `late`?)" in of(outcome, "data.performance.auc").message


def test_rows_without_a_label_are_counted(workspace):
    now = scored(4000, 3)
    now["late"][1][:1000] = [None] * 1000
    outcome = workspace.compare(scored(4000, 1), now, performance=ASKED, ignore=("late",))
    assert "over 3,000 of 4,000 rows" in of(outcome, "data.performance.auc").message


def test_few_rows_are_never_a_pass(workspace):
    outcome = workspace.compare(scored(4000, 1), scored(20, 2), performance=Asked("score", "late", Metric.ACCURACY))
    found = of(outcome, "data.performance")
    assert found.status is Status.NOT_CHECKED and "20 rows are too few" in found.message


def test_numbers_are_held_by_their_error(workspace, normal):
    labels = normal(3000, 100, 10)
    before: Columns = {"p": ("DOUBLE", [each + error for each, error in zip(labels, normal(3000), strict=True)])}
    now: Columns = {"p": ("DOUBLE", [each + 1.5 * error for each, error in zip(labels, normal(3000), strict=True)])}
    both: Columns = {"y": ("DOUBLE", labels)}
    outcome = workspace.compare(before | both, now | both, performance=Asked("p", "y"))
    found = of(outcome, "data.performance.rmse")
    assert found.status is Status.FAIL and found.measured == pytest.approx(1.5, rel=0.05)
    assert re.search(r"the RMSE rose from (0\.9|1\.0)\d* to 1\.[45]\d*$", outcome.headline)


# From mlops.yaml


def test_what_the_configuration_names_is_measured(workspace, capsys):
    for name, seed in (("before.parquet", 1), ("now.parquet", 2)):
        workspace.parquet(scored(2000, seed), name)
    config = workspace.root / "mlops.yaml"
    text = "drift: {reference: before.parquet, data: now.parquet, prediction: score, label: late, segments: [carrier],"
    config.write_text(f"{text} metric: accuracy, smallest-segment: 999}}")
    assert main(["drift", "--out", "checked"]) == 0, capsys.readouterr()
    judged = json.loads((workspace.root / "checked" / "verdict.json").read_text())
    (found,) = (each for each in judged["checks"] if each["rule"] == "data.performance.accuracy")
    assert found["status"] == "pass" and judged["parameters"]["smallest-segment"] == 999
    assert "accuracy" in (workspace.root / "checked" / "summary.md").read_text()


def test_predictions_are_not_held_against_themselves(workspace, capsys):
    (workspace.root / "mlops.yaml").write_text("drift:\n  reference: r\n  data: d\n  prediction: p\n  label: p\n")
    assert main(["drift"]) == 2
    assert "mlops.yaml:5:3: `label` and `prediction` both name `p`" in capsys.readouterr().err


def test_half_of_what_performance_needs_is_refused_with_its_line(workspace, capsys):
    (workspace.root / "mlops.yaml").write_text("drift:\n  reference: r\n  data: d\n  label: late\n")
    assert main(["drift"]) == 2
    assert "mlops.yaml:4" in (said := capsys.readouterr().err) and "of no use without `drift.prediction`" in said
