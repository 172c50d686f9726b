"""Metrics and their intervals, against scikit-learn, SciPy and the formulas written out over rows."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score, root_mean_squared_error

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.data.sources.relation import Column, Relation
from mlops_actions.drift import performance
from mlops_actions.drift.performance import Asked, Clusters, Measured, Metric, Unmeasured

ENGINE = duckdb.connect()
SESSION = DuckSession(ENGINE)
LIMIT = settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def relation(**columns: tuple[str, list[Any]]) -> Relation:
    names = ", ".join(f"{quote(name)} {kind}" for name, (kind, _) in columns.items())
    ENGINE.execute(f"CREATE OR REPLACE TABLE t ({names})")
    lists = ", ".join(f"unnest(${index}::{kind}[])" for index, (kind, _) in enumerate(columns.values(), 1))
    ENGINE.execute(f"INSERT INTO t SELECT {lists}", [list(values) for _, values in columns.values()])
    return Relation("t", "t", tuple(Column(name, kind) for name, (kind, _) in columns.items()), ())


def measure(of: Relation, **asked: Any) -> Measured:
    found = performance.measure(SESSION, performance.plan(SESSION, of, Asked("p", "y", **asked)))
    assert isinstance(found[None], Measured)
    return found[None]


def delong(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The AUC and its standard error, pair by pair as the paper has it."""
    one, other = scores[labels == 1], scores[labels == 0]
    wins = (one[:, None] > other[None, :]) + 0.5 * (one[:, None] == other[None, :])
    variance = wins.mean(axis=1).var(ddof=1) / len(one) + wins.mean(axis=0).var(ddof=1) / len(other)
    return float(wins.mean()), math.sqrt(variance)


PAIRS = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@LIMIT
@given(PAIRS, st.sampled_from([1, 2, 6]), st.sampled_from([("BOOLEAN", bool), ("INTEGER", int), ("DOUBLE", float)]))
def test_auc_is_that_of_scikit_learn_and_its_interval_delongs(chance, digits, of):
    kind, cast = of
    labels = np.concatenate([np.ones(40, int), np.zeros(35, int), chance.integers(0, 2, 100)])
    scores = np.round(chance.normal(labels * 0.7), digits)  # rounded, so that many are equal
    found = measure(relation(p=("DOUBLE", scores.tolist()), y=(kind, [cast(each) for each in labels])))
    area, error = delong(scores, labels)
    assert (found.metric, found.rows) == (Metric.AUC, 175)
    assert found.value == pytest.approx(roc_auc_score(labels, scores)) == pytest.approx(area)
    assert (found.low, found.high) == pytest.approx(
        (max(0, area - norm.ppf(0.975) * error), min(1, area + norm.ppf(0.975) * error))
    )


@pytest.mark.parametrize("kind", ["VARCHAR", "BOOLEAN", "INTEGER"])
@pytest.mark.parametrize("hits", [0, 1, 77, 200])
def test_accuracy_has_the_interval_of_wilson(kind, hits):
    names = {"VARCHAR": ("late", 'it\'s "on time"'), "BOOLEAN": (True, False), "INTEGER": (1, 0)}[kind]
    labels = [names[index % 2] for index in range(200)]
    predictions = [names[(index % 2) ^ (index >= hits)] for index in range(200)]
    found = measure(relation(p=(kind, predictions), y=(kind, labels)))
    ends = binomtest(hits, 200).proportion_ci(0.95, method="wilson")
    assert found.metric is Metric.ACCURACY and found.value == hits / 200
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=1e-12)


@LIMIT
@given(PAIRS)
def test_rmse_is_that_of_scikit_learn_and_its_interval_that_of_the_mean(chance):
    labels = chance.normal(100, 20, 80)
    predictions = labels + chance.normal(0, 3, 80)
    found = measure(relation(p=("DOUBLE", predictions.tolist()), y=("DOUBLE", labels.tolist())))
    squares = (predictions - labels) ** 2
    error = norm.ppf(0.975) * squares.std(ddof=1) / math.sqrt(80)
    assert found.metric is Metric.RMSE and found.value == pytest.approx(root_mean_squared_error(labels, predictions))
    assert (found.low**2, found.high**2) == pytest.approx((max(0, squares.mean() - error), squares.mean() + error))


# By blocks of time


def by_days(metric: Metric | None = None, segments: tuple[str, ...] = ()) -> Asked:
    return Asked("p", "y", metric, segments, clusters=Clusters("at", Unit.DAY, "date_trunc('day', \"at\")"))


def days(keys: np.ndarray) -> tuple[str, list[datetime | None]]:
    """A time on the day of each key; of -1 there is none."""
    return "TIMESTAMP", [
        None if key < 0 else datetime(2024, 1, 1 + int(key), 12, at % 60) for at, key in enumerate(keys)
    ]


def by_block(influences: np.ndarray, keys: np.ndarray) -> float:
    """The standard error of a sum of rows' influences, by blocks; at least that by rows has to be held against it."""
    each = np.array([influences[keys == key].sum() for key in np.unique(keys)])
    return math.sqrt(len(each) / (len(each) - 1) * (each**2).sum())


