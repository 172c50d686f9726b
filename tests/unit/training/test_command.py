"""`mlops train` and `mlops locate` with a champion: which one is taken, and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions import model, released, verdict
from mlops_actions.cli import main
from mlops_actions.verdict import Check, Severity, Status

SCORE = """
import os, pathlib
quality = int(pathlib.Path(os.environ["MLOPS_MODEL"], "quality").read_text())
lines = [f"{row % 2},{(row % 2) * quality + row % 7}" for row in range(200)]
pathlib.Path(os.environ["MLOPS_SCORES"]).write_text("\\n".join(["label,prediction", *lines]))
"""


@pytest.fixture(name="train")
def _train(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Check]]:
    """Run the command in a project whose model has the quality 2; the exit status, and the check of the champion."""
    monkeypatch.chdir(project)
    for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "MLOPS_DRYRUN", "MLOPS_DRYRUN_FROM", "MLOPS_INPUT_CHAMPION"):
        monkeypatch.delenv(name, raising=False)
    (project / "score.py").write_text(SCORE)
    with (project / "make.py").open("a") as file:
        file.write('\npathlib.Path("build/model/quality").write_text("2")\n')

    def run(named: str = "") -> tuple[int, Check]:
        champion = f"{{command: python score.py, metric: auc, margin: 0.01{named and f', model: {named}'}}}"
        (project / "mlops.yaml").write_text(
            f"model: delay\ndata: {{path: data}}\ntraining:\n  command: python make.py\n  champion: {champion}\n"
        )
        code = main(["train"])
        (found,) = [each for each in verdict.read(Path(".mlops/train/verdict.json")).checks if "champion" in each.rule]
        return code, found

    return run


def before(folder: Path, quality: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors:\n  by_hand: {}\n")
    (folder / "quality").write_text(str(quality))
    return folder


def test_a_champion_of_a_path_or_an_artifact(train: Callable[..., tuple[int, Check]]) -> None:
    before(Path("old"), 5)
    code, check = train("old")
    assert (code, check.status, check.where.line) == (1, Status.FAIL, 5)
    assert "the champion old" in check.message
    before(Path(".mlops/artifacts/kept/model"), 0)  # as training leaves it
    code, check = train("artifact:kept")
    assert (code, check.status) == (0, Status.PASS) and "the champion artifact:kept" in check.message


def test_a_champion_of_a_dry_run_that_released(
    train: Callable[..., tuple[int, Check]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ran/artifacts/edge-release-bundle/bundle"
    bundle.mkdir(parents=True)
    made = before(tmp_path / "made", 5)
    model.pack(made, bundle / model.PACKED)
    signature = {"tag": "delay@v1.0.0", "model_sha256": model.digest(made)}
    (bundle / released.SIGNATURE).write_text(json.dumps(signature))
    monkeypatch.setenv("MLOPS_DRYRUN", "1")
    monkeypatch.setenv("MLOPS_DRYRUN_FROM", str(tmp_path / "ran"))
    assert train()[1].status is Status.FAIL
    # As the workflow does: one step finds it, another that knows of no release trains.
    assert main(["locate", "champion"]) == 0
    monkeypatch.delenv("MLOPS_DRYRUN_FROM")
    monkeypatch.setenv("MLOPS_INPUT_CHAMPION", ".mlops/champion")
    _, check = train()
    assert check.status is Status.FAIL and "the champion delay@v1.0.0" in check.message


def test_without_github_it_is_a_lack_and_in_a_dry_run_the_first_training(
    train: Callable[..., tuple[int, Check]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, check = train()
    assert (check.status, check.severity) == (Status.NOT_CHECKED, Severity.WARNING)
    assert "there is no GitHub here to ask for the newest release of delay" in check.message
    monkeypatch.setenv("MLOPS_DRYRUN", "1")
    assert train()[1].severity is Severity.INFO


def test_a_folder_that_is_not_there_is_a_wrong_call_at_its_line(
    train: Callable[..., tuple[int, Check]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileNotFoundError):  # no verdict is left
        train("build/old")
    assert "mlops.yaml:5:" in capsys.readouterr().err


@pytest.mark.parametrize("event", ["repository_dispatch", "workflow_dispatch"])
def test_the_alarm_that_started_the_run_is_told_however_it_came(
    train: Callable[..., tuple[int, Check]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    """A check starts a training by an event, or a workflow by its name."""
    payload = {"model": "delay", "reason": "drift", "drifted": 1, "columns": ["hour"], "verdict": "ab" * 32}
    told = {"action": "retrain", "client_payload": payload}
    by_name = {"inputs": {"payload": json.dumps(payload)}}
    (tmp_path / "event.json").write_text(json.dumps(told if event == "repository_dispatch" else by_name))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    before(Path("old"), 0)
    train("old")
    why = verdict.read(Path(".mlops/train/verdict.json")).parameters["reason"]
    assert isinstance(why, dict) and (why["model"], why["columns"]) == ("delay", ["hour"])


@pytest.mark.parametrize(
    "wrong",
    [
        "{command: x, metric: auc}",
        "{command: x, metric: f1, margin: 0}",
        "{command: x, metric: auc, margin: -1}",
        "{metric: auc, margin: 0}",
    ],
)
@pytest.mark.usefixtures("train")
def test_a_champion_that_is_half_configured(capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    Path("mlops.yaml").write_text(f"training:\n  command: x\n  champion: {wrong}\n")
    assert main(["train"]) == 2
    assert "mlops.yaml:3:" in capsys.readouterr().err
