"""mlops.yaml: every mistake is answered with its place, what was expected, and the nearest right name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions import config
from mlops_actions.errors import CallError


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mlops.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CallError) as caught:
        config.load(path)
    return [str(each).removeprefix(f"{path}:") for each in caught.value.problems]


def test_the_designs_example_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "mlops.yaml"
    path.write_text(
        'model: flight-delay\ndata: {contract: contracts/flights.odcs.yaml, path: "data/2013-0[1-8].parquet"}\n'
        "training:\n  command: python -m flight_delay.train\n  model: build/model\n  metrics: build/metrics.json\n"
        '  gates: {auc: {min: 0.65}}\ndrift: {data: "data/2013-09.parquet"}\nexport: {targets: [onnx]}\n',
        encoding="utf-8",
    )
    loaded = config.load(path)
    assert loaded.get("training", "gates", "auc", "min") == 0.65
    assert loaded.get("drift", "reference") is None
    assert loaded.where("training", "gates").line == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: {contrct: a}", ["1:8: `data.contrct` is not a known key. Did you mean `contract`?"]),
        ("dta: {}", ["1:1: `dta` is not a known key. Did you mean `data`?"]),
        ("data:\n  fail-on: eror", ["2:3: `data.fail-on` must be one of `error`, `warning`, `never`, not \"eror\". Did you mean `error`?"]),
        ("training: {gates: {auc: {min: high}}}", ['1:26: `training.gates.auc.min` must be a number, not "high"']),
        ("ci: {fail-fast: no}", ['1:6: `ci.fail-fast` must be true or false, not "no"']),
        ("drift: {data: 3}", ["1:9: `drift.data` must be a list or a string, not 3"]),
        ("drift: {threshold: 2}", ["1:9: `drift.threshold` must be at most 1, not 2"]),
        ("model: Flight Delay", ['1:1: `model` is "Flight Delay", which does not match ^[a-z]([a-z0-9-]*[a-z0-9])?$']),
        ("ci: {python-versions: [3.10]}", ["1:24: `ci.python-versions[0]` must be a string, not 3.1. Quote it: in YAML, 3.10 is the number 3.1."]),
        ("training: {python-version: 3.10}", ["1:12: `training.python-version` must be a string, not 3.1. Quote it: in YAML, 3.10 is the number 3.1."]),
        ("[a]", ["1:1: the file must be a mapping, not a list"]),
        ("export: {targets: []}", ["1:10: `export.targets` must not be empty"]),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_place_expectation_and_nearest_name(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert problems(tmp_path, text) == expected


def test_all_mistakes_are_named_at_once_in_their_order(tmp_path: Path) -> None:
    found = problems(tmp_path, "modl: x\ndata: {path: 1}\ndrift: {ignore: a}\n")
    assert [each.split(":")[0] for each in found] == ["1", "2", "3"]


def test_without_a_file_nothing_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load().get("data", "contract") is None


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such file"):
        config.load(tmp_path / "other.yaml")
