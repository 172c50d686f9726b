"""From a check to what stands on GitHub: `mlops drift`, then `mlops respond`, against a server that knows the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions import cli, verdict
from mlops_actions.drift import history, respond
from mlops_actions.errors import CallError
from mlops_actions.github.api import Client
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Status

CONFIG = """
model: delay
drift:
  reference: before.parquet
  data: now.parquet
  open-issue: true
  labels: [drift]
  close-after: 2
  retrain-event: retrain
  cool-down: 6h
  history: true
"""
DENIED = {"message": "Resource not accessible by integration"}


@pytest.fixture
def drift(workspace: Any, normal: Callable[..., list[float]], monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run `mlops drift` on data that has drifted, or not."""
    for name in ("GITHUB_ACTIONS", "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_RUN_ID", "MLOPS_DRYRUN"):
        monkeypatch.delenv(name, raising=False)
    workspace.parquet({"b": ("DOUBLE", normal(1000))}, "before.parquet")
    (workspace.root / "mlops.yaml").write_text(CONFIG)

    def run(drifted: bool, *arguments: str) -> int:
        workspace.parquet({"b": ("DOUBLE", normal(1000, 1.0) if drifted else normal(1000))}, "now.parquet")
        return cli.main(["drift", *arguments])

    return run


def answer(client: Client | None, **more: Any) -> Outcome:
    return respond.respond(respond.Response(Path(".mlops/drift"), "acme/delays", client, **more), Path())


def test_the_loop_from_alarm_to_all_clear(drift: Callable[..., int], github: Any, client: Client) -> None:
    assert drift(True) == 1
    assert answer(client).verdict.status is Status.PASS
    (issue,) = github.issues.values()
    assert issue["title"] == "Data drift: delay" and "`b`" in issue["body"]
    (event,) = github.dispatched
    assert event["client_payload"]["verdict"] == verdict.digest(Path(".mlops/drift/verdict.json"))
    assert event["client_payload"]["columns"] == ["b"]
    for checks in (1, 2):
        assert drift(False) == 0
        assert answer(client).verdict.status is Status.PASS
        assert issue["number"] in github.issues and len(github.issues) == 1
        assert github.issues[issue["number"]]["state"] == ("open" if checks == 1 else "closed")
    assert len(github.dispatched) == 1
    (path,) = github.trees[github.commits[github.branches["mlops-history"]]["tree"]]
    assert path == "history/delay.jsonl"
    lines = next(content for content in github.blobs.values() if content.count(b"\n") == 3).decode()
    entries, strange = history.parse(lines)
    assert ([each.status for each in entries], strange) == (["fail", "pass", "pass"], 0)


@pytest.mark.parametrize(
    ("rule", "call", "line"),
    [
        ("open-issue", "POST /issues", "permissions: {contents: read, issues: write}"),
        ("retrain-event", "POST /dispatches", "permissions: {contents: write, actions: read}"),
        ("retrain-event", "GET /actions/runs", "permissions: {contents: write, actions: read}"),
        ("history", "POST /git/trees", "permissions: {contents: write}"),
    ],
)
def test_without_the_permission_the_line_to_add_is_named(
    drift: Callable[..., int], github: Any, client: Client, fault: Callable[..., None], rule: str, call: str, line: str
) -> None:
    drift(True)
    fault(403, on=call, body=DENIED)
    outcome = answer(client)
    checks = {each.rule: each for each in outcome.verdict.checks}
    assert checks[rule].status is Status.WARN and line in checks[rule].message
    assert {each.status for name, each in checks.items() if name != rule} == {Status.PASS}
    assert outcome.verdict.status is Status.WARN, "the check has its own verdict, and no other"
    assert verdict.read(Path(".mlops/drift/verdict.json")).status is Status.FAIL


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (403, {"Retry-After": "9999"}, "no more calls"),
        (429, {"Retry-After": "9999"}, "no more calls"),
        (502, {}, "not known"),
    ],
)
def test_another_failure_names_no_permission(
    drift: Callable[..., int],
    github: Any,
    client: Client,
    fault: Callable[..., None],
    status: int,
    headers: dict[str, str],
    words: str,
) -> None:
    drift(True)
    fault(status, on="POST /issues", headers=headers)
    (found,) = answer(client).verdict.findings
    assert (found.rule, found.status) == ("open-issue", Status.WARN)
    assert words in found.message and "permissions" not in found.message


