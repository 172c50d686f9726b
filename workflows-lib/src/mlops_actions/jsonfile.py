"""The one reader of JSON that an earlier run left behind, or that somebody put in its place.

Python's own takes more than JSON (``NaN``), and more than this program can
pass on (numbers beyond a double); it ends in RecursionError on a file of open
brackets, guesses encodings, and waits for a pipe without end.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from mlops_actions import links

MAX_DIGITS = 300
"""Of a whole number; a double holds 308."""


def read(path: Path) -> Any:
    """The data in a file. Raises ValueError as :func:`loads` does, OSError where the file can't be read."""
    if links.escape(path):
        raise OSError(None, links.ESCAPES, str(path))
    if path.exists() and not path.is_file():
        raise OSError(None, "not a file that can be read", str(path))
    return loads(path.read_bytes().decode("utf-8"))


def loads(text: str) -> Any:
    """The data in ``text``. Raises ValueError where it is not JSON, or nested too deeply."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"holds {word}, which is no JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("holds a number that is too large")
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("holds a number that is too large")
    return int(text)
