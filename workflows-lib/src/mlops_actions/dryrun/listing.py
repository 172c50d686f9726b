"""A plan as `--list` prints it: lines for a person, or JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlops_actions.dryrun.plan import Plan, PlannedFile, PlannedJob
from mlops_actions.dryrun.source import Source
from mlops_actions.verdict import Check
from mlops_actions.visible import visible


@dataclass(frozen=True, slots=True)
class Listing:
    """A plan, the files that it was made from, and what would fail."""

    plan: Plan
    source: Source
    wrong: Sequence[Check]

    def text(self) -> str:
        event = self.plan.event
        lines = [f"event {event.name}, {event.ref} at {event.sha[:12]}: {self.source.words()}"]
        for file in self.plan.files:
            lines += ["", *_lines(file)]
        lines += ["", "would fail:"] if self.wrong else []
        lines += [f"  {each.where.file}:{each.where.line}: {each.message}" for each in self.wrong]
        lines += ["", "Whether GitHub takes the files is judged when they run."]
        return "\n".join(visible(line) for line in lines) + "\n"

    def json(self) -> str:
        event = self.plan.event
        data = {
            "event": {"name": event.name, "ref": event.ref, "sha": event.sha, "uncommitted": not self.source.commit},
            "files": [_file(each) for each in self.plan.files],
            "would-fail": [
                {"rule": each.rule, "message": each.message, "file": each.where.file, "line": each.where.line}
                for each in self.wrong
            ],
        }
        return json.dumps(data, indent=1) + "\n"  # ASCII: a name may hold half a surrogate pair


def _lines(file: PlannedFile) -> list[str]:
    lines = [f"{file.path}: " + ("starts" if file.starts else f"does not start: {file.why}")]
    lines += [f"  {each}" for each in file.problems]
    for job in file.jobs if file.starts else ():
        legs = "" if job.legs == 1 else f" × {job.legs if job.legs is not None else '?'}"
        called = f" → {job.calls[1]}" if job.calls else ""
        reason = "" if job.when == "must" else f": {job.why}"
        lines.append(f"  {'  ' * (len(job.path) - 1)}{job.name}{legs}{called}  [{job.when}{reason}]")
    return lines


def _file(file: PlannedFile) -> dict[str, Any]:
    problems = [{"message": each.message, "file": each.file, "line": each.line} for each in file.problems]
    jobs = [_job(each) for each in file.jobs] if file.starts else []
    return {"path": file.path, "starts": file.starts, "why": file.why, "problems": problems, "jobs": jobs}


def _job(job: PlannedJob) -> dict[str, Any]:
    return {
        "path": list(job.path),
        "name": job.name,
        "when": job.when,
        "why": job.why,
        "needs": [list(each) for each in job.needs],
        "legs": job.legs,
        "calls": job.calls[1] if job.calls else None,
        "file": job.file,
        "line": job.line,
    }
