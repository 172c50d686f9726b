"""A histogram as a small inline SVG: densities, so that the area of a bar is its count.

Bins come in about equal frequency, so their widths say where values are. Drawn
as heights, their counts would make any column look flat. Two things keep the
drawing readable:

- Outer bins that would press all others into a corner of the axis are not
  drawn, as far as they hold at most a tenth of the values. A sentence says so.
- Bins too narrow to be seen are drawn as one with their neighbours. Their
  counts are added up, so areas stay right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlops_actions.outcome import Histogram
from mlops_actions.report import wording
from mlops_actions.report.escape import attribute, html
from mlops_actions.visible import clip

WIDTH, HEIGHT, DEPTH = 280, 56, 17
"""The size of the drawing, and of the labels below it, in its own units."""

_NARROWEST = 1 / 70  # of the axis, for a bar
_BEYOND = 0.1  # of all values, in bins that are not drawn
_LABEL = 22  # characters


@dataclass(frozen=True, slots=True)
class Bar:
    """Some bins drawn as one: the edges around them, their values, and where they stand on the axis, 0 to 1."""

    low: float
    high: float
    count: int
    left: float
    width: float

    @property
    def density(self) -> float:
        return self.count / self.width


@dataclass(frozen=True, slots=True)
class Span:
    """The bins from ``start`` up to ``end``, drawn as one bar, and where it stands on the axis, 0 to 1."""

    start: int
    end: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn of a histogram, and how many values are not, below and above it."""

    of: Histogram
    bars: tuple[Bar, ...]
    below: int = 0
    above: int = 0

    @property
    def ends(self) -> tuple[str, str]:
        """The least and the greatest value that are drawn; edges, where values are beyond them."""
        low, high = self.of.ends
        if self.below:
            low = _text(self.of, self.bars[0].low + self.of.whole)
        return low, _text(self.of, self.bars[-1].high) if self.above else high


def drawing(of: Histogram) -> Drawing:
    """The bars of a histogram."""
    spans = layout(of.edges, [of.counts])
    bars = (
        Bar(of.edges[each.start], of.edges[each.end], sum(of.counts[each.start : each.end]), each.left, each.width)
        for each in spans
    )
    return Drawing(of, tuple(bars), sum(of.counts[: spans[0].start]), sum(of.counts[spans[-1].end :]))


def layout(edges: Sequence[float], series: Sequence[Sequence[float]]) -> list[Span]:
    """Which bins are drawn as one, and where, so that each series of values over them can be read."""
    first, last = _drawn(edges, series)
    axis = _half(edges, first, last)

    def part(start: int, end: int) -> float:
        return _half(edges, start, end) / axis if axis else 1.0

    starts = [first]
    for at in range(first + 1, last):
        if part(starts[-1], at) >= _NARROWEST and part(at, last) >= _NARROWEST:
            starts.append(at)
    return [Span(start, end, part(first, start), part(start, end)) for start, end in pairwise([*starts, last])]


def _drawn(edges: Sequence[float], series: Sequence[Sequence[float]]) -> tuple[int, int]:
    """The bins that are drawn, as a range of places."""
    first, last = 0, len(edges) - 1
    rooms = [_BEYOND * sum(values) for values in series]
    while last - first > 2:
        outer = max((first, last - 1), key=lambda at: _half(edges, at, at + 1))
        rooms = [room - values[outer] for room, values in zip(rooms, series, strict=True)]
        if min(rooms, default=0) < 0 or 2 * _half(edges, outer, outer + 1) <= _half(edges, first, last):
            break
        first, last = (first + 1, last) if outer == first else (first, last - 1)
    return first, last


def _half(edges: Sequence[float], start: int, end: int) -> float:
    """Half the distance of two edges: the whole of it may be more than a float holds."""
    return edges[end] / 2 - edges[start] / 2


def draw(made: Drawing, name: str, ident: str) -> str:
    """The drawing as one ``<svg>`` element, named and described; ``ident`` makes its ids unique on the page."""
    low, high = (html(end if len(end) <= _LABEL else f"{end[: _LABEL - 1]}…") for end in made.ends)
    parts = [
        f'<svg class="chart histogram" role="img" viewBox="0 0 {WIDTH} {HEIGHT + DEPTH}" '
        f'aria-labelledby="{ident}-t {ident}-d"><title id="{ident}-t">{html(clip(f"Histogram of {name}", 300))}</title>'
        f'<desc id="{ident}-d">{html(describe(made))}</desc>',
        *_rects(made),
        f'<path class="zero" d="M0 {HEIGHT}H{WIDTH}"/><text x="0" y="{HEIGHT + 13}">{low}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + 13}" text-anchor="end">{high}</text></svg>',
    ]
    return "".join(parts)


def _rects(made: Drawing) -> Iterator[str]:
    peak = max(each.density for each in made.bars)
    for at, each in enumerate(made.bars):
        height = HEIGHT * each.density / peak if peak else 0
        yield (
            f'<rect class="s1" x="{each.left * WIDTH:.2f}" y="{HEIGHT - height:.2f}" width="{each.width * WIDTH:.2f}" '
            f'height="{height:.2f}"><title>{attribute(_said(made, at))}</title></rect>'
        )


def describe(made: Drawing) -> str:
    """What the eye would see, in one or two sentences."""
    low, high = made.ends
    count = sum(each.count for each in made.bars)
    densest = max(range(len(made.bars)), key=lambda at: made.bars[at].density)
    text = f"{wording.plural(count, 'value')} from {low} to {high}{_unit(made.of)}"
    if len(made.bars) > 1:
        text += f" in {len(made.bars)} bars, the densest at {_said(made, densest)}"
    return " ".join(filter(None, (f"{text}.", beyond(made), uncertain(made))))


def beyond(made: Drawing) -> str:
    """What is not drawn, in one sentence; empty where all is."""
    low, high = made.ends
    least, greatest = made.of.ends
    total = sum(made.of.counts)
    parts = [
        f"{count:,} ({wording.percent(count / total)}) {side}"
        for count, side in (
            (made.below, f"from {least} to below {low}"),
            (made.above, f"above {high}, up to {greatest}"),
        )
        if count
    ]
    return f"Not drawn: {' and '.join(parts)}." if parts else ""


def uncertain(made: Drawing) -> str:
    """How wrong the bars may be, in one sentence; empty where they are exact."""
    if not made.of.uncertain:
        return ""
    share = wording.percent(made.of.uncertain / max(sum(made.of.counts), 1))
    return f"Added up from parts: the number of values up to an edge may be wrong by {made.of.uncertain:,} ({share})."


def _said(made: Drawing, at: int) -> str:
    """``131 … 140: 6,652 rows``."""
    each, (least, greatest) = made.bars[at], made.ends
    low = least if at == 0 else _text(made.of, each.low + made.of.whole)
    high = greatest if at == len(made.bars) - 1 else _text(made.of, each.high)
    return f"{low if low == high else f'{low} … {high}'}: {wording.plural(each.count, 'row')}"


def _unit(of: Histogram) -> str:
    return f" {of.unit}" if of.unit else ""


def _text(of: Histogram, edge: float) -> str:
    return wording.scalar(int(edge) if of.whole and abs(edge) < 2**53 else edge)
