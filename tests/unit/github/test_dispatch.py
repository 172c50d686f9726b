"""What starts a training: once in a cool-down, and never twice because an answer was lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import openapi_server
import pytest

from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.dispatch import start, start_workflow

NOW = datetime.fromtimestamp(1_000_000, UTC)
"""What the client's clock says."""
DAY = timedelta(hours=24)
PAYLOAD = {"model": "delay", "columns": ["b"], "window": None}


def fault(github: Any, status: int | None = None, **more: Any) -> None:
    github.faults.append(openapi_server.Fault(status, **more))


def ran(github: Any, ago: timedelta, title: str = "retrain", event: str = "repository_dispatch") -> None:
    github.add_run("c" * 40, event=event, display_title=title, created_at=(NOW - ago).strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_the_event_says_why(github: Any, client: Client) -> None:
    assert start(client, "acme/delays", "retrain", PAYLOAD, DAY) == (True, "`retrain` is sent")
    assert github.dispatched == [{"event_type": "retrain", "client_payload": PAYLOAD}]


@pytest.mark.parametrize(
    ("ago", "title", "sent"),
    [
        (timedelta(hours=23), "retrain", False),
        (timedelta(hours=25), "retrain", True),
        (timedelta(minutes=-10), "retrain", False),  # a clock that is behind
        (timedelta(hours=1), "new-data", True),
        (timedelta(hours=1), "retrain-all", True),
        (timedelta(hours=1), "no-retrain", True),
        (timedelta(hours=1), "Train after `retrain` of delay", False),  # a run-name that holds the event's
    ],
)
def test_once_in_a_cool_down(github: Any, client: Client, ago: timedelta, title: str, sent: bool) -> None:
    ran(github, ago, title)
    ran(github, timedelta(0), event="push")
    found, words = start(client, "acme/delays", "retrain", PAYLOAD, DAY)
    assert found is sent and len(github.dispatched) == sent
    assert sent or "already" in words


@pytest.mark.parametrize("skew", [timedelta(hours=-12), timedelta(hours=12)])
@pytest.mark.parametrize(("ago", "sent"), [(timedelta(hours=23), False), (timedelta(hours=25), True)])
def test_the_cool_down_is_by_githubs_clock_however_wrong_ours_is(
    github: Any, client: Client, skew: timedelta, ago: timedelta, sent: bool
) -> None:
    github.now = client.clock() + skew.total_seconds()
    ran(github, ago - skew)
    assert start(client, "acme/delays", "retrain", PAYLOAD, DAY)[0] is sent


def test_an_event_among_many_others_is_found(github: Any, client: Client) -> None:
    ran(github, timedelta(hours=20))
    for minutes in range(250):
        ran(github, timedelta(minutes=250 - minutes), "new-data")
    assert start(client, "acme/delays", "retrain", PAYLOAD, DAY)[0] is False


@pytest.mark.parametrize("status", [None, 502])
def test_what_may_have_been_sent_is_not_sent_again(github: Any, client: Client, status: int | None) -> None:
    fault(github, status, on="POST /dispatches")
    with pytest.raises(ApiError) as caught:
        start(client, "acme/delays", "retrain", PAYLOAD, DAY)
    assert caught.value.transient
    assert github.calls.count("POST /dispatches") == 1


def test_a_lost_answer_is_looked_up(github: Any, client: Client) -> None:
    fault(github, on="POST /dispatches", after=True)
    assert start(client, "acme/delays", "retrain", PAYLOAD, DAY)[0]
    assert len(github.dispatched) == 1
    assert start(client, "acme/delays", "retrain", PAYLOAD, DAY)[0] is False


def test_without_the_runs_nothing_is_sent(github: Any, client: Client) -> None:
    fault(github, 403, on="GET /actions/runs", body={"message": "Resource not accessible by integration"})
    with pytest.raises(ApiError, match="403"):
        start(client, "acme/delays", "retrain", PAYLOAD, DAY)
    assert github.dispatched == []


# --- a workflow by its name ----------------------------------------------------------------------


@pytest.fixture
def train(github: Any) -> str:
    """A workflow that takes what it is started with."""
    github.workflows = {"train.yml": {"payload"}, "old.yml": set()}
    return "train.yml"


def test_a_workflow_is_started_on_the_default_branch_and_told_why(github: Any, client: Client, train: str) -> None:
    assert start_workflow(client, "acme/delays", train, PAYLOAD, DAY) == (True, "`train.yml` is sent")
    (started,) = github.started
    assert (started["workflow"], started["ref"], list(started["inputs"])) == ("train.yml", "main", ["payload"])
    assert json.loads(started["inputs"]["payload"]) == PAYLOAD


@pytest.mark.parametrize(
    ("ago", "file", "event", "sent"),
    [
        (timedelta(hours=23), "train.yml", "workflow_dispatch", False),
        (timedelta(hours=25), "train.yml", "workflow_dispatch", True),
        (timedelta(hours=1), "old.yml", "workflow_dispatch", True),
        (timedelta(hours=1), "train.yml", "push", True),
    ],
)
def test_a_workflow_is_started_once_in_a_cool_down(
    github: Any, client: Client, train: str, ago: timedelta, file: str, event: str, sent: bool
) -> None:
    when = (NOW - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    github.add_run("c" * 40, event=event, path=f".github/workflows/{file}", created_at=when)
    assert start_workflow(client, "acme/delays", train, PAYLOAD, DAY)[0] is sent
    assert len(github.started) == sent


def test_a_start_whose_answer_is_lost_is_looked_up(github: Any, client: Client, train: str) -> None:
    fault(github, on="POST /actions/workflows", after=True)
    assert start_workflow(client, "acme/delays", train, PAYLOAD, DAY)[0]
    assert len(github.started) == 1
    fault(github, 502, on="POST /actions/workflows")
    assert start_workflow(client, "acme/delays", train, PAYLOAD, DAY)[0] is False


def test_a_start_that_may_have_been_made_is_not_made_again(github: Any, client: Client, train: str) -> None:
    fault(github, 502, on="POST /actions/workflows")
    with pytest.raises(ApiError) as caught:
        start_workflow(client, "acme/delays", train, PAYLOAD, DAY)
    assert caught.value.transient and github.started == []


@pytest.mark.parametrize(("file", "status"), [("old.yml", 422), ("none.yml", 404)])
def test_a_workflow_that_cannot_be_started(github: Any, client: Client, train: str, file: str, status: int) -> None:
    with pytest.raises(ApiError) as caught:
        start_workflow(client, "acme/delays", file, PAYLOAD, DAY)
    assert caught.value.status == status
