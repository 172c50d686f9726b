"""Predicts with the original model. Runs in the model's own environment, never in the library's.

``python replay.py REQUEST ANSWER``: both are JSON files, as
:mod:`mlops_actions.export.original` writes and reads them. Only the standard
library and what loads the model are imported, and Python 3.8 is enough. Where
a batch raises, it is halved until the rows that raise are found: the original
refuses them, and that is part of what it does.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from typing import Any

# What loads the model is only there in its own environment.
# pylint: disable=import-outside-toplevel,import-error

DTYPES = {"integer": "int32", "long": "int64", "float": "float32", "double": "float64", "boolean": "bool"}


def main(request_path: str, answer_path: str) -> None:
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    model = load(request)
    rows = frame(request)
    answers: list[Any] = [None] * len(rows)
    errors: dict[int, str] = {}
    predict(model, rows, 0, answers, errors)
    answer = {
        "classes": plain(model.classes_) if hasattr(model, "classes_") else None,
        "answers": answers,
        "errors": errors,
        "versions": {name: version(name) for name in ("scikit-learn", "numpy", "pandas", "skops")},
    }
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


def load(request: dict[str, Any]) -> Any:
    if request["format"] == "skops":
        import skops.io

        return skops.io.load(request["file"], trusted=request["trusted"])
    import pickle

    with open(request["file"], "rb") as file:
        return pickle.load(file)  # noqa: S301


def frame(request: dict[str, Any]) -> Any:
    """The rows as a data frame of the signature's types; what is missing is NaN, as pandas reads a file."""
    import pandas

    columns = {}
    for index, column in enumerate(request["columns"]):
        values = [row[index] for row in request["rows"]]
        if column["type"] == "string":
            # A column of nothing but missing values stays one of strings.
            kind = None if any(value is not None for value in values) else "object"
            values = [float("nan") if value is None else value for value in values]
        else:
            kind = "float64" if None in values else DTYPES[column["type"]]
        columns[column["name"]] = pandas.Series(values, dtype=kind)
    return pandas.DataFrame(columns)


def predict(model: Any, rows: Any, start: int, answers: list[Any], errors: dict[int, str]) -> None:
    """Fill ``answers`` with [label, values] a row, or ``errors`` with what was raised."""
    if len(rows) == 0:
        return
    try:
        labels = plain(model.predict(rows))
        values = plain(model.predict_proba(rows)) if hasattr(model, "predict_proba") else None
    except Exception as error:  # pylint: disable=broad-exception-caught  # a model raises what it likes
        if len(rows) == 1:
            errors[start] = " ".join(f"{type(error).__name__}: {error}".split())[:160]
            return
        half = len(rows) // 2
        predict(model, rows.iloc[:half], start, answers, errors)
        predict(model, rows.iloc[half:], start + half, answers, errors)
        return
    for index, label in enumerate(labels):
        answers[start + index] = [label, None if values is None else values[index]]


def plain(array: Any) -> list[Any]:
    found: list[Any] = array.tolist() if hasattr(array, "tolist") else list(array)
    return found


def version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
