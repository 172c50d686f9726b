"""A model directory is kept when it is whole and holds no code in disguise; else it is said what is wrong."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions import model
from mlops_actions.training.collect import Collected, Wanted, collect
from mlops_actions.verdict import Status, Where

Write = Callable[[Path, dict[str, str]], Path]
LINE = Where(file="mlops.yaml", line=9)


@pytest.fixture(name="made")
def _made(tmp_path: Path, model_files: dict[str, str], write_files: Write) -> Path:
    return write_files(tmp_path / "build" / "model", model_files)


def taken(made: Path, *allow_pickle: str) -> Collected:
    return collect(Wanted(made, "build/model", LINE, allow_pickle), made.parent.parent / "kept")


def failures(found: Collected) -> dict[str, str]:
    return {check.rule: check.message for check in found.checks if check.status is Status.FAIL}


def test_a_whole_model_is_kept_as_it_is(made: Path, tmp_path: Path) -> None:
    found = taken(made)
    assert not failures(found)
    assert {check.rule for check in found.checks} == {
        "training.model",
        "model.format",
        "model.pickle",
        "model.signature",
        "model.inputExample",
    }
    assert all(check.where == LINE for check in found.checks)
    assert found.digest == model.digest(made) == model.digest(tmp_path / "kept")


def test_no_model_at_all(tmp_path: Path) -> None:
    found = taken(tmp_path / "build" / "model")
    assert failures(found) == {
        "training.model": "`build/model` is not kept: the command ended well, but wrote nothing there"
    }
    assert found.model is None


def test_a_file_where_a_folder_should_be(made: Path) -> None:
    found = taken(made / "MLmodel")
    assert "is a file, not an MLflow model directory" in failures(found)["training.model"]


def test_a_link_to_a_model_elsewhere(made: Path) -> None:
    made.rename(made.parent.parent / "elsewhere")
    made.symlink_to(made.parent.parent / "elsewhere")
    assert "symbolic link" in failures(taken(made))["training.model"]


def test_a_directory_without_mlmodel(made: Path, tmp_path: Path) -> None:
    (made / "MLmodel").unlink()
    found = taken(made)
    assert "no file `MLmodel`" in failures(found)["model.format"]
    assert not (tmp_path / "kept").exists()
    assert found.digest == ""


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [("signature:", "other:", "model.signature"), ("inputs: '[", "inputs: '", "model.signature")],
)
def test_a_model_without_signature(made: Path, old: str, new: str, rule: str) -> None:
    path = made / "MLmodel"
    path.write_text(path.read_text().replace(old, new, 1))
    found = taken(made)
    assert list(failures(found)) == [rule]
    assert found.model is not None  # it is kept, to be looked at


def test_a_model_without_input_example(made: Path) -> None:
    (made / "input_example.json").unlink()
    assert list(failures(taken(made))) == ["model.inputExample"]


def test_a_link_out_of_the_model(made: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("key")
    (made / "data").symlink_to("../../secret")
    assert "`data` is a symbolic link out of the model's directory" in failures(taken(made))["training.model"]
    assert not (tmp_path / "kept").exists()


def test_a_pickle_is_refused_unless_its_flavor_is_named(made: Path, tmp_path: Path) -> None:
    (made / "model.skops").write_bytes(pickle.dumps(Path("x")))
    refused = taken(made)
    assert list(failures(refused)) == ["model.pickle"]
    assert "allow-pickle: [sklearn]" in failures(refused)["model.pickle"]
    assert refused.model is None and not (tmp_path / "kept").exists()

    assert "(there is 'skleran')" in failures(taken(made, "skleran"))["model.pickle"]

    accepted = taken(made, "sklearn")
    assert not failures(accepted)
    assert accepted.digest == model.digest(made)


def test_naming_a_flavor_lets_no_other_pickle_in(made: Path) -> None:
    for number in range(7):
        (made / f"extra{number}.pkl").write_bytes(pickle.dumps(Path("x")))
    found = [check for check in taken(made, "sklearn").checks if check.status is Status.FAIL]
    assert len(found) == 6
    assert "No flavor names it" in found[0].message
    assert found[-1].message.startswith("2 more files")
