"""The departures, as the airlines reported them, and what of them may be known when."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

LATE_MINUTES = 15
"""A flight is late when it arrives more than this many minutes after its scheduled time."""

LAST_MONTH = 8
"""The last of the months that the first model was made from."""

OUTCOMES = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")
"""What nobody knows before the departure. ``tailnum`` is no outcome, but may change on the day."""


def read(months: Iterable[int], folder: Path = Path("data")) -> pd.DataFrame:
    """The departures of these months of 2013, one row each."""
    return pd.concat([pd.read_parquet(folder / f"2013-{month:02}.parquet") for month in months], ignore_index=True)


def given() -> pd.DataFrame:
    """The departures that a training is given: the files that ``MLOPS_DATA`` names, else January to August."""
    patterns = os.environ.get("MLOPS_DATA", "data/2013-0[1-8].parquet").splitlines()
    files = sorted({file for pattern in patterns for file in glob.glob(pattern)})
    return pd.concat(map(pd.read_parquet, files), ignore_index=True)


class Split(NamedTuple):
    """Flights by time: what trains a model, what chooses its regularization, what measures it. No flight is in two."""

    train: pd.DataFrame
    validate: pd.DataFrame
    test: pd.DataFrame


def split(flights: pd.DataFrame) -> Split:
    """January to June train, July chooses, August measures: fixed before any model was trained.

    Where there are later months, their days are cut in three instead: the first
    third joins all that came before and trains, the second chooses, the last
    measures. A model of the first kind has seen nothing of them.
    """
    month = flights["month"]
    if (month <= LAST_MONTH).all():
        return Split(flights[month < 7], flights[month == 7], flights[month == 8])
    date = pd.to_datetime(flights[["year", "month", "day"]])
    days = sorted(date[month > LAST_MONTH].unique())
    second, third = days[len(days) // 3], days[len(days) * 2 // 3]
    return Split(flights[date < second], flights[(date >= second) & (date < third)], flights[date >= third])


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
