"""Publishes a bundle: a draft, filled, checked, and only then made public.

A published release may be immutable, so nothing is mended afterwards. To run
this again is harmless: the same bundle that is published already is a success,
a draft that a broken run left is replaced, anything else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions import verdict
from mlops_actions.errors import CallError, Problem
from mlops_actions.github.api import ApiError, Client, repository
from mlops_actions.outcome import Outcome, Request, Section, Table
from mlops_actions.release import bundle
from mlops_actions.release.release import STAGE, parse_tag, would_publish
from mlops_actions.release.tag import Version
from mlops_actions.verdict import Check, Severity, Status, Subject, Verdict

MARK = "<!-- drafted by mlops-actions -->"
"""Ends the notes of our releases, so that a draft of somebody else's is never touched."""
MAX_BODY = 120_000
"""Characters; GitHub takes 125,000."""
UPLOADS = 3
"""Attempts for one asset."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What to publish: the folder that ``mlops release`` wrote, or its ``bundle``.

    Without a ``client`` (a dry run) nothing is published, and what would be is
    handed back as a request.
    """

    folder: Path
    repository: str = ""
    commit: str = ""
    client: Client | None = None


class Refused(Exception):
    """The release stands in the way of itself; the message says how. Nothing was published."""


def publish(request: Publication, _out: Path) -> Outcome:
    """Publish the bundle. Raises CallError where there is none."""
    started = verdict.now()
    folder = request.folder / "bundle" if (request.folder / "bundle").is_dir() else request.folder
    if not (folder / bundle.SUMS).is_file():
        raise CallError(
            Problem("holds no bundle", str(request.folder), hint="Give the folder that `mlops release` wrote.")
        )
    checks: list[Check] = []
    digests, version, commit = _read(folder, request, checks)
    release: Mapping[str, Any] | None = None
    requests: tuple[Request, ...] = ()
    if version is not None and request.client is None:
        words = "a dry run: nothing is published"
        checks.append(Check("release.published", Status.NOT_CHECKED, words, Severity.INFO))
        requests = (would_publish(version, commit, folder),)
    elif version is not None and request.client is not None:
        desk = _Desk(request.client, *repository(request.repository), version, commit)
        try:
            release = desk.publish(folder, digests)
            checks.append(Check("release.published", Status.PASS, f"{version} is published with {len(digests)} files"))
        except (Refused, ApiError) as error:
            checks.append(Check("release.published", Status.FAIL, f"{version} is not published: {error}"))
    url = str(release["html_url"]) if release else ""
    judged = Verdict(
        stage=STAGE,
        status=verdict.conclude(checks),
        checks=tuple(checks),
        started=started,
        ended=verdict.now(),
        subjects=tuple(Subject(name, digits) for name, digits in sorted(digests.items())),
        parameters={"tag": str(version) if version else None, "commit": commit or None},
    )
    facts = (("Release", url or None), ("Immutable", _immutable(release)))
    return Outcome(
        judged,
        headline=checks[-1].message,
        sections=(Section("Published", (Table(("", ""), facts),)),) if release else (),
        outputs={"release-url": url},
        requests=requests,
    )


def _read(folder: Path, request: Publication, checks: list[Check]) -> tuple[dict[str, str], Version | None, str]:
    """The bundle's digests, version and commit; no version where the bundle is broken."""
    try:
        digests = bundle.check(folder)
        text, commit = bundle.version_of(folder)
        version = parse_tag(text, None)
    except (bundle.Broken, CallError) as error:
        checks.append(Check("bundle", Status.FAIL, f"the bundle is not published: {error}"))
        return {}, None, ""
    if request.commit and commit != request.commit:
        words = f"the bundle was made for {commit[:12]}, and this run is of {request.commit[:12]}"
        checks.append(Check("bundle", Status.FAIL, words))
        return digests, None, commit
    checks.append(Check("bundle", Status.PASS, f"{len(digests)} files are what {bundle.SUMS} says"))
    return digests, version, commit


def _immutable(release: Mapping[str, Any] | None) -> str | None:
    return None if release is None or "immutable" not in release else "yes" if release["immutable"] else "no"


@dataclass(frozen=True, slots=True)
class _Desk:
    """One version's way through GitHub."""

    client: Client
    owner: str
    name: str
    version: Version
    commit: str

    def publish(self, folder: Path, digests: Mapping[str, str]) -> Mapping[str, Any]:
        """The published release. Raises Refused or ApiError, and then leaves no draft, or says which one it left."""
        self._expect_tag()
        published = self._clear(digests)
        if published is not None:
            return published
        draft = self._draft(folder)
        try:
            for file in sorted(folder.iterdir(), key=lambda each: (each.name == bundle.SUMS, each.name)):
                self._upload(draft, file)
            self._verify(draft["id"], digests)
            return self._make_public(draft["id"])
        except (Refused, ApiError, OSError) as error:
            raise Refused(f"{error}. {self._discard(draft)}") from error

    def _expect_tag(self) -> None:
        """The tag is on GitHub, and on the commit that the bundle was made for: else publishing would make it."""
        try:
            ref = self.client.get("repos", self.owner, self.name, "git", "ref", "tags", str(self.version))
        except ApiError as error:
            if error.status == 404:
                raise Refused(f"the tag {self.version} is not on GitHub: push it first") from error
            raise
        found = ref["object"]
        if found["type"] == "tag":
            found = self.client.get("repos", self.owner, self.name, "git", "tags", found["sha"])["object"]
        if self.commit and found["sha"] != self.commit:
            raise Refused(f"the tag is on {found['sha'][:12]}, and the bundle was made for {self.commit[:12]}")

    def _clear(self, digests: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The release that is published already, when it is the very same; drafts that we left are deleted."""
        mine = [
            each
            for each in self.client.pages("repos", self.owner, self.name, "releases")
            if each["tag_name"] == str(self.version)
        ]
        for each in mine:
            if not each["draft"]:
                return self._same(each, digests)
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

    def _draft(self, folder: Path) -> Mapping[str, Any]:
        wanted = would_publish(self.version, self.commit, folder).body
        body = {key: wanted[key] for key in ("tag_name", "name", "prerelease", "target_commitish") if wanted[key] != ""}
        notes = str(wanted["body"])
        if len(notes) > MAX_BODY:
            notes = f"{notes[:MAX_BODY].rpartition(chr(10))[0]}\n\nThe rest stands in {bundle.NOTES}."
        found: Mapping[str, Any] = self.client.post(
            "repos", self.owner, self.name, "releases", body={**body, "body": f"{notes}\n\n{MARK}\n", "draft": True}
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
            raise Refused(f"the draft's files are not the bundle's: {', '.join(sorted(set(there) ^ set(digests)))}")
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
