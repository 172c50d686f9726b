"""What a stage reads from a model's releases, and how this library's own release goes."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlops_actions import model, released
from mlops_actions.errors import CallError
from mlops_actions.github.api import Client
from mlops_actions.github.desk import Draft, Refused

ROOT = Path(__file__).resolve().parents[3]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_script", ROOT / "scripts/release.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def add_release(
    github: Any, tag: str, profile: bytes | None, beside: dict[str, bytes] | None = None, **more: Any
) -> None:
    number = github.next_id()
    github.releases[number] = {"tag_name": tag, "draft": True, "prerelease": False, "body": "", "name": tag}
    for name, content in {**({} if profile is None else {"profile.json": profile}), **(beside or {})}.items():
        github.add_asset(number, name, content)
    github.releases[number] |= {"draft": False, **more}


def test_the_profile_of_the_newest_release_of_the_model(github: Any, client: Client, tmp_path: Path) -> None:
    add_release(github, "delay@v1.0.0", b"old")
    add_release(github, "delay@v1.1.0", b"wanted")
    add_release(github, "delay@v2.0.0-rc.1", b"pre-release", prerelease=True)
    add_release(github, "delay@v2.0.0", b"draft", draft=True)
    add_release(github, "delays@v9.0.0", b"another model's")
    source = released.Source("acme/delays", client)
    assert released.profile(source, "delay", None, tmp_path / "a").read_bytes() == b"wanted"
    assert released.profile(source, "delay", "delay@v1.0.0", tmp_path / "b").read_bytes() == b"old"
    assert github.violations == []


def test_what_training_left_beside_the_profile_comes_with_it(github: Any, client: Client, tmp_path: Path) -> None:
    add_release(github, "delay@v1.0.0", b"{}", {"importances.json": b'{"hour": 1}'})
    source = released.Source("acme/delays", client)
    found = released.profile(source, "delay", None, tmp_path / "a")
    assert found.with_name("importances.json").read_bytes() == b'{"hour": 1}'
    assert github.violations == []


def packed(folder: Path) -> dict[str, bytes]:
    """What a release holds of a model."""
    (folder / "made").mkdir(parents=True)
    (folder / "made" / "MLmodel").write_text("flavors:\n  by_hand: {}\n")
    model.pack(folder / "made", folder / model.PACKED)
    signature = json.dumps({"tag": "of the bundle", "model_sha256": model.digest(folder / "made")})
    return {model.PACKED: (folder / model.PACKED).read_bytes(), released.SIGNATURE: signature.encode()}


def test_the_model_of_the_newest_release(github: Any, client: Client, tmp_path: Path) -> None:
    source = released.Source("acme/delays", client)
    assert released.model_of(source, "delay", None, tmp_path / "a").absent == "delay has no release yet"
    add_release(github, "delay@v1.0.0", b"{}", packed(tmp_path / "one"))
    add_release(github, "delays@v9.0.0", b"another model's")
    found = released.model_of(source, "delay", None, tmp_path / "a")
    assert (found.tag, found.looked) == ("delay@v1.0.0", True)
    assert found.folder is not None
    assert model.digest(found.folder) == model.digest(tmp_path / "one" / "made")
    assert github.violations == []


@pytest.mark.parametrize(
    ("name", "status", "says"),
    [("delay@v2.0.0", None, "is not there"), (None, None, "holds no mlflow-model.zip"), (None, 403, "cannot be read")],
)
def test_a_champion_that_cannot_be_had_is_no_champion_that_is_missing(
    github: Any, client: Client, fault: Callable[..., None], tmp_path: Path, name: str | None, status: int, says: str
) -> None:
    """Only a repository that answers, and has no release, has no champion."""
    add_release(github, "delay@v1.0.0", b"{}")
    if status:
        fault(status, on="GET")
    with pytest.raises(CallError, match=says):
        released.model_of(released.Source("acme/delays", client), "delay", name, tmp_path / "a")


def test_a_release_that_is_not_there_or_holds_no_profile_says_what_to_do(
    github: Any, client: Client, tmp_path: Path
) -> None:
    source = released.Source("acme/delays", client)
    with pytest.raises(CallError, match=r"the newest release of delay is not there.*input `reference`"):
        released.profile(source, "delay", None, tmp_path / "a")
    add_release(github, "delay@v1.0.0", None)
    with pytest.raises(CallError, match=r"holds no profile\.json"):
        released.profile(source, "delay", None, tmp_path / "b")


def test_a_dry_run_reads_the_bundle_of_an_earlier_one(tmp_path: Path) -> None:
    kept = tmp_path / "earlier/artifacts/edge-release-bundle/bundle/profile.json"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"{}")
    assert released.profile(released.Source("", None, (tmp_path / "earlier",)), "delay", None, tmp_path / "a") == kept
    with pytest.raises(CallError, match="there is no GitHub here"):
        released.profile(released.Source("", None), "delay", None, tmp_path / "a")


@pytest.fixture(name="draft")
def _draft(github: Any, tmp_path: Path) -> Draft:
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "SHA256SUMS").write_bytes(b"sums")
    commit = "c" * 40
    github.tags["v1.2.0"] = commit
    return Draft("v1.2.0", commit, "notes", folder, {"SHA256SUMS": hashlib.sha256(b"sums").hexdigest()})


@pytest.mark.parametrize("before", [{}, {"v1": "b" * 40}])
def test_the_major_versions_tag_moves_after_the_release(
    github: Any, client: Client, draft: Draft, before: dict[str, str]
) -> None:
    github.tags |= before
    address = script().publish(client, "acme/delays", draft)
    assert address.startswith("https://github.com/acme/delays/releases/")
    (kept,) = github.releases.values()
    assert not kept["draft"]
    assert github.tags["v1"] == draft.commit
    published = next(
        at for at, call in enumerate(github.calls) if call.lower().startswith("patch") and "releases" in call
    )
    assert all(at > published for at, call in enumerate(github.calls) if "git/refs" in call)
    assert github.violations == []


@pytest.mark.parametrize(
    ("tag", "state", "moves"),
    [
        ("v1.10.0", {}, False),  # ten is more than two
        ("v1.2.1", {}, False),
        ("v1.10.0", {"draft": True}, True),
        ("v1.1.9", {}, True),
        ("v2.0.0", {}, True),
        ("delay@v1.10.0", {}, True),
    ],
)
def test_the_major_versions_tag_does_not_move_back(
    github: Any, client: Client, draft: Draft, tag: str, state: dict[str, Any], moves: bool
) -> None:
    add_release(github, tag, None, **state)
    github.tags |= {"v1": "b" * 40}
    script().publish(client, "acme/delays", draft)
    assert any(each["tag_name"] == draft.tag and not each["draft"] for each in github.releases.values())
    assert github.tags["v1"] == (draft.commit if moves else "b" * 40)
    assert github.violations == []


def test_the_major_versions_tag_stays_when_the_release_is_refused(github: Any, client: Client, draft: Draft) -> None:
    github.tags |= {"v1": "b" * 40, "v1.2.0": "d" * 40}
    with pytest.raises(Refused, match="the tag is on dddddddddddd"):
        script().publish(client, "acme/delays", draft)
    assert github.tags["v1"] == "b" * 40
    assert github.releases == {}


@pytest.mark.parametrize("tag", ["v1", "1.2.3", "v1.2.3-rc1", "v01.2.3", "v1.2.3\n", "flight-delay@v1.2.3"])
def test_only_a_version_of_the_library_is_released(tag: str) -> None:
    with pytest.raises(SystemExit, match=r"vX\.Y\.Z"):
        script().major(tag)


def test_what_is_released_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    release = script()
    for name in ("a", "b"):
        release.make_assets("HEAD", tmp_path / name)
    sums = (tmp_path / "a" / "SHA256SUMS").read_text(encoding="utf-8")
    assert sums == (tmp_path / "b" / "SHA256SUMS").read_text(encoding="utf-8")
    assert "verdict-v1.schema.json" in sums
    done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "a", check=False)
    assert done.returncode == 0
