"""Where a command runs: on GitHub, in a dry run, or in a person's shell."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.commands.row import Stage
from mlops_actions.options import Options
from mlops_actions.outcome import Outcome

if TYPE_CHECKING:
    from mlops_actions.github.api import Client

# pylint: disable=import-outside-toplevel


def is_dry_run() -> bool:
    return os.environ.get("MLOPS_DRYRUN") == "1"


def dry_run_folders() -> tuple[Path, ...]:
    """Output folders of earlier dry runs that stand in for what GitHub keeps."""
    text = os.environ.get("MLOPS_DRYRUN_FROM", "")
    return tuple(Path(each) for each in text.split(os.pathsep) if each)


def repository() -> str:
    return os.environ.get("GITHUB_REPOSITORY", "")


def client() -> Client | None:
    """GitHub's API, where there is one: a step on GitHub, or a person with a token."""
    from mlops_actions.github.api import Client

    token = os.environ.get("GITHUB_TOKEN", "")
    if is_dry_run() or not token:
        return None
    return Client(os.environ.get("GITHUB_API_URL") or "https://api.github.com", token)


def quoted(options: Options, stage: Stage) -> Stage:
    """A stage that shows what the consumer's commands print: on GitHub that is text, whatever it looks like."""

    def safe(out: Path) -> Outcome:
        from mlops_actions.github import quoting
        from mlops_actions.project import environment, secrets

        hidden = secrets.values(environment.cleaned(os.environ)) | secrets.of_address(options.text("index-url"))
        with quoting.quoted(hidden, os.environ, sys.stderr):
            return stage(out)

    return safe
