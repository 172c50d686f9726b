"""Earlier checks: a line of JSON for each, in a file here, on a branch of the repository, or in an artifact.

A line says when a check ended, what it came to, which window of data it saw,
and how far each column moved, in units of its threshold: what is measured of a
column (mass, nulls, new values) may be another thing in the next check. Lines
that are none of ours are kept, and counted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops_actions import files, jsonfile, links, verdict
from mlops_actions.errors import CallError, Problem
from mlops_actions.github.lines import KEPT
from mlops_actions.outcome import PRESENT, Past, Section, Table, Text, Trace
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, Json, Status, Verdict
from mlops_actions.visible import clip, visible

BRANCH = "mlops-history"
SHOWN = 30
"""Checks in the report, the newest ones, that of the report among them."""
TRACES = 6
"""Columns whose effects over the checks are drawn."""
NAMES = 3
"""Columns of a check that are named."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One check. ``window`` is the first and the last time of the rows, as text.

    ``scores`` say of each column how many times its threshold the effect was; of
    a column that must not drift, which has none, 1 where it did and 0 where not.
    """

    at: datetime
    verdict: str
    status: str
    drifted: tuple[str, ...]
    scores: dict[str, float]
    window: tuple[str, str] | None = None


def path_of(model: str) -> str:
    """Where a model's history stands on the branch."""
    return f"history/{model}.jsonl"


def columns(judged: Verdict) -> list[Check]:
    """The checks that compare a column, the largest effect over its threshold first."""
    return sorted(filter(is_of_column, judged.checks), key=lambda each: -_weight(each))


def is_of_column(check: Check) -> bool:
    """Whether a check compares the values of a column."""
    return check.where.column is not None and check.rule.endswith(".drift")


def _weight(check: Check) -> float:
    effect = _effect(check)
    limit = (check.threshold or {}).get("mustBeLessThan")
    return 0.0 if effect is None else effect / limit if isinstance(limit, int | float) and limit > 0 else effect


def _effect(check: Check) -> float | None:
    measured = check.measured
    return float(measured) if isinstance(measured, int | float) and not isinstance(measured, bool) else None


def _score(check: Check) -> float:
    has_limit = "mustBeLessThan" in (check.threshold or {})
    return _weight(check) if has_limit else float(check.status is Status.FAIL)


def line(judged: Verdict) -> str:
    """A check as a line, without its end."""
    compared = columns(judged)
    data: dict[str, Json] = {
        "at": verdict.to_json(judged)["ended"],
        "verdict": verdict.identity(judged),
        "status": judged.status.value,
        "data": judged.parameters.get("data"),
        "window": judged.parameters.get("window"),
        "drifted": [str(each.where.column) for each in compared if each.status is Status.FAIL],
        "scores": {str(each.where.column): round(_score(each), 3) for each in compared if _effect(each) is not None},
    }
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


def entry(judged: Verdict) -> Entry:
    """A check as it will be read again."""
    ((found,), _) = parse(line(judged))
    return found


def parse(text: str) -> tuple[list[Entry], int]:
    """The checks in a history, in its order, and how many lines are none."""
    entries, strange = [], 0
    for each in text.split("\n"):
        if each.strip():
            found = _entry(each)
            entries += [found] if found else []
            strange += found is None
    return entries, strange


