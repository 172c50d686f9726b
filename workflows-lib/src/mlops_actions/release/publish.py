"""Publishes a bundle, when it is what its sums say and was made for this commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions import verdict
from mlops_actions.errors import CallError, Problem
from mlops_actions.github.api import ApiError, Client, repository
from mlops_actions.github.desk import Desk, Draft, Refused
from mlops_actions.outcome import Outcome, Request, Section, Table
from mlops_actions.release import bundle
from mlops_actions.release.candidate import STAGE, parse_tag
from mlops_actions.release.release import would_publish
from mlops_actions.release.tag import Version
from mlops_actions.verdict import Check, Severity, Status, Subject, Verdict


@dataclass(frozen=True, slots=True)
class Publication:
    """What to publish: the folder that ``mlops release`` wrote, or its ``bundle``.

    ``tag`` and ``commit`` are those that it must be of: a job that ran a model
    made it, so what the bundle says of itself is not enough. Without a
    ``client`` (a dry run) nothing is published, and what would be is handed
    back as a request.
    """

    folder: Path
    repository: str = ""
    commit: str = ""
    client: Client | None = None
    tag: str = ""


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
        checks.append(Check("release.published", Status.NOT_CHECKED, "a dry run: nothing is published", Severity.INFO))
        requests = (would_publish(version, commit, folder),)
    elif version is not None and request.client is not None:
        notes = bundle.notes_of(folder)
        draft = Draft(str(version), commit, notes, folder, digests, version.is_prerelease, bundle.SUMS, bundle.NOTES)
        try:
            release = Desk(request.client, *repository(request.repository), draft).publish()
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
        bundle.notes_of(folder)
    except (bundle.Broken, CallError) as error:
        checks.append(Check("bundle", Status.FAIL, f"the bundle is not published: {error}"))
        return {}, None, ""
    words = ""
    if request.commit and commit != request.commit:
        words = f"the bundle was made for {commit[:12]}, and this run is of {request.commit[:12]}"
    elif request.tag and request.tag.removeprefix("refs/tags/") != str(version):
        words = f"the bundle was made for {version}, and {request.tag} is to be published"
    if words:
        checks.append(Check("bundle", Status.FAIL, words))
        return digests, None, commit
    checks.append(Check("bundle", Status.PASS, f"{len(digests)} files are what {bundle.SUMS} says"))
    return digests, version, commit


def _immutable(release: Mapping[str, Any] | None) -> str | None:
    return None if release is None or "immutable" not in release else "yes" if release["immutable"] else "no"
