"""What comes of a place: files here, and the subjects that they are; and what a place may lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from mlops_actions.data.sources.relation import File
from mlops_actions.errors import CallError, Problem
from mlops_actions.verdict import Subject

EXTRAS = {
    "arrow": ("pyarrow",),
    "delta": ("deltalake", "pyarrow"),
    "iceberg": ("pyiceberg", "pyarrow"),
    "s3": ("botocore",),
    "postgres": ("psycopg", "sqlglot"),
    "spark": ("pandas", "pyarrow", "pyspark", "sqlglot"),
}
"""The packages of each extra that a run's data or engine may ask for, beyond its stage's own."""


@dataclass(frozen=True, slots=True)
class Located:
    """An object's rows as files here.

    ``subjects`` is what was read, where that is not each file by its own
    digest; ``note`` says which state of it that was ("version 12 of …");
    ``stated`` is what the source itself calls the types of columns.
    """

    files: tuple[File, ...]
    subjects: tuple[Subject, ...] | None = None
    note: str = ""
    stated: Mapping[str, str] = field(default_factory=dict)


def need(wanted: str) -> None:
    """Raises CallError where an extra is not installed: which, and how to install it."""
    if any(find_spec(name) is None for name in EXTRAS[wanted]):
        raise MissingExtra(wanted)


class MissingExtra(CallError):
    """An extra that a source needs is not installed."""

    def __init__(self, wanted: str) -> None:
        self.extra = wanted
        packages = " ".join(EXTRAS[wanted])
        hint = f"Here, type `pip install {packages}`; a workflow installs it by itself."
        if wanted in {"delta", "iceberg"}:
            hint = f"Here, type `pip install {packages}`. A workflow installs it by itself, but where the table is in "
            hint += f"a bucket: then write `extras: [{wanted}]` below `data` in mlops.yaml."
        super().__init__(Problem(f"the extra `{wanted}` is not installed, and this data needs it", hint=hint))
