"""Copies what a run may touch into a private folder, so that no job ever sees the user's own tree.

The consumer's repository is staged as GitHub would check it out: the tracked
files, and those not yet added but not ignored either (or those of the event's
own commit, :mod:`.source`), beside a bare repository with its commits, branches
and tags (:mod:`.standins.checkout` puts the two together in a job's workspace).
The library is staged as its actions need it.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.dryrun import repository
from mlops_actions.dryrun.repository import leaves
from mlops_actions.dryrun.source import Source
from mlops_actions.errors import CallError, Problem

OWN = ".mlops"
"""The folder that runs write into; it is never staged."""

NEEDLESS = {"bench", "docs", "examples", "scripts", "tests"}
"""Folders of the library that none of its actions reads."""


PACKAGE = "workflows-lib"
"""The folder of the library that its actions install."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """The staged consumer: its files in ``tree``, its history in ``git``; ``left_out`` are links out of it."""

    tree: Path
    git: Path
    dirty: bool
    left_out: tuple[str, ...]


def consumer(source: Source, target: Path) -> Consumer:
    """Stage the repository of ``source``, with its files, below ``target``."""
    tree, bare = target / "tree", target / "git"
    tree.mkdir(parents=True)
    paths = repository.committed(source.repo, source.commit) if source.commit else repository.listed(source.repo)
    left_out = _copy(source.folder, tree, (path for path in paths if OWN not in Path(path).parts))
    left_out = (*source.left_out, *left_out)
    _clone(source.repo, bare)
    dirty = not source.commit and bool(repository.git(source.repo, "status", "--porcelain", "--untracked-files=normal"))
    return Consumer(tree, bare, dirty, left_out)


def library(checkout: Path, target: Path) -> Path:
    """Stage the library's checkout at ``target``: what its workflows and actions are made of.

    Raises CallError where ``checkout`` holds none.
    """
    if not (checkout / "actions").is_dir() or not (checkout / ".github" / "workflows").is_dir():
        raise CallError(
            Problem(
                "is no checkout of mlops-actions", str(checkout), hint="Name one with --library, it has `actions/`."
            )
        )
    paths = repository.listed(checkout) if (checkout / ".git").exists() else _walked(checkout)
    target.mkdir(parents=True)
    _ = list(_copy(checkout, target, (path for path in paths if Path(path).parts[0] not in NEEDLESS | {OWN})))
    # For each use of an action, act copies the whole repository of it: a link to the package is copied in no time.
    package = target / PACKAGE
    if package.is_dir():
        package.rename(target.parent / PACKAGE)
        package.symlink_to(target.parent / PACKAGE)
    return target


def _walked(root: Path) -> list[str]:
    skipped = {".git", ".venv", "__pycache__", "node_modules"}
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each not in skipped]
        found += [os.path.relpath(os.path.join(folder, each), root) for each in files]
    return sorted(found)


def _copy(source: Path, target: Path, paths: Iterable[str]) -> Iterable[str]:
    """Copy regular files and links that stay inside; yields the links that do not."""
    inside = os.path.realpath(source)
    for path in paths:
        place, origin = target / path, source / path
        if leaves(origin.parent, inside):
            yield path
            continue
        try:
            mode = origin.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue  # deleted and not committed yet
        if stat.S_ISLNK(mode):
            link = os.readlink(origin)
            if os.path.isabs(link) or leaves(origin, inside):
                yield path
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(link)
        elif stat.S_ISREG(mode):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, place)
            place.chmod(0o755 if mode & 0o100 else 0o644)  # git knows no other modes
        elif stat.S_ISDIR(mode):
            place.mkdir(parents=True, exist_ok=True)  # a submodule, which a checkout leaves empty


def _clone(repo: Path, target: Path) -> None:
    """A bare repository with the branches, tags and remote branches of ``repo``, borrowing its objects."""
    repository.git(repo, "clone", "--quiet", "--bare", "--shared", "--", str(repo), str(target))
    repository.git(target, "fetch", "--quiet", str(repo), "+refs/remotes/origin/*:refs/remotes/origin/*")


def borrowed(git: Path) -> list[Path]:
    """The folders whose objects the staged repository borrows; a container must see them too."""
    alternates = git / "objects" / "info" / "alternates"
    return [Path(line) for line in alternates.read_text(encoding="utf-8").splitlines()] if alternates.exists() else []
