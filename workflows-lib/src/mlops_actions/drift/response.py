"""What is to happen after a check, as requests: an issue, a training, a line of history. Nothing is sent here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mlops_actions import verdict
from mlops_actions.drift import history, performing
from mlops_actions.drift.pairs import KEY
from mlops_actions.github.dispatch import MAX_PAYLOAD
from mlops_actions.github.issues import State
from mlops_actions.outcome import Outcome, Request
from mlops_actions.report.escape import markdown, markdown_code, markdown_message, markdown_paragraphs
from mlops_actions.verdict import Check, Json, Status, Verdict
from mlops_actions.visible import clip

ISSUE, DISPATCH, WORKFLOW, HISTORY = "issue", "repository_dispatch", "workflow_dispatch", "history"

ROWS = 50
"""What failed, as far as an issue lists it."""
NAMED = 200
"""Columns that a payload names, unless there is room for fewer."""
RULES = 8
"""Rules of performance that a payload names: of all rows, and of some columns of segments."""
MAX_VALUE = 10_000
"""Characters of JSON of one value in a payload."""
MAX_NAME = 100
MAX_MESSAGE = 400


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is switched on for ``model``. Issues take ``labels`` and ``assignees`` when they are opened."""

    model: str
    open_issue: bool = False
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    close_after: int = 1
    retrain_event: str | None = None
    retrain_workflow: str | None = None
    cool_down: timedelta = timedelta(hours=24)
    history: bool = False
    run: str = ""
    """The page of the run that checks."""


def requests(outcome: Outcome, wishes: Wishes) -> tuple[Request, ...]:
    """What the outcome of a check asks for, in the order in which it is to be done."""
    made = []
    if wishes.history:
        made.append(Request(HISTORY, {"model": wishes.model, "line": history.line(outcome.verdict)}))
    if wishes.open_issue:
        made.append(Request(ISSUE, _issue(outcome, wishes)))
    if _trains(outcome):
        why = _payload(outcome.verdict, wishes)
        cool_down = int(wishes.cool_down.total_seconds())
        if event := wishes.retrain_event:
            made.append(Request(DISPATCH, {"event_type": event, "client_payload": why, "cool_down_seconds": cool_down}))
        if workflow := wishes.retrain_workflow:
            made.append(Request(WORKFLOW, {"workflow": workflow, "payload": why, "cool_down_seconds": cool_down}))
    return tuple(made)


def _trains(outcome: Outcome) -> bool:
    """Whether a new model is wanted: the data drifted, or labels say that the old one does worse.

    Not where something could not be evaluated: a training would meet the same.
    """
    checks = outcome.verdict.checks
    if any(each.status is Status.ERROR for each in checks):
        return False
    return outcome.outputs.get("drifted") == "true" or bool(_worse(outcome.verdict))


def _worse(judged: Verdict) -> list[Check]:
    """The performance that failed, of all rows and by segments; what was only estimated does not fail."""
    return [each for each in judged.checks if each.status is Status.FAIL and performing.is_of_performance(each)]


def _state(outcome: Outcome) -> State:
    if _failed(outcome):
        return State.DRIFTED
    return State.UNKNOWN if outcome.verdict.status is Status.FAIL else State.CLEAN


def _failed(outcome: Outcome) -> list[Check]:
    """All that failed, of columns or not, in the order of the report: what its sections cover, then the others."""
    covered = [place for section in outcome.sections for place in sorted(section.covers)]
    checks = outcome.verdict.checks
    others = (place for place in range(len(checks)) if place not in covered)
    return [checks[place] for place in (*covered, *others) if checks[place].status is Status.FAIL]


def _drifted(judged: Verdict) -> list[Check]:
    """The columns that drifted; where none did, the pairs of columns, each of which is told by its first."""
    alone, together = (
        [each for each in some if each.status is Status.FAIL] for some in (history.columns(judged), _pairs(judged))
    )
    return alone or together


