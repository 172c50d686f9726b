"""A drift check in words, tables and charts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Range
from mlops_actions.data.profiles.profiling import is_whole
from mlops_actions.drift import effects, textshapes
from mlops_actions.drift.compare import Cell, Comparison, Role, Sort, State, bin_labels, mean_shift
from mlops_actions.drift.decision import FEW, HANDFUL, NO_IMPORTANCES, Decision, Finding, ordered
from mlops_actions.drift.effects import Effect
from mlops_actions.drift.rhythm import Rhythm
from mlops_actions.drift.settings import Settings
from mlops_actions.outcome import Block, Chart, Contrast, Section, Table, Text
from mlops_actions.report.wording import percent, plural, rounded
from mlops_actions.visible import clip, visible

CHARTS = 100
"""Drifted columns shown with their distributions; of the others stand the findings alone."""
UNDRIFTED_CHARTS = 3
"""Columns drawn that did not drift."""
DRAWN = 16
"""Values drawn of a column of categories; what the others come to is said beside them."""


def message(decision: Decision, rows: tuple[int, int]) -> str:
    """What is said of one column, in full."""
    by_rows = decision.comparison.without_blocks and decision.finding is not Finding.TOO_FEW
    alone = "; judged by rows as if they were independent, since the reference has no blocks of time of this column"
    return _message(decision, rows) + (alone if by_rows else "")


def _message(decision: Decision, rows: tuple[int, int]) -> str:
    match decision.finding:
        case Finding.DRIFTED:
            return f"drifted: {_shift(decision)}"
        case Finding.ADDED:
            return "is new: the reference has no such column, so it is not compared"
        case Finding.TOO_FEW if decision.shift.sort is not Sort.MASS:
            few = f"fewer than {HANDFUL} such rows are too few to tell"
            return f"shows no drift that is sure: {_size(decision)}, {_most(decision)}; {few}"
        case Finding.TOO_FEW:
            few = f"{plural(min(rows), 'row')} {'is' if min(rows) == 1 else 'are'}"
            return f"shows no drift, but {few} too few to tell (from {FEW} on they are judged)"
        case Finding.SMALL:
            of_it = f"{_size(decision)}, {_most(decision)}"
            return f"shows no drift: what changed is no chance, and too small to matter ({of_it})"
        case _:
            may_be = ", which may be chance" if decision.shift.effect else ""
            return f"shows no drift{_limits(decision.comparison)} ({_size(decision)}{may_be})"


def sections(
    decisions: Sequence[Decision],
    rows: tuple[int, int],
    settings: Settings,
    rhythm: Rhythm | str,
    *,
    places: Mapping[str, int],
    importances: Mapping[str, float] = NO_IMPORTANCES,
) -> tuple[Section, ...]:
    """The table of all columns; those that drifted, with their distributions; some of those that did not.

    ``rhythm`` is that of the reference, or why it has none; ``places`` are
    those of the columns' checks in the verdict's; ``importances`` say how much
    the model uses each column, in any unit, and order what is shown.
    """
    order = ordered(decisions, importances)
    changed = [each for each in order if each.drifted][:CHARTS]
    blocks: list[Block] = [_table(order, importances), Text(_how(rows, settings, rhythm))]
    if settings.ignore:
        blocks.append(Text(f"Not compared, as configured: {', '.join(named(each) for each in settings.ignore)}."))
    if held := _numbers_as_text(order):
        blocks.append(Text(f"Compared as text, though nearly all of their values are numbers: {held}."))
    known = frozenset(places[name] for name in settings.ignore if name in places)
    calm = [each for each in order if each.finding in (Finding.STABLE, Finding.SMALL)]
    like = [each for each in sorted(calm, key=lambda each: -each.weight) if _chart(each)][:UNDRIFTED_CHARTS]
    found = [Section("All columns", tuple(blocks))]
    if changed:
        drawn = _contrasts("What changed", changed, places, importances)
        found.append(replace(drawn, covers=drawn.covers | known))
    return (*found, _contrasts("Nearest to a change", like, places, importances)) if like else tuple(found)


def _contrasts(
    title: str, decisions: Sequence[Decision], places: Mapping[str, int], importances: Mapping[str, float]
) -> Section:
    shown = [each for each in decisions if each.comparison.name in places]
    blocks = (
        Contrast(
            visible(clip(each.comparison.name, 60)),
            places[each.comparison.name],
            tuple(_facts(each, importances)),
            _chart(each) or _why_none(each.comparison),
        )
        for each in shown
    )
    covers = frozenset(places[each.comparison.name] for each in shown if each.drifted)
    return Section(title, tuple(blocks), covers)


# Words


def named(text: str) -> str:
    """A column, as a message names it."""
    return f"`{visible(clip(text, 60))}`"


def _size(decision: Decision) -> str:
    """The deciding effect: ``0.31 of its mass moved``."""
    comparison, effect = decision.comparison, decision.shift.effect
    if comparison.state is State.GONE:
        return "the column is gone"
    if comparison.state is State.CHANGED:
        return "its type changed"
    match decision.shift.sort:
        case Sort.MASS:
            by = decision.shift.by
            return effects.said(by, share(effect) if effect or by is not Effect.TOTAL_VARIATION else "none")
        case Sort.MISSING:
            before, now = missing(comparison)
            return f"missing values {'rose' if now > before else 'fell'} by {percent(effect)} of the rows"
        case Sort.NEW:
            return f"{percent(effect)} of the rows have values that the reference has not"
        case Sort.SHAPE:
            return f"{percent(effect)} of its texts have another shape"


def _shift(decision: Decision) -> str:
    comparison = decision.comparison
    reference, current = comparison.reference, comparison.current
    if comparison.state is State.GONE:
        return "the current data has no such column"
    if comparison.state is State.CHANGED and reference and current:
        return f"it was {kind(reference)}, and is now {kind(current)}"
    return f"{_size(decision)} ({_matters(decision)}); {_most(decision)}"


def _matters(decision: Decision) -> str:
    """From which size on, in the unit of what it stands beside: ``0.05 matters``, ``2 % matter``."""
    if not decision.threshold:
        return "anything that is no chance matters"
    in_rows = decision.shift.sort is not Sort.MASS
    return f"{_whole_percent(decision.threshold)} matter" if in_rows else f"{share(decision.threshold)} matters"


def kind(column: ColumnProfile) -> str:
    word = "text" if column.kind is Kind.CATEGORY else column.kind.value
    return f"{word} ({visible(clip(column.type, 60))})"


def _most(decision: Decision) -> str:
    """What the shift is made of, most of all."""
    comparison = decision.comparison
    if decision.shift.sort is Sort.MISSING:
        before, now = missing(comparison)
        return f"{percent(before)} were missing, {percent(now)} are"
    if decision.shift.sort is Sort.NEW and (names := new_values(comparison)):
        return f"such as {names}"
    if decision.shift.sort is Sort.SHAPE:
        return shapes(comparison)
    parts = []
    shift = mean_shift(comparison)
    if shift is not None and comparison.side.kind is Kind.NUMBER and comparison.reference and comparison.current:
        one, other = comparison.reference.range, comparison.current.range
        if one and other and abs(shift) >= 0.005:
            went = f"from {rounded(one.mean)} to {rounded(other.mean)}"
            parts.append(f"its mean went {went} ({shift:+.2f} standard deviations)")
    cell = max(comparison.cells, key=lambda each: abs(moved(comparison, each)), default=None)
    if cell is not None:
        before, now = shares(comparison, cell)
        parts.append(f"{label(comparison, cell)} went from {percent(before)} to {percent(now)} of the rows")
    return "; ".join(parts) or "no rows"


def label(comparison: Comparison, cell: Cell) -> str:
    side = comparison.side
    if cell.role in (Role.MISSING, Role.PRESENT) or side.kind is Kind.OTHER:
        return visible(cell.label)
    if side.private:
        return "one of its values"
    if not cell.listed:
        return visible(cell.label)
    if side.kind is Kind.TIME:
        return f"a time {cell.label}" if cell.role is Role.NEW else cell.label
    if side.kind is Kind.TEXT:
        return f"a length {cell.label}" if _is_open(cell) else f"a length of {cell.label}"
    if side.kind in (Kind.CATEGORY, Kind.BOOLEAN):
        return f"'{visible(clip(cell.label, 60))}'"
    if _is_open(cell):
        return f"a value {cell.label}"
    return f"a value of {cell.label}" if " to " in cell.label else cell.label


def _is_open(cell: Cell) -> bool:
    """Whether a bin has one end only."""
    return cell.label.startswith(("below ", "above "))


def shapes(comparison: Comparison) -> str:
    """What became of the shapes of its texts; empty where they were not compared.

    ``the shape 'A-9' went from 100 % to 2 % of them, and 'a9', which none had, has 98 %``.
    """
    cells = [cell for cell in comparison.shapes if cell.label != textshapes.OTHERS]
    parts = dict(zip(map(id, comparison.shapes), _parts(comparison.shapes), strict=True))
    told = max(
        (cell for cell in cells if cell.role is not Role.NEW),
        key=lambda cell: (abs(round(parts[id(cell)][1] - parts[id(cell)][0], 9)), cell.reference),
        default=None,
    )
    said = []
    if told is not None:
        before, now = map(percent, parts[id(told)])
        said.append(f"the shape {_shape_named(told)} went from {before} to {now} of them")
    for new in (cell for cell in cells if cell.role is Role.NEW):
        before, now = map(percent, parts[id(new)])
        had = f"{before} had at most" if new.reference else "none had"
        said.append(
            f"{'' if said else 'the shape '}{_shape_named(new)}, which {had}, has {now}{'' if said else ' of them'}"
        )
    return ", and ".join(said)


def _shape_named(cell: Cell, most: int = 40) -> str:
    """A shape, as a message names it."""
    if cell.label == textshapes.OTHERS:
        return cell.label
    return f"'{visible(clip(cell.label, most))}'" if cell.label else "of no sign"


def new_values(comparison: Comparison, most: int = 5) -> str:
    """The most frequent new values that are listed, with their rows; empty where none is, or none may be shown."""
    if comparison.side.private:
        return ""
    told = (cell for cell in comparison.cells if cell.role is Role.NEW and cell.listed)
    new = sorted(told, key=lambda cell: -cell.current)
    return ", ".join(
        f"{label(comparison, cell)} ({plural(cell.current, 'row')})" for cell in new[:most] if cell.current
    )


def _limits(comparison: Comparison) -> str:
    if comparison.only_presence:
        is_ranged = any(shift.sort is Sort.NEW for shift in comparison.shifts)
        return f" in what is compared, its nulls{' and times beyond those that the reference has' if is_ranged else ''}"
    of_many = comparison.side.kind is Kind.TEXT and not comparison.shapes
    return " in what is compared, the lengths of its texts" if of_many else ""


def _numbers_as_text(decisions: Sequence[Decision], most: int = 5) -> str:
    """Columns whose values are numbers but for some, like `NA` in a file of CSV, with one of those; as far as known."""
    found = []
    for each in decisions:
        side = each.comparison.reference
        if side is None or side.categories is None or side.private:
            continue
        others = [value for value, _ in side.categories.values if not _is_number(value)]
        if others and len(others) <= 0.1 * len(side.categories.values):
            found.append(f"{named(side.name)} (not '{visible(clip(others[0], 30))}')")
    more = f" and {len(found) - most:,} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _how(rows: tuple[int, int], settings: Settings, rhythm: Rhythm | str) -> str:
    thresholds = settings.common
    return (
        f"{rows[1]:,} rows are held against {rows[0]:,} of the reference. A column drifts when a shift is both real "
        f"(without drift, at most {_whole_percent(settings.false_alarms)} of checks would show one in any column) and "
        f"large enough to matter: {effects.said(thresholds.by, share(thresholds.mass))}, missing values changed by "
        f"{_whole_percent(thresholds.missing)} of the rows, {_whole_percent(thresholds.new)} of the rows with new "
        f"values, or {_whole_percent(thresholds.shape)} of its texts with another shape. The mass moved is the share "
        f"of rows that lie elsewhere than in the reference. The table says what each column was judged by, and how "
        f"many times its threshold that is: from 1 on it matters. {_yardstick(rhythm)}"
    )


def _whole_percent(share_set: float) -> str:
    """A share that a person has set, with the digits that it needs: ``1 %``, ``2.5 %``."""
    return f"{100 * share_set:g} %"


def _yardstick(rhythm: Rhythm | str) -> str:
    """What is real is told by: blocks of time, or rows as if they were independent."""
    if isinstance(rhythm, str):
        return f"Rows are taken for independent of each other, which rows of one day seldom are: {rhythm}."
    seasons = {Unit.HOUR: "hours of a day", Unit.DAY: "weekdays", Unit.QUARTER: "quarters"}
    season = seasons.get(rhythm.unit, "months")
    like = f", and the current rows are held against the same {season}" if rhythm.is_seasonal else ""
    return (
        f"What is real is told by how much the {plural(len(rhythm.rows), rhythm.unit)} of the reference differ{like}."
    )


# Numbers


def shares(comparison: Comparison, cell: Cell) -> tuple[float, float]:
    return _shares(comparison, [cell])[0]


def _shares(comparison: Comparison, cells: Sequence[Cell]) -> list[tuple[float, float]]:
    return _parts(cells, comparison.cells)


def _parts(cells: Sequence[Cell], of: Sequence[Cell] | None = None) -> list[tuple[float, float]]:
    """The share of each cell in all of them, or in others that it is of, on both sides."""
    whole = cells if of is None else of
    before, now = sum(each.reference for each in whole), sum(each.current for each in whole)
    return [(each.reference / before if before else 0.0, each.current / now if now else 0.0) for each in cells]


def moved(comparison: Comparison, cell: Cell) -> float:
    before, now = shares(comparison, cell)
    return now - before


def missing(comparison: Comparison) -> tuple[float, float]:
    pairs = _shares(comparison, [cell for cell in comparison.cells if cell.role is Role.MISSING])
    return (sum(one for one, _ in pairs), sum(other for _, other in pairs))


def share(effect: float) -> str:
    if 0 < effect < 0.0005:
        return "under 0.001"
    return f"{effect:.2f}" if effect >= 0.1 or not effect else f"{effect:.3f}".rstrip("0")


# Blocks


_TIMES, _IMPORTANCE = "times its threshold", "importance"
_MEAN, _THEN, _NOW, _NEW = "mean moved, sd", "missing then, %", "missing now, %", "new values, %"
_COLUMNS = ("column", "verdict", "judged by", _TIMES, _MEAN, _THEN, _NOW, _NEW)
_IF_ANY = {_MEAN: (_MEAN,), _THEN: (_THEN, _NOW), _NOW: (_THEN, _NOW), _NEW: (_NEW,)}
"""Columns that are shown where some row has anything to say in one of these."""

_MAY_BE_CHANCE = "may be chance"
"""What is said of a shift that would matter, and is not proven: beside its size, ``stable`` would be a riddle."""


def _table(decisions: Sequence[Decision], importances: Mapping[str, float]) -> Table:
    """All columns, in numbers. What no row has anything to say in is left out, so that the rest has room."""
    columns: tuple[str, ...] = _COLUMNS
    rows = [_row(each) for each in decisions]
    if importances:
        used = (importances.get(each.comparison.name) for each in decisions)
        columns = (*columns[:2], _IMPORTANCE, *columns[2:])
        rows = [
            (*row[:2], None if use is None else round(use, 4), *row[2:]) for row, use in zip(rows, used, strict=True)
        ]
    kept = [
        place
        for place, name in enumerate(columns)
        if name not in _IF_ANY or any(row[columns.index(each)] for row in rows for each in _IF_ANY[name])
    ]
    return Table(
        tuple(columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
        bars=frozenset({_TIMES}),
    )


def _row(decision: Decision) -> tuple[str | float | None, ...]:
    """A column in numbers; its sentence is the finding's."""
    comparison = decision.comparison
    name = visible(clip(comparison.name, 60))
    if comparison.state is not State.COMPARED:
        verdict = _VERDICTS.get(comparison.state, decision.finding.value)
        return (name, verdict, *(None,) * (len(_COLUMNS) - 2))
    new = next((shift.effect for shift in comparison.shifts if shift.sort is Sort.NEW), None)
    before, now = missing(comparison)
    mean = mean_shift(comparison) if comparison.side.kind is Kind.NUMBER else None
    return (
        name,
        _MAY_BE_CHANCE if decision.finding is Finding.STABLE and decision.weight >= 1 else decision.finding.value,
        _judged_by(decision),
        round(decision.weight, 2)
        if decision.threshold
        else None,  # what must not drift has no threshold to be times of
        None if mean is None else round(mean, 3),
        round(100 * before, 2),
        round(100 * now, 2),
        None if new is None else round(100 * new, 2),
    )


