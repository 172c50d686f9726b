"""One issue for each model: opened, rewritten when something changed, closed, reopened.

An issue is found again by a comment in its text that GitHub does not show. The
comment holds what was told last, so nothing needs to be remembered elsewhere.
What stands between it and the end mark is ours; what people write around it
stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mlops_actions.github.api import ApiError, Client, repository

_MARK = re.compile(r"<!-- mlops-actions:drift (\{[^<>]*\}) -->")
_END = "<!-- /mlops-actions:drift -->"
_OURS = re.compile(_MARK.pattern + ".*" + re.escape(_END), re.DOTALL)  # to the last end: a name may look like one
_TRUSTED = {"OWNER", "MEMBER", "COLLABORATOR"}


class State(StrEnum):
    """What a check says of a model's data."""

    DRIFTED = "drifted"  # something failed, a column or anything else that is checked
    CLEAN = "clean"
    UNKNOWN = "unknown"  # could not be evaluated: neither opens nor closes, and ends a row of clean checks


@dataclass(frozen=True, slots=True)
class Told:
    """What an issue is to say of ``model``, as Markdown that is safe already.

    ``content`` identifies what ``text`` says: an issue that says the same is
    left alone. It is closed after ``close_after`` clean checks in a row.
    ``link`` is the address of the run, for comments.
    """

    model: str
    state: State
    title: str
    text: str
    content: str
    close_after: int = 1
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class _Mark:
    """What the hidden comment holds: the model, what was told last, how many clean checks followed."""

    model: str
    content: str
    clean: int = 0

    def __str__(self) -> str:
        # Nothing of a name may end the comment: two dashes, or an angle bracket.
        data = json.dumps({"model": self.model, "content": self.content, "clean": self.clean})
        for each in "-<>":
            data = data.replace(each, f"\\u{ord(each):04x}")
        return f"<!-- mlops-actions:drift {data} -->"


def keep(client: Client, owner_name: str, told: Told) -> str:
    """Bring the model's issue to where it should be; what was done, in words. Raises ApiError."""
    path = ("repos", *repository(owner_name), "issues")
    found = next(_of_model(client, path, told.model), None)
    if found is None:
        return _open(client, path, told) if told.state is State.DRIFTED else "there is no issue, and none is needed"
    issue, mark = found
    name = f"issue #{issue['number']}"
    is_open = issue["state"] == "open"
    if told.state is State.DRIFTED:
        if mark == _Mark(told.model, told.content):
            return (
                f"{name} says the same already" if is_open else f"{name} was closed by hand, and nothing changed since"
            )
        rewritten = _rewritten(issue["body"], _Mark(told.model, told.content), told.text)
        client.patch(*path, issue["number"], body={"body": rewritten, **({} if is_open else {"state": "open"})})
        if is_open:
            return f"{name} is brought up to date"
        _comment(client, (*path, issue["number"]), f"A check failed again{_by(told)}.")
        return f"{name} is reopened"
    after = replace(mark, clean=mark.clean + 1 if told.state is State.CLEAN else 0)
    if not is_open:
        if told.state is State.CLEAN and not mark.clean:  # closed by hand; the next drift is news
            client.patch(*path, issue["number"], body={"body": _rewritten(issue["body"], after)})
        return f"{name} stays closed"
    if after == mark:
        return f"{name} stays open"
    closes = after.clean >= told.close_after
    body = {"body": _rewritten(issue["body"], after), **({"state": "closed"} if closes else {})}
    client.patch(*path, issue["number"], body=body)
    if not closes:
        return f"{name} stays open: {after.clean} of {told.close_after} clean checks in a row"
    checks = "1 check" if after.clean == 1 else f"{after.clean} checks in a row"
    _comment(client, (*path, issue["number"]), f"Closed: {checks} found nothing{_by(told)}.")
    return f"{name} is closed"


def _by(told: Told) -> str:
    return f" ([run]({told.link}))" if told.link else ""


def _of_model(client: Client, path: tuple[str, ...], model: str) -> Iterator[tuple[Mapping[str, Any], _Mark]]:
    """The model's issues: open ones first, the oldest first, then closed ones, the newest change first.

    Anybody may write our mark into an issue of a public repository, so only
    those of a program or of somebody who belongs to it count.
    """
    orders = ({"state": "open", "sort": "created", "direction": "asc"}, {"state": "closed", "sort": "updated"})
    for order in orders:
        for issue in client.pages(*path, **order):
            by = issue.get("user") or {}
            trusted = by.get("type") == "Bot" or issue.get("author_association") in _TRUSTED
            mark = _read(issue.get("body") or "")
            if mark is not None and mark.model == model and trusted and "pull_request" not in issue:
                yield issue, mark


def _read(body: str) -> _Mark | None:
    """The mark in an issue's text; None where there is none, or somebody broke it."""
    found = _MARK.search(body)
    if found is None or _OURS.search(body) is None:
        return None
    try:
        data = json.loads(found[1])
        return _Mark(str(data["model"]), str(data["content"]), int(data["clean"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _rewritten(body: str, mark: _Mark, text: str | None = None) -> str:
    """An issue's text with another mark, and with another text of ours, where one is given."""
    if text is None:
        return _MARK.sub(lambda _: str(mark), body, count=1)
    return _OURS.sub(lambda _: f"{mark}\n{text}\n\n{_END}", body, count=1)


def _open(client: Client, path: tuple[str, ...], told: Told) -> str:
    text = f"{_Mark(told.model, told.content)}\n{told.text}\n\n{_END}\n"
    body: dict[str, Any] = {"title": told.title, "body": text, "labels": list(told.labels)}
    note = ""
    try:
        issue = _created(client, path, {**body, "assignees": list(told.assignees)}, told.model)
    except ApiError as error:
        if error.status != 422 or not told.assignees:
            raise
        issue = _created(client, path, body, told.model)
        note = f", without assignees, of whom GitHub does not take one: {error}"
    first = next(_of_model(client, path, told.model), None)
    if first is not None and first[0]["number"] < issue["number"]:
        # Another check opened one at the same time. Both look, and the later one goes, with its mark.
        text = f"The same as #{first[0]['number']}, which another check opened at the same time."
        client.patch(*path, issue["number"], body={"body": text, "state": "closed", "state_reason": "not_planned"})
        return f"issue #{first[0]['number']} was opened by another check at the same time"
    return f"issue #{issue['number']} is opened{note}"


def _created(client: Client, path: tuple[str, ...], body: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    try:
        created: Mapping[str, Any] = client.post(*path, body=body)
    except ApiError as error:
        if not error.transient:
            raise
        # The answer may have been lost on the way back. If there is no issue, the next check opens it: a list that
        # lags behind would make two of them now.
        found = next(_of_model(client, path, model), None)
        if found is None:
            raise
        return found[0]
    return created


def _comment(client: Client, issue: tuple[str | int, ...], text: str) -> None:
    """Say something below an issue. What may have been said is not said twice."""
    try:
        client.post(*issue, "comments", body={"body": text})
    except ApiError as error:
        if not error.transient:
            raise
