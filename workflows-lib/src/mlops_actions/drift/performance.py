"""How well predictions fit their labels, with a 95 % interval; and how well they should, where there are no labels yet.

Each is one query of the engine, which answers in sums by block of time
(:mod:`.intervals` makes metrics of them): scores are ranked by grouping rows
that have the same, and no row is brought here. The queries keep to the vocabulary
(:mod:`mlops_actions.data.engines.translation.vocabulary`) that every engine has.

An estimate without labels is that of confidence-based performance estimation
(NannyML's CBPE; expected accuracy of calibrated scores: Guillory et al.,
"Predicting with Confidence on Unseen Distributions", ICCV 2021): a row with the
score s counts as s of a positive and 1 - s of a negative. It takes for granted
that scores are probabilities, here as in the reference: what was said with 0.7
is so in 70 of 100 rows. It sees inputs that move (covariate shift), and is
blind where the same inputs come to mean something else (concept drift).
"""

# ruff: noqa: S608 (names are quoted, and all else is this module's own)

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.profiles import profiling
from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.data.profiles.profile import Kind
from mlops_actions.drift import intervals
from mlops_actions.drift.intervals import Interval, Placed, Sums
from mlops_actions.errors import did_you_mean

if TYPE_CHECKING:
    from mlops_actions.data.engines.session import Session
    from mlops_actions.data.sources.relation import Column, Relation

CONFIDENCE = 0.95
SMALLEST = 500
"""The default size of the smallest segment that is judged."""
BINS = 10
"""Bins of equal width in which scores are held against labels."""
CALIBRATED = 0.05
"""The greatest expected calibration error of scores that still pass for probabilities."""
LARGEST = 1e70
"""Numbers whose differences have a square, and a variance of squares, in every engine."""
TINY = 1e-100
"""A score below this is no part of a positive: products of less would have no DOUBLE."""
ENOUGH = 2_000
"""Rows from which calibration can be told: with fewer, chance alone makes an error of CALIBRATED."""


class Metric(StrEnum):
    """What is measured, by the name that training's metrics have for it."""

    AUC = "auc"  # of a score, against labels of two values
    ACCURACY = "accuracy"  # of classes
    RMSE = "rmse"  # of numbers: the root of the mean squared error


@dataclass(frozen=True, slots=True)
class Clusters:
    """Blocks of time whose rows resemble each other: the time column, their length, and the block of a row in SQL."""

    column: str
    unit: Unit
    key: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The columns of predictions and labels, and the metric where it is not to be told from them.

    ``segments`` are columns by whose values rows are measured apart; a value of
    fewer than ``smallest`` rows is not. ``clusters`` are the blocks of time of the
    rows; None where those are to be taken for independent.
    """

    prediction: str
    label: str | None = None
    metric: Metric | None = None
    segments: tuple[str, ...] = ()
    smallest: int = SMALLEST
    clusters: Clusters | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric over ``rows`` rows, and the ends of its interval, by so many blocks of time; 0: by rows."""

    metric: Metric
    value: float
    low: float
    high: float
    rows: int
    blocks: int = 0


class Unmeasured(Exception):
    """Nothing is measured; the message says why."""


