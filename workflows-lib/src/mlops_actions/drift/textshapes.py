"""Shapes of texts, then and now: which ones the two sides are held against each other by.

A profile lists the most frequent shapes of its own rows, so the count of one
that made it to the list by chance is too high, and data that never drifted
would seem to have lost it. Of long texts, which all differ, that is each of
them. So a shape is told by itself where any sample of such rows would list it;
all others are one.
"""

from __future__ import annotations

import math

from mlops_actions.data.profiles.shapes import Shapes

OTHERS = "other shapes"
"""The label of all shapes that are not told by themselves; a shape has no two letters in a row."""

SURE = 3.0
"""Standard deviations by which the count of a shape exceeds what it takes to be listed."""


def told(reference: Shapes, current: Shapes) -> list[str]:
    """The shapes of the reference that are told by themselves, in its order.

    How many texts of one the reference would have, is by what both sides have
    together: the choice favours neither, so the tests may be made as if there
    were none (as in :func:`.statistics.homogeneity`).
    """
    now = dict(current.values)
    counts = ((shape, count, now.get(shape, 0)) for shape, count in reference.values)
    known = (each for each in counts if each[0] in now or not current.most_other)  # of others, it is not known now
    return [shape for shape, before, after in known if _would_be_listed(before + after, reference, current)]


def newcomer(reference: Shapes, current: Shapes) -> tuple[str, int] | None:
    """The most frequent current shape that the reference does not list and surely would; and its number of texts.

    The reference has it in ``most_other`` texts at most.
    """
    known = dict(reference.values)
    shape, count = next((each for each in current.values if each[0] not in known), ("", 0))
    return (shape, count) if count and _would_be_listed(count, reference, current) else None


def _would_be_listed(both: int, reference: Shapes, current: Shapes) -> bool:
    """Whether the reference lists, whatever chance does, a shape of which both sides have so many texts together."""
    expected = both * reference.rows / (reference.rows + current.rows)
    return expected - SURE * math.sqrt(expected) > reference.most_other
