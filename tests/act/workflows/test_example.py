"""The example from commit to edge and back, by the parts of `make demo`: a push, its tag, a Monday, a retraining."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import demo
import pytest

from mlops_actions import model
from mlops_actions.verdict import Status

BUNDLE, FOUND = "edge-release-bundle", "edge-release-model"
CHECKED = {"verdict": "pass"}
VALIDATED = {
    "verdict": "pass",
    "failed-rules": "[]",
    "report-artifact": "data-validation",
    "profile-artifact": "data-validation",
    **dict.fromkeys(("quarantined-rows", "quarantine-artifact", "accepted-artifact"), ""),
}
Runs = dict[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, standing: Callable[[Path], Any]) -> Runs:
    """The four events of the demo, each in its folder."""
    folder = tmp_path_factory.mktemp("demo")
    demo.make_repository(folder / "flight-delay")
    example = standing(folder / "flight-delay")
    return {run.name: example.dry_run(*run.options(folder)) for run in demo.RUNS}


def versions(ran: Any) -> list[str]:
    """The Pythons of the run's matrix: those of the example that this machine has."""
    planned: list[str] = json.loads((ran.artifact("python-ci-plan") / "plan.json").read_text())["versions"]
    assert planned and set(planned) <= {"3.11", "3.12", "3.13"}
    return planned


def test_each_event_ends_as_the_demo_says(runs: Runs) -> None:
    assert {name: ran.code for name, ran in runs.items()} == {run.name: run.code for run in demo.RUNS}
    stages = demo.stages(runs["push"].out) | demo.stages(runs["tag"].out) | demo.stages(runs["schedule"].out)
    assert {name: stage.status for name, stage in stages.items()} == demo.EXPECTED


@pytest.mark.parametrize("event", ["push", "tag", "schedule"])
def test_every_event_tests_the_code_and_validates_the_data(runs: Runs, event: str) -> None:
    ran = runs[event]
    legs = {f"Python {version}": "success" for version in versions(ran)}
    assert ran.of("ci") == {"Plan": "success", **legs, "python-ci": "success"}
    assert ran.of("data") == {"Validate": "success", "data-validation": "success"}
    assert (ran.outputs["ci"], ran.outputs["data"]) == (CHECKED, VALIDATED)
    for version in versions(ran):
        assert ran.kept(f"python-ci-leg-{version}") == {"leg.json", "junit.xml", "install.log", "lint.log", "test.log"}
    assert ran.annotations("ci") == ran.annotations("data") == []
    rules = ran.judged("data-validation").checks
    assert len(rules) > 20 and {each.status for each in rules} == {Status.PASS}


@pytest.mark.parametrize(
    ("event", "runs_alone", "skipped"),
    [("push", "train", ["drift", "release"]), ("tag", "release", ["drift", "train"]), ("schedule", "drift", ["release", "train"])],
)  # fmt: skip
def test_the_jobs_and_artifacts_of_an_event(runs: Runs, event: str, runs_alone: str, skipped: list[str]) -> None:
    ran = runs[event]
    assert {job: ran.jobs[job] for job in skipped} == dict.fromkeys(skipped, "skipped")
    assert all(ran.outputs[job] == {} for job in skipped)
    assert ran.of(runs_alone)
    own = {"train": {"model-training-model"}, "release": {FOUND, BUNDLE}, "drift": {"drift-check"}}[runs_alone]
    legs = {f"python-ci-leg-{version}" for version in versions(ran)}
    assert ran.artifacts == {"python-ci", "python-ci-plan", *legs, "data-validation", *own}


def test_the_push_trains_a_model_that_holds_its_gate(runs: Runs) -> None:
    ran = runs["push"]
    assert ran.of("train") == {"Train": "success", "model-training": "success"}
    outputs = ran.outputs["train"]
    assert (outputs["verdict"], outputs["promoted"], outputs["model-artifact"]) == (
        "pass",
        "true",
        "model-training-model",
    )
    metrics = json.loads(outputs["metrics"])
    assert metrics["auc"] >= 0.65 > metrics["baseline_auc"]
    kept = ran.kept("model-training-model")
    assert {"model/MLmodel", "metrics.json", "importances.json", "profile.json", "MODEL_CARD.md", "train.log"} <= kept
    judged = ran.judged("model-training-model")
    assert outputs["model-digest"] == f"sha256:{judged.subjects[0].sha256}"
    assert {each.name for each in judged.materials} >= {f"data/2013-0{month}.parquet" for month in range(1, 9)}
    (first,) = [each for each in judged.checks if each.rule == "champion.auc"]
    assert first.status is Status.NOT_CHECKED and "flight-delay" in first.message
    assert ran.requests == []


