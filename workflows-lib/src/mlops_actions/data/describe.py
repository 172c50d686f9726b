"""``mlops profile``: the profile of data, without a verdict on what it holds.

A contract, where there is one, gives the types of text and the columns whose
values must not be shown; its rules are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.data import report
from mlops_actions.data.contracts import contract
from mlops_actions.data.contracts.contract import Contract, Object
from mlops_actions.data.engines.session import Aggregate
from mlops_actions.data.profiles import blockscan, profile, profiling
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.rules import timecolumn
from mlops_actions.data.rules.checks import ROWS
from mlops_actions.data.sources.intake import cell_types, take_in, unreadable
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.data.validate import Patterns, assign, check_engine, write_profiles
from mlops_actions.errors import CallError, Problem
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Subject, Verdict, conclude, digest, now

STAGE = "profile"
OBJECT = profile.OBJECT


@dataclass(frozen=True, slots=True)
class Profiling:
    """A request: paths are relative to the current directory.

    Rows are counted in blocks of time by ``time_column``, or by what the
    contract names. ``like`` is a profile whose edges and blocks are taken over,
    so that both add up exactly.
    """

    data: Patterns
    contract: Path | None = None
    engine: str = "duckdb"
    time_column: str | None = None
    like: Path | None = None


def describe(request: Profiling, out: Path) -> Outcome:
    """Profile the data; ``profile.json`` is written into ``out`` as :func:`validate.validate` does.

    Raises CallError as that does.
    """
    if not request.data:
        raise CallError(Problem("nothing says which data to use", hint="Give --data, or `data.path` in mlops.yaml."))
    started = now()
    check_engine(request.engine)
    promised = contract.load(request.contract) if request.contract else None
    patterns = _patterns(request.data, promised)
    timecolumn.refuse_of_many(request.time_column, len(patterns))
    asked = _Asked(promised, request.time_column, _like(request.like, len(patterns)) if request.like else None)
    taken = [_describe(name, each, asked) for name, each in patterns.items()]
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
        parameters={"data": {name: list(each) for name, each in patterns.items()}, "engine": request.engine},
    )
    return Outcome(verdict, _headline(verdict, profiles), report.sections(profiles, checks))


def _headline(verdict: Verdict, profiles: Sequence[Profile]) -> str:
    counts = [f"{each.rows:,} rows of {len(each.columns):,} columns" for each in profiles]
    return "; ".join([*counts, *(check.message for check in verdict.checks if report.is_broken(check))]) + "."


def _patterns(data: Patterns, promised: Contract | None) -> dict[str, tuple[str, ...]]:
    if promised is not None:
        return assign(data, promised)
    if isinstance(data, Mapping):
        return {name: tuple(each) for name, each in data.items()}
    return {OBJECT: tuple(data)}


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
    time_column: str | None
    like: Profile | None

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
    except ValueError as error:  # which bad JSON and bad UTF-8 are, too
        raise CallError(Problem(f"it {error}", str(path))) from error


def _describe(name: str, patterns: Sequence[str], how: _Asked) -> _Taken:
    of = next((each for each in how.promised.objects if each.name == name), None) if how.promised else None
    types, private = (cell_types(of)[0], of.private) if of else (None, frozenset[str]())
    try:
        with take_in(name, patterns, types, private) as intake:
            shape = profiling.plan(intake.session, intake.relation, how.like)
            timing, untimed = timecolumn.timing(intake.relation, how.time(of))
            asked = [Aggregate(ROWS, "count(*)"), *shape.aggregates, *(timing.aggregates if timing else ())]
            values = intake.session.aggregate(intake.relation, asked)
            made = blockscan.complete(intake.session, shape, values, timing, how.like)
            return _Taken([*intake.checks(int(values[ROWS])), *untimed], intake.subjects, made)
    except Unreadable as error:
        return _Taken([unreadable(name, error)])
