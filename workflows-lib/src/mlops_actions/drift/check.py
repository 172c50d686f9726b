"""The drift check: both sides read, what they come to decided, a verdict.

A path that is not there is a wrong call. A reference that holds nothing to
compare with, and data that cannot be read, are findings: never a pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_actions import files
from mlops_actions.data.profiles import profile
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.sources import readers
from mlops_actions.drift import arrivals, findings, pairs, performing, report, rhythm, sentence, sides, times, windows
from mlops_actions.drift.arrivals import Arrivals
from mlops_actions.drift.compare import Comparison, State, compare
from mlops_actions.drift.decision import Decision, decide, ordered
from mlops_actions.drift.performance import Asked
from mlops_actions.drift.request import DriftCheck
from mlops_actions.drift.rhythm import Rhythm, Unusable
from mlops_actions.drift.settings import Settings
from mlops_actions.drift.sides import Current, Ended, Run
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Json, Verdict, conclude, now

STAGE = "drift-check"
ENGINES = tuple(readers.ENGINES)


def check(request: DriftCheck, out: Path) -> Outcome:
    """Compare, write the current data's ``profile.json`` into ``out``, and say what drifted.

    Raises CallError for an engine, a path or a column that is not there.
    """
    readers.check(request.engine)
    request.settings.refuse_impossible()
    if not request.data:
        raise CallError(
            Problem("no current data is named", hint="Set the input `data`, or `drift.data` in mlops.yaml.")
        )
    run = Run(request, now())
    with readers.running(request.engine, request.master):
        try:
            return _check(run, out)
        except Ended as judged:
            return _outcome(run, [judged.finding], judged.headline, [])


def _check(run: Run, out: Path) -> Outcome:
    settings = run.request.settings
    reference = sides.of_reference(run)
    current = sides.of_current(run, reference)
    files.write_atomic(out / sides.PROFILE, profile.dumps(current.profile))
    run.window = _window(current.profile, reference.time.column) if reference.time else None
    settings.refuse_unknown(reference, current.profile)
    _refuse_unknown(run.request, reference.columns, current.profile.columns)
    if not current.profile.rows:
        return _outcome(run, [*current.checks, findings.no_rows(reference.object)], "The current data has no rows", [])
    return _compared(run, reference, current)


def _window(made: Profile, name: str) -> dict[str, Json] | None:
    """The first and the last time of the rows, as they are written; None where there is none."""
    column = made.column(name)
    if column is None or column.range is None or column.range.min is None or column.range.max is None:
        return None
    return {"column": name, "from": str(column.range.min), "to": str(column.range.max)}


def _refuse_unknown(request: DriftCheck, before: Sequence[ColumnProfile], current: Sequence[ColumnProfile]) -> None:
    """Raises CallError for a column of predictions or segments that is not there."""
    asked, place = request.performance, request.settings.place
    if asked is None:
        return
    there = [column.name for column in current]
    known = [*(column.name for column in before), *there]
    problems = []
    if asked.prediction not in known:
        message = (
            f"`prediction` names `{asked.prediction}`, and neither the reference nor the current data has such a column"
        )
        problems.append(place(message, "prediction", hint=did_you_mean(asked.prediction, known)))
    private = {column.name for column in (*before, *current) if column.private}
    for at, name in enumerate(asked.segments):
        if name not in there:
            message = f"`segments` names `{name}`, and the current data has no such column"
            problems.append(place(message, "segments", at, hint=did_you_mean(name, there)))
        elif name in private:
            message = f"`segments` names `{name}`, whose values are not to be shown, and a report would show them"
            problems.append(place(message, "segments", at))
    if problems:
        raise CallError(*problems)


@dataclass(frozen=True, slots=True)
class _Found:
    """What both sides come to: columns in the order of the data, those that one side has not, rows, performance.

    ``together`` are the pairs of columns.
    """

    columns: list[Decision]
    absent: list[Comparison]
    arrived: Arrivals
    together: pairs.Judged
    performed: performing.Judged


def _compared(run: Run, reference: Profile, current: Current) -> Outcome:
    """What is to be said of both sides, once they are read."""
    both = (reference, current.profile)
    leaning, said = sides.leaning(run)
    yardstick = _rhythm(reference, current)
    found = _found(run, reference, current, yardstick, leaning)
    decisions = ordered(found.columns, leaning)
    same = findings.same(run.subjects, run.materials, both, stored=run.stored)
    said += same
    before = [*current.checks, *said, *found.arrived.checks]
    of_columns = findings.of_columns(run.request, both, decisions, found.absent)
    shown = report.sections(
        decisions,
        (reference.rows, current.profile.rows),
        run.request.settings,
        yardstick,
        places={str(each.where.column): place for place, each in enumerate(of_columns, len(before))},
        importances=leaning,
    )
    headline = sentence.headline(decisions, windows.names(*both), leaning, _besides(found))
    headline += "; rows of it are in the reference, too" if same else ""
    shown += found.together.sections(len(before) + len(of_columns))
    checks = [*before, *of_columns, *found.together.checks, *found.performed.checks]
    shown = found.performed.sections + shown
    return replace(_outcome(run, checks, headline, found.columns, pairs_drifted=found.together.drifted), sections=shown)


def _besides(found: _Found) -> tuple[str, ...]:
    """What changed besides columns, in words: the number of rows, the performance, pairs of columns."""
    return tuple(filter(None, (found.arrived.headline, found.performed.headline, found.together.headline)))


def _found(
    run: Run, reference: Profile, current: Current, yardstick: Rhythm | str, leaning: Mapping[str, float]
) -> _Found:
    compared, absent = _parted(run, reference, current, yardstick)
    columns, arrived = _decide(run.request.settings, reference, current, compared)
    together = _together(run.request.settings, reference, current, yardstick, leaning)
    return _Found(columns, absent, arrived, together, _performed(run, current, reference.object))


OF_PAIRS = 0.1
"""The share of false alarms that pairs of columns may have: they are many, and shall not take power from columns."""


def _together(
    settings: Settings,
    reference: Profile,
    current: Current,
    yardstick: Rhythm | str,
    leaning: Mapping[str, float],
) -> pairs.Judged:
    known = yardstick if isinstance(yardstick, Rhythm) else None
    parts = pairs.Sides(reference, current.profile, current.correlations, current.blocks, known)
    wanted, level = settings.correlations, OF_PAIRS * settings.false_alarms
    asked = pairs.Asked(wanted, settings.threshold_correlation, settings.ignore, leaning, level)
    return pairs.judge(parts, asked)


def _decide(
    settings: Settings, reference: Profile, current: Current, compared: Sequence[Comparison]
) -> tuple[list[Decision], Arrivals]:
    """What is said of the columns, and of when rows came; all of it with one chance of a false alarm."""
    in_pairs = current.correlations is not None and current.correlations.pairs
    level = settings.false_alarms * (1 - OF_PAIRS if in_pairs else 1)
    share = level / (1 + sum(len(each.shifts) for each in compared))  # Bonferroni's, of one more test
    arrived = arrivals.judge(reference, current.profile, current.blocks, settings.rows_factor, share)
    level = level - share if arrived.checks else level
    return decide(compared, (reference.rows, current.profile.rows), settings.of, level), arrived


def _rhythm(reference: Profile, current: Current) -> Rhythm | str:
    """How much windows of the reference differ; or why that is not known."""
    try:
        ends = times.span(current.profile, reference.time.column) if reference.time else None
        return rhythm.of(reference.time, current.blocks, ends[1] - ends[0] if ends else None)
    except Unusable as error:
        return str(error) if reference.time else f"{error}{_could_name(reference)}"


def _could_name(reference: Profile) -> str:
    """What a person can do where nobody has named the time of the rows; empty where no column is one."""
    known = [report.named(each.name) for each in reference.columns if each.kind is Kind.TIME and not each.private]
    return f" (`data.time-column` in mlops.yaml can name {' or '.join(known[:3])})" if known else ""


def _parted(
    run: Run, reference: Profile, current: Current, yardstick: Rhythm | str
) -> tuple[list[Comparison], list[Comparison]]:
    """Of the columns that are not ignored: those to be judged, and predictions and labels that one side has not."""
    known = yardstick if isinstance(yardstick, Rhythm) else None
    settings = run.request.settings
    found = compare(reference, current.profile, current.recounts, known, settings.wanted)
    wanted = [each for each in found if each.name not in settings.ignore]
    absent = [each for each in wanted if _is_absent(each, run.request.performance, current.profile.rows)]
    return [each for each in wanted if each not in absent], absent


def _is_absent(comparison: Comparison, asked: Asked | None, rows: int) -> bool:
    """A column of predictions that the reference has not, or of labels that are not there yet: neither has drifted."""
    if asked is None:
        return False
    if comparison.name == asked.prediction:
        return comparison.state is State.ADDED
    if comparison.name != asked.label:
        return False
    gone = comparison.state is State.GONE
    return gone or (comparison.current is not None and comparison.current.nulls == rows)


def _performed(run: Run, current: Current, object_name: str) -> performing.Judged:
    """What is to be said of performance; nothing where it was not asked for."""
    asked, side = run.request.performance, current.performed
    if asked is None or side is None:
        return performing.Judged(())
    metrics, unread = sides.recorded(run)
    parts = performing.Sides(side, run.performed, current.profile.rows, metrics)
    judged = performing.judge(asked, parts, object_name)
    return performing.Judged((*unread, *judged.checks), judged.sections, judged.headline)


# The verdict


def _outcome(
    run: Run,
    checks: Sequence[Check],
    headline: str,
    decisions: Sequence[Decision],
    *,
    pairs_drifted: bool = False,
) -> Outcome:
    request = run.request
    drifted = [each.comparison.name for each in decisions if each.drifted]
    verdict = Verdict(
        stage=STAGE,
        status=conclude(checks),
        checks=tuple(checks),
        started=run.started,
        ended=now(),
        subjects=run.subjects,
        materials=run.materials,
        parameters={
            "reference": str(request.reference),
            "data": list(request.data),
            "engine": request.engine,
            "window": run.window,
            **request.settings.parameters,
            **_parameters(request.performance),
        },
    )
    outputs = {
        "drifted": "true" if drifted or pairs_drifted else "false",
        "drifted-columns": json.dumps(drifted, ensure_ascii=False),
    }
    return Outcome(verdict, headline, outputs=outputs, annotates_warnings=False)


def _parameters(asked: Asked | None) -> dict[str, Json]:
    if asked is None:
        return {}
    return {
        "prediction": asked.prediction,
        "label": asked.label,
        "metric": asked.metric,
        "segments": list(asked.segments),
        "smallest-segment": asked.smallest,
    }
