"""``mlops validate``: a contract held against the data, in one scan for each object.

The scan answers the rules and fills the profile at once; files are digested
beside it. Data that cannot be read is judged, too: its rules are errors.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from mlops_actions.data import report
from mlops_actions.data.contracts import contract, sense, servers
from mlops_actions.data.contracts.contract import Contract, Object
from mlops_actions.data.contracts.servers import Patterns, Place
from mlops_actions.data.diffing import baseline
from mlops_actions.data.engines import duck
from mlops_actions.data.engines.progress import Progress
from mlops_actions.data.engines.session import QUERYING
from mlops_actions.data.profiles import blockscan, profile, profiling
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.quarantine import split
from mlops_actions.data.quarantine.split import Task
from mlops_actions.data.queries import sqlrules
from mlops_actions.data.rules import (
    checks,
    evidence,
    references,
    relationships,
    rowwise,
    rules,
    servicelevels,
    timecolumn,
)
from mlops_actions.data.rules.references import Relationship
from mlops_actions.data.rules.rowwise import RowRule
from mlops_actions.data.rules.rules import OfType, Rule, Unmeasured
from mlops_actions.data.rules.servicelevels import Level
from mlops_actions.data.rules.sql import re2
from mlops_actions.data.sources import fetching, readers, source
from mlops_actions.data.sources.intake import reading_of, unreadable
from mlops_actions.data.sources.readers import Reader, Taken
from mlops_actions.data.sources.reading import FOUND, CsvDialect
from mlops_actions.data.sources.relation import File, Relation, Unreadable
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.files import write_atomic
from mlops_actions.outcome import Outcome, Section, Text
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, FailOn, Severity, Status, Subject, Verdict, Where, conclude, digest, now

STAGE = "data-validation"
ENGINES = readers.ENGINES


@dataclass(frozen=True, slots=True)
class Validation:
    """A request: paths are relative to the current directory; ages are counted up to ``moment``, else to the start.

    The profile counts rows in blocks of time by ``time_column``, or by what the contract names.
    Without ``data``, the contract's ``servers`` say where it is: the one called ``server``, or the only one.
    ``reveal`` names private columns (``column`` or ``object.column``) whose values may be shown. Rows that break a rule
    are written to the folder ``quarantine``, the others to ``accepted``, where they are given.
    The contract is compared with the older one at ``baseline`` (:func:`baseline.compare`). ``progress`` says how far
    long scans are.
    ``csv`` is how CSV is written, where that is not to be found in the files. ``master`` is where Spark runs, for that
    engine.
    """

    contract: Path
    data: Patterns = ()
    engine: str = "duckdb"
    master: str | None = None
    fail_on: FailOn = FailOn.ERROR
    sql_seconds: float = sqlrules.SECONDS
    moment: datetime | None = None
    time_column: str | None = None
    server: str | None = None
    reveal: Sequence[str] = ()
    quarantine: Path | None = None
    accepted: Path | None = None
    baseline: Path | None = None
    progress: Progress | None = None

    @property
    def parted(self) -> dict[str, Path]:
        """The folders that rows are to be parted into, by the option that names each."""
        given = {"quarantine": self.quarantine, "accepted": self.accepted}
        return {name: path for name, path in given.items() if path is not None}

    @property
    def condemning(self) -> frozenset[Severity]:
        """The severities of rules that rows are put into quarantine for: those that fail the verdict, else errors."""
        return frozenset({Severity.ERROR} | ({Severity.WARNING} if self.fail_on is FailOn.WARNING else set()))

    csv: CsvDialect = FOUND


@dataclass(slots=True)
class _Result:
    """What came of one object, or of all: then ``relations`` are those that could be read."""

    checks: list[Check] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    relations: dict[str, Relation] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)

    def add(self, one: _Result) -> None:
        """Take in what came of an object."""
        self.checks += one.checks
        self.subjects += one.subjects
        self.profiles += one.profiles
        self.relations |= one.relations
        self.tasks |= one.tasks


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a run is about, known before any data is read: all that can be wrong with the call has been refused."""

    promised: Contract
    rules: Mapping[str, tuple[Rule, ...]]
    related: Sequence[Relationship]
    reads: sqlrules.Reads
    levels: Sequence[Level]
    places: Mapping[str, Sequence[Place]]

    @classmethod
    def of(cls, request: Validation) -> _Asked:
        readers.check(request.engine)
        promised = contract.reveal(contract.load(request.contract), request.reveal)
        wanted = {each.name: rules.derive(promised, each) for each in promised.objects}
        _refuse_patterns(promised)
        related = references.resolve(promised)
        reads = sqlrules.examine(promised, wanted, request.sql_seconds)
        places = _places(request, promised)
        timecolumn.refuse_of_many(request.time_column, len(places))
        _refuse_parts(request, places)
        return cls(promised, wanted, related, reads, servicelevels.derive(promised), places)


