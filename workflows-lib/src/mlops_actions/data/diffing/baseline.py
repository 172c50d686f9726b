"""The contract that data is held against, beside the one that it replaces: on a pull request, that of the base.

A breaking change without its step of the version fails; that nothing can be
compared is said, and fails nothing, since the data is judged all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from mlops_actions.data.contracts import contract
from mlops_actions.data.contracts.contract import Contract
from mlops_actions.data.diffing import diff
from mlops_actions.errors import CallError, Problem
from mlops_actions.outcome import Section
from mlops_actions.verdict import Check, Severity, Status, Subject, Where, digest

RULE = "contract"
"""What the rules of changes begin with: ``contract.flights.carrier.enum``."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What is said of the changes since the baseline."""

    checks: tuple[Check, ...] = ()
    sections: tuple[Section, ...] = ()
    materials: tuple[Subject, ...] = ()


NOTHING = Changed()


def compare(baseline: Path | None, path: Path, new: Contract) -> Changed:
    """Compare the contract ``new``, which is at ``path``, with the older one.

    ``baseline`` is its file, or a folder in which it has the same path. Raises
    CallError where nothing is there.
    """
    if baseline is None:
        return NOTHING
    if not baseline.exists():
        raise CallError(Problem("no such file or folder", str(baseline)))
    old_path = baseline / path if baseline.is_dir() and not path.is_absolute() else baseline
    if not old_path.is_file():
        return Changed((_said(new, Status.PASS, "the contract is new: there is none before it at this path"),))
    materials = (Subject(f"{path} (baseline)", digest(old_path)),)
    if old_path.read_bytes() == path.read_bytes():
        return Changed((_said(new, Status.PASS, "the contract is as it was"),), (), materials)
    try:
        old = contract.load(old_path, f"{path} (baseline)")
    except CallError as error:
        message = (
            f"not checked: the contract before this one does not hold, so nothing relied on it ({error.problems[0]})"
        )
        return Changed((_said(new, Status.NOT_CHECKED, message, Severity.INFO),), (), materials)
    try:
        made = diff.compare(old, new)
    except CallError as error:
        message = f"not checked: {'; '.join(str(each) for each in error.problems)}"
        return Changed((_said(new, Status.NOT_CHECKED, message, Severity.WARNING),), (), materials)
    checks = tuple(replace(each, rule=f"{RULE}.{each.rule}") for each in made.checks)
    due = _said(new, Status.PASS, made.headline, line=new.root.line("version"))
    return Changed((due, *checks), (replace(made.section, title="Changes of the contract"),), materials)


def _said(
    new: Contract, status: Status, message: str, severity: Severity = Severity.ERROR, line: int | None = None
) -> Check:
    return Check(f"{RULE}.changes", status, message, severity, Where(file=new.file, line=line))
