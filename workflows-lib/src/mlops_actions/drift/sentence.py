"""A drift check in one sentence: which times differ, in how many columns, where most, and what happened there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mlops_actions.data.profiles.profile import Kind, Range
from mlops_actions.drift import windows
from mlops_actions.drift.compare import Comparison, Role, Sort, State, mean_shift
from mlops_actions.drift.decision import NO_IMPORTANCES, Decision, Finding, ordered
from mlops_actions.drift.report import kind, label, missing, moved, named, new_values, shapes, share
from mlops_actions.report.wording import percent, plural, rounded

FELT = 0.05
"""From how many standard deviations on a mean that moved is what happened to a column."""

WIDER = 1.1
"""From which ratio on the same is said of a standard deviation."""


def headline(
    decisions: Sequence[Decision],
    sides: tuple[str, str] = (windows.REFERENCE, windows.CURRENT),
    importances: Mapping[str, float] = NO_IMPORTANCES,
    besides: Sequence[str] = (),
) -> str:
    """The check in one sentence.

    ``sides`` are the reference and the current data in words, ``importances``
    how much the model uses each column, in any unit. ``besides`` is what else
    changed: the number of rows, pairs of columns, the performance.
    """
    compared = [each for each in decisions if each.finding is not Finding.ADDED]
    columns = plural(len(compared), "column")
    drifted = [each for each in ordered(compared, importances) if each.drifted]
    reference, current = sides
    differs = f"{current[:1].upper()}{current[1:]} differs from {reference}"
    if drifted:
        worst = max(drifted, key=lambda each: each.weight)
        others = [each for each in drifted if each is not worst]
        most = "most in " if others else ""
        said = f"{differs} in {len(drifted):,} of {columns}, {most}{_leaning(worst, importances)} ({happened(worst)})"
        following = (happened(each, _leaning(each, importances, ",")) for each in others[:1])
        return "; ".join([said, *following, *besides])
    if not compared:
        return "; ".join([f"{current[:1].upper()}{current[1:]} against {reference}: no column is compared", *besides])
    if any(each.finding is Finding.TOO_FEW for each in decisions):
        return "; ".join([f"Too few rows to say that none of {columns} drifted", *besides])
    if besides:
        return f"{differs}, though in none of {columns} by itself: {'; '.join(besides)}"
    return f"{current[:1].upper()}{current[1:]} against {reference}: none of {columns} drifted"


def leans_on(column: str, importances: Mapping[str, float]) -> bool:
    """Whether the model uses a column more than it uses the average one."""
    return importances.get(column, 0.0) * len(importances) > sum(importances.values())


def _leaning(decision: Decision, importances: Mapping[str, float], end: str = "") -> str:
    """A column's name, with what the model does with it, set off by ``end`` from what follows."""
    name = named(decision.comparison.name)
    return f"{name}, which the model leans on{end}" if leans_on(decision.comparison.name, importances) else name


def happened(decision: Decision, name: str = "") -> str:
    """What became of a column, in its own words: of ``name``, or of what the sentence has just named."""
    comparison = decision.comparison
    it, of, within = (name, f" of {name}", f" in {name}") if name else ("it", "", "")
    the = "the" if name else "its"
    match comparison.state, decision.shift.sort:
        case State.GONE, _:
            return f"{it} is gone"
        case State.CHANGED, _ if comparison.reference and comparison.current:
            return f"{it} was {kind(comparison.reference)} and is now {kind(comparison.current)}"
        case _, Sort.MISSING:
            return _of_missing(comparison, it)
        case _, Sort.NEW:
            if said := _of_numbers(comparison, of, the):  # how far numbers went says more than that they are new
                return said
            such = new_values(comparison, most=1)
            return f"{percent(decision.shift.effect)} of the rows have new values{within}" + (such and f", like {such}")
        case _, Sort.SHAPE:
            texts = f"{percent(decision.shift.effect)} of {the} texts{of}"
            return f"{texts} have another shape: {shapes(comparison)}"
    said = _of_numbers(comparison, of, the) or _of_cells(comparison, it, within)
    return said or f"{share(comparison.moved)} of {the} mass{of} moved"


def _of_numbers(comparison: Comparison, of: str, the: str) -> str:
    """What a mean or a standard deviation did, of numbers or of lengths."""
    one, other = (side.range if side else None for side in (comparison.reference, comparison.current))
    is_shown = comparison.side.kind in (Kind.NUMBER, Kind.TEXT) and not comparison.side.private
    shift = mean_shift(comparison)
    if not is_shown or one is None or other is None or one.mean is None or other.mean is None:
        return ""
    if shift is None:  # the reference has one value, and no deviation
        shift = math.inf if one.mean != other.mean else 0.0
    what = "length" if comparison.side.kind is Kind.TEXT else ""
    if abs(shift) >= FELT:
        return f"{the} mean{what and ' ' + what}{of} {_went(one.mean, other.mean)}"
    return f"{the} standard deviation{_lengths(what, of)} {_went(one.sd, other.sd)}" if _is_wider(one, other) else ""


def _lengths(what: str, of: str) -> str:
    return f" of the {what}{of}" if what else of


def _is_wider(one: Range, other: Range) -> bool:
    if not one.sd or not other.sd:
        return False
    return max(one.sd / other.sd, other.sd / one.sd) >= WIDER


def _went(before: float | None, now: float | None) -> str:
    """``rose by 2, from 16.1 to 18.1``."""
    by = (now or 0.0) - (before or 0.0)
    size = f"{abs(by):,.0f}" if 1000 <= abs(by) < 1e15 else f"{abs(by):.3g}"
    return f"{'rose' if by > 0 else 'fell'} by {size}, from {rounded(before)} to {rounded(now)}"


def _of_cells(comparison: Comparison, it: str, within: str) -> str:
    """What became of the value that moved most."""
    cell = max(comparison.cells, key=lambda each: abs(moved(comparison, each)), default=None)
    if cell is None:
        return ""
    if cell.role is Role.MISSING:
        return _of_missing(comparison, it)
    if comparison.side.kind is Kind.BOOLEAN and not comparison.side.private:
        true = next((each for each in comparison.cells if each.label.lower() == "true"), cell)
        return f"{it} is {true.label.lower()} {_more(moved(comparison, true))} often"
    change = moved(comparison, cell)
    return f"{label(comparison, cell)} is {_points(change)} {'more frequent' if change > 0 else 'rarer'}{within}"


def _of_missing(comparison: Comparison, it: str) -> str:
    before, now = missing(comparison)
    return f"{it} is now missing in every row" if now == 1 else f"{it} is missing {_more(now - before)} often"


def _more(change: float) -> str:
    return f"{_points(change)} {'more' if change > 0 else 'less'}"


def _points(change: float) -> str:
    """A change of a share in points: ``9 points``, ``0.8 points``."""
    points = abs(change) * 100
    if points < 0.05:
        return "under 0.1 points"
    text = f"{points:.0f}" if points >= 9.95 else f"{points:.1f}".removesuffix(".0")
    return f"{text} point" + ("" if text == "1" else "s")
