"""What an earlier dry run stands in for: the event that it would have sent, as GitHub would deliver it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.dryrun import event, filters, request
from mlops_actions.errors import CallError

SENT = {
    "workflow": ".github/workflows/drift.yml",
    "job": "drift / Respond",
    "kind": "repository_dispatch",
    "event_type": "retrain",
    "client_payload": {"model": "delay", "columns": ["hour"]},
    "cool_down_seconds": 86400,
}


@pytest.fixture(name="ran")
def _ran(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, requests: Any) -> Path:
        (tmp_path / name / "artifacts").mkdir(parents=True)
        text = requests if isinstance(requests, str) else json.dumps(requests)
        (tmp_path / name / "requests.json").write_text(text)
        return tmp_path / name

    return write


def test_the_event_is_that_of_the_first_run_that_would_have_sent_one(ran: Callable[..., Path]) -> None:
    release, drift = ran("release", [{"kind": "release", "tag_name": "v1"}]), ran("drift", [{"kind": "issue"}, SENT])
    later = ran("later", [{**SENT, "event_type": "other"}])
    found = request.dispatched((release, drift, later))
    assert (found.event_type, found.payload) == ("retrain", SENT["client_payload"])


@pytest.mark.parametrize(
    ("requests", "says"),
    [
        ([], "no event was to be sent"),
        ([{"kind": "release"}], "no event was to be sent"),
        ([SENT, {**SENT, "event_type": "other"}], r"2 events: 'retrain', 'other'.*--event-file"),
        ([{"kind": "repository_dispatch", "event_type": "retrain"}], "no type, or no payload"),
        ("[", "no requests of a dry run"),
    ],
)
def test_what_holds_no_one_event_says_what_to_do(ran: Callable[..., Path], requests: Any, says: str) -> None:
    with pytest.raises(CallError, match=says):
        request.dispatched((ran("it", requests),))


def test_it_is_delivered_as_github_does(repository: Callable[..., Path], ran: Callable[..., Path]) -> None:
    """The type is the action, which `types` filters by; the payload is `client_payload`."""
    found = request.dispatched((ran("it", [SENT]),))
    happened = event.of_dispatch(
        event.read(repository({"a": "1"}), "repository_dispatch"), found.event_type, found.payload
    )
    assert happened.payload["client_payload"] == SENT["client_payload"]
    assert (happened.payload["action"], happened.payload["branch"]) == ("retrain", "main")
    assert happened.payload["repository"]["full_name"] == "acme/shop"
    assert filters.refusal(happened, {"types": ["retrain", "x"]}) is None
    assert "`retrain`" in str(filters.refusal(happened, {"types": ["other"]}))
