"""What an MLflow model directory says of the model in it, as far as an export needs to know.

Nothing of the model is loaded here. A directory that is no MLflow model is a
wrong call; one that lacks what an export needs is :class:`Unsupported`, with
what to do.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from mlops_actions import model
from mlops_actions.errors import CallError, Problem

Cell: TypeAlias = str | int | float | bool | None
Row: TypeAlias = tuple[Cell, ...]

TEXT, INTEGER, NUMBER, BOOLEAN = "text", "integer", "number", "boolean"
_KINDS = {
    "string": TEXT,
    "integer": INTEGER,
    "long": INTEGER,
    "float": NUMBER,
    "double": NUMBER,
    "boolean": BOOLEAN,
}
PICKLES = {"pickle", "cloudpickle"}
MAX_EXAMPLE = 10_000


class Unsupported(Exception):
    """The model is one that this exporter does not know how to make a target from, and says why."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the model's signature; ``type`` is MLflow's word (``long``)."""

    name: str
    type: str
    required: bool = True

    @property
    def kind(self) -> str:
        """``text``, ``integer``, ``number`` or ``boolean``."""
        return _KINDS[self.type]


@dataclass(frozen=True, slots=True)
class Source:
    """A scikit-learn model in an MLflow directory.

    ``format`` is how it is stored (``skops``), ``trusted`` the types that its
    trainer named, ``example`` the recorded input example in the order of
    ``columns``, ``python`` the version it was trained on.
    """

    folder: Path
    file: Path
    format: str
    sklearn: str
    columns: tuple[Column, ...]
    example: tuple[Row, ...]
    trusted: tuple[str, ...]
    python: str | None
    requirements: Path


def read(folder: Path) -> Source:
    """The model in ``folder``.

    Raises CallError where it is not an MLflow model directory, Unsupported
    where it is one of a kind that is not exported.
    """
    try:
        described = model.read(folder)
    except model.NotAModel as error:
        words = f"is not a model: {error}" if folder.is_dir() else "is not there"
        raise CallError(Problem(words, str(folder), hint="A model is an MLflow model directory.")) from error
    if "sklearn" not in described.flavors:
        raise Unsupported(f"the model's flavor is {', '.join(described.native)}; this exporter knows sklearn")
    flavor = described.flavors["sklearn"]
    if not described.requirements:
        raise Unsupported("the model records no requirements.txt, so its own predictions cannot be computed")
    columns = _columns(described.signature)
    return Source(
        folder=folder,
        file=_inside(folder, flavor.get("pickled_model")),
        format=str(flavor.get("serialization_format")),
        sklearn=str(flavor.get("sklearn_version")),
        columns=columns,
        example=() if described.example is None else _example(described.example, columns),
        trusted=tuple(str(each) for each in flavor.get("skops_trusted_types") or ()),
        python=described.python,
        requirements=(folder / "requirements.txt").resolve(),
    )


def _inside(folder: Path, name: Any) -> Path:
    path = folder / str(name or "model.skops")
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise Unsupported(f"the file that MLmodel names is not in the model's folder: {name!r}")
    return path


def _columns(signature: model.Signature | None) -> tuple[Column, ...]:
    hint = "log the model with a signature of named columns (mlflow.models.infer_signature on a data frame)"
    if signature is None or not all(each.name for each in signature.inputs):
        raise Unsupported(f"the model records no signature of named columns: {hint}")
    columns = tuple(Column(each.name, each.type, each.required) for each in signature.inputs)
    strange = [each for each in columns if each.type not in _KINDS]
    if strange:
        raise Unsupported(f"column {strange[0].name!r} is of type {strange[0].type!r}; known are {', '.join(_KINDS)}")
    if len({each.name for each in columns}) != len(columns):
        raise Unsupported("the model's signature names a column twice")
    return columns


def _example(path: Path, columns: tuple[Column, ...]) -> tuple[Row, ...]:
    """The recorded input example, in the order of ``columns``."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        places = [data["columns"].index(each.name) for each in columns]
        return tuple(
            tuple(_cell(row[place], column) for place, column in zip(places, columns, strict=True))
            for row in data["data"][:MAX_EXAMPLE]
        )
    except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise Unsupported(f"the model's input example ({path.name}) does not fit its signature: {error}") from error


def _cell(value: Any, column: Column) -> Cell:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if column.kind == TEXT:
        return str(value)
    if column.kind == BOOLEAN:
        return bool(value)
    return int(value) if column.kind == INTEGER else float(value)