_NO_BLOCK = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask: the rows behind FROM that can be measured, and expressions over them.

    ``value`` is the score of an AUC, 0 to 1 for a hit of an accuracy, the
    squared error of an RMSE. ``weight`` is how much of a positive a row is, 0 to 1.
    ``block`` is the row's block of time.
    """

    metric: Metric
    rows: str
    value: str
    weight: str = "NULL"
    block: str = _NO_BLOCK


def plan(session: Session, relation: Relation, asked: Asked) -> Plan:
    """How predictions are held against labels. Raises Unmeasured where they cannot be."""
    prediction, label = _column(relation, asked.prediction), _column(relation, asked.label or "")
    rows, block = _rows(relation, asked, prediction, label), _block(asked)
    kinds = (profiling.kind_of(prediction.type), profiling.kind_of(label.type))
    p, y = quote(prediction.name), quote(label.name)
    ((count,),) = session.fetch(f"SELECT count(*) FROM {rows}")
    if not count:
        raise Unmeasured(f"no row has both a prediction (`{prediction.name}`) and a label (`{label.name}`)")
    if kinds[0] is not Kind.NUMBER:
        if kinds[0] is not kinds[1] or kinds[0] is Kind.OTHER or asked.metric not in (None, Metric.ACCURACY):
            raise Unmeasured(_unlike(asked, prediction, label))
        if kinds[0] is Kind.TEXT:
            p, y = profiling.as_text(prediction), profiling.as_text(label)
        return Plan(Metric.ACCURACY, rows, f"CAST({p} = {y} AS INTEGER)", block=block)
    positive, classes = _positive(session, rows, prediction, label)
    hit = f"CAST({p} = {y} AS INTEGER)" if classes else f"CAST(({_number(prediction)} >= 0.5) = {positive} AS INTEGER)"
    match asked.metric or _chosen(positive, classes=classes):
        case Metric.AUC if positive:
            return Plan(
                Metric.AUC, rows, _number(prediction), f"CAST(CAST({positive} AS INTEGER) AS DOUBLE)", block=block
            )
        case Metric.ACCURACY if positive or kinds[1] is Kind.NUMBER:
            return Plan(Metric.ACCURACY, rows, hit if positive else f"CAST({p} = {y} AS INTEGER)", block=block)
        case Metric.RMSE if kinds[1] is Kind.NUMBER:
            return Plan(Metric.RMSE, rows, _squared(_number(prediction), _number(label)), block=block)
    raise Unmeasured(_unlike(asked, prediction, label))


def estimate(session: Session, relation: Relation, asked: Asked) -> Plan:
    """How well scores should do, if they are probabilities. Raises Unmeasured where they cannot be."""
    prediction = _column(relation, asked.prediction)
    if profiling.kind_of(prediction.type) is not Kind.NUMBER or asked.metric is Metric.RMSE:
        raise Unmeasured(f"without labels, only scores can be judged, and `{prediction.name}` is {prediction.type}")
    score, rows, block = _number(prediction), _rows(relation, asked, prediction), _block(asked)
    ((count, low, high),) = session.fetch(f"SELECT count(*), min({score}), max({score}) FROM {rows}")
    if not count:
        raise Unmeasured(f"no row has a prediction (`{prediction.name}`)")
    if low < 0 or high > 1:
        raise Unmeasured(
            f"without labels, only scores that are probabilities can be judged, and `{prediction.name}` goes from "
            f"{low:.4g} to {high:.4g}"
        )
    if asked.metric is Metric.ACCURACY:
        return Plan(Metric.ACCURACY, rows, f"greatest({score}, 1 - {score})", block=block)
    return Plan(Metric.AUC, rows, score, f"CASE WHEN {score} < {TINY!r} THEN 0::DOUBLE ELSE {score} END", block=block)


def _column(relation: Relation, name: str) -> Column:
    found = next((each for each in relation.columns if each.name == name), None)
    if found is None:
        near = did_you_mean(name, (each.name for each in relation.columns))
        raise Unmeasured(f"there is no column `{name}`" + (f" ({near[0].lower()}{near[1:]})" if near else ""))
    return found


def _number(column: Column) -> str:
    return profiling.as_number(column)


def _squared(one: str, other: str) -> str:
    """The square of a difference; infinite where it is too large to be told."""
    small = f"abs({one}) < {LARGEST!r} AND abs({other}) < {LARGEST!r}"
    difference = f"({one} - {other})"
    return f"CASE WHEN {small} THEN {difference} * {difference} ELSE CAST('Infinity' AS DOUBLE) END"


def _rows(relation: Relation, asked: Asked, *needed: Column) -> str:
    """The rows in which each of some columns has a value (of numbers: a finite one)."""
    conditions = [
        f"isfinite({_number(each)})"
        if profiling.kind_of(each.type) is Kind.NUMBER
        else f"{quote(each.name)} IS NOT NULL"
        for each in needed
    ]
    names = [quote(each.name) for each in needed] + [quote(each) for each in asked.segments]
    names += [quote(asked.clusters.column)] if asked.clusters else []
    return f"(SELECT {', '.join(dict.fromkeys(names))} FROM {relation.only(names)} WHERE {' AND '.join(conditions)})"


def _block(asked: Asked) -> str:
    return asked.clusters.key if asked.clusters else _NO_BLOCK


def _positive(session: Session, rows: str, prediction: Column, label: Column) -> tuple[str, bool]:
    """The condition of a positive label, empty where there are not two; and whether predictions are of the same two.

    Of two numbers, the greater is positive.
    """
    if profiling.kind_of(label.type) is Kind.BOOLEAN:
        return quote(label.name), False
    if profiling.kind_of(label.type) is not Kind.NUMBER:
        return "", False
    y, p = _number(label), _number(prediction)
    ((low, high),) = session.fetch(f"SELECT min({y}), max({y}) FROM {rows}")
    outside = f"count_if({{0}} <> {low!r}::DOUBLE AND {{0}} <> {high!r}::DOUBLE)"
    ((labels, predictions),) = session.fetch(f"SELECT {outside.format(y)}, {outside.format(p)} FROM {rows}")
    if labels:
        return "", False
    # A single value is one of two where it is one of 0 and 1, the usual two.
    if low == high and low not in (0, 1):
        return "", False
    return f"({y} = {(1.0 if low == high else high)!r}::DOUBLE)", not predictions


def _chosen(positive: str, *, classes: bool) -> Metric:
    if not positive:
        return Metric.RMSE
    return Metric.ACCURACY if classes else Metric.AUC


def _unlike(asked: Asked, prediction: Column, label: Column) -> str:
    what = f"{asked.metric} cannot be measured" if asked.metric else "no metric fits"
    return (
        f"{what}: predictions (`{prediction.name}`) are {prediction.type}, labels (`{label.name}`) are {label.type}. "
        "There is auc (a score, labels of two numbers or a boolean), accuracy (both of one type), rmse (both numbers)"
    )


def refuse_untold(session: Session, relation: Relation, by: str) -> None:
    """Raises Unmeasured where the engine cannot tell a column's values as text, which segments are named by."""
    refusal = session.refusal(relation, f"count(CAST({quote(by)} AS VARCHAR))")
    if refusal is not None:
        raise Unmeasured(f"the engine {session.engine} cannot tell {refusal}")


