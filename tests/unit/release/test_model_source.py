"""Where the model comes from: a path, an artifact of this run or of a dry run, the training of the tagged commit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions import location
from mlops_actions.errors import CallError
from mlops_actions.github.api import Client
from mlops_actions.release.model_source import TRAINED, Wanted, find

COMMIT, OTHER = "c" * 40, "d" * 40
Train = Callable[..., Path]


def packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()


def natural(client: Client, **more: Any) -> Wanted:
    return Wanted(None, COMMIT, "acme/delays", client=client, **more)


def test_a_path_is_a_model_or_the_folder_of_its_training(train: Train, tmp_path: Path) -> None:
    folder = train()
    of_folder, of_model = (find(Wanted(str(path)), tmp_path / "into") for path in (folder, folder / "model"))
    assert of_folder.model == of_model.model == folder / "model"
    assert of_folder.beside("profile.json") == folder / "profile.json"
    assert of_model.beside("profile.json") == folder.resolve() / "profile.json"


def test_a_model_without_a_training_beside_it_is_found_all_the_same(train: Train, tmp_path: Path) -> None:
    folder = train()
    (folder / "verdict.json").unlink()
    found = find(Wanted(str(folder / "model")), tmp_path / "into")
    assert found.verdict() is None
    assert found.beside("profile.json") is None


@pytest.mark.parametrize("name", ["nowhere", ".", "artifact:nothing", "artifact:../x", "release:delay@v1.0.0"])
def test_a_model_that_is_not_there_is_a_wrong_call(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CallError):
        find(Wanted(name), tmp_path / "into")


def test_an_artifact_of_this_run_lies_where_it_was_fetched(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train(tmp_path / location.ARTIFACTS / "mine")
    train(tmp_path / "earlier" / "artifacts" / "mine")  # an earlier dry run's, under the same name
    wanted = Wanted("artifact:mine", served=(tmp_path / "earlier",))
    assert find(wanted, tmp_path / "into").model == location.ARTIFACTS / "mine" / "model"


def test_an_earlier_dry_run_serves_what_training_made(train: Train, tmp_path: Path) -> None:
    train(tmp_path / "earlier" / "artifacts" / TRAINED)
    found = find(Wanted(None, COMMIT, served=(tmp_path / "earlier",)), tmp_path / "into")
    assert found.model == tmp_path / "earlier" / "artifacts" / TRAINED / "model"


def test_without_github_and_without_a_path_it_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="--from DIR"):
        find(Wanted(None, COMMIT), tmp_path / "into")


def test_the_newest_trusted_run_of_the_commit_is_taken(
    github: Any, client: Client, train: Train, tmp_path: Path
) -> None:
    """Of many runs under one commit only one is to be believed; the others each carry another model."""
    folder = train()
    good = packed(folder)
    (folder / "model" / "MLmodel").write_text("flavors: {evil: {}}\n", encoding="utf-8")
    evil = packed(folder)
    fork = {"head_repository": github.sample("minimal-repository", id=666)}
    github.add_artifact(github.add_run(COMMIT), TRAINED, evil)  # an older one of the same trust
    trusted = github.add_run(COMMIT)
    github.add_artifact(trusted, TRAINED, good)
    for distrusted in (
        {"event": "pull_request"},
        {"event": "pull_request_target"},
        {"conclusion": "failure"},
        {"status": "in_progress", "conclusion": None},
        fork,
    ):
        github.add_artifact(github.add_run(COMMIT, **distrusted), TRAINED, evil)
    github.add_artifact(github.add_run(OTHER), TRAINED, evil)
    github.add_artifact(github.add_run(COMMIT), TRAINED, evil, expired=True)
    github.add_artifact(github.add_run(COMMIT), "another-model", evil)
    this_run = github.add_run(COMMIT)
    github.add_artifact(this_run, TRAINED, evil)
    found = find(natural(client, run_id=str(this_run)), tmp_path / "into")
    assert "sklearn" in (found.model / "MLmodel").read_text(encoding="utf-8")
    assert f"run {trusted}" in found.origin


def test_no_trained_model_is_a_wrong_call_that_names_the_runs_passed_over(
    github: Any, client: Client, tmp_path: Path
) -> None:
    run = github.add_run(COMMIT, event="pull_request")
    with pytest.raises(CallError, match=f"run {run}: it is of a pull request"):
        find(natural(client), tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_a_missing_permission_is_named(client: Client, fault: Callable[..., None], tmp_path: Path) -> None:
    fault(403, body={"message": "Resource not accessible by integration"})
    with pytest.raises(CallError, match="actions: read"):
        find(natural(client), tmp_path / "into")


def test_a_link_out_of_the_trainings_folder_is_not_followed(train: Train, tmp_path: Path) -> None:
    folder = train()
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (folder / "profile.json").unlink()
    (folder / "profile.json").symlink_to(tmp_path / "secret")
    found = find(Wanted(str(folder)), tmp_path / "into")
    assert found.beside("profile.json") is None
    assert found.beside("metrics.json") == folder / "metrics.json"
