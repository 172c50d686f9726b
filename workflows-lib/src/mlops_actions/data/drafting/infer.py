"""``mlops contract infer``: the draft of a contract, from data that has none.

The profile's scan sees nearly all that is needed; a second one counts exactly
whether the few columns that look like keys are.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.data.drafting import drafting, looks, standins
from mlops_actions.data.drafting.drafting import Draft, Seen
from mlops_actions.data.engines.duck import BATCH
from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.session import Aggregate
from mlops_actions.data.profiles import profiling
from mlops_actions.data.profiles.profile import ColumnProfile
from mlops_actions.data.rules.checks import ROWS
from mlops_actions.data.rules.rules import Repeated
from mlops_actions.data.rules.sql import Dialect
from mlops_actions.data.sources.intake import Intake, take_in, unreadable
from mlops_actions.data.sources.reading import FOUND, CsvDialect, Reading
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.data.sources.source import SUFFIXES
from mlops_actions.errors import CallError, Problem
from mlops_actions.files import write_atomic
from mlops_actions.outcome import Outcome, Section, Table
from mlops_actions.verdict import Check, Subject, Verdict, conclude, now

if TYPE_CHECKING:
    from mlops_actions.data.sources.relation import Column, Relation

STAGE = "contract-infer"
FILE = "contract.odcs.yaml"

KEYS = 20
"""Columns at most whose values are counted exactly."""

_NEARLY = 0.9
"""The share of rows that an estimate of distinct values must come to, for an exact count to be worth it."""

SHOWN = 500


@dataclass(frozen=True, slots=True)
class Inference:
    """A request: files, folders and globs, relative to the current directory, by the name of the object.

    ``folder`` is where the draft will be, as a person calls it.
    """

    data: Mapping[str, Sequence[str]]
    folder: Path
    csv: CsvDialect = FOUND


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came of one object."""

    checks: list[Check]
    subjects: list[Subject] = field(default_factory=list)
    draft: Draft | None = None


def named(data: Sequence[str] | Mapping[str, str], name: str | None) -> dict[str, tuple[str, ...]]:
    """Patterns by object; without a name, one is made of the path. Raises CallError for a name that cannot be one."""
    if name is not None and not _is_text(name):
        raise CallError(Problem("--object is not UTF-8"))
    if isinstance(data, Mapping):
        if name is not None and len(data) > 1:
            raise CallError(Problem("--object names one object, and the data is of several"))
        return {name or each: (pattern,) for each, pattern in data.items()}
    if not data:
        hint = "Type `mlops contract infer DATA`, or set `data.path` in mlops.yaml."
        raise CallError(Problem("nothing says which data to use", hint=hint))
    return {name or _name(data[0]): tuple(data)}


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _name(pattern: str) -> str:
    """An object's name, from the last part of a path that is no glob and no partition folder."""
    for part in reversed(Path(pattern).parts):
        file, _, table = part.partition("#")
        suffix = max((each for each in SUFFIXES if file.lower().endswith(each)), key=len, default="")
        stem = table or file[: len(file) - len(suffix)]
        word = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_").lower()
        if word and not re.search(r"[*?\[=]", part) and not word.isdigit():
            return word if not word[0].isdigit() else f"data_{word}"
    return "data"


def infer(request: Inference, out: Path) -> Outcome:
    """Draft the contract; ``contract.odcs.yaml`` is written into ``out``, unless no data could be read.

    Raises CallError for a path that names nothing.
    """
    started = now()
    taken = [_take(name, patterns, request.csv) for name, patterns in request.data.items()]
    drafts = [each.draft for each in taken if each.draft]
    checks = tuple(check for each in taken for check in each.checks)
    written = len(drafts) == len(taken)
    if written:
        identity = re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(each.name for each in drafts)).strip("-") or "data"
        write_atomic(out / FILE, drafting.contract(identity, drafts))
    verdict = Verdict(
        stage=STAGE,
        status=conclude(checks),
        checks=checks,
        started=started,
        ended=now(),
        subjects=tuple(dict.fromkeys(subject for each in taken for subject in each.subjects)),
        parameters={"data": {name: list(each) for name, each in request.data.items()}},
    )
    path = (request.folder / FILE).as_posix()
    return Outcome(
        verdict=verdict,
        headline=f"a draft to edit: {path}" if written else "no draft: not all of the data could be read.",
        sections=tuple(map(_section, drafts)),
        outputs={"contract": path if written else ""},
    )


def _section(draft: Draft) -> Section:
    rows = tuple(
        (each.name, each.profile.type, each.nulls, each.unique, each.private or "") for each in draft.columns[:SHOWN]
    )
    caption = f"The first {SHOWN:,} of {len(draft.columns):,} columns." if len(draft.columns) > SHOWN else ""
    table = Table(("Column", "Type", "Nulls", "Unique", "Private, since it looks like"), rows, caption)
    return Section(f"Columns of {draft.name} ({draft.rows:,} rows)", (table,))


