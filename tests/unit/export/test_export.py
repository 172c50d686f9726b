"""Real models, converted, executed in ONNX Runtime, and held against their own predictions in their own environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mlops_actions import model, schema, verdict
from mlops_actions.data.profiles import profile as profiles
from mlops_actions.errors import CallError
from mlops_actions.export.export import Export, export
from mlops_actions.verdict import Status

SUPPORTED = ("linear", "labels", "forest", "boosted", "fine", "regressor", "margin", "calibrated")
Exports = Callable[[str], Any]


@pytest.mark.parametrize("name", SUPPORTED)
def test_each_kind_of_model_is_verified(exported: Exports, name: str) -> None:
    made = exported(name)
    assert made.entry["status"] == "verified", made.outcome.verdict.findings
    assert made.outcome.verdict.status in {Status.PASS, Status.WARN}
    assert made.entry["parity"]["rows"] > 1000
    assert made.entry["sha256"] == verdict.digest(made.out / "model.onnx")
    assert made.entry["size"] == (made.out / "model.onnx").stat().st_size


@pytest.mark.parametrize("name", [*SUPPORTED, "foreign"])
def test_the_manifest_is_what_its_schema_says(exported: Exports, name: str) -> None:
    manifest = json.loads((exported(name).out / "manifest.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema.shipped("export-manifest-v1")).validate(manifest)
    assert manifest["model"]["sha256"] == model.digest(exported(name).model)


def test_onnx_runtime_alone_gives_the_originals_answer(exported: Exports) -> None:
    """What a device does: open the file, feed it by the manifest, read label and probabilities."""
    import numpy
    import onnxruntime

    made = exported("labels")
    session = onnxruntime.InferenceSession(made.out / "model.onnx", providers=["CPUExecutionProvider"])
    kinds = {"string": object, "float64": numpy.float64}
    row = {"carrier": "UA", "dest": "", "hour": 6, "distance": float("nan")}
    feed = {each["name"]: numpy.array([[row[each["name"]]]], kinds[each["type"]]) for each in made.entry["inputs"]}
    label, probabilities = session.run(["label", "probabilities"], feed)
    assert label.tolist() == ["early"]  # before ten o'clock, as in the data that it was fitted on
    assert probabilities.sum() == pytest.approx(1)
    assert [each["shape"] for each in made.entry["outputs"]] == [[None], [None, 3]]
    assert {each["name"]: each["missing"] for each in made.entry["inputs"]} == {
        "carrier": "",
        "dest": "",
        "hour": "NaN",
        "distance": "NaN",
    }


def test_numbers_that_float32_rounds_are_not_rounded(exported: Exports) -> None:
    """Seconds since 1970 lie 128 apart in float32: a conversion through it answers for another moment."""
    made = exported("fine")
    assert made.entry["conversion"] == "float64"
    assert made.entry["parity"]["max_difference"] < 1e-6


def test_a_forest_is_converted_in_the_precision_that_it_splits_in(exported: Exports) -> None:
    assert exported("forest").entry["parity"]["max_difference"] < 1e-6


def test_rows_that_the_original_refuses_are_told(exported: Exports) -> None:
    """It was fitted without missing values and raises on them; its signature allows them, and the export answers."""
    check = exported("gaps").checks()["onnx.refused"]
    assert check.status is Status.WARN
    assert "ValueError: Input X contains NaN" in check.message
    assert check.measured == exported("gaps").entry["parity"]["refused_by_original_only"] > 50
    assert exported("gaps").outcome.verdict.status is Status.WARN


def test_a_row_that_the_signature_does_not_allow_is_told_without_a_warning(exported: Exports) -> None:
    made = exported("linear")
    assert made.entry["parity"]["refused_by_original_only"] == 1
    assert made.checks()["onnx.refused"].status is Status.PASS
    assert "a row without 'seen'" in made.checks()["onnx.refused"].message


def test_a_category_that_the_original_refuses_is_refused_by_both(exported: Exports) -> None:
    parity = exported("margin").entry["parity"]
    assert (parity["refused_by_original_only"], parity["refused_by_export_only"]) == (0, 0)
    assert parity["rows"] == 1005, "the example and the draws, not the missing and the never seen carrier"


def test_a_type_that_is_not_reviewed_is_refused_by_name(exported: Exports) -> None:
    made = exported("foreign")
    assert made.entry == {
        "target": "onnx",
        "status": "unsupported",
        "message": "the model holds types that are not accepted: posixpath.basename",
    }
    assert made.outcome.verdict.status is Status.FAIL
    assert not (made.out / "model.onnx").exists()


def test_a_tolerance_that_is_not_held_fails_and_names_the_row(
    models: Path, profile: Path, cache: Path, tmp_path: Path
) -> None:
    request = Export(models / "calibrated", ("onnx",), tolerance=1e-300, profile=profile, cache=cache)
    outcome = export(request, tmp_path)
    checks = {check.rule: check for check in outcome.verdict.checks}
    assert outcome.verdict.status is Status.FAIL
    assert checks["onnx.difference"].status is Status.FAIL
    assert "carrier=" in checks["onnx.difference"].message
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["targets"][0]["status"] == "disagrees"
    assert json.loads(outcome.outputs["targets"])[0]["status"] == "disagrees"


def test_without_a_profile_the_verdict_warns(models: Path, cache: Path, tmp_path: Path) -> None:
    outcome = export(Export(models / "regressor", ("onnx",), cache=cache), tmp_path)
    assert outcome.verdict.status is Status.WARN
    assert [check.rule for check in outcome.verdict.findings] == ["profile"]


@pytest.mark.parametrize("version", ["1.7.2", "1.8.0"])
def test_models_of_earlier_known_versions_are_verified(
    fit: Callable[..., Path], profile: Path, cache: Path, tmp_path: Path, version: str
) -> None:
    folder = fit(version, "labels")
    outcome = export(Export(folder / "labels", ("onnx",), profile=profile, cache=cache), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert outcome.verdict.status is Status.PASS, outcome.verdict.findings
    assert manifest["model"]["versions"]["scikit-learn"] == version


def test_the_same_model_gives_the_same_bytes(exported: Exports, tmp_path: Path) -> None:
    """In other processes, with hash seeds that order the names of the two sets of operators in both ways."""
    made = exported("forest")
    code = (
        "import sys; from pathlib import Path; from mlops_actions.export import estimator, source; "
        "from mlops_actions.export.onnx import Onnx; described = source.read(Path(sys.argv[1])); "
        "found = {each.manner: each.content for each in Onnx().candidates(described, estimator.load(described))}; "
        "Path(sys.argv[3]).write_bytes(found[sys.argv[2]])"
    )
    command = [sys.executable, "-c", code, str(made.model), made.entry["conversion"], str(tmp_path / "again.onnx")]
    path = os.pathsep.join(each for each in sys.path if each)
    for seed in ("5", "7"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        subprocess.run(command, check=True, env=environment, timeout=120)
        assert (tmp_path / "again.onnx").read_bytes() == (made.out / "model.onnx").read_bytes(), seed


# --- what is not exported ------------------------------------------------------------------------


@pytest.fixture
def copied(models: Path, tmp_path: Path) -> Path:
    """A model of one's own to damage."""
    folder = tmp_path / "model"
    shutil.copytree(models / "regressor", folder)
    return folder


