"""How an object's files are to be read: what is known of them before the first byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlops_actions.data.types.jsoncells import CellType


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """How CSV is written, where somebody says so: None is found in the file, a ``quote`` of ``""`` means nothing."""

    delimiter: str | None = None
    quote: str | None = None


FOUND = CsvDialect()
"""All is found in the file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the contract and the configuration say of an object's files.

    ``types`` are held against cells of text; a column without one has its type guessed. Values of ``private`` columns
    are never shown. ``tables`` are the names that the object may have in a database file; without any, the only table
    is taken.
    """

    types: Mapping[str, CellType] = field(default_factory=dict)
    private: frozenset[str] = frozenset()
    csv: CsvDialect = FOUND
    tables: tuple[str, ...] = ()