def _judged_by(decision: Decision) -> str:
    """The effect that decided, as short as a cell wants it: ``39.2 % other shapes``."""
    effect = decision.shift.effect
    match decision.shift.sort:
        case Sort.MASS:
            return effects.briefly(decision.shift.by, share(effect))
        case Sort.MISSING:
            before, now = missing(decision.comparison)
            return f"{percent(effect)} {'more' if now > before else 'fewer'} missing"
        case Sort.NEW:
            return f"{percent(effect)} new values"
        case Sort.SHAPE:
            return f"{percent(effect)} other shapes"


_VERDICTS = {State.GONE: "gone", State.CHANGED: "type changed"}


def _facts(decision: Decision, importances: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """A column's shifts in numbers, name to text."""
    comparison = decision.comparison
    if comparison.name in importances:
        yield "Importance", f"{importances[comparison.name]:.3g}"
    if comparison.state is not State.COMPARED:
        return
    # Of texts of many values the lengths are compared, which may be as they were.
    yield ("Mass of lengths moved" if comparison.side.kind is Kind.TEXT else "Mass moved"), share(comparison.moved)
    if decision.shift.sort is Sort.MASS and decision.shift.by is not Effect.TOTAL_VARIATION:
        yield "Effect", effects.said(decision.shift.by, share(decision.shift.effect))
    mean = mean_shift(comparison)
    one, other = (side.range if side else None for side in (comparison.reference, comparison.current))
    is_measured = comparison.side.kind in (Kind.NUMBER, Kind.TEXT) and not comparison.side.private
    if is_measured and one and other and one.mean is not None and other.mean is not None:
        what = "Mean length" if comparison.side.kind is Kind.TEXT else "Mean"
        by = "" if mean is None else f" ({mean:+.2f} sd)"
        yield what, f"from {rounded(one.mean)} to {rounded(other.mean)}{by}"
        if one.sd is not None and other.sd is not None:
            yield "Standard deviation", f"from {rounded(one.sd)} to {rounded(other.sd)}"
    if comparison.side.kind is Kind.TIME and not comparison.side.private:
        yield from _windows(comparison)
    before, now = missing(comparison)
    if before or now:
        yield "Missing", f"from {percent(before)} to {percent(now)}"
    new = next((shift.effect for shift in comparison.shifts if shift.sort is Sort.NEW), 0.0)
    if new:
        yield "New values", f"in {percent(new)} of the rows"
    if decision.shift.sort is not Sort.SHAPE and (said := shapes(comparison)):  # else the sentence says it
        yield "Shapes", said
    if (rest := _others(comparison)) and not comparison.side.private:
        before, now = (sum(each) for each in zip(*(shares(comparison, cell) for cell in rest), strict=True))
        yield f"{plural(len(rest), 'value')} not drawn", f"from {percent(before)} to {percent(now)}"


def _windows(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """From when to when the times of a column are, on each side that has any."""
    for name, side in (("Times then", comparison.reference), ("Times now", comparison.current)):
        if side is not None and side.range is not None and side.range.min is not None:
            yield name, f"{side.range.min} to {side.range.max}"


def _why_none(comparison: Comparison) -> str:
    if comparison.state is State.GONE:
        return "There is nothing to draw: the column is gone."
    if comparison.state is State.CHANGED:
        return "There is nothing to draw: the two sides are of different types."
    return "The values of a private column are not drawn." if comparison.side.private else "There is nothing to draw."


def _chart(decision: Decision) -> Chart | None:
    """The distributions of a column on both sides, where there is one to draw that may be shown."""
    comparison = decision.comparison
    side = comparison.side
    if decision.shift.sort is Sort.SHAPE:
        return _of_shapes(comparison)
    if comparison.state is not State.COMPARED or len(comparison.cells) < 2 or side.private:
        return None
    edges, cells = _ranges(comparison)
    parts = _shares(comparison, cells)
    labels = [visible(clip(cell.label, 30)) for cell in cells]
    for index, cell in enumerate(cells):
        if cell.role is Role.NEW and side.kind is Kind.CATEGORY:
            labels[index] += " (new)"
    series = {
        "reference": tuple(round(before, 6) for before, _ in parts),
        "current": tuple(round(now, 6) for _, now in parts),
    }
    title = visible(clip(comparison.name, 60)) + (", length in characters" if side.kind is Kind.TEXT else "")
    return Chart(title, tuple(labels), series, edges=edges)


def _of_shapes(comparison: Comparison) -> Chart:
    """The shapes of its texts on both sides: those that are told by themselves, and the others."""
    parts = _parts(comparison.shapes)
    labels = tuple(
        _shape_named(cell, 28) + (" (new)" if cell.role is Role.NEW and not cell.reference else "")
        for cell in comparison.shapes
    )
    series = {
        "reference": tuple(round(before, 6) for before, _ in parts),
        "current": tuple(round(now, 6) for _, now in parts),
    }
    title = visible(clip(comparison.name, 60)) + ", shapes of its texts"
    return Chart(title, labels, series, unit="share of texts")


def _ranges(comparison: Comparison) -> tuple[tuple[float, ...], list[Cell]]:
    """The numbers around the cells that are ranges of them, and all cells, those that are ranges first.

    A range below or above all that the reference has ends where the current
    data does. A whole number is drawn in the middle of its place.
    """
    side = comparison.side
    bins = side.bins if side.kind in (Kind.NUMBER, Kind.TEXT) else None
    if bins is None or not bins.edges:
        return (), _drawn(comparison)
    by_label = {cell.label: cell for cell in comparison.cells}
    whole = is_whole(side)
    labels = bin_labels(bins, whole)
    inner = [by_label.get(label, Cell(label, 0, 0)) for label in labels]
    edges = [edge + 0.5 if whole else edge for edge in bins.edges]
    found = comparison.current.range if comparison.current else None
    least, greatest = (end if isinstance(end, int | float) else None for end in _ends(found))
    if inner[-1].label in by_label and greatest is not None and greatest > bins.edges[-1]:
        edges.append(greatest + 0.5 if whole else greatest)
    else:
        inner.pop()
    if inner[0].label in by_label and least is not None and least <= bins.edges[0]:
        edges.insert(0, least - 0.5 if whole else math.nextafter(least, -math.inf))
    else:
        inner.pop(0)
    kept = {cell.label for cell in inner}
    ascending = all(one < other and math.isfinite(other - one) for one, other in pairwise(edges))
    if len(inner) < 1 or not ascending:
        return (), list(comparison.cells)
    return tuple(edges), [*inner, *(cell for cell in comparison.cells if cell.label not in kept)]


def _ends(of: Range | None) -> tuple[float | str | None, float | str | None]:
    return (of.min, of.max) if of else (None, None)


def _drawn(comparison: Comparison) -> list[Cell]:
    """The cells of a chart: all bins in their order; of categories, those that are large or moved."""
    rest = {id(cell) for cell in _others(comparison)}
    return [cell for cell in _by_size(comparison) if id(cell) not in rest]


def _others(comparison: Comparison) -> list[Cell]:
    """The values that are not drawn. As one bar they would be higher than any value that is."""
    valued = [cell for cell in _by_size(comparison) if cell.role is not Role.MISSING]
    return valued[DRAWN:] if comparison.side.kind is Kind.CATEGORY and len(comparison.cells) > DRAWN else []


def _by_size(comparison: Comparison) -> list[Cell]:
    """The cells, those of many categories with the largest first and what is missing last."""
    cells = list(comparison.cells)
    if comparison.side.kind is not Kind.CATEGORY or len(cells) <= DRAWN:
        return cells
    parts = _shares(comparison, cells)
    weight = {id(cell): max(pair) + abs(pair[1] - pair[0]) for cell, pair in zip(cells, parts, strict=True)}
    return sorted(cells, key=lambda cell: (cell.role is Role.MISSING, -weight[id(cell)]))
