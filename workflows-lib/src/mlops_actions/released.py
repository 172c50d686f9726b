"""What a model's releases hold for another stage: the profile of the data that trained it, and what lies beside it.

Read over GitHub's API (``contents: read``). In a dry run there is none; there
the bundle in an earlier dry run's folder stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops_actions import importances
from mlops_actions.errors import CallError, Problem
from mlops_actions.github import releases
from mlops_actions.github.api import ApiError, Client

PROFILE = "profile.json"
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
