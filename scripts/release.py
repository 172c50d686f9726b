"""Releases this library: called by release.yml on a tag `vX.Y.Z`.

`check` says what stands against it, before the tests. `assets FOLDER` packs
the tagged tree and the published schemas, with SHA256SUMS, the same bytes each
time. `publish FOLDER` drafts a release, fills and publishes it, and moves the
tag of the major version (`v1`) last: it has no release of its own, so it can
move where releases are immutable. It does not move back to an older version
that is published after a newer one.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlops_actions import __version__
from mlops_actions.github.api import ApiError, Client, repository
from mlops_actions.github.desk import Desk, Draft, Refused
from mlops_actions.verdict import digest

ROOT = Path(__file__).resolve().parents[1]
SUMS = "SHA256SUMS"
MAIN = "origin/main"
NEEDED = {
    "check": ("GITHUB_REF_NAME", "GITHUB_SHA"),
    "assets": ("GITHUB_REF_NAME", "GITHUB_SHA"),
    "publish": ("GITHUB_REF_NAME", "GITHUB_SHA", "GITHUB_REPOSITORY", "GITHUB_TOKEN"),
}
"""The variables that each command reads."""
TAG = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


def major(tag: str) -> str:
    """`v1` of `v1.2.3`. Exits where the tag is not one of ours."""
    if not TAG.fullmatch(tag):
        sys.exit(f"{tag!r} is not a version of this library: vX.Y.Z")
    return tag.split(".", maxsplit=1)[0]


def version(tag: str) -> tuple[int, ...] | None:
    """The numbers of a version's tag, in the order in which they count; None for any other tag."""
    found = TAG.fullmatch(tag)
    return tuple(map(int, found.groups())) if found else None


def is_newest(client: Client, owner: str, name: str, tag: str) -> bool:
    """Whether no newer version of the tag's major version has been published. Raises ApiError."""
    own = version(tag)
    published = [
        version(each["tag_name"]) for each in client.pages("repos", owner, name, "releases") if not each["draft"]
    ]
    return own is not None and all(own >= each for each in published if each is not None and each[0] == own[0])


def notes(tag: str, root: Path = ROOT) -> str | None:
    """The version's part of CHANGELOG.md; None where there is none, or nothing in it."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(tag[1:])}(?: [^\n]*)?\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1].strip() + "\n" if found and found[1].strip() else None


def against(tag: str, commit: str, root: Path = ROOT) -> Iterator[str]:
    """What stands against releasing ``commit`` of the checkout ``root`` as ``tag``, a sentence each."""
    if tag != f"v{__version__}":
        yield f"the tag is {tag}, and `__version__` of workflows-lib/src/mlops_actions says {__version__}"
    if notes(tag, root) is None:
        yield f"CHANGELOG.md has no part `## {tag[1:]}` that says anything"
    command = ["git", "-C", str(root), "merge-base", "--is-ancestor", commit, MAIN]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"{commit[:12]} is not on {MAIN}" + (f": {done.stderr.strip()}" if done.stderr else "")


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
    """Publish, then move the major version's tag, unless a newer version has it; the address of the release.

    Raises Refused or ApiError.
    """
    owner, name = repository(owner_name)
    release = Desk(client, owner, name, draft).publish()
    if not is_newest(client, owner, name, draft.tag):
        return str(release["html_url"])
    path = ("repos", owner, name, "git", "refs")
    moving = major(draft.tag)
    try:
        client.patch(*path, "tags", moving, body={"sha": draft.commit, "force": True})
    except ApiError as error:
        if error.status not in {404, 422}:
            raise
        client.post(*path, body={"ref": f"refs/tags/{moving}", "sha": draft.commit})
    return str(release["html_url"])


def main(arguments: list[str], environ: Mapping[str, str], root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(NEEDED))
    parser.add_argument("folder", type=Path, nargs="?", help="where the files are that a release holds")
    called = parser.parse_args(arguments)
    if (called.folder is None) is not (called.what == "check"):
        parser.error(f"{called.what} takes {'no' if called.what == 'check' else 'a'} folder")
    missing = [name for name in NEEDED[called.what] if not environ.get(name)]
    if missing:
        parser.error(f"{called.what} needs {', '.join(missing)} in its environment; release.yml gives it")
    tag, commit = environ["GITHUB_REF_NAME"], environ["GITHUB_SHA"]
    major(tag)
    if reasons := list(against(tag, commit, root)):
        print(*(f"not released: {each}" for each in reasons), sep="\n", file=sys.stderr)
        return 1
    if called.what == "assets":
        make_assets(tag, called.folder)
    if called.what == "publish":
        client = Client(environ.get("GITHUB_API_URL") or "https://api.github.com", environ["GITHUB_TOKEN"])
        digests = {path.name: digest(path) for path in sorted(called.folder.iterdir())}
        draft = Draft(tag, commit, notes(tag, root) or "", called.folder, digests)
        try:
            print(publish(client, environ["GITHUB_REPOSITORY"], draft))
        except (Refused, ApiError) as error:
            print(f"not released: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
