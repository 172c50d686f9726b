"""What a target is: a format that a model is converted to, and the runtime that executes it.

A new target is one module with one :class:`Target`, and one line in
:mod:`mlops_actions.export.targets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlops_actions.export.cases import Cases
from mlops_actions.export.parity import Predictions
from mlops_actions.export.source import Source


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of an exported file. A dimension of None is that of the rows.

    ``missing`` is the value that stands for a missing one (``"NaN"``, ``""``), None where there is none.
    """

    name: str
    type: str
    shape: tuple[int | None, ...]
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to convert a model; ``manner`` says which, in a few words."""

    manner: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Target(Protocol):
    """A format with its runtime. Raises Unsupported for a model that it cannot represent."""

    name: str
    file: str

    def candidates(self, source: Source, model: Any) -> Iterator[Candidate]:
        """Conversions of the estimator ``model``, the most faithful first."""

    def run(self, file: Path, cases: Cases) -> Predictions:
        """The predictions of an exported file, executed in the target's runtime."""

    def signature(self, file: Path) -> Signature:
        """The inputs and outputs of an exported file, as its runtime sees them."""

    def latency(self, file: Path, cases: Cases) -> float:
        """The median time of one row's prediction on this machine, in milliseconds."""

    def versions(self) -> Mapping[str, str]:
        """The versions of converter and runtime, by package."""
