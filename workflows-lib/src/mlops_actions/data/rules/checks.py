"""Rules on one relation: what each asks of the scan, and the check that comes of the answer.

:func:`prepare` sorts rules into those that the schema alone decides and those
that need the rows; :func:`judge` turns the numbers into checks. What more is to be
said of failing rules stands in :mod:`.evidence`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlops_actions.data.engines.session import QUERYING, Aggregate, Session
from mlops_actions.data.rules import uniqueness
from mlops_actions.data.rules.rules import (
    Additional,
    Broken,
    Inside,
    OfType,
    Present,
    Queried,
    Repeated,
    RowCount,
    Rule,
    Unmeasured,
)
from mlops_actions.data.rules.sql import Dialect, Unfit
from mlops_actions.data.rules.uniqueness import Surplus
from mlops_actions.data.sources.parquet import NO_FOOTERS, Footers
from mlops_actions.data.sources.relation import Column, Relation, shown_names
from mlops_actions.data.types import families
from mlops_actions.data.types.nested import Path
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, Example, Scalar, Severity, Status, broken

ROWS = "rows"
"""The key of the number of rows, among the values of a scan."""

EXAMPLE = 40
"""Characters of a value in a message."""


@dataclass(frozen=True, slots=True)
class Question:
    """A rule that the rows decide: its aggregates by name, and the condition for rows that break it, if any."""

    rule: Rule
    aggregates: Mapping[str, str]
    condition: str | None = None
    column: str | None = None
    surplus: Surplus | None = None
    """How surplus rows are counted, where they are."""

    @property
    def is_bound(self) -> bool:
        """The number of surplus rows is a bound that is exact at 0 (:mod:`.uniqueness`)."""
        return self.surplus is not None and not self.surplus.is_exact

    @property
    def condemns(self) -> bool:
        """Whether the rows that are counted break the rule: with none of them, it would hold."""
        rule = self.rule
        return not isinstance(rule.measure, RowCount) and holds(rule.operator, rule.bound, 0)

    def keys(self, index: int) -> dict[str, str]:
        """Name to key of each aggregate; the key tells questions apart."""
        return {name: f"rule {index} {name}" for name in self.aggregates}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is already decided (by the rule's place in the contract), and what is asked of the rows."""

    relation: Relation
    decided: Mapping[int, Check]
    questions: Mapping[int, Question] = field(default_factory=dict)

    @property
    def aggregates(self) -> list[Aggregate]:
        """One for the number of rows, then those of each question."""
        found = [Aggregate(ROWS, "count(*)", adds=True)]
        for index, question in self.questions.items():
            keys = question.keys(index)
            apart = question.surplus is not None and question.surplus.apart
            for name, sql in question.aggregates.items():
                is_count = name != "surplus"  # all others are the numbers of rows for which a condition is true
                found.append(Aggregate(keys[name], sql, apart and not is_count, adds=is_count))
        return found


def prepare(
    rules: Sequence[Rule], relation: Relation, footers: Footers = NO_FOOTERS, session: Session | None = None
) -> Plan:
    """How the rules of an object are answered over ``relation``.

    ``footers`` tell what is known without a scan. What ``session`` cannot
    evaluate is an error of the rule; without one, nothing is asked of it.
    """
    dialect = Dialect(relation)
    decided: dict[int, Check] = {}
    questions: dict[int, Question] = {}
    for index, rule in enumerate(rules):
        try:
            if session is not None:
                _refuse_query(rule, session)
            answer = _ask(rule, dialect, footers if session is None or session.engine == "duckdb" else None)
            if session is not None and isinstance(answer, Question):
                _refuse(answer, relation, session)
        except Unfit as error:
            answer = unanswered(rule, f"not evaluated: {error}")
        if isinstance(answer, Check):
            decided[index] = answer
        else:
            questions[index] = answer
    return Plan(relation, decided, questions)


def _refuse_query(rule: Rule, session: Session) -> None:
    """Raises Unfit for a query of the contract, which is in DuckDB's SQL and held to what is safe there."""
    if isinstance(rule.measure, Queried) and session.engine not in QUERYING:
        raise Unfit(f"the engine {session.engine} runs no query of a contract; duckdb does")


def _refuse(question: Question, relation: Relation, session: Session) -> None:
    """Raises Unfit where the engine cannot evaluate what is asked."""
    for sql in question.aggregates.values():
        if (why := session.refusal(relation, sql)) is not None:
            raise Unfit(f"the engine {session.engine} cannot {why}")


