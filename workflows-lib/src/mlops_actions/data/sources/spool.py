"""A temporary folder for what the engine cannot read itself: files are written there in a form that it can."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from mlops_actions.data.sources.relation import File, Unreadable


@dataclass(slots=True)
class Spool:
    """What was written into ``folder``, by the file (and the table in it) that it was made of."""

    folder: Path
    _made: dict[tuple[Path, str | None], File] = field(default_factory=dict)

    def copy(self, file: File, suffix: str, write: Callable[[Path], None]) -> File:
        """``file`` as it is to be read: ``write`` is given the path for a copy, once for each file.

        Raises Unreadable, naming the file.
        """
        key = (file.path, file.table)
        if key not in self._made:
            partitions = [part for part in Path(file.name).parts[:-1] if "=" in part]
            path = self.folder.joinpath(str(len(self._made)), *partitions, f"data{suffix}")
            try:
                path.parent.mkdir(parents=True)
                write(path)
            except OSError as error:
                raise Unreadable(full(error) or f"cannot be read: {error.strerror or error}", file.name) from error
            self._made[key] = replace(file, path=path, origin=file.own)
        return replace(self._made[key], name=file.name)


@contextmanager
def opened() -> Iterator[Spool]:
    """A spool that ends with the block."""
    with TemporaryDirectory(prefix="mlops-spool-", ignore_cleanup_errors=True) as folder:
        yield Spool(Path(folder).resolve())


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SIGNS = (*map(os.strerror, _FULL), "max_temp_directory_size")
"""What stands in the words of libraries and of the engine, whose errors have no number."""


def full(error: Exception) -> str | None:
    """What to do about an error, where it says that the disk for temporary files is full."""
    if getattr(error, "errno", None) not in _FULL and not any(sign in str(error) for sign in _SIGNS):
        return None
    return (
        f"the disk of the temporary folder {gettempdir()!r} is full, and what does not fit into memory or is copied "
        "before it is read goes there: make room, or name a folder with more in the variable TMPDIR"
    )
