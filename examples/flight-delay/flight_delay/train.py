"""Train the model: ``python -m flight_delay.train`` writes build/model, build/metrics.json and
build/importances.json.

The split is by time (see :func:`flight_delay.data.split`), and was fixed before
any model was trained. The same data give the same coefficients and metrics; the bytes of build/model differ, because
MLflow writes the time into it and skops memory addresses.
"""

from __future__ import annotations

import json
import logging
import shutil
from importlib.metadata import version
from pathlib import Path

import mlflow.sklearn
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from numpy import dtype
from sklearn.inspection import permutation_importance
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline

from flight_delay import data
from flight_delay.model import FEATURES, Table, features, pipeline

STRENGTHS = (0.01, 0.1, 1.0)
BUILD = Path("build")

MLFLOW_TYPES = {"str": "string", "int64": "long", "float64": "double"}
REQUIREMENTS = ("mlflow-skinny", "numpy", "pandas", "scikit-learn", "scipy", "skops")
"""What it takes to load the model, pinned in it as installed here."""


def choose(train: pd.DataFrame, validate: pd.DataFrame) -> tuple[Pipeline, float]:
    """The model of the strength that fits ``validate`` best, by log loss, and that strength."""
    rows, outcome = features(train), data.late(train)
    tried = []
    for strength in STRENGTHS:
        model = pipeline(strength).fit(rows, outcome)
        loss = log_loss(data.late(validate), model.predict_proba(features(validate))[:, 1])
        tried.append((loss, strength, model))
    _, strength, model = min(tried, key=lambda each: each[:2])
    return model, strength


def measure(model: Pipeline, train: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    """How well model and baseline tell the late flights of ``test`` from the others."""
    rows, outcome = features(test), data.late(test)
    predicted = model.predict_proba(rows)[:, 1]
    table = Table(features(train), data.late(train)).predict(rows)
    return {
        "auc": roc_auc_score(outcome, predicted),
        "baseline_auc": roc_auc_score(outcome, table),
        "brier": brier_score_loss(outcome, predicted),
        "baseline_brier": brier_score_loss(outcome, table),
        "late_share": float(outcome.mean()),
        "predicted_late_share": float(predicted.mean()),
    }


def leaning(model: Pipeline, test: pd.DataFrame) -> dict[str, float]:
    """How much AUC on ``test`` is lost where a column's values are dealt out anew (Breiman, 2001); at least 0."""
    rows = features(test)
    lost = permutation_importance(model, rows, data.late(test), scoring="roc_auc", n_repeats=5, random_state=2013)
    return {name: max(0.0, float(loss)) for name, loss in zip(rows, lost.importances_mean, strict=True)}


def save(model: Pipeline, example: pd.DataFrame, folder: Path) -> None:
    """Write ``folder`` as an MLflow model, without a pickle: skops holds the estimator."""
    shutil.rmtree(folder, ignore_errors=True)
    logging.getLogger("mlflow").setLevel(logging.ERROR)  # it would tell that it pins no pip
    mlflow.sklearn.save_model(
        model,
        folder,
        serialization_format="skops",
        pyfunc_predict_fn="predict_proba",
        signature=ModelSignature(
            inputs=Schema([ColSpec(MLFLOW_TYPES[kind], name) for name, kind in FEATURES.items()]),
            outputs=Schema([TensorSpec(dtype("float64"), (-1, 2))]),
        ),
        input_example=example.reset_index(drop=True),
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
    )


def main() -> None:
    flights = data.split(data.given())
    train, validate, test = (data.arrived(each) for each in flights)
    model, strength = choose(train, validate)
    metrics = measure(model, train, test) | {
        "regularization_strength": strength,
        "rows_train": len(train),
        "rows_validate": len(validate),
        "rows_test": len(test),
        "share_not_arrived": 1 - (len(train) + len(validate) + len(test)) / sum(map(len, flights)),
    }
    save(model, features(test.sample(20, random_state=2013)), BUILD / "model")
    (BUILD / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    importances = json.dumps(leaning(model, test), indent=1)
    (BUILD / "importances.json").write_text(importances + "\n", encoding="utf-8")
    first, last = (f"{edge.month}-{edge.day}" for edge in flights.test.iloc[[0, -1]].itertuples())
    auc, baseline = metrics["auc"], metrics["baseline_auc"]
    print(f"AUC from {first} to {last}: {auc:.3f}; the table of carriers and hours: {baseline:.3f}")


if __name__ == "__main__":
    main()
