"""A workflow file as a typed model, with the place of everything that a finding may speak of.

The model holds what planning and judging read, no more, and expressions stay
text. It is lenient: what GitHub's language service says about a file is left
to it, so only a file that cannot be read as a workflow at all is refused here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions import yamlfile
from mlops_actions.dryrun.repository import leaves
from mlops_actions.errors import CallError, Problem
from mlops_actions.yamlfile import Document, Position

FOLDER = ".github/workflows"
THIS_REPOSITORY = "mlops-actions"
"""Under any owner and ref, a repository of this name is the library's."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input of ``workflow_call`` or ``workflow_dispatch``; ``type`` as written, ``string`` where it is not."""

    name: str
    type: str
    required: bool
    default: Any
    options: tuple[str, ...]
    place: Position


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it is written; expressions stay text. ``matrix`` is ``strategy.matrix``."""

    id: str
    name: str | None
    needs: tuple[str, ...]
    condition: Any
    runs_on: Any
    uses: str | None
    with_: Mapping[str, Any]
    secrets: Any
    permissions: Any
    matrix: Any
    outputs: Mapping[str, Any]
    continue_on_error: Any
    steps: tuple[Mapping[str, Any], ...]
    place: Position


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow file: ``root`` is the checkout that it stands in, ``path`` its POSIX path there.

    ``document`` holds the data and all places. ``name`` is what GitHub shows.
    ``triggers`` maps an event to its filters (empty where it has none);
    ``schedule`` has them under ``crons``.
    """

    root: Path
    path: str
    document: Document
    name: str
    triggers: Mapping[str, Mapping[str, Any]]
    jobs: Mapping[str, Job]
    permissions: Any
    call_inputs: Mapping[str, Input]
    call_outputs: Mapping[str, Any]
    dispatch_inputs: Mapping[str, Input]

    @property
    def file(self) -> str:
        """The file as messages call it."""
        return self.document.name


def load(repo: Path, relative: str, name: str | None = None) -> Workflow:
    """The workflow at ``relative`` (POSIX) in the checkout ``repo``; ``name`` is what messages call the file.

    Raises CallError, with file and line, for a file that is absent, is not
    YAML, has no shape of a workflow, or is a link out of the checkout.
    """
    if leaves(repo / relative, os.path.realpath(repo)):
        raise CallError(Problem("is a symbolic link that leads out of the repository", name or relative))
    document = yamlfile.load(repo / relative, name or relative)
    data = document.data
    if not isinstance(data, dict):
        raise CallError(document.problem("is not a workflow: it must be a mapping with `on` and `jobs`"))
    for key in ("on", "jobs"):
        if data.get(key) is None:
            raise CallError(document.problem(f"is not a workflow: the key `{key}` is missing"))
    if not isinstance(data["jobs"], dict):
        raise CallError(document.problem("`jobs` must be a mapping of job ids", "jobs"))
    triggers = _triggers(document)
    call = triggers.get("workflow_call", {})
    return Workflow(
        root=repo,
        path=relative,
        document=document,
        name=str(data["name"]) if data.get("name") else relative,
        triggers=triggers,
        jobs={identity: _job(document, identity, job) for identity, job in data["jobs"].items()},
        permissions=data.get("permissions"),
        call_inputs=_inputs(document, "workflow_call", call),
        call_outputs={name: _mapping(spec).get("value") for name, spec in _mapping(call.get("outputs")).items()},
        dispatch_inputs=_inputs(document, "workflow_dispatch", triggers.get("workflow_dispatch", {})),
    )


def _triggers(document: Document) -> dict[str, Mapping[str, Any]]:
    on = document.data["on"]
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list) and all(isinstance(each, str) for each in on):
        return {event: {} for event in on}
    if not isinstance(on, dict):
        raise CallError(document.problem("`on` must name events: a word, a list or a mapping", "on"))
    triggers: dict[str, Mapping[str, Any]] = {}
    for event, filters in on.items():
        if event == "schedule" and isinstance(filters, list):
            triggers[event] = {"crons": [_mapping(each).get("cron") for each in filters]}
        elif filters is None or isinstance(filters, dict):
            triggers[event] = filters or {}
        else:
            raise CallError(document.problem(f"the filters of `{event}` must be a mapping", "on", event))
    return triggers


def _inputs(document: Document, event: str, trigger: Mapping[str, Any]) -> dict[str, Input]:
    inputs = {}
    for name, spec in _mapping(trigger.get("inputs")).items():
        values = _mapping(spec)
        options = values.get("options")
        inputs[name] = Input(
            name=name,
            type=str(values.get("type") or "string"),
            required=values.get("required") is True,
            default=values.get("default"),
            options=tuple(str(each) for each in options) if isinstance(options, list) else (),
            place=document.where_key("on", event, "inputs", name),
        )
    return inputs


def _job(document: Document, identity: str, data: Any) -> Job:
    if not isinstance(data, dict):
        raise CallError(document.problem("a job must be a mapping", "jobs", identity))
    needs = data.get("needs")
    steps = data.get("steps")
    strategy = data.get("strategy")
    return Job(
        id=identity,
        name=None if data.get("name") is None else _text(data["name"]),
        needs=tuple(str(each) for each in needs) if isinstance(needs, list) else (str(needs),) if needs else (),
        condition=data.get("if"),
        runs_on=data.get("runs-on"),
        uses=data["uses"] if isinstance(data.get("uses"), str) else None,
        with_=_mapping(data.get("with")),
        secrets=data.get("secrets"),
        permissions=data.get("permissions"),
        matrix=strategy.get("matrix") if isinstance(strategy, dict) else strategy,
        outputs=_mapping(data.get("outputs")),
        continue_on_error=data.get("continue-on-error"),
        steps=tuple(step for step in steps if isinstance(step, dict)) if isinstance(steps, list) else (),
        place=document.where_key("jobs", identity),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Place:
    """What a ``uses`` names, where it is at hand: a path (POSIX) in the checkout ``root``."""

    root: Path
    path: str


def locate(uses: str, root: Path, library: Path, repository: str, repo: Path) -> Place | None:
    """Where the thing that ``uses`` names stands, or None for another repository's.

    ``root`` is the checkout of the file that says ``uses``: ``./x`` and ``$/x``
    lie in it. ``repository`` is the consumer's own name (``owner/name``), so
    that a file may call its own repository by name.
    """
    if uses.startswith(("./", "$/")):
        return Place(root, uses[2:])
    path, _, _ = uses.partition("@")
    owner, _, rest = path.partition("/")
    name, _, inside = rest.partition("/")
    if name.casefold() == THIS_REPOSITORY:
        return Place(library, inside)
    if f"{owner}/{name}".casefold() == repository.casefold():
        return Place(repo, inside)
    return None
