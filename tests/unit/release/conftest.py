"""A trained model as `mlops train` leaves it, an export of it, and a GitHub that knows its own OpenAPI description."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions import model, verdict
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Status, Subject, Verdict

MLMODEL = "flavors:\n  sklearn:\n    pickled_model: model.skops\n    serialization_format: skops\n"


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Path]:
    """Write what a training leaves; the folder. ``status`` is its verdict's, ``commit`` the one it trained."""

    def write(folder: Path | None = None, status: Status = Status.PASS, commit: str | None = None) -> Path:
        folder = folder or tmp_path / "train"
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "MLmodel").write_text(MLMODEL, encoding="utf-8")
        (folder / "model" / "model.skops").write_bytes(b"not read here")
        (folder / "profile.json").write_text("{}", encoding="utf-8")
        (folder / "metrics.json").write_text('{"auc": 0.6501234567, "<b>": 1}', encoding="utf-8")
        (folder / "importances.json").write_text('{"hour": 1.0}', encoding="utf-8")
        (folder / "MODEL_CARD.md").write_text("# A card\n", encoding="utf-8")
        judged = Verdict(
            stage="model-training",
            status=status,
            checks=(Check("gates.auc.min", status, "as it is"),),
            started=verdict.now(),
            ended=verdict.now(),
            subjects=(Subject("delay", model.digest(folder / "model")),),
            parameters={"commit": commit},
        )
        (folder / "verdict.json").write_text(verdict.dumps(judged), encoding="utf-8")
        return folder

    return write


def export(folder: Path, _profile: Path | None, out: Path, status: str = "verified", name: str = "x") -> Outcome:
    """The stage ``export`` in small: a file, a manifest that its schema allows, an outcome."""
    content = b"an exported model"
    (out / "model.onnx").write_bytes(content)
    tensor = {"name": name, "type": "float64", "shape": [None, 1], "missing": "NaN"}
    parity = {"rows": 1027, "max_difference": 2e-16, "label_agreement": 1.0, "ties": 0}
    entry = {
        "target": "onnx",
        "status": status,
        "message": "executed",
        "file": "model.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "conversion": "float64",
        "versions": {"onnxruntime": "1.32.0"},
        "inputs": [tensor],
        "outputs": [tensor],
        "parity": {**parity, "refused_by_original_only": 0, "refused_by_export_only": 0},
        "latency_ms": 0.04,
    }
    manifest = {
        "schema": "https://mlops-actions.github.io/schemas/export-manifest-v1.schema.json",
        "model": {"sha256": model.digest(folder), "versions": {"scikit-learn": "1.9.1"}, "profile": True},
        "tolerance": 1e-5,
        "targets": [entry],
    }
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    judged = Verdict("export", Status.PASS, (), verdict.now(), verdict.now())
    return Outcome(judged, outputs={"targets": '[{"target": "onnx"}]'})


@pytest.fixture
def exporter() -> Callable[..., Outcome]:
    return export


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository with one commit that carries the annotated tag ``delay@v1.0.0``."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "README.md").write_text("x\n", encoding="utf-8")
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["commit", "-q", "-m", "one"],
        ["tag", "-a", "delay@v1.0.0", "-m", "one"],
    ):
        git(folder, *arguments)
    return folder


def git(folder: Path, *arguments: str) -> str:
    settings = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "tag.gpgsign=false",
    ]
    command = ["git", "-C", str(folder), *settings, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def head(project: Path) -> str:
    return git(project, "rev-parse", "HEAD")


@pytest.fixture(name="git")
def git_fixture() -> Callable[..., str]:
    return git
