"""Written whole or not at all; an output folder is replaced, anybody else's never."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mlops_actions import files
from mlops_actions.errors import CallError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    files.write_atomic(path, "old")
    with pytest.raises(TypeError):
        files.write_atomic(path, 3)  # type: ignore[arg-type]
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["f.txt"]


def test_a_byte_that_is_no_text_is_written_as_its_escape(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    name = os.fsdecode(b"\xff.csv")
    files.write_atomic(path, json.dumps(name, ensure_ascii=False))
    assert json.loads(path.read_text(encoding="utf-8")) == name


def test_a_run_replaces_what_an_earlier_run_left(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with files.replaced_folder(out) as folder:
        (folder / "old").touch()
    with files.replaced_folder(out) as folder:
        (folder / "new").touch()
    assert sorted(each.name for each in out.iterdir()) == [files.MARKER, "new"]
    assert [each.name for each in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [CallError("x"), KeyboardInterrupt(), RuntimeError()])
def test_a_run_that_breaks_off_leaves_no_verdict_new_or_old(tmp_path: Path, error: BaseException) -> None:
    out = tmp_path / "out"
    with files.replaced_folder(out) as folder:
        (folder / "verdict.json").touch()
    with pytest.raises(type(error)), files.replaced_folder(out) as folder:
        (folder / "verdict.json").touch()
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_no_run_made_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").touch()
    with pytest.raises(CallError, match="did not write"), files.replaced_folder(tmp_path / "home"):
        pass
    assert (tmp_path / "home" / "thesis.tex").exists()


def test_a_link_and_a_file_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(CallError), files.replaced_folder(tmp_path / name):
            pass
    assert (tmp_path / "file").exists()
    assert (tmp_path / "link").is_symlink()


def test_no_folder_is_replaced_through_a_link_out_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    (outside / "run").mkdir(parents=True)
    (outside / "run" / files.MARKER).touch()
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    Path(".mlops").symlink_to(outside)
    message = "symbolic link that leads out of the working directory"
    with pytest.raises(CallError, match=message), files.replaced_folder(Path(".mlops/run")):
        pass
    assert [each.name for each in outside.rglob("*")] == ["run", files.MARKER]
    with files.replaced_folder(outside / "run"):  # named on purpose
        pass
