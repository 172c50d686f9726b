"""Every pickle is found: by what the flavor says, by name, and by content, whatever it is wrapped in."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions import model
from mlops_actions.training import pickles

Write = Callable[[Path, dict[str, str]], Path]

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Estimator:
    """Stands for an estimator: pickling it names a class, and loading it imports that."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner


def found_in(folder: Path) -> dict[str, pickles.Pickle]:
    return {each.file: each for each in pickles.find(model.read(folder))}


@given(
    inner=PLAIN,
    protocol=st.integers(0, pickle.HIGHEST_PROTOCOL),
    wrap=st.sampled_from([bytes, gzip.compress, zlib.compress, bz2.compress, lzma.compress]),
)
def test_a_pickled_object_is_found_whatever_its_protocol_and_compression(
    tmp_path_factory: pytest.TempPathFactory, inner: Any, protocol: int, wrap: Callable[[bytes], bytes]
) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "MLmodel").write_text("flavors: {custom: {data: weights}}\n")
    (folder / "weights").write_bytes(wrap(pickle.dumps(Estimator(inner), protocol)))
    assert found_in(folder)["weights"].flavors == ("custom",)


@given(st.text(max_size=300) | PLAIN.filter(lambda data: not isinstance(data, bytes)))
def test_text_and_json_are_no_pickles(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "MLmodel").write_text("flavors: {custom: {data: weights}}\n")
    text = data if isinstance(data, str) else json.dumps(data, default=repr)
    (folder / "weights").write_text(text, encoding="utf-8", errors="replace")
    assert not found_in(folder)


def test_a_model_without_one(tmp_path: Path, model_files: dict[str, str], write_files: Write) -> None:
    folder = write_files(tmp_path / "model", model_files)
    with zipfile.ZipFile(folder / "model.skops", "w") as archive:
        archive.writestr("schema.json", '{"__class__": "Pipeline"}')
        archive.writestr("1.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }\n")
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "pad": "x" * 1080}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert len(header) // 256 == 4 and (folder / "model.safetensors").read_bytes()[1] == 4
    (folder / "weights.npy").write_bytes(
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n" + bytes(8)
    )
    assert not found_in(folder)


def test_what_a_flavor_says_of_itself(tmp_path: Path, model_files: dict[str, str], write_files: Write) -> None:
    model_files["MLmodel"] = model_files["MLmodel"].replace(
        "serialization_format: skops", "serialization_format: cloudpickle"
    )
    found = found_in(write_files(tmp_path / "model", model_files))
    assert list(found) == ["model.skops"]
    assert "serialization_format: cloudpickle" in found["model.skops"].reason
    assert set(found["model.skops"].flavors) == {"python_function", "sklearn"}


def test_a_flavor_whose_pickle_is_not_there_is_found_too(
    tmp_path: Path, model_files: dict[str, str], write_files: Write
) -> None:
    model_files["MLmodel"] = "flavors: {python_function: {python_model: gone, cloudpickle_version: 3.1.2}}\n"
    found = found_in(write_files(tmp_path / "model", model_files))
    assert found["MLmodel"].flavors == ("python_function",)


@pytest.mark.parametrize("name", ["model.pkl", "artifacts/encoder.JOBLIB", "x.pickle.gz", "a.cloudpickle", "b.dill.v2"])
def test_a_name_that_says_so(tmp_path: Path, model_files: dict[str, str], write_files: Write, name: str) -> None:
    found = found_in(write_files(tmp_path / "model", model_files | {name: "whatever"}))
    assert list(found) == [name]
    assert found[name].flavors == ()


def test_pytorch_and_numpy_wrap_pickles(tmp_path: Path, model_files: dict[str, str], write_files: Write) -> None:
    folder = write_files(tmp_path / "model", model_files)
    with zipfile.ZipFile(folder / "model.pt", "w") as archive:
        archive.writestr("model/version", "3")
        archive.writestr("model/data/0", bytes(64))
        archive.writestr("model/table", pickle.dumps(Estimator(1), 2))
    (folder / "objects.npy").write_bytes(
        b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n" + pickle.dumps([{}], 3)
    )
    found = found_in(folder)
    assert set(found) == {"model.pt", "objects.npy"}
    assert "model/table" in found["model.pt"].reason


def test_a_large_pickle_is_found_by_its_beginning(
    tmp_path: Path, model_files: dict[str, str], write_files: Write
) -> None:
    folder = write_files(tmp_path / "model", model_files)
    (folder / "many").write_bytes(pickle.dumps([float(each) for each in range(100_000)]))
    (folder / "long").write_bytes(pickle.dumps(bytes(200_000)))
    (folder / "cut").write_bytes(pickle.dumps(Estimator([1, 2]))[:-3] + b"garbage")
    assert set(found_in(folder)) == {"many", "long", "cut"}


def test_a_damaged_archive_is_no_crash(tmp_path: Path, model_files: dict[str, str], write_files: Write) -> None:
    folder = write_files(tmp_path / "model", model_files)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.txt", "text" * 1000)
    (folder / "cut.zip").write_bytes(whole.getvalue()[:-20])
    damaged = bytearray(whole.getvalue())
    damaged[40:60] = bytes(20)
    (folder / "damaged.zip").write_bytes(damaged)
    assert not found_in(folder)
