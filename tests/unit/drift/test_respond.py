"""From a check to what stands on GitHub: `mlops drift`, then `mlops respond`, against a server that knows the API."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openapi_server
import pytest

from mlops_actions import cli, verdict
from mlops_actions.drift import history, respond
from mlops_actions.errors import CallError
from mlops_actions.github.api import Client
from mlops_actions.github.carried import Carried
from mlops_actions.outcome import Outcome, Past, Request
from mlops_actions.verdict import Status

CONFIG = """
model: delay
drift:
  reference: before.parquet
  data: now.parquet
  open-issue: true
  issue-labels: [drift]
  issue-assignees: [ann]
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
    assert [each["name"] for each in issue["labels"]] == ["drift"]
    assert [each["login"] for each in issue["assignees"]] == ["ann"]
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


# --- the history, carried through artifacts ------------------------------------------------------


@pytest.fixture
def artifact(client: Client) -> Carried:
    return Carried(client, "acme/delays", "drift-check-history", "nightly.yml", "main")


def carry(github: Any, client: Client, artifact: Carried, out: Path) -> Outcome:
    """Respond without `contents: write`, and upload what is left for the next check, as the workflow does."""
    github.faults.append(openapi_server.Fault(403, on="POST /git/trees", body=DENIED))
    out.mkdir()
    outcome = respond.respond(respond.Response(Path(".mlops/drift"), "acme/delays", client, carried=artifact), out)
    if outcome.outputs["carries"] == "true":
        upload(github, out)
    return outcome


def upload(github: Any, out: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for each in sorted(out.rglob("*.jsonl")):
            opened.write(each, each.relative_to(out))
    run = github.add_run("c" * 40, path=".github/workflows/nightly.yml@main")
    of = {"id": run, "repository_id": 1, "head_repository_id": 1, "head_branch": "main", "head_sha": "c"}
    github.add_artifact(run, "drift-check-history", made.getvalue(), workflow_run=of)


def kept(out: Path) -> list[str]:
    entries, strange = history.parse((out / "history/delay.jsonl").read_text())
    assert strange == 0
    return [each.status for each in entries]


def test_without_the_right_to_write_artifacts_carry_the_history(
    drift: Callable[..., int], github: Any, client: Client, artifact: Carried, tmp_path: Path
) -> None:
    for number, drifted in enumerate((True, False, True)):
        drift(drifted)
        outcome = carry(github, client, artifact, tmp_path / f"out{number}")
        (check,) = (each for each in outcome.verdict.checks if each.rule == "history")
        assert check.status is Status.PASS and "the artifact drift-check-history" in check.message
    assert kept(tmp_path / "out2") == ["fail", "pass", "fail"]
    (checks,) = (each for each in outcome.sections if each.title == "Checks")
    assert isinstance(checks.blocks[0], Past), "the page of this job shows what it carries"
    assert (checks.blocks[0].ends_now, checks.blocks[0].counts) == (True, (1, 0, 1))
    assert github.branches == {}


def test_of_checks_that_overlap_no_line_is_lost(
    drift: Callable[..., int], github: Any, client: Client, artifact: Carried, tmp_path: Path
) -> None:
    drift(True)
    carry(github, client, artifact, tmp_path / "first")
    outs = []
    for number in range(2):  # each reads the first's artifact before the other has left its own
        drift(False)
        github.faults.append(openapi_server.Fault(403, on="POST /git/trees", body=DENIED))
        outs.append(tmp_path / f"both{number}")
        outs[-1].mkdir()
        respond.respond(respond.Response(Path(".mlops/drift"), "acme/delays", client, carried=artifact), outs[-1])
        assert kept(outs[-1]) == ["fail", "pass"]
    for out in outs:
        upload(github, out)
    drift(True)
    carry(github, client, artifact, tmp_path / "last")
    assert kept(tmp_path / "last") == ["fail", "pass", "pass", "fail"]


def test_a_second_attempt_adds_no_line(
    drift: Callable[..., int], github: Any, client: Client, artifact: Carried, tmp_path: Path
) -> None:
    drift(True)
    carry(github, client, artifact, tmp_path / "first")
    carry(github, client, artifact, tmp_path / "again")
    assert kept(tmp_path / "again") == ["fail"]


@pytest.mark.parametrize("call", ["GET /actions/artifacts", "GET /actions/artifacts/", "GET /actions/runs/"])
@pytest.mark.parametrize(("status", "words"), [(403, "permissions: {contents: read, actions: read}"), (502, "again")])
def test_what_cannot_be_carried_is_a_warning_and_overwrites_nothing(
    drift: Callable[..., int],
    github: Any,
    client: Client,
    artifact: Carried,
    tmp_path: Path,
    call: str,
    status: int,
    words: str,
) -> None:
    drift(True)
    carry(github, client, artifact, tmp_path / "first")
    for _ in range(client.attempts if status == 502 else 1):
        github.faults.append(openapi_server.Fault(status, on=call, body=DENIED))
    outcome = carry(github, client, artifact, tmp_path / "second")
    (check,) = (each for each in outcome.verdict.checks if each.rule == "history")
    assert check.status is Status.WARN and words in check.message
    assert outcome.outputs["carries"] == "false" and not (tmp_path / "second/history").exists()
    assert verdict.read(Path(".mlops/drift/verdict.json")).status is Status.FAIL, "the check's own verdict stands"


def test_both_lines_that_would_do_are_named(
    drift: Callable[..., int], github: Any, client: Client, artifact: Carried, tmp_path: Path
) -> None:
    drift(True)
    github.faults.append(openapi_server.Fault(403, on="GET /actions/artifacts", body=DENIED))
    outcome = carry(github, client, artifact, tmp_path / "page")
    (check,) = (each for each in outcome.verdict.checks if each.rule == "history")
    for line in ("`permissions: {contents: write}`", "`permissions: {contents: read, actions: read}`"):
        assert line in check.message


def test_a_branch_that_is_busy_is_no_reason_to_carry(
    drift: Callable[..., int],
    github: Any,
    client: Client,
    artifact: Carried,
    fault: Callable[..., None],
    tmp_path: Path,
) -> None:
    drift(True)
    fault(403, on="POST /git/trees", headers={"Retry-After": "9999"})
    response = respond.Response(Path(".mlops/drift"), "acme/delays", client, carried=artifact)
    outcome = respond.respond(response, tmp_path)
    (found,) = outcome.verdict.findings
    assert "no more calls" in found.message and outcome.outputs["carries"] == "false"


# --- a workflow that is started by its name ------------------------------------------------------


def test_a_training_is_started_by_the_name_of_its_workflow(
    drift: Callable[..., int], github: Any, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "mlops.yaml").write_text(CONFIG.replace("retrain-event: retrain", "retrain-workflow: train.yml"))
    github.workflows = {"train.yml": {"payload"}}
    for _ in range(2):
        drift(True)
        assert answer(client).verdict.status is Status.PASS
    (started,) = github.started
    assert json.loads(started["inputs"]["payload"])["columns"] == ["b"]
    assert github.dispatched == []


@pytest.mark.parametrize(
    ("inputs", "call", "words"),
    [
        ({"payload"}, "GET /actions/workflows", "permissions: {contents: read, actions: write}"),
        ({"payload"}, "POST /actions/workflows", "permissions: {contents: read, actions: write}"),
        (set(), "", "on: {workflow_dispatch: {inputs: {payload: {type: string}}}}"),
        (None, "", "the workflow that is not there"),
    ],
)
def test_what_a_workflow_lacks_to_be_started_is_named(
    drift: Callable[..., int],
    github: Any,
    client: Client,
    fault: Callable[..., None],
    tmp_path: Path,
    inputs: set[str] | None,
    call: str,
    words: str,
) -> None:
    (tmp_path / "mlops.yaml").write_text(CONFIG.replace("retrain-event: retrain", "retrain-workflow: train.yml"))
    github.workflows = {} if inputs is None else {"train.yml": inputs}
    drift(True)
    if call:
        fault(403, on=call, body=DENIED)
    (found,) = answer(client).verdict.findings
    assert (found.rule, found.status) == ("retrain-workflow", Status.WARN) and words in found.message


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("retrain-workflow: train.yml", "and both are given"),
        ("retrain-workflow: ../x.yml", "not the name of a file"),
        ("retrain-workflow: train", "not the name of a file"),
    ],
)
def test_a_training_that_cannot_be_meant_is_a_wrong_call(
    drift: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, words: str
) -> None:
    event = "" if "not the name" in words else "retrain-event: retrain\n  "
    (tmp_path / "mlops.yaml").write_text(CONFIG.replace("retrain-event: retrain", event + more))
    assert drift(True) == 2
    assert words in capsys.readouterr().err


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