def unanswered(rule: Rule, message: str) -> Check:
    """The check of a rule that could not be evaluated: an error, never a pass."""
    if isinstance(rule.measure, Unmeasured):
        return _check(rule, Status.NOT_CHECKED, f"not checked: {rule.measure.reason}")
    return _check(rule, Status.ERROR, message)


def _ask(rule: Rule, dialect: Dialect, footers: Footers | None) -> Check | Question:
    """What is asked of the rows; without ``footers``, a key is confirmed by the set of its values alone."""
    match rule.measure:
        case Unmeasured():
            return unanswered(rule, "")
        case Queried():  # its place is kept: queries are run when all objects are read
            return unanswered(rule, "not evaluated: the query was not run")
        case Present(column, path):
            return _present(rule, column, path, dialect)
        case Additional(columns):
            extra = [each.name for each in dialect.relation.columns if each.name not in columns]
            message = f"{plural(len(extra), 'column')} that the contract does not name"
            if extra:
                message += f": {shown_names(extra[:10])}{' and more' if len(extra) > 10 else ''}"
            return _check(rule, broken(rule.severity) if extra else Status.PASS, message, measured=len(extra))
        case OfType(column, _, _, path) as measure:
            return _of_type(rule, dialect, dialect.inner(column, path), measure)
        case RowCount():
            return Question(rule, {})
        case Repeated() as measure:
            surplus = Surplus(dialect.surplus(measure))
            if footers is not None and (rule.operator, rule.bound) == ("mustBe", 0):
                surplus = uniqueness.surplus(dialect, measure, footers)
            aggregates = {"surplus": surplus.sql}
            if measure.key:
                aggregates["without"] = f"count_if({dialect.without_key(measure)})"
            return Question(rule, aggregates, surplus=surplus)
        case Broken(tests):
            condition = " OR ".join(dialect.condition(test) for test in tests)
            shown = None if isinstance(tests[0], Inside) else tests[0].column
            return Question(rule, {"broken": f"count_if({condition})"}, condition, shown)


def _present(rule: Rule, column: str, path: Path, dialect: Dialect) -> Check:
    try:
        found = dialect.inner(column, path)
    except Unfit as error:
        return _check(rule, broken(rule.severity), str(error), measured=False)
    what = "field" if path else "column"
    return _check(rule, Status.PASS, f"the {what} {found.name!r} is there", measured=True)


def _of_type(rule: Rule, dialect: Dialect, column: Column, measure: OfType) -> Check | Question:
    name, promised = column.name, measure.family
    actual = families.family(column.type)
    if name in dialect.relation.raw and not measure.path and (promised is None or actual == promised):
        condition = dialect.unparsed(name, measure.missing)
        return Question(rule, {"broken": f"count_if({condition})"}, condition, name)
    if promised is None:
        return _check(rule, Status.PASS, f"the column is {column.type}, and no type was promised", measured=column.type)
    if actual is None:
        return _check(rule, Status.ERROR, f"not evaluated: the type {column.type} is not known here")
    if (
        name in dialect.relation.raw
        and not measure.path
        and rule.threshold
        and "physicalType" in rule.threshold
        and actual != promised
    ):
        return _check(rule, Status.NOT_CHECKED, "not checked: text has no physical type", severity=Severity.INFO)
    status = Status.PASS if families.fits(actual, promised) else broken(rule.severity)
    relation = "is" if status is Status.PASS else "is not"
    return _check(
        rule, status, f"the column is {column.type}, which {relation} of the type {promised}", measured=column.type
    )


def expected_unique(rules: Sequence[Rule]) -> Iterator[str]:
    """The columns of keys that are promised to be held once."""
    for rule in rules:
        if isinstance(rule.measure, Repeated):
            yield from rule.measure.columns


