"""A file that each run of a workflow hands to the next one, in an artifact of one name.

It needs no right to write: a run uploads for itself, and reads what others
uploaded (``actions: read``). An artifact is never changed, so there is nothing
to lock. Runs that overlap start from the same file, and each leaves one of its
own; who reads takes the newest few of them together.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions.github.api import ApiError, Client, UnsafeArchive, download_artifact, repository
from mlops_actions.github.context import workflow_file

TOGETHER = 5
"""Artifacts that are read: of so many runs that overlap, nothing is lost."""
LOOKED_AT = 100
"""Artifacts that are looked at; GitHub lists the newest first."""
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Carried:
    """The artifact ``name`` of the runs of one ``workflow`` (its file's name) on one ``branch``.

    Artifacts of forks never count, nor do those of another workflow that has one of the same name.
    """

    client: Client
    repository: str
    name: str
    workflow: str
    branch: str

    def read(self, file: str) -> list[str]:
        """The text of ``file`` in each of the newest artifacts, the newest first; empty where there is none.

        An artifact that has expired, or is no archive, is passed over. Raises
        ApiError where one cannot be fetched: what is left out would be lost.
        """
        return [text for artifact in self._newest() if (text := self._text(artifact, file)) is not None]

    def _newest(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for number, artifact in enumerate(self._listed()):
            if len(found) == TOGETHER or number == LOOKED_AT:
                break
            if self._is_ours(artifact):
                found.append(artifact)
        return found

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        path = ("repos", *repository(self.repository), "actions", "artifacts")
        return self.client.pages(*path, key="artifacts", name=self.name)

    def _is_ours(self, artifact: Mapping[str, Any]) -> bool:
        run = artifact.get("workflow_run") or {}
        of_fork = run.get("head_repository_id") != run.get("repository_id") or "repository_id" not in run
        if artifact["expired"] or of_fork or run.get("head_branch") != self.branch:
            return False
        path = ("repos", *repository(self.repository), "actions", "runs", int(run["id"]))
        return workflow_file(str(self.client.get(*path)["path"])) == self.workflow

    def _text(self, artifact: Mapping[str, Any], file: str) -> str | None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "artifact"
            try:
                download_artifact(self.client, self.repository, artifact, folder, MAX_BYTES)
            except UnsafeArchive:
                return None
            except ApiError as error:
                if error.status in {404, 410}:  # since it was listed, it was replaced, or has expired
                    return None
                raise
            path = folder / file
            return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
