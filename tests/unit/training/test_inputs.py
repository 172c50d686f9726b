"""Declared inputs are found whatever they are, and hashed; the source is what git tracks or would track."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions.errors import CallError
from mlops_actions.training import inputs
from mlops_actions.verdict import Where

Write = Callable[[Path, dict[str, str]], Path]


def names(found: tuple[inputs.Input, ...]) -> list[str]:
    return [each.name for each in found]


@pytest.fixture(name="root")
def _root(tmp_path: Path, write_files: Write) -> Path:
    files = {"data/b.csv": "b", "data/a.csv": "a", "data/img/x.png": "x", "data/[1].csv": "odd", "train.py": "t"}
    return write_files(tmp_path / "root", files)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("data/*.csv",), ["data/[1].csv", "data/a.csv", "data/b.csv"]),
        (("data/[1].csv",), ["data/[1].csv"]),  # a file of that name comes before what the pattern would match
        (("data/[ab].csv", "data/a.csv"), ["data/a.csv", "data/b.csv"]),
        (("data",), ["data/[1].csv", "data/a.csv", "data/b.csv", "data/img/x.png"]),
        (("data/**",), ["data/[1].csv", "data/a.csv", "data/b.csv", "data/img/x.png"]),
        ((), []),
    ],
)
def test_files_folders_and_globs(root: Path, patterns: tuple[str, ...], expected: list[str]) -> None:
    assert names(inputs.find(patterns, root, "training.inputs")) == expected


def test_a_pattern_that_names_nothing_is_a_wrong_call(root: Path) -> None:
    for pattern in ("data/*.parquet", "dat"):
        with pytest.raises(CallError, match=f"data.path: no file matches '{pattern[:3]}"):
            inputs.find((pattern,), root, "data.path")


def test_a_folder_without_files_is_called_one_and_a_wrong_input_has_its_line(root: Path) -> None:
    (root / "empty" / "deep").mkdir(parents=True)
    at = Where(file="mlops.yaml", line=4, character=3)
    for pattern, words in (("empty", "the folder 'empty' holds no file"), ("gone", "no file matches 'gone'")):
        with pytest.raises(CallError) as caught:
            inputs.find((pattern,), root, "training.inputs", at)
        assert str(caught.value) == f"mlops.yaml:4:3: training.inputs: {words}"


def test_a_link_out_of_the_folder_is_a_wrong_call(root: Path) -> None:
    (root.parent / "secret").write_text("key")
    (root / "data" / "c.csv").symlink_to("../../secret")
    with pytest.raises(CallError, match="symbolic link out of the working directory"):
        inputs.find(("data",), root, "training.inputs")


def test_digests_are_of_the_bytes(root: Path) -> None:
    (subject,) = inputs.digests(inputs.find(("data/a.csv",), root, "x"))
    assert (subject.name, subject.sha256) == ("data/a.csv", hashlib.sha256(b"a").hexdigest())


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_source_is_the_commit_or_more_than_it(root: Path) -> None:
    assert inputs.source(root, ()) is None  # no repository
    (root / ".gitignore").write_text("build/\n")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    data = inputs.find(("data",), root, "x")
    first = inputs.source(root, data)
    assert first is not None and not first.changed
    assert first.subject.name == f"source@{git(root, 'rev-parse', 'HEAD')}"

    (root / "build").mkdir()
    (root / "build" / "model").write_text("ignored")
    (root / "data" / "a.csv").write_text("data are materials of their own")
    ignored = inputs.source(root, data)
    assert ignored == first

    (root / "new.py").write_text("not committed, but run")
    more = inputs.source(root, data)
    assert more is not None and more.changed and more.sha256 != first.sha256
    assert more.subject.name.endswith("+changes")


def test_the_repositorys_own_settings_start_no_program(root: Path) -> None:
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    git(root, "config", "core.fsmonitor", f"touch {root.parent / 'started'}")
    assert inputs.source(root, ()) is not None
    assert not (root.parent / "started").exists()


def test_what_this_library_writes_is_no_change(root: Path) -> None:
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    clean = inputs.source(root, ())
    (root / ".mlops" / "train").mkdir(parents=True)
    (root / ".mlops" / "train" / "train.log").write_text("not the project's")
    assert inputs.source(root, ()) == clean
    assert clean is not None and not clean.changed
