"""The metrics file that a training command writes: one JSON object, names to finite numbers."""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path
from typing import Any

from mlops_actions import links
from mlops_actions.visible import clip, visible

MAX_BYTES = 16 * 1024 * 1024


class Unusable(Exception):
    """The file holds no metrics; the message says why."""


def read(path: Path, root: Path) -> dict[str, float]:
    """The metrics in ``path``, in the file's order.

    Raises Unusable for what is not there, is no regular file in the folder
    ``root``, not UTF-8, not JSON, not one object, or where a value is not a finite number (``NaN`` is none) or a name
    stands twice.
    """
    try:
        _refuse_special(path, root)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Unusable("the command wrote no such file") from None
    except OSError as error:
        raise Unusable(f"the file cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise Unusable(f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        data = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError:
        raise Unusable("the file is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unusable(f"the file is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except (RecursionError, ValueError) as error:
        raise Unusable(f"the file is not JSON that can be read: {clip(str(error), 200)}") from None
    if not isinstance(data, dict):
        raise Unusable(f"the file holds {_kind(data)}, not one object of names and numbers")
    return {name: _number(name, value) for name, value in data.items()}


def _refuse_special(path: Path, root: Path) -> None:
    """A pipe would be waited for, and a link may lead to what the command did not write."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise Unusable("the file cannot be read: it is not a regular file")
    if links.leads_out(path, root):
        raise Unusable(f"the file {links.ESCAPES}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unusable(f"`{_name(twice)}` stands twice")
    return data


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unusable(f"`{_name(name)}` is {_kind(value)}, not a number")
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise Unusable(f"`{_name(name)}` is {clip(str(value), 40)}, not a finite number")
    return value


def _name(name: str) -> str:
    return clip(visible(name), 100)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    for kind, word in ((list, "a list"), (dict, "an object"), (str, "a string")):
        if isinstance(value, kind):
            return word
    return f"the number {clip(str(value), 40)}"
