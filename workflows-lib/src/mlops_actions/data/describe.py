"""``mlops profile``: the profile of data, without a verdict on what it holds.

A contract, where there is one, gives the types of text and the columns whose
values must not be shown; its rules are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlops_actions.data import report
from mlops_actions.data.contracts import contract, servers
from mlops_actions.data.contracts.contract import Contract, Object
from mlops_actions.data.contracts.servers import Patterns, Place
from mlops_actions.data.engines.session import Aggregate
from mlops_actions.data.profiles import blockscan, correlating, correlations, profile, profiling, shaping
from mlops_actions.data.profiles.correlating import Wanted
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.rules import timecolumn
from mlops_actions.data.rules.checks import ROWS
from mlops_actions.data.sources import fetching, readers
from mlops_actions.data.sources.intake import reading_of, unreadable
from mlops_actions.data.sources.readers import Reader
from mlops_actions.data.sources.reading import FOUND, CsvDialect, Reading
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.data.validate import assign, write_profiles
from mlops_actions.errors import CallError, Problem
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Subject, Verdict, conclude, digest, now

__all__ = ["CORRELATED", "FOUND", "OBJECT", "CsvDialect", "Profiling", "Wanted", "again", "describe", "is_files"]

STAGE = "profile"
OBJECT = profile.OBJECT
ENGINES = readers.ENGINES
CORRELATED: Wanted = correlations.MOST


@dataclass(frozen=True, slots=True)
class Profiling:
    """A request: paths are relative to the current directory.

    Rows are counted in blocks of time by ``time_column``, or by what the
    contract names. ``like`` is a profile whose edges and blocks are taken over,
    so that both add up exactly. ``correlations`` are the numeric columns whose
    pairs are kept, or how many of them: those that matter most by
    ``importances``, where they are known.
    """

    data: Patterns
    contract: Path | None = None
    engine: str = "duckdb"
    master: str | None = None
    csv: CsvDialect = FOUND
    time_column: str | None = None
    like: Path | None = None
    correlations: Wanted = CORRELATED
    importances: Mapping[str, float] = field(default_factory=dict)


def is_files(pattern: str) -> bool:
    """Whether a pattern names files here, and no table, server or bucket."""
    return fetching.is_path(Place(pattern), Path.cwd())


def describe(request: Profiling, out: Path) -> Outcome:
    """Profile the data; ``profile.json`` is written into ``out`` as :func:`validate.validate` does.

    Raises CallError as that does.
    """
    if not request.data:
        raise CallError(Problem("nothing says which data to use", hint="Give --data, or `data.path` in mlops.yaml."))
    started = now()
    readers.check(request.engine)
    promised = contract.load(request.contract) if request.contract else None
    places = _places(request.data, promised)
    timecolumn.refuse_of_many(request.time_column, len(places))
    asked = _Asked(
        promised,
        request.csv,
        request.time_column,
        _like(request.like, len(places)) if request.like else None,
        request.correlations,
        request.importances,
    )
    with readers.reader(request.engine, places, request.master) as reader:
        taken = [_describe(name, reader, asked) for name in places]
    profiles = [each.profile for each in taken if each.profile]
    checks = tuple(check for each in taken for check in each.checks)
    write_profiles(profiles, out)
    verdict = Verdict(
        stage=STAGE,
        status=conclude(checks),
        checks=checks,
        started=started,
        ended=now(),
        subjects=tuple(dict.fromkeys(subject for each in taken for subject in each.subjects)),
        materials=tuple(Subject(str(each), digest(each)) for each in (request.contract, request.like) if each),
        parameters={
            "data": {name: [one.text for one in each] for name, each in places.items()},
            "engine": request.engine,
        },
    )
    return Outcome(verdict, _headline(verdict, profiles), report.sections(profiles, checks))


def again(request: Profiling, importances: Mapping[str, float], out: Path) -> None:
    """Describe the data once more where not all pairs of columns are kept, and it is known now which matter most."""
    if not isinstance(request.correlations, int):
        return
    made = [profile.read(path) for path in out.glob("profile*.json")]
    if any(each.correlations and set(correlating.able(each)) > set(each.correlations.columns) for each in made):
        describe(replace(request, importances=importances), out)


def _headline(verdict: Verdict, profiles: Sequence[Profile]) -> str:
    counts = [f"{each.rows:,} rows of {len(each.columns):,} columns" for each in profiles]
    return "; ".join([*counts, *(check.message for check in verdict.checks if report.is_broken(check))]) + "."


def _places(data: Patterns, promised: Contract | None) -> dict[str, tuple[Place, ...]]:
    if promised is not None:
        return servers.given(assign(data, promised), promised)
    return servers.named(data, OBJECT)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came of one object."""

    checks: list[Check]
    subjects: list[Subject] = field(default_factory=list)
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """How objects are described."""

    promised: Contract | None
    csv: CsvDialect
    time_column: str | None
    like: Profile | None
    correlations: Wanted
    importances: Mapping[str, float]

    def time(self, of: Object | None) -> timecolumn.Named:
        """What names the time column: the caller, the contract, else the profile that this one shall be like."""
        named = timecolumn.named(self.time_column, self.promised, of)
        taken_over = self.like.time.column if self.like and self.like.time else None
        return named if named.column else timecolumn.named(taken_over, None, None)


def _like(path: Path, objects: int) -> Profile:
    """The profile to be like. Raises CallError."""
    if objects > 1:
        raise CallError(Problem("one profile is given to be like, and the data is of several objects", str(path)))
    if not path.is_file():
        raise CallError(Problem("no such profile", str(path), hint="Its edges and blocks are to be taken over."))
    try:
        return profile.read(path)
    except Misfit as error:
        raise CallError(Problem(f"it {error}", str(path), line=error.line)) from error


def _describe(name: str, reader: Reader, how: _Asked) -> _Taken:
    of = next((each for each in how.promised.objects if each.name == name), None) if how.promised else None
    reading = reading_of(of, how.csv)[0] if of else Reading(csv=how.csv)
    try:
        with reader.take_in(name, reading) as intake:
            shape = profiling.plan(intake.session, intake.relation, how.like)
            timing, untimed = timecolumn.timing(intake.session, intake.relation, how.time(of))
            asked = [Aggregate(ROWS, "count(*)", adds=True)]
            values, made = blockscan.scan(intake.session, shape, asked, timing, how.like)
            made = shaping.added(intake.session, intake.relation, made, timing, how.like)
            if how.correlations:
                columns = correlating.chosen(made, how.correlations, how.importances)
                made = correlating.added(intake.session, intake.relation, made, columns, timing)
            return _Taken([*intake.checks(int(values[ROWS])), *untimed], intake.subjects, made)
    except Unreadable as error:
        return _Taken([unreadable(name, error)])
