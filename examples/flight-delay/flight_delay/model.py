"""The model, what it looks at, and the table that it has to beat."""

from __future__ import annotations

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FEATURES = {
    "carrier": "str",
    "origin": "str",
    "dest": "str",
    "hour": "int64",  # of the scheduled departure
    "weekday": "int64",  # 1 is Monday
    "distance": "float64",  # miles
}
"""The model's inputs and their types: nothing but the timetable."""


def features(flights: pd.DataFrame) -> pd.DataFrame:
    """What the model sees of each flight."""
    weekday = pd.to_datetime(flights[["year", "month", "day"]]).dt.day_of_week + 1
    return flights.assign(weekday=weekday)[list(FEATURES)].astype(FEATURES)


def pipeline(strength: float) -> Pipeline:
    """The untrained model; ``strength`` is the inverse of the regularization.

    A carrier, airport or hour that was not there in training counts for nothing.
    """
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["carrier", "origin", "dest", "hour", "weekday"]),
            (StandardScaler(), ["distance"]),
        ),
        LogisticRegression(C=strength, solver="newton-cholesky"),
    )


class Table:
    """The baseline: how often this carrier was late at this hour.

    A rate is drawn towards that of all flights as if ``PRIOR`` more flights had
    it, so that a rare pair (three flights, all of them late) is not taken at
    its word.
    """

    PRIOR = 20
    KEYS = ("carrier", "hour")

    def __init__(self, rows: pd.DataFrame, outcome: pd.Series) -> None:
        self.rate = float(outcome.mean())
        seen = outcome.groupby([rows[key] for key in self.KEYS]).agg(["sum", "count"])
        self.rates = (seen["sum"] + self.PRIOR * self.rate) / (seen["count"] + self.PRIOR)

    def predict(self, rows: pd.DataFrame) -> pd.Series:
        """The probability of being late, for each row."""
        keys = pd.MultiIndex.from_frame(rows[list(self.KEYS)])
        return self.rates.reindex(keys).fillna(self.rate).set_axis(rows.index)