def replaced(folder: Path, old: str, new: str, name: str = "MLmodel") -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def why(folder: Path, cache: Path, tmp_path: Path, **more: Any) -> str:
    """The reason for which a target is not supported; the verdict fails and no file is left."""
    out = tmp_path / "out"
    out.mkdir()
    outcome = export(Export(folder, ("onnx",), cache=cache, **more), out)
    assert outcome.verdict.status is Status.FAIL
    entry = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["targets"][0]
    assert entry["status"] == "unsupported"
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json"]
    return str(entry["message"])


def test_a_version_that_is_not_known_is_unsupported(copied: Path, cache: Path, tmp_path: Path) -> None:
    replaced(copied, "sklearn_version: 1.9.1", "sklearn_version: 2.0.0")
    assert why(copied, cache, tmp_path) == "the model is scikit-learn 2.0.0's; this exporter knows 1.7, 1.8, 1.9"


def test_another_flavor_is_unsupported(copied: Path, cache: Path, tmp_path: Path) -> None:
    replaced(copied, "sklearn:", "xgboost:")
    assert "xgboost; this exporter knows sklearn" in why(copied, cache, tmp_path)


def test_a_pickle_is_not_loaded_unless_asked_for(copied: Path, cache: Path, tmp_path: Path) -> None:
    trap = f"cos\nsystem\n(S'touch {tmp_path}/ran'\ntR."
    (copied / "model.skops").write_bytes(trap.encode())
    replaced(copied, "serialization_format: skops", "serialization_format: cloudpickle")
    assert "runs whatever code is in it" in why(copied, cache, tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_file_outside_of_the_model_is_not_read(copied: Path, cache: Path, tmp_path: Path) -> None:
    shutil.move(copied / "model.skops", tmp_path / "model.skops")
    replaced(copied, "pickled_model: model.skops", "pickled_model: ../model.skops")
    assert "not in the model's folder" in why(copied, cache, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"{}"])
