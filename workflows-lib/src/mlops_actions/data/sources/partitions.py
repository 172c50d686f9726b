"""Partition folders that seem to be missing: a month between two that are there.

Folders alone cannot tell what should be there, so only keys of the calendar are
looked at, only between the first and the last that there is, and what is found
is a warning.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

_WHOLE = {"year", "quarter", "month", "week", "hour"}
_DAYS = {"day", "date", "ds", "dt"}
_GAPS = 7
"""Days are missed where at most one of so many is: not at every weekend."""


def gaps(names: Iterable[str]) -> list[str]:
    """What is missing, in words (``month=07 in year=2013``), given the names of all files."""
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in names:
        folders = name.split("/")[:-1]
        for index, folder in enumerate(folders):
            key, sign, value = folder.partition("=")
            if sign:
                values[" ".join(each for each in folders[:index] if "=" in each), key].add(value)
    found = []
    for (parent, key), there in sorted(values.items()):
        inside = f" in {parent}" if parent else ""
        found += [f"{key}={value}{inside} is not there" for value in _missing(key.casefold(), there)]
    return found


def _missing(key: str, there: set[str]) -> list[str]:
    """The values between the first and the last that are not there."""
    if all(re.fullmatch(r"\d{1,4}", value) for value in there) and key in _WHOLE | _DAYS:
        numbers = {int(value) for value in there}
        width = min(map(len, there))
        between = [f"{number:0{width}d}" for number in range(min(numbers), max(numbers)) if number not in numbers]
        return between if key in _WHOLE or _few(between, there) else []
    if all(re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value) for value in there):
        months = {int(value[:4]) * 12 + int(value[5:]) - 1 for value in there}
        return [
            f"{month // 12:04d}-{month % 12 + 1:02d}"
            for month in range(min(months), max(months))
            if month not in months
        ]
    try:
        days = {date.fromisoformat(value) for value in there if len(value) == len("2013-01-01")}
    except ValueError:
        return []
    if len(days) < len(there):
        return []
    span = (max(days) - min(days)).days
    if span > _GAPS * len(days):
        return []
    every = (min(days) + timedelta(number) for number in range(span))
    between = [day.isoformat() for day in every if day not in days]
    return between if _few(between, there) else []


def _few(missing: list[str], there: set[str]) -> bool:
    return len(missing) * _GAPS <= len(missing) + len(there)
