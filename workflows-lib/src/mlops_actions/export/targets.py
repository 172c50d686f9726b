"""Which targets there are, by name."""

from __future__ import annotations

from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.export.target import Target

NAMES = ("onnx",)


def check(names: tuple[str, ...]) -> None:
    """Raises CallError for a name that is no target, with those that there are."""
    for name in names:
        if name not in NAMES:
            there = ", ".join(f"`{each}`" for each in NAMES)
            hint = did_you_mean(name, NAMES)
            raise CallError(Problem(f"the target {name!r} is not built; there is: {there}", hint=hint))


def find(name: str) -> Target:
    """The target of a name that :func:`check` accepted."""
    # pylint: disable-next=import-outside-toplevel  # its converter takes seconds to load
    from mlops_actions.export.onnx import Onnx

    return {"onnx": Onnx}[name]()
