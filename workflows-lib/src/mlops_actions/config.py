"""``mlops.yaml``: the one place where configuration is read.

A flag or a workflow's input wins over this file; the command line asks
:meth:`Config.get` for what neither says. What the keys mean stands in
``schemas/mlops-v1.schema.json``, which editors read too.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions import schema, yamlfile
from mlops_actions.errors import CallError, Problem
from mlops_actions.yamlfile import Document, Position

DEFAULT = "mlops.yaml"


@dataclass(frozen=True, slots=True)
class Config:
    """A valid ``mlops.yaml``, or an empty one where there is no such file."""

    document: Document

    @property
    def name(self) -> str:
        """The file as the user called it."""
        return self.document.name

    def get(self, *path: str) -> Any:
        """The value at ``path`` (``get("data", "contract")``), or None where the file does not say."""
        value = self.document.data
        for key in path:
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        return value

    def where(self, *path: str) -> Position:
        """The line and column of a key, for a message or a finding."""
        return self.document.where_key(*path)

    def problem(self, message: str, *path: str | int, hint: str | None = None) -> Problem:
        """A problem with the value at ``path``."""
        return self.document.problem(message, *path, hint=hint)


def load(path: Path | None = None) -> Config:
    """The configuration at ``path``; without one, ``mlops.yaml`` where it stands, else an empty one.

    Raises CallError with every problem of the file, each with line and column.
    """
    if path is None:
        path = Path(DEFAULT)
        if not os.path.lexists(path):  # a link that leads nowhere is a mistake
            return Config(Document(DEFAULT, {}, {}, {}))
    document = yamlfile.load(path)
    found = schema.problems(document, schema.shipped("mlops-v1")) or _immeasurable(document, document.data)
    if found:
        raise CallError(*found)
    return Config(document)


def _immeasurable(document: Document, value: Any, *path: str | int) -> list[Problem]:
    """The numbers that are no finite double: nothing is more than NaN, and all that is measured less than infinity."""
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in _immeasurable(document, inner, *path, key)]
    if isinstance(value, list):
        return [each for at, inner in enumerate(value) for each in _immeasurable(document, inner, *path, at)]
    if isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
        return [document.problem(f"`{schema.dotted(path)}` must be a finite number", *path)]
    return []