def sizes(session: Session, asked: Plan, by: str, smallest: int) -> tuple[int, int, int]:
    """How many values of a column have at least ``smallest`` rows; how many have fewer, and the rows of those."""
    ((large, small, rows),) = session.fetch(
        f"SELECT count_if(n >= {smallest}), count_if(n < {smallest}), "
        f"coalesce(sum(CASE WHEN n < {smallest} THEN n END), 0) "
        f"FROM (SELECT count(*) AS n FROM {asked.rows} GROUP BY {quote(by)})"
    )
    return int(large), int(small), int(rows)


# Measuring


def measure(
    session: Session, asked: Plan, by: str | None = None, confidence: float = CONFIDENCE, smallest: int = 0
) -> dict[str | None, Measured | str]:
    """The metric, with its interval, for each value of the column ``by`` as text; of all rows under None without one.

    Values of fewer than ``smallest`` rows are left out. In place of a metric
    stands the reason where there is none.
    """
    key = f"CAST({quote(by)} AS VARCHAR)" if by is not None else "CAST(NULL AS VARCHAR)"
    if asked.metric is Metric.AUC:
        # Without blocks a score is one row of its own, and needs no window to be added up.
        same = "{}" if asked.block == _NO_BLOCK else "sum({}) OVER (PARTITION BY k, score)"
        ties = {"same_p": same.format("p"), "same_q": same.format("q")}
        ranked = _by_key(session.fetch(_RANKED.format(key=key, plan=asked, smallest=smallest, **ties)))
        areas = {
            k: intervals.area([Placed(int(rows), *map(float, sums)) for rows, *sums in blocks], confidence)
            for k, blocks in ranked.items()
        }
        return {k: _measured(asked.metric, each) for k, each in areas.items()}
    summed = _by_key(session.fetch(_SUMMED.format(key=key, plan=asked, smallest=smallest)))
    mean = intervals.proportion if asked.metric is Metric.ACCURACY else intervals.root
    return {
        k: _measured(
            asked.metric, mean([Sums(int(rows), float(total), square) for rows, total, square in blocks], confidence)
        )
        for k, blocks in summed.items()
    }


