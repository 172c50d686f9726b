"""Evidence for rules that failed: which values break them, and the first rows that do, with their places.

One query answers for all failing rules that judge a row by itself; a rule on
keys needs one of its own. Columns that are private take part in neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines import scan
from mlops_actions.data.engines.scan import Aggregate, all_present, quote
from mlops_actions.data.rules import uniqueness
from mlops_actions.data.rules.checks import EXAMPLE, Evidence, Plan, Question, example, failing, sharing_key
from mlops_actions.data.rules.rules import OfType, Repeated
from mlops_actions.data.rules.sql import Dialect
from mlops_actions.data.sources import places
from mlops_actions.data.sources.positions import file_of
from mlops_actions.data.sources.relation import Relation
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Example

if TYPE_CHECKING:
    import duckdb

RULES = 200
"""Failing rules that evidence is looked up for."""

EXAMPLES = 10
"""Rows that are shown for a rule."""

_PLACES = 2  # of each key that is shared: where it stands first, and where it stands again
_CELL = 200  # characters of a value in an example
_FILES = "rows by file"


def find(
    connection: duckdb.DuckDBPyConnection, plan: Plan, values: Mapping[str, Any], key: Sequence[str]
) -> dict[int, Evidence]:
    """The evidence for failing rules, by their index; ``key`` names the columns of the primary key.

    Words: for values, the least and the greatest that break the rule; for
    floating-point numbers, how many are not finite; for duplicates, how many
    rows share a key. Raises duckdb.Error.
    """
    broken = dict(list(failing(plan, values))[:RULES])
    if not broken:
        return {}
    rows = _Rows.of(plan.relation, key)
    asked = [each for index, question in broken.items() for each in _asked(rows, index, question)]
    if rows.position:
        asked.append(Aggregate(_FILES, f"histogram({file_of(rows.position)})"))
    answers = scan.aggregate(connection, rows.relation, asked)
    says, found = {}, {}
    for index, question in broken.items():
        says[index] = _words(index, answers)
        found[index] = answers.get(f"{index} rows") or []
        if isinstance(question.rule.measure, Repeated) and values[question.keys(index)["surplus"]]:
            measure = question.rule.measure
            known = values.get(sharing_key(index))
            sharing, keys = known or uniqueness.recount(connection, Dialect(plan.relation), measure)
            says[index] = f" ({sharing:,} rows share {plural(keys, 'key')})"
            if question.condemns:
                shared = [row for (each,) in scan.fetch(connection, rows.sharing(question, measure)) for row in each]
                found[index] = [*shared, *found[index]][:EXAMPLES]
    where = _places(connection, rows, found, answers.get(_FILES) or {})
    return {
        index: Evidence(says[index], tuple(rows.example(question, row, where) for row in found[index]))
        for index, question in broken.items()
    }


def _places(
    connection: duckdb.DuckDBPyConnection,
    rows: _Rows,
    found: Mapping[int, Sequence[tuple[Any, ...]]],
    parsed: Mapping[int, int],
) -> dict[int, places.Place]:
    if not rows.position:
        return {}
    wanted = (position for each in found.values() for position, *_ in each)
    return places.locate(connection, rows.relation, wanted, parsed)


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
    condition = question.condition
    if isinstance(question.rule.measure, Repeated) and question.rule.measure.key:
        condition = Dialect(rows.relation).without_key(question.rule.measure)
    if condition and question.condemns:
        yield Aggregate(f"{index} rows", rows.first(condition, rows.looked_at(question)))


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
    """The rows of a relation with their positions, where they have any, and what of each is shown."""

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

    def looked_at(self, question: Question) -> tuple[str, ...]:
        """The columns that a rule looks at, without those of the key."""
        measure = question.rule.measure
        names = measure.columns if isinstance(measure, Repeated) else (question.column,)
        shown = {column.name for column in self.relation.columns if not column.private}
        return tuple(name for name in names if name in shown and name not in self.key)

    def first(self, condition: str, columns: Sequence[str]) -> str:
        """The aggregate for the first rows that meet ``condition``: of each, its position and its cells as text.

        Without positions, the first are the least.
        """
        row = self._row(columns)
        if not self.position:
            return f"min(CASE WHEN {condition} THEN {row} END, {EXAMPLES})"
        return f"arg_min({row}, CASE WHEN {condition} THEN {self.position} END, {EXAMPLES})"

    def sharing(self, question: Question, measure: Repeated) -> str:
        """A query for rows that share their key: for each key, in the order in which they appear, the first rows."""
        names = [quote(name) for name in measure.columns]
        row = self._row(self.looked_at(question))
        order = self.position or row
        keys = ", ".join(names)
        of = f"FROM {self.relation.sql} WHERE {all_present(names)}"
        shared = (
            f"SELECT {keys} {of} GROUP BY {keys} HAVING count(*) > 1 ORDER BY min({order}) LIMIT {EXAMPLES // _PLACES}"
        )
        one = names[0] if len(names) == 1 else f"({keys})"
        return (
            f"SELECT arg_min({row}, {order}, {_PLACES}) {of} AND {one} IN ({shared}) "
            f"GROUP BY {keys} ORDER BY min({order})"
        )

    def _row(self, columns: Sequence[str]) -> str:
        cells = [f"left({self._text(name)}, {_CELL + 1})" for name in (*self.key, *columns)]
        return f"row({', '.join([self.position or '0', *cells])})"

    def _text(self, name: str) -> str:
        """A cell as it stands in the file, where that is text."""
        return self.relation.raw.get(name) or f"CAST({quote(name)} AS VARCHAR)"

    def example(self, question: Question, row: Sequence[Any], where: Mapping[int, places.Place]) -> Example:
        position, *cells = row
        named = dict(zip((*self.key, *self.looked_at(question)), map(_shown, cells), strict=True))
        place = where.get(position, _NOWHERE)
        return Example(
            place.file,
            place.line,
            place.row,
            {name: named[name] for name in self.key},
            {name: cell for name, cell in named.items() if name not in self.key},
        )


_NOWHERE = places.Place(None)


def _shown(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= _CELL else f"{cell[:_CELL]}…"
