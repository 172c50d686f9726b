"""The event that a dry run plays: its name, payload, ref, and the files that it changed.

Skeleton, to be filled: the names are the interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event. ``payload`` is ``github.event`` (from the event file, else synthesized).

    ``ref`` is full (``refs/heads/main``, ``refs/tags/v1``, ``refs/pull/1/merge``),
    ``ref_type`` is ``branch`` or ``tag``; ``base_ref`` and ``head_ref`` are
    empty but for pull requests. ``changed`` are POSIX paths relative to the
    repository's root, None where nothing says which. ``complete`` says that the
    payload came from a file, so that what it lacks is null and not unknown.
    """

    name: str
    payload: Mapping[str, Any]
    ref: str
    ref_name: str
    ref_type: str
    sha: str
    base_ref: str
    head_ref: str
    changed: tuple[str, ...] | None
    actor: str
    repository: str  # "owner/name", from the remote origin; "local/<folder>" where there is none
    complete: bool


def read(repo: Path, name: str, event_file: Path | None, ref: str | None) -> Event:
    """The event ``name`` (default of the command: ``push``) in the repository at ``repo``.

    Raises CallError for an unknown event, an event file that is no JSON object,
    a ref that cannot be told (a detached HEAD and no ``ref``).
    """
    raise NotImplementedError
