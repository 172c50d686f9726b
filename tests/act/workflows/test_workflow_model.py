"""model-training.yml and edge-release.yml, called by strangers' repositories: a model by hand, and each way to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from mlops_actions import model
from mlops_actions.verdict import Status

# A model directory as MLflow writes it, of a flavor that no exporter knows, made by the standard library alone.
TRAIN = '''\
"""Writes build/model and build/metrics.json; the first argument says what goes wrong."""

import json
import pathlib
import pickle
import sys

way = sys.argv[1]
folder = pathlib.Path("build/model")
if way == "fails":
    sys.exit("no such column: dep_delay")
if way != "no-model":
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("""\\
flavors:
  mean_by_hand: {data: mean.json}
saved_input_example_info: {artifact_path: input_example.json, pandas_orient: split, type: dataframe}
signature:
  inputs: '[{"type": "long", "name": "hour", "required": true}]'
  outputs: '[{"type": "double"}]'
""")
    (folder / "input_example.json").write_text(json.dumps({"columns": ["hour"], "data": [[8]]}))
    (folder / "mean.json").write_text("0.25")
    (folder / "requirements.txt").write_text("")
if way == "pickle":
    (folder / "model.pkl").write_bytes(pickle.dumps({"mean": 0.25}))
pathlib.Path("build").mkdir(exist_ok=True)
auc = {"nan": float("nan"), "gate": 0.55}.get(way, 0.75)
pathlib.Path("build/metrics.json").write_text(json.dumps({"auc": auc}))
'''
GATE = "  gates: {auc: {min: 0.65}}\n"
TARGETS = "export: {targets: [onnx]}\n"
WAYS = ("good", "fails", "no-model", "nan", "pickle", "gate")


def project(way: str) -> dict[str, str]:
    config = f"model: delay\ndata: {{path: rows.csv}}\ntraining:\n  command: python train.py {way}\n{GATE}{TARGETS}"
    return {f"{way}/mlops.yaml": config, f"{way}/train.py": TRAIN, f"{way}/rows.csv": "hour\n8\n9\n"}


def table(folder: Path) -> dict[str, bytes]:
    """A project whose data is a Delta table of three rows, one of which was deleted; the files of both."""
    made = folder / "table" / "lake" / "rows"
    write_deltalake(str(made), pa.table({"hour": [8, 9, 99]}))
    DeltaTable(str(made)).delete("hour = 99")
    config = project("good")["good/mlops.yaml"].replace("rows.csv", "lake/rows")
    (folder / "table" / "mlops.yaml").write_text(config)
    (folder / "table" / "train.py").write_text(TRAIN)
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


TRAINED = {
    way: ("model-training", {"working-directory": way, "name": "model-training" if way == "good" else way})
    for way in (*WAYS, "table")
}
RELEASED = {
    "not-a-tag": ("edge-release", {"tag": "delay-v1.0.0"}),
    "other-model": ("edge-release", {"tag": "arrival@v1.0.0"}),
    "tampered": ("edge-release", {"tag": "delay@v1.0.0", "model": "artifact:another"}, {"needs": ["tamper"]}),
    "not-promoted": ("edge-release", {"tag": "delay@v1.0.0", "model": "artifact:gate-model"}, {"needs": ["gate-kept"]}),
    "no-exporter": (
        "edge-release",
        {"tag": "delay@v1.0.0", "model": "artifact:model-training-model"},
        {"needs": ["good"]},
    ),
    "no-model-here": ("edge-release", {"tag": "delay@v1.0.0", "model": "build/model"}),
    "publishes": (
        "edge-release",
        {"tag": "delay@v1.0.0", "model": "artifact:model-training-model", "publish": True},
        {"needs": ["good"], "permissions": {"contents": "write"}},
    ),
}
"""Jobs of the caller's own: one exchanges the trained model, one waits for a training that fails."""
OWN = {
    "tamper": {
        "needs": "good",
        "runs-on": "ubuntu-24.04",
        "steps": [
            {"uses": "actions/download-artifact@v8", "with": {"name": "model-training-model", "path": "it"}},
            {"run": "echo 0.99 > it/model/mean.json"},
            {"uses": "actions/upload-artifact@v7", "with": {"name": "another", "path": "it"}},
        ],
    },
    "gate-kept": {
        "needs": "gate",
        "if": "failure()",
        "runs-on": "ubuntu-24.04",
        "outputs": {"metrics": "${{ needs.gate.outputs.metrics }}"},
        "steps": [{"run": "true"}],
    },
}


