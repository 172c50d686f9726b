"""The share of lines that the tests ran, where the project measures it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_TOTAL = re.compile(r"TOTAL\s+\d.*?\s(?P<percent>\d{1,3}(\.\d+)?)%.*")
_RATE = re.compile(rb"<coverage\b[^>]*\bline-rate=\"(?P<rate>[01](\.\d+)?)\"")


def from_text(lines: Iterable[str]) -> float | None:
    """The last ``TOTAL`` of a printed coverage report, in percent; None where there is none."""
    found = None
    for line in lines:
        if len(line) < 1_000 and (match := _TOTAL.fullmatch(line.strip())):
            found = float(match["percent"])
    return found


def from_xml(path: Path) -> float | None:
    """The line rate of a ``coverage.xml``, in percent; None where it can't be read."""
    try:
        with path.open("rb") as file:
            match = _RATE.search(file.read(64 * 1024))
    except OSError:
        return None
    return round(float(match["rate"]) * 100, 2) if match else None
