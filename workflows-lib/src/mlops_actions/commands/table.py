"""Every command, in the order of ``mlops --help``."""

from __future__ import annotations

from mlops_actions.commands import ci, data, drift, dry_run, errands, release, training
from mlops_actions.commands.row import Command, Errand

GROUPS = {
    "ci": "lint and test a project on each Python version (plan, run, gate)",
    "contract": "draft a data contract, compare two (infer, diff)",
}
"""What the commands of two words do together."""

COMMANDS: tuple[Command | Errand, ...] = (
    *data.COMMANDS,
    *ci.COMMANDS,
    *training.COMMANDS,
    *drift.COMMANDS,
    *release.COMMANDS,
    *dry_run.COMMANDS,
    *errands.COMMANDS,
)
