"""What a drift check is asked: the two sides, the engine that reads them, and how they are to be judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.data.sources.reading import FOUND, CsvDialect
from mlops_actions.drift.performance import Asked
from mlops_actions.drift.settings import Settings


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """What to compare.

    ``reference`` is a ``profile.json``, a folder that holds one, or data: a
    file, a folder or a glob; as text, an address (``s3://…``,
    ``postgresql://…``). ``data`` is current data, or profiles of it that were
    made like the reference. Paths are relative to the
    working directory. ``settings`` say which columns are compared, and from
    which shift on it matters. ``master`` is where Spark runs, for that engine.
    """

    reference: Path | str
    data: tuple[str, ...]
    engine: str = "duckdb"
    master: str | None = None
    settings: Settings = field(default_factory=Settings)
    csv: CsvDialect = FOUND
    time_column: str | None = None
    """The time of a row, where the reference is data and rows of one time are to be taken for alike."""
    performance: Asked | None = None
    """The columns of predictions and labels, where there are such."""
