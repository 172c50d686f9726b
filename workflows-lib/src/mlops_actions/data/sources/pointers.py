"""What stands where data should be: a note of Git LFS or DVC that says where the data is."""

from __future__ import annotations

import shlex
from pathlib import Path

from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.errors import CallError, Problem

DVC = ".dvc"


def refuse_pointer(head: bytes, name: str) -> None:
    """Refuse a file that begins as a pointer of Git LFS does, or as one of DVC does that was named as data."""
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        raise Unreadable("is a Git LFS pointer, not the data: type `git lfs pull`", name)


def refuse_tracked(pattern: str, root: Path) -> None:
    """Refuse a path whose data DVC keeps elsewhere. Raises CallError with what to type.

    ``data.csv.dvc`` beside the place of ``data.csv`` (a file or a folder) is how
    DVC notes it (https://dvc.org/doc/user-guide/project-structure/dvc-files).
    """
    own = pattern.rstrip("/")
    pointer = own if own.lower().endswith(DVC) else own + DVC
    if not (root / pointer).is_file() or (own != pointer and (root / own).exists()):
        return
    message = "is a DVC pointer, not the data" if own == pointer else "is not here: DVC keeps it elsewhere"
    hint = f"Type `dvc pull {shlex.quote(pointer)}`"
    hint += f", and name `{own[: -len(DVC)]}`." if own == pointer else "."
    raise CallError(Problem(message, pattern, hint=hint))
