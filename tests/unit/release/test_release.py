"""From a tag to a bundle, or to a refusal: each reason to refuse leaves no bundle and no request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import CallError
from mlops_actions.github.api import Client
from mlops_actions.outcome import Outcome
from mlops_actions.release import bundle
from mlops_actions.release.candidate import Release
from mlops_actions.release.release import release
from mlops_actions.verdict import Check, Status

TAG = "delay@v1.0.0"
Make = Callable[..., Outcome]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def asked(train: Callable[..., Path], project: Path, head: str) -> Release:
    return Release(TAG, "delay", str(train(commit=head)), folder=project)


def broken(outcome: Outcome) -> list[Check]:
    return [check for check in outcome.verdict.checks if check.status in {Status.FAIL, Status.ERROR}]


def refused(outcome: Outcome, out: Path, rule: str) -> Check:
    """The one failing check, of a release that left nothing to publish."""
    assert outcome.verdict.status is Status.FAIL
    assert not (out / "bundle").exists()
    assert outcome.requests == ()
    (check,) = broken(outcome)
    assert check.rule == rule
    return check


def test_a_tag_becomes_a_bundle_and_a_request(asked: Release, out: Path, exporter: Make, head: str) -> None:
    outcome = release(asked, out, exporter)
    assert outcome.verdict.status is Status.PASS, broken(outcome)
    names = {path.name for path in (out / "bundle").iterdir()}
    assert names == {
        "model.onnx",
        "manifest.json",
        "mlflow-model.zip",
        "signature.json",
        "MODEL_CARD.md",
        "profile.json",
        "metrics.json",
        "importances.json",
        "verdict-model-training.json",
        "verdict-export.json",
        "RELEASE_NOTES.md",
        "SHA256SUMS",
    }
    (request,) = outcome.requests
    assert request.kind == "release"
    assert request.body["tag_name"] == TAG
    assert request.body["target_commitish"] == head
    assert {each["name"] for each in request.body["assets"]} == names  # type: ignore[union-attr, index, call-overload]
    assert {subject.name: subject.sha256 for subject in outcome.verdict.subjects} == bundle.check(out / "bundle")
    assert outcome.outputs["release-url"] == ""
    assert json.loads(outcome.outputs["targets"]) == [{"target": "onnx"}]


def test_what_another_job_will_publish_is_not_requested_here(asked: Release, out: Path, exporter: Make) -> None:
    outcome = release(with_(asked, publish=True), out, exporter)
    assert (out / "bundle").is_dir()
    assert outcome.requests == ()


def test_verdicts_of_earlier_stages_are_bundled_by_stage(
    asked: Release, out: Path, exporter: Make, tmp_path: Path
) -> None:
    earlier = tmp_path / "data.json"
    text = (Path(str(asked.model)) / "verdict.json").read_text(encoding="utf-8")
    earlier.write_text(text.replace("model-training", "data-validation"), encoding="utf-8")
    release(with_(asked, verdicts=(earlier,)), out, exporter)
    assert (out / "bundle" / "verdict-data-validation.json").read_bytes() == earlier.read_bytes()


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("v1.0.0", "not a model's tag"),
        ("delay@v1.0.0\n", "not a model's tag"),
        ("delay#prod#1", "assigns"),
        ("delays@v1.0.0", "not of 'delay'"),
    ],
)
def test_a_tag_that_is_not_one_is_a_wrong_call(asked: Release, out: Path, exporter: Make, tag: str, words: str) -> None:
    with pytest.raises(CallError, match=words):
        release(with_(asked, tag=tag), out, exporter)
    assert list(out.iterdir()) == []


def test_a_tag_on_another_commit_is_refused(
    asked: Release,
    out: Path,
    exporter: Make,
    project: Path,
    git: Callable[..., str],
    train: Callable[..., Path],
    tmp_path: Path,
) -> None:
    git(project, "commit", "-q", "--allow-empty", "-m", "two")
    model = train(tmp_path / "again", commit=git(project, "rev-parse", "HEAD"))
    refused(release(with_(asked, model=str(model)), out, exporter), out, "tag.commit")


def test_a_version_that_is_released_is_refused(
    asked: Release, out: Path, exporter: Make, github: Any, client: Client
) -> None:
    github.create_release({"tag_name": TAG, "name": TAG})
    outcome = release(with_(asked, client=client, repository="acme/delays"), out, exporter)
    refused(outcome, out, "tag.version")


def test_a_version_that_is_only_drafted_is_not_released(
    asked: Release, out: Path, exporter: Make, github: Any, client: Client
) -> None:
    github.create_release({"tag_name": TAG, "name": TAG, "draft": True})
    outcome = release(with_(asked, client=client, repository="acme/delays"), out, exporter)
    assert outcome.verdict.status is Status.PASS


def test_github_that_does_not_answer_is_not_taken_for_a_no(
    asked: Release, out: Path, exporter: Make, client: Client, fault: Callable[..., None]
) -> None:
    fault(403, on="GET /releases/tags")
    outcome = release(with_(asked, client=client, repository="acme/delays"), out, exporter)
    refused(outcome, out, "tag.version")


def test_a_model_that_is_not_the_trained_one_is_refused_before_it_runs(asked: Release, out: Path) -> None:
    (Path(str(asked.model)) / "model" / "model.skops").write_bytes(b"swapped")

    def never(*_arguments: object) -> Outcome:
        raise AssertionError("a swapped model must not be exported: that would run it")

    check = refused(release(asked, out, never), out, "model.digest")
    assert "not the trained one" in check.message


def test_a_training_that_failed_is_refused(
    asked: Release, out: Path, exporter: Make, train: Callable[..., Path], tmp_path: Path, head: str
) -> None:
    model = train(tmp_path / "failed", Status.FAIL, commit=head)
    refused(release(with_(asked, model=str(model)), out, exporter), out, "model.training")


def test_a_model_of_another_commit_is_refused(
    asked: Release, out: Path, exporter: Make, train: Callable[..., Path], tmp_path: Path
) -> None:
    model = train(tmp_path / "other", commit="e" * 40)
    refused(release(with_(asked, model=str(model)), out, exporter), out, "model.commit")


def test_another_models_training_is_refused(
    asked: Release, out: Path, exporter: Make, project: Path, git: Callable[..., str]
) -> None:
    git(project, "tag", "arrival@v1.0.0")
    outcome = release(with_(asked, tag="arrival@v1.0.0", name=None), out, exporter)
    assert "made no model 'arrival'" in refused(outcome, out, "model.digest").message


@pytest.mark.parametrize("status", ["disagrees", "unverified"])
def test_a_target_that_is_not_verified_is_refused(asked: Release, out: Path, exporter: Make, status: str) -> None:
    refused(release(asked, out, partial(exporter, status=status)), out, "onnx.verified")


def test_a_file_that_changed_after_it_was_verified_is_refused(asked: Release, out: Path, exporter: Make) -> None:
    def swap(model: Path, profile: Path | None, folder: Path) -> Outcome:
        outcome = exporter(model, profile, folder)
        (folder / "model.onnx").write_bytes(b"another")
        return outcome

    refused(release(asked, out, swap), out, "onnx.verified")


def test_a_manifest_that_is_none_is_refused(asked: Release, out: Path, exporter: Make) -> None:
    def damage(model: Path, profile: Path | None, folder: Path) -> Outcome:
        outcome = exporter(model, profile, folder)
        (folder / "manifest.json").write_text('{"targets": [{"file": "../../etc/passwd"}]}', encoding="utf-8")
        return outcome

    outcome = release(asked, out, damage)
    assert outcome.verdict.status is Status.FAIL
    assert {check.rule for check in broken(outcome)} == {"export.manifest"}
    assert not (out / "bundle").exists()


def test_a_model_that_nobody_vouches_for_warns(asked: Release, out: Path, exporter: Make) -> None:
    (Path(str(asked.model)) / "verdict.json").unlink()
    outcome = release(asked, out, exporter)
    assert outcome.verdict.status is Status.WARN
    assert [check.rule for check in outcome.verdict.findings if check.severity != "info"] == ["model.training"]


def test_a_link_out_of_the_model_is_refused(asked: Release, out: Path, exporter: Make, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (Path(str(asked.model)) / "model" / "link").symlink_to(tmp_path / "secret")
    refused(release(asked, out, exporter), out, "model")


def with_(request: Release, **more: Any) -> Release:
    return replace(request, **more)
