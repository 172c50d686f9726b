"""The checks of a drift verdict: one for each column, and those that say that there is nothing to compare."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.data.profiles.profile import ColumnProfile, Profile
from mlops_actions.drift import report
from mlops_actions.drift.compare import Comparison, State
from mlops_actions.drift.decision import Decision, Finding
from mlops_actions.drift.performance import Asked
from mlops_actions.drift.request import DriftCheck
from mlops_actions.verdict import Check, Severity, Status, Subject, Where


def of_columns(
    request: DriftCheck, sides: tuple[Profile, Profile], decisions: Sequence[Decision], absent: Sequence[Comparison]
) -> list[Check]:
    """A check for each column: those that were judged, in their order, those that are absent, and those left out.

    Where nothing is left to compare, that is one more: it is no sign of data without drift.
    """
    name, rows = sides[0].object, (sides[0].rows, sides[1].rows)
    nothing = not request.performance and all(each.finding is Finding.ADDED for each in decisions)
    return [
        *(_to_check(each, request.performance, name, rows) for each in decisions),
        *(_absence(each, name) for each in absent),
        *(_ignored(each, name) for each in dict.fromkeys(request.settings.ignore)),
        *([_nothing_compared(name)] if nothing else []),
    ]


def _to_check(decision: Decision, asked: Asked | None, object_name: str, rows: tuple[int, int]) -> Check:
    comparison = decision.comparison
    status, severity = {
        Finding.DRIFTED: (Status.FAIL, Severity.ERROR),
        Finding.ADDED: (Status.WARN, Severity.WARNING),
        Finding.TOO_FEW: (Status.NOT_CHECKED, Severity.ERROR),
    }.get(decision.finding, (Status.PASS, Severity.ERROR))
    added = decision.finding is Finding.ADDED
    roles = {asked.prediction: "the prediction ", asked.label: "the label "} if asked else {}
    return Check(
        rule=rule(object_name, comparison.name, "drift"),
        status=status,
        severity=severity,
        message=f"{roles.get(comparison.name, '')}{report.named(comparison.name)} {report.message(decision, rows)}",
        where=Where(object=object_name or None, column=comparison.name),
        measured=None if added else round(decision.shift.effect, 6),
        threshold=None if added else {"mustBeLessThan" if decision.threshold else "mustBe": decision.threshold},
        rows=rows[1],
    )


def _absence(comparison: Comparison, object_name: str) -> Check:
    added = comparison.state is State.ADDED
    what = "the reference has no such predictions" if added else "there are no labels yet"
    return Check(
        rule=rule(object_name, comparison.name, "drift"),
        status=Status.NOT_CHECKED,
        severity=Severity.INFO,
        message=f"{report.named(comparison.name)} is not compared: {what}",
        where=Where(object=object_name or None, column=comparison.name),
    )


def _ignored(name: str, object_name: str) -> Check:
    return Check(
        rule=rule(object_name, name, "drift"),
        status=Status.NOT_CHECKED,
        severity=Severity.INFO,
        message=f"{report.named(name)} is not compared, as configured",
        where=Where(object=object_name or None, column=name),
    )


# Nothing to compare


def _nothing_compared(object_name: str) -> Check:
    return Check(
        rule=rule(object_name, None, "columns"),
        status=Status.NOT_CHECKED,
        message="no column is compared: `drift.ignore` in mlops.yaml leaves none that the reference has, "
        "so nothing is known of drift",
        where=Where(object=object_name or None),
    )


def no_reference(name: str, message: str, line: int | None = None) -> Check:
    return Check("reference", Status.ERROR, message, where=Where(file=name, line=line))


def no_rows(object_name: str) -> Check:
    return Check(
        rule=rule(object_name, None, "rows"),
        status=Status.FAIL,
        message="the current data has no rows, so nothing can be compared",
        where=Where(object=object_name or None),
        measured=0,
        threshold={"mustBeGreaterThan": 0},
        rows=0,
    )


def same(
    subjects: Sequence[Subject], materials: Sequence[Subject], sides: tuple[Profile, Profile], *, stored: bool
) -> list[Check]:
    """What is held against itself: files of equal digests; and, with a stored profile, rows that give the same one."""
    known = {each.sha256 for each in materials}
    found = [each.name for each in subjects if each.sha256 in known]
    if found:
        some = report.named(found[0]) + (f" and {len(found) - 1:,} more" if len(found) > 1 else "")
        message = f"{some} of the current data is in the reference, too (the digests are equal)"
    elif stored and _alike(*sides):
        message = "the current data has the counts, extremes, means and deviations of the reference's in every column"
    else:
        return []
    return [
        Check(
            rule=rule(sides[0].object, None, "sameData"),
            status=Status.WARN,
            severity=Severity.WARNING,
            message=f"{message}: data does not drift from itself, so nothing found says little",
            where=Where(object=sides[0].object or None),
            measured=len(found) or None,
        )
    ]


def _alike(reference: Profile, current: Profile) -> bool:
    """Whether two profiles are of the same rows, as far as exact numbers tell; some column must have a deviation."""

    def facts(made: Profile) -> list[tuple[object, ...]]:
        return [
            (each.name, each.nulls, each.special, each.range, each.categories, _shapes(each, made.rows))
            for each in made.columns
        ]

    measured = any(each.range and each.range.sd for each in reference.columns)
    return measured and reference.rows == current.rows and facts(reference) == facts(current)


def _shapes(column: ColumnProfile, rows: int) -> frozenset[tuple[str, int]] | None:
    """The shapes of all of a column's texts; None where some were drawn."""
    found = column.shapes
    return frozenset(found.values) if found and found.rows == rows - column.nulls else None


def rule(object_name: str, column: str | None, key: str) -> str:
    return ".".join(part for part in (object_name, column, key) if part)
