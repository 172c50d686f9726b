"""The words and figures that both reports share: numbers, thresholds, places, durations, counts."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlops_actions.outcome import Chart
from mlops_actions.verdict import Check, Example, Json, Scalar, Status, Where

ORDER = (Status.ERROR, Status.FAIL, Status.WARN, Status.NOT_CHECKED, Status.PASS)
"""The statuses of checks, the worst first."""

_COUNTED = {
    Status.ERROR: "in error",
    Status.FAIL: "failed",
    Status.WARN: "warned",
    Status.NOT_CHECKED: "not checked",
    Status.PASS: "passed",
}


def scalar(value: Scalar) -> str:
    """A value as a person reads it; None is an empty text.

    An integer has thousands separators from five digits on, so that a year has
    none; a float has six significant digits.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:,}" if abs(value) >= 10_000 else str(value)
        case float() if not math.isfinite(value):
            return str(value)
        case float() if 100_000 <= abs(value) < 1e15:
            return f"{value:,.0f}"
        case float():
            return f"{value:.6g}"
    return value


def rounded(value: float | None) -> str:
    """A mean or the like: four digits, or all before the point; None is an empty text."""
    if value is None:
        return ""
    return f"{value:,.0f}" if 9_999.5 <= abs(value) < 1e15 else f"{value:.4g}"


def measured(check: Check) -> str:
    """What was measured; a count of rows with its separators, a float in full where rounding hides the difference."""
    if check.rows is not None and isinstance(check.measured, int) and not isinstance(check.measured, bool):
        return f"{check.measured:,}"
    text = scalar(check.measured)
    if isinstance(check.measured, float):
        limits = [each for each in (check.threshold or {}).values() if isinstance(each, int | float)]
        if any(scalar(each) == text and each != check.measured for each in limits):
            return repr(check.measured)
    return text


def threshold(value: Mapping[str, Json] | None) -> str:
    """What was asked for: ``mustBe 0``, ``min 0.65, max 1``."""
    return ", ".join(f"{name} {json_text(each)}" for name, each in (value or {}).items())


def json_text(value: Json) -> str:
    """A value as text: scalars as people write them, the rest as JSON."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return scalar(value) if value is not None else "null"


def place(where: Where) -> str:
    """``file:line:character``, as editors and terminals take it; empty where no file is named."""
    if where.file is None:
        return ""
    return ":".join(str(part) for part in (where.file, where.line, where.line and where.character) if part)


def found_at(example: Example) -> str:
    """``data.csv:12``, or ``data.parquet, row 12``; empty where nothing tells the place."""
    if example.file is None:
        return ""
    if example.row is not None:
        return f"{example.file}, row {example.row:,}"
    return place(Where(file=example.file, line=example.line))


def cells(examples: Sequence[Example]) -> tuple[list[str], list[dict[str, str | None]]]:
    """The columns of which examples show something, those of the key first, and each example's cells by column."""
    shown = [{**each.key, **each.values} for each in examples]
    return list(dict.fromkeys(name for each in shown for name in each)), shown


def named(where: Where) -> str:
    """``object.column``, whichever of them there is."""
    return ".".join(part for part in (where.object, where.column) if part)


def percent(share: float) -> str:
    """``2.2 %``; none is ``0 %``, all ``100 %``, and what is not quite that is said so."""
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    if 0 < share < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= share < 1:
        return "over 99.9 %"
    return f"{share:.1%}".replace("%", " %")


def part(count: int, whole: int) -> str:
    """A count with its share: ``4,883 (2.2 %)``; none has no share."""
    return f"{count:,} ({percent(count / whole)})" if count else "0"


def duration(length: timedelta) -> str:
    """``0.84 s``, ``12 s``, ``3 min 07 s``, ``2 h 05 min``."""
    seconds = max(0.0, length.total_seconds())
    if seconds < 9.95:
        return f"{seconds:.2g} s" if seconds else "0 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def moment(when: datetime) -> str:
    """``2026-11-23 08:00:00 UTC``."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def counts(checks: Iterable[Check]) -> list[tuple[Status, int]]:
    """How many checks have each status, the worst first; statuses that no check has are left out."""
    by_status = Counter(check.status for check in checks)
    return [(status, by_status[status]) for status in ORDER if by_status[status]]


def tally(status: Status, count: int) -> str:
    """``5 failed``."""
    return f"{count:,} {_COUNTED[status]}"


def tallied(checks: Iterable[Check]) -> str:
    """``1 failed, 5 passed``; empty where there is no check."""
    return ", ".join(tally(status, count) for status, count in counts(checks))


def plural(count: int, noun: str) -> str:
    """``1 check``, ``5,000 checks``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


@dataclass(frozen=True, slots=True)
class Column:
    """The cells of a table's column as texts, and whether all that are not empty are numbers, or words of a status."""

    cells: tuple[str, ...]
    numeric: bool = False
    statuses: bool = False


EMPTY = Column(())


def column(values: Sequence[Scalar]) -> Column:
    """The cells of a column. Numbers of one column share their separators and their decimals."""
    given = [value for value in values if value is not None]
    numbers = [value for value in given if isinstance(value, int | float) and not isinstance(value, bool)]
    if not numbers or len(numbers) < len(given):
        return Column(tuple(map(scalar, values)), statuses=bool(given) and {*given} <= {*Status})
    floats = [f"{value:.6g}" for value in numbers if isinstance(value, float)]
    if any(abs(value) >= 1e15 for value in numbers) or any({"e", "n"} & set(each) for each in floats):
        return Column(tuple(map(scalar, values)), numeric=True)  # 1e-09, inf, nan
    decimals = max((len(each.partition(".")[2]) for each in floats), default=0)
    separator = "," if max(map(abs, numbers)) >= 10_000 else ""
    return Column(tuple("" if value is None else f"{value:{separator}.{decimals}f}" for value in values), numeric=True)


def sizes(values: Sequence[Scalar]) -> tuple[list[float | None], float]:
    """The cells of a column by which bars are drawn, None where there is no number, and the largest of them."""
    found = [
        abs(drawn(float(value))) if isinstance(value, int | float) and not isinstance(value, bool) else None
        for value in values
    ]
    return found, max((each for each in found if each is not None), default=0.0)


def amount(chart: Chart, value: float) -> str:
    """One value of a chart: a share as a percentage, else a number."""
    if not math.isfinite(value):
        return "n/a"
    return f"{value:.1%}" if is_share(chart) else scalar(float(value))


def is_share(chart: Chart) -> bool:
    """True for a chart of shares, 0 to 1."""
    return chart.unit.startswith("share")


def drawn(value: float) -> float:
    """The height at which a value is drawn: nothing where it is not finite, and never near a float's end."""
    return min(max(value, -1e300), 1e300) if math.isfinite(value) else 0.0
