"""Charts as inline SVG: distributions over the same categories, drawn over each other on one axis.

The last series is filled, the others are outlines over it, the second and
third of them dashed: what tells them apart is form, not color, so it holds in
print and for any eye. Colors and fonts come from the page's style sheet.

Ranges of numbers are drawn to scale, as densities: the area of a bar is its
value, and what is no number (nulls) stands beside them with the same measure of
area. Where that would hide what moved (half of all values are 0, and others
reach a million), each range is as wide as any other, and a note says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlops_actions.outcome import Chart
from mlops_actions.report import wording
from mlops_actions.report.escape import attribute, html
from mlops_actions.report.histogram import Span, layout
from mlops_actions.visible import clip, visible

MAX_DRAWN = 120
"""Categories that one chart draws; the table beside it has them all."""

SERIES = 4
"""Series that look each in a way of their own: one filled, the others outlined."""

_WIDTH, _PLOT = 360, 132
_LEFT, _RIGHT, _TOP = 40, 6, 8
_EDGE = 10  # the left and right margin of a drawing to scale, which has numbers below it alone
_BESIDE = 20  # the width of a bar of what is no number, and half of it before each
_MOST_BESIDE = 6
_CHARACTER = 5.8  # the width of one in the labels' size, about
_LABEL = 14  # characters of a slanted label

_SEEN = 0.75  # the part of all values, and of what moved, that a drawing to scale has to show
_UNSEEN = 0.01  # of all values, which may move unseen
_LOWEST = 2.0  # the height of a bar that an eye sees


@dataclass(frozen=True, slots=True)
class Bar:
    """What is drawn as one: its label, a value for each series, where it stands.

    ``scale`` is the height of a value of 1, up to a factor that all bars share.
    It ``follows`` the bar before where nothing is between them.
    """

    label: str
    values: tuple[float, ...]
    left: float
    width: float
    scale: float = 1.0
    follows: bool = False

    def height(self, series: int) -> float:
        return self.values[series] * self.scale


@dataclass(frozen=True, slots=True)
class Drawing:
    """The bars of a chart. ``spans`` are the ranges that are drawn to scale; none where they are not."""

    of: Chart
    bars: tuple[Bar, ...]
    spans: tuple[Span, ...] = ()

    @property
    def note(self) -> str:
        """How the drawing is to be read, and what it leaves out; empty where a height is a value."""
        if not self.of.edges:
            return ""
        if not self.spans:
            return "Each range is drawn as wide as any other; its height is its share."
        ends = ((0, self.spans[0].start), (self.spans[-1].end, len(self.of.edges) - 1))
        left_out = [self._said(start, end) for start, end in ends if start < end]
        return "The area of a bar is its share." + (f" Not drawn: {' and '.join(left_out)}." if left_out else "")

    def _said(self, start: int, end: int) -> str:
        sums = zip(self.of.series, _values(self.of, start, end), strict=True)
        said = ", ".join(f"{clip(name, 80)} {wording.amount(self.of, value)}" for name, value in sums)
        return f"{_joined(self.of.categories[start:end])} ({said})"


def drawing(chart: Chart) -> Drawing:
    """The bars of a chart, to scale where it has ranges of numbers and these show what moved."""
    if chart.edges and _shows(made := _scaled(chart)):
        return made
    count = min(len(chart.categories), MAX_DRAWN)
    ranges = len(chart.edges) - 1
    slot = (_WIDTH - _LEFT - _RIGHT) / max(1, count)
    bars = (
        Bar(
            chart.categories[at],
            _values(chart, at, at + 1),
            _LEFT + (at if at < ranges else at + 0.07) * slot,
            slot if at < ranges else slot * 0.86,
            follows=0 < at < ranges,
        )
        for at in range(count)
    )
    return Drawing(chart, tuple(bars))


def _scaled(chart: Chart) -> Drawing:
    ranges = len(chart.edges) - 1
    beside = range(ranges, min(len(chart.categories), ranges + _MOST_BESIDE))
    axis = _WIDTH - 2 * _EDGE - len(beside) * _BESIDE * 1.5
    spans = layout(chart.edges, [[wording.drawn(value) for value in each[:ranges]] for each in chart.series.values()])
    bars = [
        Bar(
            _joined(chart.categories[each.start : each.end]),
            _values(chart, each.start, each.end),
            _EDGE + each.left * axis,
            each.width * axis,
            1 / (each.width * axis),
            each is not spans[0],
        )
        for each in spans
    ]
    bars += [
        Bar(
            chart.categories[at],
            _values(chart, at, at + 1),
            _EDGE + axis + (number * 1.5 + 0.5) * _BESIDE,
            _BESIDE,
            1 / _BESIDE,
        )
        for number, at in enumerate(beside)
    ]
    return Drawing(chart, tuple(bars), tuple(spans))


def _values(chart: Chart, start: int, end: int) -> tuple[float, ...]:
    """The values of some categories that are drawn as one, of each series."""
    return tuple(wording.drawn(sum(map(wording.drawn, each[start:end]))) for each in chart.series.values())


def _joined(categories: Sequence[str]) -> str:
    return categories[0] if len(categories) == 1 else f"{categories[0]} … {categories[-1]}"


def _shows(made: Drawing) -> bool:
    """Whether an eye sees most of all values, and most of what moved from the first series to the last."""
    peak = max((abs(height) for each in made.bars for height in _heights(each)), default=0.0)
    whole = [_values(made.of, at, at + 1) for at in range(len(made.of.categories))]
    seen = [each.values for each in made.bars if max(map(abs, _heights(each)), default=0.0) * _PLOT >= _LOWEST * peak]
    shown = sum(max(map(abs, each), default=0.0) for each in seen)
    if shown < _SEEN * sum(max(map(abs, each), default=0.0) for each in whole):
        return False
    moved, drawn = (sum(abs(each[-1] - each[0]) for each in values if each) / 2 for values in (whole, seen))
    return moved - drawn <= max((1 - _SEEN) * moved, _UNSEEN)


def _heights(of: Bar) -> list[float]:
    return [of.height(at) for at in range(len(of.values))]


def draw(made: Drawing, ident: str) -> str:
    """The chart as one ``<svg>`` element, named and described; ``ident`` makes its ids unique on the page."""
    chart = made.of
    scale = _Scale(made)
    below, depth = _below(made)
    height = _TOP + _PLOT + depth
    last = len(chart.series) - 1
    parts = [
        f'<svg class="chart" role="img" viewBox="0 0 {_WIDTH} {height}" aria-labelledby="{ident}-t {ident}-d">',
        f'<title id="{ident}-t">{html(clip(chart.title, 300))}</title>',
        f'<desc id="{ident}-d">{html(describe(chart))}</desc>',
        *_axis(made, scale),
        *(_filled(made, scale, last) if chart.series else ()),
        *(_outlined(made, scale, series) for series in range(last)),
        *_pointed(made),
        *below,
        "</svg>",
    ]
    return "".join(parts)


def describe(chart: Chart) -> str:
    """One sentence that says what the eye would see: each series and its largest category."""
    what = f"{clip(chart.unit, 80)}, {wording.plural(len(chart.categories), 'bar')}"
    return ": ".join([what, "; ".join(_largest(chart, name) for name, values in chart.series.items() if values)])


def _largest(chart: Chart, name: str) -> str:
    values = chart.series[name]
    at = max(range(len(values)), key=lambda index: wording.drawn(values[index]))
    return f"{clip(name, 80)} is largest at {clip(chart.categories[at], 80)} ({wording.amount(chart, values[at])})"


class _Scale:
    """Where values stand in the drawing."""

    def __init__(self, made: Drawing) -> None:
        heights = [0.0, *(height for each in made.bars for height in _heights(each))]
        self.ticks = ticks(min(heights), max(heights))
        self.low, self.high = self.ticks[0], self.ticks[-1]
        if made.spans and max(heights) - min(heights) >= 1e-300:  # no person reads a density, so none needs to be round
            self.low, self.high = min(heights), max(heights)

    def y(self, value: float) -> float:
        return _TOP + _PLOT * ((self.high - value) / (self.high - self.low))


def ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers, evenly spaced, from zero or below ``low`` to zero or above ``high``."""
    low, high = min(0.0, low), max(0.0, high)
    if high - low < 1e-300:
        return [0.0, 1.0]
    rough = (high - low) / 3
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _axis(made: Drawing, scale: _Scale) -> Iterator[str]:
    if made.spans:
        yield f'<path class="zero" d="M{_EDGE} {scale.y(0):.1f}H{_WIDTH - _EDGE}"/>'
        return
    for tick in scale.ticks:
        y = scale.y(tick)
        kind = "zero" if tick == 0 else "grid"
        yield f'<path class="{kind}" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        text = f"{tick:.6g}" if not wording.is_share(made.of) else f"{tick * 100:.6g}%"
        yield f'<text x="{_LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>'