@LIMIT
@given(PAIRS, st.sampled_from([1, 6]))
def test_auc_by_blocks_is_that_of_obuchowski(chance, digits):
    keys = np.concatenate([np.arange(-1, 9), chance.integers(-1, 9, 170)])
    labels = np.concatenate([np.ones(40, int), np.zeros(35, int), chance.integers(0, 2, 105)])
    scores = np.round(chance.normal(labels * 0.7 + keys * 0.4), digits)
    of = relation(p=("DOUBLE", scores.tolist()), y=("INTEGER", labels.tolist()), at=days(keys))
    found = performance.measure(SESSION, performance.plan(SESSION, of, by_days()))[None]
    area, by_rows = delong(scores, labels)
    wins = (scores[:, None] > scores[None, :]) + 0.5 * (scores[:, None] == scores[None, :])
    below, above = wins[:, labels == 0].mean(axis=1), wins[labels == 1, :].mean(axis=0)
    influences = np.where(labels == 1, (below - area) / labels.sum(), (above - area) / (1 - labels).sum())
    error = student.ppf(0.975, 9) * max(by_rows, by_block(influences, keys))
    assert (found.value, found.blocks) == (pytest.approx(area), 10)
    assert (found.low, found.high) == pytest.approx((max(0, area - error), min(1, area + error)))


@LIMIT
@given(PAIRS)
def test_rmse_and_accuracy_by_blocks_are_those_of_liang_and_zeger(chance):
    keys = np.concatenate([np.arange(-1, 9), chance.integers(-1, 9, 80)])
    labels = chance.normal(100, 20, 90)
    predictions = labels + chance.normal(keys % 2, 1 + keys % 3)
    of = relation(p=("DOUBLE", predictions.tolist()), y=("DOUBLE", labels.tolist()), at=days(keys))
    found = performance.measure(SESSION, performance.plan(SESSION, of, by_days()))[None]
    squares = (predictions - labels) ** 2
    blocks = by_block((squares - squares.mean()) / 90, keys)
    error = student.ppf(0.975, 9) * max(blocks, squares.std(ddof=1) / math.sqrt(90))
    assert found.high**2 == pytest.approx(squares.mean() + error)

    said = (chance.random(90) < 0.3 + 0.06 * keys).astype(int)
    of = relation(p=("INTEGER", said.tolist()), y=("INTEGER", [1] * 90), at=days(keys))
    share = performance.measure(SESSION, performance.plan(SESSION, of, by_days(Metric.ACCURACY)))[None]
    assert (share.value, share.blocks) == (pytest.approx(said.mean()), 10)
    more = by_block((said - said.mean()) / 90, keys) / math.sqrt(said.mean() * (1 - said.mean()) / 90)
    z, rows = student.ppf(0.975, 9), 90 / max(1, more**2)
    assert share.high - share.low == pytest.approx(
        2 * z / (1 + z**2 / rows) * math.sqrt(said.mean() * (1 - said.mean()) / rows + z**2 / (4 * rows**2))
    )


def test_a_segment_is_told_by_its_own_blocks():
    keys, names = np.arange(600) % 10, np.array(["AA", "UA"] * 300)
    labels, scores = np.arange(600) // 3 % 2, np.random.default_rng(1).random(600)
    table = {"p": ("DOUBLE", scores.tolist()), "y": ("INTEGER", labels.tolist()), "k": ("VARCHAR", names.tolist())}
    of = relation(**table, at=days(keys))
    asked = performance.plan(SESSION, of, by_days(segments=("k",)))
    found = performance.measure(SESSION, asked, "k", smallest=300)
    assert {key: each.blocks for key, each in found.items()} == {"AA": 0, "UA": 0}, "five days each: even or odd"
    assert performance.measure(SESSION, asked)[None].blocks == 10
    assert performance.measure(SESSION, asked, "k", smallest=301) == {}


def test_rows_without_a_label_or_a_score_are_left_out():
    scores = [0.1, 0.9] * 40
    labels = [0, 1] * 40
    more = [None, math.nan, math.inf, 0.5, 0.5]
    found = measure(relation(p=("DOUBLE", scores + more), y=("DOUBLE", [*labels, 1, 1, 1, None, math.nan])))
    assert (found.value, found.rows) == (1.0, 80)


def test_accuracy_of_a_score_is_that_of_the_classes_on_both_sides_of_a_half():
    scores, labels = [0.2, 0.5, 0.7, 0.4] * 25, [0, 1, 0, 1] * 25
    found = measure(relation(p=("DOUBLE", scores), y=("INTEGER", labels)), metric=Metric.ACCURACY)
    assert found.value == 0.5


