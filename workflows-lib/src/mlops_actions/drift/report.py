"""A drift check in words, tables and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.data.profiles.profile import ColumnProfile, Kind
from mlops_actions.drift import effects
from mlops_actions.drift.compare import Cell, Comparison, Role, Sort, State, mean_shift
from mlops_actions.drift.decision import FEW, LEVEL, Decision, Finding, Thresholds
from mlops_actions.drift.effects import Effect
from mlops_actions.drift.rhythm import Rhythm
from mlops_actions.outcome import Block, Chart, Section, Table, Text
from mlops_actions.report.wording import percent, plural
from mlops_actions.visible import clip, visible

CHARTS = 24
"""Columns drawn at most, the most shifted first."""
UNDRIFTED_CHARTS = 3
"""Of them, columns that did not drift."""
DRAWN = 16
"""Cells drawn of a column of categories; the others are drawn as one."""


def headline(decisions: Sequence[Decision], importances: Mapping[str, float]) -> str:
    """The check in one sentence; ``importances`` says what the model leans on, column to share, where that is known."""
    compared = [each for each in decisions if each.finding is not Finding.ADDED]
    drifted = _ordered([each for each in compared if each.drifted], importances)
    columns = plural(len(compared), "column")
    if drifted:
        worst = drifted[0]
        return f"{len(drifted):,} of {columns} drifted, most in {named(worst.comparison.name)} ({_size(worst)})"
    if any(each.finding is Finding.TOO_FEW for each in decisions):
        return f"Too few rows to say that none of {columns} drifted"
    return f"None of {columns} drifted"


def message(decision: Decision, rows: tuple[int, int]) -> str:
    """What is said of one column, in full."""
    match decision.finding:
        case Finding.DRIFTED:
            return f"drifted: {_shift(decision)}"
        case Finding.ADDED:
            return "is new: the reference has no such column, so it is not compared"
        case Finding.TOO_FEW:
            few = "1 row is" if min(rows) == 1 else f"{min(rows):,} rows are"
            return f"no drift found, but {few} too few to tell (from {FEW} on they are judged)"
        case Finding.SMALL:
            return (
                f"no drift: what changed is no chance, and too small to matter ({_size(decision)}, {_most(decision)})"
            )
        case _:
            may_be = ", which may be chance" if decision.shift.effect else ""
            return f"no drift{_limits(decision.comparison)} ({_size(decision)}{may_be})"


def sections(
    decisions: Sequence[Decision],
    rows: tuple[int, int],
    thresholds: Thresholds,
    ignored: Sequence[str],
    rhythm: Rhythm | str,
    importances: Mapping[str, float],
) -> tuple[Section, ...]:
    """The table of columns and the distributions: what drifted first, by importance and by how much it shifted.

    ``rhythm`` is that of the reference, or why it has none.
    """
    ordered = _ordered(decisions, importances)
    blocks: list[Block] = [_table(ordered), Text(_how(rows, thresholds, rhythm))]
    if ignored:
        blocks.append(Text(f"Not compared, as configured: {', '.join(named(each) for each in ignored)}."))
    drawn = [each for each in ordered if each.drifted][:CHARTS]
    calm = [each for each in ordered if not each.drifted]
    charts = [chart for each in (*drawn, *calm[:UNDRIFTED_CHARTS]) for chart in _chart(each)]
    found = [Section("Columns", tuple(blocks))]
    return (*found, Section("Distributions", tuple(charts))) if charts else tuple(found)


def _ordered(decisions: Sequence[Decision], importances: Mapping[str, float]) -> list[Decision]:
    """What drifted first; of that, what the model leans on most; then what shifted most."""

    def key(each: Decision) -> tuple[bool, float, float]:
        return (not each.drifted, -importances.get(each.comparison.name, 0.0), -each.weight)

    return sorted(decisions, key=key)


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
            return effects.said(by, _share(effect) if effect or by is not Effect.TOTAL_VARIATION else "none")
        case Sort.MISSING:
            before, now = _missing(comparison)
            return f"missing values {'rose' if now > before else 'fell'} by {percent(effect)} of the rows"
        case Sort.NEW:
            return f"{percent(effect)} of the rows have values that the reference has not"


def _shift(decision: Decision) -> str:
    comparison = decision.comparison
    reference, current = comparison.reference, comparison.current
    if comparison.state is State.GONE:
        return "the current data has no such column"
    if comparison.state is State.CHANGED and reference and current:
        return f"it was {_kind(reference)}, and is now {_kind(current)}"
    matters = f"{_share(decision.threshold)} matters" if decision.threshold else "anything that is no chance matters"
    return f"{_size(decision)} ({matters}); {_most(decision)}"


def _kind(column: ColumnProfile) -> str:
    word = "text" if column.kind is Kind.CATEGORY else column.kind.value
    return f"{word} ({visible(clip(column.type, 60))})"


def _most(decision: Decision) -> str:
    """What the shift is made of, most of all."""
    comparison = decision.comparison
    if decision.shift.sort is Sort.MISSING:
        before, now = _missing(comparison)
        return f"{percent(before)} were missing, {percent(now)} are"
    if decision.shift.sort is Sort.NEW and (names := _new_values(comparison)):
        return f"such as {names}"
    parts = []
    shift = mean_shift(comparison)
    if shift is not None and comparison.side.kind is Kind.NUMBER and comparison.reference and comparison.current:
        one, other = comparison.reference.range, comparison.current.range
        if one and other and abs(shift) >= 0.005:
            parts.append(f"its mean went from {one.mean:.4g} to {other.mean:.4g} ({shift:+.2f} standard deviations)")
    cell = max(comparison.cells, key=lambda each: abs(_moved(comparison, each)), default=None)
    if cell is not None:
        before, now = _shares(comparison, cell)
        parts.append(f"{_label(comparison, cell)} went from {percent(before)} to {percent(now)} of the rows")
    return "; ".join(parts) or "no rows"


def _label(comparison: Comparison, cell: Cell) -> str:
    side = comparison.side
    if cell.role is Role.MISSING or side.kind is Kind.OTHER:
        return visible(cell.label)
    if side.private:
        return "one of its values"
    if side.kind is Kind.TEXT:
        return f"a length of {cell.label}"
    if side.kind in (Kind.CATEGORY, Kind.BOOLEAN):
        return f"'{visible(clip(cell.label, 60))}'"
    return cell.label


def _new_values(comparison: Comparison) -> str:
    if comparison.side.private:
        return ""
    new = sorted((cell for cell in comparison.cells if cell.role is Role.NEW), key=lambda cell: -cell.current)
    return ", ".join(f"{_label(comparison, cell)} ({cell.current:,} rows)" for cell in new[:5] if cell.current)


def _limits(comparison: Comparison) -> str:
    return " in what is compared, its nulls" if comparison.only_presence else ""


def _how(rows: tuple[int, int], thresholds: Thresholds, rhythm: Rhythm | str) -> str:
    return (
        f"{rows[1]:,} rows are held against {rows[0]:,} of the reference. A column drifts when a shift is both real "
        f"(without drift, fewer than {LEVEL:.0%} of checks would show one in any column) and "
        f"large enough to matter: {effects.said(thresholds.by, _share(thresholds.mass))}, missing values changed by "
        f"{percent(thresholds.missing)} of the rows, or {percent(thresholds.new)} of the rows have new values. "
        f"{_yardstick(rhythm)}"
    )


def _yardstick(rhythm: Rhythm | str) -> str:
    """What is real is told by: blocks of time, or rows as if they were independent."""
    if isinstance(rhythm, str):
        return f"Rows are taken for independent of each other, which rows of one day seldom are: {rhythm}."
    seasons = {Unit.DAY: "the same weekdays", Unit.MONTH: "the same months", Unit.QUARTER: "the same quarters"}
    like = f", and the current rows are held against {seasons[rhythm.unit]}" if rhythm.is_seasonal else ""
    return (
        f"What is real is told by how much the {plural(len(rhythm.rows), rhythm.unit)} of the reference differ{like}."
    )


# Numbers


def _shares(comparison: Comparison, cell: Cell) -> tuple[float, float]:
    before, now = sum(each.reference for each in comparison.cells), sum(each.current for each in comparison.cells)
    return (cell.reference / before if before else 0.0, cell.current / now if now else 0.0)


def _moved(comparison: Comparison, cell: Cell) -> float:
    before, now = _shares(comparison, cell)
    return now - before


def _missing(comparison: Comparison) -> tuple[float, float]:
    pairs = [_shares(comparison, cell) for cell in comparison.cells if cell.role is Role.MISSING]
    return (sum(one for one, _ in pairs), sum(other for _, other in pairs))


def _share(effect: float) -> str:
    if 0 < effect < 0.0005:
        return "under 0.001"
    return f"{effect:.2f}" if effect >= 0.1 or not effect else f"{effect:.3f}".rstrip("0")


# Blocks


_COLUMNS = ("column", "verdict", "mass moved", "mean moved, sd", "missing, %", "now, %", "new values, %")


def _table(decisions: Sequence[Decision]) -> Table:
    return Table(_COLUMNS, tuple(_row(each) for each in decisions))


def _row(decision: Decision) -> tuple[str | float | None, ...]:
    """A column in numbers; its sentence is the finding's."""
    comparison = decision.comparison
    name = visible(clip(comparison.name, 60))
    if comparison.state is not State.COMPARED:
        return (name, _VERDICTS.get(comparison.state, decision.finding.value), None, None, None, None, None)
    new = next((shift.effect for shift in comparison.shifts if shift.sort is Sort.NEW), None)
    before, now = _missing(comparison)
    mean = mean_shift(comparison) if comparison.side.kind is Kind.NUMBER else None
    return (
        name,
        decision.finding.value,
        round(comparison.moved, 3),
        None if mean is None else round(mean, 3),
        round(100 * before, 2),
        round(100 * now, 2),
        None if new is None else round(100 * new, 2),
    )


