"""Sizes of physical types: ``varchar(20)``, ``decimal(10,2)``, ``timestamp(3)``; how each is compared.

A size is what a value may not exceed: signs of a text, decimal digits of a
number before and after the point, decimal places of a second. What a database
calls a size and is none (the display width of MySQL's ``int(11)``, the bits of
``float(24)``, the bytes of ``varchar2(20 byte)``) is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Measure(Enum):
    """What a size counts."""

    LENGTH = "signs of a text"
    DIGITS = "decimal digits before and after the point"
    PLACES = "decimal places of a second"


@dataclass(frozen=True, slots=True)
class Size:
    """The most that a value of a type may have, of each part that is counted."""

    of: Measure
    limits: tuple[int, ...]

    def holds(self, other: Size) -> bool:
        """Whether every value of the size ``other`` is one of this size."""
        return self.of is other.of and all(one >= less for one, less in zip(self.limits, other.limits, strict=True))


_TEXTS = "varchar varchar2 nvarchar nvarchar2 char nchar bpchar character string text"
_NUMBERS = "decimal numeric number dec fixed bignumeric bigdecimal"
_TIMES = "timestamp timestamptz timestamp_ntz timestamp_ltz timestamp_tz datetime datetime2 datetimeoffset time timetz"
_FORMS = {
    Measure.LENGTH: rf"({'|'.join(_TEXTS.split())})( varying)? ?\( ?(?P<a>\d{{1,9}})( ?char)? ?\)",
    Measure.DIGITS: rf"({'|'.join(_NUMBERS.split())}) ?\( ?(?P<a>\d{{1,2}}) ?(, ?(?P<b>-?\d{{1,2}}) ?)?\)",
    Measure.PLACES: rf"({'|'.join(_TIMES.split())}) ?\( ?(?P<a>\d) ?\)( with(out)?( local)? time ?zone)?",
}
_FIXED = {"timestamp_s": 0, "timestamp_ms": 3, "timestamp_ns": 9}


def size(name: str) -> Size | None:
    """The size that a type names, in a database's or the engine's words; None where it names none that is read."""
    name = re.sub(r"\s+", " ", name.strip().casefold())
    if name in _FIXED:
        return Size(Measure.PLACES, (_FIXED[name],))
    for measure, form in _FORMS.items():
        if found := re.fullmatch(form, name, re.ASCII):
            first = int(found["a"])
            if measure is not Measure.DIGITS:
                return Size(measure, (first,))
            scale = int(found["b"] or 0)
            return Size(measure, (first - scale, scale))
    return None
