"""The departures, as the airlines reported them, and what of them may be known when."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

LATE_MINUTES = 15
"""A flight is late when it arrives more than this many minutes after its scheduled time."""

OUTCOMES = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")
"""What nobody knows before the departure. ``tailnum`` is no outcome, but may change on the day."""


def read(months: Iterable[int], folder: Path = Path("data")) -> pd.DataFrame:
    """The departures of these months of 2013, one row each."""
    return pd.concat([pd.read_parquet(folder / f"2013-{month:02}.parquet") for month in months], ignore_index=True)


def arrived(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights that reached their destination.

    A cancelled or diverted flight has no delay at arrival: it is neither late
    nor on time, and the model says nothing of it.
    """
    return flights[flights["arr_delay"].notna()]


def late(flights: pd.DataFrame) -> pd.Series:
    """1 where a flight arrived late, else 0. Raises ValueError where one did not arrive."""
    if flights["arr_delay"].isna().any():
        raise ValueError("a flight that did not arrive is neither late nor on time")
    return (flights["arr_delay"] > LATE_MINUTES).astype("int64")
