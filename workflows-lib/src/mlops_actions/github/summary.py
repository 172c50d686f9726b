"""The job summary: Markdown that GitHub shows on the page of a run, up to 1 MiB a step.

GitHub drops a summary that is larger. :func:`fit` cuts one between two lines
instead, closes what is left open there, and says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

LIMIT = 1024 * 1024
"""Bytes of UTF-8 that GitHub takes from one step."""

MARGIN = 1024
"""Left free, for what else a step may write."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_DETAILS = re.compile(r"<(/?)details\b", re.IGNORECASE)
_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_HTML_BLOCK = re.compile(r" {0,3}</?(details|summary)\b", re.IGNORECASE)
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
    inside = _Inside()
    kept: list[str] = []
    for line in lines:
        then = inside.after(line)
        # What has to be closed again is paid for when it is opened.
        room -= _size(line) + 1 + max(0, then.depth - inside.depth) * _size("</details>\n")
        room -= max(0, len(then.fence) - len(inside.fence))
        if room < 0:
            break
        inside = then
        kept.append(line)
    closing = [inside.fence] if inside.fence else []
    closing += ["", *["</details>"] * inside.depth, ""] if inside.depth else [""]
    return "\n".join([*kept, *closing, _NOTE.format(f"{len(lines) - len(kept):,}")])


class _Inside(NamedTuple):
    """What is open at the end of a line: a code fence, how many details, an HTML block."""

    fence: str = ""
    depth: int = 0
    html: bool = False

    def after(self, line: str) -> _Inside:
        """What is open after one more line."""
        found = _FENCE.match(line)
        if self.fence:
            closes = found and found[1].startswith(self.fence) and not line.strip().strip(self.fence[0])
            return _Inside("", self.depth, self.html) if closes else self
        # In an HTML block, which a blank line ends, a fence is text (CommonMark 0.31, section 4.6).
        if found and not self.html and not (found[1][0] == "`" and "`" in line[found.end() :]):
            return _Inside(found[1], self.depth, self.html)
        depth = self.depth
        for slash in _DETAILS.findall(_CODE.sub("", line)):  # in inline code, it opens and closes nothing
            depth = max(0, depth - 1) if slash else depth + 1
        return _Inside("", depth, bool(line.strip()) and (self.html or _HTML_BLOCK.match(line) is not None))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))
