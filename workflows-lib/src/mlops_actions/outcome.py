"""What a stage hands to the command line: the verdict, and what else is to be shown or done.

A stage draws nothing and calls nobody. It describes tables and charts as data
(:mod:`mlops_actions.report` draws them, in Markdown and in HTML), names its
step outputs, and returns what it would have written on GitHub as
:class:`Request`s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from mlops_actions.verdict import Json, Scalar, Verdict


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under column names. Numbers align right; None is an empty cell."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row has not {len(self.columns)} cells")


@dataclass(frozen=True, slots=True)
class Chart:
    """Distributions over the same categories, drawn over each other on one axis.

    ``series`` maps a name (``reference``) to one value for each of
    ``categories``: the share of mass, 0 to 1, unless ``unit`` says otherwise.
    """

    title: str
    categories: tuple[str, ...]
    series: Mapping[str, tuple[float, ...]]
    unit: str = "share of rows"

    def __post_init__(self) -> None:
        if any(len(values) != len(self.categories) for values in self.series.values()):
            raise ValueError(f"a series has not {len(self.categories)} values")


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Log:
    """What a tool printed, shown as it is, folded away in a summary."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Markdown:
    """Markdown that another program wrote, folded away: rendered on a page, as it is in a summary."""

    title: str
    text: str


Block: TypeAlias = Table | Chart | Text | Log | Markdown


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the report, after the verdict and its findings."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Something to be written on GitHub: ``kind`` names it (``release``), ``body`` says what."""

    kind: str
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A stage's verdict with its presentation.

    ``headline`` is the verdict in one sentence, computed by the stage.
    ``outputs`` are step outputs by name; ``verdict`` is added by the command
    line. A list in an output is JSON.
    """

    verdict: Verdict
    headline: str = ""
    sections: tuple[Section, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    annotates_files: bool = True
    """False where findings with a file are another step's, which has annotated them at their lines already."""