def _filled(made: Drawing, scale: _Scale, series: int) -> Iterator[str]:
    for each in made.bars:
        top, bottom = sorted((scale.y(each.height(series)), scale.y(0)))
        if bottom - top >= 0.05:
            yield (
                f'<rect class="now" x="{each.left:.1f}" y="{top:.1f}" width="{each.width:.1f}" '
                f'height="{bottom - top:.1f}"/>'
            )


def _outlined(made: Drawing, scale: _Scale, series: int) -> str:
    """The outline of a series: bars that follow each other are one flight of steps."""
    zero = scale.y(0)
    steps = []
    for at, each in enumerate(made.bars):
        if not each.follows:
            steps.append(f"M{each.left:.1f} {zero:.1f}")
        steps.append(f"V{scale.y(each.height(series)):.1f}H{each.left + each.width:.1f}")
        if at + 1 == len(made.bars) or not made.bars[at + 1].follows:
            steps.append(f"V{zero:.1f}")
    return f'<path class="then t{series % SERIES + 1}" d="{"".join(steps)}"/>' if steps else ""


def _pointed(made: Drawing) -> Iterator[str]:
    """What a pointer finds: the whole height of a bar, with its values."""
    for each in made.bars:
        pairs = zip(made.of.series, each.values, strict=True)
        said = "; ".join(f"{name} {wording.amount(made.of, value)}" for name, value in pairs)
        yield (
            f'<rect class="hover" x="{each.left:.1f}" y="{_TOP}" width="{each.width:.1f}" height="{_PLOT}">'
            f"<title>{html(clip(f'{each.label}: {said}', 300))}</title></rect>"
        )


