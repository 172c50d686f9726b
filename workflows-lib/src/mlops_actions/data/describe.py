"""``mlops profile``: the profile of data, without a verdict on what it holds.

A contract, where there is one, gives the types of text and the columns whose
values must not be shown; its rules are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.data import contract, profiling, scan
from mlops_actions.data.checks import ROWS
from mlops_actions.data.contract import Contract, Object
from mlops_actions.data.intake import cell_types, take_in, unreadable
from mlops_actions.data.profile import Profile
from mlops_actions.data.relation import Unreadable
from mlops_actions.data.validate import Patterns, assign, check_engine, columns_section, is_broken, write_profiles
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Subject, Verdict, conclude, digest, now

STAGE = "profile"
OBJECT = "data"
"""What the rows are called where nobody named them."""


@dataclass(frozen=True, slots=True)
class Profiling:
    """A request: paths are relative to the current directory."""

    data: Patterns
    contract: Path | None = None
    engine: str = "duckdb"


def describe(request: Profiling, out: Path) -> Outcome:
    """Profile the data; ``profile.json`` is written into ``out`` as :func:`validate.validate` does.

    Raises CallError as that does.
    """
    started = now()
    check_engine(request.engine)
    promised = contract.load(request.contract) if request.contract else None
    patterns = _patterns(request.data, promised)
    objects = {each.name: each for each in promised.objects} if promised else {}
    checks: list[Check] = []
    subjects: list[Subject] = []
    profiles: list[Profile] = []
    for name, each in patterns.items():
        try:
            found, files, one = _describe(name, each, objects.get(name))
        except Unreadable as error:
            checks.append(unreadable(name, error))
        else:
            checks += found
            subjects += files
            profiles.append(one)
    write_profiles(profiles, out)
    verdict = Verdict(
        stage=STAGE,
        status=conclude(checks),
        checks=tuple(checks),
        started=started,
        ended=now(),
        subjects=tuple(dict.fromkeys(subjects)),
        materials=(Subject(promised.file, digest(request.contract)),) if promised and request.contract else (),
        parameters={"data": {name: list(each) for name, each in patterns.items()}, "engine": request.engine},
    )
    columns = sum(len(each.columns) for each in profiles)
    rows = sum(each.rows for each in profiles)
    broken = [check for check in checks if is_broken(check)]
    headline = f"{rows:,} rows of {columns:,} columns" + (f"; {broken[0].message}" if broken else "") + "."
    return Outcome(verdict, headline, tuple(map(columns_section, profiles)))


def _patterns(data: Patterns, promised: Contract | None) -> dict[str, tuple[str, ...]]:
    if promised is not None:
        return assign(data, promised)
    if isinstance(data, Mapping):
        return {name: tuple(each) for name, each in data.items()}
    return {OBJECT: tuple(data)}


def _describe(name: str, patterns: Sequence[str], of: Object | None) -> tuple[list[Check], list[Subject], Profile]:
    types = cell_types(of)[0] if of else None
    with take_in(name, patterns, types, of.private if of else frozenset()) as intake:
        shape = profiling.plan(intake.connection, intake.relation)
        asked = [scan.Aggregate(ROWS, "count(*)"), *shape.aggregates]
        values = scan.aggregate(intake.connection, intake.relation, asked)
        return intake.checks(int(values[ROWS])), intake.subjects, profiling.build(shape, values)
