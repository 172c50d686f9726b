"""``mlops validate``: a contract held against the data, in one scan for each object.

The scan answers the rules and fills the profile at once; files are digested
beside it. Data that cannot be read is judged, too: its rules are errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from mlops_actions.data.contracts import contract, servers
from mlops_actions.data.contracts.contract import Contract, Object
from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.engines import duck
from mlops_actions.data.engines.session import QUERYING
from mlops_actions.data.profiles import profile, profiling
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.queries import sqlrules
from mlops_actions.data.rules import checks, references, relationships, rules, servicelevels
from mlops_actions.data.rules.rules import OfType, Rule, Unmeasured
from mlops_actions.data.rules.servicelevels import Level
from mlops_actions.data.rules.sql import re2
from mlops_actions.data.sources import readers
from mlops_actions.data.sources.intake import cell_types, unreadable
from mlops_actions.data.sources.readers import Reader, Taken
from mlops_actions.data.sources.relation import Relation, Unreadable
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.files import write_atomic
from mlops_actions.outcome import Outcome, Section, Table
from mlops_actions.verdict import Check, FailOn, Severity, Status, Subject, Verdict, Where, conclude, digest, now

STAGE = "data-validation"
ENGINES = readers.ENGINES
SHOWN = 500
"""Lines of a table in the report; a verdict and a profile hold all."""

Patterns: TypeAlias = Sequence[str] | Mapping[str, Sequence[str]]
"""Files, folders and globs: of the contract's one object, or by object."""


@dataclass(frozen=True, slots=True)
class Validation:
    """A request: paths are relative to the current directory; ages are counted up to ``moment``, else to the start.

    Without ``data``, the contract's ``servers`` say where it is: the one called ``server``, or the only one.
    ``master`` is where Spark runs, for that engine.
    """

    contract: Path
    data: Patterns = ()
    engine: str = "duckdb"
    master: str | None = None
    fail_on: FailOn = FailOn.ERROR
    sql_seconds: float = sqlrules.SECONDS
    moment: datetime | None = None
    server: str | None = None


@dataclass(slots=True)
class _Result:
    """What came of one object, or of all: then ``relations`` are those that could be read."""

    checks: list[Check] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    profile: Profile | None = None
    relations: dict[str, Relation] = field(default_factory=dict)


def validate(request: Validation, out: Path) -> Outcome:
    """Hold the contract against the data; ``profile.json`` is written into ``out``.

    With several objects, ``profile.json`` is of the first that could be read
    and ``profile-<object>.json`` of each other. Raises CallError for an engine
    that is not there, a contract that does not hold, a path that names nothing.
    """
    started = now()
    readers.check(request.engine)
    promised = contract.load(request.contract)
    wanted = {each.name: rules.derive(promised, each) for each in promised.objects}
    _refuse_patterns(wanted)
    related = references.resolve(promised)
    reads = sqlrules.examine(promised, wanted, request.sql_seconds)
    levels = servicelevels.derive(promised)
    places = _places(request, promised)
    result = _Result()
    profiles: list[Profile] = []
    with readers.reader(request.engine, places, request.master) as reader:
        for each in promised.objects:
            if each.name not in places:
                result.checks.append(_without_data(promised, each))
                continue
            promises = _Promises(wanted[each.name], levels, request.moment or started)
            one = _check_object(each, promises, reader)
            result.checks += one.checks
            result.subjects += one.subjects
            result.relations |= one.relations
            profiles += [one.profile] if one.profile else []
        if request.engine in QUERYING:
            seconds = request.sql_seconds
            result.checks = sqlrules.answer_all(result.checks, promised, wanted, reads, result.relations, seconds)
        result.checks += relationships.check(related, places, reader)
    result.checks += servicelevels.unasked(levels, list(places))
    write_profiles(profiles, out)
    verdict = Verdict(
        stage=STAGE,
        status=conclude(result.checks, request.fail_on),
        checks=tuple(result.checks),
        started=started,
        ended=now(),
        subjects=tuple(dict.fromkeys(result.subjects)),
        materials=(Subject(promised.file, digest(request.contract)),),
        parameters={
            "contract": promised.file,
            "data": {name: [one.text for one in each] for name, each in places.items()},
            "engine": request.engine,
            "fail-on": request.fail_on.value,
            **({} if request.data else {"server": servers.choose(promised, request.server).data["server"]}),
        },
    )
    return Outcome(
        verdict=verdict,
        headline=_headline(verdict),
        sections=_sections(verdict, profiles),
        outputs={"failed-rules": json.dumps([check.rule for check in result.checks if is_broken(check)])},
    )


