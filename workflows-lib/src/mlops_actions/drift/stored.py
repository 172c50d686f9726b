"""Current data that is stored profiles: counts that were made before, by whoever had the rows.

A stream has no file of rows to read. Each of its micro-batches is profiled
``--like`` the reference, and those of a window are added up, here or before
(``mlops profile --merge``). Such profiles count in the reference's own bins, so
that nothing is estimated; what does not is refused.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from mlops_actions.data.profiles import beyond, bins, merging, profile
from mlops_actions.data.profiles.blocks import Blocks
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.profiles.profiling import Recount
from mlops_actions.visible import clip, visible

HEAD = 4096
"""Bytes in which a profile says that it is one."""
NAMED = 5
BESIDE = frozenset({"report.html", "summary.md", "verdict.json"})
"""What `mlops profile` leaves beside a profile; a folder of its folders is a window of a stream."""


class Unlike(Exception):
    """Profiles cannot be read or added up, or do not count as the reference does; the message says which, and why."""


def named(data: Sequence[str]) -> tuple[Path, ...]:
    """The stored profiles that the current data is; none where that is rows.

    Files of rows never end in `.json`: beside a profile, one that is none is a broken one, which reading names.
    """
    found: list[Path] = []
    for each in data:
        path = Path(each)
        if path.is_dir():
            found += sorted(inner for inner in path.rglob("*") if inner.is_file() and not _is_beside(inner, path))
        else:
            found += [path] if path.is_file() else sorted(Path(name) for name in glob.glob(each, recursive=True))
    are_stored = all(path.suffix == ".json" for path in found) and any(map(_is_profile, found))
    return tuple(dict.fromkeys(found)) if are_stored else ()


def _is_beside(path: Path, folder: Path) -> bool:
    """Whether a file is none of the data: a report, or hidden, as files of rows are (or a folder that it is in)."""
    return path.name in BESIDE or any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def _is_profile(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"/profile-v" in file.read(HEAD)


def read(paths: Sequence[Path]) -> Profile:
    """The profile of all rows that were profiled. Raises Unlike, with the file where one cannot be read."""
    parts = []
    for path in paths:
        try:
            parts.append(profile.read(path))
        except Misfit as error:
            raise Unlike(f"`{visible(str(path))}` {error}") from error
    if len(parts) == 1:
        return parts[0]
    try:
        return merging.merge(parts)
    except merging.Unlike as error:
        raise Unlike(f"they do not add up: {error}") from error


def recounts(reference: Profile, current: Profile) -> dict[str, Recount]:
    """Each column's counts in the reference's bins and categories, as a scan would have made them.

    Raises Unlike where they are not to be had.
    """
    found: dict[str, Recount] = {}
    unlike = []
    for column in current.columns:
        before = reference.column(column.name)
        counted = Recount() if before is None else _recount(before, column)
        is_own = reference.time is not None and column.name == reference.time.column  # of which it is not asked
        if counted is None or not (before is None or is_own or _knows_beyond(before, column)):
            unlike.append(column.name)
        else:
            found[column.name] = counted
    if unlike:
        names = ", ".join(f"`{clip(visible(each), 60)}`" for each in unlike[:NAMED])
        more = f" and {len(unlike) - NAMED:,} more" if len(unlike) > NAMED else ""
        raise Unlike(
            f"it does not count {names}{more} as the reference does: make it, or each of its parts, "
            "with `mlops profile --like` and the reference"
        )
    return found


def blocks(reference: Profile, current: Profile) -> Blocks | None:
    """The current blocks of time, where they are as long as the reference's and of the same column."""
    one, other = reference.time, current.time
    return other if one and other and (one.column, one.unit) == (other.column, other.unit) else None


def _recount(before: ColumnProfile, now: ColumnProfile) -> Recount | None:
    """None where the counts cannot be told."""
    texts = {Kind.CATEGORY, Kind.TEXT}
    if before.kind is not now.kind and not {before.kind, now.kind} <= texts:
        return Recount()  # of another kind, or without a value: there is nothing to count
    counted = _bins(before, now) if before.bins is not None else None
    if before.categories is None:
        return Recount(counted) if before.bins is None or counted is not None else None
    if now.categories is None or now.categories.digested != before.categories.digested:
        return None
    each = dict(now.categories.values)
    known = tuple(each.pop(value, 0) for value, _ in before.categories.values)
    return Recount(counted, known, () if before.kind is Kind.BOOLEAN else tuple(each.items()))


def _knows_beyond(before: ColumnProfile, now: ColumnProfile) -> bool:
    """Whether it is told how many times are beyond those of the reference, where that can be asked."""
    limits = beyond.limits(before) if before.kind is now.kind is Kind.TIME else None
    return limits is None or now.range is None or beyond.counted(now, limits) is not None


def _bins(before: ColumnProfile, now: ColumnProfile) -> tuple[int, ...] | None:
    edges = before.bins.edges if before.bins is not None else ()
    if now.bins is None:
        if now.categories is None or now.categories.digested:
            return None
        lengths: dict[float, int] = {}
        for value, count in now.categories.values:
            lengths[float(len(value))] = lengths.get(float(len(value)), 0) + count
        return bins.counts(edges, lengths)
    if not edges or not now.bins.edges:
        total = sum(now.bins.counts)
        return (total,) if not edges else None if total else (0,) * (len(edges) + 1)
    return now.bins.counts if now.bins.edges == edges and not now.bins.uncertain else None
