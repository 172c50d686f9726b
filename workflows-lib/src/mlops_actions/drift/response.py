"""What is to happen after a check, as requests: an issue, a training, a line of history. Nothing is sent here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mlops_actions import verdict
from mlops_actions.drift import history
from mlops_actions.drift.pairs import KEY
from mlops_actions.github.issues import State
from mlops_actions.outcome import Outcome, Request
from mlops_actions.report.escape import markdown, markdown_code, markdown_message, markdown_paragraphs
from mlops_actions.verdict import Check, Json, Status, Verdict
from mlops_actions.visible import clip

ISSUE, DISPATCH, HISTORY = "issue", "repository_dispatch", "history"

ROWS = 50
"""Columns that an issue lists."""
NAMED = 200
"""Columns that an event's payload names; GitHub takes 64 KB of it."""
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
    if wishes.retrain_event and _state(outcome) is State.DRIFTED:
        made.append(Request(DISPATCH, _dispatch(outcome.verdict, wishes, wishes.retrain_event)))
    return tuple(made)


def _state(outcome: Outcome) -> State:
    if outcome.outputs.get("drifted") == "true":
        return State.DRIFTED
    return State.UNKNOWN if outcome.verdict.status is Status.FAIL else State.CLEAN


def _drifted(judged: Verdict) -> list[Check]:
    """The columns that drifted, and the pairs of columns, each by its first."""
    return [each for each in (*history.columns(judged), *_pairs(judged)) if each.status is Status.FAIL]


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
    """What identifies the news of a check: which columns and pairs drifted, how far, as exactly as the issue says."""
    pairs = _pairs(outcome.verdict)
    facts = [
        f"{each.rule if each in pairs else each.where.column}\0{_number(each.measured)}"
        for each in _drifted(outcome.verdict)
    ]
    return hashlib.sha256("\0".join(sorted(facts)).encode("utf-8", "backslashreplace")).hexdigest()


def _text(outcome: Outcome) -> str:
    """What an issue says, as Markdown; names and messages are data from outside."""
    drifted = _drifted(outcome.verdict)
    lines = [markdown_paragraphs(clip(outcome.headline, MAX_MESSAGE)), ""]
    window = outcome.verdict.parameters.get("window")
    if isinstance(window, dict):
        ends = " to ".join(markdown(clip(str(window[end]), MAX_NAME)) for end in ("from", "to"))
        lines += [f"Window: {ends}.", ""]
    lines += ["| column | measured | allowed | what |", "|---|---:|---:|---|"]
    for each in drifted[:ROWS]:
        name = markdown_code(clip(str(each.where.column), MAX_NAME))
        limit = _number((each.threshold or {}).get("mustBeLessThan"))
        message = markdown_message(clip(each.message.replace("\n", " "), MAX_MESSAGE))
        lines.append(f"| {name} | {_number(each.measured)} | {limit} | {message} |")
    if more := len(drifted) - ROWS:
        lines += ["", f"And {more:,} more columns in the report."] if more > 0 else []
    return "\n".join(lines)


def _number(value: Json) -> str:
    """Two decimals: what changes beyond is no news."""
    return f"{value:.2f}" if isinstance(value, int | float) else ""


def _dispatch(judged: Verdict, wishes: Wishes, event: str) -> Mapping[str, Json]:
    drifted = _drifted(judged)
    columns = dict.fromkeys(str(each.where.column) for each in drifted)
    names: list[Json] = [clip(each, MAX_NAME) for each in list(columns)[:NAMED]]
    payload: dict[str, Json] = {
        "model": wishes.model,
        "reason": "drift",
        "verdict": verdict.identity(judged),
        "drifted": len(columns),
        "columns": names,
        "data": judged.parameters.get("data"),
        "window": judged.parameters.get("window"),
        "run": wishes.run or None,
    }
    return {"event_type": event, "client_payload": payload, "cool_down_seconds": int(wishes.cool_down.total_seconds())}
