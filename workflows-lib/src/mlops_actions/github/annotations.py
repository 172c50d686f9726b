"""A verdict's findings as annotations: shown at their line in the diff and on the page of the run.

GitHub keeps ten of each level from a step and drops the rest without a word,
so the worst are sent and one notice says how many more there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlops_actions.github.commands import command
from mlops_actions.verdict import Check, Severity, Status, Verdict
from mlops_actions.visible import clip, visible

PER_LEVEL = 10
MAX_MESSAGE = 4_000
MAX_TITLE = 200

LEVELS = {
    Status.ERROR: "error",
    Status.FAIL: "error",
    Status.WARN: "warning",
    Status.NOT_CHECKED: "notice",
}


def annotate(verdict: Verdict, from_root: Callable[[str], str | None]) -> list[str]:
    """The commands for the worst findings of each level, and a notice for those left out.

    ``from_root`` turns a file's name, relative to the working directory, into
    its path from the repository's root, or None where it lies elsewhere.
    """
    findings = [check for check in verdict.findings if not _is_as_configured(check)]
    causes = [check for check in verdict.causes if not _is_as_configured(check)]
    shown = _worst(causes, notices=PER_LEVEL)
    if len(shown) < len(findings):
        shown = _worst(causes, notices=PER_LEVEL - 1)  # the notice below takes one
    lines = [_annotation(check, from_root) for check in shown]
    if more := len(findings) - len(shown):
        title = f"{verdict.stage}: {verdict.status.value}"
        lines.append(command("notice", f"and {more:,} more in the report", title=visible(title)))
    return lines


def _is_as_configured(check: Check) -> bool:
    """Whether nobody has to be told: what was not checked was not to be."""
    return check.status is Status.NOT_CHECKED and check.severity is Severity.INFO


def _worst(findings: Iterable[Check], notices: int) -> list[Check]:
    room = {"error": PER_LEVEL, "warning": PER_LEVEL, "notice": notices}
    shown = []
    for check in findings:
        level = LEVELS[check.status]
        if room[level]:
            room[level] -= 1
            shown.append(check)
    return shown


def _annotation(check: Check, from_root: Callable[[str], str | None]) -> str:
    where = check.where
    file = from_root(where.file) if where.file else None
    return command(
        LEVELS[check.status],
        visible(clip(check.message, MAX_MESSAGE), keep="\n\t"),
        file=visible(file) if file else None,
        line=where.line if file else None,
        col=where.character if file and where.line else None,
        title=visible(clip(check.rule, MAX_TITLE)),
    )
