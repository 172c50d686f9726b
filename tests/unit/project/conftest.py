"""uv, as the library finds it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture
def with_uv() -> dict[str, str]:
    """The environment of this process with uv on PATH; the tests need it and say so where it is missing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    if shutil.which("uv", path=path) is None:
        pytest.fail("uv is neither on PATH nor beside this Python: run `make install`")
    return {**os.environ, "PATH": path}
