"""A file of lines on a branch of its own, that grows at its end, whoever else is writing.

The branch is a compare-and-swap register: a commit is made on top of what was
read, and the branch moves to it only by a fast-forward. Where somebody else was
first, all is read again. The objects that such an attempt leaves are reachable
from nowhere, and GitHub removes them. Nothing is checked out, and no other file
of the branch is touched.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from mlops_actions.github.api import ApiError, Client, repository

ATTEMPTS = 10
"""Of one line; each attempt fails only where another writer succeeded, or GitHub did not answer."""
KEPT = 2_000
"""Lines in the file; older ones stand in the branch's own history."""


@dataclass(frozen=True, slots=True)
class BranchFile:
    """The file ``path`` on ``branch`` of a repository (``owner/name``)."""

    client: Client
    repository: str
    branch: str
    path: str

    def read(self) -> str:
        """What is in the file; empty where there is no such branch or file. Raises ApiError."""
        head = self._head()
        return "" if head is None else self._content(self._tree(head))

    def append(self, line: str, message: str) -> None:
        """Add a line, once: one that stands there already is left alone.

        Raises ApiError where the branch cannot be written, or never held still.
        """
        for attempt in range(ATTEMPTS):
            if attempt:
                self.client.sleep(float(attempt))
            try:
                if self._appended(line, message):
                    return
            except ApiError as error:
                # What may have been carried out is looked up: then the line is there.
                if not error.transient or attempt + 1 == ATTEMPTS:
                    raise
        raise ApiError(f"the branch {self.branch} was moved by others {ATTEMPTS} times in a row")

    def _appended(self, line: str, message: str) -> bool:
        """One attempt; False where somebody else was first."""
        head = self._head()
        tree = None if head is None else self._tree(head)
        lines = [each for each in self._content(tree).split("\n") if each]
        if line in lines:
            return True
        content = "".join(f"{each}\n" for each in [*lines, line][-KEPT:])
        entry = {"path": self.path, "mode": "100644", "type": "blob", "content": content}
        made = self._post("trees", {"tree": [entry], **({"base_tree": tree} if tree else {})})
        commit = self._post(
            "commits", {"message": message, "tree": made["sha"], "parents": [] if head is None else [head]}
        )
        try:
            if head is None:
                self._post("refs", {"ref": f"refs/heads/{self.branch}", "sha": commit["sha"]})
            else:
                self.client.patch(*self._git("refs", "heads", self.branch), body={"sha": commit["sha"], "force": False})
        except ApiError as error:
            # GitHub says 422 of a branch that moved, and of one that is there by now; 409 of one that is being written.
            if error.status not in {409, 422} or self._head() == head:
                raise
            return False
        return True

    def _git(self, *path: str) -> tuple[str, ...]:
        return ("repos", *repository(self.repository), "git", *path)

    def _post(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self.client.post(*self._git(kind), body=body)
        return made

    def _head(self) -> str | None:
        """The commit that the branch is on; None where there is no such branch."""
        try:
            return str(self.client.get(*self._git("ref", "heads", self.branch))["object"]["sha"])
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def _tree(self, commit: str) -> str:
        return str(self.client.get(*self._git("commits", commit))["tree"]["sha"])

    def _content(self, tree: str | None) -> str:
        if tree is None:
            return ""
        found = self.client.get(*self._git("trees", tree), recursive=1)["tree"]
        sha = next((each["sha"] for each in found if each["path"] == self.path and each["type"] == "blob"), None)
        if sha is None:
            return ""
        blob = self.client.get(*self._git("blobs", sha))
        return base64.b64decode(blob["content"]).decode("utf-8", "replace")
