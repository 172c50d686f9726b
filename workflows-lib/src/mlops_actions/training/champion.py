"""The challenger held against the champion: both score the same held-out rows, by the project's own command.

The library loads no model and knows no features. The command scores one model
at a time: it finds the model's folder in ``MLOPS_MODEL``, and writes what that
says of each held-out row into the CSV file ``MLOPS_SCORES``. It is run twice, in
the environment that trained. That neither model has seen those rows is the
command's to see to; the library only sees that both were asked about the same.

The rule is that of a trial of non-inferiority (Piaggio et al., "Reporting of
Noninferiority and Equivalence Randomized Trials", JAMA 308, 2012): the whole
interval of the difference must lie above ``-margin``, so that too few rows
never promote a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from mlops_actions import model
from mlops_actions.report.wording import plural
from mlops_actions.training import paired, scores
from mlops_actions.training.paired import Difference, Incomparable, Metric
from mlops_actions.training.scores import Scores
from mlops_actions.verdict import Check, Severity, Status, Subject, Where

MODEL, SCORES = "MLOPS_MODEL", "MLOPS_SCORES"
"""What tells the command which model to score, and where to write."""
RULE = "champion"

Scorer: TypeAlias = Callable[[Path, Path, str], str | None]
"""Scores a model into a file, with a name for its log; what went wrong, None where nothing did."""


@dataclass(frozen=True, slots=True)
class Champion:
    """What to hold a new model against.

    ``model`` is a model directory, None where there is none, for the reason
    ``absent``; ``name`` is what people call it. ``margin`` is by how much, in
    the metric's unit, the challenger may be worse.
    """

    command: str
    metric: Metric
    margin: float
    model: Path | None
    name: str = ""
    absent: str = ""
    expected: bool = False
    """Whether it is a lack that there is no champion, rather than the first training."""
    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True)
class Compared:
    """The check, what happened in sentences, and the champion by digest where there is one."""

    check: Check
    sentences: tuple[str, ...] = ()
    difference: Difference | None = None
    material: Subject | None = None


def compare(asked: Champion, challenger: Path, score: Scorer, room: Path) -> Compared:
    """Score both models into ``room`` and judge the difference."""
    rule = f"{RULE}.{asked.metric}"
    if asked.model is None:
        severity = Severity.WARNING if asked.expected else Severity.INFO
        message = f"not compared with a champion: {asked.absent}"
        return Compared(Check(rule, Status.NOT_CHECKED, message, severity, where=asked.where), (_sentence(message),))
    material: Subject | None = None
    try:
        model.read(asked.model)
        material = Subject(f"champion {asked.name}", model.digest(asked.model))
        one = _scores(asked.model, "champion", score, room)
        two = _scores(challenger, "challenger", score, room)
        if not one.same_rows(two):
            raise Incomparable("the command scored other rows for the challenger than for the champion")
        found = paired.compare(asked.metric, one.labels, one.predictions, two.predictions, one.blocks)
    except (model.NotAModel, Incomparable) as error:
        message = f"the champion {asked.name} and the challenger cannot be compared: {error}"
        return Compared(Check(rule, Status.ERROR, message, where=asked.where), (_sentence(message),), None, material)
    holds = found.low >= -asked.margin
    check = Check(
        rule,
        Status.PASS if holds else Status.FAIL,
        f"{_measured(asked, found)} {_outcome(asked, found)}",
        where=asked.where,
        measured=found.low,
        threshold={"mustBeGreaterOrEqualTo": -asked.margin},
    )
    return Compared(check, (_measured(asked, found), _outcome(asked, found)), found, material)


def _scores(folder: Path, role: str, score: Scorer, room: Path) -> Scores:
    file = room / f"{role}.csv"
    if problem := score(folder, file, role):
        raise Incomparable(f"scoring the {role} failed: {problem}")
    try:
        return scores.read(file)
    except scores.Unusable as error:
        raise Incomparable(f"what the command wrote of the {role} cannot be used: {error}") from None


def _measured(asked: Champion, found: Difference) -> str:
    """What was measured, and how sure that is."""
    on = f"over {plural(found.blocks, 'block')}" if found.blocks is not None else "rows taken for independent"
    digits = _digits(found)
    far = f"{abs(found.better):.{digits}f}"
    side = f"{far} better" if found.better > 0 else f"{far} worse" if found.better < 0 else "neither better nor worse"
    return (
        f"On the same {found.rows:,} held-out rows the champion {asked.name} has {asked.metric} {found.champion:.4g}, "
        f"the challenger {found.challenger:.4g}: {side}, with 95 % confidence between {found.low:+.{digits}f} and "
        f"{found.high:+.{digits}f} ({on})."
    )


def _digits(found: Difference) -> int:
    """As many as it takes to show on which side of 0 each end lies: four to eight."""
    ends = [abs(end) for end in (found.low, found.high) if end]
    return max([4, *(min(8, -int(f"{end:e}".partition("e")[2])) for end in ends)])


def _outcome(asked: Champion, found: Difference) -> str:
    """Who won, and whether that is enough."""
    if found.low > 0:
        return "The challenger wins by more than chance explains."
    if found.low == found.high:
        who = "Neither wins: both say the same"
    elif found.high < 0:
        who = "The champion wins by more than chance explains"
    else:
        who = "Neither wins: the difference may be chance"
    limit = f"{asked.margin:g}"
    if found.low >= -asked.margin:
        return f"{who}. The challenger is not worse by more than {limit}, which is allowed."
    if found.high < -asked.margin:
        return f"{who}. The challenger is worse by more than {limit}, which is not allowed."
    return f"{who}. That the challenger is worse by no more than {limit} is not shown, and shown it must be."


def _sentence(text: str) -> str:
    text = text if text.endswith(".") else f"{text}."
    return text[0].upper() + text[1:]
