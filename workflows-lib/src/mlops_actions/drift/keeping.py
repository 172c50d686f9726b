"""Keeps the line of a check: on a branch where the token may write one, else in an artifact from run to run.

The artifact's content is written as a file into the folder of `mlops respond`,
and the workflow uploads that; no right to write is needed for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions import files
from mlops_actions.drift import history
from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.carried import Carried
from mlops_actions.github.lines import BranchFile

DENIED = frozenset({401, 403, 404})
"""What GitHub says to a token that may not."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a line, in words. ``text`` is what an artifact is to carry on, empty where a branch has it."""

    words: str
    text: str = ""


def artifact(name: str) -> str:
    """The artifact that carries the history of the checks that a workflow's input ``name`` tells apart."""
    return f"{name}-history"


def keep(body: Mapping[str, Any], client: Client, repository: str, carried: Carried | None, out: Path) -> Kept:
    """Keep a request's line. Raises ApiError where it may stand nowhere, ValueError for one that is no line.

    ``carried`` is None where nothing would upload what is written into ``out``.
    """
    # The job that wrote this has read data of anybody's: it may not say which file of the repository is written.
    entries, strange = history.parse(body["line"])
    if (len(entries), strange) != (1, 0) or "\n" in body["line"]:
        raise ValueError("not a line of a history")
    if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", body["model"]):
        raise ValueError("not a model's name")
    file = BranchFile(client, repository, history.BRANCH, history.path_of(body["model"]))
    try:
        file.append(body["line"], "A drift check")
    except ApiError as error:
        if carried is None or error.limited or error.status not in DENIED:
            raise
        return _carry(body, carried, out)
    return Kept(f"a line is added to {file.path} on the branch {file.branch}")


def _carry(body: Mapping[str, Any], carried: Carried, out: Path) -> Kept:
    """Write the artifact's next content: what the newest ones hold, and the line.

    Where they cannot be read nothing is written. A history of one line would
    push the others out in the end; so one line is lost, and stands in the
    check's own artifact.
    """
    name = history.path_of(body["model"])
    text = history.together([*reversed(carried.read(name)), body["line"]])
    (out / name).parent.mkdir(exist_ok=True)
    files.write_atomic(out / name, text)
    words = f"a line is added to the artifact {carried.name}, since the token may not write the branch {history.BRANCH}"
    return Kept(words, text)
