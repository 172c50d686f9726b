"""Starts workflows, by an event or by name, at most once in a while.

Nothing is remembered here: GitHub's list of runs says when a training was last
started. A run of a ``repository_dispatch`` event carries the event's name as
its title, unless the workflow has a ``run-name``; that must hold the name,
then. Of a workflow that is started by name, any start by name counts, one by
hand too: nothing in the list tells them apart.

These two are the events that GITHUB_TOKEN may send to start a run
(https://docs.github.com/en/actions/concepts/security/github_token).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from mlops_actions.github.api import ApiError, Client, repository
from mlops_actions.verdict import Json

SETTLING = 5.0
"""Seconds until GitHub lists the run of an event."""
INPUT = "payload"
"""The one input that a workflow is started with: why, as JSON. GitHub refuses an input that it does not declare."""
TRIGGER = f"on: {{workflow_dispatch: {{inputs: {{{INPUT}: {{type: string}}}}}}}}"
MAX_PAYLOAD = 60_000
"""Characters of a payload as JSON, all of ASCII: GitHub takes less than 64 KB, and 65,535 of all inputs."""

_Run: TypeAlias = Mapping[str, Any]


def start(
    client: Client, owner_name: str, event_type: str, payload: Mapping[str, Json], cool_down: timedelta
) -> tuple[bool, str]:
    """Send the event, unless one was sent within ``cool_down``; whether it was, and what became of it in words.

    Raises ApiError. Of one that is ``transient`` it is not known whether the
    event was sent; it is not sent again.
    """
    path = ("repos", *repository(owner_name))
    title = re.compile(rf"(?<![\w-]){re.escape(event_type)}(?![\w-])")

    def last() -> _Run | None:
        listed = client.pages(*path, "actions", "runs", key="workflow_runs", event="repository_dispatch")
        return _first(client, listed, cool_down, lambda run: title.search(run.get("display_title") or "") is not None)

    def send() -> None:
        client.post(*path, "dispatches", body={"event_type": event_type, "client_payload": dict(payload)})

    return _once(client, f"`{event_type}`", last, send)


def start_workflow(
    client: Client, owner_name: str, workflow: str, payload: Mapping[str, Json], cool_down: timedelta
) -> tuple[bool, str]:
    """Start ``workflow``, the name of its file, on the default branch; else as :func:`start`."""
    path = ("repos", *repository(owner_name))
    named = (*path, "actions", "workflows", workflow)

    def last() -> _Run | None:
        listed = client.pages(*named, "runs", key="workflow_runs", event="workflow_dispatch")
        return _first(client, listed, cool_down, lambda _: True)

    def send() -> None:
        text = json.dumps(payload, separators=(",", ":"))
        branch = client.get(*path)["default_branch"]
        client.post(*named, "dispatches", body={"ref": branch, "inputs": {INPUT: text}})

    return _once(client, f"`{workflow}`", last, send)


def _once(client: Client, name: str, last: Callable[[], _Run | None], send: Callable[[], None]) -> tuple[bool, str]:
    if run := last():
        return False, f"{name} was sent at {run['created_at']} already ({run['html_url']})"
    try:
        send()
    except ApiError as error:
        if not error.transient:
            raise
        client.sleep(SETTLING)
        if not last():
            raise
    return True, f"{name} is sent"


def _first(client: Client, listed: Iterable[_Run], cool_down: timedelta, counts: Callable[[_Run], bool]) -> _Run | None:
    """The newest run that counts and is not older than the cool-down, or None. GitHub lists runs from the newest."""
    for run in listed:
        # By GitHub's clock, known once it has answered: with our own, a wrong one would start a training too soon.
        age = datetime.fromtimestamp(client.now(), UTC) - datetime.fromisoformat(run["created_at"])
        if age > cool_down:
            return None
        if counts(run):
            return run
    return None
