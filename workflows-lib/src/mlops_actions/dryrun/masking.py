"""Hides secrets in everything that a dry run shows or writes."""

from __future__ import annotations

import threading
from collections.abc import Iterable

HIDDEN = "***"
SHORTEST = 1


class Masker:
    """Replaces each secret, and each line of one, by ``***``, the longest first. A run may add values as it goes."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._values: tuple[str, ...] = ()
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        lines = {value, *value.splitlines()}
        with self._lock:
            known = {*self._values, *(line for line in lines if len(line.strip()) >= SHORTEST)}
            self._values = tuple(sorted(known, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return text

    @property
    def longest(self) -> int:
        """The characters of the longest secret."""
        return max(map(len, self._values), default=0)

    def holds(self, text: str) -> bool:
        """Whether a secret stands in ``text``."""
        return any(value in text for value in self._values)