_VERDICTS = {State.GONE: "gone", State.CHANGED: "type changed"}


def _chart(decision: Decision) -> list[Chart]:
    """The distributions of a column on both sides, where there is one to draw that may be shown."""
    comparison = decision.comparison
    side = comparison.side
    if comparison.state is not State.COMPARED or len(comparison.cells) < 2 or side.private:
        return []
    cells = _drawn(comparison)
    shares = [_shares(comparison, cell) for cell in cells]
    title = visible(clip(comparison.name, 60)) + (", length in characters" if side.kind is Kind.TEXT else "")
    labels = [visible(clip(cell.label, 30)) for cell in cells]
    for index, cell in enumerate(cells):
        if cell.role is Role.NEW and side.kind is Kind.CATEGORY:
            labels[index] += " (new)"
    series = {
        "reference": tuple(round(before, 6) for before, _ in shares),
        "current": tuple(round(now, 6) for _, now in shares),
    }
    return [Chart(title, tuple(labels), series)]


def _drawn(comparison: Comparison) -> list[Cell]:
    """The cells of a chart: all bins in their order; of categories, the largest, and the others as one."""
    cells = list(comparison.cells)
    if comparison.side.kind is not Kind.CATEGORY or len(cells) <= DRAWN:
        return cells
    valued = [cell for cell in cells if cell.role is not Role.MISSING]
    size = {id(cell): max(_shares(comparison, cell)) for cell in valued}
    moved = {id(cell): abs(_moved(comparison, cell)) for cell in valued}
    kept = sorted(valued, key=lambda cell: -size[id(cell)] - moved[id(cell)])[:DRAWN]
    rest = [cell for cell in valued if cell not in kept]
    other = Cell(f"{len(rest)} others", sum(cell.reference for cell in rest), sum(cell.current for cell in rest))
    return [*kept, other, *(cell for cell in cells if cell.role is Role.MISSING)]
