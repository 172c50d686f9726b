"""Performance judged: the current data's metric against that of the reference, of all rows and segment by segment.

Without labels an estimate stands in (see :mod:`.performance`), which warns and
does not fail: it is no measurement.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions import jsonfile
from mlops_actions.data.engines.translation.terms import Untranslatable
from mlops_actions.data.profiles import blockscan
from mlops_actions.drift import intervals, performance
from mlops_actions.drift.performance import CALIBRATED, CONFIDENCE, Asked, Clusters, Measured, Metric, Plan, Unmeasured
from mlops_actions.outcome import Block, Section, Table, Text
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, Severity, Status, Where
from mlops_actions.visible import clip, visible

if TYPE_CHECKING:
    from mlops_actions.data.engines.session import Session
    from mlops_actions.data.profiles.blocks import Blocks
    from mlops_actions.data.sources.relation import Relation

METRICS = "metrics.json"
TOLERANCE = 0.02
"""What an AUC or an accuracy may lose; of an RMSE, by which share it may grow."""
MOST = 200
"""Values of a column that are measured apart: more are no segments."""
NAMED = 5

_RECORDED = {Metric.AUC: ("auc", "roc_auc"), Metric.ACCURACY: ("accuracy",), Metric.RMSE: ("rmse",)}
"""What training calls them."""
_WORDS = {Metric.AUC: "AUC", Metric.ACCURACY: "accuracy", Metric.RMSE: "RMSE"}


@dataclass(frozen=True, slots=True)
class Segments:
    """The metric by value of a column, the values without one among them; and what is too small to be measured."""

    found: Mapping[str | None, Measured | str]
    small: int = 0
    rows: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """What was measured on one side. ``reason`` says why it was not, or was estimated.

    ``calibration`` is the error of the scores, or why it is not known;
    ``clusters`` are the blocks of time by which intervals are told, or why there
    are none.
    """

    whole: Measured | None = None
    segments: Mapping[str, Segments] = field(default_factory=dict)
    reason: str = ""
    estimated: bool = False
    calibration: float | str = "the reference is a profile, which has no pairs of score and label"
    clusters: Clusters | str = "it has no rows"


@contextmanager
def _said(session: Session) -> Iterator[None]:
    """What an engine has no equal for is not measured."""
    try:
        yield
    except Untranslatable as error:
        raise Unmeasured(f"the engine {session.engine} cannot {error}") from error


MOST_BLOCKS = 1_100
"""Blocks of time, three years of days, that are told apart: more are of times that are none, or need no telling."""


def clusters(relation: Relation, blocks: Blocks | None) -> Clusters | str:
    """The blocks of time that rows come in, where these are known; else why rows are taken for independent."""
    if blocks is None:
        return "there are no blocks of time"
    if len(blocks.starts) > MOST_BLOCKS:
        return f"there are {len(blocks.starts):,} blocks of time, and {MOST_BLOCKS:,} are the most"
    try:
        time = blockscan.timing(relation, blocks.column)
    except ValueError as error:
        return str(error)
    return Clusters(blocks.column, blocks.unit, time.key(blocks.unit))


def of_reference(session: Session, relation: Relation, asked: Asked, blocks: Blocks | None = None) -> Side:
    """The reference's rows, where they have predictions and labels; ``blocks`` are those of their time."""
    try:
        side = _by_labels(session, relation, asked, clusters(relation, blocks))
    except Unmeasured as error:
        return Side(reason=f"the reference: {error}", calibration=str(error))
    try:
        with _said(session):
            return replace(side, calibration=performance.calibration(session, relation, _known(asked, relation)))
    except Unmeasured as error:
        return replace(side, calibration=str(error))


def of_current(
    session: Session, relation: Relation, asked: Asked, reference: Side, blocks: Blocks | None = None
) -> Side:
    """The current rows: measured where there are labels, else estimated where scores are probabilities."""
    known = clusters(relation, blocks)
    if reference.whole is not None:
        asked = replace(asked, metric=reference.whole.metric)
    try:
        return _by_labels(session, relation, asked, known)
    except Unmeasured as error:
        why = str(error)
    try:
        return replace(_estimated(session, relation, asked, known, reference.calibration), reason=why)
    except Unmeasured as error:
        return Side(reason=f"{why}; {error}")


def _by_labels(session: Session, relation: Relation, asked: Asked, blocks: Clusters | str) -> Side:
    """What labels say. Raises Unmeasured."""
    if asked.label is None:
        raise Unmeasured("no column of labels is named (`drift.label`)")
    asked = _known(asked, relation, blocks)
    with _said(session):
        plan = performance.plan(session, relation, asked)
        return replace(_measured(session, plan, asked, relation), clusters=blocks)


