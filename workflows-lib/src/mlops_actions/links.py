"""Symbolic links: what is named inside of the working directory must not lead out of it.

A repository's author could otherwise have a file of the machine read, and a
part of it told in a message. A path that is named outside on purpose is the
caller's own.
"""

from __future__ import annotations

import os
from pathlib import Path

ESCAPES = "is a symbolic link that leads out of the working directory"


def escape(path: Path) -> bool:
    """Whether ``path``, written as one inside of the working directory, leads out of it through a symbolic link."""
    root = Path.cwd()
    return Path(os.path.normpath(root / path)).is_relative_to(root) and leads_out(root / path, root)


def leads_out(path: Path, root: Path) -> bool:
    """Whether ``path``, once links are followed, is not in the folder ``root``."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
