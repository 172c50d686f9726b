"""What a stage hands to the command line: the verdict, and what else is to be shown or done.

A stage draws nothing and calls nobody. It describes tables and charts as data
(:mod:`mlops_actions.report` draws them, in Markdown and in HTML), names its
step outputs, and returns what it would have written on GitHub as
:class:`Request`s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeAlias

from mlops_actions.verdict import Json, Scalar, Status, Verdict


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under column names. Numbers align right; None is an empty cell.

    Beside the numbers of the columns named in ``bars`` are bars of their size.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    caption: str = ""
    bars: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row has not {len(self.columns)} cells")


@dataclass(frozen=True, slots=True)
class Chart:
    """Distributions over the same categories, drawn over each other on one axis.

    ``series`` maps a name (``reference``) to one value for each of
    ``categories``: the share of mass, 0 to 1, unless ``unit`` says otherwise.
    The last is what the others are held against.

    Where the first categories are ranges of numbers that follow each other,
    ``edges`` are the numbers around them, one more than ranges. Then they are
    drawn to scale, as densities: the area of a bar is its value.
    """

    title: str
    categories: tuple[str, ...]
    series: Mapping[str, tuple[float, ...]]
    unit: str = "share of rows"
    edges: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if any(len(values) != len(self.categories) for values in self.series.values()):
            raise ValueError(f"a series has not {len(self.categories)} values")
        ascending = all(one < other for one, other in pairwise(self.edges))
        if not ascending or len(self.edges) == 1 or len(self.edges) > len(self.categories) + 1:
            raise ValueError("ranges need ascending edges, one more than there are of them")


@dataclass(frozen=True, slots=True)
class Contrast:
    """A column then and now: what is said of it beside its two distributions.

    ``check`` is the place of its check in the verdict's, which says in a
    sentence what changed; ``facts`` say it in numbers, name to text. ``chart``
    is a sentence where there is nothing to draw.
    """

    name: str
    check: int
    facts: tuple[tuple[str, str], ...] = ()
    chart: Chart | str = ""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How numbers are spread: ``counts[i]`` of them lie above ``edges[i]``, up to and including ``edges[i + 1]``.

    Bins may be of any width, so what is drawn is density: the area of a bar is
    its count. ``ends`` are the least and the greatest number as people write
    them, ``unit`` what they count. Where they are ``whole``, the least of a bin
    is one above its lower edge. The number of values up to an edge may be wrong
    by as many as are ``uncertain``.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    ends: tuple[str, str]
    whole: bool = False
    unit: str = ""
    uncertain: int = 0

    def __post_init__(self) -> None:
        ascending = all(one < other for one, other in pairwise(self.edges))
        if not self.counts or len(self.edges) != len(self.counts) + 1 or not ascending:
            raise ValueError("a histogram needs ascending edges, one more than counts")


@dataclass(frozen=True, slots=True)
class Frequencies:
    """The most frequent values and how many rows have each; ``others`` values more share ``rest`` rows."""

    values: tuple[tuple[str, int], ...]
    others: int = 0
    rest: int = 0


@dataclass(frozen=True, slots=True)
class Shapes:
    """The most frequent shapes of a column's texts (``A-9``), and how many of the ``texts`` looked at have each.

    ``drawn`` says that there are more texts, of which these were drawn at random.
    """

    values: tuple[tuple[str, int], ...]
    texts: int
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure in each block of a :class:`Timeline`, None where a block has none.

    A ``share`` is 0 to 1, of the rows or of the values that there are; with
    ``of``, that of this value of the data. A ``level`` may be any number, and
    ``spread`` is how far apart two of them should be to look far apart.
    """

    name: str
    values: tuple[float | None, ...]
    kind: Literal["share", "rows", "level"] = "share"
    of: str | None = None
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """The blocks of time that trends are of: each a ``unit`` long, named as people do, in order and without a gap.

    Rows that are ``undated`` are in none of them.
    """

    unit: str
    blocks: tuple[str, ...]
    undated: int = 0


Kind: TypeAlias = Literal["number", "text", "time", "boolean", "other"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a data set, as a person wants to see it.

    ``nulls`` are rows, None where the data has no such column. ``facts`` are
    names and texts (``Distinct``, ``about 527``), ``shape`` what is drawn, or a
    sentence in its place; ``shapes`` are those of its texts. ``checks`` are
    those that speak of this column, by their places in the verdict's.
    ``trends`` are of the data set's timeline.
    """

    name: str
    type: str
    kind: Kind
    nulls: int | None = None
    facts: tuple[tuple[str, str], ...] = ()
    shape: Histogram | Frequencies | str = ""
    checks: tuple[int, ...] = ()
    trends: tuple[Trend, ...] = ()
    shapes: Shapes | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a data set of so many ``rows``, and the ``checks`` that speak of it as a whole.

    Where its columns have trends, ``time`` are the blocks that these are of.
    """

    rows: int
    columns: tuple[Column, ...]
    checks: tuple[int, ...] = ()
    time: Timeline | None = None

    def __post_init__(self) -> None:
        blocks = len(self.time.blocks) if self.time else 0
        if any(len(trend.values) != blocks for each in self.columns for trend in each.trends):
            raise ValueError(f"a trend has not {blocks} values")


@dataclass(frozen=True, slots=True)
class Trace:
    """A figure of 0 or more in each of several checks, None where one has none; it failed those that are ``marked``."""

    name: str
    values: tuple[float | None, ...]
    marked: frozenset[int] = frozenset()


PRESENT = "this check"
"""What the check that is reported is called among others, in the place of its time."""


@dataclass(frozen=True, slots=True)
class Past:
    """Checks one after the other, the oldest first: when each was, what it came to, and how many findings it counts.

    ``counted`` and ``traced`` say of what the counts and the traces are;
    ``table`` says the same in full. The last may be that which is reported: its
    time is PRESENT.
    """

    counted: str
    traced: str
    times: tuple[str, ...]
    statuses: tuple[Status, ...]
    counts: tuple[int, ...]
    traces: tuple[Trace, ...]
    table: Table

    def __post_init__(self) -> None:
        several = (self.statuses, self.counts, *(trace.values for trace in self.traces))
        if not self.times or any(len(each) != len(self.times) for each in several):
            raise ValueError(f"not of {len(self.times)} checks")

    @property
    def ends_now(self) -> bool:
        """Whether the last of the checks is that which is reported."""
        return self.times[-1] == PRESENT


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


Block: TypeAlias = Table | Chart | Contrast | Columns | Past | Text | Log | Markdown


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the report, after the verdict and its findings.

    A page shows the checks that a section ``covers`` (their places in the
    verdict's) there alone, and such a section before the other findings.
    """

    title: str
    blocks: tuple[Block, ...]
    covers: frozenset[int] = frozenset()


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
    annotates_warnings: bool = True
    """False where only what failed is worth an annotation: a warning or a note is for who reads the report."""
    annotates_files: bool = True
    """False where findings with a file are another step's, which has annotated them at their lines already."""
