"""What unit tests of more than one folder need."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openapi_server
import pytest
import s3_server
from s3_server import S3

from mlops_actions.github.api import Client


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


# --- GitHub --------------------------------------------------------------------------------------


@pytest.fixture
def github() -> Iterator[Any]:
    """A GitHub that knows its own OpenAPI description."""
    with openapi_server.serve() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the client would have waited."""
    return []


@pytest.fixture
def client(github: Any, waits: list[float]) -> Client:
    """A client of it that does not really wait."""
    return Client(github.base, "ghs_a_token_that_must_not_leak", sleep=waits.append, clock=lambda: 1_000_000.0)


@pytest.fixture
def fault(github: Any) -> Callable[..., None]:
    """Put a fault in the way of the next call: ``fault(status, on="POST /issues")``."""
    return lambda status=None, **more: github.faults.append(openapi_server.Fault(status, **more))
