"""Failing rules as conditions on a row: which rows are at fault, whichever way a rule counts them.

Of a key that several rows share, all of them are: nothing says which one is
the original.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_actions.data.engines.quoting import all_present, quote
from mlops_actions.data.rules.checks import Plan, failing
from mlops_actions.data.rules.rules import Repeated
from mlops_actions.data.rules.sql import Dialect
from mlops_actions.data.sources.relation import Relation
from mlops_actions.verdict import Severity


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule by its name, and the condition (true, false or NULL) for rows of the located relation that break it."""

    name: str
    condition: str


def broken(
    plan: Plan, values: Mapping[str, Any], severities: Collection[Severity], here: Relation
) -> Iterator[RowRule]:
    """The rules of these severities that failed by rows which they count, as conditions on the rows ``here``.

    These are the plan's own, but where another engine than DuckDB has scanned them.
    """
    for _, question in failing(plan, values):
        rule = question.rule
        if not question.condemns or rule.severity not in severities:
            continue
        if isinstance(rule.measure, Repeated):
            yield RowRule(rule.name, shares(here, rule.measure))
        elif question.condition is not None:
            yield RowRule(rule.name, question.condition)


def shares(relation: Relation, measure: Repeated) -> str:
    """The condition for rows that share their key with another, or have none where they must."""
    names = [quote(name) for name in measure.columns]
    keys, present = ", ".join(names), all_present(names)
    one = names[0] if len(names) == 1 else f"({keys})"
    shared = f"SELECT {keys} FROM {relation.sql} WHERE {present} GROUP BY {keys} HAVING count(*) > 1"
    condition = f"({present} AND {one} IN ({shared}))"
    return f"({condition} OR {Dialect(relation).without_key(measure)})" if measure.key else condition
