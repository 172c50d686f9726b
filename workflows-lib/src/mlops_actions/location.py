"""Where what another stage made is to be found: a path, ``artifact:NAME`` of this run, or ``release:TAG``.

A workflow fetches an artifact of its own run with GitHub's action, which needs
no permission, into :data:`ARTIFACTS`; ``mlops locate`` tells it which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlops_actions.errors import CallError, Problem

ARTIFACTS = Path(".mlops/artifacts")
"""Where a run's artifacts are put, a folder each, relative to the working directory."""

# What GitHub does not allow in an artifact's name, and what would leave the folder.
_NOT_A_NAME = re.compile(r'[":<>|*?\r\n\\/\x00-\x1f]|^\.{1,2}$')


@dataclass(frozen=True, slots=True)
class Location:
    """``kind`` says how ``name`` is read: a path, an artifact's name, a release's tag."""

    kind: Literal["path", "artifact", "release"]
    name: str

    def folder(self) -> Path:
        """Where it lies on this machine. Raises CallError where an artifact was not fetched."""
        if self.kind != "artifact":
            return Path(self.name)
        folder = ARTIFACTS / self.name
        if not folder.is_dir():
            hint = "In a workflow, the job that makes it must be among this job's `needs`."
            raise CallError(Problem(f"the artifact {self.name!r} is not in {ARTIFACTS}", hint=hint))
        return folder


def parse(text: str) -> Location:
    """The location that ``text`` names. Raises CallError for a name that cannot be one."""
    kind, separator, name = text.partition(":")
    if not separator or kind not in {"artifact", "release"}:
        return Location("path", text)
    if not name or (kind == "artifact" and _NOT_A_NAME.search(name)):
        raise CallError(Problem(f"{text!r} names no {kind}", hint=f"Write {kind}:NAME."))
    return Location("artifact" if kind == "artifact" else "release", name)
