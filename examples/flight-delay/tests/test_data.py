"""The real data: what is recorded of it, and who counts as late."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from flight_delay import data

FOLDER = Path(__file__).parent.parent / "data"


def test_the_files_are_those_whose_digests_are_recorded():
    recorded = dict(reversed(line.split()) for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.parquet")}
    assert found == recorded


def test_all_departures_of_2013_are_there():
    flights = data.read(range(1, 13), FOLDER)
    assert len(flights) == 336_776
    assert not flights.duplicated(["month", "day", "carrier", "flight", "origin"]).any()


def test_more_than_fifteen_minutes_is_late():
    assert data.late(pd.DataFrame({"arr_delay": [-20.0, 0.0, 15.0, 16.0]})).tolist() == [0, 0, 0, 1]


def test_a_cancelled_flight_is_neither_late_nor_on_time():
    flights = pd.DataFrame({"flight": [1, 2], "arr_delay": [16.0, None]})
    assert data.arrived(flights)["flight"].tolist() == [1]
    with pytest.raises(ValueError, match="neither late nor on time"):
        data.late(flights)
