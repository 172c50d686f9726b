"""What GitHub would refuse and act would not. Skeleton, to be filled."""

from __future__ import annotations

from pathlib import Path

from mlops_actions.dryrun.plan import Plan
from mlops_actions.verdict import Check


def judge(plan: Plan, repo: Path, library: Path, *, install: bool) -> list[Check]:
    """All that GitHub would say against the planned files: this package's own rules and, where Node is
    at hand, GitHub's language service (:mod:`~mlops_actions.dryrun.languageservice`; ``install`` lets it be
    fetched once from npm; where it is not at hand, one check `workflow.valid` is `not-checked`).
    """
    raise NotImplementedError