@pytest.mark.parametrize("seconds", [1e308, -1e15, "1"])
def test_a_cool_down_that_no_calendar_has_sends_nothing(
    github: Any, client: Client, workspace: Any, seconds: object
) -> None:
    body = {"event_type": "retrain", "client_payload": {}, "cool_down_seconds": seconds}
    respond.write(workspace.root / "out", (Request("repository_dispatch", body),))
    asked = respond.Response(workspace.root / "out", "acme/delays", client)
    (found,) = respond.respond(asked, workspace.root).verdict.checks
    assert found.status is Status.ERROR and "not as described" in found.message
    assert not github.dispatched


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
    assert not Path(".mlops/respond/history").exists(), "the branch has it"
    drift(False)
    shown = Path(".mlops/drift/summary.md").read_text(encoding="utf-8")
    assert "Earlier checks" in shown and "UTC" in shown.partition("Earlier checks")[2]
    for each in Path(".mlops").rglob("*"):
        assert each.is_dir() or settings["GITHUB_TOKEN"].encode() not in each.read_bytes()


def test_the_command_leaves_what_the_workflow_uploads(
    drift: Callable[..., int],
    github: Any,
    fault: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    drift(True)
    settings = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_TOKEN": openapi_server.TOKEN,
        "GITHUB_API_URL": github.base,
        "GITHUB_REPOSITORY": "acme/delays",
        "GITHUB_REF_NAME": "main",
        "GITHUB_WORKFLOW_REF": "acme/delays/.github/workflows/nightly.yml@refs/heads/main",
        "MLOPS_INPUT_NAME": "drift-check",
        "MLOPS_INPUT_REQUESTS": ".mlops/drift",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        fault(403, on="POST /git/trees", body=DENIED)
        assert cli.main(["respond"]) == 0
        assert re.search(r"carries<<(\S+)\ntrue\n\1", (tmp_path / "outputs").read_text())
        upload(github, Path(".mlops/respond"))
    assert kept(Path(".mlops/respond")) == ["fail"]
    assert "actions/artifacts" in str(github.calls), "the second attempt read what the first one left"


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
    "text",
    [
        '{"requests": [{"kind": ["a"], "body": {}}]}',
        "[]",
        "{",
        '{"requests": [{"kind": "issue"}]}',
        '{"requests": [{"kind": "shell", "body": {}}]}',
    ],
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
    assert shown.count("UTC |") == 1 and shown.count("UTC (this check) |") == 1
    (tmp_path / "kept/history.jsonl").write_bytes(b"\xff")
    assert drift(True, "--history", "kept/history.jsonl") == 2
    assert (tmp_path / "kept/history.jsonl").read_bytes() == b"\xff"
