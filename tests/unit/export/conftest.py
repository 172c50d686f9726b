"""Small models, fitted in an environment of their own, and what exporting each of them came to."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.export import original
from mlops_actions.export.export import Export, export
from mlops_actions.export.source import Source
from mlops_actions.outcome import Outcome

REQUIREMENTS = "numpy==2.4.6\npandas==3.1.1\npyyaml==6.0.3\nscikit-learn=={sklearn}\nscipy==1.17.1\nskops==0.16.0\n"
PROFILE = {
    "schema": "https://mlops-actions.github.io/schemas/profile-v1.schema.json",
    "object": "flights",
    "rows": 1000,
    "columns": [
        {
            "name": "carrier",
            "type": "VARCHAR",
            "kind": "category",
            "nulls": 0,
            "categories": {"digested": False, "values": [["AA", 400], ["UA", 300], ["DL", 200], ["Ünïted", 100]]},
        },
        {
            "name": "dest",
            "type": "VARCHAR",
            "kind": "category",
            "nulls": 100,
            "categories": {"digested": False, "values": [["LAX", 500], ["SFO", 300], ["BOS", 100]]},
        },
        {
            "name": "hour",
            "type": "BIGINT",
            "kind": "number",
            "nulls": 0,
            "range": {"min": 5, "max": 23},
            "bins": {"center": 0, "scale": 1, "edges": [5, 12, 24], "counts": [0, 400, 600, 0]},
        },
        {
            "name": "distance",
            "type": "DOUBLE",
            "kind": "number",
            "nulls": 100,
            "range": {"min": 80.5, "max": 4999.5},
            "bins": {"center": 0, "scale": 1, "edges": [80, 1000, 5000], "counts": [0, 300, 600, 0]},
        },
        {
            "name": "seen",
            "type": "DOUBLE",
            "kind": "number",
            "nulls": 0,
            "range": {"min": 1_700_000_000, "max": 1_700_000_500},
            "bins": {"edges": [1_699_999_999, 1_700_000_500], "counts": [0, 1000, 0]},
        },
    ],
}


@dataclass(frozen=True)
class Exported:
    """A model, the folder that its export wrote, and the outcome."""

    model: Path
    out: Path
    outcome: Outcome

    @property
    def entry(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "manifest.json").read_text(encoding="utf-8"))["targets"][0]
        return found

    def checks(self) -> dict[str, Any]:
        return {check.rule: check for check in self.outcome.verdict.checks}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("skl2onnx", reason="the extra `export` is not installed")
    return tmp_path_factory.mktemp("environments")


@pytest.fixture(scope="session")
def fit(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Callable[..., Path]:
    """Fit models under a version of scikit-learn; the folder that holds them by name."""

    def run(sklearn: str = "1.9.1", *names: str) -> Path:
        folder = tmp_path_factory.mktemp("models")
        requirements = folder / "requirements.txt"
        text = REQUIREMENTS.format(sklearn=sklearn)
        requirements.write_text(text, encoding="utf-8")
        nothing = Source(folder, folder, "skops", sklearn, (), (), (), None, requirements)
        python = original.prepare(nothing, cache)
        script = Path(__file__).parent / "fit_models.py"
        command = [str(python), "-I", "-W", "ignore", str(script), str(folder), str(requirements), *names]
        subprocess.run(command, check=True, env={"PATH": os.environ["PATH"]}, timeout=300)
        return folder

    return run


@pytest.fixture(scope="session")
def models(fit: Callable[..., Path]) -> Path:
    return fit()


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("profile") / "profile.json"
    path.write_text(json.dumps(PROFILE), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def exported(
    models: Path, profile: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Exported]:
    """The export of a model by name, made once."""
    made: dict[str, Exported] = {}

    def run(name: str) -> Exported:
        if name not in made:
            out = tmp_path_factory.mktemp(name)
            request = Export(models / name, ("onnx",), profile=profile, cache=cache)
            made[name] = Exported(models / name, out, export(request, out))
        return made[name]

    return run
