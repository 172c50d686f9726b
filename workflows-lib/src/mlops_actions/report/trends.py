"""A figure over time as a strip: a bar for each block, or a line.

Bars begin at 0. A line of levels does not; its strip is as high as they reach
apart, but no less than their ``spread``: what hardly moves is drawn flat. A
block without a figure is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mlops_actions.outcome import Timeline, Trend
from mlops_actions.report import wording
from mlops_actions.report.elements import cell
from mlops_actions.report.escape import html
from mlops_actions.visible import clip

WIDTH, HEIGHT = 280, 24
"""The size of a strip, in its own units."""

_EDGE = 1.5  # above and below a line
_GAP = 0.25  # of a bar's room
_NAME = 300  # characters


def draw(trends: tuple[Trend, ...], time: Timeline, name: str, ident: str) -> Iterator[str]:
    """The strips of a column under each other, and the ends of the time below; ``ident`` makes their ids unique."""
    yield '<div class="trends">'
    for at, trend in enumerate(trends):
        named = f"{ident}-o{at}"
        title = f"{trend.name if trend.of is None else 'A share'} of {name} by {time.unit}"
        yield f'<p class="note">{_caption(trend, time)}</p>'
        yield (
            f'<svg class="chart strip" role="img" viewBox="0 0 {WIDTH} {HEIGHT + 1}" preserveAspectRatio="none" '
            f'aria-labelledby="{named}"><title id="{named}">{html(clip(title, _NAME))}</title>{_drawn(trend)}</svg>'
        )
    yield f'<p class="note ends"><span>{html(time.blocks[0])}</span> <span>{html(time.blocks[-1])}</span></p></div>'


def _drawn(trend: Trend) -> str:
    return _line(trend) if trend.kind == "level" else _bars(trend)


def _bars(trend: Trend) -> str:
    """One path for all bars: a wide table has thousands."""
    peak = max((wording.drawn(each) for each in trend.values if each is not None), default=0.0)
    room = WIDTH / len(trend.values)
    bars = (
        f"M{(at + _GAP / 2) * room:.1f} {HEIGHT}v{-HEIGHT * each / peak:.1f}h{room * (1 - _GAP):.1f}V{HEIGHT}"
        for at, each in enumerate(trend.values)
        if each and peak
    )
    return f'<path class="s1" d="{"".join(bars)}"/><path class="zero" d="M0 {HEIGHT}H{WIDTH}"/>'


def _line(trend: Trend) -> str:
    levels = [None if each is None else wording.drawn(each) for each in trend.values]
    there = [each for each in levels if each is not None]
    low, high = min(there), max(there)
    middle, height = low / 2 + high / 2, max(high / 2 - low / 2, wording.drawn(trend.spread) / 2) or 1.0
    room = WIDTH / len(levels)

    def point(at: int) -> str:
        y = HEIGHT / 2 - ((levels[at] or 0.0) / height - middle / height) * (HEIGHT / 2 - _EDGE)
        return f"{(at + 0.5) * room:.1f} {y:.1f}"

    runs = (list(run) for is_there, run in groupby(range(len(levels)), lambda at: levels[at] is not None) if is_there)
    # A run of one is a line of no length, which is drawn as a dot.
    return f'<path class="level" d="{"".join("M" + "L".join(map(point, run)) + "h0" for run in runs)}"/>'


def _caption(trend: Trend, time: Timeline) -> str:
    """The least and the greatest figure with their blocks, as HTML."""
    there = [at for at, each in enumerate(trend.values) if each is not None]
    low, high = (choose(there, key=lambda at: trend.values[at] or 0.0) for choose in (min, max))
    name = f"{html(trend.name)} {cell(trend.of)}" if trend.of is not None else html(trend.name)
    if trend.values[low] == trend.values[high]:
        return f"{name}: {_text(trend, high)} throughout"
    ends = (f"{_text(trend, at)} <span>({html(time.blocks[at])})</span>" for at in (low, high))
    return f"{name}: {' to '.join(ends)}"


def _text(trend: Trend, at: int) -> str:
    value = trend.values[at] or 0.0
    match trend.kind:
        case "share":
            return wording.percent(value)
        case "rows":
            return f"{value:,.0f}"
    return html(wording.rounded(value))
