"""What the command line asks of a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.errors import CallError, Problem

NO_TOKEN = "a-dry-run-has-no-token"
"""``github.token``, where the caller gives none: never empty, because on GitHub it never is."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """``files`` empty: all that the event starts; ``secrets`` are ``NAME`` (from the environment) or ``NAME=value``.

    ``from_`` is the output folder of an earlier dry run. ``image`` None with
    ``docker``: the one that is built here. ``install`` lets GitHub's language
    service be fetched from npm, once.
    """

    repo: Path
    library: Path
    files: tuple[str, ...] = ()
    event: str = "push"
    event_file: Path | None = None
    ref: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    job: str | None = None
    docker: bool = False
    image: str | None = None
    from_: Path | None = None
    quiet: bool = False
    install: bool = True


def secrets(given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets by name, upper case as GitHub has them. Raises CallError for one that is not there."""
    found = {"GITHUB_TOKEN": NO_TOKEN}
    for each in given:
        name, equals, value = each.partition("=")
        if not name.isidentifier():
            hint = "Give NAME or NAME=value."
            raise CallError(Problem("--secret: a secret's name is letters, digits and underscores", hint=hint))
        if not equals and name not in environ:
            hint = f"Export {name}, or give {name}=value."
            raise CallError(Problem(f"--secret {name}: there is no such variable", hint=hint))
        found[name.upper()] = value if equals else environ[name]
    return found


def earlier(folder: Path | None) -> Path | None:
    """The folder of ``--from``, whole. Raises CallError for one that no dry run wrote."""
    if folder is None:
        return None
    if not (folder / "artifacts").is_dir():
        raise CallError(Problem("is no output folder of a dry run: it has no `artifacts`", str(folder)))
    return folder.resolve()
