"""A model directory as MLflow 3.17 writes one, and a project that makes it with nothing but the standard library."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

MLMODEL = """\
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.skops
    predict_fn: predict_proba
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.skops
    serialization_format: skops
    sklearn_version: 1.9.1
    skops_trusted_types: null
mlflow_version: 3.17.2
model_uuid: 032782145359416194fd5ac335df0f61
saved_input_example_info:
  artifact_path: input_example.json
  pandas_orient: split
  type: dataframe
signature:
  inputs: '[{"type": "string", "name": "carrier", "required": true}, {"type": "long",
    "name": "hour", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1,
    2]}}]'
  params: null
utc_time_created: '2026-11-23 22:41:37.876676'
"""

FILES = {
    "MLmodel": MLMODEL,
    "conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python=3.11.7\n",
    "python_env.yaml": "python: 3.11.7\nbuild_dependencies:\n- pip\n",
    "requirements.txt": "mlflow-skinny==3.17.2\nscikit-learn==1.9.1",
    "input_example.json": '{"columns": ["carrier", "hour"], "data": [["FL", 8], ["WN", 12]]}',
    "model.skops": "stands for a zip archive",
}


@pytest.fixture(name="model_files")
def _model_files() -> dict[str, str]:
    """Path to content, of a model that nothing is wrong with."""
    return dict(FILES)


@pytest.fixture(name="write_files")
def _write_files() -> Callable[[Path, dict[str, str]], Path]:
    """Write files into a folder that need not be there."""

    def write(folder: Path, files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("utf-8"))
        return folder

    return write


@pytest.fixture(name="project")
def _project(tmp_path: Path, model_files: dict[str, str], write_files: Callable[[Path, dict[str, str]], Path]) -> Path:
    """A project whose ``python make.py`` writes build/model and build/metrics.json, and reads data/rows.csv."""
    program = f"""
    import json, pathlib, sys
    rows = pathlib.Path("data/rows.csv").read_text().splitlines()[1:]
    for name, content in json.loads({json.dumps(json.dumps(model_files))}).items():
        path = pathlib.Path("build/model", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    pathlib.Path("build/metrics.json").write_text(json.dumps({{"auc": 0.75, "rows": len(rows)}}))
    print("trained on", len(rows), "rows by", sys.executable)
    """
    data = "carrier,hour,late\n" + "".join(f"{carrier},{hour},{hour % 3}\n" for carrier in "AB" for hour in range(24))
    return write_files(
        tmp_path / "a project", {"make.py": textwrap.dedent(program), "data/rows.csv": data, "README.md": "# one\n"}
    )
