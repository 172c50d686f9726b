"""What a target is: a format that a model is converted to, and the runtime that executes it.

A new target is one module with one :class:`Target`, and one line in
:func:`find`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.export.cases import Cases
from mlops_actions.export.parity import Predictions
from mlops_actions.export.source import Source

NAMES = ("onnx",)


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


def check(names: tuple[str, ...]) -> None:
    """Raises CallError for a name that is no target, with those that there are."""
    for name in names:
        if name not in NAMES:
            there = ", ".join(f"`{each}`" for each in NAMES)
            hint = did_you_mean(name, NAMES)
            raise CallError(Problem(f"the target {name!r} is not built; there is: {there}", hint=hint))


def find(name: str) -> Target:
    """The target of a name that :func:`check` accepted."""
    # pylint: disable=import-outside-toplevel,cyclic-import
    from mlops_actions.export.onnx import Onnx

    return {"onnx": Onnx}[name]()