def _estimated(
    session: Session, relation: Relation, asked: Asked, blocks: Clusters | str, calibration: float | str
) -> Side:
    """What scores alone say, where the reference's are probabilities or nothing is known of them. Raises Unmeasured."""
    if isinstance(calibration, float) and calibration > CALIBRATED:
        raise Unmeasured(
            f"the scores are no probabilities, so nothing is estimated: in the reference they are "
            f"{calibration:.3f} from the share of positives ({CALIBRATED} is the most)"
        )
    asked = _known(asked, relation, blocks)
    with _said(session):
        plan = performance.estimate(session, relation, asked)
        return replace(_measured(session, plan, asked, relation), estimated=True, clusters=blocks)


def _known(asked: Asked, relation: Relation, blocks: Clusters | str = "") -> Asked:
    """Without the segments that a side has not, and with its blocks of time."""
    names = {each.name for each in relation.columns}
    segments = tuple(each for each in asked.segments if each in names)
    return replace(asked, segments=segments, clusters=blocks if isinstance(blocks, Clusters) else None)


def _measured(session: Session, plan: Plan, asked: Asked, relation: Relation) -> Side:
    """All rows, and each segment. Raises Unmeasured where there is no metric of all rows."""
    whole = performance.measure(session, plan)[None]
    if isinstance(whole, str):
        raise Unmeasured(whole)
    sizes: dict[str, tuple[int, int, int] | str] = {}
    for name in asked.segments:
        try:
            with _said(session):
                performance.refuse_untold(session, relation, name)
                sizes[name] = performance.sizes(session, plan, name, asked.smallest)
        except Unmeasured as error:
            sizes[name] = str(error)
    # All intervals together hold with the confidence of one (Bonferroni).
    judged = sum(each[0] for each in sizes.values() if not isinstance(each, str) and each[0] <= MOST)
    confidence = 1 - (1 - CONFIDENCE) / max(1, judged)
    return Side(
        whole, {name: _segments(session, plan, name, each, confidence, asked.smallest) for name, each in sizes.items()}
    )


def _segments(
    session: Session, plan: Plan, name: str, size: tuple[int, int, int] | str, confidence: float, smallest: int
) -> Segments:
    """The metric by value of a column, whose sizes are known; or are not, and why."""
    if isinstance(size, str):
        return Segments({}, reason=size)
    large, small, rows = size
    if large > MOST:
        return Segments({}, reason=f"it has {large:,} values of that size, and {MOST} are the most")
    found = performance.measure(session, plan, name, confidence, smallest) if large else {}
    return Segments(found, small, rows)


def recorded(path: Path) -> dict[str, float]:
    """The metrics that training left. Raises OSError, ValueError where the file holds none."""
    data = jsonfile.read(path)
    if not isinstance(data, dict):
        raise ValueError("is not one object of names and numbers")
    return {name: float(each) for name, each in data.items() if isinstance(each, int | float) and math.isfinite(each)}


# Judging


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of performance: checks, a section of the report, and a clause for its headline (may be empty)."""

    checks: tuple[Check, ...]
    sections: tuple[Section, ...] = ()
    headline: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides, how many rows the current data has in all, and the metrics that training recorded, by name."""

    current: Side
    reference: Side
    rows: int
    metrics: Mapping[str, float]


def is_of_performance(check: Check) -> bool:
    """Whether a check judges a metric, of all rows or by the values of its column."""
    rules = (_rule(check.where.object, metric) for metric in Metric)
    return any(check.rule in (rule, f"{rule}.{check.where.column}") for rule in rules)


def _rule(*parts: str | None) -> str:
    """The rule of a performance: its object, `performance`, and what of it."""
    object_name, *rest = parts
    return ".".join(part for part in (object_name, "performance", *rest) if part)


