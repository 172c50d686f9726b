"""Fits small models and writes each as an MLflow model directory. Runs in an environment of its own, as a training does.

``python fit_models.py FOLDER REQUIREMENTS [NAME…]``. The directories are
written by hand, file by file as MLflow writes them, so MLflow is not needed.
"""

from __future__ import annotations

import json
import os.path
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
import yaml
from sklearn import __version__ as sklearn_version
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

ROWS = 600
TYPES = {"carrier": "string", "dest": "string", "hour": "long", "distance": "double", "seen": "double"}
OPTIONAL = {"dest", "distance"}


def data() -> pd.DataFrame:
    random = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "carrier": random.choice(["AA", "UA", "DL", "Ünïted"], ROWS),
            "dest": random.choice(["LAX", "SFO", "BOS"], ROWS),
            "hour": random.integers(5, 24, ROWS),
            "distance": random.uniform(80, 5000, ROWS),
            # Seconds since 1970, a few apart: float32 cannot tell neighbors from each other.
            "seen": 1_700_000_000.0 + random.integers(0, 500, ROWS),
        }
    )
    frame["dest"] = frame["dest"].astype(object).where(random.random(ROWS) > 0.1, np.nan)
    frame["distance"] = frame["distance"].where(random.random(ROWS) > 0.1, np.nan)
    return frame


def models(frame: pd.DataFrame) -> dict[str, tuple[object, list[str]]]:
    """Name → fitted model and the columns that it takes."""
    late = ((frame.hour > 15) ^ (frame.carrier == "UA")).astype(int)
    recent = (frame.seen % 7 < 3).astype(int)
    kind = pd.Series(np.where(frame.hour < 10, "early", np.where(frame.hour < 18, "day", "night")))
    text = make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), OneHotEncoder(handle_unknown="ignore"))
    number = make_pipeline(SimpleImputer(), StandardScaler())
    both = make_column_transformer((text, ["carrier", "dest"]), (number, ["hour", "distance"]), sparse_threshold=0)
    ordinal = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["carrier"]),
        remainder="passthrough",
    )
    mixed = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["carrier", "dest", "hour"]), (StandardScaler(), ["seen"])
    )
    strict = make_column_transformer((OneHotEncoder(), ["carrier"]), (StandardScaler(), ["hour"]))
    foreign = make_column_transformer((FunctionTransformer(os.path.basename), ["hour"]))
    four, three = ["carrier", "dest", "hour", "distance"], ["carrier", "hour", "distance"]
    found = {
        "linear": (make_pipeline(mixed, LogisticRegression()), ["carrier", "dest", "hour", "seen"], late),
        "labels": (make_pipeline(both, LogisticRegression(max_iter=500)), four, kind),
        "forest": (make_pipeline(both, RandomForestClassifier(20, max_depth=8, random_state=0)), four, late),
        "boosted": (make_pipeline(ordinal, HistGradientBoostingClassifier(max_iter=15)), three, late),
        "fine": (HistGradientBoostingClassifier(max_iter=15), ["seen"], recent),
        "regressor": (make_pipeline(StandardScaler(), Ridge()), ["hour", "seen"], frame.hour * 2.5),
        "margin": (make_pipeline(strict, RidgeClassifier()), ["carrier", "hour"], late),
        "calibrated": (make_pipeline(both, CalibratedClassifierCV(LogisticRegression())), four, late),
        "gaps": (make_pipeline(StandardScaler(), Ridge()), ["distance"], frame.distance * 2),
        "foreign": (make_pipeline(foreign, LogisticRegression()), ["hour"], late),
    }
    wanted = set(sys.argv[3:]) or set(found)
    fitted = {}
    for name, (model, columns, outcome) in found.items():
        if name in wanted:
            if name != "foreign":
                rows = frame[columns].dropna() if name == "gaps" else frame[columns]
                model.fit(rows, outcome[rows.index])
            fitted[name] = (model, columns)
    return fitted


def save(model: object, columns: list[str], frame: pd.DataFrame, requirements: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    content = skops.io.dumps(model)
    (folder / "model.skops").write_bytes(content)
    inputs = [{"type": TYPES[name], "name": name, "required": name not in OPTIONAL} for name in columns]
    flavor = {"pickled_model": "model.skops", "serialization_format": "skops", "sklearn_version": sklearn_version}
    described = {
        "flavors": {"sklearn": {**flavor, "skops_trusted_types": skops.io.get_untrusted_types(data=content)}},
        "saved_input_example_info": {"artifact_path": "input_example.json", "type": "dataframe"},
        "signature": {"inputs": json.dumps(inputs)},
    }
    (folder / "MLmodel").write_text(yaml.safe_dump(described), encoding="utf-8")
    example = json.loads(frame[columns].head(5).to_json(orient="split", double_precision=15))
    text = json.dumps({"columns": example["columns"], "data": example["data"]})
    (folder / "input_example.json").write_text(text, encoding="utf-8")
    shutil.copyfile(requirements, folder / "requirements.txt")
    (folder / "python_env.yaml").write_text(f"python: {sys.version.split()[0]}\n", encoding="utf-8")


if __name__ == "__main__":
    rows = data()
    for each, (estimator, names) in models(rows).items():
        save(estimator, names, rows, Path(sys.argv[2]), Path(sys.argv[1], each))
