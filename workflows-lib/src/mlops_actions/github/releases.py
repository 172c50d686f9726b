"""A repository's releases, as far as a stage reads from them: which is the newest of a model, what is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlops_actions.github.api import ApiError, Client, repository


def newest(client: Client, owner_name: str, wanted: Callable[[str], bool]) -> dict[str, Any] | None:
    """The newest published release whose tag is ``wanted``, or None. Drafts and pre-releases do not count.

    GitHub lists releases from the newest. Raises ApiError.
    """
    owner, name = repository(owner_name)
    for release in client.pages("repos", owner, name, "releases"):
        if not release["draft"] and not release["prerelease"] and wanted(release["tag_name"]):
            found: dict[str, Any] = release
            return found
    return None


def by_tag(client: Client, owner_name: str, tag: str) -> dict[str, Any] | None:
    """The published release of a tag, or None. Raises ApiError."""
    owner, name = repository(owner_name)
    try:
        found: dict[str, Any] = client.get("repos", owner, name, "releases", "tags", tag)
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return found


def fetch_asset(client: Client, owner_name: str, release: dict[str, Any], asset: str, target: Path) -> bool:
    """Write a release's asset to ``target``, its digest checked where GitHub gives one; False where there is none.

    Raises ApiError.
    """
    owner, name = repository(owner_name)
    for each in release["assets"]:
        if each["name"] == asset:
            client.download(
                "repos", owner, name, "releases", "assets", each["id"], target=target, digest=each.get("digest")
            )
            return True
    return False
