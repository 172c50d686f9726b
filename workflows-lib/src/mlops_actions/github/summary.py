"""The job summary: Markdown that GitHub shows on the page of a run, up to 1 MiB a step.

GitHub drops a summary that is larger. :func:`fit` cuts one between two lines
instead, closes what is left open there, and says so.
"""

from __future__ import annotations

import re
from pathlib import Path

LIMIT = 1024 * 1024
"""Bytes of UTF-8 that GitHub takes from one step."""

MARGIN = 1024
"""Left free, for what else a step may write."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_DETAILS = re.compile(r"<(/?)details\b", re.IGNORECASE)
_NOTE = "> **Cut here**, to fit GitHub’s limit for a summary: {} more lines are in the full report.\n"
_RESERVE = 200  # bytes, for the note and an open fence


def append(path: Path, text: str, limit: int = LIMIT) -> bool:
    """Add ``text`` to the file that GITHUB_STEP_SUMMARY names; False where there is no room at all.

    What earlier commands of the same step wrote counts against ``limit``.
    Raises OSError where the file can't be written.
    """
    written = path.stat().st_size if path.exists() else 0
    separator = "\n" if written else ""
    fitted = fit(text, limit - written - len(separator))
    if not fitted:
        return False
    with path.open("ab") as file:
        file.write((separator + fitted).encode("utf-8", "backslashreplace"))
    return True


def fit(text: str, limit: int) -> str:
    """``text`` when it has at most ``limit`` bytes, else its first whole lines and a line that says so.

    Code fences and ``<details>`` that the cut leaves open are closed. Empty
    where not even the note has room.
    """
    if _size(text) <= limit:
        return text
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if limit < _RESERVE:
        return ""
    room = limit - _RESERVE
    fence, depth = "", 0
    kept: list[str] = []
    for line in lines:
        opened, deeper = _structure(line, fence, depth)
        # What has to be closed again is paid for when it is opened.
        room -= _size(line) + 1 + max(0, deeper - depth) * _size("</details>\n") + max(0, len(opened) - len(fence))
        if room < 0:
            break
        fence, depth = opened, deeper
        kept.append(line)
    closing = [fence] if fence else []
    closing += ["", *["</details>"] * depth, ""] if depth else [""]
    return "\n".join([*kept, *closing, _NOTE.format(f"{len(lines) - len(kept):,}")])


def _structure(line: str, fence: str, depth: int) -> tuple[str, int]:
    """The open fence (or an empty string) and the open details after ``line``."""
    found = _FENCE.match(line)
    if fence:
        closes = found and found[1].startswith(fence) and not line.strip().strip(fence[0])
        return ("" if closes else fence), depth
    if found and not (found[1][0] == "`" and "`" in line[found.end() :]):
        return found[1], depth
    for slash in _DETAILS.findall(line):
        depth = max(0, depth - 1) if slash else depth + 1
    return fence, depth


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))
