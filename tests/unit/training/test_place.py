"""What stood where the command writes is put aside, comes back unless a new model was recorded, and is the command's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import CallError
from mlops_actions.training import place
from mlops_actions.verdict import Where


@pytest.fixture(name="model")
def _model(tmp_path: Path) -> Path:
    """An old model in build/model, with its metrics inside."""
    model = tmp_path / "build" / "model"
    model.mkdir(parents=True)
    (model / "MLmodel").write_text("old")
    (model / "metrics.json").write_text("old")
    return model


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


OLD = {"build/model/MLmodel": "old", "build/model/metrics.json": "old"}


def test_nothing_stands_there_while_the_command_runs(tmp_path: Path, model: Path) -> None:
    with place.vacated(model, model / "metrics.json", tmp_path / "out" / "metrics.json"):
        assert not model.exists()
        assert (tmp_path / "out").is_dir()
    assert tree(tmp_path) == OLD


def test_what_is_new_replaces_what_was(tmp_path: Path, model: Path) -> None:
    with place.vacated(model, model / "metrics.json") as room:
        model.mkdir()
        (model / "MLmodel").write_text("new")
        room.recorded = True
    assert tree(tmp_path) == {"build/model/MLmodel": "new"}
    assert [path.name for path in model.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("as_file", [False, True])
def test_what_was_half_written_makes_way_for_what_was(tmp_path: Path, model: Path, as_file: bool) -> None:
    with place.vacated(model, model / "metrics.json"):
        if as_file:
            model.write_text("half")
        else:
            model.mkdir()
            (model / "half").write_text("half")
    assert tree(tmp_path) == OLD
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_what_was_half_written_stays_where_nothing_was(tmp_path: Path) -> None:
    with place.vacated(tmp_path / "model"):
        (tmp_path / "model").write_text("half")
    assert tree(tmp_path) == {"model": "half"}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_run_loses_nothing(tmp_path: Path, model: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), place.vacated(model):
        raise error
    assert tree(tmp_path) == OLD


def test_it_comes_back_even_where_the_command_removed_the_folder_around_it(tmp_path: Path) -> None:
    metrics = tmp_path / "metrics.json"
    metrics.write_text("old")
    with place.vacated(metrics, tmp_path / "deep" / "er" / "model"):
        (tmp_path / "deep" / "er").rmdir()
        (tmp_path / "deep").rmdir()
    assert tree(tmp_path) == {"metrics.json": "old"}


@pytest.mark.parametrize("path", [".", "", "..", "../other", "build/../..", "/etc", "a\0b"])
def test_a_path_that_is_not_the_commands_own_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(CallError, match=r"training\.model: .* is not a path below the working directory"):
        place.inside(path, tmp_path, "training.model")


def test_a_link_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "build").symlink_to(outside)
    with pytest.raises(CallError, match="leads through a symbolic link"):
        place.inside("build/model", root, "training.model")
    with pytest.raises(CallError, match="leads through a symbolic link"):
        place.inside("build", root, "training.model")


def test_a_path_through_a_file_is_refused_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    with pytest.raises(CallError) as caught:
        place.inside("train.py/deep/model", tmp_path, "training.model", Where(file="mlops.yaml", line=3, character=5))
    (problem,) = caught.value.problems
    assert "leads through 'train.py', which is a file" in problem.message
    assert (problem.file, problem.line, problem.column) == ("mlops.yaml", 3, 5)


def test_a_path_below_the_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert place.inside("build/./x/../model", tmp_path, "training.model") == tmp_path / "build" / "model"