def exact(session: Session, plan: Plan, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with numbers in the place of bounds, counted where a bound is not 0."""
    found = dict(values)
    dialect = Dialect(plan.relation)
    for index, question in plan.questions.items():
        key = question.keys(index).get("surplus", "")
        if question.is_bound and isinstance(question.rule.measure, Repeated) and found[key]:
            sharing, keys = found[sharing_key(index)] = uniqueness.recount(session, dialect, question.rule.measure)
            found[key] = sharing - keys
    return found


def sharing_key(index: int) -> str:
    """Where :func:`exact` leaves how many rows share their key, and how many keys are shared."""
    return f"rule {index} sharing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is looked up for a rule that failed: words behind its count, and rows that break it."""

    says: str = ""
    examples: tuple[Example, ...] = ()


NO_EVIDENCE = Evidence()


def judge(plan: Plan, values: Mapping[str, Any], evidence: Mapping[int, Evidence]) -> list[Check]:
    """The check of each rule, in the order of the contract; ``evidence`` goes with the check of a rule."""
    checks = dict(plan.decided)
    for index, question in plan.questions.items():
        checks[index] = _judged(question, index, values, evidence.get(index, NO_EVIDENCE))
    return [checks[index] for index in sorted(checks)]


def failing(plan: Plan, values: Mapping[str, Any]) -> Iterator[tuple[int, Question]]:
    """The questions that did not come out as asked, by the rule's place in the contract."""
    for index, question in plan.questions.items():
        if _judged(question, index, values, NO_EVIDENCE).status is not Status.PASS:
            yield index, question


def counted(question: Question, index: int, values: Mapping[str, Any]) -> int:
    """The number of rows that count for a rule. (Over no rows, `count_if` is null.)"""
    if isinstance(question.rule.measure, RowCount):
        return int(values[ROWS])
    return sum(int(values[key] or 0) for key in question.keys(index).values())


def _judged(question: Question, index: int, values: Mapping[str, Any], evidence: Evidence) -> Check:
    rule, count, rows = question.rule, counted(question, index, values), int(values[ROWS])
    amount: int | float = count
    if rule.percent and not isinstance(rule.measure, RowCount):
        amount = 100 * count / rows if rows else 0.0
    held = holds(rule.operator, rule.bound, amount)
    message = f"{rows:,} rows"
    if not isinstance(rule.measure, RowCount):
        share = f" ({100 * count / rows:.3g} %)" if count else ""
        message = f"{count:,} of {message}{share} {_says(rule)}"
    message += evidence.says
    if not held and (rule.operator, rule.bound) != ("mustBe", 0):
        message += f"; {in_words(rule)}"
    status = Status.PASS if held else broken(rule.severity)
    return replace(_check(rule, status, message, measured=amount, rows=rows), examples=evidence.examples)


def _says(rule: Rule) -> str:
    if isinstance(rule.measure, Repeated):
        columns = shown_names(rule.measure.shown)
        repeat = f"repeat the key ({columns})" if len(rule.measure.columns) > 1 else "repeat a value"
        return f"{repeat} or have none" if rule.measure.key else repeat
    return rule.says


_WORDS = {
    "mustBe": "must be {}",
    "mustNotBe": "must not be {}",
    "mustBeGreaterThan": "must be greater than {}",
    "mustBeGreaterOrEqualTo": "must be at least {}",
    "mustBeLessThan": "must be less than {}",
    "mustBeLessOrEqualTo": "must be at most {}",
    "mustBeBetween": "must be between {} and {}",
    "mustNotBeBetween": "must not be between {} and {}",
}


def in_words(rule: Rule) -> str:
    """What the rule's operator asks for, in words."""
    bounds = rule.bound if isinstance(rule.bound, list) else [rule.bound]
    return _WORDS[rule.operator].format(*map(_bound, bounds)) + (" %" if rule.percent else "")


def _bound(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return example(value) if isinstance(value, str) else f"{value:,}"


def holds(operator: str, bound: Any, value: Any) -> bool:
    """Whether a metric is what an operator of the standard asks for. ``Between`` includes both ends."""
    match operator:
        case "mustBe":
            return bool(value == bound)
        case "mustNotBe":
            return bool(value != bound)
        case "mustBeGreaterThan":
            return bool(value > bound)
        case "mustBeGreaterOrEqualTo":
            return bool(value >= bound)
        case "mustBeLessThan":
            return bool(value < bound)
        case "mustBeLessOrEqualTo":
            return bool(value <= bound)
        case "mustBeBetween":
            return bool(bound[0] <= value <= bound[1])
        case "mustNotBeBetween":
            return not bound[0] <= value <= bound[1]
    raise ValueError(operator)


def _check(
    rule: Rule,
    status: Status,
    message: str,
    *,
    measured: Scalar = None,
    rows: int | None = None,
    severity: Severity | None = None,
) -> Check:
    return Check(
        rule=rule.name,
        status=status,
        message=message,
        severity=severity or rule.severity,
        where=rule.where,
        measured=measured,
        threshold=rule.threshold,
        rows=rows,
    )


def example(value: object) -> str:
    """A value of the data for a message: quoted, one line, invisible characters escaped, cut to a length."""
    text = str(value)
    return repr(text[:EXAMPLE]) + ("…" if len(text) > EXAMPLE else "")
