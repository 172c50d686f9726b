"""Carries out what a check asked for: its requests, on GitHub, each with what became of it.

This is the part that may write, so it reads no data of anybody's. A request
that cannot be carried out is a warning: the check has its own verdict, and
that stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from mlops_actions import files, jsonfile, verdict
from mlops_actions.drift import history
from mlops_actions.drift.response import DISPATCH, HISTORY, ISSUE
from mlops_actions.errors import CallError, Problem
from mlops_actions.github import dispatch, issues
from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.lines import BranchFile
from mlops_actions.outcome import Log, Outcome, Request, Section, Table
from mlops_actions.verdict import Check, Severity, Status, Verdict

STAGE = "drift-response"
REQUESTS = "requests.json"

PERMISSIONS = {
    ISSUE: "issues: write",
    DISPATCH: "contents: write, actions: read",
    HISTORY: "contents: write",
}
"""What the job that calls drift-check.yml grants, beside ``contents: read``."""
NAMES = {ISSUE: "open-issue", DISPATCH: "retrain-event", HISTORY: "history"}


@dataclass(frozen=True, slots=True)
class Response:
    """What to carry out: the folder that ``mlops drift`` wrote, on which repository.

    Without a ``client`` (a dry run, or no token) nothing is sent, and the
    requests are handed back. For a ``fork`` nothing is sent either: its commit
    decides what the check reads.
    """

    folder: Path
    repository: str = ""
    client: Client | None = None
    fork: bool = False


def write(folder: Path, requests: tuple[Request, ...]) -> None:
    """Leave requests beside the verdict that they are of."""
    data = [{"kind": each.kind, "body": dict(each.body)} for each in requests]
    files.write_atomic(folder / REQUESTS, json.dumps({"requests": data}, indent=1, allow_nan=False) + "\n")


def respond(response: Response, _out: Path) -> Outcome:
    """Carry out the requests. Raises CallError where there are none, or what is there is no such file."""
    started = verdict.now()
    requests = _read(response.folder / REQUESTS)
    kept: tuple[Request, ...] = ()
    done = False
    if response.fork:
        message = "not from a fork: whoever sends a pull request would decide what is written"
        checks = [_check(each, Status.NOT_CHECKED, message) for each in requests]
    elif response.client is None:
        kept = requests
        checks = [
            _check(each, Status.NOT_CHECKED, "a dry run, or no GITHUB_TOKEN: nothing is sent") for each in requests
        ]
    else:
        done = True
        checks = [_carried_out(each, response.client, response.repository) for each in requests]
    judged = Verdict(STAGE, verdict.conclude(checks), tuple(checks), started, verdict.now())
    rows = tuple((each.rule, each.message) for each in checks)
    asked = tuple(Log(NAMES[each.kind], json.dumps(each.body, indent=1, ensure_ascii=False)) for each in kept)
    sections = [Section("What was done", (Table(("Asked for", "What became of it"), rows),))] if done else []
    sections += [Section("What would be sent", asked)] if asked else []
    return Outcome(judged, "; ".join(dict.fromkeys(each.message for each in checks)), tuple(sections), requests=kept)


def _read(file: Path) -> tuple[Request, ...]:
    try:
        data = jsonfile.read(file)
        requests = tuple(Request(each["kind"], dict(each["body"])) for each in data["requests"])
    except OSError as error:
        hint = "Give the folder that `mlops drift` wrote, with open-issue, retrain-event or history switched on."
        raise CallError(Problem("holds no requests of a drift check", str(file.parent), hint=hint)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CallError(Problem("is no file of requests", str(file))) from error
    if strange := [each.kind for each in requests if each.kind not in NAMES]:
        raise CallError(Problem(f"asks for {strange[0]!r}, which is not known here", str(file)))
    return requests


def _carried_out(request: Request, client: Client, repository: str) -> Check:
    carry_out: Mapping[str, Callable[[Mapping[str, Any], Client, str], str]] = {
        ISSUE: _keep_issue,
        DISPATCH: _start,
        HISTORY: _append,
    }
    try:
        return _check(request, Status.PASS, carry_out[request.kind](request.body, client, repository))
    except ApiError as error:
        return _check(request, Status.WARN, f"not done: {error}{_advice(request.kind, error)}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return _check(request, Status.ERROR, f"not done: the request or GitHub's answer is not as described: {error!r}")


def _advice(kind: str, error: ApiError) -> str:
    if error.limited:
        return ". GitHub takes no more calls for now; the next check tries again"
    if error.transient:
        return ". Whether GitHub carried it out is not known; the next check looks again"
    if error.status in {401, 403, 404}:
        return (
            f". Add `{PERMISSIONS[kind]}` to the `permissions` of the job that calls drift-check.yml"
            f" (`permissions: {{{_whole(PERMISSIONS[kind])}}}`)"
        )
    return ""


def _whole(more: str) -> str:
    """A job's own key replaces all that it had, so that reading stands in it too."""
    return more if "contents:" in more else f"contents: read, {more}"


def _check(request: Request, status: Status, message: str) -> Check:
    severity = {Status.WARN: Severity.WARNING, Status.NOT_CHECKED: Severity.INFO}.get(status, Severity.ERROR)
    return Check(NAMES[request.kind], status, message, severity)


def _keep_issue(body: Mapping[str, Any], client: Client, repository: str) -> str:
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
    return issues.keep(client, repository, told)


def _start(body: Mapping[str, Any], client: Client, repository: str) -> str:
    cool_down = timedelta(seconds=body["cool_down_seconds"])
    sent, words = dispatch.start(client, repository, body["event_type"], body["client_payload"], cool_down)
    return words if sent else f"{words}, and the cool-down is {cool_down}"


def _append(body: Mapping[str, Any], client: Client, repository: str) -> str:
    # The job that wrote this has read data of anybody's: it may not say which file of the repository is written.
    entries, strange = history.parse(body["line"])
    if (len(entries), strange) != (1, 0) or "\n" in body["line"]:
        raise ValueError("not a line of a history")
    if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", body["model"]):
        raise ValueError("not a model's name")
    file = BranchFile(client, repository, history.BRANCH, history.path_of(body["model"]))
    file.append(body["line"], "A drift check")
    return f"a line is added to {file.path} on the branch {file.branch}"