def validate(request: Validation, out: Path) -> Outcome:
    """Hold the contract against the data; ``profile.json`` is written into ``out``.

    With several objects, ``profile.json`` is of the first that could be read
    and ``profile-<object>.json`` of each other. Raises CallError for an engine
    that is not there, a contract that does not hold, a path that names nothing.
    """
    started = now()
    asked = _Asked.of(request)
    changed = baseline.compare(request.baseline, request.contract, asked.promised)
    result = _read(request, asked, started)
    checks_made = (*changed.checks, *result.checks)
    write_profiles(result.profiles, out)
    verdict = Verdict(
        stage=STAGE,
        status=conclude(checks_made, request.fail_on),
        checks=checks_made,
        started=started,
        ended=now(),
        subjects=tuple(dict.fromkeys(result.subjects)),
        materials=(Subject(asked.promised.file, digest(request.contract)), *changed.materials),
        parameters={
            "contract": asked.promised.file,
            "data": {name: [one.text for one in each] for name, each in asked.places.items()},
            "engine": request.engine,
            "fail-on": request.fail_on.value,
            **({} if request.data else {"server": servers.choose(asked.promised, request.server).data["server"]}),
            **{name: str(path) for name, path in request.parted.items()},
        },
    )
    outputs = {"failed-rules": json.dumps([check.rule for check in checks_made if report.is_broken(check)])}
    if request.parted:
        outputs |= {
            "quarantined-rows": str(sum(result.failing.values())),
            "accepted-rows": str(sum(result.tasks[name].rows - count for name, count in result.failing.items())),
        }
    return Outcome(
        verdict=verdict,
        headline=report.headline(verdict) + _put_aside(request, result),
        sections=(*_parted(request, result), *changed.sections, *report.sections(result.profiles, verdict.checks)),
        outputs=outputs,
    )


def _read(request: Validation, asked: _Asked, started: datetime) -> _Result:
    """What came of all objects, each by itself and among the others."""
    result = _Result()
    objects = asked.promised.objects
    with (
        split.replaced(request.quarantine, request.accepted) as folders,
        readers.reader(request.engine, asked.places, request.master) as reader,
    ):
        for each in objects:
            if each.name in asked.places:
                promises = _Promises.of(each, asked, request, started)
                result.add(_check_object(each, promises, reader))
            else:
                result.checks.append(_without_data(asked.promised, each))
        if asked.reads:
            result.checks = _answered(request, asked, result, reader)
        result.checks += relationships.check(asked.related, asked.places, reader, request.csv)
        if request.parted:
            result.checks += _part(result, asked.related, folders, single=len(objects) == 1)
    result.checks += servicelevels.unasked(asked.levels, list(asked.places))
    return result


def _answered(request: Validation, asked: _Asked, result: _Result, reader: Reader) -> list[Check]:
    """The checks, with those of the contract's own queries: of DuckDB, which reads the same files, or of the server."""
    with contextlib.ExitStack() as stack:
        if request.engine in QUERYING:
            asking = stack.enter_context(sqlrules.here(asked.promised, result.relations, request.sql_seconds))
        else:
            from mlops_actions.data.queries import pushed  # pylint: disable=import-outside-toplevel

            asking = pushed.there(asked.promised, reader, request.sql_seconds)
        return sqlrules.answer_all(result.checks, asked.rules, asked.reads, result.relations, asking)


def _refuse_patterns(promised: Contract) -> None:
    """Raises CallError for patterns that the engine cannot run: each with its place."""
    patterns = list(sense.patterns([each.element for each in promised.objects]))
    if not patterns:
        return
    with duck.connect() as connection:
        refused = {text: duck.refused_pattern(connection, re2(text)) for text, *_ in patterns}
    found = [
        element.problem(f"the pattern cannot be run: {refused[text]}", *path, hint=sense.lacking(text))
        for text, element, path in patterns
        if refused[text] is not None
    ]
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
    """What an object is held against: its rules, and those of ``levels`` that are of it, where now is ``moment``.

    ``key`` are the columns that tell its rows apart, ``time`` is the one that is their time, ``csv`` is how its CSV is
    written. Rows that break a rule of ``condemning`` severities are put into quarantine.
    """

    rules: tuple[Rule, ...]
    key: tuple[str, ...]
    levels: tuple[Level, ...]
    moment: datetime
    time: timecolumn.Named
    csv: CsvDialect
    condemning: frozenset[Severity]
    progress: Progress | None

    @classmethod
    def of(cls, one: Object, asked: _Asked, request: Validation, started: datetime) -> _Promises:
        return cls(
            rules=asked.rules[one.name],
            key=tuple(each.column for each in one.key),
            levels=tuple(asked.levels),
            moment=request.moment or started,
            time=timecolumn.named(request.time_column, asked.promised, one),
            csv=request.csv,
            condemning=request.condemning,
            progress=request.progress,
        )


