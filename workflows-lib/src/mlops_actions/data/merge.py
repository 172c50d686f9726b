"""``mlops profile --merge``: profiles of parts of the data, added up to that of all of it.

A file that holds no profile, or profiles of different columns, are findings:
nothing is added then.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.data import report
from mlops_actions.data.describe import STAGE
from mlops_actions.data.profiles import merging, profile
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.validate import write_profiles
from mlops_actions.errors import CallError, Problem
from mlops_actions.outcome import Outcome
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, Severity, Status, Subject, Verdict, Where, conclude, digest, now

SHOWN = 20
"""Reasons that are given why profiles cannot be added."""


@dataclass(frozen=True, slots=True)
class Merging:
    """A request: files and globs of profiles, relative to the current directory."""

    parts: Sequence[str]


def merge(request: Merging, out: Path) -> Outcome:
    """Add profiles up; ``profile.json`` is written into ``out``, unless one cannot be added.

    Raises CallError for a path that names nothing, and for a file that is named twice.
    """
    started = now()
    paths = _found(request.parts)
    read = [_read(path) for path in paths]
    parts = [each for each in read if isinstance(each, Profile)]
    checks = [each for each in read if isinstance(each, Check)]
    made = None
    if not checks:
        try:
            made = merging.merge(parts)
        except merging.Unlike as error:
            checks = list(_unlike(error, paths))
    if made is not None:
        checks = [Check("profiles.alike", Status.PASS, f"{plural(len(parts), 'profile')} of the same columns")]
        if reason := merging.without_blocks(parts):
            message = f"the blocks of time are not added: {reason}"
            checks.append(Check("profiles.blocks", Status.NOT_CHECKED, message, Severity.WARNING))
        write_profiles([made], out)
    verdict = Verdict(
        stage=STAGE,
        status=conclude(checks),
        checks=tuple(checks),
        started=started,
        ended=now(),
        materials=tuple(Subject(str(path), digest(path)) for path in paths),
        parameters={"merge": list(request.parts)},
    )
    headline = f"{plural(len(parts), 'profile')} of {made.rows:,} rows added up." if made else "Nothing was added up."
    return Outcome(verdict, headline, report.sections([made] if made else [], checks))


def _found(patterns: Sequence[str]) -> list[Path]:
    """The files, each once, those of a pattern in the order of their names."""
    found: list[Path] = []
    for pattern in patterns:
        matches = sorted(glob.glob(pattern, recursive=True)) if glob.has_magic(pattern) else [pattern]
        paths = [Path(each) for each in matches if Path(each).is_file()]
        if not paths:
            raise CallError(Problem("no such profile", pattern, hint="Name `profile.json` files, or a glob of them."))
        found += paths
    seen: dict[Path, Path] = {}
    for path in found:
        if (other := seen.setdefault(path.resolve(), path)) is not path:
            raise CallError(
                Problem(f"is given twice (also as {str(other)!r}), and its rows would count twice", str(path))
            )
    return found


def _read(path: Path) -> Profile | Check:
    try:
        return profile.read(path)
    except Misfit as error:
        where = Where(file=str(path), line=error.line)
        return Check("profiles.readable", Status.ERROR, f"{path} {error}", where=where)


def _unlike(error: merging.Unlike, paths: Sequence[Path]) -> Iterator[Check]:
    for number, reason in error.reasons[:SHOWN]:
        where = Where(file=str(paths[number]))
        yield Check("profiles.alike", Status.FAIL, f"{paths[number]} {reason}", where=where)
    if len(error.reasons) > SHOWN:
        yield Check("profiles.alike", Status.FAIL, f"and {len(error.reasons) - SHOWN:,} more differences")
