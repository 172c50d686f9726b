"""Charts as inline SVG: distributions over the same categories, drawn over each other on one axis.

Each series is drawn narrower than the one before, so that two of them differ
by width as well as by color, and neither hides the other. Colors and fonts
come from the page's style sheet. The size suits a phone; on a wide screen
charts stand side by side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice

from mlops_actions.outcome import Chart
from mlops_actions.report import wording
from mlops_actions.report.escape import attribute, html
from mlops_actions.visible import clip, visible

MAX_DRAWN = 120
"""Categories that one chart draws; the table beside it has them all."""

SERIES = 4
"""Series that have a color of their own."""

_WIDTH, _PLOT = 360, 132
_LEFT, _RIGHT, _TOP = 40, 6, 8
_CHARACTER = 5.8  # the width of one in the labels' size, about
_LABEL = 14  # characters of a slanted label


def draw(chart: Chart, ident: str) -> str:
    """The chart as one ``<svg>`` element, named and described; ``ident`` makes its ids unique on the page."""
    count = min(len(chart.categories), MAX_DRAWN)
    scale = _Scale(chart, count)
    labels, depth = _labels(chart.categories[:count], scale)
    height = _TOP + _PLOT + depth
    parts = [
        f'<svg class="chart" role="img" viewBox="0 0 {_WIDTH} {height}" aria-labelledby="{ident}-t {ident}-d">',
        f'<title id="{ident}-t">{html(clip(chart.title, 300))}</title>',
        f'<desc id="{ident}-d">{html(describe(chart))}</desc>',
        *_axis(chart, scale),
        *_bars(chart, scale, count),
        *labels,
        "</svg>",
    ]
    return "".join(parts)


def describe(chart: Chart) -> str:
    """One sentence that says what the eye would see: each series and its largest category."""
    what = f"{clip(chart.unit, 80)}, {len(chart.categories):,} bars"
    return ": ".join([what, "; ".join(_largest(chart, name) for name, values in chart.series.items() if values)])


def _largest(chart: Chart, name: str) -> str:
    values = chart.series[name]
    at = max(range(len(values)), key=lambda index: wording.drawn(values[index]))
    return f"{clip(name, 80)} is largest at {clip(chart.categories[at], 80)} ({wording.amount(chart, values[at])})"


class _Scale:
    """Where values and categories stand in the drawing."""

    def __init__(self, chart: Chart, count: int) -> None:
        values = [wording.drawn(value) for series in chart.series.values() for value in islice(series, count)]
        self.ticks = ticks(min(values, default=0.0), max(values, default=0.0))
        self.slot = (_WIDTH - _LEFT - _RIGHT) / max(1, count)

    def x(self, at: int) -> float:
        """The middle of a category."""
        return _LEFT + (at + 0.5) * self.slot

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return _TOP + _PLOT * ((high - value) / (high - low))


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


def _axis(chart: Chart, scale: _Scale) -> Iterator[str]:
    for tick in scale.ticks:
        y = scale.y(tick)
        kind = "zero" if tick == 0 else "grid"
        yield f'<path class="{kind}" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        text = f"{tick:.6g}" if not wording.is_share(chart) else f"{tick * 100:.6g}%"
        yield f'<text x="{_LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>'


def _bars(chart: Chart, scale: _Scale, count: int) -> Iterator[str]:
    for number, values in enumerate(chart.series.values()):
        width = max(1.0, scale.slot * (0.86 if number == 0 else 0.86 * 0.42**number))
        for at, value in enumerate(islice(values, count)):
            top, bottom = sorted((scale.y(wording.drawn(value)), scale.y(0)))
            if bottom - top >= 0.05:
                yield (
                    f'<rect class="s{number % SERIES + 1}" x="{scale.x(at) - width / 2:.1f}" y="{top:.1f}" '
                    f'width="{width:.1f}" height="{bottom - top:.1f}"/>'
                )
    for at, category in enumerate(chart.categories[:count]):
        # What a pointer finds: the whole column of a category, with its values.
        said = "; ".join(f"{name} {wording.amount(chart, each[at])}" for name, each in chart.series.items())
        yield (
            f'<rect class="hover" x="{_LEFT + at * scale.slot:.1f}" y="{_TOP}" width="{scale.slot:.1f}" '
            f'height="{_PLOT}"><title>{html(clip(f"{category}: {said}", 300))}</title></rect>'
        )


def _labels(categories: Sequence[str], scale: _Scale) -> tuple[list[str], int]:
    """The labels under the axis and the height that they need. Flat where all fit, else slanted, some left out."""
    names = [visible(category) for category in categories]
    longest = max((len(name) for name in names), default=0)
    base = _TOP + _PLOT
    if longest * _CHARACTER + 4 <= scale.slot:
        return [
            f'<text x="{scale.x(at):.1f}" y="{base + 15}" text-anchor="middle">{attribute(name)}</text>'
            for at, name in enumerate(names)
        ], 22
    every = max(1, math.ceil(13 / scale.slot))
    short = [name if len(name) <= _LABEL else name[: _LABEL - 1] + "…" for name in names]
    labels = [
        f'<text transform="translate({scale.x(at) + 4:.1f} {base + 12})rotate(-45)" text-anchor="end">'
        f"{attribute(name)}</text>"
        for at, name in enumerate(short)
        if at % every == 0
    ]
    return labels, 18 + round(min(longest, _LABEL) * _CHARACTER * 0.72)