def judge(asked: Asked, sides: Sides, object_name: str) -> Judged:
    """Hold the current side against the reference's, else against what training recorded."""
    current, reference = sides.current, sides.reference
    rule = _rule(object_name)
    where = Where(object=object_name or None, column=asked.prediction)
    if current.whole is None:
        message = f"performance is not measured: {current.reason}"
        return Judged((Check(rule, Status.NOT_CHECKED, visible(message), Severity.WARNING, where),))
    now = current.whole
    before, source = _before(now.metric, reference, sides.metrics)
    whole = replace(_whole_check(now, before, estimated=current.estimated), rule=f"{rule}.{now.metric}", where=where)
    words = _named(now.metric, estimated=current.estimated)
    message = f"the {words} is {_interval(now)} over {_rows(now, sides.rows)}{_against(now, before, source)}"
    if current.estimated:
        message += f". It is an estimate, since {current.reason}; {_assumed(reference)}"
    checks = [replace(whole, message=visible(message))]
    checks += [
        _segment_check(name, each, _pairs(each, reference.segments.get(name)), checks[0], words)
        for name, each in current.segments.items()
    ]
    section = _section(now, current, reference, before, asked.smallest)
    return Judged(tuple(checks), (section,), _clause(now, before, words))


def _named(metric: Metric, *, estimated: bool) -> str:
    return f"{'estimated ' if estimated else ''}{_WORDS[metric]}"


def _whole_check(now: Measured, before: Measured | None, *, estimated: bool) -> Check:
    """The check of all rows, without its names and words."""
    severity = Severity.WARNING if estimated else Severity.ERROR
    made = Check("", Status.NOT_CHECKED, "", Severity.INFO, measured=round(now.value, 6), rows=now.rows)
    if before is None:
        return made
    status = _status(severity, worse=is_worse(now, before))
    return replace(made, status=status, severity=severity, threshold=_threshold(before))


def _clause(now: Measured, before: Measured | None, words: str) -> str:
    """What a headline says of it, where it is worse."""
    if before is None or not is_worse(now, before):
        return ""
    return (
        f"the {words} {'rose' if now.metric is Metric.RMSE else 'fell'}: {before.value:.3g} before, {now.value:.3g} now"
    )


def is_worse(now: Measured, before: Measured) -> bool:
    """Whether the whole interval of the difference is worse than the tolerance.

    The interval is put together from those of both sides (MOVER: Zou, Donner,
    "Construction of Confidence Limits about Effect Measures", Statistics in
    Medicine 27, 2008; of two Wilson intervals it is Newcombe's, 1998). A
    number that training recorded has none, and is taken for exact.
    """
    difference = now.value - before.value
    if now.metric is Metric.RMSE:
        least = difference - math.hypot(now.value - now.low, before.high - before.value)
        return least > before.value * TOLERANCE
    return difference + math.hypot(now.high - now.value, before.value - before.low) < -TOLERANCE


def _before(metric: Metric, reference: Side, metrics: Mapping[str, float]) -> tuple[Measured | None, str]:
    """What the reference's metric is, and where that is from; or why it is not known."""
    if reference.whole is not None and reference.whole.metric is metric:
        return reference.whole, "in the reference"
    for name in _RECORDED[metric]:
        if name in metrics:
            value = metrics[name]
            return Measured(metric, value, value, value, 0), f"at training (`{name}` in {METRICS})"
    return None, f"neither rows of the reference nor its {METRICS} say what it was"


def _threshold(before: Measured) -> dict[str, float]:
    if before.metric is Metric.RMSE:
        return {"mustBeLessOrEqualTo": round(before.value * (1 + TOLERANCE), 6)}
    return {"mustBeGreaterOrEqualTo": round(before.value - TOLERANCE, 6)}


def _status(severity: Severity, *, worse: bool) -> Status:
    if not worse:
        return Status.PASS
    return Status.FAIL if severity is Severity.ERROR else Status.WARN


def _interval(now: Measured) -> str:
    return f"{now.value:.4g} ({CONFIDENCE:.0%} interval {now.low:.4g} to {now.high:.4g})".replace("%", " %")


def _rows(now: Measured, rows: int) -> str:
    return plural(now.rows, "row") if now.rows == rows else f"{now.rows:,} of {plural(rows, 'row')}"


def _against(now: Measured, before: Measured | None, source: str) -> str:
    if before is None:
        return f"; {source}"
    tolerance = f"{TOLERANCE:.0%}".replace("%", " %") if now.metric is Metric.RMSE else f"{TOLERANCE}"
    worse = f": worse by more than {tolerance}, and that is no chance" if is_worse(now, before) else ""
    was = _interval(before) if before.rows else f"{before.value:.4g}"
    return f", and was {was} {source}{worse}"


def _assumed(reference: Side) -> str:
    """What an estimate takes for granted."""
    if isinstance(reference.calibration, float):
        known = f"in the reference they are, but for {reference.calibration:.3f}"
    else:
        known = f"that is not checked ({reference.calibration})"
    return f"it holds where scores are probabilities, then as now: {known}"


