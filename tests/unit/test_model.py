"""A model's identity is what `sha256sum` says of its files; MLmodel is read, and what is no model is refused."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions import model
from mlops_actions.model import NotAModel

MLMODEL = """\
flavors:
  python_function: {loader_module: mlflow.sklearn, model_path: model.skops, python_version: 3.12.1}
  sklearn: {pickled_model: model.skops, serialization_format: skops, sklearn_version: 1.9.1}
mlflow_version: 3.17.2
signature:
  inputs: '[{"type": "long", "name": "hour"}, {"type": "string", "name": "x", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]'
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text(MLMODEL)
    (folder / "model.skops").write_bytes(b"\0\1\2")
    (folder / "data" / "more.bin").write_bytes(b"more")
    (folder / "requirements.txt").write_text("# pinned\nscikit-learn==1.9.1\n\nskops==0.16.0")
    return folder


def by_sha256sum(folder: Path) -> str:
    """The digest as the docstring and the docs say that anybody can compute it."""
    script = r"find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum -- | sha256sum"
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


@pytest.mark.skipif(shutil.which("sha256sum") is None or os.uname().sysname != "Linux", reason="needs GNU's tools")
@settings(max_examples=25, deadline=None)
@given(
    files=st.dictionaries(
        st.text(st.characters(exclude_characters="/\n\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
            lambda name: name not in {".", ".."}
        ),
        st.binary(max_size=50),
        min_size=1,
        max_size=8,
    )
)
def test_the_digest_is_what_sha256sum_says(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    for index, (name, content) in enumerate(files.items()):
        place = folder / ("sub" if index % 2 else ".")
        place.mkdir(exist_ok=True)
        (place / f"{name}_").write_bytes(content)
    assert model.digest(folder) == by_sha256sum(folder)


def test_the_digest_changes_with_content_and_with_names_alone(folder: Path) -> None:
    before = model.digest(folder)
    os.utime(folder / "model.skops", (1, 1))
    (folder / "empty").mkdir()
    assert model.digest(folder) == before
    (folder / "data" / "more.bin").rename(folder / "data" / "most.bin")
    renamed = model.digest(folder)
    (folder / "data" / "most.bin").write_bytes(b"other")
    assert len({before, renamed, model.digest(folder)}) == 3


def test_it_reads_what_mlmodel_says(folder: Path) -> None:
    found = model.read(folder)
    assert found.native == ("sklearn",)
    assert found.signature is not None
    assert [(each.name, each.type, each.required) for each in found.signature.inputs] == [
        ("hour", "long", True),
        ("x", "string", False),
    ]
    assert [each.type for each in found.signature.outputs] == ["tensor(float64)"]
    assert (found.python, found.mlflow) == ("3.12.1", "3.17.2")
    assert found.requirements == ("scikit-learn==1.9.1", "skops==0.16.0")
    assert found.example is None


def test_the_input_example_is_looked_for_inside_only(folder: Path) -> None:
    (folder / "input_example.json").write_text("{}")
    example = model.read(folder).example
    assert example is not None and example.name == "input_example.json"
    (folder.parent / "secret.json").write_text("{}")
    (folder / "MLmodel").write_text(MLMODEL + "saved_input_example_info: {artifact_path: ../secret.json}\n")
    assert model.read(folder).example is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "holds no mapping"),
        ("a: [", "cannot be read"),
        ("mlflow_version: 3.17.2", "names no flavor"),
        ("flavors: [sklearn]", "names no flavor"),
        ("flavors: {sklearn: skops}", "names no flavor"),
        ("flavors: {sklearn: {}}\nflavors: {torch: {}}", "stands twice"),
    ],
)
def test_an_mlmodel_that_says_nothing_useful_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "MLmodel").write_text(text)
    with pytest.raises(NotAModel, match=message):
        model.read(folder)


@pytest.mark.parametrize("signature", ["null", "{inputs: null}", "{inputs: 'no JSON'}", "{inputs: '[]'}", "text"])
def test_a_signature_without_inputs_is_none(folder: Path, signature: str) -> None:
    (folder / "MLmodel").write_text(f"flavors: {{sklearn: {{}}}}\nsignature: {signature}\n")
    assert model.read(folder).signature is None


def test_a_folder_without_mlmodel_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(NotAModel, match="no file `MLmodel`"):
        model.read(tmp_path)
    with pytest.raises(NotAModel, match="holds no file"):
        model.digest(tmp_path)


def test_links_inside_become_files_and_others_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "again.skops").symlink_to("model.skops")
    model.copy(folder, tmp_path / "kept")
    assert not (tmp_path / "kept" / "again.skops").is_symlink()
    assert model.digest(tmp_path / "kept") == model.digest(folder)

    (tmp_path / "secret").write_text("key")
    for target, message in {
        "../secret": "out of the model's directory",
        "/etc/hostname": "out of the model's directory",
        "data": "link to a folder",
        "..": "out of the model's directory",
        "nowhere": "leads nowhere",
    }.items():
        (folder / "link").symlink_to(target)
        with pytest.raises(NotAModel, match=message):
            model.copy(folder, tmp_path / "refused")
        assert not (tmp_path / "refused").exists()
        (folder / "link").unlink()


def test_what_is_neither_file_nor_folder_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(NotAModel, match="neither a file nor a folder"):
        model.digest(folder)


def nested(content: bytes, names: int) -> bytes:
    """An archive whose files each hold all that follow them, so that a few bytes more are one more of ``content``."""
    data, headers = content, []
    for number in reversed(range(names)):
        name = f"f{number:04}".encode()
        common = struct.pack("<5H3L2H", 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name), 0)
        data = b"PK\x03\x04" + common + name + data
        headers.append((common, name, len(data)))
    made = b"".join(
        b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, len(data) - left) + name
        for common, name, left in reversed(headers)
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, names, names, len(made), len(data), 0)
    return data + made + end


def test_an_archive_of_files_within_each_other_is_refused(tmp_path: Path) -> None:
    """Python 3.11 before its eighth release reads them, and a file of 10 MB unpacks to any size."""
    (tmp_path / "model.zip").write_bytes(nested(b"x" * 10_000, 50))
    with pytest.raises(NotAModel, match="lie within each other"):
        model.unpack(tmp_path / "model.zip", tmp_path / "model")
    assert not (tmp_path / "model").exists()
