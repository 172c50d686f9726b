"""What a model's releases hold for another stage: the profile of its data with what lies beside it, and the model.

Read over GitHub's API (``contents: read``). In a dry run there is none; there
the bundle in an earlier dry run's folder stands in.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlops_actions import importances, jsonfile
from mlops_actions import model as models
from mlops_actions.errors import CallError, Problem
from mlops_actions.github import releases
from mlops_actions.github.api import ApiError, Client

PROFILE = "profile.json"
SIGNATURE = "signature.json"
"""Says which version a bundle is, and the digest of its model."""
FOUND = "released.json"
BESIDE = (importances.NAME, "metrics.json")
"""What a release may hold of the training beside the profile, and a drift check looks for there."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where releases are: a repository (``owner/name``) behind a client, or folders of earlier dry runs."""

    repository: str
    client: Client | None
    served: tuple[Path, ...] = ()


def profile(source: Source, model: str | None, tag: str | None, into: Path) -> Path:
    """The profile in the release ``tag``, or in the newest release of ``model``; a file.

    What else of BESIDE the release holds lies in the same folder. Raises
    CallError where there is no profile, with what to do.
    """
    for root in source.served:
        for found in sorted(root.glob(f"artifacts/*/bundle/{PROFILE}")):
            return found
    what = f"the release {tag}" if tag else f"the newest release of {model}"
    hint = "Name a reference: input `reference`, or `drift.reference` in mlops.yaml."
    if source.client is None or not source.repository:
        hint += " Or give a dry run the output folder of an earlier one that released (--from DIR)."
        raise CallError(Problem(f"{what} cannot be asked for its profile: there is no GitHub here", hint=hint))
    try:
        release = _find(source.client, source.repository, model, tag)
        if release is None:
            raise CallError(Problem(f"{what} is not there", hint=hint))
        into.mkdir()
        if not releases.fetch_asset(source.client, source.repository, release, PROFILE, into / PROFILE):
            raise CallError(Problem(f"{what} ({release['tag_name']}) holds no {PROFILE}", hint=hint))
        for name in BESIDE:
            releases.fetch_asset(source.client, source.repository, release, name, into / name)
    except ApiError as error:
        raise CallError(Problem(f"{what} cannot be read: {error}", hint=hint)) from error
    return into / PROFILE


def _find(client: Client, repository: str, model: str | None, tag: str | None) -> dict[str, object] | None:
    if tag:
        return releases.by_tag(client, repository, tag)
    return releases.newest(client, repository, lambda name: name.startswith(f"{model}@v"))


@dataclass(frozen=True, slots=True)
class Released:
    """A released model: its directory here, and its tag. Without a model, ``absent`` says why.

    ``looked`` is False where no one could be asked whether there is one.
    """

    folder: Path | None
    tag: str = ""
    absent: str = ""
    looked: bool = True


def model_of(source: Source, name: str, tag: str | None, into: Path) -> Released:
    """The model in the release ``tag``, or in the newest release of the model ``name``, unpacked into ``into``.

    What was found is kept there for :func:`kept`. Raises CallError where a
    release is named and not there, holds no model, or another than it says, and
    where GitHub does not answer.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    found = _model(source, name, tag, into)
    facts = {"tag": found.tag, "absent": found.absent, "looked": found.looked, "model": found.folder is not None}
    (into / FOUND).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return found


def kept(into: Path) -> Released:
    """What :func:`model_of` left in ``into``. Raises CallError where that is nothing."""
    try:
        facts = jsonfile.read(into / FOUND)
        folder = into / "model" if facts["model"] else None
        return Released(folder, str(facts["tag"]), str(facts["absent"]), bool(facts["looked"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CallError(Problem("holds nothing that `mlops locate champion` left", str(into))) from error


def _model(source: Source, name: str, tag: str | None, into: Path) -> Released:
    what = f"the release {tag}" if tag else f"the newest release of {name}"
    hint = "Name the champion otherwise: `training.champion.model` in mlops.yaml."
    for bundle, said in _served(source.served):
        if (said == tag) if tag else said.startswith(f"{name}@v"):
            return _unpacked(bundle / models.PACKED, bundle / SIGNATURE, said, into)
    if source.client is None or not source.repository:
        if tag:
            raise CallError(Problem(f"{what} cannot be asked for its model: there is no GitHub here", hint=hint))
        return Released(None, absent=f"there is no GitHub here to ask for {what}", looked=False)
    try:
        release = _find(source.client, source.repository, name, tag)
        if release is None and tag:
            raise CallError(Problem(f"{what} is not there", hint=hint))
        if release is None:
            return Released(None, absent=f"{name} has no release yet")
        for asset in (models.PACKED, SIGNATURE):
            if not releases.fetch_asset(source.client, source.repository, release, asset, into / asset):
                raise CallError(Problem(f"{what} ({release['tag_name']}) holds no {asset}", hint=hint))
    except ApiError as error:
        raise CallError(Problem(f"{what} cannot be read: {error}", hint=hint)) from error
    return _unpacked(into / models.PACKED, into / SIGNATURE, str(release["tag_name"]), into)


def _served(folders: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """The bundles that earlier dry runs left, and their tags."""
    for root in folders:
        for signature in sorted(root.glob(f"artifacts/*/bundle/{SIGNATURE}")):
            yield signature.parent, str(jsonfile.read(signature)["tag"])


def _unpacked(packed: Path, signature: Path, tag: str, into: Path) -> Released:
    try:
        digest = jsonfile.read(signature)["model_sha256"]
        models.unpack(packed, into / "model")
        found = models.digest(into / "model")
    except (OSError, ValueError, KeyError, TypeError, models.NotAModel) as error:
        raise CallError(Problem(f"the model in the release {tag} cannot be read: {error}")) from error
    if found != digest:
        raise CallError(Problem(f"the model in the release {tag} is sha256:{found}, and its {SIGNATURE} says {digest}"))
    return Released(into / "model", tag)
