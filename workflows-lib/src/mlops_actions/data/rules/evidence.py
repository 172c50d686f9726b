"""Evidence for rules that failed: which values break them, and the first rows that do, with their places.

One query answers for all failing rules that judge a row by itself; a rule on
keys needs one of its own. Columns that are private take part in neither.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_actions.data.engines.quoting import all_present, quote
from mlops_actions.data.engines.session import Aggregate, Session
from mlops_actions.data.rules import uniqueness
from mlops_actions.data.rules.checks import EXAMPLE, Evidence, Plan, Question, example, failing, sharing_key
from mlops_actions.data.rules.rules import OfType, Repeated
from mlops_actions.data.rules.sql import Dialect
from mlops_actions.data.sources.places import Place, locate
from mlops_actions.data.sources.relation import Relation
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Example

RULES = 200
"""Failing rules that evidence is looked up for."""

EXAMPLES = 10
"""Rows that are shown for a rule."""

_PLACES = 2  # of each key that is shared: where it stands first, and where it stands again
_CELL = 200  # characters of a value in an example


def find(session: Session, plan: Plan, values: Mapping[str, Any], key: Sequence[str]) -> dict[int, Evidence]:
    """The evidence for failing rules, by their index; ``key`` names the columns of the primary key.

    Words: for values, the least and the greatest that break the rule; for
    floating-point numbers, how many are not finite; for duplicates, how many
    rows share a key. An error of the engine is raised as the engine has it.
    """
    broken = dict(list(failing(plan, values))[:RULES])
    shown = _shown(session, plan.relation, broken, key)
    answers = _answers(session, broken, shown)
    found = {}
    for index, question in broken.items():
        says, rows = _words(index, answers), answers.get(f"{index} rows") or []
        if (condition := _condition(question, plan.relation)) and not shown[index].position:
            rows = session.fetch(shown[index].least(condition))
        if isinstance(question.rule.measure, Repeated) and values[question.keys(index)["surplus"]]:
            says = _shared(session, plan.relation, question.rule.measure, values.get(sharing_key(index)))
            if question.condemns:
                again = shown[index].sharing(Dialect(plan.relation).values(question.rule.measure))
                rows = [*session.fetch(again), *rows][:EXAMPLES]
        found[index] = says, rows
    places = locate(plan.relation, (row[0] for _, rows in found.values() for row in rows))
    return {
        index: Evidence(says, tuple(shown[index].example(row, places) for row in rows))
        for index, (says, rows) in found.items()
    }


def _shown(
    session: Session, relation: Relation, broken: Mapping[int, Question], key: Sequence[str]
) -> dict[int, Shown]:
    """What is shown of the rows that break each rule, but for columns whose values the engine has no text for."""
    untold = _untold(session, relation) if broken else ()
    return {index: Shown.of(relation, key, _looked_at(question), untold) for index, question in broken.items()}


def _answers(session: Session, broken: Mapping[int, Question], shown: Mapping[int, Shown]) -> Mapping[str, Any]:
    """What the rows that break a rule answer, for all rules at once."""
    asked = [
        each
        for index, question in broken.items()
        for each in _asked(index, question, shown[index])
        if session.refusal(shown[index].relation, str(each.of)) is None  # which no value can be
    ]
    return session.aggregate(shown[min(shown)].relation, asked) if asked else {}


def _shared(session: Session, relation: Relation, measure: Repeated, known: tuple[int, int] | None) -> str:
    sharing, keys = known or uniqueness.recount(session, Dialect(relation), measure)
    return f" ({sharing:,} rows share {plural(keys, 'key')})"


def _untold(session: Session, relation: Relation) -> list[str]:
    """The columns whose values this engine has no text for."""
    names = (column.name for column in relation.columns)
    # Asked of an aggregate: a value of a row is none, which an engine may refuse for that alone.
    return [name for name in names if session.refusal(relation, f"min(CAST({quote(name)} AS VARCHAR))") is not None]


# In words


def _words(index: int, answers: Mapping[str, Any]) -> str:
    sides = dict.fromkeys(answers.get(f"{index} {side}") for side in ("min", "max"))
    examples = " and ".join(example(each) for each in sides if each is not None)
    parts = [f"for example {examples}"] if examples else []
    if infinite := answers.get(f"{index} infinite"):
        parts.append(f"{infinite:,} of them NaN or infinite")
    return f" ({'; '.join(parts)})" if parts else ""


def _asked(index: int, question: Question, shown: Shown) -> Iterator[Aggregate]:
    """What is asked of the rows that break a rule."""
    if question.column is not None:
        yield from _extremes(index, question, Dialect(shown.relation))
    condition = _condition(question, shown.relation)
    if condition and shown.position:
        yield Aggregate(f"{index} rows", shown.first(condition))


def _extremes(index: int, question: Question, dialect: Dialect) -> Iterator[Aggregate]:
    """The least and the greatest value that breaks a rule, and how many are not finite."""
    column = dialect.column(question.column or "")
    condition, value = f"({question.condition})", quote(column.name)
    is_of_text = isinstance(question.rule.measure, OfType) or column.name in dialect.relation.guessed
    if is_of_text and column.name in dialect.relation.raw:
        value = dialect.relation.raw[column.name]
    elif dialect.is_floating(column.name):
        yield Aggregate(f"{index} infinite", f"count_if({condition} AND NOT isfinite({value}))")
        condition += f" AND isfinite({value})"
    if not column.private:
        for side in ("min", "max"):
            shown = f"{side}(CASE WHEN {condition} THEN {value} END)"
            yield Aggregate(f"{index} {side}", f"left(CAST({shown} AS VARCHAR), {EXAMPLE + 1})")


# Rows


def _looked_at(question: Question) -> tuple[str, ...]:
    """The columns that a rule looks at; none where it is what is inside of one."""
    measure = question.rule.measure
    if isinstance(measure, Repeated):
        return measure.columns
    return (question.column,) if question.column is not None else ()


def _condition(question: Question, relation: Relation) -> str | None:
    """The condition for rows that break a rule, each by itself."""
    measure = question.rule.measure
    if not question.condemns:
        return None
    if isinstance(measure, Repeated):
        return Dialect(relation).without_key(measure) if measure.key else None
    return question.condition


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a row: its position, where it has one, and cells as text, of ``key`` and of ``others``."""

    relation: Relation
    position: str
    key: tuple[str, ...]
    others: tuple[str, ...]

    @classmethod
    def of(cls, relation: Relation, key: Sequence[str], others: Sequence[str], hidden: Sequence[str] = ()) -> Shown:
        """What may be shown of these columns: none that is private, ``hidden`` or not there."""
        known = {column.name for column in relation.columns if not column.private}.difference(hidden)
        names = tuple(name for name in key if name in known)
        rest = tuple(name for name in others if name in known and name not in names)
        if relation.located is None:
            return cls(relation, "", names, rest)
        return cls(relation.at_places(), relation.located.position, names, rest)

    @property
    def sql(self) -> str:
        """Where :attr:`cells` can be selected from."""
        return self.relation.sql

    @property
    def cells(self) -> list[str]:
        """What is selected of a row: its position, else 0, and its cells; those of text files as they stand there."""
        names = (*self.key, *self.others)
        texts = (self.relation.raw.get(name) or f"CAST({quote(name)} AS VARCHAR)" for name in names)
        return [self.position or "0", *(f"left({text}, {_CELL + 1})" for text in texts)]

    @property
    def _row(self) -> str:
        return f"row({', '.join(self.cells)})"

    def first(self, condition: str) -> str:
        """The aggregate for the first rows that meet ``condition``."""
        return f"arg_min({self._row}, CASE WHEN {condition} THEN {self.position} END, {EXAMPLES})"

    def least(self, condition: str) -> str:
        """A query for the least rows that meet ``condition``: without positions, none is first."""
        order = ", ".join(f"{cell} NULLS LAST" for cell in self.cells[1:])
        by = f" ORDER BY {order}" if order else ""
        return f"SELECT {', '.join(self.cells)} FROM {self.sql} WHERE {condition}{by} LIMIT {EXAMPLES}"

    def sharing(self, parts: Sequence[str]) -> str:
        """A query for rows that share a key of these ``parts`` (expressions), key by key in the order of the rows."""
        keys, present = ", ".join(parts), all_present(parts)
        of = f"FROM {self.sql} WHERE {present}"
        one = parts[0] if len(parts) == 1 else f"({keys})"
        shared = f"SELECT {keys} {of} GROUP BY {keys} HAVING count(*) > 1"
        if not self.position:
            return self.least(f"{present} AND {one} IN ({shared})")
        first = f"min({self.position})"
        shared += f" ORDER BY {first} LIMIT {EXAMPLES // _PLACES}"
        return (
            f"SELECT unnest(arg_min({self._row}, {self.position}, {_PLACES}), recursive := true) "
            f"{of} AND {one} IN ({shared}) GROUP BY {keys} ORDER BY {first}"
        )

    def examples(self, rows: Sequence[Sequence[Any]]) -> tuple[Example, ...]:
        """Rows of :attr:`cells` as examples, each at its place."""
        places = locate(self.relation, (row[0] for row in rows))
        return tuple(self.example(row, places) for row in rows)

    def example(self, row: Sequence[Any], places: Mapping[int, Place]) -> Example:
        """A row of :attr:`cells` as an example."""
        position, *cells = row
        named = dict(zip((*self.key, *self.others), map(_clipped, cells), strict=True))
        place = places.get(position, _NOWHERE)
        key = {name: named.pop(name) for name in self.key}
        return Example(place.file, place.line, place.row, key, named)


_NOWHERE = Place(None)


def _clipped(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= _CELL else f"{cell[:_CELL]}…"
