"""Pairs of numeric columns, then and now: whether they still go together as they did.

A pair has drifted when the difference of its rank correlations is both real and
material. Pairs are many, and most say nothing: a check of its own names those
that drifted, one check all others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlops_actions.data.profiles import correlating
from mlops_actions.data.profiles.blocks import UNDATED, Blocks
from mlops_actions.data.profiles.correlating import Wanted
from mlops_actions.data.profiles.correlations import Correlations, Pair, names
from mlops_actions.data.profiles.profile import ColumnProfile, Profile
from mlops_actions.distributions import student_survival
from mlops_actions.drift import series
from mlops_actions.drift.decision import FEW
from mlops_actions.drift.rhythm import Rhythm
from mlops_actions.drift.seasons import FEWEST, seasons
from mlops_actions.drift.statistics import holm
from mlops_actions.outcome import Section, Table, Text
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, Severity, Status, Where
from mlops_actions.visible import clip, visible

MATERIAL = 0.1
"""The default difference of two correlations, each -1 to 1, from which on it matters."""

LOOSE = 0.2
"""Below it, two columns hardly go together, in words."""

SHOWN = 10
"""Pairs that have a check of their own and a line in the report, the largest difference first."""

KEY = "correlation"
"""The key of a pair's rule."""


@dataclass(frozen=True, slots=True)
class Change:
    """Two columns, their correlations in the reference and now, and the chance of such a difference without drift."""

    columns: tuple[str, str]
    before: Pair
    now: Pair
    p: float

    @property
    def effect(self) -> float:
        return abs(self.now.correlation - self.before.correlation)


@dataclass(frozen=True, slots=True)
class Sides:
    """Both profiles; of the current data the correlations, with those in its blocks of time where it has any.

    ``rhythm`` is that of the reference's blocks, if rows of one time are to be taken for alike.
    """

    reference: Profile
    current: Profile
    correlations: Correlations | None
    blocks: Blocks | None = None
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which columns are wanted, and not those ``without``; from which difference on it matters.

    ``importances`` say how much the model uses each column; ``level`` is the
    chance of a false alarm about any pair.
    """

    wanted: Wanted
    threshold: float
    without: tuple[str, ...]
    importances: Mapping[str, float]
    level: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The checks, what the headline adds ("" for nothing), and the table of pairs that drifted."""

    checks: tuple[Check, ...] = ()
    headline: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def drifted(self) -> bool:
        return bool(self.changes)

    def sections(self, first: int) -> tuple[Section, ...]:
        """The report's part, where something drifted; ``first`` is the place of the first check in the verdict."""
        if not self.changes:
            return ()
        shown = self.changes[:SHOWN]
        rows = tuple(
            (
                " and ".join(visible(clip(name, 60)) for name in each.columns),
                round(each.before.correlation, 2),
                round(each.now.correlation, 2),
                round(each.effect, 2),
            )
            for each in shown
        )
        table = Table(("columns", "then", "now", "difference"), rows, bars=frozenset({"difference"}))
        text = Text(
            "Rank correlations: 1 where one column rises whenever the other does, -1 where it falls, 0 where neither "
            "tells anything of the other."
        )
        return (
            Section(
                "What no longer goes together as it did", (table, text), frozenset(range(first, first + len(shown)))
            ),
        )


# Whether it is chance


def changes(sides: Sides, columns: Sequence[str]) -> list[Change]:
    """The pairs of ``columns`` of which both sides have a correlation of FEW rows or more, in their order."""
    one, other = _known(sides.reference.correlations), _known(sides.correlations)
    found = []
    for pair in names(columns):
        before, now = one.get(pair), other.get(pair)
        if before is not None and now is not None and min(before.rows, now.rows) >= FEW:
            found.append(Change(pair, before, now, max(by_rows(before, now), _by_blocks(before, now, sides))))
    return found


def _known(of: Correlations | None) -> dict[tuple[str, str], Pair | None]:
    """Each pair by its names, in either order."""
    found = of.each() if of else {}
    return {**found, **{(other, one): pair for (one, other), pair in found.items()}}


