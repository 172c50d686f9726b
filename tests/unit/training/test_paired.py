"""Two models on the same rows: held against plain references, SciPy's bootstrap and the promise of the interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, roc_auc_score, root_mean_squared_error

from mlops_actions.training import paired
from mlops_actions.training.paired import Incomparable, Metric


def texts(values: object) -> list[str]:
    return [str(each) for each in np.asarray(values).tolist()]


def delong(labels: np.ndarray, one: np.ndarray, two: np.ndarray) -> float:
    """The standard error of the difference of two areas, as DeLong and others write it: pair by pair."""
    places = []
    for scores in (one, two):
        wins = scores[labels == 1][:, None] - scores[labels == 0][None, :]
        wins = (wins > 0) + (wins == 0) / 2
        places.append((wins.mean(axis=1), wins.mean(axis=0)))
    of_positives = np.var(places[1][0] - places[0][0], ddof=1) / len(places[0][0])
    of_negatives = np.var(places[1][1] - places[0][1], ddof=1) / len(places[0][1])
    return float(np.sqrt(of_positives + of_negatives))


def drawn(seed: int, rows: int = 400, levels: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and two models' scores of them, in steps, so that some are the same."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    scores = [np.round((labels * lift + random.normal(size=rows)) * levels / 4) for lift in (0.8, 1.0)]
    return labels, scores[0], scores[1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([3, 50, 10_000]))
def test_areas_and_their_interval_are_those_of_delong(seed: int, levels: int) -> None:
    labels, one, two = drawn(seed, levels=levels)
    found = paired.compare(Metric.AUC, texts(labels), texts(one), texts(two))
    assert found.champion == pytest.approx(roc_auc_score(labels, one), abs=1e-12)
    assert found.challenger == pytest.approx(roc_auc_score(labels, two), abs=1e-12)
    assert found.better == pytest.approx(found.challenger - found.champion, abs=1e-12)
    width = delong(labels, one, two) * stats.t.ppf(0.975, len(labels) - 1)
    assert (found.high - found.low) / 2 == pytest.approx(width, rel=0.02)
    assert (found.rows, found.blocks) == (len(labels), None)


@pytest.mark.parametrize("metric", list(Metric))
def test_an_interval_over_blocks_is_that_of_a_bootstrap_of_blocks(metric: Metric) -> None:
    """60 days whose rows resemble each other, drawn again with all their rows 500 times, with a fixed seed."""
    random = np.random.default_rng(5)
    days = np.repeat(np.arange(60), 30)
    weather = random.normal(size=60)[days]
    labels = (random.normal(size=len(days)) + weather > 0).astype(float)
    one = labels + random.normal(size=len(days)) + 0.8 * weather
    two = labels + random.normal(size=len(days)) - 0.8 * weather
    if metric is Metric.ACCURACY:
        one, two = (one > 0.5).astype(float), (two > 0.5).astype(float)
    plain = {Metric.AUC: roc_auc_score, Metric.ACCURACY: accuracy_score, Metric.RMSE: root_mean_squared_error}[metric]
    sign = -1 if metric is Metric.RMSE else 1
    found = paired.compare(metric, texts(labels), texts(one), texts(two), texts(days))

    def better(rows: np.ndarray) -> float:
        return float(sign * (plain(labels[rows], two[rows]) - plain(labels[rows], one[rows])))

    assert found.better == pytest.approx(better(np.arange(len(days))), abs=1e-12)
    of_day = days.reshape(60, 30) * 30 + np.arange(30)
    again = [better(of_day[random.integers(0, 60, 60)].ravel()) for _ in range(500)]
    assert (found.high - found.low) / 2 == pytest.approx(np.std(again) * stats.t.ppf(0.975, 59), rel=0.15)
    assert found.blocks == 60


def test_where_days_resemble_themselves_two_equal_models_seldom_differ() -> None:
    """400 trials of 20 days: the promise is 5 %. Rows taken for independent would break it."""
    random = np.random.default_rng(11)
    missed = {True: 0, False: 0}
    for _ in range(400):
        days = np.repeat(np.arange(20), 20)
        labels = random.integers(0, 2, 400)
        one, two = (labels + random.normal(size=400) + 2 * labels * random.normal(size=20)[days] for _ in range(2))
        for blocks in (True, False):
            found = paired.compare(Metric.RMSE, texts(labels), texts(one), texts(two), texts(days) if blocks else None)
            missed[blocks] += not found.low <= 0 <= found.high
    assert missed[True] <= 400 * 0.08
    assert missed[False] >= 400 * 0.15


def test_of_an_rmse_less_is_better() -> None:
    labels = texts(np.zeros(40))
    found = paired.compare(Metric.RMSE, labels, texts(np.full(40, 3.0)), texts(np.full(40, 1.0)))
    assert (found.champion, found.challenger, found.better, found.low, found.high) == (3, 1, 2, 2, 2)


def test_models_that_say_the_same_do_not_differ() -> None:
    labels, one, _ = drawn(1)
    found = paired.compare(Metric.AUC, texts(labels), texts(one), texts(one), texts(labels * 0 + np.arange(400) % 9))
    assert (found.better, found.low, found.high) == (0, 0, 0)
    found = paired.compare(Metric.RMSE, texts(labels), texts(one), texts(one))
    assert str((found.better, found.low, found.high)) == "(0.0, 0.0, 0.0)"


@pytest.mark.parametrize(
    ("metric", "labels", "predictions", "blocks", "says"),
    [
        (Metric.AUC, ["1"] * 400 + ["0"] * 29, ["1"] * 429, None, "29 rows of one class"),
        (Metric.AUC, ["1", "0"] * 40 + ["late"], ["1"] * 81, None, "'late'"),
        (Metric.AUC, ["1", "0"] * 40, ["0.5"] * 79 + ["nan"], None, "'nan' is not a finite number"),
        (Metric.AUC, ["1", "0"] * 40, ["0.5"] * 79 + [""], None, "'' is not a finite number"),
        (Metric.AUC, ["1", "0"] * 40, ["0.5"] * 79 + ["1_0"], None, "'1_0' is not a finite number"),
        (Metric.AUC, ["1", "0"] * 40, ["0.5"] * 79 + ["\u0663"], None, "is not a finite number"),
        # both are wrong in every row, which is no draw
        (
            Metric.ACCURACY,
            ["1", "0"] * 40,
            ["0.7", "0.2"] * 40,
            None,
            "no prediction is one of the labels: '0.2' is none",
        ),
        (Metric.ACCURACY, ["1", "0"] * 40, ["nan"] * 80, None, "a prediction is missing: it is 'nan'"),
        # and both right, of what nobody knows
        (Metric.ACCURACY, ["a", ""] * 40, ["a", ""] * 40, None, "a label is missing: it is ''"),
        (Metric.ACCURACY, ["a"] * 29, ["a"] * 29, None, "29 rows"),
        (Metric.RMSE, ["0"] * 40, ["1e200"] * 40, None, "too large"),
        (Metric.ACCURACY, ["a"] * 80, ["a"] * 80, ["1", "2", "3", "4"] * 20, "of 4 blocks, and an interval needs 5"),
    ],
)
def test_what_cannot_be_compared_says_why(
    metric: Metric, labels: list[str], predictions: list[str], blocks: list[str] | None, says: str
) -> None:
    with pytest.raises(Incomparable, match=says):
        paired.compare(metric, labels, predictions, predictions, blocks)
