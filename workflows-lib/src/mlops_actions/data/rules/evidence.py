"""Evidence for rules that failed: which values break them, and the first rows that do, with their places.

One query answers for all failing rules that judge a row by itself; a rule on
keys needs one of its own. Columns that are private take part in neither.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlops_actions.data.engines.quoting import all_present, quote
from mlops_actions.data.engines.session import Aggregate, Session
from mlops_actions.data.rules import uniqueness
from mlops_actions.data.rules.checks import EXAMPLE, Evidence, Plan, Question, example, failing, sharing_key
from mlops_actions.data.rules.rules import OfType, Repeated
from mlops_actions.data.rules.sql import Dialect
from mlops_actions.data.sources import places
from mlops_actions.data.sources.places import Place
from mlops_actions.data.sources.positions import file_of
from mlops_actions.data.sources.relation import Relation
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Example

RULES = 200
"""Failing rules that evidence is looked up for."""

EXAMPLES = 10
"""Rows that are shown for a rule."""

_PLACES = 2  # of each key that is shared: where it stands first, and where it stands again
_CELL = 200  # characters of a value in an example
_FILES = "rows by file"


def find(session: Session, plan: Plan, values: Mapping[str, Any], key: Sequence[str]) -> dict[int, Evidence]:
    """The evidence for failing rules, by their index; ``key`` names the columns of the primary key.

    Words: for values, the least and the greatest that break the rule; for
    floating-point numbers, how many are not finite; for duplicates, how many
    rows share a key. An error of the engine is raised as the engine has it.
    """
    broken = dict(list(failing(plan, values))[:RULES])
    if not broken:
        return {}
    rows = _Rows.of(plan.relation, key)
    asked = [each for index, question in broken.items() for each in _asked(rows, index, question)]
    if rows.position:
        asked.append(Aggregate(_FILES, f"histogram({file_of(rows.position)})"))
    answers = session.aggregate(rows.relation, asked) if asked else {}
    says, found = {}, {}
    for index, question in broken.items():
        says[index] = _words(index, answers)
        found[index] = answers.get(f"{index} rows") or []
        condition = rows.condition(question)
        if condition and not rows.position:
            found[index] = session.fetch(rows.least(condition, question))
        if isinstance(question.rule.measure, Repeated) and values[question.keys(index)["surplus"]]:
            measure = question.rule.measure
            known = values.get(sharing_key(index))
            sharing, keys = known or uniqueness.recount(session, Dialect(plan.relation), measure)
            says[index] = f" ({sharing:,} rows share {plural(keys, 'key')})"
            if question.condemns:
                found[index] = [*session.fetch(rows.sharing(question, measure)), *found[index]][:EXAMPLES]
    where = _places(session, rows, found, answers.get(_FILES) or {})
    return {
        index: Evidence(says[index], tuple(rows.example(question, row, where) for row in found[index]))
        for index, question in broken.items()
    }


def _places(
    session: Session, rows: _Rows, found: Mapping[int, Sequence[tuple[Any, ...]]], parsed: Mapping[int, int]
) -> dict[int, Place]:
    if not rows.position:
        return {}
    return places.locate(session, rows.relation, (row[0] for each in found.values() for row in each), parsed)


# In words


def _words(index: int, answers: Mapping[str, Any]) -> str:
    sides = dict.fromkeys(answers.get(f"{index} {side}") for side in ("min", "max"))
    examples = " and ".join(example(each) for each in sides if each is not None)
    parts = [f"for example {examples}"] if examples else []
    if infinite := answers.get(f"{index} infinite"):
        parts.append(f"{infinite:,} of them NaN or infinite")
    return f" ({'; '.join(parts)})" if parts else ""


def _asked(rows: _Rows, index: int, question: Question) -> Iterator[Aggregate]:
    """What is asked of the rows that break a rule."""
    if question.column is not None:
        yield from _extremes(index, question, Dialect(rows.relation))
    condition = rows.condition(question)
    if condition and rows.position:
        yield Aggregate(f"{index} rows", rows.first(condition, question))


def _extremes(index: int, question: Question, dialect: Dialect) -> Iterator[Aggregate]:
    """The least and the greatest value that breaks a rule, and how many are not finite."""
    column = dialect.column(question.column or "")
    condition, value = f"({question.condition})", quote(column.name)
    if isinstance(question.rule.measure, OfType) or column.name in dialect.relation.guessed:
        value = dialect.relation.raw[column.name]
    elif dialect.is_floating(column.name):
        yield Aggregate(f"{index} infinite", f"count_if({condition} AND NOT isfinite({value}))")
        condition += f" AND isfinite({value})"
    if not column.private:
        for side in ("min", "max"):
            shown = f"{side}(CASE WHEN {condition} THEN {value} END)"
            yield Aggregate(f"{index} {side}", f"left(CAST({shown} AS VARCHAR), {EXAMPLE + 1})")


# Rows


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a relation with their positions, where they have any, and the columns of its key that are shown."""

    relation: Relation
    position: str
    key: tuple[str, ...]

    @classmethod
    def of(cls, relation: Relation, key: Sequence[str]) -> _Rows:
        shown = {column.name for column in relation.columns if not column.private}
        names = tuple(name for name in key if name in shown)
        if relation.located is None:
            return cls(relation, "", names)
        return cls(replace(relation, sql=relation.located.sql), relation.located.position, names)

    def condition(self, question: Question) -> str | None:
        """The condition for rows that break a rule, each by itself."""
        measure = question.rule.measure
        if not question.condemns:
            return None
        if isinstance(measure, Repeated):
            return Dialect(self.relation).without_key(measure) if measure.key else None
        return question.condition

    def first(self, condition: str, question: Question) -> str:
        """The aggregate for the first rows that meet ``condition``: of each, its position and its cells."""
        row = f"row({', '.join([self.position, *self._cells(question)])})"
        return f"arg_min({row}, CASE WHEN {condition} THEN {self.position} END, {EXAMPLES})"

    def least(self, condition: str, question: Question) -> str:
        """A query for the cells of rows that meet ``condition``, the least first: without positions, none is first."""
        return self._ordered(condition, self._cells(question))

    def sharing(self, question: Question, measure: Repeated) -> str:
        """A query for rows that share their key, key by key in the order in which they appear."""
        names = [quote(name) for name in measure.columns]
        keys, cells, present = ", ".join(names), self._cells(question), all_present(names)
        of = f"FROM {self.relation.sql} WHERE {present}"
        one = names[0] if len(names) == 1 else f"({keys})"
        if not self.position:
            shared = f"SELECT {keys} {of} GROUP BY {keys} HAVING count(*) > 1"
            return self._ordered(f"{present} AND {one} IN ({shared})", cells)
        first = f"min({self.position})"
        shared = f"SELECT {keys} {of} GROUP BY {keys} HAVING count(*) > 1 ORDER BY {first} LIMIT {EXAMPLES // _PLACES}"
        row = f"row({', '.join([self.position, *cells])})"
        return (
            f"SELECT unnest(arg_min({row}, {self.position}, {_PLACES}), recursive := true) "
            f"{of} AND {one} IN ({shared}) GROUP BY {keys} ORDER BY {first}"
        )

    def _ordered(self, condition: str, cells: Sequence[str]) -> str:
        order = ", ".join(f"{cell} NULLS LAST" for cell in cells)
        by = f" ORDER BY {order}" if cells else ""
        return f"SELECT {', '.join(['0', *cells])} FROM {self.relation.sql} WHERE {condition}{by} LIMIT {EXAMPLES}"

    def _columns(self, question: Question) -> tuple[str, ...]:
        """The columns that are shown: those of the key, then those that the rule looks at."""
        measure = question.rule.measure
        names = measure.columns if isinstance(measure, Repeated) else (question.column,)
        shown = [column.name for column in self.relation.columns if not column.private]
        return (*self.key, *(name for name in names if name in shown and name not in self.key))

    def _cells(self, question: Question) -> list[str]:
        """What is shown as text, of text files as it stands there."""
        texts = (self.relation.raw.get(name) or f"CAST({quote(name)} AS VARCHAR)" for name in self._columns(question))
        return [f"left({text}, {_CELL + 1})" for text in texts]

    def example(self, question: Question, row: Sequence[Any], where: Mapping[int, Place]) -> Example:
        position, *cells = row
        named = dict(zip(self._columns(question), map(_shown, cells), strict=True))
        place = where.get(position, _NOWHERE)
        key = {name: named.pop(name) for name in self.key}
        return Example(place.file, place.line, place.row, key, named)


_NOWHERE = Place(None)


def _shown(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= _CELL else f"{cell[:_CELL]}…"