def by_rows(one: Pair, other: Pair) -> float:
    """The chance of two correlations as different, of rows that are independent of each other.

    They are compared on the scale of Fisher ("On the Probable Error of a
    Coefficient of Correlation", Metron 1, 1921), each with its own variance
    (Hawkins, "Using U Statistics to Derive the Asymptotic Distribution of
    Fisher's Z Statistic", The American Statistician 43, 1989), or both with what
    they have together, whichever is less certain: what few rows say of their own
    variance may be far too little. For the same reason it is Student's t, with a
    fifth of the fewer rows as degrees of freedom.
    """
    variances = [each.variance / (1 - _inside(each) ** 2) ** 2 for each in (one, other)]
    rows = one.rows, other.rows
    apart = variances[0] / rows[0] + variances[1] / rows[1]
    common = (variances[0] * rows[0] + variances[1] * rows[1]) / sum(rows) * (1 / rows[0] + 1 / rows[1])
    difference = math.atanh(_inside(one)) - math.atanh(_inside(other))
    if not difference:
        return 1.0
    variance = max(apart, common)
    return student_survival(difference / math.sqrt(variance), max(1.0, min(rows) / 5)) if variance else 0.0


def _inside(pair: Pair) -> float:
    """The correlation, no nearer to 1 than so many rows can tell."""
    most = 1 - 1 / (pair.rows + 1)
    return max(-most, min(most, pair.correlation))


def _by_blocks(one: Pair, other: Pair, sides: Sides) -> float:
    """The chance of a window as different, by how much blocks of the reference differ; 0 where they say nothing."""
    known = sides.rhythm
    if known is None or sides.blocks is None or not one.blocks or not other.blocks:
        return 0.0
    starts = sides.reference.time.starts if sides.reference.time else ()
    before = {str(starts[place]): found for place in known.places if (found := one.blocks[place]) is not None}
    window = {
        str(start): (rows, found)
        for start, rows, found in zip(sides.blocks.starts, sides.blocks.rows, other.blocks, strict=True)
        if start not in UNDATED and found is not None
    }
    season = seasons(known.unit, tuple(before), window)
    usual = series.usual([(season[start], found) for start, found in before.items()])
    rows = sum(count for count, _ in window.values())
    if usual.free < FEWEST or not rows:
        return 0.0
    mix: dict[int, float] = {}
    for start, (count, _) in window.items():
        mix[season[start]] = mix.get(season[start], 0.0) + count / rows
    mean = sum(count * found for count, found in window.values()) / rows
    return usual.p_value(mean - usual.expected(mix), mix, known.window)


# What is said of it


def judge(sides: Sides, asked: Asked) -> Judged:
    """What is to be said of all pairs; nothing where none is wanted."""
    if not asked.wanted:
        return Judged()
    name = sides.reference.object
    if sides.reference.correlations is None:
        why = "the reference has none; a profile that `mlops train` or `mlops profile` makes now has them"
        severity = Severity.INFO if isinstance(asked.wanted, int) else Severity.WARNING
        return Judged((_unknown(name, f"the correlations of columns are not compared: {why}", severity),))
    if sides.correlations is None:
        why = "the current profile has none, as one that was added up or made `--like` another"
        return Judged((_unknown(name, f"the correlations of columns are not compared: {why}", Severity.INFO),))
    columns, reasons = _columns(sides, asked)
    found = changes(sides, columns)
    real = holm([each.p for each in found], asked.level)
    drifted = [each for each, is_real in zip(found, real, strict=True) if is_real and each.effect >= asked.threshold]
    drifted.sort(key=lambda each: (-each.effect, each.columns))
    shown = drifted[:SHOWN]
    checks = [_check(each, asked.threshold, name) for each in shown]
    checks += _of_all(found, drifted, asked.threshold, name)
    if unknown := len(list(names(columns))) - len(found):
        message = (
            f"{plural(unknown, 'pair')} of columns cannot be compared: fewer than {FEW} rows have both values, "
            "or one of the two has a single value in those"
        )
        checks.append(_unknown(name, message, Severity.INFO))
    checks += _left_out(reasons, asked.wanted, name)
    return Judged(tuple(checks), _headline(drifted), tuple(drifted))


def _columns(sides: Sides, asked: Asked) -> tuple[tuple[str, ...], dict[str, str]]:
    """The columns that are compared with each other, and why others that were wanted are not."""
    known = sides.reference.correlations
    kept = set(known.columns) if known else set()
    wanted = correlating.chosen(sides.reference, asked.wanted, asked.importances, asked.without)
    reasons: dict[str, str] = {}
    if not isinstance(asked.wanted, int):
        named = {name: sides.reference.column(name) for name in asked.wanted}
        reasons = {name: _why(column, "in the reference") for name, column in named.items() if name not in wanted}
    for name in wanted:
        column = sides.current.column(name)
        if name not in kept and not isinstance(asked.wanted, int):
            reasons[name] = "the reference keeps no correlations of it"
        elif column is None or correlating.why_not(column):
            reasons[name] = _why(column, "in the current data")
    return tuple(name for name in wanted if name in kept and name not in reasons), reasons