@pytest.fixture(scope="module")
def ran(repository: Callable[..., Any], calls: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One dry run of one file: trainings, then releases of what they made."""
    released = {}
    for job, (called, inputs, *more) in RELEASED.items():
        # What a job needs has failed on purpose for one of them.
        condition = {"if": "${{ !cancelled() }}"} if job == "not-promoted" else {}
        released[job] = (called, {"working-directory": "good", **inputs}, {**(more[0] if more else {}), **condition})
    workflow = json.loads(calls({**TRAINED, **released}))
    workflow["jobs"] |= OWN
    files: dict[str, str | bytes] = {name: text for way in WAYS for name, text in project(way).items()}
    files |= table(tmp_path_factory.mktemp("delta"))
    return repository({**files, ".github/workflows/ci.yml": json.dumps(workflow, indent=1)}).dry_run()


def test_the_whole(ran: Any) -> None:
    assert (ran.code, ran.verdict.status) == (1, Status.FAIL)
    gates = {job: ran.of(job).get("model-training" if job == "good" else job) for job in (*TRAINED, *RELEASED)}
    assert {job for job, result in gates.items() if result == "success"} == {"good", "table"}
    assert ran.requests == []


def test_a_model_is_trained_gated_and_kept(ran: Any) -> None:
    outputs = ran.outputs["good"]
    assert (outputs["promoted"], json.loads(outputs["metrics"])) == ("true", {"auc": 0.75})
    assert outputs["model-artifact"] == "model-training-model"
    kept = ran.kept("model-training-model")
    assert {"model/MLmodel", "model/mean.json", "metrics.json", "profile.json", "MODEL_CARD.md", "train.log"} <= kept
    folder = ran.artifact("model-training-model") / "model"
    assert outputs["model-digest"] == f"sha256:{model.digest(folder)}"
    judged = ran.judged("model-training-model")
    subjects = {each.name: each.sha256 for each in judged.subjects}
    assert f"sha256:{subjects['delay']}" == outputs["model-digest"]
    assert [each.name for each in judged.materials] == ["rows.csv", f"source@{ran.verdict.parameters['sha']}"]


def test_what_the_data_needs_is_installed_by_itself(ran: Any) -> None:
    """The row that was deleted is not described, and the table is named by its version."""
    kept = json.loads((ran.artifact("table-model") / "profile.json").read_text())
    assert kept["rows"] == 2
    assert "lake/rows@v1" in {each.name for each in ran.judged("table-model").materials}


@pytest.mark.parametrize(
    ("way", "rule", "words"),
    [
        ("fails", "training.command", "no such column: dep_delay"),
        ("no-model", "training.model", "build/model"),
        ("nan", "training.metrics", "auc"),
        ("pickle", "model.pickle", "model.pkl"),
        ("gate", "gates.auc.min", "0.55"),
    ],
)
def test_each_way_for_a_training_to_fail(ran: Any, way: str, rule: str, words: str) -> None:
    assert ran.of(way) == {"Train": "failure", way: "failure"}
    assert (ran.outputs[way]["verdict"], ran.outputs[way]["promoted"]) == ("fail", "false")
    failed = {check.rule: check for check in ran.broken(f"{way}-model").values() if check.status is Status.FAIL}
    assert set(failed) == {rule}
    assert words in failed[rule].message
    (row,) = [each for each in ran.annotations(f"{way} / Train") if each["level"] == "error"]
    assert words in row["message"]
    if rule == "gates.auc.min":
        assert (row["file"], row["line"]) == (f"{way}/mlops.yaml", "5")
    elif rule == "training.command":
        assert (row["file"], row["line"]) == (f"{way}/mlops.yaml", "4")


def test_what_a_failed_training_keeps(ran: Any) -> None:
    """A model that misses its gate can be looked at; a pickle is not kept; neither has a digest to release by."""
    assert "model/MLmodel" in ran.kept("gate-model")
    assert ran.judged("gate-model").subjects[0].name == "delay"
    for way in ("fails", "no-model", "pickle"):
        assert not any(name.startswith("model/") for name in ran.kept(f"{way}-model"))
        assert ran.outputs[way]["model-digest"] == ""
    assert ran.outputs["gate-kept"] == {"metrics": '{"auc": 0.55}'}


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("not-a-tag", ("delay-v1.0.0", "flight-delay@v1.2.0")),
        ("other-model", ("'arrival'", "delay")),
        ("no-model-here", ("build/model",)),
    ],
)
def test_a_release_of_nothing_judges_nothing(ran: Any, job: str, words: tuple[str, ...]) -> None:
    assert ran.of(job) == {
        "Find the model": "failure",
        "Export and verify": "skipped",
        "Publish": "skipped",
        job: "failure",
    }
    (row,) = ran.annotations(f"{job} / Find the model")
    assert all(word in row["message"] for word in words), row
    assert set(ran.outputs[job].values()) == {""} and f"{job}-bundle" not in ran.artifacts


@pytest.mark.parametrize(
    ("job", "rule", "words", "by"),
    [
        ("tampered", "model.digest", "not the trained one", "Find the model"),
        ("not-promoted", "model.training", "did not pass", "Find the model"),
        ("no-exporter", "onnx.verified", "mean_by_hand", "Export and verify"),
        ("publishes", "onnx.verified", "mean_by_hand", "Export and verify"),
    ],
)
def test_a_release_that_is_refused(ran: Any, job: str, rule: str, words: str, by: str) -> None:
    """By the first job before anything of the model runs, or by the second; a caller sees the same of both."""
    exports = "failure" if by == "Export and verify" else "skipped"
    finds = "failure" if by == "Find the model" else "success"
    assert ran.of(job) == {
        "Find the model": finds,
        "Export and verify": exports,
        "Publish": "skipped",
        job: "failure",
    }
    outputs = ran.outputs[job]
    assert (outputs["verdict"], outputs["release-url"]) == ("fail", "")
    assert isinstance(json.loads(outputs["targets"]), list)
    found = ran.broken(outputs["bundle-artifact"])
    assert ran.judged(outputs["bundle-artifact"]).stage == "edge-release"
    assert found[rule].status is Status.FAIL and words in found[rule].message
    assert {"tag.commit", "model.digest"} <= {each.rule for each in ran.judged(outputs["bundle-artifact"]).checks}
    assert not any(path.startswith("bundle/") for path in ran.kept(f"{job}-bundle"))
    assert any(words in each["message"] for each in ran.annotations(f"{job} / {by}"))
    assert (f"{job}-model" in ran.artifacts) == (by == "Export and verify"), "what is refused is not handed on"
