"""The model in a release: from GitHub by its published description, or from what an earlier dry run left."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from mlops_actions import model, released
from mlops_actions.errors import CallError
from mlops_actions.model import NotAModel
from mlops_actions.released import Source

FILES = {"MLmodel": b"flavors:\n  by_hand: {}\n", "data/model.bin": b"\x00\x01", "data/more/x.txt": b"x"}


def write(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def bundle(root: Path, tag: str = "delay@v1.0.0", digest: str | None = None) -> Path:
    """What a dry run that releases leaves: the bundle, as an artifact."""
    folder = root / "artifacts" / "edge-release-bundle" / "bundle"
    folder.mkdir(parents=True)
    made = write(root / "made")
    model.pack(made, folder / model.PACKED)
    signature = {"tag": tag, "model_sha256": digest or model.digest(made)}
    (folder / released.SIGNATURE).write_text(json.dumps(signature))
    return folder


def test_a_packed_model_is_the_same_model_and_always_the_same_bytes(tmp_path: Path) -> None:
    one = write(tmp_path / "one")
    two = write(tmp_path / "two")
    (two / "MLmodel").touch()
    (two / "data" / "model.bin").chmod(0o755)
    model.pack(one, tmp_path / "one.zip")
    model.pack(two, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    model.unpack(tmp_path / "one.zip", tmp_path / "again")
    assert model.digest(tmp_path / "again") == model.digest(one)


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "a//b", "a\\..\\out", "."])
def test_an_archive_whose_names_lead_out_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with pytest.raises(NotAModel, match="nothing that this library packs"):
        model.unpack(tmp_path / "it.zip", tmp_path / "deep" / "in")
    assert not (tmp_path / "out").exists() and not (tmp_path / "deep" / "out").exists()


def test_an_archive_that_this_library_did_not_pack_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "small.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("large", b"\0" * 10_000_000)
    with pytest.raises(NotAModel, match="nothing that this library packs"):
        model.unpack(tmp_path / "small.zip", tmp_path / "large")
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(NotAModel, match="nothing that this library packs"):
        model.unpack(tmp_path / "link.zip", tmp_path / "linked")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "small.zip").read_bytes()[:-40])
    with pytest.raises(NotAModel, match="cannot be unpacked"):
        model.unpack(tmp_path / "cut.zip", tmp_path / "cut")


def test_the_model_that_a_dry_run_released(tmp_path: Path) -> None:
    bundle(tmp_path / "tag")
    found = released.model_of(Source("o/r", None, (tmp_path, tmp_path / "tag")), "delay", None, tmp_path / "into")
    assert (found.tag, found.folder) == ("delay@v1.0.0", tmp_path / "into" / "model")
    assert model.digest(tmp_path / "into" / "model") == model.digest(tmp_path / "tag" / "made")
    assert released.kept(tmp_path / "into") == found


@pytest.mark.parametrize(("name", "tag"), [("delay-two", None), ("dela", None), ("delay", "delay@v2.0.0")])
def test_another_model_and_another_version_are_not_taken(tmp_path: Path, name: str, tag: str | None) -> None:
    bundle(tmp_path / "tag")
    source = Source("o/r", None, (tmp_path / "tag",))
    if tag is None:
        found = released.model_of(source, name, None, tmp_path / "into")
        assert (found.folder, found.looked) == (None, False)
        assert released.kept(tmp_path / "into") == found
    else:
        with pytest.raises(CallError, match="there is no GitHub here"):
            released.model_of(source, name, tag, tmp_path / "into")


def test_a_model_that_is_not_what_its_release_says(tmp_path: Path) -> None:
    bundle(tmp_path / "tag", digest=hashlib.sha256(b"another").hexdigest())
    with pytest.raises(CallError, match=r"the release delay@v1.0.0 is sha256:[0-9a-f]{64}, and its signature.json"):
        released.model_of(Source("o/r", None, (tmp_path / "tag",)), "delay", None, tmp_path / "into")


def test_what_an_earlier_look_left_is_gone(tmp_path: Path) -> None:
    bundle(tmp_path / "tag")
    released.model_of(Source("o/r", None, (tmp_path / "tag",)), "delay", None, tmp_path / "into")
    released.model_of(Source("o/r", None), "delay", None, tmp_path / "into")
    assert {path.name for path in (tmp_path / "into").iterdir()} == {released.FOUND}


def test_a_folder_in_which_nobody_looked(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="mlops locate champion"):
        released.kept(tmp_path)
