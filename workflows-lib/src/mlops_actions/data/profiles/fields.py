"""What a value in a stored profile may be: text, a count, a finite number.

Whoever edits a profile can give it a digest that fits: the digest tells a
mistake and is no signature. So each value is looked at before it is reckoned
with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

MOST = 2**63 - 1
"""Rows that an engine can count; what is more is no count, and too much for a double's square."""

_Word = TypeVar("_Word", bound=StrEnum)


class Misfit(ValueError):
    """What was read is no profile, or does not add up; the message says why, and follows the file's name.

    ``line`` is where in the file, if that is known.
    """

    line: int | None = None


def text(value: Any) -> str:
    """Raises Misfit for what is not text, as do the others for what they are not."""
    if not isinstance(value, str):
        raise _misfit(value, "text")
    return value


def count(value: Any) -> int:
    """A number of rows, 0 to MOST."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
        raise _misfit(value, "a count")
    return value


def counts(values: Any, size: int) -> tuple[int, ...]:
    """A count for each of ``size``."""
    found = tuple(_listed(values))
    if not set(map(type, found)) <= {int} or (found and (min(found) < 0 or max(found) > MOST)):  # most files have many
        found = tuple(map(count, found))
    if len(found) != size:
        raise Misfit(f"is not a profile: {size} counts are needed, and there are {len(found)}")
    return found


def number(value: Any) -> float:
    """A finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise _misfit(value, "a finite number")
    return float(value)


def numbers(values: Any) -> tuple[float | None, ...]:
    """Finite numbers, or null for what is not known."""
    return tuple(None if each is None else number(each) for each in _listed(values))


def word(value: Any, words: type[_Word]) -> _Word:
    """One of some words."""
    if not isinstance(value, str) or value not in set(words):
        raise _misfit(value, f"one of {', '.join(words)}")
    return words(value)


def _listed(values: Any) -> Iterable[Any]:
    if not isinstance(values, list | tuple):
        raise _misfit(values, "a list")
    return values


def _misfit(value: Any, what: str) -> Misfit:
    return Misfit(f"is not a profile: {value!r:.60} is not {what}")
