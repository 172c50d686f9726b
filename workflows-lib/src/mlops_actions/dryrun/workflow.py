"""A workflow file as a typed model, with the place of everything that a finding may speak of.

Skeleton, to be filled: the names are the interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions.yamlfile import Document, Position


@dataclass(frozen=True, slots=True)
class Input:
    """An input of ``workflow_call`` or ``workflow_dispatch``."""

    name: str
    type: str
    required: bool
    default: Any
    options: tuple[str, ...]
    place: Position


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it is written; expressions stay text."""

    id: str
    name: str | None
    needs: tuple[str, ...]
    condition: str | None
    runs_on: Any
    uses: str | None
    with_: Mapping[str, Any]
    secrets: Any
    permissions: Any
    matrix: Any
    outputs: Mapping[str, Any]
    continue_on_error: Any
    steps: tuple[Mapping[str, Any], ...]
    place: Position


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow file: ``root`` is the checkout that it stands in, ``path`` its POSIX path there.

    ``document`` holds the data and all places; ``name`` is what GitHub shows.
    ``triggers`` maps an event to its filters (None where it has none).
    """

    root: Path
    path: str
    document: Document
    name: str
    triggers: Mapping[str, Mapping[str, Any]]
    jobs: Mapping[str, Job]
    permissions: Any
    call_inputs: Mapping[str, Input]
    call_outputs: Mapping[str, str]
    dispatch_inputs: Mapping[str, Input]


def load(repo: Path, relative: str) -> Workflow:
    """The workflow at ``relative`` in ``repo``.

    Raises CallError, with file and line, for a file that is absent, is not
    YAML, or has no shape of a workflow.
    """
    raise NotImplementedError