def is_broken(check: Check) -> bool:
    """Whether a check goes into the list of failed rules: it failed, warned, or could not be evaluated."""
    return check.status in {Status.FAIL, Status.WARN, Status.ERROR}


def _refuse_patterns(wanted: Mapping[str, tuple[Rule, ...]]) -> None:
    """Raises CallError for patterns that the engine cannot run: each with its line."""
    patterns = [pair for each in wanted.values() for pair in rules.patterns(each)]
    if not patterns:
        return
    found = []
    with duck.connect() as connection:
        for pattern, rule in patterns:
            why = duck.refused_pattern(connection, re2(pattern))
            if why is not None:
                hint = "Patterns are RE2: without lookaround and backreferences."
                found.append(rules.problem(rule, f"the pattern of {rule.name!r} cannot be run: {why}", hint))
    if found:
        raise CallError(*found)


def _places(request: Validation, promised: Contract) -> dict[str, tuple[Place, ...]]:
    """Where each object's rows are: as the call says, else as the contract does. Raises CallError."""
    if request.data:
        return servers.given(assign(request.data, promised), promised)
    return servers.places(promised, request.server)


def assign(data: Patterns, promised: Contract) -> dict[str, tuple[str, ...]]:
    """Patterns by the name of the contract's object. Raises CallError where it is not clear whose they are."""
    names = [each.name for each in promised.objects]
    if not isinstance(data, Mapping):
        if len(names) > 1:
            hint = f"Say which, as in {names[0]}=PATH. Its objects: {', '.join(names)}."
            raise CallError(
                Problem("the contract has several objects, and the data is of one", promised.file, hint=hint)
            )
        data = {names[0]: tuple(data)}
    found = {}
    for given, patterns in data.items():
        match [each.name for each in promised.objects if given in each.names]:
            case [name]:
                found[name] = (patterns,) if isinstance(patterns, str) else tuple(patterns)
            case _:
                hint = did_you_mean(given, names) or f"Its objects: {', '.join(names)}."
                raise CallError(Problem(f"the contract has no object {given!r}", promised.file, hint=hint))
    if not any(found.values()):
        raise CallError(Problem("no data is given", hint="Name a file, a folder or a glob."))
    return found


def _without_data(promised: Contract, of: Object) -> Check:
    where = Where(object=of.name, file=promised.file, line=of.element.line("name"))
    message = "not checked: no data was given for this object"
    return Check(f"{of.name}.data", Status.NOT_CHECKED, message, Severity.WARNING, where)


# One object


@dataclass(frozen=True, slots=True)
class _Promises:
    """What an object is held against: its rules, and those of ``levels`` that are of it, where now is ``moment``."""

    rules: tuple[Rule, ...]
    levels: tuple[Level, ...]
    moment: datetime


def _check_object(of: Object, promises: _Promises, reader: Reader) -> _Result:
    wanted = promises.rules
    types, unwritten = cell_types(of)
    try:
        with reader.take_in(of.name, types, of.private) as intake:
            if intake.relation.is_text:
                wanted = tuple(_unwritten(rule, unwritten) for rule in wanted)
            answers, made = _scan(intake, wanted, promises)
            return _Result(answers, intake.subjects, made, {of.name: intake.here} if intake.here else {})
    except Unreadable as error:
        message = "not evaluated: the data cannot be read"
        answers = [unreadable(of.name, error), *(checks.unanswered(rule, message) for rule in wanted)]
        return _Result([*answers, *servicelevels.unread(promises.levels, of.name)])


