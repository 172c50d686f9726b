"""Reads the two sides of a drift check: the reference, stored or measured here, and the current data, in one scan.

Where a side cannot be read, the check ends with a finding: :class:`Ended`.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from mlops_actions import importances
from mlops_actions.data.profiles import blockscan, correlating, profile, profiling, shaping
from mlops_actions.data.profiles.blocks import Blocks
from mlops_actions.data.profiles.correlations import Correlations
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.data.profiles.profile import Kind, Profile
from mlops_actions.data.sources import intake, readers
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.data.types.cells import TextType
from mlops_actions.drift import findings, performing, stored
from mlops_actions.drift.request import DriftCheck
from mlops_actions.drift.settings import Settings
from mlops_actions.errors import CallError, Problem
from mlops_actions.verdict import Check, Json, Severity, Status, Subject, Where, digest

PROFILE = "profile.json"


class Ended(Exception):
    """The check ends here, with this finding."""

    def __init__(self, finding: Check, headline: str) -> None:
        super().__init__(finding.message)
        self.finding, self.headline = finding, headline


@dataclass(slots=True)
class Run:
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


# The reference


def of_reference(run: Run) -> Profile:
    """The reference's profile, which has rows. Raises CallError where nothing is there, Ended where it is unusable."""
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


def _measured(run: Run, place: str) -> Profile:
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


def _profile(run: Run, taken: readers.Taken) -> Profile:
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


def _no_reference(name: str, message: str, line: int | None = None) -> Ended:
    return Ended(findings.no_reference(name, message, line), "There is no reference to compare with")


# What training left beside it


def leaning(run: Run) -> tuple[dict[str, float], list[Check]]:
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


def recorded(run: Run) -> tuple[dict[str, float], list[Check]]:
    """The metrics that training left beside the profile, by name; empty where it did not."""
    if run.beside is None or not (path := run.beside / performing.METRICS).exists():
        return {}, []
    try:
        found = performing.recorded(path)
    except (OSError, ValueError) as error:
        message = f"the metrics beside the reference cannot be read: {error}"
        return {}, [Check("metrics", Status.WARN, message, Severity.WARNING, where=Where(file=str(path)))]
    run.materials += (Subject(str(path), digest(path)),)
    return found, []


# The current data


@dataclass(frozen=True, slots=True)
class Current:
    """The current data: its profile, its counts in the reference's bins, its blocks, and what its files are like.

    ``correlations`` are of the columns that the reference has them of, in the blocks.
    """

    profile: Profile
    recounts: Mapping[str, profiling.Recount]
    blocks: Blocks | None
    correlations: Correlations | None
    checks: list[Check]
    performed: performing.Side | None = None


def of_current(run: Run, reference: Profile) -> Current:
    """The current data, counted as the reference is, in one scan. Raises CallError and Ended."""
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
            return Current(made, recounts, blocks, together, _of_files(taken, made), performed)
    except Unreadable as error:
        raise Ended(intake.unreadable(reference.object, error), "The current data cannot be read") from error


def _counted(run: Run, reference: Profile, found: Sequence[Path]) -> Current:
    """Current data that was profiled before, and of which there are no rows here."""
    if run.request.performance is not None:
        hint = "Leave `drift.prediction` out, or give the rows."
        message = "a stored profile has no rows, so no performance can be measured"
        raise CallError(Problem(message, str(found[0]), hint=hint))
    run.subjects = tuple(Subject(str(each), digest(each)) for each in found)
    try:
        made = stored.read(found)
        counted, blocks = stored.recounts(reference, made), stored.blocks(reference, made)
        return Current(made, counted, blocks, made.correlations, [])
    except stored.Unlike as error:
        message = f"stored profiles cannot be compared: {error}"
        where = Where(file=str(found[0])) if len(found) == 1 else Where()
        finding = Check(findings.rule(reference.object, None, "readable"), Status.ERROR, message, where=where)
        raise Ended(finding, "The current data cannot be compared") from error


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


def _of_files(taken: readers.Taken, made: Profile) -> list[Check]:
    """What is to be said of the files; that there are rows is judged here."""
    return [each for each in taken.checks(made.rows) if not each.rule.endswith(".rows")]
