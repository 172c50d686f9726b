"""What recurs in time: the hour of a day, the weekday, the month; so that like is held against like.

A season counts as known where the reference has it in two rounds at least (two
years of a month, two weeks of a weekday): from one alone, what is its own
cannot be told from what is the season's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from mlops_actions.data.profiles.blocks import Unit

FEWEST = 6
"""Degrees of freedom that the variance between blocks must have, to be any yardstick."""


def seasons(unit: Unit, reference: Sequence[str], current: Iterable[str]) -> dict[str, int]:
    """Start of each block, of both sides, to its season.

    It is 0 for all where the reference does not know each season of the
    current blocks, or has too few blocks to tell seasons apart.
    """
    now = tuple(current)
    own = {start: _season(unit, start) for start in (*reference, *now)}
    rounds = Counter(season for season, _ in {own[start] for start in reference})
    told = len(set(reference)) - len(rounds) >= FEWEST and all(rounds[own[start][0]] > 1 for start in now)
    return {start: season if told else 0 for start, (season, _) in own.items()}


def _season(unit: Unit, start: str) -> tuple[int, int]:
    """A block's season, and the round that it is in; the same one for what is no date of the calendar."""
    try:
        begins = datetime.fromisoformat(start)
        match unit:
            case Unit.HOUR:
                return begins.hour, begins.toordinal()
            case Unit.DAY:
                return begins.weekday(), begins.toordinal() - begins.weekday()
            case Unit.WEEK:  # of the month that most of its days are in
                middle = begins + timedelta(days=3)
                return middle.month, middle.year
            case Unit.MONTH | Unit.QUARTER:
                return begins.month, begins.year
    except (ValueError, OverflowError):
        pass
    return 0, 0
