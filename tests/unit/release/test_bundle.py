"""The bundle: the same bytes for the same inputs, and nothing in it that its sums do not know."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions.outcome import Outcome
from mlops_actions.release import bundle
from mlops_actions.release.bundle import Broken, Contents
from mlops_actions.release.tag import Version


@pytest.fixture
def contents(tmp_path: Path, train: Callable[..., Path], exporter: Callable[..., Outcome]) -> Contents:
    folder = train()
    (tmp_path / "export").mkdir()
    exporter(folder / "model", None, tmp_path / "export", name="<img src=x> | `a` @team")
    manifest = json.loads((tmp_path / "export/manifest.json").read_text(encoding="utf-8"))
    files = {"model.onnx": tmp_path / "export/model.onnx", "MODEL_CARD.md": folder / "MODEL_CARD.md"}
    return Contents(Version("delay", "1.0.0"), "c" * 40, manifest, files, {"auc": 0.65, "<b>|x": 1.0}, "the path @evil")


def test_the_same_inputs_give_the_same_bytes(contents: Contents, tmp_path: Path) -> None:
    for name in ("one", "two"):
        bundle.write(contents, tmp_path / name)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert set(one) == {"model.onnx", "MODEL_CARD.md", "signature.json", "RELEASE_NOTES.md", "SHA256SUMS"}


def test_the_sums_are_those_that_sha256sum_checks(contents: Contents, tmp_path: Path) -> None:
    bundle.write(contents, tmp_path / "b")
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path / "b", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 4
    assert set(bundle.check(tmp_path / "b")) == {path.name for path in (tmp_path / "b").iterdir()}
    assert bundle.version_of(tmp_path / "b") == ("delay@v1.0.0", "c" * 40)


def test_a_bundle_that_was_changed_is_broken(contents: Contents, tmp_path: Path) -> None:
    def changed(name: str, text: str) -> Callable[[Path], object]:
        return lambda folder: (folder / name).write_text(text, encoding="utf-8")

    changes: list[Callable[[Path], object]] = [
        changed("model.onnx", "other"),
        changed("extra", "x"),
        lambda folder: (folder / "MODEL_CARD.md").unlink(),
        lambda folder: (folder / "SHA256SUMS").unlink(),
        changed("SHA256SUMS", f"{'0' * 64}  ../../etc/passwd\n"),
        changed("SHA256SUMS", "not sums"),
    ]
    bundle.write(contents, tmp_path / "b")
    for number, change in enumerate(changes):
        copy = tmp_path / f"b{number}"
        shutil.copytree(tmp_path / "b", copy)
        change(copy)
        with pytest.raises(Broken):
            bundle.check(copy)


def test_notes_show_data_as_text(contents: Contents) -> None:
    notes = bundle.notes(contents)
    assert "<img" not in notes
    assert "<b>" not in notes
    assert "@team" not in notes.replace("<span>@</span>", "")
    cells = [line.replace("\\|", "").count("|") for line in notes.splitlines() if "img src" in line]
    assert cells == [6, 6], "a pipe in a name ends no cell"
