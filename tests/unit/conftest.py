"""What unit tests of more than one folder need."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3_server
from s3_server import S3


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


@pytest.fixture(scope="session")
def s3_running() -> Iterator[S3]:
    """A server, for the whole session."""
    with s3_server.running() as made:
        yield made


@pytest.fixture
def s3(s3_running: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """A bucket that is empty; the key of who may read it stands in the environment, as a user would give it."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in s3_running.environment.items():
        monkeypatch.setenv(name, value)
    s3_running.clear()
    return s3_running
