"""docs/recipes.md: each workflow on the page, dry-run as it stands there, and what it says of AWS held against AWS's model."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import openapi_server
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator
from moto.events.models import EventPattern

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
WORKFLOWS = dict(re.findall(r"^```yaml\n# (\.github/workflows/\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
CALLS = dict(re.findall(r"^`([a-z-]+)`:.*?^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
BUCKET = "amzn-s3-demo-bucket1"
SAMPLE = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "111122223333",
    "time": "2021-11-12T00:00:00Z",
    "region": "ca-central-1",
    "resources": [f"arn:aws:s3:::{BUCKET}"],
    "detail": {
        "version": "0",
        "bucket": {"name": BUCKET},
        "object": {"key": "example-key", "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184"},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    },
}
"""The event of an object that was created, as the user guide of Amazon S3 shows it (EventBridge event message structure)."""


def sample(key: str) -> dict[str, Any]:
    return {**SAMPLE, "detail": {**SAMPLE["detail"], "object": {**SAMPLE["detail"]["object"], "key": key}}}


def rows(day: int, shift: int) -> str:
    """Two columns, of which one moves with ``shift``."""
    lines = [f"{(each * 7919 + day) % 24},{(each * 104_729 + day) % 90 + shift}" for each in range(1200)]
    return "\n".join(["hour,delay", *lines, ""])


def mlops(*arguments: str, cwd: Path) -> None:
    subprocess.run([sys.executable, "-I", "-m", "mlops_actions", *arguments], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="module")
def there(repository: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A repository with the page's workflows, a reference, scored rows that have drifted, and profiles of their batches."""
    made = tmp_path_factory.mktemp("made")
    (made / "before.csv").write_text(rows(1, 0))
    mlops("profile", "--data", "before.csv", "--out", "reference", cwd=made)
    files: dict[str, str | bytes] = {
        "profiles/flights.json": (made / "reference/profile.json").read_bytes(),
        "scored/2013-09.csv": rows(2, 20),
        "score.sh": "#!/bin/sh\nmkdir -p build && cp -R scored build/\n",
        "fetch-window.sh": "#!/bin/sh\ncp -R profiles/stream window\n",
        "mlops.yaml": "model: flights\n",
    }
    whole = rows(2, 20).splitlines()
    for batch in range(3):
        (made / f"{batch}.csv").write_text("\n".join([whole[0], *whole[1 + batch :: 3], ""]))
        like = ("--like", "reference/profile.json")
        mlops("profile", "--data", f"{batch}.csv", *like, "--out", f"batch-{batch}", cwd=made)
        for each in (made / f"batch-{batch}").iterdir():  # all that the command leaves, as the page says
            files[f"profiles/stream/{batch}/{each.name}"] = each.read_bytes()
    # A dry run reaches no bucket: a folder stands for it.
    files |= {name: text.replace(f"s3://{BUCKET}/", "./") for name, text in WORKFLOWS.items()}
    found = repository(files)
    for name in ("score.sh", "fetch-window.sh"):
        (found.root / name).chmod(0o755)
    found.git("commit", "--quiet", "--all", "--message", "Programs")
    return found


@pytest.fixture
def play(there: Any, tmp_path: Path) -> Callable[..., Any]:
    """Dry-run one workflow of the page by its name."""

    runs = itertools.count()

    def run(name: str, event: str, payload: dict[str, Any] | None = None) -> Any:
        out = tmp_path / f"out-{next(runs)}"
        options = [f".github/workflows/{name}.yml", "--event", event, "--out", str(out)]
        if payload is not None:
            (tmp_path / "event.json").write_text(json.dumps(payload))
            options += ["--event-file", str(tmp_path / "event.json")]
        if name == "drift-on-new-data":
            options += ["--secret", "AWS_ACCESS_KEY_ID=none", "--secret", "AWS_SECRET_ACCESS_KEY=none"]
        return there.dry_run(*options)

    return run


def drifted(ran: Any) -> None:
    """The check ran and said what is so: the delays have moved, the hours have not."""
    assert ran.of("drift") == {"Check": "failure", "Respond": "skipped", "drift-check": "failure"}, ran.printed
    assert json.loads(ran.outputs["drift"]["drifted-columns"]) == ["delay"]


def test_the_page_is_read_whole() -> None:
    assert len(WORKFLOWS) == PAGE.count("```yaml\n") == 6
    assert set(CALLS) == {"create-connection", "create-api-destination", "put-rule", "put-targets"}
    assert PAGE.count("```json\n") == 4


def test_nightly_in_a_time_zone(play: Callable[..., Any]) -> None:
    drifted(play("drift-nightly", "schedule"))


def test_of_two_schedules_one_is_due(play: Callable[..., Any]) -> None:
    ran = [play("drift-nightly-utc", "schedule", {"schedule": f"30 {hour} * * *"}) for hour in (2, 3)]
    due = [each for each in ran if each.outputs["due"] == {"now": "true"}]
    assert len(due) == 1
    drifted(due[0])
    (other,) = [each for each in ran if each not in due]
    assert (other.code, other.jobs["drift"]) == (0, "skipped")


