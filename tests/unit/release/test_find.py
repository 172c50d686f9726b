"""In two halves: what is found and kept, then exported by a job without a token, and the verdicts that come along."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlops_actions import cli, location, verdict
from mlops_actions.errors import CallError
from mlops_actions.github.api import Client
from mlops_actions.outcome import Outcome
from mlops_actions.release import model_source
from mlops_actions.release.candidate import Release
from mlops_actions.release.find import find
from mlops_actions.release.release import release, release_found
from mlops_actions.verdict import Status, Verdict

TAG = "delay@v1.0.0"
Make = Callable[..., Outcome]
Train = Callable[..., Path]


@pytest.fixture
def asked(train: Train, project: Path, head: str) -> Release:
    return Release(TAG, "delay", str(train(commit=head)), publish=True, folder=project)


@pytest.fixture
def found(asked: Release, tmp_path: Path) -> Path:
    return kept(asked, tmp_path)


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


def kept(asked: Release, tmp_path: Path) -> Path:
    """What `mlops find` leaves; the command line writes the verdict."""
    out = fresh(tmp_path / "found")
    (out / "verdict.json").write_text(verdict.dumps(find(asked, out).verdict), encoding="utf-8")
    return out


def leave(folder: Path, stage: str, status: Status = Status.PASS, of: str | None = None) -> bytes:
    """Put the verdict of a stage (or ``of`` another) into the artifact that is named like it; its bytes."""
    judged = Verdict(of or stage, status, (), verdict.now(), verdict.now(), parameters={"in": str(folder)})
    (folder / stage).mkdir(parents=True)
    (folder / stage / "verdict.json").write_text(verdict.dumps(judged), encoding="utf-8")
    return (folder / stage / "verdict.json").read_bytes()


def test_two_halves_are_the_whole(asked: Release, found: Path, exporter: Make, tmp_path: Path) -> None:
    whole, second = tmp_path / "whole", tmp_path / "second"
    at_once = release(asked, fresh(whole), exporter)
    in_two = release_found(found, fresh(second), exporter)
    assert in_two.verdict.status is Status.PASS
    assert in_two.verdict.checks == at_once.verdict.checks
    assert in_two.verdict.materials == at_once.verdict.materials
    assert in_two.verdict.parameters == at_once.verdict.parameters
    timed = {"verdict-export.json", "SHA256SUMS"}
    one, two = (
        {path.name: path.read_bytes() for path in (out / "bundle").iterdir() if path.name not in timed}
        for out in (whole, second)
    )
    assert one == two


@pytest.mark.parametrize("publish", [True, False])
def test_what_was_decided_about_publishing_is_said_and_kept(
    asked: Release, exporter: Make, tmp_path: Path, publish: bool
) -> None:
    asked = replace(asked, publish=publish)
    outputs = find(asked, fresh(tmp_path / "first")).outputs
    assert outputs == {"tag": TAG, "publish": "true" if publish else "false"}
    outcome = release_found(kept(asked, tmp_path), fresh(tmp_path / "out"), exporter)
    assert bool(outcome.requests) is not publish


def test_what_is_refused_is_not_kept(asked: Release, exporter: Make, tmp_path: Path) -> None:
    (Path(str(asked.model)) / "model" / "model.skops").write_bytes(b"swapped")
    folder = kept(asked, tmp_path)
    assert [path.name for path in folder.iterdir()] == ["verdict.json"]
    assert verdict.read(folder / "verdict.json").status is Status.FAIL
    with pytest.raises(CallError, match="refused"):
        release_found(folder, fresh(tmp_path / "out"), exporter)


@pytest.mark.parametrize("file", ["training/model/model.skops", "verdicts/verdict-model-training.json"])
def test_what_changed_after_it_was_found_is_refused_before_it_runs(found: Path, tmp_path: Path, file: str) -> None:
    def never(*_arguments: object) -> Outcome:
        raise AssertionError("a model that nobody judged must not be exported: that would run it")

    (found / file).write_text((found / file).read_text() + "\n", encoding="utf-8")
    outcome = release_found(found, fresh(tmp_path / "out"), never)
    assert outcome.verdict.status is Status.FAIL
    assert {each.rule for each in outcome.verdict.findings if each.status is Status.FAIL} == {"model.found"}
    assert not (tmp_path / "out" / "bundle").exists()


@pytest.mark.parametrize("content", ["", "{}", None])
def test_a_folder_that_nothing_was_found_for_is_a_wrong_call(
    tmp_path: Path, content: str | None, exporter: Make
) -> None:
    if content is not None:
        (tmp_path / "verdict.json").write_text(content, encoding="utf-8")
    with pytest.raises(CallError, match="holds no model that was found"):
        release_found(tmp_path, fresh(tmp_path / "out"), exporter)


def test_what_was_found_says_the_tag_itself(found: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["release", "--found", str(found), "--tag", TAG]) == 2
    assert "cannot be given together" in capsys.readouterr().err


# --- the verdicts of the stages before -------------------------------------------------------------


def bundled(request: Release, exporter: Make, out: Path) -> dict[str, bytes]:
    """The verdicts in the bundle by stage, without training's and export's, which are always there."""
    release(request, fresh(out), exporter)
    files = {path.stem.removeprefix("verdict-"): path.read_bytes() for path in (out / "bundle").glob("verdict-*")}
    notes = (out / "bundle" / "RELEASE_NOTES.md").read_text(encoding="utf-8")
    for stage in ("python-ci", "data-validation", "drift-check", "model-training", "export"):
        assert (f"verdict-{stage}.json" in notes) == (stage in files), "the notes claim what is there, and no more"
    return {stage: content for stage, content in files.items() if stage not in {"model-training", "export"}}


def test_without_stages_before_nothing_is_claimed(asked: Release, exporter: Make, tmp_path: Path) -> None:
    assert bundled(asked, exporter, tmp_path / "out") == {}


def test_this_run_may_have_them(asked: Release, exporter: Make, tmp_path: Path) -> None:
    here = asked.folder / location.ARTIFACTS
    expected = {stage: leave(here, stage) for stage in ("python-ci", "drift-check")}
    leave(here, "data-validation", of="something-else")
    leave(here, "model-card")
    assert bundled(asked, exporter, tmp_path / "out") == expected


def test_the_dry_run_that_trained_comes_before_this_run(
    asked: Release, exporter: Make, tmp_path: Path, train: Train, head: str
) -> None:
    earlier = tmp_path / "earlier" / "artifacts"
    train(earlier / model_source.TRAINED, commit=head)
    expected = {"python-ci": leave(earlier, "python-ci")}
    here = asked.folder / location.ARTIFACTS
    leave(here, "python-ci")
    expected["drift-check"] = leave(here, "drift-check")
    served = replace(asked, model=None, served=(tmp_path / "earlier",))
    assert bundled(served, exporter, tmp_path / "out") == expected


def test_the_run_that_trained_has_them_on_github(
    asked: Release, exporter: Make, tmp_path: Path, train: Train, head: str, github: Any, client: Client
) -> None:
    """Of the very run whose model is taken, the newest that has not expired; never of another."""
    run, other = github.add_run(head), github.add_run(head, event="pull_request")
    github.add_artifact(run, model_source.TRAINED, packed(train(tmp_path / "t", commit=head)))
    leave(tmp_path / "old", "python-ci")
    github.add_artifact(run, "python-ci", packed(tmp_path / "old" / "python-ci"))
    expected = {"python-ci": leave(tmp_path / "new", "python-ci")}
    github.add_artifact(run, "python-ci", packed(tmp_path / "new" / "python-ci"))
    for stage, where, more in (("data-validation", run, {"expired": True}), ("drift-check", other, {})):
        leave(tmp_path / "more", stage)
        github.add_artifact(where, stage, packed(tmp_path / "more" / stage), **more)
    natural = replace(asked, model=None, client=client, repository="acme/delays", commit=head)
    assert bundled(natural, exporter, tmp_path / "out") == expected


def test_a_verdict_that_the_caller_names_comes_first(asked: Release, exporter: Make, tmp_path: Path) -> None:
    leave(asked.folder / location.ARTIFACTS, "python-ci")
    expected = leave(tmp_path / "named", "python-ci")
    named = replace(asked, verdicts=(tmp_path / "named" / "python-ci" / "verdict.json",))
    assert bundled(named, exporter, tmp_path / "out") == {"python-ci": expected}


def test_a_stage_before_that_failed_is_told_and_refuses_nothing(asked: Release, exporter: Make, tmp_path: Path) -> None:
    leave(asked.folder / location.ARTIFACTS, "drift-check", Status.FAIL)
    outcome = release(asked, fresh(tmp_path / "out"), exporter)
    assert outcome.verdict.status is Status.WARN
    (check,) = [each for each in outcome.verdict.findings if each.severity != "info"]
    assert (check.rule, check.message) == ("drift-check.verdict", "drift-check came to fail")
    assert "| drift-check | fail |" in (tmp_path / "out/bundle/RELEASE_NOTES.md").read_text(encoding="utf-8")


def packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()
