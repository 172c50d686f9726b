"""The drift check: the reference and the current data read, one scan, a verdict.

A path that is not there is a wrong call. A reference that holds nothing to
compare with, and data that cannot be read, are findings: never a pass.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from mlops_actions import files, importances
from mlops_actions.data.profiles import blockscan, correlating, profile, profiling, shaping
from mlops_actions.data.profiles.blocks import Blocks
from mlops_actions.data.profiles.correlations import Correlations
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.sources import intake, readers
from mlops_actions.data.sources.reading import FOUND, CsvDialect, Reading
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.data.types.cells import TextType
from mlops_actions.drift import arrivals, pairs, performing, report, rhythm, sentence, stored, times, windows
from mlops_actions.drift.arrivals import Arrivals
from mlops_actions.drift.compare import Comparison, State, compare
from mlops_actions.drift.decision import Decision, Finding, decide, ordered
from mlops_actions.drift.performance import Asked
from mlops_actions.drift.rhythm import Rhythm, Unusable
from mlops_actions.drift.settings import Settings
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Json, Severity, Status, Subject, Verdict, Where, conclude, digest, now

STAGE = "drift-check"
ENGINES = tuple(readers.ENGINES)
PROFILE = "profile.json"


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """What to compare.

    ``reference`` is a ``profile.json``, a folder that holds one, or data: a
    file, a folder or a glob; as text, an address (``s3://…``,
    ``postgresql://…``). ``data`` is current data, or profiles of it that were
    made like the reference. Paths are relative to the
    working directory. ``settings`` say which columns are compared, and from
    which shift on it matters. ``master`` is where Spark runs, for that engine.
    """

    reference: Path | str
    data: tuple[str, ...]
    engine: str = "duckdb"
    master: str | None = None
    settings: Settings = field(default_factory=Settings)
    csv: CsvDialect = FOUND
    time_column: str | None = None
    """The time of a row, where the reference is data and rows of one time are to be taken for alike."""
    performance: Asked | None = None
    """The columns of predictions and labels, where there are such."""


class _Judged(Exception):
    """The check ends here, with this finding."""

    def __init__(self, finding: Check, headline: str) -> None:
        super().__init__(finding.message)
        self.finding, self.headline = finding, headline


@dataclass(slots=True)
class _Run:
    """What is known so far, so that a check that ends early says what it had read."""

    request: DriftCheck
    started: datetime
    subjects: tuple[Subject, ...] = ()
    materials: tuple[Subject, ...] = ()
    window: dict[str, Json] | None = None
    """The time column of the current data, and its first and last time."""
    stored: bool = False
    """Whether the reference is a stored profile."""
    beside: Path | None = None
    """The folder of the reference, where that is a stored profile: what training left of the model lies there, too."""
    performed: performing.Side = field(default_factory=performing.Side)
    """How well the predictions in the reference's rows fit their labels."""


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
    run = _Run(request, now())
    with readers.running(request.engine, request.master):
        try:
            return _check(run, out)
        except _Judged as judged:
            return _outcome(run, [judged.finding], judged.headline, [])


def _check(run: _Run, out: Path) -> Outcome:
    settings = run.request.settings
    reference = _reference(run)
    current = _current(run, reference)
    files.write_atomic(out / PROFILE, profile.dumps(current.profile))
    run.window = _window(current.profile, reference.time.column) if reference.time else None
    settings.refuse_unknown(reference, current.profile)
    _refuse_unknown(run.request, reference.columns, current.profile.columns)
    if not current.profile.rows:
        return _outcome(run, [*current.checks, _no_rows(reference.object)], "The current data has no rows", [])
    return _compared(run, reference, current)


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


def _compared(run: _Run, reference: Profile, current: _Current) -> Outcome:
    """What is to be said of both sides, once they are read."""
    sides = (reference, current.profile)
    leaning, said = _importances(run)
    yardstick = _rhythm(reference, current)
    found = _found(run, reference, current, yardstick, leaning)
    decisions = ordered(found.columns, leaning)
    before = [*current.checks, *said, *_same(run, *sides), *found.arrived.checks]
    of_columns = _of_columns(run.request, sides, decisions, found.absent)
    shown = report.sections(
        decisions,
        (reference.rows, current.profile.rows),
        run.request.settings,
        yardstick,
        places={str(each.where.column): place for place, each in enumerate(of_columns, len(before))},
        importances=leaning,
    )
    headline = sentence.headline(decisions, windows.names(*sides), leaning, _besides(found))
    shown += found.together.sections(len(before) + len(of_columns))
    checks = [*before, *of_columns, *found.together.checks, *found.performed.checks]
    outcome = _outcome(run, checks, headline, found.columns, pairs_drifted=found.together.drifted)
    return replace(outcome, sections=found.performed.sections + shown)


def _besides(found: _Found) -> tuple[str, ...]:
    """What changed besides columns, in words: the number of rows, the performance, pairs of columns."""
    return tuple(filter(None, (found.arrived.headline, found.performed.headline, found.together.headline)))


def _found(
    run: _Run, reference: Profile, current: _Current, yardstick: Rhythm | str, leaning: Mapping[str, float]
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
    current: _Current,
    yardstick: Rhythm | str,
    leaning: Mapping[str, float],
) -> pairs.Judged:
    known = yardstick if isinstance(yardstick, Rhythm) else None
    sides = pairs.Sides(reference, current.profile, current.correlations, current.blocks, known)
    wanted, level = settings.correlations, OF_PAIRS * settings.false_alarms
    asked = pairs.Asked(wanted, settings.threshold_correlation, settings.ignore, leaning, level)
    return pairs.judge(sides, asked)


def _of_columns(
    request: DriftCheck, sides: tuple[Profile, Profile], decisions: Sequence[Decision], absent: Sequence[Comparison]
) -> list[Check]:
    """A check for each column: those that were judged, in their order, those that are absent, and those left out."""
    name, rows = sides[0].object, (sides[0].rows, sides[1].rows)
    return [
        *(_to_check(each, request.performance, name, rows) for each in decisions),
        *(_absence(each, name) for each in absent),
        *(_ignored(each, name) for each in dict.fromkeys(request.settings.ignore)),
    ]


def _decide(
    settings: Settings, reference: Profile, current: _Current, compared: Sequence[Comparison]
) -> tuple[list[Decision], Arrivals]:
    """What is said of the columns, and of when rows came; all of it with one chance of a false alarm."""
    in_pairs = current.correlations is not None and current.correlations.pairs
    level = settings.false_alarms * (1 - OF_PAIRS if in_pairs else 1)
    share = level / (1 + sum(len(each.shifts) for each in compared))  # Bonferroni's, of one more test
    arrived = arrivals.judge(reference, current.profile, current.blocks, settings.rows_factor, share)
    level = level - share if arrived.checks else level
    return decide(compared, (reference.rows, current.profile.rows), settings.of, level), arrived


# Reading


def _reference(run: _Run) -> Profile:
    path = run.request.reference
    if isinstance(path, Path) and path.is_dir() and (path / PROFILE).is_file():
        path /= PROFILE
    if isinstance(path, Path) and path.suffix == ".json":
        found = _stored(path)
        run.materials, run.stored = (Subject(str(path), digest(path)),), True
        run.beside = path.parent
    else:
        if isinstance(path, Path) and not path.exists() and not glob.has_magic(str(path)):
            raise CallError(Problem("no such profile or data", str(path), hint="It is the reference to compare with."))
        found = _measured(run, str(path))
    if not found.rows:
        raise _no_reference(str(path), "the reference has no rows, so nothing can be compared")
    return found


def _stored(path: Path) -> Profile:
    if not path.is_file():
        raise CallError(Problem("no such profile", str(path), hint="It is the reference to compare with."))
    try:
        return profile.read(path)
    except Misfit as error:
        raise _no_reference(str(path), f"the reference {error}", error.line) from error


def _importances(run: _Run) -> tuple[dict[str, float], list[Check]]:
    """What the model leans on, column to share, as training left it beside the profile; empty where it did not."""
    if run.beside is None or not (path := run.beside / importances.NAME).exists():
        return {}, []
    try:
        found = importances.read(path)
    except importances.Unusable as error:
        message = f"the importances beside the reference cannot be used, so the columns are not sorted by them: {error}"
        return {}, [Check("importances", Status.WARN, message, Severity.WARNING, where=Where(file=str(path)))]
    run.materials += (Subject(str(path), digest(path)),)
    return found, []


def _measured(run: _Run, place: str) -> Profile:
    """The profile of reference data, by the engine of the current data; but files are read here, beside a table."""
    engine = run.request.engine
    if engine == "postgres" and not isinstance(run.request.reference, str):
        engine = "duckdb"
    try:
        with (
            readers.reader(engine, {profile.OBJECT: (place,)}) as reader,
            reader.take_in(profile.OBJECT, Reading(csv=run.request.csv)) as taken,
        ):
            measured = _profile(run, taken)
            run.materials = tuple(taken.subjects)
            if run.request.performance is not None:
                run.performed = performing.of_reference(
                    taken.session, taken.relation, run.request.performance, measured.time
                )
            broken = [each for each in _of_files(taken, measured) if each.status is not Status.PASS]
    except Unreadable as error:
        raise _no_reference(error.file or place, f"the reference cannot be read: {error}") from error
    if broken:
        raise _no_reference(place, f"the reference cannot be read: {broken[0].message}")
    return measured


def _profile(run: _Run, taken: readers.Taken) -> Profile:
    """The profile of reference data, by blocks of time where a column is named. Raises CallError, Unreadable."""
    plan = profiling.plan(taken.session, taken.relation)
    time = None
    if run.request.time_column is not None:
        try:
            time = blockscan.timing(taken.relation, run.request.time_column)
        except ValueError as error:
            raise CallError(
                Problem(f"`data.time-column` cannot be the time of the reference's rows: {error}")
            ) from error
    made = blockscan.scan(taken.session, plan, time=time)[1]
    made = shaping.added(taken.session, taken.relation, made, time, without=run.request.settings.ignore)
    if not (wanted := run.request.settings.correlations):
        return made
    columns = correlating.chosen(made, wanted, without=run.request.settings.ignore)
    return correlating.added(taken.session, taken.relation, made, columns, time)


@dataclass(frozen=True, slots=True)
class _Current:
    """The current data: its profile, its counts in the reference's bins, its blocks, and what its files are like.

    ``correlations`` are of the columns that the reference has them of, in the blocks.
    """

    profile: Profile
    recounts: Mapping[str, profiling.Recount]
    blocks: Blocks | None
    correlations: Correlations | None
    checks: list[Check]
    performed: performing.Side | None = None


def _current(run: _Run, reference: Profile) -> _Current:
    if found := stored.named(run.request.data):
        return _counted(run, reference, found)
    # Text that was text stays so: a cell of a CSV file has no type of its own.
    texts = {each.name: TextType("VARCHAR") for each in reference.columns if each.kind in (Kind.CATEGORY, Kind.TEXT)}
    try:
        with (
            readers.reader(run.request.engine, {reference.object: run.request.data}) as reader,
            reader.take_in(reference.object, Reading(texts, csv=run.request.csv)) as taken,
        ):
            plan = profiling.plan(taken.session, taken.relation, like=reference)
            values = taken.session.aggregate(taken.relation, plan.aggregates)
            made = profiling.build(plan, values)
            made = shaping.added(
                taken.session, taken.relation, made, like=reference, without=run.request.settings.ignore
            )
            run.subjects = tuple(taken.subjects)
            recounts, blocks = profiling.recount(plan, values), _blocks(taken, reference)
            performed = None
            if (asked := run.request.performance) is not None:
                performed = performing.of_current(taken.session, taken.relation, asked, run.performed, blocks)
            together = _correlations(taken, made, reference, run.request.settings, blocks)
            made = replace(made, correlations=together.whole)  # a profile without blocks of time keeps none of theirs
            return _Current(made, recounts, blocks, together, _of_files(taken, made), performed)
    except Unreadable as error:
        raise _Judged(intake.unreadable(reference.object, error), "The current data cannot be read") from error


def _counted(run: _Run, reference: Profile, found: Sequence[Path]) -> _Current:
    """Current data that was profiled before, and of which there are no rows here."""
    if run.request.performance is not None:
        hint = "Leave `drift.prediction` out, or give the rows."
        message = "a stored profile has no rows, so no performance can be measured"
        raise CallError(Problem(message, str(found[0]), hint=hint))
    run.subjects = tuple(Subject(str(each), digest(each)) for each in found)
    try:
        made = stored.read(found)
        counted, blocks = stored.recounts(reference, made), stored.blocks(reference, made)
        return _Current(made, counted, blocks, made.correlations, [])
    except stored.Unlike as error:
        message = f"stored profiles cannot be compared: {error}"
        where = Where(file=str(found[0])) if len(found) == 1 else Where()
        finding = Check(_rule(reference.object, None, "readable"), Status.ERROR, message, where=where)
        raise _Judged(finding, "The current data cannot be compared") from error


def _blocks(taken: readers.Taken, reference: Profile) -> Blocks | None:
    """The current data's blocks of time, as long as the reference's; None where there is no such time."""
    if reference.time is None:
        return None
    try:
        time = blockscan.timing(taken.relation, reference.time.column)
    except ValueError:
        return None
    if taken.session.refusal(taken.relation, f"count({time.key(reference.time.unit)})") is not None:
        return None
    return blockscan.sizes(taken.session, taken.relation, time, reference.time.unit)


def _correlations(
    taken: readers.Taken, made: Profile, reference: Profile, settings: Settings, blocks: Blocks | None
) -> Correlations:
    """Those of the current data, of the columns that the reference has them of."""
    known = reference.correlations.columns if settings.correlations and reference.correlations else ()
    wanted = tuple(name for name in known if name not in settings.ignore)
    time = None
    if blocks is not None:
        key = blockscan.timing(taken.relation, blocks.column).key(blocks.unit)
        time = correlating.Blocks(key, blocks.starts)
    return correlating.correlate(taken.session, taken.relation, made, correlating.chosen(made, wanted), time)


def _rhythm(reference: Profile, current: _Current) -> Rhythm | str:
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


def _window(made: Profile, name: str) -> dict[str, Json] | None:
    """The first and the last time of the rows, as they are written; None where there is none."""
    column = made.column(name)
    if column is None or column.range is None or column.range.min is None or column.range.max is None:
        return None
    return {"column": name, "from": str(column.range.min), "to": str(column.range.max)}


def _of_files(taken: readers.Taken, made: Profile) -> list[Check]:
    """What is to be said of the files; that there are rows is judged here."""
    return [each for each in taken.checks(made.rows) if not each.rule.endswith(".rows")]


def _performed(run: _Run, current: _Current, object_name: str) -> performing.Judged:
    """What is to be said of performance; nothing where it was not asked for."""
    asked, side = run.request.performance, current.performed
    if asked is None or side is None:
        return performing.Judged(())
    unread: tuple[Check, ...] = ()
    metrics: dict[str, float] = {}
    if run.beside is not None and (path := run.beside / performing.METRICS).exists():
        try:
            metrics = performing.recorded(path)
            run.materials += (Subject(str(path), digest(path)),)
        except (OSError, ValueError) as error:
            message = f"the metrics beside the reference cannot be read: {error}"
            unread = (Check("metrics", Status.WARN, message, Severity.WARNING, where=Where(file=str(path))),)
    sides = performing.Sides(side, run.performed, current.profile.rows, metrics)
    judged = performing.judge(asked, sides, object_name)
    return performing.Judged(unread + judged.checks, judged.sections, judged.headline)


def _parted(
    run: _Run, reference: Profile, current: _Current, yardstick: Rhythm | str
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


def _absence(comparison: Comparison, object_name: str) -> Check:
    added = comparison.state is State.ADDED
    what = "the reference has no such predictions" if added else "there are no labels yet"
    return Check(
        rule=_rule(object_name, comparison.name, "drift"),
        status=Status.NOT_CHECKED,
        severity=Severity.INFO,
        message=f"{report.named(comparison.name)} is not compared: {what}",
        where=Where(object=object_name or None, column=comparison.name),
    )


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


# Findings


def _rule(object_name: str, column: str | None, key: str) -> str:
    return ".".join(part for part in (object_name, column, key) if part)


def _no_reference(name: str, message: str, line: int | None = None) -> _Judged:
    check_ = Check("reference", Status.ERROR, message, where=Where(file=name, line=line))
    return _Judged(check_, "There is no reference to compare with")


def _no_rows(object_name: str) -> Check:
    return Check(
        rule=_rule(object_name, None, "rows"),
        status=Status.FAIL,
        message="the current data has no rows, so nothing can be compared",
        where=Where(object=object_name or None),
        measured=0,
        threshold={"mustBeGreaterThan": 0},
        rows=0,
    )


def _same(run: _Run, reference: Profile, current: Profile) -> list[Check]:
    """What is held against itself: files of equal digests; and, with a stored profile, rows that give the same one."""
    known = {each.sha256 for each in run.materials}
    found = [each.name for each in run.subjects if each.sha256 in known]
    if found:
        some = report.named(found[0]) + (f" and {len(found) - 1:,} more" if len(found) > 1 else "")
        message = f"{some} of the current data is in the reference, too (the digests are equal)"
    elif run.stored and _alike(reference, current):
        message = "the current data has the counts, extremes, means and deviations of the reference's in every column"
    else:
        return []
    return [
        Check(
            rule=_rule(reference.object, None, "sameData"),
            status=Status.WARN,
            severity=Severity.WARNING,
            message=f"{message}: data does not drift from itself, so nothing found says little",
            where=Where(object=reference.object or None),
            measured=len(found) or None,
        )
    ]


def _alike(reference: Profile, current: Profile) -> bool:
    """Whether two profiles are of the same rows, as far as exact numbers tell; some column must have a deviation."""

    def facts(made: Profile) -> list[tuple[object, ...]]:
        return [
            (each.name, each.nulls, each.special, each.range, each.categories, _shapes(each, made.rows))
            for each in made.columns
        ]

    measured = any(each.range and each.range.sd for each in reference.columns)
    return measured and reference.rows == current.rows and facts(reference) == facts(current)


def _shapes(column: ColumnProfile, rows: int) -> frozenset[tuple[str, int]] | None:
    """The shapes of all of a column's texts; None where some were drawn."""
    found = column.shapes
    return frozenset(found.values) if found and found.rows == rows - column.nulls else None


def _to_check(decision: Decision, asked: Asked | None, object_name: str, rows: tuple[int, int]) -> Check:
    comparison = decision.comparison
    status, severity = {
        Finding.DRIFTED: (Status.FAIL, Severity.ERROR),
        Finding.ADDED: (Status.WARN, Severity.WARNING),
        Finding.TOO_FEW: (Status.NOT_CHECKED, Severity.ERROR),
    }.get(decision.finding, (Status.PASS, Severity.ERROR))
    added = decision.finding is Finding.ADDED
    roles = {asked.prediction: "the prediction ", asked.label: "the label "} if asked else {}
    return Check(
        rule=_rule(object_name, comparison.name, "drift"),
        status=status,
        severity=severity,
        message=f"{roles.get(comparison.name, '')}{report.named(comparison.name)} {report.message(decision, rows)}",
        where=Where(object=object_name or None, column=comparison.name),
        measured=None if added else round(decision.shift.effect, 6),
        threshold=None if added else {"mustBeLessThan" if decision.threshold else "mustBe": decision.threshold},
        rows=rows[1],
    )


def _ignored(name: str, object_name: str) -> Check:
    return Check(
        rule=_rule(object_name, name, "drift"),
        status=Status.NOT_CHECKED,
        severity=Severity.INFO,
        message=f"{report.named(name)} is not compared, as configured",
        where=Where(object=object_name or None, column=name),
    )


def _outcome(
    run: _Run,
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