def test_a_damaged_file_is_unsupported(copied: Path, cache: Path, tmp_path: Path, content: bytes) -> None:
    (copied / "model.skops").write_bytes(content)
    assert "cannot be loaded" in why(copied, cache, tmp_path)


def test_a_model_without_a_signature_is_unsupported(copied: Path, cache: Path, tmp_path: Path) -> None:
    replaced(copied, "signature:", "unsigned:")
    assert "infer_signature" in why(copied, cache, tmp_path)


def test_requirements_that_cannot_be_installed_leave_a_target_unverified(
    copied: Path, cache: Path, tmp_path: Path
) -> None:
    (copied / "requirements.txt").write_text("scikit-learn==0.0.0.dev1\n", encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    outcome = export(Export(copied, ("onnx",), cache=cache), out)
    entry = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["targets"][0]
    assert entry["status"] == "unverified"
    assert "requirements cannot be installed" in entry["message"]
    assert outcome.verdict.status is Status.FAIL


def test_wrong_calls_write_nothing(copied: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "p.json").write_text("[]", encoding="utf-8")
    for request in (
        Export(copied, ("onxn",)),
        Export(copied, ()),
        Export(copied, ("onnx",), tolerance=0),
        Export(copied, ("onnx",), tolerance=float("nan")),
        Export(tmp_path / "nowhere", ("onnx",)),
        Export(tmp_path, ("onnx",)),
        Export(copied, ("onnx",), profile=tmp_path / "no.json"),
        Export(copied, ("onnx",), profile=tmp_path / "p.json"),
    ):
        with pytest.raises(CallError):
            export(request, out)
        assert list(out.iterdir()) == []


def test_a_profile_that_was_edited_is_refused_and_no_row_is_drawn_from_it(
    copied: Path, profile: Path, tmp_path: Path
) -> None:
    made = profiles.read(profile)
    path, out = tmp_path / "profile.json", tmp_path / "out"
    out.mkdir()
    path.write_text(profiles.dumps(made).replace('"max":23', '"max":24'), encoding="utf-8")
    with pytest.raises(CallError, match="changed after it was written"):
        export(Export(copied, ("onnx",), profile=path), out)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CallError, match=r"profile.json:1: .*not JSON"):
        export(Export(copied, ("onnx",), profile=path), out)
