"""The amounts that an operator of the standard allows, as spans of numbers that can be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

End: TypeAlias = tuple[float, int]
"""A number and -1, 0 or 1: just below it, itself, just above. Pairs sort as the ends of spans do."""

Span: TypeAlias = tuple[End, End]
"""From an end to an end, both within."""

_LEAST, _GREATEST = (-math.inf, 0), (math.inf, 0)


def allowed(operator: str, bound: Any, *, counts: bool, floor: float = -math.inf) -> tuple[Span, ...]:
    """What an operator allows, in ascending spans; ``counts`` are whole numbers, none is less than ``floor``."""
    spans = _spans(operator, bound)
    if counts:
        spans = [(_up(low), _down(high)) for low, high in spans]
    least = (floor, 0)
    return tuple((max(low, least), high) for low, high in spans if max(low, least) <= high)


def within(inner: Sequence[Span], outer: Sequence[Span]) -> bool:
    """Whether all that ``inner`` allows is allowed by ``outer``."""
    return all(any(low <= start and end <= high for low, high in outer) for start, end in inner)


def from_above(spans: Sequence[Span], floor: float = 0) -> bool:
    """Whether only the greatest amount is limited: fewer are always allowed."""
    return len(spans) == 1 and spans[0][0] <= (floor, 0)


def _spans(operator: str, bound: Any) -> list[Span]:
    match operator:
        case "mustBe":
            return [((bound, 0), (bound, 0))]
        case "mustNotBe":
            return [(_LEAST, (bound, -1)), ((bound, 1), _GREATEST)]
        case "mustBeGreaterThan":
            return [((bound, 1), _GREATEST)]
        case "mustBeGreaterOrEqualTo":
            return [((bound, 0), _GREATEST)]
        case "mustBeLessThan":
            return [(_LEAST, (bound, -1))]
        case "mustBeLessOrEqualTo":
            return [(_LEAST, (bound, 0))]
        case "mustBeBetween":
            return [((bound[0], 0), (bound[1], 0))]
        case "mustNotBeBetween":
            return [(_LEAST, (bound[0], -1)), ((bound[1], 1), _GREATEST)]
    raise ValueError(operator)


def _up(end: End) -> End:
    """The first whole number from an end on."""
    number, side = end
    return end if math.isinf(number) else (math.floor(number) + 1 if side > 0 else math.ceil(number), 0)


def _down(end: End) -> End:
    number, side = end
    return end if math.isinf(number) else (math.ceil(number) - 1 if side < 0 else math.floor(number), 0)
