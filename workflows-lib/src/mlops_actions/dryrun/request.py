"""What the command line asks of a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_actions import jsonfile
from mlops_actions.errors import CallError, Problem

NO_TOKEN = "a-dry-run-has-no-token"
"""``github.token``, where the caller gives none: never empty, because on GitHub it never is."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """``files`` empty: all that the event starts; ``secrets`` are ``NAME`` (from the environment) or ``NAME=value``.

    ``from_`` are the output folders of earlier dry runs. ``image`` None with
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
    from_: tuple[Path, ...] = ()
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


def earlier(folders: Sequence[Path]) -> tuple[Path, ...]:
    """The folders of ``--from``, whole. Raises CallError for one that no dry run wrote."""
    for folder in folders:
        if not (folder / "artifacts").is_dir():
            raise CallError(Problem("is no output folder of a dry run: it has no `artifacts`", str(folder)))
    return tuple(folder.resolve() for folder in folders)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A ``repository_dispatch`` event that an earlier dry run would have sent."""

    event_type: str
    payload: Mapping[str, Any]


def dispatched(folders: Sequence[Path]) -> Dispatch:
    """The one event that the first of these dry runs to send any would have sent.

    Raises CallError where none would have sent one, or one of them several.
    """
    for folder in earlier(folders):
        found = _dispatches(folder / "requests.json")
        if len(found) > 1:
            names = ", ".join(repr(each.event_type) for each in found[:5])
            hint = "Write the payload of the one that is meant into a file, and give that with --event-file."
            raise CallError(Problem(f"would have sent {len(found)} events: {names}", str(folder), hint=hint))
        if found:
            return found[0]
    names = ", ".join(map(str, folders))
    hint = "Name the folder of one whose requests.json holds a `repository_dispatch`, or give --event-file."
    raise CallError(Problem(f"no event was to be sent in the dry run of {names}", hint=hint))


def _dispatches(file: Path) -> list[Dispatch]:
    try:
        requests = jsonfile.read(file)
    except (OSError, ValueError) as error:
        raise CallError(Problem(f"holds no requests of a dry run: {error}", str(file))) from error
    listed = requests if isinstance(requests, list) else []
    found = [each for each in listed if isinstance(each, dict) and each.get("kind") == "repository_dispatch"]
    try:
        return [Dispatch(str(each["event_type"]), dict(each["client_payload"])) for each in found]
    except (KeyError, TypeError, ValueError) as error:
        raise CallError(Problem("holds an event that is not one: it has no type, or no payload", str(file))) from error
