"""Room for what a command writes: what stood there before is put aside, and comes back unless a new model is recorded.

So a model that an earlier run left behind is never taken for a new one, and a
command that fails, whatever it wrote by then, loses nobody's model.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.errors import CallError, Problem
from mlops_actions.verdict import Where

NOWHERE = Where()


def inside(path: str, root: Path, key: str, at: Where = NOWHERE) -> Path:
    """Where ``path`` (relative to ``root``) is.

    ``key`` is what a message calls it, and ``at`` where it is set. Raises
    CallError where it is ``root`` itself, a folder above it, or outside of it:
    what stands there is put aside, and that must be the command's own.
    """
    hint = "Name a path of its own below the working directory, such as build/model."

    def refuse(what: str) -> CallError:
        return CallError(Problem(f"{key}: {path!r} {what}", at.file, at.line, at.character, hint))

    place = Path(os.path.normpath(root / path))
    base = Path(os.path.normpath(root))
    if "\0" in path or os.path.isabs(path) or place == base or not place.is_relative_to(base):
        raise refuse("is not a path below the working directory")
    if not place.parent.resolve().is_relative_to(root.resolve()) or place.is_symlink():
        raise refuse("leads through a symbolic link")
    for folder in place.parents:
        if folder != base and folder.is_relative_to(base) and folder.is_file():
            raise refuse(f"leads through {folder.relative_to(base).as_posix()!r}, which is a file")
    return place


@dataclass(slots=True)
class Room:
    """What was made of the room: ``recorded`` says that the new model was taken in, so the old may go."""

    recorded: bool = False


@contextmanager
def vacated(*paths: Path) -> Iterator[Room]:
    """Nothing stands at ``paths`` when the block begins, and their parent folders are there.

    When it ends, however it ends, what stood there is back. Only where the
    block says that the new was ``recorded``, the new stays and the old is
    removed. A path inside another of ``paths`` goes with it.
    """
    room = Room()
    aside: list[tuple[Path, Path]] = []
    try:
        for path in sorted(each for each in set(paths) if not set(each.parents) & set(paths)):
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path):
                keep = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:80]}.before-"))
                aside.append((path, keep))
                os.replace(path, keep / "was")
        yield room
    finally:
        for path, keep in reversed(aside):
            if os.path.lexists(keep / "was") and not (room.recorded and os.path.lexists(path)):
                path.parent.mkdir(parents=True, exist_ok=True)
                if os.path.lexists(path):
                    os.replace(path, keep / "new")
                os.replace(keep / "was", path)
            shutil.rmtree(keep, ignore_errors=True)
