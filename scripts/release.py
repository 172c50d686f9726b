"""Releases this library: called by release.yml on a tag `vX.Y.Z`, after the tests.

`assets FOLDER` packs the tagged tree and the published schemas, with
SHA256SUMS, the same bytes each time. `publish FOLDER` drafts a release, fills
and publishes it, and moves the tag of the major version (`v1`) last: it has no
release of its own, so it can move where releases are immutable.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from mlops_actions.github.api import ApiError, Client, repository
from mlops_actions.github.desk import Desk, Draft, Refused
from mlops_actions.verdict import digest

ROOT = Path(__file__).resolve().parents[1]
SUMS = "SHA256SUMS"
TAG = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


def major(tag: str) -> str:
    """`v1` of `v1.2.3`. Exits where the tag is not one of ours."""
    if not TAG.fullmatch(tag):
        sys.exit(f"{tag!r} is not a version of this library: vX.Y.Z")
    return tag.split(".", maxsplit=1)[0]


def notes(tag: str) -> str:
    """The version's part of CHANGELOG.md. Exits where there is none."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(tag[1:])}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if not found:
        sys.exit(f"CHANGELOG.md has no part `## {tag[1:]}`")
    return found[1].strip() + "\n"


def make_assets(tag: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    archive = folder / f"mlops-actions-{tag[1:]}.tar.gz"
    subprocess.run(
        ["git", "-C", str(ROOT), "archive", f"--prefix=mlops-actions-{tag[1:]}/", f"--output={archive.resolve()}", tag],
        check=True,
    )
    for schema in sorted((ROOT / "workflows-lib/src/mlops_actions/schemas").glob("*.schema.json")):
        (folder / schema.name).write_bytes(schema.read_bytes())
    lines = [f"{digest(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def publish(client: Client, owner_name: str, draft: Draft) -> str:
    """Publish, then move the major version's tag; the address of the release. Raises Refused or ApiError."""
    owner, name = repository(owner_name)
    release = Desk(client, owner, name, draft).publish()
    path = ("repos", owner, name, "git", "refs")
    moving = major(draft.tag)
    try:
        client.patch(*path, "tags", moving, body={"sha": draft.commit, "force": True})
    except ApiError as error:
        if error.status not in {404, 422}:
            raise
        client.post(*path, body={"ref": f"refs/tags/{moving}", "sha": draft.commit})
    return str(release["html_url"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["assets", "publish"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    tag = os.environ.get("GITHUB_REF_NAME", "")
    major(tag)
    if arguments.what == "assets":
        make_assets(tag, arguments.folder)
        return 0
    client = Client(os.environ.get("GITHUB_API_URL") or "https://api.github.com", os.environ["GITHUB_TOKEN"])
    digests = {path.name: digest(path) for path in sorted(arguments.folder.iterdir())}
    draft = Draft(tag, os.environ["GITHUB_SHA"], notes(tag), arguments.folder, digests)
    try:
        print(publish(client, os.environ["GITHUB_REPOSITORY"], draft))
    except (Refused, ApiError) as error:
        print(f"not released: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