def test_segments_are_each_measured_alone():
    chance = np.random.default_rng(3)
    labels = chance.integers(0, 2, 400)
    scores, keys = chance.normal(labels * 0.8), np.array(["AA", "U'A"] * 200)
    of = relation(p=("DOUBLE", scores.tolist()), y=("INTEGER", labels.tolist()), k=("VARCHAR", keys.tolist()))
    asked = performance.plan(SESSION, of, Asked("p", "y", segments=("k",)))
    found = performance.measure(SESSION, asked, "k", 0.99)
    for key in ("AA", "U'A"):
        area, error = delong(scores[keys == key], labels[keys == key])
        assert found[key].value == pytest.approx(area)
        assert found[key].high - area == pytest.approx(min(1 - area, norm.ppf(0.995) * error))


@pytest.mark.parametrize(
    ("columns", "metric", "message"),
    [
        ({"p": ("DOUBLE", [0.5]), "y": ("INTEGER", [None])}, None, "no row has both"),
        ({"p": ("DOUBLE", [0.5]), "y": ("VARCHAR", ["late"])}, None, "no metric fits: .*VARCHAR.*There is auc"),
        ({"p": ("VARCHAR", ["late"]), "y": ("INTEGER", [1])}, None, "no metric fits"),
        ({"p": ("DOUBLE", [0.5] * 3), "y": ("INTEGER", [1, 2, 3])}, Metric.AUC, "auc cannot be measured"),
        ({"p": ("DOUBLE", [0.5]), "y": ("BOOLEAN", [True])}, Metric.RMSE, "rmse cannot be measured"),
        ({"p": ("DOUBLE", [0.5])}, None, "no column `y`"),
    ],
)
def test_what_cannot_be_measured_is_said(columns, metric, message):
    with pytest.raises(Unmeasured, match=message):
        performance.plan(SESSION, relation(**columns), Asked("p", "y", metric))


@pytest.mark.parametrize("labels", [[1] * 100, [0] * 100, [1] * 29 + [0] * 71])
def test_too_few_of_one_class_have_no_auc(labels):
    of = relation(p=("DOUBLE", [index / 100 for index in range(100)]), y=("INTEGER", labels))
    found = performance.measure(SESSION, performance.plan(SESSION, of, Asked("p", "y", Metric.AUC)))
    assert "too few for an AUC" in found[None]


def test_errors_too_large_to_be_squared_are_no_nan():
    of = relation(p=("DOUBLE", [1e200] * 40), y=("DOUBLE", [float(index) for index in range(40)]))
    assert performance.measure(SESSION, performance.plan(SESSION, of, Asked("p", "y")))[None] == (
        "the errors are too large to be squared"
    )


# Without labels


def calibrated(size: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are probabilities, and labels that they are the probabilities of."""
    chance = np.random.default_rng(seed)
    scores = chance.beta(1.2, 3, size)
    return scores, (chance.random(size) < scores).astype(int)


@pytest.mark.parametrize("metric", [Metric.AUC, Metric.ACCURACY])
def test_what_calibrated_scores_should_do_is_what_they_do(metric):
    scores, labels = calibrated(40_000)
    of = relation(p=("DOUBLE", scores.tolist()), y=("INTEGER", labels.tolist()))
    expected = performance.measure(SESSION, performance.estimate(SESSION, of, Asked("p", None, metric)))[None]
    actual = measure(of, metric=metric)
    assert actual.low < expected.value < actual.high
    # Written out: a pair is won as often as the one is a positive, the other a negative, and the higher scored.
    if metric is Metric.ACCURACY:
        assert expected.value == pytest.approx(np.maximum(scores, 1 - scores).mean())


def test_the_expected_auc_is_that_of_weighted_pairs():
    scores, _ = calibrated(200)
    of = relation(p=("DOUBLE", scores.tolist()))
    found = performance.measure(SESSION, performance.estimate(SESSION, of, Asked("p")))[None]
    both = np.concatenate([scores, scores])
    weights = np.concatenate([scores, 1 - scores])
    expected = roc_auc_score([1] * 200 + [0] * 200, both, sample_weight=weights)
    assert found.value == pytest.approx(expected)


def test_calibration_is_zero_for_true_scores_and_the_difference_for_false_ones():
    scores, labels = calibrated(50_000)
    table = {"p": ("DOUBLE", scores.tolist()), "y": ("INTEGER", labels.tolist())}
    assert performance.calibration(SESSION, relation(**table), Asked("p", "y")) < 0.01
    halved = table | {"p": ("DOUBLE", (scores / 2).tolist())}
    error = performance.calibration(SESSION, relation(**halved), Asked("p", "y"))
    assert error == pytest.approx(labels.mean() - scores.mean() / 2, abs=0.01)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ((("DOUBLE"), [0.5, 1.01]), "goes from 0.5 to 1.01"),
        ((("VARCHAR"), ["a"]), "`p` is VARCHAR"),
        ((("DOUBLE"), [None]), "no row has a prediction"),
    ],
)
def test_what_is_no_probability_is_not_judged_without_labels(scores, message):
    with pytest.raises(Unmeasured, match=message):
        performance.estimate(SESSION, relation(p=scores), Asked("p"))