def _scan(intake: Taken, wanted: Sequence[Rule], promises: _Promises) -> tuple[list[Check], Profile]:
    """What the rows say of the rules, and their profile, in one scan. Raises Unreadable or duckdb.Error."""
    session, relation = intake.session, intake.relation
    plan = checks.prepare(wanted, relation, intake.footers(checks.expected_unique(wanted)), session)
    levels = servicelevels.prepare(promises.levels, relation)
    shape = profiling.plan(session, relation)
    values = session.aggregate(relation, [*plan.aggregates, *levels.aggregates, *shape.aggregates])
    values = checks.exact(session, plan, values)
    found = intake.checks(int(values[checks.ROWS]))
    found += checks.judge(plan, values, checks.find_evidence(session, plan, values))
    return [*found, *levels.judge(values, promises.moment)], profiling.build(shape, values)


def _unwritten(rule: Rule, unwritten: Mapping[str, str]) -> Rule:
    """The rule on a column's type, where its format cannot be read, as one that is not checked."""
    if isinstance(rule.measure, OfType) and rule.measure.column in unwritten:
        return replace(rule, measure=Unmeasured(unwritten[rule.measure.column]))
    return rule


# What is left behind


def write_profiles(profiles: Sequence[Profile], out: Path) -> None:
    """``profile.json`` of the first object; with several, ``profile-<object>.json`` of each of the others."""
    names = {"profile.json"}
    for index, each in enumerate(profiles):
        name = "profile.json"
        if index:
            name = f"profile-{re.sub(r'[^A-Za-z0-9_-]', '_', each.object)[:80]}.json"
            name = name if name not in names else f"profile-{index}.json"
        names.add(name)
        write_atomic(out / name, profile.dumps(each))


def _headline(verdict: Verdict) -> str:
    total = len(verdict.checks)
    broken = [check for check in verdict.checks if is_broken(check)]
    unchecked = sum(check.status is Status.NOT_CHECKED for check in verdict.checks)
    text = f"{len(broken):,} of {total:,} checks did not pass" if broken else f"All {total - unchecked:,} checks passed"
    if broken:
        text += f", first {verdict.findings[0].rule}"
    return text + (f"; {unchecked:,} were not made" if unchecked else "") + "."


def _sections(verdict: Verdict, profiles: Sequence[Profile]) -> tuple[Section, ...]:
    rows = tuple(
        (check.rule, check.status.value, check.measured, check.rows, check.where.line, check.message)
        for check in verdict.checks[:SHOWN]
    )
    caption = (
        f"The first {SHOWN:,} of {len(verdict.checks):,}; all stand in verdict.json." if len(rows) == SHOWN else ""
    )
    table = Table(("Rule", "Status", "Measured", "Rows", "Line", "What was found"), rows, caption)
    return (Section("Rules", (table,)), *(columns_section(each) for each in profiles))


def columns_section(of: Profile) -> Section:
    """A profile as a person wants to see it: a line for each column."""
    rows = tuple(
        (
            each.name,
            each.type,
            each.nulls,
            each.distinct if each.distinct is None or each.distinct_is_exact else f"about {each.distinct:,}",
            _bound(each.range.min if each.range else None),
            _bound(each.range.max if each.range else None),
        )
        for each in of.columns[:SHOWN]
    )
    caption = (
        f"The first {SHOWN:,} of {len(of.columns):,} columns; all stand in the profile. " if len(rows) == SHOWN else ""
    )
    caption += "Of text, the shortest and longest length. Values of private columns are not shown."
    return Section(f"Columns of {of.object} ({of.rows:,} rows)", (Table(_COLUMNS, rows, caption),))


_COLUMNS = ("Column", "Type", "Nulls", "Distinct", "Least", "Greatest")


def _bound(value: int | float | str | None) -> int | float | str | None:
    return checks.example(value).strip("'") if isinstance(value, str) else value
