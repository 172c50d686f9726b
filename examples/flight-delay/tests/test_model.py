"""The model sees the timetable and nothing else; the baseline is what it says it is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flight_delay import data
from flight_delay.model import FEATURES, Table, features, pipeline


@pytest.fixture(name="flights", scope="module")
def _flights() -> pd.DataFrame:
    february = data.read([2], Path(__file__).parent.parent / "data")
    return data.arrived(february).sample(3000, random_state=0).reset_index(drop=True)


def test_what_happens_after_departure_does_not_reach_the_model(flights):
    changed = flights.assign(**{name: -1 for name in data.OUTCOMES})
    pd.testing.assert_frame_equal(features(changed), features(flights))
    assert not set(FEATURES) & set(data.OUTCOMES)


def test_the_weekday_is_of_the_local_date():
    night = pd.DataFrame(
        {"year": [2013], "month": [3], "day": [1], "hour": [23], "carrier": ["B6"], "origin": ["JFK"]}
        | {"dest": ["SJU"], "distance": [1598]}
    )  # the first of March was a Friday, though in UTC this flight left on Saturday
    assert features(night)["weekday"].tolist() == [5]


def test_it_gives_a_probability_to_carriers_and_airports_it_never_met(flights):
    model = pipeline(1.0).fit(features(flights), data.late(flights))
    probabilities = model.predict_proba(features(flights.head(2)).assign(carrier="??", dest="???", hour=3))
    assert probabilities.shape == (2, 2)
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_the_same_data_give_the_same_model(flights):
    first, second = (pipeline(1.0).fit(features(flights), data.late(flights)) for _ in range(2))
    assert np.array_equal(first.predict_proba(features(flights)), second.predict_proba(features(flights)))


def test_the_table_draws_rare_pairs_towards_the_rate_of_all():
    rows = pd.DataFrame({"carrier": ["AA"] * 3 + ["UA"] * 7, "hour": [9] * 10})
    outcome = pd.Series([1] * 3 + [0] * 7)
    predicted = Table(rows, outcome).predict(pd.DataFrame({"carrier": ["AA", "UA", "HA"], "hour": [9, 9, 9]}))
    assert predicted.tolist() == pytest.approx([(3 + 20 * 0.3) / 23, (0 + 20 * 0.3) / 27, 0.3])
