"""What each rule means, in plain Python: the yardstick that every engine is held against."""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from drawn_tables import INFINITE, Table

from mlops_actions.data.rules import rules
from mlops_actions.data.types.nested import Each
from mlops_actions.data.types.sizes import Measure, Size


def broken(test: rules.Test, value: Any, kind: str) -> bool:
    """Whether a value of a column of this kind (as in ``drawn_tables.KINDS``) breaks what ``test`` asks for."""
    if isinstance(test, rules.IsNull):
        return value is None
    if isinstance(test, rules.IsOneOf):
        return (value is None and None in test.values) or value in _constants(test.values, kind)
    if value is None:
        return False
    match test:
        case rules.IsNoneOf():
            return value not in _constants(test.values, kind)
        case rules.IsOutside():
            return not is_finite(value) or _beyond(value, test, kind)
        case rules.IsUnmatched():
            return not re.search(python(test.pattern), value)
        case rules.IsLengthOutside():
            return not test.low <= len(value) <= _at_most(test.high)
        case rules.IsNoMultiple():
            return _is_no_multiple(value, test.of)
        case rules.IsOversized():
            return _is_oversized(value, test.size)
        case rules.IsZoned():
            return test.zoned is (kind == "zoned")
        case rules.IsCountOutside():
            return not test.low <= len(value) <= _at_most(test.high)
        case rules.HasRepeats():
            present = [each for each in value if each is not None]
            return len(set(present)) < len(present)
        case rules.Inside(path=(Each.ITEM,)):
            return any(broken(test.test, each, {"integers": "integer", "texts": "text"}[kind]) for each in value)
    raise NotImplementedError(test)


def _is_oversized(value: Any, size: Size) -> bool:
    """A text, a number or a time that has more than its type may have."""
    if size.of is Measure.LENGTH:
        return len(value) > size.limits[0]
    if size.of is Measure.PLACES:
        return is_finite(value) and size.limits[0] < 6 and value.microsecond % 10 ** (6 - size.limits[0]) != 0
    whole, places = size.limits
    if not is_finite(value):
        return True
    if isinstance(value, float):
        return abs(value) >= 10**whole or _is_no_multiple(value, 1 / 10**places)
    return abs(value) >= 10**whole or Decimal(value) % Decimal(10) ** -places != 0


def surplus(measure: rules.Repeated, table: Table) -> int:
    """Rows whose key another row has already; of a primary key, rows without one as well."""
    rows = list(zip(*(table.values(name) for name in measure.columns), strict=True))
    whole = [tuple(map(_same, row)) for row in rows if None not in row]
    missing = len(rows) - len(whole) if measure.key else 0
    return len(whole) - len(Counter(whole)) + missing


def is_finite(value: Any) -> bool:
    return value not in INFINITE and (not isinstance(value, float) or math.isfinite(value))


def python(pattern: str) -> str:
    """A pattern of RE2, of those drawn here, in Python's words: ``$`` is the end, and classes know ASCII alone."""
    return "(?a)" + re.sub(r"(?<!\\)\$", r"\\Z", pattern)


def _same(value: Any) -> Any:
    return "NaN" if value != value else tuple(value) if isinstance(value, list) else value


def _at_most(high: int | None) -> float:
    return math.inf if high is None else high


def _beyond(value: Any, test: rules.IsOutside, kind: str) -> bool:
    low, high = (None if end is None else constant(end, kind) for end in (test.low, test.high))
    below = low is not None and (value < low or (value == low and test.low_open))
    return below or (high is not None and (value > high or (value == high and test.high_open)))


def _constants(values: tuple[rules.Value, ...], kind: str) -> list[Any]:
    return [constant(each, kind) for each in values if each is not None]


def constant(value: rules.Value, kind: str) -> Any:
    """A value of a contract as a value of the column."""
    match kind:
        case "date":
            return date.fromisoformat(str(value))
        case "timestamp":
            return datetime.fromisoformat(str(value))
        case "zoned":
            moment = datetime.fromisoformat(str(value))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        case "decimal":
            return Decimal(str(value))  # a number in a contract is what is written there
        case "float":
            return struct.unpack("f", struct.pack("f", value))[0]
    return value


def _is_no_multiple(value: Any, of: int | float) -> bool:
    if isinstance(value, float):
        if not math.isfinite(value):
            return True
        share = value / of
        if math.isinf(share):
            return True
        return abs(share - round(share)) > 1e-9 * max(1, abs(share))
    return Decimal(value) % Decimal(str(of)) != 0
