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


def test_the_first_model_is_made_of_january_to_august(monkeypatch):
    monkeypatch.chdir(FOLDER.parent)
    train, validate, test = data.split(data.given())
    assert [sorted(each["month"].unique()) for each in (train, validate, test)] == [[1, 2, 3, 4, 5, 6], [7], [8]]


def test_a_later_month_is_cut_in_three_and_its_end_is_seen_by_no_model(monkeypatch):
    monkeypatch.chdir(FOLDER.parent)
    monkeypatch.setenv("MLOPS_DATA", "data/2013-0[1-8].parquet\ndata/2013-09.parquet")
    train, validate, test = data.split(data.given())
    september = [each[each["month"] == 9]["day"] for each in (train, validate, test)]
    assert [(days.min(), days.max()) for days in september] == [(1, 10), (11, 20), (21, 30)]
    assert sorted(train["month"].unique()) == list(range(1, 10))
    assert set(validate["month"]) == set(test["month"]) == {9}
    assert len(train) + len(validate) + len(test) == len(data.read(range(1, 10)))
