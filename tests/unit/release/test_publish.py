"""Publishing: a draft, filled, checked, made public; or refused, with nothing public and no draft left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import CallError
from mlops_actions.github.api import Client
from mlops_actions.outcome import Outcome
from mlops_actions.release import bundle
from mlops_actions.release.candidate import Release
from mlops_actions.release.publish import Publication, publish
from mlops_actions.release.release import release
from mlops_actions.verdict import Status

TAG = "delay@v1.0.0"
Fault = Callable[..., None]


@pytest.fixture
def made(
    train: Callable[..., Path], project: Path, head: str, exporter: Callable[..., Outcome], tmp_path: Path
) -> Path:
    """The folder that `mlops release` wrote."""
    out = tmp_path / "out"
    out.mkdir()
    release(Release(TAG, "delay", str(train(commit=head)), folder=project), out, exporter)
    return out


@pytest.fixture
def asked(made: Path, head: str, github: Any, client: Client) -> Publication:
    github.tags[TAG] = "a" * 40
    github.annotated["a" * 40] = head
    return Publication(made, "acme/delays", head, client)


def is_published(github: Any, made: Path) -> None:
    (kept,) = github.releases.values()
    assert not kept["draft"]
    there = {asset["name"]: asset["digest"] for asset in github.assets.values()}
    assert there == {name: f"sha256:{digits}" for name, digits in bundle.check(made / "bundle").items()}


def is_refused(outcome: Outcome, github: Any, words: str) -> None:
    assert outcome.verdict.status is Status.FAIL
    assert words in outcome.headline
    assert outcome.outputs["release-url"] == ""
    assert github.releases == {}, "neither a release nor a draft is left"


def test_a_bundle_is_published_whole(asked: Publication, github: Any, made: Path, tmp_path: Path) -> None:
    outcome = publish(asked, tmp_path)
    assert outcome.verdict.status is Status.PASS, outcome.headline
    is_published(github, made)
    assert outcome.outputs["release-url"].startswith("https://github.com/acme/delays/releases/")
    writes = [call for call in github.calls if not call.startswith("GET")]
    assert writes[0] == "POST /releases"
    assert writes[-1].startswith("PATCH /releases/")
    assert github.calls.index(writes[-1]) == len(github.calls) - 1, "nothing is touched once it is public"
    (kept,) = github.releases.values()
    assert kept["body"].startswith("Model `delay`")
    assert kept["prerelease"] is False


def test_a_prerelease_is_marked_as_one(
    asked: Publication,
    github: Any,
    project: Path,
    git: Callable[..., str],
    exporter: Callable[..., Outcome],
    tmp_path: Path,
) -> None:
    git(project, "tag", "delay@v2.0.0-rc.1")
    (tmp_path / "rc").mkdir()
    request = Release("delay@v2.0.0-rc.1", "delay", str(tmp_path / "train"), folder=project)
    release(request, tmp_path / "rc", exporter)
    github.tags["delay@v2.0.0-rc.1"] = asked.commit
    assert publish(replace(asked, folder=tmp_path / "rc"), tmp_path).verdict.status is Status.PASS
    (kept,) = github.releases.values()
    assert kept["prerelease"] is True


def test_publishing_twice_is_publishing_once(asked: Publication, github: Any, made: Path, tmp_path: Path) -> None:
    first = publish(asked, tmp_path)
    github.calls.clear()
    second = publish(asked, tmp_path)
    assert second.verdict.status is Status.PASS
    assert second.outputs == first.outputs
    assert all(call.startswith("GET") for call in github.calls)
    is_published(github, made)


def test_a_version_with_other_files_is_refused_and_left_alone(asked: Publication, github: Any, tmp_path: Path) -> None:
    github.create_release({"tag_name": TAG, "name": TAG})
    outcome = publish(asked, tmp_path)
    assert outcome.verdict.status is Status.FAIL
    assert "released already" in outcome.headline
    assert len(github.releases) == 1
    assert github.assets == {}


def test_a_draft_that_a_broken_run_left_is_replaced(
    asked: Publication, github: Any, made: Path, fault: Fault, tmp_path: Path
) -> None:
    fault(on="POST /releases", after=True)  # the draft came to be, the answer was lost
    assert publish(asked, tmp_path).verdict.status is Status.FAIL
    assert len(github.releases) == 1
    assert publish(asked, tmp_path).verdict.status is Status.PASS
    is_published(github, made)


def test_somebody_elses_draft_is_not_touched(asked: Publication, github: Any, tmp_path: Path) -> None:
    github.create_release({"tag_name": TAG, "name": "by hand", "draft": True})
    outcome = publish(asked, tmp_path)
    assert "did not make" in outcome.headline
    assert [each["name"] for each in github.releases.values()] == ["by hand"]


@pytest.mark.parametrize("after", [False, True])
def test_an_upload_that_breaks_off_is_begun_again(
    asked: Publication, github: Any, made: Path, fault: Fault, tmp_path: Path, after: bool
) -> None:
    fault(on="POST /releases/", after=after)
    assert publish(asked, tmp_path).verdict.status is Status.PASS
    is_published(github, made)


def test_an_upload_that_keeps_failing_leaves_nothing(
    asked: Publication, github: Any, fault: Fault, tmp_path: Path
) -> None:
    for _ in range(3):
        fault(502, on="POST /releases/")
    is_refused(publish(asked, tmp_path), github, "502")


def test_an_asset_that_did_not_arrive_whole_leaves_nothing(asked: Publication, github: Any, tmp_path: Path) -> None:
    github.spoil_digest = True
    is_refused(publish(asked, tmp_path), github, "did not arrive whole")


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_to_the_last_step_is_looked_up(
    asked: Publication, github: Any, made: Path, fault: Fault, tmp_path: Path, after: bool
) -> None:
    for _ in range(1 if after else 5):
        fault(on="PATCH /releases/", after=after)
    outcome = publish(asked, tmp_path)
    if after:
        assert outcome.verdict.status is Status.PASS
        is_published(github, made)
    else:
        is_refused(outcome, github, "draft")


def test_a_draft_that_cannot_be_deleted_is_named(asked: Publication, github: Any, fault: Fault, tmp_path: Path) -> None:
    github.spoil_digest = True
    fault(403, on="DELETE /releases/")
    outcome = publish(asked, tmp_path)
    (number,) = github.releases
    assert f"https://github.com/acme/delays/releases/{number}" in outcome.headline
    assert "by hand" in outcome.headline


def test_a_tag_that_is_not_on_github_is_refused(asked: Publication, github: Any, tmp_path: Path) -> None:
    github.tags.clear()
    is_refused(publish(asked, tmp_path), github, "push it first")


def test_a_tag_that_moved_is_refused(asked: Publication, github: Any, tmp_path: Path) -> None:
    github.tags[TAG] = "b" * 40
    is_refused(publish(asked, tmp_path), github, "the tag is on bbbbbbbbbbbb")


def test_a_bundle_of_another_commit_is_refused(asked: Publication, github: Any, tmp_path: Path) -> None:
    is_refused(publish(replace(asked, commit="b" * 40), tmp_path), github, "the bundle was made for")
    assert github.calls == []


def test_a_bundle_that_was_changed_is_refused(asked: Publication, github: Any, made: Path, tmp_path: Path) -> None:
    (made / "bundle" / "model.onnx").write_bytes(b"another")
    is_refused(publish(asked, tmp_path), github, "model.onnx is not what SHA256SUMS says")
    assert github.calls == []


def test_a_dry_run_hands_the_release_back(made: Path, head: str, tmp_path: Path) -> None:
    outcome = publish(Publication(made, "acme/delays", head), tmp_path)
    assert outcome.verdict.status is Status.PASS
    (request,) = outcome.requests
    assert request.body["tag_name"] == TAG
    assert {each["name"] for each in request.body["assets"]} == set(bundle.check(made / "bundle"))  # type: ignore[union-attr, index, call-overload]


def test_a_folder_without_a_bundle_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="holds no bundle"):
        publish(Publication(tmp_path), tmp_path)


@pytest.mark.parametrize("tag", [TAG, f"refs/tags/{TAG}"])
def test_the_bundle_of_the_tag_that_was_found_is_published(asked: Publication, tmp_path: Path, tag: str) -> None:
    assert publish(replace(asked, tag=tag), tmp_path).verdict.status is Status.PASS


def test_a_bundle_that_says_it_is_another_version_is_refused(asked: Publication, github: Any, tmp_path: Path) -> None:
    """A model that runs may write into its own job's bundle; what is published is what the job before found."""
    is_refused(publish(replace(asked, tag="delay@v1.0.1"), tmp_path), github, "delay@v1.0.1 is to be published")
