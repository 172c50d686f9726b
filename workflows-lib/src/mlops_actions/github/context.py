"""What GitHub Actions tells a step through its environment, read in one place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Context:
    """The run that a step is part of. A value that the environment does not give is empty or None.

    ``output`` and ``step_summary`` are the files that the runner reads when
    the step ends. ``repository`` is ``owner/name``; ``ref`` is whole
    (``refs/tags/…``), ``branch`` what GitHub lists the run under: the branch of
    a pull request, else the branch's or the tag's name. ``workflow`` is the
    name of the file that was started. The token is never shown by ``repr``.
    """

    on_actions: bool
    workspace: Path | None = None
    output: Path | None = None
    step_summary: Path | None = None
    repository: str = ""
    sha: str = ""
    ref: str = ""
    branch: str = ""
    workflow: str = ""
    event_name: str = ""
    event_path: Path | None = None
    run_id: str = ""
    run_attempt: str = ""
    server_url: str = "https://github.com"
    api_url: str = "https://api.github.com"
    token: str = field(default="", repr=False)

    @property
    def run_url(self) -> str:
        """The page of the run; empty off GitHub Actions."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}" if self.run_id else ""

    def event(self) -> dict[str, Any]:
        """The event's payload, ``github.event``; empty where there is none that can be read."""
        try:
            event = json.loads(self.event_path.read_text(encoding="utf-8")) if self.event_path else {}
        except (OSError, ValueError, RecursionError):
            return {}
        return event if isinstance(event, dict) else {}

    @property
    def is_of_fork(self) -> bool:
        """Whether the run is of a fork's commit, or may be: where the event should say and does not, it is."""
        key = {"workflow_run": "head_repository"}.get(self.event_name)
        if key is None and not self.event_name.startswith("pull_request"):
            return False
        try:
            event = self.event()
            head = event["workflow_run"][key] if key else event["pull_request"]["head"]["repo"]
            return bool(head["full_name"].casefold() != self.repository.casefold())
        except (KeyError, TypeError, AttributeError):
            return True  # a fork that was deleted has no repository

    def from_root(self, file: str, folder: Path) -> str | None:
        """``file``, named from ``folder``, as a path from the repository's root; None where it lies outside.

        Symbolic links of ``folder`` are followed, those of ``file`` are not:
        GitHub annotates the name that stands in the repository.
        """
        if self.workspace is None:
            return None
        root = self.workspace.resolve()
        parts: list[str] = []
        for part in (folder.resolve() / file).parts:
            if part == "..":
                parts = parts[:-1]
            else:
                parts.append(part)
        path = Path(*parts)
        return path.relative_to(root).as_posix() if path.is_relative_to(root) and path != root else None


def from_env(env: Mapping[str, str]) -> Context:
    """The context in an environment such as ``os.environ``."""
    return Context(
        on_actions=env.get("GITHUB_ACTIONS") == "true",
        workspace=_path(env, "GITHUB_WORKSPACE"),
        output=_path(env, "GITHUB_OUTPUT"),
        step_summary=_path(env, "GITHUB_STEP_SUMMARY"),
        repository=env.get("GITHUB_REPOSITORY", ""),
        sha=env.get("GITHUB_SHA", ""),
        ref=env.get("GITHUB_REF", ""),
        branch=env.get("GITHUB_HEAD_REF") or env.get("GITHUB_REF_NAME", ""),
        workflow=workflow_file(env.get("GITHUB_WORKFLOW_REF", "")),
        event_name=env.get("GITHUB_EVENT_NAME", ""),
        event_path=_path(env, "GITHUB_EVENT_PATH"),
        run_id=env.get("GITHUB_RUN_ID", ""),
        run_attempt=env.get("GITHUB_RUN_ATTEMPT", ""),
        server_url=(env.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/"),
        api_url=(env.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        token=env.get("GITHUB_TOKEN") or env.get("GH_TOKEN", ""),
    )


def workflow_file(name: str) -> str:
    """The file's name in what GitHub calls a workflow: ``owner/name/.github/workflows/x.yml@refs/heads/main``."""
    return name.partition("@")[0].rpartition("/")[2]


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "")
    return Path(value) if value else None
