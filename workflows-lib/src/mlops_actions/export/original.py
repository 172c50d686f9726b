"""The original model's own predictions, computed in the model's own environment.

The environment is made by uv from the ``requirements.txt`` and the Python
version that MLflow recorded, and kept by digest, so that a second export of the
same model makes none. :mod:`mlops_actions.export.replay` runs there, without
the variables of this process: no token, no setting of Python's.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions.export import estimator, replay
from mlops_actions.export.cases import Cases
from mlops_actions.export.parity import Predictions
from mlops_actions.export.source import Source
from mlops_actions.project import environment, interpreters

INSTALL_SECONDS, PREDICT_SECONDS = 1800, 900
_PASSED = ("SYSTEMROOT", "TZ", "LANG", "LC_ALL")


class CannotPredict(Exception):
    """The original's predictions could not be computed; ``log`` is what the tool printed."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True, slots=True)
class Original:
    """The original's predictions and the versions of what made them, by package (``python`` among them)."""

    predictions: Predictions
    versions: Mapping[str, str]


def predict(source: Source, cases: Cases, cache: Path) -> Original:
    """What the original says of each case. ``cache`` is where environments are kept. Raises CannotPredict."""
    python = prepare(source, cache)
    request = {
        "file": str(source.file.resolve()),
        "format": source.format,
        # The exporter has loaded the same file before, and refused every type that is not reviewed.
        "trusted": sorted({*source.trusted, *estimator.REVIEWED}),
        "columns": [{"name": column.name, "type": column.type} for column in cases.columns],
        "rows": cases.rows,
    }
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "request.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(request), encoding="utf-8")
        command = [str(python), "-I", str(Path(replay.__file__)), str(asked), str(answered)]
        variables = {name: os.environ[name] for name in _PASSED if name in os.environ}
        done = _run(command, {"HOME": folder, "TMPDIR": folder, **variables}, PREDICT_SECONDS, Path(folder))
        if done.returncode or not answered.is_file():
            last = done.stderr.strip().splitlines()[-1:] or [f"it ended with status {done.returncode}"]
            raise CannotPredict(f"the original model does not predict in its own environment: {last[0]}", done.stderr)
        answer = json.loads(answered.read_text(encoding="utf-8"))
    return Original(_predictions(answer), {name: version for name, version in answer["versions"].items() if version})


def prepare(source: Source, cache: Path) -> Path:
    """The interpreter of an environment with the model's requirements. Raises CannotPredict."""
    wanted = source.python or platform.python_version()
    interpreter = _interpreter(wanted)
    key = [source.requirements.read_bytes(), str(interpreter).encode(), platform.platform().encode()]
    home = cache / hashlib.sha256(b"\0".join(key)).hexdigest()[:24]
    done, program = home / "installed", "Scripts/python.exe" if os.name == "nt" else "bin/python"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _install(source.requirements, home, interpreter)
        done.touch()
    return home / "venv" / program


def _interpreter(version: str) -> Path | str:
    """The Python of that version, else of its minor version, else one that uv fetches."""
    minor = ".".join(version.split(".")[:2])
    if version == platform.python_version():
        return sys.executable
    return interpreters.find(version) or interpreters.find(minor) or minor


def _install(requirements: Path, home: Path, interpreter: Path | str) -> None:
    try:
        made = environment.create(home, interpreter)
    except environment.CannotCreate as error:
        raise CannotPredict(f"no environment for the model's Python could be made: {error}") from error
    uv = environment.find_uv()
    command = [uv, "pip", "install", "--quiet", "--no-config", "--python", str(made.python), "-r", str(requirements)]
    done = _run(command, made.variables, INSTALL_SECONDS, home)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"uv ended with status {done.returncode}"]
        raise CannotPredict(f"the model's requirements cannot be installed: {last[0].strip()}", done.stderr)


def _run(
    command: list[str], variables: Mapping[str, str], seconds: int, folder: Path
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotPredict(f"{Path(command[0]).name} did not end within {seconds} s") from error


def _predictions(answer: Mapping[str, Any]) -> Predictions:
    errors = {int(row): str(error) for row, error in answer["errors"].items()}
    answers = answer["answers"]
    if answer["classes"] is None:
        return Predictions(None, tuple(each and _numbers(each[0]) for each in answers), errors)
    labels = tuple(each and _label(each[0]) for each in answers)
    has_values = any(each and each[1] is not None for each in answers)
    return Predictions(labels, tuple(each and _numbers(each[1]) for each in answers) if has_values else None, errors)


def _label(label: Any) -> Any:
    return int(label) if isinstance(label, bool) else label


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(float(each) for each in value) if isinstance(value, list) else (float(value),)