def _check_object(of: Object, promises: _Promises, reader: Reader) -> _Result:
    wanted = promises.rules
    reading, unwritten = reading_of(of, promises.csv)
    try:
        with reader.take_in(of.name, reading) as intake:
            if intake.relation.is_text:
                wanted = tuple(_unwritten(rule, unwritten) for rule in wanted)
            seen = _scan(intake, wanted, promises)
            here = intake.here or intake.relation
            task = Task(here, reading, seen.broken, seen.profile.rows)
            return _Result(seen.checks, intake.subjects, [seen.profile], {of.name: here}, {of.name: task})
    except Unreadable as error:
        message = "not evaluated: the data cannot be read"
        answers = [unreadable(of.name, error), *(checks.unanswered(rule, message) for rule in wanted)]
        return _Result([*answers, *servicelevels.unread(promises.levels, of.name)])


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a scan came to: checks, the profile, and the rules that rows are put into quarantine for."""

    checks: list[Check]
    profile: Profile
    broken: tuple[RowRule, ...]


def _scan(intake: Taken, wanted: Sequence[Rule], promises: _Promises) -> _Seen:
    """What the rows say of the rules, and their profile, in one scan.

    Raises Unreadable or duckdb.Error.
    """
    session, relation = intake.session, intake.relation
    plan = checks.prepare(wanted, relation, intake.footers(checks.expected_unique(wanted)), session)
    levels = servicelevels.prepare(promises.levels, relation)
    shape = profiling.plan(session, relation)
    timing, untimed = timecolumn.timing(session, relation, promises.time)
    with contextlib.ExitStack() as stack:
        if promises.progress is not None:
            stack.enter_context(promises.progress.of(relation.object, intake.known_rows, session))
        values, made = blockscan.scan(session, shape, [*plan.aggregates, *levels.aggregates], timing)
        values = checks.exact(session, plan, values)
    found = intake.checks(int(values[checks.ROWS]))
    found += checks.judge(plan, values, evidence.find(session, plan, values, promises.key))
    found += [*levels.judge(values, promises.moment), *untimed]
    return _Seen(found, made, tuple(rowwise.broken(plan, values, promises.condemning, intake.here or relation)))


def _unwritten(rule: Rule, unwritten: Mapping[str, str]) -> Rule:
    """The rule on a column's type, where its format cannot be read, as one that is not checked."""
    if isinstance(rule.measure, OfType) and rule.measure.column in unwritten:
        return replace(rule, measure=Unmeasured(unwritten[rule.measure.column]))
    return rule


# Rows parted


def _refuse_parts(request: Validation, places: Mapping[str, Sequence[Place]]) -> None:
    """Raises CallError where rows cannot be parted, before a folder is touched: the data may lie in it."""
    if not request.parted:
        return
    for place in (one for each in places.values() for one in each):
        if not fetching.is_path(place, Path.cwd()):
            raise CallError(Problem("rows can be parted that stand in files here alone", place.text))
    for each in places.values():
        with contextlib.suppress(Unreadable):  # which is judged when the data is read
            files = source.find([one.text for one in each], Path.cwd())
            split.refuse(files, tuple(request.parted.values()))


def _part(result: _Result, related: Sequence[Relationship], folders: split.Folders, *, single: bool) -> Iterator[Check]:
    """Part the rows of each object that could be read; a check for each where that cannot be done.

    Then no part is left, of any object. Raises CallError where nothing can be written.
    """
    import duckdb  # pylint: disable=import-outside-toplevel

    orphaned = {check.rule for check in result.checks if check.status is Status.FAIL}
    for name, task in result.tasks.items():
        try:
            others: list[File] = []
            for one in related:
                if one.name not in orphaned or one.referring.of.name != name or one.referred is None:
                    continue
                there = result.relations[one.referred.of.name]
                found = relationships.orphaned(one, task.relation, there)
                task = replace(task, rules=(*task.rules, *([found] if found else [])))
                others += there.files
            result.failing[name] = split.split(task, folders.parting(task.relation, None if single else name), others)
        except (Unreadable, duckdb.Error) as error:
            folders.abandon()
            result.failing.clear()
            words = str(error) if isinstance(error, Unreadable) else duck.reason(error, private=task.is_private)
            yield Check(
                f"{name}.quarantine", Status.ERROR, f"the rows cannot be parted: {words}", where=Where(object=name)
            )
            return


def _put_aside(request: Validation, result: _Result) -> str:
    count = sum(result.failing.values())
    return f" {plural(count, 'row')} put aside in {request.quarantine}." if request.quarantine and count else ""


def _parted(request: Validation, result: _Result) -> Iterator[Section]:
    if request.parted and result.failing:
        lines = [f"{plural(count, 'row')} of {name} broke a rule." for name, count in result.failing.items()]
        places = [f"{name}: `{path}`" for name, path in request.parted.items()]
        yield Section("Quarantine", (Text(" ".join([*lines, "; ".join(places) + "."])),))


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
