"""What GitHub Actions tells a step through its environment, read in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Context:
    """The run that a step is part of. A value that the environment does not give is empty or None.

    ``output`` and ``step_summary`` are the files that the runner reads when
    the step ends. ``repository`` is ``owner/name``; ``ref`` is whole
    (``refs/tags/…``). The token is never shown by ``repr``.
    """

    on_actions: bool
    workspace: Path | None = None
    output: Path | None = None
    step_summary: Path | None = None
    repository: str = ""
    sha: str = ""
    ref: str = ""
    event_name: str = ""
    run_id: str = ""
    run_attempt: str = ""
    api_url: str = "https://api.github.com"
    token: str = field(default="", repr=False)

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
        event_name=env.get("GITHUB_EVENT_NAME", ""),
        run_id=env.get("GITHUB_RUN_ID", ""),
        run_attempt=env.get("GITHUB_RUN_ATTEMPT", ""),
        api_url=(env.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        token=env.get("GITHUB_TOKEN") or env.get("GH_TOKEN", ""),
    )


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "")
    return Path(value) if value else None