@pytest.mark.parametrize(
    "spoilt", [{"model": "../main"}, {"model": "a/b"}, {"line": "x"}, {"line": "{}\n{}"}, {"line": 1}]
)
def test_a_request_writes_no_file_but_a_history(
    drift: Callable[..., int], github: Any, client: Client, spoilt: dict[str, Any]
) -> None:
    drift(True)
    path = Path(".mlops/drift/requests.json")
    data = json.loads(path.read_text())
    (request,) = (each for each in data["requests"] if each["kind"] == "history")
    request["body"] |= {"branch": "main", "path": "x.yml", **spoilt}
    path.write_text(json.dumps(data))
    (found,) = answer(client).verdict.findings
    assert (found.rule, found.status) == ("history", Status.ERROR)
    assert github.branches == {}


def test_from_a_fork_nothing_is_sent(drift: Callable[..., int], github: Any, client: Client) -> None:
    drift(True)
    outcome = answer(client, fork=True)
    assert {each.status for each in outcome.verdict.checks} == {Status.NOT_CHECKED}
    assert github.calls == [] and outcome.requests == ()


def test_a_dry_run_keeps_the_requests_and_sends_nothing(drift: Callable[..., int]) -> None:
    drift(True)
    outcome = answer(None)
    assert [each.kind for each in outcome.requests] == ["history", "issue", "repository_dispatch"]
    assert outcome.verdict.status is Status.PASS and "nothing is sent" in outcome.headline
    assert [each.title for each in outcome.sections] == ["What would be sent"]


def test_the_command_on_a_step_of_github(
    drift: Callable[..., int], github: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drift(True)
    event = tmp_path / "event.json"
    settings = {
        "GITHUB_TOKEN": "ghs_a_token_that_must_not_leak",
        "GITHUB_API_URL": github.base,
        "GITHUB_REPOSITORY": "acme/delays",
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_EVENT_PATH": str(event),
        "MLOPS_INPUT_REQUESTS": ".mlops/drift",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    event.write_text(json.dumps({"pull_request": {"head": {"repo": {"full_name": "stranger/delays"}}}}))
    assert cli.main(["respond"]) == 0 and github.calls == []
    event.write_text(json.dumps({"pull_request": {"head": {"repo": {"full_name": "acme/delays"}}}}))
    assert cli.main(["respond"]) == 0
    assert len(github.issues) == 1 and len(github.dispatched) == 1
    drift(False)
    shown = Path(".mlops/drift/summary.md").read_text(encoding="utf-8")
    assert "Earlier checks" in shown and "UTC" in shown.partition("Earlier checks")[2]
    for each in Path(".mlops").rglob("*"):
        assert each.is_dir() or settings["GITHUB_TOKEN"].encode() not in each.read_bytes()


def test_what_is_not_switched_on_leaves_nothing(drift: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_text("drift: {reference: before.parquet, data: now.parquet}\n")
    assert drift(True) == 1
    assert not Path(".mlops/drift/requests.json").exists()
    with pytest.raises(CallError, match="holds no requests"):
        answer(None)


def test_a_model_without_a_name_is_a_wrong_call(drift: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_text(CONFIG.replace("model: delay", ""))
    assert drift(True) == 2


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"requests": [{"kind": "issue"}]}', '{"requests": [{"kind": "shell", "body": {}}]}']
)
def test_a_file_that_is_none_is_a_wrong_call(tmp_path: Path, text: str) -> None:
    (tmp_path / "requests.json").write_text(text)
    with pytest.raises(CallError):
        respond.respond(respond.Response(tmp_path), tmp_path)


def test_a_history_here_is_shown_and_grows(drift: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_text("drift: {reference: before.parquet, data: now.parquet}\n")
    for _ in range(2):
        drift(True, "--history", "kept/history.jsonl")
    entries, strange = history.parse(Path("kept/history.jsonl").read_text())
    assert ([each.drifted for each in entries], strange) == ([("b",), ("b",)], 0)
    shown = Path(".mlops/drift/summary.md").read_text(encoding="utf-8").partition("Earlier checks")[2]
    assert shown.count("UTC |") == 1, "the check itself is none of the earlier ones"
    (tmp_path / "kept/history.jsonl").write_bytes(b"\xff")
    assert drift(True, "--history", "kept/history.jsonl") == 2
    assert (tmp_path / "kept/history.jsonl").read_bytes() == b"\xff"