def filled(event: dict[str, Any]) -> str:
    """What EventBridge sends: each variable's value as JSON, in the place of `<variable>`."""
    (target,) = json.loads(CALLS["put-targets"])["Targets"]
    text = target["InputTransformer"]["InputTemplate"]
    for name, path in target["InputTransformer"]["InputPathsMap"].items():
        value: Any = event
        for part in path.removeprefix("$.").split("."):
            value = value[part]
        text = text.replace(f"<{name}>", json.dumps(value))
    return str(text)


def sent(event: dict[str, Any]) -> dict[str, Any]:
    """The same as GitHub delivers it to a workflow."""
    body = json.loads(filled(event))
    return {"action": body["event_type"], "client_payload": body["client_payload"], "branch": "main"}


def test_what_is_sent_is_what_github_takes() -> None:
    operation = openapi_server.described()["paths"]["/repos/{owner}/{repo}/dispatches"]["post"]
    wanted = operation["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate(json.loads(filled(SAMPLE)), wanted)


def test_new_data_is_checked(play: Callable[..., Any]) -> None:
    drifted(play("drift-on-new-data", "repository_dispatch", sent(sample("scored/2013-09.csv"))))


@pytest.mark.parametrize(
    "key", ["scored/../mlops.yaml", 'scored/2013-09.csv"; touch broken #', "scored/2013-09.csv\nnow=true", "$(id).csv"]
)
def test_a_key_that_is_no_file_of_ours_stops_there(play: Callable[..., Any], key: str) -> None:
    ran = play("drift-on-new-data", "repository_dispatch", sent(sample(key)))
    assert ran.jobs["object"] == "failure"
    assert ran.outputs == {"object": {"key": ""}, "drift": {}}
    assert "not an object that is checked here" in ran.printed


def test_the_rule_matches_new_objects_of_the_folder_alone() -> None:
    pattern = EventPattern.load(CALLS["put-rule"])
    assert pattern.matches_event(sample("scored/2013-09.csv"))
    assert not pattern.matches_event(SAMPLE)
    assert not pattern.matches_event({**sample("scored/2013-09.csv"), "detail-type": "Object Deleted"})
    other = sample("scored/2013-09.csv")
    other["detail"]["bucket"] = {"name": "another"}
    assert not pattern.matches_event(other)


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        ("create-connection", "CreateConnection"),
        ("create-api-destination", "CreateApiDestination"),
        ("put-rule", "PutRule"),
        ("put-targets", "PutTargets"),
    ],
)
def test_the_calls_are_as_aws_describes_them(call: str, operation: str) -> None:
    said = json.loads(CALLS[call])
    given = {"Name": "scored-flights", "EventPattern": json.dumps(said)} if call == "put-rule" else said
    shape = ServiceModel(Loader().load_service_model("events", "service-2")).operation_model(operation).input_shape
    assert not ParamValidator().validate(given, shape).has_errors()
    _hold(given, shape)


def _hold(value: Any, shape: Shape) -> None:
    """Enumerations, lengths and patterns, which botocore leaves to the service."""
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members)
        for name, each in value.items():
            _hold(each, shape.members[name])
    elif shape.type_name == "list":
        for each in value:
            _hold(each, shape.member)
    elif shape.type_name == "map":
        for name, each in value.items():
            _hold(name, shape.key)
            _hold(each, shape.value)
    elif shape.type_name == "string":
        said = shape.metadata
        assert said.get("min", 0) <= len(value) <= said.get("max", 10_000)
        assert not shape.enum or value in shape.enum
        assert re.search(said.get("pattern", ""), value), (value, said)


def scored(conclusion: str) -> dict[str, Any]:
    run = {"name": "Score", "conclusion": conclusion, "head_branch": "main", "event": "schedule"}
    return {"action": "completed", "workflow_run": {**run, "head_repository": {"full_name": "octo/flights"}}}


def test_after_a_batch_scoring_job_that_succeeded(play: Callable[..., Any]) -> None:
    drifted(play("drift-after-scoring", "workflow_run", scored("success")))
    assert play("drift-after-scoring", "workflow_run", scored("failure")).jobs == {"drift": "skipped"}


def test_after_a_job_of_the_same_file(play: Callable[..., Any]) -> None:
    drifted(play("score-and-check", "workflow_dispatch"))


def test_a_stream_by_profiles_of_its_batches(play: Callable[..., Any]) -> None:
    ran = play("drift-of-a-stream", "schedule")
    drifted(ran)
    judged = ran.judged("drift-check")
    assert len(judged.subjects) == 3 and all(each.name.endswith("/profile.json") for each in judged.subjects)
    of_rows = play("drift-nightly", "schedule").judged("drift-check")
    told = [
        {
            (each.rule, each.status, each.measured, each.message)
            for each in verdict.checks
            if each.rule.endswith(".drift")
        }
        for verdict in (judged, of_rows)
    ]
    assert told[0] == told[1] and len(told[0]) == 2
