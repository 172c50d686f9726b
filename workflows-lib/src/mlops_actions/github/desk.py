"""A release on its way: a draft, filled, checked, and only then made public.

A published release may be immutable, so nothing is mended afterwards. To
publish again is harmless: the same files that are published already are a
success, a draft that a broken run left is replaced, anything else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions.github.api import ApiError, Client

MARK = "<!-- drafted by mlops-actions -->"
"""Ends the notes of our releases, so that a draft of somebody else's is never touched."""
MAX_BODY = 120_000
"""Characters; GitHub takes 125,000."""
UPLOADS = 3
"""Attempts for one asset."""


class Refused(Exception):
    """The release stands in the way of itself; the message says how. Nothing was published."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be released: the tag, the commit that the files were made from, notes, and a folder of files.

    ``digests`` are the SHA-256 of every file in ``folder`` by name; ``last`` is
    uploaded after the others; ``notes_file`` is where cut notes go on.
    """

    tag: str
    commit: str
    notes: str
    folder: Path
    digests: Mapping[str, str]
    is_prerelease: bool = False
    last: str = "SHA256SUMS"
    notes_file: str = "RELEASE_NOTES.md"


@dataclass(frozen=True, slots=True)
class Desk:
    """One release's way through GitHub."""

    client: Client
    owner: str
    name: str
    wanted: Draft

    def publish(self) -> Mapping[str, Any]:
        """The published release. Raises Refused or ApiError, and then leaves no draft, or says which one it left."""
        self._expect_tag()
        published = self._clear()
        if published is not None:
            return published
        draft = self._draft()
        try:
            for name in sorted(self.wanted.digests, key=lambda each: (each == self.wanted.last, each)):
                self._upload(draft, self.wanted.folder / name)
            self._verify(draft["id"], self.wanted.digests)
            return self._make_public(draft["id"])
        except (Refused, ApiError, OSError) as error:
            raise Refused(f"{error}. {self._discard(draft)}") from error

    def _expect_tag(self) -> None:
        """The tag is on GitHub, and on the commit that the files were made for: else publishing would make it."""
        try:
            ref = self.client.get("repos", self.owner, self.name, "git", "ref", "tags", self.wanted.tag)
        except ApiError as error:
            if error.status == 404:
                raise Refused(f"the tag {self.wanted.tag} is not on GitHub: push it first") from error
            raise
        found = ref["object"]
        if found["type"] == "tag":
            found = self.client.get("repos", self.owner, self.name, "git", "tags", found["sha"])["object"]
        if self.wanted.commit and found["sha"] != self.wanted.commit:
            raise Refused(f"the tag is on {found['sha'][:12]}, and the files were made for {self.wanted.commit[:12]}")

    def _clear(self) -> Mapping[str, Any] | None:
        """The release that is published already, when it is the very same; drafts that we left are deleted."""
        mine = [
            each
            for each in self.client.pages("repos", self.owner, self.name, "releases")
            if each["tag_name"] == self.wanted.tag
        ]
        for each in mine:
            if not each["draft"]:
                return self._same(each, self.wanted.digests)
        for each in mine:
            if MARK not in (each.get("body") or ""):
                raise Refused(f"a draft for this tag exists that this program did not make ({each['html_url']})")
            self.client.delete("repos", self.owner, self.name, "releases", each["id"])
        return None

    def _same(self, release: Mapping[str, Any], digests: Mapping[str, str]) -> Mapping[str, Any]:
        there = {asset["name"]: asset.get("digest") for asset in release["assets"]}
        if there != {name: f"sha256:{digits}" for name, digits in digests.items()}:
            raise Refused(f"the version is released already, with other files ({release['html_url']})")
        return release

    def _draft(self) -> Mapping[str, Any]:
        wanted = self.wanted
        notes = wanted.notes
        if len(notes) > MAX_BODY:
            notes = f"{notes[:MAX_BODY].rpartition(chr(10))[0]}\n\nThe rest stands in {wanted.notes_file}."
        body = {"tag_name": wanted.tag, "name": wanted.tag, "prerelease": wanted.is_prerelease, "draft": True}
        if wanted.commit:
            body["target_commitish"] = wanted.commit
        found: Mapping[str, Any] = self.client.post(
            "repos", self.owner, self.name, "releases", body={**body, "body": f"{notes}\n\n{MARK}\n"}
        )
        return found

    def _upload(self, draft: Mapping[str, Any], file: Path) -> None:
        """Upload one file; after a failure that may pass, what was left of it is removed first."""
        for attempt in range(1, UPLOADS + 1):
            try:
                self.client.upload(draft["upload_url"], file, file.name)
                return
            except ApiError as error:
                if not error.transient or attempt == UPLOADS:
                    raise
                self.client.sleep(2.0 ** (attempt - 1))
                for asset in self._assets(draft["id"]):
                    if asset["name"] == file.name:
                        self.client.delete("repos", self.owner, self.name, "releases", "assets", asset["id"])

    def _assets(self, release_id: int) -> list[Mapping[str, Any]]:
        return list(self.client.pages("repos", self.owner, self.name, "releases", release_id, "assets"))

    def _verify(self, release_id: int, digests: Mapping[str, str]) -> None:
        """Every file arrived whole: its state, and its digest as GitHub computed it."""
        there = {asset["name"]: asset for asset in self._assets(release_id)}
        if set(there) != set(digests):
            raise Refused(
                f"the draft's files are not those to be released: {', '.join(sorted(set(there) ^ set(digests)))}"
            )
        for name, digits in digests.items():
            asset = there[name]
            if asset["state"] != "uploaded" or asset.get("digest") not in {None, f"sha256:{digits}"}:
                raise Refused(f"{name} did not arrive whole ({asset['state']}, {asset.get('digest')})")

    def _make_public(self, release_id: int) -> Mapping[str, Any]:
        path = ("repos", self.owner, self.name, "releases", release_id)
        try:
            found: Mapping[str, Any] = self.client.patch(*path, body={"draft": False})
        except ApiError:
            # The answer may have been lost on the way back.
            found = self.client.get(*path)
        if found["draft"]:
            raise Refused("GitHub left the release a draft")
        return found

    def _discard(self, draft: Mapping[str, Any]) -> str:
        """Delete the draft, unless it became public after all; what is left, in words."""
        path = ("repos", self.owner, self.name, "releases", draft["id"])
        try:
            if not self.client.get(*path)["draft"]:
                return f"Yet it is public: {draft['html_url']}"
            self.client.delete(*path)
        except ApiError as error:
            return f"A draft is left, to be deleted by hand: {draft['html_url']} ({error})"
        return "The draft was deleted"