def _below(made: Drawing) -> tuple[list[str], int]:
    """What stands under the axis and the height that it needs."""
    if not made.spans:
        return _labels(made.bars, min((each.width for each in made.bars), default=1.0))
    edges, spans = made.of.edges, made.spans
    low, high = edges[spans[0].start], edges[spans[-1].end]
    ranges, beside = made.bars[: len(spans)], made.bars[len(spans) :]
    left, right = ranges[0].left, ranges[-1].left + ranges[-1].width
    base = _TOP + _PLOT
    shown = []
    for number in between(low, high):
        x = left + (number / 2 - low / 2) / (high / 2 - low / 2) * (right - left)
        shown.append(f'<path class="zero" d="M{x:.1f} {base}V{base + 4}"/>')
        shown.append(f'<text x="{x:.1f}" y="{base + 15}" text-anchor="middle">{wording.scalar(number)}</text>')
    slanted, depth = _labels(beside, _BESIDE * 1.5) if beside else ([], 22)
    return [*shown, *slanted], max(depth, 22)


def between(low: float, high: float) -> list[float]:
    """Up to five round numbers from ``low`` to ``high``, evenly spaced, none of them so near an end that it is cut."""
    half = high / 2 - low / 2
    if not 1e-300 < half < 1e300:
        return []
    power = 10.0 ** math.floor(math.log10(half / 2))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= half / 2 * 0.999)
    if max(abs(low), abs(high)) / step > 1e9:  # they would all look the same
        return []
    margin = half * 0.06
    first, last = math.ceil((low + margin) / step), math.floor((high - margin) / step)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def _labels(bars: Sequence[Bar], slot: float) -> tuple[list[str], int]:
    """The labels under bars and the height that they need.

    Flat where all fit in ``slot``, else slanted, and some left out.
    """
    names = [visible(each.label) for each in bars]
    middles = [each.left + each.width / 2 for each in bars]
    longest = max((len(name) for name in names), default=0)
    base = _TOP + _PLOT
    if longest * _CHARACTER + 4 <= slot:
        return [
            f'<text x="{middles[at]:.1f}" y="{base + 15}" text-anchor="middle">{attribute(name)}</text>'
            for at, name in enumerate(names)
        ], 22
    every = max(1, math.ceil(13 / slot))
    short = [name if len(name) <= _LABEL else name[: _LABEL - 1] + "…" for name in names]
    labels = [
        f'<text transform="translate({middles[at] + 4:.1f} {base + 12})rotate(-45)" text-anchor="end">'
        f"{attribute(name)}</text>"
        for at, name in enumerate(short)
        if at % every == 0
    ]
    return labels, 18 + round(min(longest, _LABEL) * _CHARACTER * 0.72)