def _pairs(judged: Verdict) -> list[Check]:
    return [each for each in judged.checks if each.where.column is not None and each.rule.endswith(f".{KEY}")]


def _issue(outcome: Outcome, wishes: Wishes) -> Mapping[str, Json]:
    text = _text(outcome)
    link = f"\n\nFound by [this run]({wishes.run}), which keeps the report." if wishes.run else ""
    return {
        "model": wishes.model,
        "state": _state(outcome).value,
        "title": f"Data drift: {wishes.model}",
        "text": text + link,
        "content": _content(outcome),
        "close_after": wishes.close_after,
        "labels": list(wishes.labels),
        "assignees": list(wishes.assignees),
        "link": wishes.run,
    }


def _content(outcome: Outcome) -> str:
    """What identifies the news of a check: what failed, and how far, as exactly as the issue says it."""
    facts = [f"{_name(each)}\0{_number(each.measured)}" for each in _failed(outcome)]
    return hashlib.sha256("\0".join(sorted(facts)).encode("utf-8", "backslashreplace")).hexdigest()


def _text(outcome: Outcome) -> str:
    """What an issue says, as Markdown; names and messages are data from outside."""
    failed = _failed(outcome)
    lines = [markdown_paragraphs(clip(outcome.headline, MAX_MESSAGE)), ""]
    window = outcome.verdict.parameters.get("window")
    if isinstance(window, dict):
        ends = " to ".join(markdown(clip(str(window[end]), MAX_NAME)) for end in ("from", "to"))
        lines += [f"Window: {ends}.", ""]
    lines += ["| what | measured | allowed | in words |", "|---|---:|---:|---|"]
    for each in failed[:ROWS]:
        name = markdown_code(clip(_name(each), MAX_NAME))
        message = markdown_message(clip(each.message.replace("\n", " "), MAX_MESSAGE))
        lines.append(f"| {name} | {_number(each.measured)} | {_allowed(each)} | {message} |")
    if (more := len(failed) - ROWS) > 0:
        lines += ["", f"And {more:,} more in the report."]
    return "\n".join(lines)


def _name(check: Check) -> str:
    """A column whose values drifted, by its name; anything else by its rule."""
    return str(check.where.column) if history.is_of_column(check) else check.rule


def _allowed(check: Check) -> str:
    """A threshold in a cell: a limit alone, or the two ends of what is allowed."""
    limits = [
        each for value in (check.threshold or {}).values() for each in (value if isinstance(value, list) else [value])
    ]
    return " to ".join(filter(None, map(_number, limits)))


def _number(value: Json) -> str:
    """Two decimals: what changes beyond is no news."""
    return f"{value:.2f}" if isinstance(value, int | float) else ""


def _payload(judged: Verdict, wishes: Wishes) -> dict[str, Json]:
    """Why a training is started. What there is no room for is named in ``cut``, so that the rest stays true."""
    drifted = _drifted(judged)
    columns = dict.fromkeys(str(each.where.column) for each in drifted)
    names: list[Json] = [clip(each, MAX_NAME) for each in list(columns)[:NAMED]]
    rules = [each.rule for each in _worse(judged)]
    payload: dict[str, Json] = {
        "model": wishes.model,
        "reason": "drift",
        "verdict": verdict.identity(judged),
        "drifted": len(columns),
        "columns": names,
        "failed": [clip(each, MAX_NAME) for each in rules[:RULES]],
        "data": judged.parameters.get("data"),
        "window": judged.parameters.get("window"),
        "run": wishes.run or None,
    }
    cut: list[Json] = []
    for key in ("data", "window"):  # as a whole, or not at all
        if len(json.dumps(payload[key])) > MAX_VALUE:
            payload[key] = None
            cut.append(key)
    while names and len(json.dumps(json.dumps({**payload, "cut": ["columns", *cut]}))) > MAX_PAYLOAD:
        names.pop()
    if len(names) < len(columns):
        cut.append("columns")
    if len(rules) > RULES:
        cut.append("failed")
    return {**payload, "cut": cut}