def _take(name: str, patterns: Sequence[str], csv: CsvDialect) -> _Taken:
    try:
        with take_in(name, patterns, Reading(csv=csv)) as intake:
            draft = _draft(intake)
            return _Taken(intake.checks(draft.rows), intake.subjects, draft)
    except Unreadable as error:
        return _Taken([unreadable(name, error)])


# What is seen of an object


def _draft(intake: Intake) -> Draft:
    relation = _guarded(intake.relation)
    shape = profiling.plan(intake.session, relation)
    shapes = _shapes(intake, relation)
    asked = [
        each
        for index, column in enumerate(relation.columns)
        for each in _asked(index, column, relation, shapes.get(column.name))
    ]
    aggregates = [Aggregate(ROWS, "count(*)"), *shape.aggregates, *asked]
    values = intake.session.aggregate(relation, aggregates)
    rows = int(values[ROWS])
    columns = profiling.build(shape, values).columns
    seen = [_seen(index, column, values, shapes.get(column.name)) for index, column in enumerate(columns)]
    unique = _unique(intake, relation, seen, rows)
    seen = [replace(each, unique=unique.get(each.name)) for each in seen]
    return Draft(relation.object, rows, [file.name for file in relation.files], seen)


def _guarded(relation: Relation) -> Relation:
    """The relation, with the columns marked whose names say that they are about persons."""
    columns = (replace(each, private=looks.private_name(each.name) is not None) for each in relation.columns)
    return replace(relation, columns=tuple(columns))


def _shapes(intake: Intake, relation: Relation) -> dict[str, str]:
    """The columns of text whose first values are all of one simple shape, which all rows are then held against."""
    names = [column.name for column in relation.columns if column.type == "VARCHAR"]
    found: dict[str, str] = {}
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        forms = [looks.shape_sql(quote(name)) for name in batch]
        select = ", ".join(f"CASE WHEN min({form}) = max({form}) THEN min({form}) END" for form in forms)
        rows = f"(SELECT * FROM {relation.sql} LIMIT {profiling.LOOK})"
        (answers,) = intake.session.fetch(f"SELECT {select} FROM {rows}")
        found |= {name: shape for name, shape in zip(batch, answers, strict=True) if shape and looks.pattern(shape)}
    return found


def _asked(index: int, column: Column, relation: Relation, shape: str | None) -> list[Aggregate]:
    """What the profile does not count."""
    found: list[Aggregate] = []
    name = quote(column.name)
    if (unparsed := relation.unparsed(column.name)) is not None:
        found.append(Aggregate(f"{index} unparsed", f"count_if({unparsed})"))
    if column.type == "VARCHAR" and column.name in relation.guessed and column.name in relation.raw:
        found += standins.questions(index, relation.raw[column.name])
    if column.type == "VARCHAR":
        found.append(Aggregate(f"{index} addresses", looks.addresses_sql(name)))
    if shape and (pattern := looks.pattern(shape)):
        found.append(Aggregate(f"{index} others", f"count_if(NOT regexp_matches({name}, {literal(pattern)}))"))
    if shape and column.name in relation.raw:  # text that a contract can read as a date
        found += [Aggregate(f"{index} {form}", looks.dates_sql(name, form)) for form in looks.dates(shape)]
    return found


def _seen(index: int, column: ColumnProfile, values: Mapping[str, Any], shape: str | None) -> Seen:
    form = None if values.get(f"{index} others") else shape
    kind = looks.private_name(column.name)
    private = f"the name looks like {kind}" if kind else None
    if private is None and values.get(f"{index} addresses"):
        private = "there are e-mail addresses in it"
    if private is None and form is not None and (shaped := looks.private_shape(form)):
        private = f"each value looks like {shaped}"
    unparsed = int(values.get(f"{index} unparsed") or 0)
    dates = tuple(each for each in looks.dates(form or "") if values.get(f"{index} {each}") == 0)
    return Seen(column, index == 0, unparsed, None, form, private, standins.seen(index, values), dates)


def _unique(intake: Intake, relation: Relation, seen: Sequence[Seen], rows: int) -> dict[str, bool]:
    """Whether no value stands twice, of the columns for which that could be."""
    likely = [
        each
        for each in seen
        if each.profile.distinct is not None
        and rows > 1
        and not each.profile.nulls
        and each.profile.distinct >= _NEARLY * rows
    ]
    likely = sorted(likely, key=lambda each: not each.may_be_key)[:KEYS]
    dialect = Dialect(relation)
    asked = [
        Aggregate(str(index), dialect.surplus(Repeated((each.name,), key=True))) for index, each in enumerate(likely)
    ]
    values = intake.session.aggregate(relation, asked)
    return {each.name: values[str(index)] == 0 for index, each in enumerate(likely)}
