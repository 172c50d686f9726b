"""What is to be said of when the current data's rows came, and how many: checks beside those of columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlops_actions.data.profiles.blocks import Blocks, said
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.drift import times, volume
from mlops_actions.drift.rhythm import Unusable
from mlops_actions.drift.volume import Side
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, Severity, Status, Where
from mlops_actions.visible import clip, visible

SHOWN = 5
"""Gaps that a message names at most."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The checks, and what the headline adds ("" for nothing)."""

    checks: tuple[Check, ...] = ()
    headline: str = ""


def judge(reference: Profile, current: Profile, counted: Blocks | None, factor: float, level: float) -> Arrivals:
    """Volume, gaps and overlap of current data whose blocks are ``counted``; nothing where the reference has none.

    ``factor`` is how many times more or fewer rows a block matter, ``level`` the
    chance of a false alarm about them.
    """
    before, now = volume.side(reference, reference.time), volume.side(current, counted)
    if before is None:
        return Arrivals()
    name = before.blocks.column
    shared = volume.overlap(before.ends, times.span(current, name))
    overlaps = () if shared is None else (_overlap(reference.object, name, *shared),)
    if now is None:
        why = f"the current data has no blocks of time by `{visible(clip(name, 60))}`"
        return Arrivals((_unknown(reference.object, None, "rows.drift", f"rows a block are not compared: {why}"),))
    rows, headline = _volume(reference.object, before, now, factor, level)
    return Arrivals((rows, _gaps(reference.object, before, now), *overlaps), headline)


def _volume(object_name: str, before: Side, now: Side, factor: float, level: float) -> tuple[Check, str]:
    unit = before.blocks.unit.value
    try:
        found = volume.compare(before, now)
    except Unusable as error:
        return _unknown(object_name, None, "rows.drift", f"rows a block are not compared: {error}"), ""
    is_real, is_material = found.p <= level, found.is_material(factor)
    counts = (
        f"{_number(found.current)} rows a {unit} (the mean of {plural(found.blocks, f'whole {unit}')}), "
        f"{_number(found.reference)} in the reference: {found.ratio:.3g} times as many"
    )
    match is_real, is_material:
        case True, True:
            said_of_it = (
                f"the number of rows drifted: {counts} (fewer than 1/{factor:g} or more than {factor:g} matter)"
            )
        case True, False:
            said_of_it = (
                f"no drift of the number of rows: what changed is no chance, and too little to matter: {counts}"
            )
        case False, True:
            said_of_it = f"no drift of the number of rows, since it may be chance: {counts}"
        case _:
            said_of_it = f"no drift of the number of rows: {counts}"
    drifted = is_real and is_material
    check = Check(
        rule=".".join(part for part in (object_name, "rows", "drift") if part),
        status=Status.FAIL if drifted else Status.PASS,
        message=said_of_it,
        where=Where(object=object_name or None),
        measured=float(f"{found.ratio:.6g}"),
        threshold={"mustBeBetween": [float(f"{1 / factor:.6g}"), factor]},
        rows=sum(now.dated.values()),
    )
    there = f"{_number(found.current)} rows a {unit} instead of {_number(found.reference)}"
    return check, f"there are {there}" if drifted else ""


def _gaps(object_name: str, before: Side, now: Side) -> Check:
    name, unit = before.blocks.column, before.blocks.unit
    try:
        found = volume.gaps(before, now)
    except Unusable as error:
        return _unknown(object_name, name, "gaps", f"{unit.value}s without rows are not looked for: {error}")
    some = ", ".join(said(each, unit) for each in found[:SHOWN])
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return Check(
        rule=".".join(part for part in (object_name, name, "gaps") if part),
        status=Status.WARN if found else Status.PASS,
        severity=Severity.WARNING,
        message=f"{plural(len(found), unit.value)} without rows, where the reference has none such: {some}{more}"
        if found
        else f"no {unit.value} without rows that would have some in the reference",
        where=Where(object=object_name or None, column=name),
        measured=len(found),
        threshold={"mustBe": 0},
    )


def _overlap(object_name: str, name: str, first: datetime, last: datetime) -> Check:
    return Check(
        rule=".".join(part for part in (object_name, name, "overlap") if part),
        status=Status.WARN,
        severity=Severity.INFO,
        message=f"the current data's time overlaps the reference's, from {first:%Y-%m-%d %H:%M} to "
        f"{last:%Y-%m-%d %H:%M} (UTC): rows of both are held against themselves, and drift seems less than it is",
        where=Where(object=object_name or None, column=name),
    )


def _unknown(object_name: str, column: str | None, key: str, message: str) -> Check:
    return Check(
        rule=".".join(part for part in (object_name, column, key) if part),
        status=Status.NOT_CHECKED,
        severity=Severity.INFO,
        message=message,
        where=Where(object=object_name or None, column=column),
    )


def _number(rows: float) -> str:
    return f"{rows:,.0f}" if rows >= 10 else f"{rows:.2g}"
