"""Step outputs: names and values for the jobs that follow.

Each value stands between two lines of a random delimiter, so that no value can
end early and set another output.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def append(path: Path, outputs: Mapping[str, str]) -> None:
    """Add ``outputs`` to the file that GITHUB_OUTPUT names.

    Raises ValueError for a name that GitHub would not take (nothing is written
    then), OSError where the file can't be written.
    """
    text = "".join(entry(name, value) for name, value in outputs.items())
    with path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)


def entry(name: str, value: str) -> str:
    """One output as the runner reads it. Raises ValueError for a name that is not one."""
    if not _NAME.match(name):
        raise ValueError(f"not the name of an output: {name!r}")
    delimiter = _delimiter(value)
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _delimiter(value: str) -> str:
    while (delimiter := f"end-{secrets.token_hex(16)}") in value:
        pass  # 128 random bits: nobody has seen this happen
    return delimiter
