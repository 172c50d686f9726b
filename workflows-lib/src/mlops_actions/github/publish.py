"""Hands a verdict to GitHub: outputs, summary, annotations. Off GitHub Actions it does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from mlops_actions.github import outputs as step_outputs
from mlops_actions.github import summary as job_summary
from mlops_actions.github.annotations import annotate
from mlops_actions.github.commands import command
from mlops_actions.github.context import from_env
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Status


def publish_outcome(
    outcome: Outcome, outputs: Mapping[str, str], summary: str, env: Mapping[str, str], stream: TextIO
) -> None:
    """Set the step's outputs, add to the job's summary and annotate the findings.

    ``env`` is the step's environment; files in checks are relative to the
    current directory; commands go to ``stream``. Raises ValueError for an
    output's name that GitHub would not take, OSError where a file of the
    runner can't be written.
    """
    context = from_env(env)
    if not context.on_actions:
        return
    if context.output:
        step_outputs.append(context.output, outputs)
    folder = Path.cwd()
    checks = tuple(each for each in outcome.verdict.checks if _is_annotated(each, outcome))
    lines = annotate(replace(outcome.verdict, checks=checks), lambda file: context.from_root(file, folder))
    if context.step_summary and not job_summary.append(context.step_summary, summary):
        lines.append(command("notice", "The job summary is full: see summary.md in the report.", title="mlops"))
    for line in lines:
        stream.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
    stream.flush()


def _is_annotated(check: Check, outcome: Outcome) -> bool:
    is_worth_it = outcome.annotates_warnings or check.status in (Status.ERROR, Status.FAIL)
    return is_worth_it and (outcome.annotates_files or check.where.file is None)
