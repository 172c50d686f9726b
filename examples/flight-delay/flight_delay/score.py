"""Score the held-out flights with one model: ``python -m flight_delay.score``, as `mlops train` runs it for two.

``MLOPS_MODEL`` is the model's folder, ``MLOPS_SCORES`` the CSV file to write. The
flights are those that measured the model just trained, so that neither it nor
one that was made from earlier months has seen them. A day is a block: flights
of one day share its weather.
"""

from __future__ import annotations

import os

import mlflow.pyfunc
import pandas as pd

from flight_delay import data
from flight_delay.model import features


def main() -> None:
    model = mlflow.pyfunc.load_model(os.environ["MLOPS_MODEL"])
    flights = data.arrived(data.split(data.given()).test)
    scored = {
        "label": data.late(flights),
        "prediction": model.predict(features(flights))[:, 1],
        "block": pd.to_datetime(flights[["year", "month", "day"]]).dt.date,
    }
    pd.DataFrame(scored).to_csv(os.environ["MLOPS_SCORES"], index=False)


if __name__ == "__main__":
    main()
