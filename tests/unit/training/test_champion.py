"""A training that is held against a champion: who wins, who is let through, and each way in which nobody can tell."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops_actions import model
from mlops_actions.outcome import Outcome, Text
from mlops_actions.training import reason, train
from mlops_actions.training.champion import Champion
from mlops_actions.training.gates import Gate
from mlops_actions.training.paired import Metric
from mlops_actions.training.train import Training
from mlops_actions.verdict import Check, Severity, Status, Where

SCORE = """
import csv, os, pathlib, random
quality = float(pathlib.Path(os.environ["MLOPS_MODEL"], "quality").read_text())
rows = int(os.environ.get("ROWS", "2000"))
draw = random.Random(8)
with open(os.environ["MLOPS_SCORES"], "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["label", "prediction", "block"])
    for row in range(rows):
        label = draw.randrange(2)
        out.writerow([label, quality * label + draw.gauss(0, 1), row // 40])
"""
"""A model is one number here: how well it tells the two classes apart."""


@pytest.fixture(name="asked")
def _asked(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Training]:
    """Asks for a training whose model is of some quality, held against a champion of another."""
    monkeypatch.chdir(project)
    (project / "score.py").write_text(SCORE)
    made = (project / "make.py").read_text()

    def ask(new: float, old: float | None, margin: float = 0.01, **changed: object) -> Training:
        (project / "make.py").write_text(f'{made}\npathlib.Path("build/model/quality").write_text("{new}")\n')
        before = None
        if old is not None:
            before = tmp_path / "champion"
            shutil.rmtree(before, ignore_errors=True)
            before.mkdir()
            (before / "MLmodel").write_text("flavors:\n  by_hand: {}\n")
            (before / "quality").write_text(str(old))
        held = Champion("python score.py", Metric.AUC, margin, before, "delay@v1.0.0", where=Where("mlops.yaml", 9))
        return Training("python make.py", "build/model", "build/metrics.json", champion=replace(held, **changed))

    return ask


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Callable[[Training], Outcome]:
    def run(request: Training) -> Outcome:
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        return train.train(request, out)

    return run


def compared(outcome: Outcome) -> Check:
    (check,) = [each for each in outcome.verdict.checks if each.rule == "champion.auc"]
    return check


def story(outcome: Outcome, title: str = "Against the champion") -> str:
    (section,) = [each for each in outcome.sections if each.title == title]
    return " ".join(block.text for block in section.blocks if isinstance(block, Text))


def test_a_challenger_that_is_better_is_promoted(asked: Callable[..., Training], run: Callable[..., Outcome]) -> None:
    request = asked(1.5, 1.0)
    outcome = run(request)
    check = compared(outcome)
    assert (check.status, outcome.outputs["promoted"]) == (Status.PASS, "true")
    assert isinstance(check.measured, float) and check.measured > 0
    assert check.threshold == {"mustBeGreaterOrEqualTo": -0.01}
    told = story(outcome)
    assert "the same 2,000 held-out rows the champion delay@v1.0.0" in told and "over 50 blocks" in told
    assert "The challenger wins" in told and "The new model is promoted" in told
    assert request.champion is not None and request.champion.model is not None
    materials = {each.name: each.sha256 for each in outcome.verdict.materials}
    assert materials["champion delay@v1.0.0"] == model.digest(request.champion.model)


def test_a_challenger_that_wins_and_misses_a_gate_is_told_apart_from_one_that_loses(
    asked: Callable[..., Training], run: Callable[..., Outcome]
) -> None:
    outcome = run(replace(asked(1.5, 1.0), gates=(Gate("auc", min=0.9),)))
    assert (compared(outcome).status, outcome.outputs["promoted"]) == (Status.PASS, "false")
    told = story(outcome)
    assert "The challenger wins" in told
    assert told.endswith(
        "Even so, the new model is not promoted: `auc` is 0.75, and at least 0.9 is asked. The champion stays."
    )


def test_a_challenger_that_loses_says_so(asked: Callable[..., Training], run: Callable[..., Outcome]) -> None:
    outcome = run(asked(1.0, 1.5))
    assert (compared(outcome).status, outcome.outputs["promoted"]) == (Status.FAIL, "false")
    assert "The champion wins" in story(outcome) and "The champion stays." in story(outcome)
    assert "Even so" not in story(outcome)
    assert outcome.headline.startswith("`model` is not promoted") and "The champion wins" in outcome.headline


@pytest.mark.parametrize(("margin", "status"), [(0.2, Status.PASS), (0.01, Status.FAIL)])
def test_what_may_be_chance_is_let_through_only_where_the_whole_interval_is_above_the_margin(
    asked: Callable[..., Training],
    run: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
    margin: float,
    status: Status,
) -> None:
    monkeypatch.setenv("ROWS", "400")
    outcome = run(asked(1.0, 1.05, margin))
    check = compared(outcome)
    assert check.status is status
    assert "Neither wins: the difference may be chance" in check.message or "The champion wins" in check.message


def test_a_new_copy_of_the_champion_is_no_worse(asked: Callable[..., Training], run: Callable[..., Outcome]) -> None:
    outcome = run(asked(1.0, 1.0, 0.0))
    assert compared(outcome).status is Status.PASS and "both say the same" in story(outcome)


def test_the_first_model_has_nobody_to_be_compared_with(
    asked: Callable[..., Training], run: Callable[..., Outcome]
) -> None:
    outcome = run(asked(1.0, None, absent="delay has no release yet"))
    check = compared(outcome)
    assert (check.status, check.severity) == (Status.NOT_CHECKED, Severity.INFO)
    assert check.message == "not compared with a champion: delay has no release yet"
    assert outcome.outputs["promoted"] == "true"
    assert "Against the champion" not in {each.title for each in outcome.sections}


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("echo out of memory >&2; exit 3", "exit status 3. Its last line: out of memory"),
        ("true", "the command wrote no file at MLOPS_SCORES"),
        ("ROWS=$(cat $MLOPS_MODEL/quality | tr -d .)000 python score.py", "other rows for the challenger"),
        ("ROWS=20 python score.py", "an AUC needs 30"),
    ],
)
def test_what_cannot_be_compared_is_an_error_and_never_a_pass(
    asked: Callable[..., Training], run: Callable[..., Outcome], command: str, says: str
) -> None:
    outcome = run(asked(1.5, 1.0, command=command))
    check = compared(outcome)
    assert check.status is Status.ERROR and says in check.message
    assert (outcome.verdict.status, outcome.outputs["promoted"]) == (Status.FAIL, "false")


def test_a_folder_that_is_no_model(asked: Callable[..., Training], run: Callable[..., Outcome], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    check = compared(run(asked(1.5, 1.0, model=tmp_path / "empty")))
    assert check.status is Status.ERROR and "no MLflow model" in check.message


def test_a_training_that_fails_compares_nothing(asked: Callable[..., Training], run: Callable[..., Outcome]) -> None:
    outcome = run(replace(asked(1.5, 1.0), command="exit 1"))
    assert compared(outcome).status is Status.NOT_CHECKED
    assert not any(each.name.startswith("champion") for each in outcome.verdict.materials)


def test_the_story_from_alarm_to_outcome(asked: Callable[..., Training], run: Callable[..., Outcome]) -> None:
    payload = {"model": "delay", "reason": "drift", "drifted": 1, "columns": ["hour"], "verdict": "ab" * 32}
    alarm = reason.read({"action": "retrain", "client_payload": payload})
    outcome = run(replace(asked(1.0, 1.5), reason=alarm))
    told = story(outcome, "From alarm to outcome")
    parts = (
        "The event `retrain`",
        "1 column drifted",
        "A new model was trained",
        "the challenger",
        "The champion stays",
    )
    places = [told.find(each) for each in parts]
    assert -1 not in places and places == sorted(places), told
    facts = outcome.verdict.parameters["reason"]
    assert isinstance(facts, dict) and facts["verdict"] == "ab" * 32


def test_the_command_is_told_which_data_it_is_given(
    asked: Callable[..., Training], run: Callable[..., Outcome], tmp_path: Path
) -> None:
    request = replace(asked(1.0, 1.0), data=("data/*.csv", "data/rows.csv"))
    outcome = run(replace(request, command=f'{request.command} && printf %s "$MLOPS_DATA" > {tmp_path}/seen'))
    assert outcome.verdict.status is Status.PASS
    assert (tmp_path / "seen").read_text() == "data/*.csv\ndata/rows.csv"