def test_the_tag_releases_the_model_that_the_push_trained(runs: Runs, tmp_path: Path) -> None:
    ran = runs["tag"]
    of = ran.of("release")
    assert (of["Publish"], of["edge-release"]) == ("success", "success")
    outputs = ran.outputs["release"]
    (target,) = json.loads(outputs.pop("targets"))
    assert outputs == {"verdict": "pass", "release-url": "", "bundle-artifact": BUNDLE}
    assert (target["target"], target["status"]) == ("onnx", "verified")

    bundle = ran.artifact(BUNDLE) / "bundle"
    model.unpack(bundle / model.PACKED, tmp_path / "model")
    assert runs["push"].outputs["train"]["model-digest"] == f"sha256:{model.digest(tmp_path / 'model')}"
    assert hashlib.sha256((bundle / target["file"]).read_bytes()).hexdigest() == target["sha256"]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in bundle.iterdir()}
    sums = (bundle / "SHA256SUMS").read_text().splitlines()
    assert dict(reversed(line.split("  ")) for line in sums) == {
        name: digest for name, digest in digests.items() if name != "SHA256SUMS"
    }
    trained = runs["push"].artifact("model-training-model")
    for name in ("profile.json", "metrics.json", "importances.json", "MODEL_CARD.md"):
        assert (bundle / name).read_bytes() == (trained / name).read_bytes()
    digest = runs["push"].outputs["train"]["model-digest"].removeprefix("sha256:")
    assert digest in {each.sha256 for each in (*ran.judged(BUNDLE).subjects, *ran.judged(BUNDLE).materials)}

    (request,) = ran.requests
    assert (request["job"], request["kind"], request["tag_name"]) == ("release / Publish", "release", demo.TAG)
    assert request["prerelease"] is False
    assert {each["name"]: each["sha256"] for each in request["assets"]} == digests
    assert request["body"] == (bundle / "RELEASE_NOTES.md").read_text()


def test_a_monday_morning_meets_september(runs: Runs) -> None:
    """Against the profile in the release: what is late has changed, the timetable's carriers and origins have not."""
    ran = runs["schedule"]
    assert ran.of("drift") == {"Check": "failure", "Respond": "success", "drift-check": "failure"}
    outputs = ran.outputs["drift"]
    drifted = json.loads(outputs.pop("drifted-columns"))
    assert outputs == {"verdict": "fail", "drifted": "true", "report-artifact": "drift-check"}
    assert {"dep_delay", "arr_delay"} <= set(drifted)
    assert not {"carrier", "origin", "distance", "hour"} & set(drifted)

    judged = ran.judged("drift-check")
    compared = {each.where.column for each in judged.checks if each.status in {Status.PASS, Status.FAIL}}
    assert not {"year", "month", "day"} & compared, "mlops.yaml says to ignore them"
    failed = [each for each in judged.checks if each.status is Status.FAIL]
    assert {each.where.column for each in failed if each.rule.endswith(".drift")} == set(drifted)
    assert {each.rule.rpartition(".")[2] for each in failed} == {"drift", "correlation"}
    profile = hashlib.sha256((runs["tag"].artifact(BUNDLE) / "bundle/profile.json").read_bytes()).hexdigest()
    assert profile in {each.sha256 for each in judged.materials}
    assert ran.kept("drift-check") == {"profile.json", "requests.json"}
    said = " ".join(each["message"] for each in ran.annotations("drift"))
    assert "arr_delay" in said

    (request,) = ran.requests
    assert (request["job"], request["kind"]) == ("drift / Respond", "repository_dispatch")
    assert request["event_type"] == "retrain" and set(drifted) <= set(request["client_payload"]["columns"])
    assert "the event `retrain` would be sent" in ran.printed


def test_the_event_starts_a_training_that_is_held_against_the_released_model(runs: Runs) -> None:
    """With September in its data; of the end of September neither model has seen a row."""
    ran = runs["retrain"]
    assert ran.jobs["data / data-validation"] == "success"
    assert ran.of("train") == {"Train": "failure", "model-training": "failure"}
    assert (ran.outputs["train"]["verdict"], ran.outputs["train"]["promoted"]) == ("fail", "false")
    judged = ran.judged("model-training-model")
    materials = {each.name: each.sha256 for each in judged.materials}
    assert materials[f"champion {demo.TAG}"] == runs["push"].judged("model-training-model").subjects[0].sha256
    assert "data/2013-09.parquet" in materials
    checks = {each.rule: each for each in judged.checks}
    assert checks["champion.auc"].status is Status.PASS and checks["gates.auc.min"].status is Status.FAIL
    assert "the same 9,039 held-out rows" in checks["champion.auc"].message
    assert "over 10 blocks" in checks["champion.auc"].message
    payload = runs["schedule"].requests[0]["client_payload"]
    reason = judged.parameters["reason"]
    assert isinstance(reason, dict)
    assert (reason["verdict"], reason["columns"]) == (payload["verdict"], payload["columns"])

    told = demo.story(ran.out)
    alarm, trained, compared, *_, end = told
    assert f"{payload['drifted']} columns drifted" in alarm and payload["verdict"][:12] in alarm
    assert "252,484 rows" in trained
    assert demo.TAG in compared
    assert end.startswith("Even so, the new model is not promoted: auc is") and end.endswith("The champion stays.")


@pytest.mark.docker
def test_a_push_in_containers(tmp_path: Path, standing: Callable[[Path], Any]) -> None:
    """The same push where another machine's layout shows what host mode may hide: the same verdicts and model gate."""
    demo.make_repository(tmp_path / "flight-delay")
    (push, *_) = demo.RUNS
    ran = standing(tmp_path / "flight-delay").dry_run(*push.options(tmp_path), "--docker")
    assert ran.code == push.code, ran.printed
    assert ran.verdict.parameters["docker"]
    legs = {f"Python {version}": "success" for version in versions(ran)}
    assert ran.of("ci") == {"Plan": "success", **legs, "python-ci": "success"}
    assert ran.of("data") == {"Validate": "success", "data-validation": "success"}
    assert ran.of("train") == {"Train": "success", "model-training": "success"}
    assert (ran.outputs["ci"], ran.outputs["data"]) == (CHECKED, VALIDATED)
    assert (ran.outputs["train"]["verdict"], ran.outputs["train"]["promoted"]) == ("pass", "true")
    assert {"model/MLmodel", "profile.json"} <= ran.kept("model-training-model")
    assert ran.requests == []
