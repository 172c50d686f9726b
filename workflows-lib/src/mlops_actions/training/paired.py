"""Two models compared by what they said of the same rows, with a 95 % interval of the difference.

Each metric is, to first order, a sum over rows: what a row adds to it is the
row's influence. The difference of the two models' influences, added up within
a block of rows that resemble each other (a day), gives the variance of the
difference from the spread of the blocks. No row is drawn at random, so the same
scores give the same interval.

For the area under the ROC curve that is the estimator of Obuchowski
("Nonparametric Analysis of Clustered ROC Curve Data", Biometrics 53, 1997), and
where each row is a block of its own, that of DeLong, DeLong and Clarke-Pearson
("Comparing the Areas under Two or More Correlated Receiver Operating
Characteristic Curves", Biometrics 44, 1988) for two curves of the same rows.
For a mean it is the cluster-robust variance of Liang and Zeger ("Longitudinal
Data Analysis Using Generalized Linear Models", Biometrika 73, 1986).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from mlops_actions.distributions import student_quantile

CONFIDENCE = 0.95
FEW_ROWS = 30
"""Rows (for an AUC: of either class) below which no interval is worth its name."""
FEW_BLOCKS = 5
"""Blocks below which their spread says too little."""


class Metric(StrEnum):
    """What models are compared by."""

    AUC = "auc"  # of scores, against labels 0 and 1
    ACCURACY = "accuracy"  # of classes
    RMSE = "rmse"  # of numbers: the root of the mean squared error; less is better


class Incomparable(Exception):
    """There are too few rows or blocks, or values that the metric cannot take; the message says which."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of both models over the same ``rows``, and how much ``better`` the challenger is.

    ``better`` is in the metric's unit and positive where the challenger is the
    better one, whichever way the metric points; ``low`` and ``high`` are the
    ends of its interval. ``blocks`` is how many blocks they rest on, None where
    rows were taken for independent.
    """

    champion: float
    challenger: float
    better: float
    low: float
    high: float
    rows: int
    blocks: int | None


def compare(
    metric: Metric,
    labels: Sequence[str],
    champion: Sequence[str],
    challenger: Sequence[str],
    blocks: Sequence[str] | None = None,
) -> Difference:
    """Hold two models' predictions of the same rows, in the same order, against their labels.

    ``blocks`` names the block of each row. Raises Incomparable.
    """
    measured = {Metric.AUC: _area, Metric.ACCURACY: _accuracy, Metric.RMSE: _root}[metric]
    if metric is Metric.ACCURACY:
        _refuse_no_classes(labels, champion, challenger)
    one, of_one = measured(labels, champion)
    two, of_two = measured(labels, challenger)
    sign = -1.0 if metric is Metric.RMSE else 1.0
    better = sign * (two - one) + 0.0  # which is no -0
    error, count = _error([second - first for first, second in zip(of_one, of_two, strict=True)], blocks)
    return Difference(one, two, better, better - error, better + error, len(labels), None if blocks is None else count)


def _error(influences: Sequence[float], blocks: Sequence[str] | None) -> tuple[float, int]:
    """Half the width of the interval of a sum of influences, and of how many blocks it is. Raises Incomparable."""
    sums: dict[object, float] = {}
    for key, influence in zip(blocks or range(len(influences)), influences, strict=True):
        sums[key] = sums.get(key, 0.0) + influence
    count = len(sums)
    if blocks is not None and count < FEW_BLOCKS:
        raise Incomparable(f"the rows are of {count} blocks, and an interval needs {FEW_BLOCKS}")
    variance = count / (count - 1) * math.fsum(each * each for each in sums.values())
    return student_quantile(CONFIDENCE, count - 1) * math.sqrt(variance), count


def _area(labels: Sequence[str], predictions: Sequence[str]) -> tuple[float, list[float]]:
    """The area under the ROC curve, and each row's influence on it."""
    positive = [_yes(each) for each in labels]
    sizes = (len(positive) - sum(positive), sum(positive))
    if min(sizes) < FEW_ROWS:
        raise Incomparable(f"there are {min(sizes):,} rows of one class, and an AUC needs {FEW_ROWS}")
    placed = _placed(positive, [_number(each) for each in predictions], sizes)
    area = math.fsum(share for share, is_yes in zip(placed, positive, strict=True) if is_yes) / sizes[1]
    return area, [(share - area) / sizes[is_yes] for share, is_yes in zip(placed, positive, strict=True)]


def _placed(positive: Sequence[bool], scores: Sequence[float], sizes: tuple[int, int]) -> list[float]:
    """Of each positive the share of negatives that score less, of each negative that of positives that score more.

    Those of the same score count by half. ``sizes`` are the numbers of negatives and of positives.
    """
    placed = [0.0] * len(scores)
    below = [0, 0]
    for _, tied in groupby(sorted(range(len(scores)), key=scores.__getitem__), key=scores.__getitem__):
        rows = list(tied)
        yes = sum(positive[row] for row in rows)
        here = (len(rows) - yes, yes)
        for row in rows:
            less = (below[not positive[row]] + here[not positive[row]] / 2) / sizes[not positive[row]]
            placed[row] = less if positive[row] else 1 - less
        below = [before + now for before, now in zip(below, here, strict=True)]
    return placed


def _accuracy(labels: Sequence[str], predictions: Sequence[str]) -> tuple[float, list[float]]:
    return _mean([float(label == said) for label, said in zip(labels, predictions, strict=True)])


_MISSING = frozenset({"", "nan", "NaN", "None", "null"})
"""How a value that is missing is written to CSV. Both models have it alike, and would be right together."""


def _refuse_no_classes(labels: Sequence[str], *models: Sequence[str]) -> None:
    """Raises Incomparable where a class is missing, or models name other classes than the labels.

    All rows would be wrong, and models that are both wrong do not differ.
    """
    known = set(labels)
    for what, found in (("label", known), *(("prediction", set(each)) for each in models)):
        if missing := found & _MISSING:
            raise Incomparable(f"a {what} is missing: it is {min(missing)!r}")
        if known.isdisjoint(found):
            raise Incomparable(
                f"no {what} is one of the labels: {min(found)[:40]!r} is none, {min(known)[:40]!r} is one"
            )


def _root(labels: Sequence[str], predictions: Sequence[str]) -> tuple[float, list[float]]:
    """The root of the mean squared error; influences by the derivative of the root."""
    errors = [_number(said) - _number(label) for label, said in zip(labels, predictions, strict=True)]
    if any(not math.isfinite(error * error * len(errors)) for error in errors):
        raise Incomparable("the errors are too large to be squared")
    mean, influences = _mean([error * error for error in errors])
    root = math.sqrt(mean)
    return root, [each / (2 * root) if root else 0.0 for each in influences]


def _mean(values: Sequence[float]) -> tuple[float, list[float]]:
    if len(values) < FEW_ROWS:
        raise Incomparable(f"there are {len(values):,} rows, and an interval needs {FEW_ROWS}")
    mean = math.fsum(values) / len(values)
    return mean, [(value - mean) / len(values) for value in values]


def _yes(label: str) -> bool:
    known = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}
    found = known.get(label.lower())
    if found is None:
        raise Incomparable(f"an AUC needs labels 0 and 1, and one is {label[:40]!r}")
    return found


def _number(text: str) -> float:
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan  # Python reads more than people write
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Incomparable(f"{text[:40]!r} is not a finite number")
    return value
