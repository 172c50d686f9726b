"""Starts the workflows of a ``repository_dispatch`` event, at most once in a while.

Nothing is remembered here: GitHub's list of runs says when the event was last
sent. A run of such an event carries the event's name as its title, unless the
workflow has a ``run-name``; that must hold the name, then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops_actions.github.api import ApiError, Client, repository
from mlops_actions.verdict import Json

SETTLING = 5.0
"""Seconds until GitHub lists the run of an event."""


def start(
    client: Client, owner_name: str, event_type: str, payload: Mapping[str, Json], cool_down: timedelta
) -> tuple[bool, str]:
    """Send the event, unless one was sent within ``cool_down``; whether it was, and what became of it in words.

    Raises ApiError. Of one that is ``transient`` it is not known whether the
    event was sent; it is not sent again.
    """
    path = ("repos", *repository(owner_name))
    now = datetime.fromtimestamp(client.clock(), UTC)
    if run := _last(client, path, event_type, now - cool_down):
        return False, f"`{event_type}` was sent at {run['created_at']} already ({run['html_url']})"
    try:
        client.post(*path, "dispatches", body={"event_type": event_type, "client_payload": dict(payload)})
    except ApiError as error:
        if not error.transient:
            raise
        client.sleep(SETTLING)
        if not _last(client, path, event_type, now - cool_down):
            raise
    return True, f"`{event_type}` is sent"


def _last(client: Client, path: tuple[str, ...], event_type: str, since: datetime) -> Mapping[str, Any] | None:
    """The newest run of the event since a moment, or None. GitHub lists runs from the newest."""
    title = re.compile(rf"(?<![\w-]){re.escape(event_type)}(?![\w-])")
    for run in client.pages(*path, "actions", "runs", key="workflow_runs", event="repository_dispatch"):
        if datetime.fromisoformat(run["created_at"]) < since:
            return None
        if title.search(run.get("display_title") or ""):
            found: Mapping[str, Any] = run
            return found
    return None
