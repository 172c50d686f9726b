"""Projects to lint and test, and uv on PATH as a leg finds it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Files = dict[str, str]


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Files], Path]:
    """Makes a project of these files, in a folder with a space in its path."""

    def make(files: Files) -> Path:
        folder = tmp_path / "mono repo" / "sub project"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return make


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder to write into."""
    folder = tmp_path / "the out"
    folder.mkdir()
    return folder


@pytest.fixture
def with_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    """uv on PATH, and none of the settings that a surrounding pytest or CI put there."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    if shutil.which("uv", path=path) is None:
        pytest.fail("uv is neither on PATH nor beside this Python: run `make install`")
    monkeypatch.setenv("PATH", path)
    for name in ("PYTEST_ADDOPTS", "COVERAGE_PROCESS_START", "COV_CORE_SOURCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def here() -> str:
    """The version of the interpreter that runs the tests, as a matrix names it."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"
