"""What a peer says of the simulations' data, with its defaults: a line of JSON a trial. Run by drift_simulation.py.

It runs in the peer's own environment, so it needs numpy, pandas and the peer alone. A line has the columns that the
peer flags, and whether it flags the data set, where it has a word for that.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from drift_data import Data, is_category, trial

Verdict = tuple[list[str], bool]


def evidently(reference: Data, current: Data) -> Verdict:
    """DataDriftPreset: a column by the method that it chooses, the data set where half of the columns drifted."""
    import pandas  # pylint: disable=import-outside-toplevel,import-error
    from evidently import DataDefinition, Dataset, Report  # pylint: disable=import-outside-toplevel,import-error
    from evidently.presets import DataDriftPreset  # pylint: disable=import-outside-toplevel,import-error

    kinds: dict[bool, list[str]] = {False: [], True: []}
    for name in reference:
        kinds[is_category(name)].append(name)
    names = DataDefinition(numerical_columns=kinds[False], categorical_columns=kinds[True])
    frames = (pandas.DataFrame(numeric(each)) for each in (current, reference))
    sides = [Dataset.from_pandas(each, data_definition=names) for each in frames]
    found: dict[str, Any] = Report([DataDriftPreset()]).run(*sides).dict()
    values = {str(metric["metric_name"]): metric["value"] for metric in found["metrics"]}
    if len(values) != len(reference) + 1:
        raise ValueError(f"Evidently says something new: {list(values)}")
    share = next(value["share"] for name, value in values.items() if name.startswith("DriftedColumnsCount"))
    return _drifted(values), share >= 0.5


def _drifted(values: dict[str, Any]) -> list[str]:
    found = []
    for said, value in values.items():
        if parts := re.match(r"ValueDrift\(column=(.*),method=(.*),threshold=([\d.]+)\)", said):
            below = float(value) < float(parts[3])
            found += [parts[1]] if below == ("p_value" in parts[2]) else []
    return found


def nannyml(reference: Data, current: Data) -> Verdict:
    """UnivariateDriftCalculator: an alert in any of its ten chunks."""
    import nannyml as library  # pylint: disable=import-outside-toplevel,import-error
    import pandas  # pylint: disable=import-outside-toplevel,import-error

    made = library.UnivariateDriftCalculator(
        column_names=list(reference), treat_as_categorical=[name for name in reference if is_category(name)]
    )
    made.fit(pandas.DataFrame(numeric(reference)))
    table = made.calculate(pandas.DataFrame(numeric(current))).filter(period="analysis").to_df()
    drifted = [
        name for name in reference if any(table[key].any() for key in table if key[0] == name and key[2] == "alert")
    ]
    return drifted, bool(drifted)


def numeric(data: Data) -> Data:
    """Numbers as numbers: missing ones are NaN."""
    return {name: values if is_category(name) else values.astype(float) for name, values in data.items()}


def main() -> None:
    judge = {"evidently": evidently, "nannyml": nannyml}[sys.argv[1]]
    shift, seed, rows, columns, trials = sys.argv[2], *map(int, sys.argv[3:])
    for each in range(trials):
        columns_, flagged = judge(*trial((seed, rows, each), columns, shift))
        print(json.dumps([columns_, flagged]), flush=True)


if __name__ == "__main__":
    main()