def _segment_check(
    name: str, now: Segments, pairs: Sequence[tuple[str | None, Measured, Measured]], whole: Check, words: str
) -> Check:
    """One check for all values of a column; ``pairs`` are those that were measured on both sides."""
    severity = Severity.WARNING if words.startswith("estimated") else Severity.ERROR
    rest = f"; {plural(now.small, 'value')} of too few rows ({now.rows:,} in all) are not judged" if now.small else ""
    made = Check(f"{whole.rule}.{name}", Status.NOT_CHECKED, "", Severity.INFO, replace(whole.where, column=name))
    said = f"the {words} by `{clip(name, 60)}` is "
    if not pairs:
        why = now.reason or ("no value has rows enough" if not now.found else "nothing says what they were")
        return replace(made, message=visible(f"{said}not judged: {why}{rest}"))
    worse = sorted(
        (each for each in pairs if is_worse(*each[1:])), key=lambda each: -abs(each[1].value - each[2].value)
    )
    listed = ", ".join(f"{_value(key)} ({was.value:.3g} to {one.value:.3g})" for key, one, was in worse[:NAMED])
    more = f" and {len(worse) - NAMED:,} more" if len(worse) > NAMED else ""
    said += f"worse in {len(worse) or 'none'} of {plural(len(pairs), 'value')}{f': {listed}{more}' if worse else ''}"
    return replace(
        made,
        status=_status(severity, worse=bool(worse)),
        severity=severity,
        message=visible(said + rest),
        measured=len(worse),
        threshold={"mustBe": 0},
    )


def _pairs(now: Segments, before: Segments | None) -> list[tuple[str | None, Measured, Measured]]:
    """The values that were measured on both sides."""
    found = []
    for key, one in now.found.items():
        other = before.found.get(key) if before else None
        if isinstance(one, Measured) and isinstance(other, Measured) and one.metric is other.metric:
            found.append((key, one, other))
    return found


def _value(key: str | None) -> str:
    return "null" if key is None else f"'{clip(key, 60)}'"


# Showing


def _section(now: Measured, current: Side, reference: Side, before: Measured | None, smallest: int) -> Section:
    """The metric of all rows, ``now``, and of each segment, the worst first."""
    rows = [("all rows", *_cells(now, before))]
    for name, each in current.segments.items():
        known = {key: other for key, _, other in _pairs(each, reference.segments.get(name))}
        measured = [(key, one) for key, one in each.found.items() if isinstance(one, Measured)]
        measured.sort(key=lambda item: item[1].value if now.metric is not Metric.RMSE else -item[1].value)
        rows += [(visible(f"{clip(name, 60)} = {_value(key)}"), *_cells(one, known.get(key))) for key, one in measured]
    blocks: list[Block] = [Table(("", _WORDS[now.metric], "from", "to", "reference", "rows"), tuple(rows))]
    words = f"From and to are the ends of the {CONFIDENCE:.0%} interval".replace("%", " %")
    if current.segments:
        words += f", of all segments together. Values of fewer than {smallest:,} rows are not judged"
    blocks.append(Text(visible(f"{words}. {_told(current, reference)}")))
    if current.estimated:
        blocks.append(
            Text(visible(f"This is an estimate, since {current.reason}. {_assumed(reference).capitalize()}."))
        )
    return Section("Performance, estimated" if current.estimated else "Performance", tuple(blocks))


def _told(current: Side, reference: Side) -> str:
    """What the intervals of both sides are told by."""
    said = []
    for name, side in (("current data", current), ("reference", reference)):
        if side.whole is None:
            continue
        if isinstance(side.clusters, Clusters) and side.whole.blocks:
            differ = plural(side.whole.blocks, side.clusters.unit)
            said.append(f"The interval of the {name} is told by how much its {differ} differ.")
        else:
            said.append(f"Rows of the {name} are taken for independent, since {_why_rows(side)}.")
    if any(side.whole and not side.whole.blocks for side in (current, reference)):
        said.append("Where rows of one time resemble each other, that makes an interval too narrow.")
    return " ".join(said)


def _why_rows(side: Side) -> str:
    if isinstance(side.clusters, str):
        return side.clusters
    return f"they are of fewer than {intervals.FEWEST} {side.clusters.unit}s"


def _cells(one: Measured, before: Measured | None) -> tuple[float | int | None, ...]:
    other = None if before is None else round(before.value, 4)
    return (round(one.value, 4), round(one.low, 4), round(one.high, 4), other, one.rows)
