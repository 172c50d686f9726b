"""What unit tests of more than one folder need."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture
def without_pip(tmp_path: Path) -> Path:
    """This Python without the pip that it carries, as Debian's is: a copy of the program over links to its library."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = Path(os.__file__).parent
    (tmp_path / "stripped" / "bin").mkdir(parents=True)
    (tmp_path / "stripped" / "lib" / name).mkdir(parents=True)
    for each in library.iterdir():
        if each.name not in {"ensurepip", "site-packages", "dist-packages"}:
            (tmp_path / "stripped" / "lib" / name / each.name).symlink_to(each)
    for each in library.parent.glob("libpython*"):
        (tmp_path / "stripped" / "lib" / each.name).symlink_to(each)
    program = tmp_path / "stripped" / "bin" / name
    shutil.copy2(os.path.realpath(sys.executable), program)
    return program