def _by_key(found: Iterable[Sequence[Any]]) -> dict[str | None, list[Sequence[Any]]]:
    """What was asked of each block, by the value that comes first."""
    made: dict[str | None, list[Sequence[Any]]] = {}
    for key, *sums in found:
        made.setdefault(key, []).append(sums)
    return made


def _measured(metric: Metric, found: Interval | str) -> Measured | str:
    if isinstance(found, str):
        return found
    return Measured(metric, found.value, found.low, found.high, found.rows, found.blocks)


_SUMMED = """
SELECT k, n, total, square
FROM (
  SELECT k, n, total, square, sum(n) OVER (PARTITION BY k) AS size
  FROM (
    SELECT k, b, count(*) AS n, sum(v) AS total, var_samp(CAST(v AS DOUBLE)) AS square
    FROM (SELECT {key} AS k, {plan.block} AS b, {plan.value} AS v FROM {plan.rows}) GROUP BY k, b
  )
)
WHERE size >= {smallest}"""
"""Of each block: its rows, the sum of their values, and their variance."""

_RANKED = """
SELECT k, sum(n), sum(p), sum(q), sum(p * below), sum(p * below * below), sum(q * above), sum(q * above * above)
FROM (
  SELECT k, b, n, p, q, size, upto_q - same_q / '2'::DOUBLE AS below, all_p - (upto_p - same_p / '2'::DOUBLE) AS above
  FROM (
    SELECT k, b, n, p, q,
      sum(q) OVER (PARTITION BY k ORDER BY score) AS upto_q,
      sum(p) OVER (PARTITION BY k ORDER BY score) AS upto_p,
      {same_q} AS same_q,
      {same_p} AS same_p,
      sum(p) OVER (PARTITION BY k) AS all_p,
      sum(n) OVER (PARTITION BY k) AS size
    FROM (
      SELECT k, b, score, count(*) AS n, sum(w) AS p, sum(1 - w) AS q
      FROM (SELECT {key} AS k, {plan.block} AS b, {plan.value} AS score, {plan.weight} AS w FROM {plan.rows})
      GROUP BY k, b, score
    )
  )
)
WHERE size >= {smallest} GROUP BY k, b"""
"""Of each block: the negatives below its positives, the positives above its negatives, of all blocks; ties by half."""


def calibration(session: Session, relation: Relation, asked: Asked) -> float:
    """How far scores are from the share of positives, the mean over rows, in BINS bins; 0 to 1.

    The expected calibration error (Naeini, Cooper, Hauskrecht, "Obtaining Well
    Calibrated Probabilities Using Bayesian Binning", AAAI 2015). Raises
    Unmeasured where there are no scores with labels, or fewer than ENOUGH.
    """
    held = plan(session, relation, Asked(asked.prediction, asked.label, Metric.AUC))
    # The greatest score of all, 1, is in the last bin.
    scores = f"CASE WHEN v = 1 THEN {BINS - 1}::DOUBLE ELSE trunc(v / '{1 / BINS!r}'::DOUBLE) END"
    pairs = f"(SELECT {held.value} AS v, {held.weight} AS w FROM {held.rows})"
    query = f"SELECT count(*), sum(v), sum(w) FROM (SELECT {scores} AS b, v, w FROM {pairs}) GROUP BY b"
    bins = session.fetch(query)
    rows = sum(int(count) for count, _, _ in bins)
    if rows < ENOUGH:
        raise Unmeasured(f"{rows:,} rows with a label are too few to tell (from {ENOUGH:,} on they are)")
    return math.fsum(abs(float(scores) - float(positives)) for _, scores, positives in bins) / rows
