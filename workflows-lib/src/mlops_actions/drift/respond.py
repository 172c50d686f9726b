"""Carries out what a check asked for: its requests, on GitHub, each with what became of it.

This is the part that may write, so it reads no data of anybody's. A request
that cannot be carried out is a warning: the check has its own verdict, and
that stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from mlops_actions import files, jsonfile, verdict
from mlops_actions.drift import history, keeping
from mlops_actions.drift.response import DISPATCH, HISTORY, ISSUE, WORKFLOW
from mlops_actions.errors import CallError, Problem
from mlops_actions.github import dispatch, issues
from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.carried import Carried
from mlops_actions.outcome import Log, Outcome, Request, Section, Table
from mlops_actions.verdict import Check, Severity, Status, Verdict

STAGE = "drift-response"
REQUESTS = "requests.json"

PERMISSIONS = {
    ISSUE: ("issues: write",),
    DISPATCH: ("contents: write, actions: read",),
    WORKFLOW: ("actions: write",),
    HISTORY: ("contents: write", "actions: read"),
}
"""What the job that calls drift-check.yml grants, beside ``contents: read``: one of these."""
NAMES = {ISSUE: "open-issue", DISPATCH: "retrain-event", WORKFLOW: "retrain-workflow", HISTORY: "history"}


@dataclass(frozen=True, slots=True)
class Response:
    """What to carry out: the folder that ``mlops drift`` wrote, on which repository.

    Without a ``client`` (a dry run, or no token) nothing is sent, and the
    requests are handed back. For a ``fork`` nothing is sent either: its commit
    decides what the check reads. ``carried`` is the artifact that a history is
    carried on in, None where no workflow would upload it.
    """

    folder: Path
    repository: str = ""
    client: Client | None = None
    fork: bool = False
    carried: Carried | None = None


def write(folder: Path, requests: tuple[Request, ...]) -> None:
    """Leave requests beside the verdict that they are of."""
    data = [{"kind": each.kind, "body": dict(each.body)} for each in requests]
    files.write_atomic(folder / REQUESTS, json.dumps({"requests": data}, indent=1, allow_nan=False) + "\n")


def respond(response: Response, out: Path) -> Outcome:
    """Carry out the requests. Raises CallError where there are none, or what is there is no such file.

    A history that an artifact is to carry on is written into ``out``.
    """
    started = verdict.now()
    requests = _read(response.folder / REQUESTS)
    kept: tuple[Request, ...] = ()
    desk = _Desk(response, out)
    if response.fork:
        message = "not from a fork: whoever sends a pull request would decide what is written"
        checks = [_check(each, Status.NOT_CHECKED, message) for each in requests]
    elif response.client is None:
        kept = requests
        checks = [
            _check(each, Status.NOT_CHECKED, "a dry run, or no GITHUB_TOKEN: nothing is sent") for each in requests
        ]
    else:
        checks = [desk.carry_out(each, response.client) for each in requests]
    judged = Verdict(STAGE, verdict.conclude(checks), tuple(checks), started, verdict.now())
    rows = tuple((each.rule, each.message) for each in checks)
    asked = tuple(Log(NAMES[each.kind], json.dumps(each.body, indent=1, ensure_ascii=False)) for each in kept)
    done = not response.fork and response.client is not None
    sections = [Section("What was done", (Table(("Asked for", "What became of it"), rows),))] if done else []
    sections += [Section("What would be sent", asked)] if asked else []
    sections += [desk.checks()] if desk.carries else []
    headline = "; ".join(dict.fromkeys(each.message for each in checks))
    outputs = {"carries": "true" if desk.carries else "false"}
    return Outcome(judged, headline, tuple(sections), outputs=outputs, requests=kept)


def _read(file: Path) -> tuple[Request, ...]:
    try:
        data = jsonfile.read(file)
        requests = tuple(Request(each["kind"], dict(each["body"])) for each in data["requests"])
    except OSError as error:
        hint = f"Give the folder that `mlops drift` wrote, with one of these switched on: {', '.join(NAMES.values())}."
        raise CallError(Problem("holds no requests of a drift check", str(file.parent), hint=hint)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CallError(Problem("is no file of requests", str(file))) from error
    if strange := [each.kind for each in requests if each.kind not in tuple(NAMES)]:  # which may be of any type
        raise CallError(Problem(f"asks for {strange[0]!r}, which is not known here", str(file)))
    return requests


@dataclass(slots=True)
class _Desk:
    """Carries out one request after the other.

    ``carries`` is the history that an artifact is to hold, if any, and ``line``
    that of the check.
    """

    response: Response
    out: Path
    carries: str = ""
    line: str = ""

    def carry_out(self, request: Request, client: Client) -> Check:
        """One request on GitHub, and what became of it."""
        ways: Mapping[str, Callable[[Mapping[str, Any], Client], str]] = {
            ISSUE: self._keep_issue,
            DISPATCH: self._start,
            WORKFLOW: self._start,
            HISTORY: self._append,
        }
        try:
            return _check(request, Status.PASS, ways[request.kind](request.body, client))
        except ApiError as error:
            return _check(request, Status.WARN, f"not done: {error}{_advice(request.kind, error)}")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            message = f"not done: the request or GitHub's answer is not as described: {error!r}"
            return _check(request, Status.ERROR, message)

    def _keep_issue(self, body: Mapping[str, Any], client: Client) -> str:
        told = issues.Told(
            model=body["model"],
            state=issues.State(body["state"]),
            title=body["title"],
            text=body["text"],
            content=body["content"],
            close_after=body["close_after"],
            labels=tuple(body["labels"]),
            assignees=tuple(body["assignees"]),
            link=body["link"],
        )
        return issues.keep(client, self.response.repository, told)

    def _start(self, body: Mapping[str, Any], client: Client) -> str:
        cool_down = timedelta(seconds=body["cool_down_seconds"])
        repository = self.response.repository
        if "workflow" in body:
            sent, words = dispatch.start_workflow(client, repository, body["workflow"], body["payload"], cool_down)
        else:
            sent, words = dispatch.start(client, repository, body["event_type"], body["client_payload"], cool_down)
        return words if sent else f"{words}, and the cool-down is {cool_down}"

    def _append(self, body: Mapping[str, Any], client: Client) -> str:
        response = self.response
        kept = keeping.keep(body, client, response.repository, response.carried, self.out)
        self.carries, self.line = kept.text, body["line"]
        return kept.words

    def checks(self) -> Section:
        """The history that is carried on, drawn."""
        ((present,), _) = history.parse(self.line)
        return history.section(*history.parse(self.carries), title="Checks", present=present)


def _advice(kind: str, error: ApiError) -> str:
    if error.limited:
        return ". GitHub takes no more calls for now; the next check tries again"
    if error.transient:
        return ". Whether GitHub carried it out is not known; the next check looks again"
    if error.status == 422 and kind == WORKFLOW:
        return f". On the default branch, the workflow needs `{dispatch.TRIGGER}`"
    if error.status in keeping.DENIED:
        ways = PERMISSIONS[kind]
        added = " or ".join(f"`{each}`" for each in ways)
        lines = " or ".join(f"`permissions: {{{_whole(each)}}}`" for each in ways)
        unless = ", unless it is the workflow that is not there" if kind == WORKFLOW and error.status == 404 else ""
        return f". Add {added} to the `permissions` of the job that calls drift-check.yml ({lines}){unless}"
    return ""


def _whole(more: str) -> str:
    """A job's own key replaces all that it had, so that reading stands in it too."""
    return more if "contents:" in more else f"contents: read, {more}"


def _check(request: Request, status: Status, message: str) -> Check:
    severity = {Status.WARN: Severity.WARNING, Status.NOT_CHECKED: Severity.INFO}.get(status, Severity.ERROR)
    return Check(NAMES[request.kind], status, message, severity)
