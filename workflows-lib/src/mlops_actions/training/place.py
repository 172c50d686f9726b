"""Room for what a command writes: what stood there before is put aside, and comes back if nothing new comes.

So a model that an earlier run left behind is never taken for a new one, and a
command that fails loses nobody's model.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_actions.errors import CallError, Problem


def inside(path: str, root: Path, key: str) -> Path:
    """Where ``path`` (relative to ``root``) is.

    Raises CallError where it is ``root`` itself, a folder above it, or outside
    of it: what stands there is put aside, and that must be the command's own.
    """
    hint = "Name a path of its own below the working directory, such as build/model."
    place = Path(os.path.normpath(root / path))
    base = Path(os.path.normpath(root))
    if "\0" in path or os.path.isabs(path) or place == base or not place.is_relative_to(base):
        raise CallError(Problem(f"{key}: {path!r} is not a path below the working directory", hint=hint))
    if not place.parent.resolve().is_relative_to(root.resolve()) or place.is_symlink():
        raise CallError(Problem(f"{key}: {path!r} leads through a symbolic link", hint=hint))
    return place


@contextmanager
def vacated(*paths: Path) -> Iterator[None]:
    """Nothing stands at ``paths`` when the block begins, and their parent folders are there.

    When it ends, however it ends, what stood there is back wherever nothing
    new stands; where something new does, the old is removed. A path inside
    another of ``paths`` goes with it.
    """
    aside: list[tuple[Path, Path]] = []
    try:
        for path in sorted(each for each in set(paths) if not set(each.parents) & set(paths)):
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path):
                keep = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:80]}.before-"))
                aside.append((path, keep))
                os.replace(path, keep / "was")
        yield
    finally:
        for path, keep in reversed(aside):
            if (keep / "was").exists() and not os.path.lexists(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                os.replace(keep / "was", path)
            shutil.rmtree(keep, ignore_errors=True)
