"""The one value that a query of a contract gives, as it is told to who compares it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

_TEXT = 10_000  # characters of a text that is compared


def of_rows(rows: Sequence[Sequence[Any]], kind: str) -> dict[str, Any]:
    """The value of the only row's only column, which is of the type ``kind``; or why there is none."""
    if len(rows) != 1:
        return {"error": f"the query gives {'more than one row' if rows else 'no row'}, and one is asked for"}
    return value_of(rows[0][0], kind)


def value_of(value: object, kind: str) -> dict[str, Any]:
    """A value as it goes over the line: a number as text, so that no digit is lost."""
    match value:
        case None:
            return {"error": "the query gives null"}
        case bool():
            return {"value": value, "kind": "boolean"}
        case float() if not math.isfinite(value):
            return {"error": f"the query gives {value}, which is no number to compare"}
        case float():
            return {"value": repr(value), "kind": "float"}
        case Decimal() if not value.is_finite():
            return {"error": f"the query gives {value}, which is no number to compare"}
        case int() | Decimal():
            return {"value": str(value), "kind": "exact"}
        case str() if len(value) <= _TEXT:
            return {"value": value, "kind": "text"}
        case str():
            return {"error": f"the query gives a text of more than {_TEXT:,} characters"}
    return {"error": f"the query gives a {kind}, and a number, a boolean or a text can be compared"}
