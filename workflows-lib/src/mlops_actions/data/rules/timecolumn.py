"""Which column is the time of an object's rows: what the caller says, what the contract says, or what is measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlops_actions.data.contracts.contract import TIME_COLUMN, Contract, Object
from mlops_actions.data.engines.session import Session
from mlops_actions.data.profiles import blockscan
from mlops_actions.data.profiles.blockscan import Timing
from mlops_actions.data.rules import servicelevels
from mlops_actions.data.sources.relation import Relation
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Check, Severity, Status, Where


@dataclass(frozen=True, slots=True)
class Named:
    """The name of the column, None where nobody names one; who names it, and how much that says."""

    column: str | None = None
    by_caller: bool = False
    severity: Severity = Severity.INFO
    where: Where = field(default_factory=Where)


def named(given: str | None, contract: Contract | None, of: Object | None) -> Named:
    """What names the time column of an object.

    ``given`` is the caller's word, which wins; then the contract's custom
    property ``timeColumn``; then the element of the first service level that is
    of a time in the rows (latency, retention).
    """
    if given is not None:
        return Named(given, True, Severity.WARNING, Where(object=of.name if of else None))
    if contract is None or of is None:
        return Named()
    if (stated := of.time_column) is not None and (part := of.named(str(stated.data["value"]))) is not None:
        where = Where(object=of.name, column=part.column, file=contract.file, line=stated.line("value"))
        return Named(part.column, False, Severity.WARNING, where)
    for level in servicelevels.derive(contract):
        if level.column and level.rule.where.object == of.name:
            return Named(level.column, where=level.rule.where)
    return Named()


def refuse_of_many(given: str | None, objects: int) -> None:
    """Raises CallError where one name is given for several objects."""
    if given is not None and objects > 1:
        hint = (
            f"Let the contract say it: `customProperties: [{{property: {TIME_COLUMN}, value: NAME}}]` of each object."
        )
        raise CallError(Problem("one time column is named, and the data is of several objects", hint=hint))


def timing(session: Session, relation: Relation, name: Named) -> tuple[Timing | None, list[Check]]:
    """The time column of a relation, and a check that says why not, where the one that is named cannot be it.

    Raises CallError where the caller names a column that is not there.
    """
    if name.column is None:
        return None, []
    names = [column.name for column in relation.columns]
    if name.by_caller and name.column not in names:
        hint = did_you_mean(name.column, names)
        raise CallError(Problem(f"the data has no column {name.column!r} to be the time of its rows", hint=hint))
    try:
        found = blockscan.timing(relation, name.column)
    except ValueError as error:
        return None, [_untimed(relation, name, str(error))]
    refusals = (session.refusal(relation, str(each.of)) for each in found.aggregates)
    refused = next((each for each in refusals if each is not None), None)
    if refused is not None:
        return None, [_untimed(relation, name, f"the engine {session.engine} cannot {refused}")]
    return found, []


def _untimed(relation: Relation, name: Named, why: str) -> Check:
    message = f"the profile has no blocks of time: {why}"
    return Check(f"{relation.object}.{TIME_COLUMN}", Status.NOT_CHECKED, message, name.severity, name.where)