def _why(column: ColumnProfile | None, side: str) -> str:
    if column is None:
        return f"it is not {side}"
    return f"{correlating.why_not(column) or 'it is ignored'} {side}"


def _check(change: Change, threshold: float, object_name: str) -> Check:
    one, other = change.columns
    return Check(
        rule=".".join(filter(None, (object_name, one, other, KEY))),
        status=Status.FAIL,
        message=f"drifted: {said(change)} (rank correlations; a difference of {threshold:g} matters)",
        where=Where(object=object_name or None, column=one),
        measured=round(change.effect, 6),
        threshold={"mustBeLessThan": threshold},
        rows=change.now.rows,
    )


def said(change: Change) -> str:
    """What became of a pair: ```distance` and `air_time` went together (0.99) and no longer do (0.12)``."""
    before, now = change.before.correlation, change.now.correlation
    one, other = (f"`{visible(clip(name, 60))}`" for name in change.columns)
    figures = f"({before:.2f})", f"({now:.2f})"
    match _sense(before), _sense(now):
        case 0, _:
            then, after = "hardly went together", _now(now)
        case 1, 0:
            then, after = "went together", "no longer do"
        case -1, 0:
            then, after = "went opposite ways", "no longer do"
        case was, is_now if was == is_now:
            then = "went together" if was > 0 else "went opposite ways"
            after = f"do so {'more' if abs(now) > abs(before) else 'less'} now"
        case was, _:
            then, after = "went together" if was > 0 else "went opposite ways", _now(now)
    return f"{one} and {other} {then} {figures[0]} and {after} {figures[1]}"


def _sense(correlation: float) -> int:
    return 0 if abs(correlation) < LOOSE else 1 if correlation > 0 else -1


def _now(correlation: float) -> str:
    return {0: "still hardly do", 1: "go together now", -1: "go opposite ways now"}[_sense(correlation)]


def _of_all(found: Sequence[Change], drifted: Sequence[Change], threshold: float, object_name: str) -> list[Check]:
    """The checks of the pairs that have none of their own: those that drifted, too, and all others."""
    checks = []
    if rest := drifted[SHOWN:]:
        message = (
            f"drifted: the correlations of {plural(len(rest), 'more pair')} of columns, by up to {rest[0].effect:.2f}"
        )
        checks.append(_whole(object_name, Status.FAIL, message, rest[0].effect, threshold))
    calm = [each for each in found if each not in drifted]
    if calm:
        most = max(each.effect for each in calm)
        may_be = ", which may be chance" if most >= threshold else ""
        others = "other " if drifted else ""
        number = plural(len(calm), "pair")
        message = f"no drift of the correlations of {others}{number} of columns ({most:.2f} at most{may_be})"
        checks.append(_whole(object_name, Status.PASS, message, most, threshold))
    return checks


def _whole(object_name: str, status: Status, message: str, effect: float, threshold: float) -> Check:
    return Check(
        rule=".".join(filter(None, (object_name, "correlations"))),
        status=status,
        message=message,
        where=Where(object=object_name or None),
        measured=round(effect, 6),
        threshold={"mustBeLessThan": threshold},
    )


def _left_out(reasons: Mapping[str, str], wanted: Wanted, object_name: str) -> list[Check]:
    if not reasons:
        return []
    some = [f"`{visible(clip(name, 60))}` ({why})" for name, why in reasons.items()]
    more = f" and {len(some) - SHOWN:,} more" if len(some) > SHOWN else ""
    message = f"no correlations are compared of {', '.join(some[:SHOWN])}{more}"
    return [_unknown(object_name, message, Severity.INFO if isinstance(wanted, int) else Severity.WARNING)]


def _unknown(object_name: str, message: str, severity: Severity) -> Check:
    return Check(
        rule=".".join(filter(None, (object_name, "correlations"))),
        status=Status.NOT_CHECKED,
        severity=severity,
        message=message,
        where=Where(object=object_name or None),
    )


def _headline(drifted: Sequence[Change]) -> str:
    if not drifted:
        return ""
    more = f", and {plural(len(drifted) - 1, 'more pair')} of columns changed, too" if len(drifted) > 1 else ""
    return said(drifted[0]) + more