def _entry(text: str) -> Entry | None:
    try:
        data = jsonfile.loads(text)
        window: Any = data.get("window")
        at = datetime.fromisoformat(data["at"])
        if at.tzinfo is None:
            return None
        return Entry(
            at=at,
            verdict=str(data["verdict"]),
            status=Status(data["status"]).value,
            drifted=_names(data["drifted"]),
            scores={name: _number(effect) for name, effect in data["scores"].items()},
            window=(str(window["from"]), str(window["to"])) if window else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError("not a list of names")
    return tuple(value)


def _number(value: Any) -> float:
    """An effect; text is none, though Python reads ``"nan"`` as a number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("not a number")
    return float(value)


def together(texts: Sequence[str]) -> str:
    """Several copies of one history as one: each line once, by time, the newest KEPT of them.

    A line that is none of ours stays behind the one that it followed.
    """
    lines: dict[str, datetime] = {}
    for text in texts:
        at = datetime.min.replace(tzinfo=UTC)
        for each in text.split("\n"):
            if each.strip():
                found = _entry(each)
                at = found.at if found else at
                lines.setdefault(each, at)
    ordered = sorted(lines, key=lambda each: lines[each])
    return "".join(f"{each}\n" for each in ordered[-KEPT:])


# A file


def read(file: Path) -> str:
    """A history file's text; empty where there is none yet. Raises CallError where it cannot be one."""
    if links.escape(file):
        raise CallError(Problem(links.ESCAPES, str(file)))
    if file.exists() and not file.is_file():  # a pipe would never end, and a device would be replaced by a file
        raise CallError(Problem("the history cannot be read: it is no file", str(file)))
    try:
        return file.read_text(encoding="utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CallError(Problem(f"the history cannot be read: {reason}", str(file))) from error


def append(file: Path, added: str) -> None:
    """Add a line to a file: readers see all of it or nothing, and writers wait for each other.

    Raises CallError, or OSError where the file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with _locked(file.with_name(f".{file.name}.lock")):
        before = read(file)
        gap = "\n" if before and not before.endswith("\n") else ""
        files.write_atomic(file, f"{before}{gap}{added}\n")


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock that a file stands for; the system lets go of it when a process ends, however it ends."""
    with file.open("a+b") as opened:
        if os.name == "nt":
            import msvcrt  # pylint: disable=import-outside-toplevel,import-error

            msvcrt.locking(opened.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl  # pylint: disable=import-outside-toplevel

            fcntl.flock(opened, fcntl.LOCK_EX)
        yield


# The report


def section(
    entries: Sequence[Entry],
    strange: int = 0,
    title: str = "Earlier checks",
    first: Sequence[str] = (),
    present: Entry | None = None,
) -> Section:
    """Checks, drawn where there are several; ``first`` are the columns that matter most, as many as are drawn.

    ``present`` is the check that is reported, whether it is among the entries
    or not: it comes last, whatever the clocks of the others said, and is marked.
    """
    newest = sorted((each for each in entries if each != present), key=lambda each: each.at, reverse=True)
    if present and newest:
        newest.insert(0, present)
    shown = newest[:SHOWN]
    more = len(newest) - len(shown)
    caption = f"The newest {SHOWN} of {plural(len(newest), 'check')}." if more else ""
    notes = []
    if not newest:
        notes.append(Text("No earlier check is recorded."))
    if strange:
        notes.append(
            Text(f"{plural(strange, 'line')} of the history cannot be read, and {'are' if strange > 1 else 'is'} kept.")
        )
    table = Table(
        ("Checked", "Window", "Verdict", "Drifted", "Which", "Farthest, thresholds"),
        tuple((_moment(each) + (f" ({PRESENT})" if each is present else ""), *_row(each)) for each in shown),
        caption,
    )
    blocks = [_past(shown[::-1], table, first, present) if len(shown) > 1 else table] if shown else []
    return Section(title, (*blocks, *notes))


def _past(shown: Sequence[Entry], table: Table, first: Sequence[str], present: Entry | None) -> Past:
    """Checks, the oldest first, and the scores of some columns: those of ``first``, then those that moved most."""
    peak: dict[str, float] = {}
    for each in shown:
        for name, score in each.scores.items():
            peak[name] = max(score, peak.get(name, 0.0))
    named = [each for each in dict.fromkeys(first) if each in peak]
    named += sorted((each for each in peak if each not in named), key=lambda each: -peak[each])
    traces = (
        Trace(
            visible(clip(name, 60)),
            tuple(each.scores.get(name) for each in shown),
            frozenset(at for at, each in enumerate(shown) if name in each.drifted),
        )
        for name in named[:TRACES]
    )
    return Past(
        "Columns that drifted, by check",
        "How far columns moved, in units of their thresholds, by check",
        tuple(PRESENT if each is present else _moment(each) for each in shown),
        tuple(Status(each.status) for each in shown),
        tuple(len(each.drifted) for each in shown),
        tuple(traces),
        table,
    )


def _moment(of: Entry) -> str:
    return of.at.strftime("%Y-%m-%d %H:%M %Z")


def _row(of: Entry) -> tuple[str | int | float | None, ...]:
    """What a check came to, after its time."""
    named = [clip(each, 40) for each in of.drifted[:NAMES]]
    more = len(of.drifted) - len(named)
    which = ", ".join(named) + (f" and {more:,} more" if more else "")
    largest = max(of.scores.values(), default=None)
    return (
        " to ".join(map(_minute, of.window)) if of.window else None,
        of.status,
        len(of.drifted),
        which or None,
        None if largest is None else round(largest, 2),
    )


def _minute(text: str) -> str:
    """A time of the data without seconds and zone, where it is one."""
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    except ValueError:
        return clip(text, 40)
