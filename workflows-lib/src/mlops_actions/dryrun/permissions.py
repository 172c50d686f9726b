"""What a token may do, and whether a called workflow asks for more than its caller grants.

GitHub refuses such a run as a whole before any job starts, even where an
``if`` would skip the job. The rules are those of ``Conversion/PermissionsHelper.cs``
and ``WorkflowTemplateConverter.cs`` in actions/runner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_actions.dryrun.plan import PlannedJob

LEVELS = ("none", "read", "write")
SCOPES = (
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "issues",
    "packages",
    "pages",
    "pull-requests",
    "repository-projects",
    "statuses",
    "security-events",
    "id-token",
    "models",
    "vulnerability-alerts",
)
_READ_AT_MOST = {"models", "vulnerability-alerts"}

Permissions = Mapping[str, str]

DEFAULT: Permissions = {"contents": "read", "packages": "read"}
"""Without a ``permissions`` key: the restricted default that repositories start with. Owners may widen it."""


@dataclass(frozen=True, slots=True)
class Excess:
    """A called file (``job`` None) or a job in it asks ``caller`` for more than it has."""

    caller: PlannedJob
    job: PlannedJob | None
    requested: Permissions
    allowed: Permissions
    by_default: bool


def read(value: Any) -> Permissions | None:
    """A ``permissions`` key as scope -> level, what it leaves out being none; None without the key."""
    if value is None:
        return None
    if isinstance(value, str):
        level = {"read-all": "read", "write-all": "write"}.get(value, "none")
        return {scope: _level(scope, level) for scope in SCOPES}
    if not isinstance(value, dict):
        return {}
    return {scope: _level(scope, str(level)) for scope, level in value.items() if str(level) in LEVELS}


def _level(scope: str, level: str) -> str:
    return "read" if scope in _READ_AT_MOST and level == "write" else level


def granted(jobs: tuple[PlannedJob, ...]) -> Mapping[tuple[str, ...], Permissions | None]:
    """What each job of one started file has, by its path; None where no ``permissions`` key says anything."""
    found: dict[tuple[str, ...], Permissions | None] = {}
    for job in jobs:
        inherited = found.get(job.path[:-1])
        root = read(job.workflow.permissions)
        own = read(job.job.permissions)
        found[job.path] = own if own is not None else root if root is not None else inherited
    return found


def excesses(jobs: tuple[PlannedJob, ...]) -> Iterator[Excess]:
    """All that called files ask for beyond their callers' grants, in the order of the jobs of one started file."""
    has = granted(jobs)
    for caller in jobs:
        if caller.callee is None:
            continue
        explicit = has[caller.path]
        allowed = DEFAULT if explicit is None else explicit
        asked: list[tuple[PlannedJob | None, Permissions | None]] = [(None, read(caller.callee.permissions))]
        asked += [(each, read(each.job.permissions)) for each in jobs if each.path[:-1] == caller.path]
        for asking, requested in asked:
            beyond = {
                scope: level
                for scope, level in (requested or {}).items()
                if LEVELS.index(level) > LEVELS.index(allowed.get(scope, "none"))
            }
            if beyond:
                yield Excess(
                    caller,
                    asking,
                    beyond,
                    {scope: allowed.get(scope, "none") for scope in beyond},
                    by_default=explicit is None,
                )


def over(*several: Permissions) -> Permissions:
    """The widest of several, for each scope."""
    widest: dict[str, str] = {}
    for each in several:
        for scope, level in each.items():
            widest[scope] = max(level, widest.get(scope, "none"), key=LEVELS.index)
    return {scope: level for scope, level in widest.items() if level != "none"}


def words(permissions: Permissions) -> str:
    """``contents: write, packages: none``."""
    return ", ".join(f"{scope}: {level}" for scope, level in permissions.items())
