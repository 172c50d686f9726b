"""``mlops contract diff``: what changed between two contracts, and whether the version says so.

The view is a consumer's, who relies on the old contract.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.data.contracts import contract
from mlops_actions.data.contracts.contract import Contract
from mlops_actions.data.diffing import changes, versions
from mlops_actions.data.diffing.changes import Change
from mlops_actions.data.diffing.versions import Step, Version
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome, Section, Table
from mlops_actions.report.wording import plural
from mlops_actions.verdict import Check, Severity, Status, Subject, Verdict, Where, conclude, digest, now

STAGE = "contract-diff"
SHOWN = 500
"""Lines of the table in the report; the verdict holds all."""

_WORDS = {Step.MAJOR: "breaking", Step.MINOR: "compatible", Step.PATCH: "no promise"}
_SEVERITY = {Step.MAJOR: Severity.ERROR, Step.MINOR: Severity.WARNING, Step.PATCH: Severity.INFO}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A request: two contracts, relative to the current directory."""

    old: Path
    new: Path


@dataclass(frozen=True, slots=True)
class _Versions:
    """The versions of the two contracts."""

    old: Version
    new: Version

    @property
    def made(self) -> Step:
        return versions.step(self.old, self.new)

    def due(self, change: Step) -> Step:
        return versions.due(self.old, change)

    @property
    def go_back(self) -> bool:
        return self.new.order < self.old.order


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a comparison: the changes, a check of each, and the step that is due."""

    found: Sequence[Change]
    checks: tuple[Check, ...]
    numbers: _Versions

    @property
    def due(self) -> Step:
        return max((self.numbers.due(each.effect.step) for each in self.found), default=Step.NONE)

    @property
    def headline(self) -> str:
        return _headline(self.found, self.numbers, self.due)

    @property
    def section(self) -> Section:
        return _section(self.found)


def compare(old: Contract, new: Contract) -> Compared:
    """Compare two contracts. Raises CallError for a version that is not semantic."""
    numbers = _versions(old, new)
    found = changes.compare(old, new)
    checks = tuple(_check(each, numbers) for each in found)
    if numbers.go_back:
        checks = (_backwards(new, numbers), *checks)
    return Compared(found, checks, numbers)


def diff(request: Comparison, _out: Path) -> Outcome:
    """Compare the contracts. Raises CallError for one that does not hold, or whose version is not semantic."""
    started = now()
    old, new = contract.load(request.old), contract.load(request.new)
    made = compare(old, new)
    verdict = Verdict(
        stage=STAGE,
        status=conclude(made.checks),
        checks=made.checks,
        started=started,
        ended=now(),
        subjects=(Subject(new.file, digest(request.new)),),
        materials=(Subject(old.file, digest(request.old)),),
        parameters={"old": old.file, "new": new.file, "from": made.numbers.old.text, "to": made.numbers.new.text},
    )
    breaking = [each.rule for each in made.found if each.effect.step is Step.MAJOR]
    return Outcome(
        verdict=verdict,
        headline=made.headline,
        sections=(made.section,),
        outputs={"breaking": json.dumps(breaking), "due": made.due.word},
    )


def _versions(old: Contract, new: Contract) -> _Versions:
    read, problems = {}, []
    for side, each in (("old", old), ("new", new)):
        try:
            read[side] = versions.parse(str(each.root.data.get("version", "")))
        except ValueError as error:
            hint = "Write MAJOR.MINOR.PATCH, as in 1.4.0."
            problems.append(each.root.problem(f"`version`: {error}", "version", hint=hint))
    if problems:
        raise CallError(*problems)
    return _Versions(read["old"], read["new"])


def _check(change: Change, numbers: _Versions) -> Check:
    effect = change.effect
    wanted = numbers.due(effect.step)
    fits = numbers.made >= wanted
    message = f"{_WORDS[effect.step]}: {effect.reason}"
    status = Status.PASS
    if not fits:
        status = Status.FAIL if effect.step is Step.MAJOR else Status.WARN
        message += f"; it asks for a {wanted.word} step, {versions.after(numbers.old, wanted)}"
    return Check(
        rule=change.rule,
        status=status,
        message=message,
        severity=_SEVERITY[effect.step],
        where=change.where,
        measured=numbers.made.word,
        threshold={"step": wanted.word},
    )


def _backwards(new: Contract, numbers: _Versions) -> Check:
    where = Where(file=new.file, line=new.root.line("version"))
    message = f"the version goes back, from {numbers.old.text} to {numbers.new.text}"
    return Check("version", Status.FAIL, message, where=where, measured=numbers.new.text)


def _headline(found: Sequence[Change], numbers: _Versions, due: Step) -> str:
    if not found:
        return "Nothing changed but the version." if numbers.old != numbers.new else "Nothing changed."
    counts = Counter(each.effect.step for each in found)
    text = f"{plural(len(found), 'change')}, {counts[Step.MAJOR]:,} breaking"
    made = numbers.made
    step = f"a {made.word} step" if made else "no step forward"
    return f"{text}: a {due.word} step is due, and {numbers.old.text} to {numbers.new.text} is {step}."


def _section(found: Sequence[Change]) -> Section:
    rows = tuple(
        (
            each.rule,
            _WORDS[each.effect.step],
            each.effect.step.word,
            each.where.file,
            each.where.line,
            each.effect.reason,
        )
        for each in sorted(found, key=lambda each: -each.effect.step)[:SHOWN]
    )
    caption = f"The first {SHOWN:,} of {len(found):,}; all stand in verdict.json." if len(found) > SHOWN else ""
    return Section("Changes", (Table(("What", "Change", "Step", "File", "Line", "Why"), rows, caption),))
