"""Writing: every file whole or not at all, and an output folder that is replaced in one step."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_actions import links
from mlops_actions.errors import CallError, Problem

MARKER = ".mlops-out"
"""Stands in each folder that a run may replace, so that no other folder ever is."""


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path``: readers see the old file or the new one, never half of one.

    Text is written as UTF-8. Half a surrogate pair (a byte of a file's name
    that is not UTF-8) becomes its escape, which JSON reads back as it was.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk names no file
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """A fresh folder that takes the place of ``target`` when the block ends without an exception.

    When the block raises, the fresh folder is removed, and so is what an
    earlier run left at ``target``: nobody shall read an old verdict for a new
    one. Raises CallError where ``target`` holds something that no run made.
    """
    _refuse_foreign(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name[:100]}."))
    except OSError as error:
        raise CallError(Problem(f"the output folder cannot be made: {error.strerror}", str(target))) from error
    try:
        os.chmod(fresh, 0o777 & ~_umask())
        (fresh / MARKER).touch()
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(target, ignore_errors=True)
        raise
    shutil.rmtree(target, ignore_errors=True)
    os.replace(fresh, target)


def _refuse_foreign(target: Path) -> None:
    if target.is_symlink() or links.escape(target):
        message = "the output folder is a symbolic link" if target.is_symlink() else links.ESCAPES
        raise CallError(Problem(message, str(target), hint="Name the folder itself."))
    if not target.exists():
        return
    if not target.is_dir():
        raise CallError(Problem("is a file, not an output folder", str(target)))
    if any(target.iterdir()) and not (target / MARKER).exists():
        raise CallError(
            Problem(
                "holds files that this program did not write, and an output folder is replaced by each run",
                str(target),
                hint="Name a folder that is empty or not there yet.",
            )
        )
