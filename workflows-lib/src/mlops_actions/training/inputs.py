"""What a training is made from: the declared inputs, by digest, and the source at its commit."""

from __future__ import annotations

import glob
import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_actions import verdict
from mlops_actions.errors import CallError, Problem
from mlops_actions.verdict import Subject, Where

MAX_SOURCE_FILES = 20_000
NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Input:
    """A file that the command reads: its name as the user would write it, and where it is."""

    name: str
    path: Path

    def state(self) -> tuple[int, int]:
        """Its size and time of change: enough to see that it was written to."""
        status = self.path.stat()
        return status.st_size, status.st_mtime_ns


def find(patterns: Sequence[str], root: Path, key: str, at: Where = NOWHERE) -> tuple[Input, ...]:
    """The files that ``patterns`` (files, folders or globs relative to ``root``) name, sorted by name.

    ``key`` is what a message calls the list of patterns, and ``at`` where it
    is set. Raises CallError for a pattern that names no file, or leads out of
    ``root`` by a symbolic link.
    """
    found: dict[str, Input] = {}
    for pattern in patterns:
        names = list(_expand(pattern, root))
        wrong = None if names else _nothing(pattern, root)
        for name in names:
            path = (root / name).resolve()
            wrong = wrong or _unusable(name, path, root)
            found[name] = Input(name, path)
        if wrong:
            raise CallError(Problem(f"{key}: {wrong}", at.file, at.line, at.character))
    return tuple(found[name] for name in sorted(found))


def _nothing(pattern: str, root: Path) -> str:
    return f"the folder {pattern!r} holds no file" if (root / pattern).is_dir() else f"no file matches {pattern!r}"


def _expand(pattern: str, root: Path) -> Iterator[str]:
    matches = [pattern] if (root / pattern).exists() else sorted(glob.glob(pattern, root_dir=root, recursive=True))
    for match in matches:
        if (root / match).is_dir():
            for parent, folders, names in os.walk(root / match):
                folders.sort()
                yield from (_relative(Path(parent, name), root) for name in sorted(names))
        else:
            yield _relative(root / match, root)


def _relative(path: Path, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _unusable(name: str, path: Path, root: Path) -> str | None:
    """What is wrong with an input, None where it is a file that the command may read."""
    if not name.startswith("../") and not path.is_relative_to(root.resolve()):
        return f"{name!r} is a symbolic link out of the working directory"
    return None if path.is_file() else f"{name!r} is not a file that can be read"


def digests(inputs: Iterable[Input]) -> tuple[Subject, ...]:
    """The inputs by name and SHA-256."""
    return tuple(Subject(each.name, verdict.digest(each.path)) for each in inputs)


@dataclass(frozen=True, slots=True)
class Source:
    """The project's files as they stood when training began.

    ``sha256`` is of the text that ``sha256sum`` prints for them, as for a model
    directory (:func:`mlops_actions.model.digest`); ``changed`` says that they
    are not what ``commit`` holds.
    """

    commit: str
    changed: bool
    sha256: str

    @property
    def subject(self) -> Subject:
        """The source as a material: ``source@<commit>``, with ``+changes`` where it holds more than the commit."""
        return Subject(f"source@{self.commit}{'+changes' if self.changed else ''}", self.sha256)


_OURS_LEFT_OUT = (".", ":(exclude,glob)**/.mlops/**")
"""What stages of this library write is no part of the project, whether it ignores that folder or not."""


def source(root: Path, data: Iterable[Input]) -> Source | None:
    """The source in ``root``: files that git tracks or would track, without ``data``. None outside a repository."""
    commit, top = _git(root, "rev-parse", "--verify", "HEAD"), _git(root, "rev-parse", "--show-toplevel")
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *_OURS_LEFT_OUT)
    status = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *_OURS_LEFT_OUT)
    if commit is None or top is None or listed is None or status is None:
        return None
    others = {each.path for each in data}
    names = sorted(set(os.fsdecode(listed).split("\0")) - {""}, key=os.fsencode)
    files = [name for name in names if (root / name).is_file() and (root / name).resolve() not in others]
    if len(files) > MAX_SOURCE_FILES:
        return None
    # A line of the status is two letters, a space, and a path from the top of the repository.
    touched = (Path(os.fsdecode(top).rstrip("\n"), line[3:]) for line in os.fsdecode(status).split("\0") if line)
    changed = any(path.resolve() not in others for path in touched)
    whole = hashlib.sha256()
    for name in files:
        whole.update(verdict.digest(root / name).encode() + b"  " + os.fsencode(name) + b"\n")
    return Source(commit.decode().strip(), changed, whole.hexdigest())


def _git(root: Path, *arguments: str) -> bytes | None:
    """What git prints, or None where it cannot say. No program that the repository configures is started."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
