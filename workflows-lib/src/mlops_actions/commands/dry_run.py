"""``mlops dry-run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.commands.row import Command, Option, Stage
from mlops_actions.errors import CallError, Problem
from mlops_actions.options import Options

if TYPE_CHECKING:
    from mlops_actions.dryrun.run import DryRun

# pylint: disable=import-outside-toplevel

CHECKOUT = Path(__file__).resolve().parents[4]
"""The library's checkout, where it was installed from one."""


def _dry_run_request(options: Options) -> DryRun:
    from mlops_actions.dryrun.run import DryRun

    asked = options.arguments
    folder = Path(asked.library) if asked.library else CHECKOUT
    if not (folder / ".github" / "workflows" / "python-ci.yml").is_file():
        hint = "Give the checkout of mlops-actions with --library."
        raise CallError(Problem("is no checkout of mlops-actions", str(folder), hint=hint))
    inputs = {}
    for pair in asked.input or ():
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise CallError(Problem(f"--input {pair!r} is not NAME=VALUE"))
        inputs[name] = value
    return DryRun(
        repo=Path.cwd(),
        library=folder.resolve(),
        files=tuple(asked.file or ()),
        event=asked.event or "push",
        event_file=Path(asked.event_file) if asked.event_file else None,
        ref=asked.ref,
        inputs=inputs,
        secrets=tuple(asked.secret or ()),
        job=asked.job,
        docker=asked.docker is not None,
        image=asked.docker if isinstance(asked.docker, str) else None,
        from_=tuple(Path(each) for each in getattr(asked, "from") or ()),
        quiet=asked.json,
    )


def _dry_run(options: Options) -> Stage:
    from mlops_actions.dryrun import run

    request = _dry_run_request(options)
    return lambda out: run.dry_run(request, out)


def _list(options: Options) -> str | None:
    if not options.arguments.list:
        return None
    from mlops_actions.dryrun import run

    return run.list_plan(_dry_run_request(options), as_json=options.arguments.json)


COMMANDS: tuple[Command, ...] = (
    Command(
        "dry-run",
        "run this repository's workflows here, judged as GitHub would",
        (
            Option("file", "workflow files (default: all that the event starts)", "FILE", "arguments"),
            Option("event", "the event's name (default: push)", "NAME"),
            Option("event-file", "the event's payload, JSON", "FILE"),
            Option("ref", "a branch or tag (default: the current branch)", "REF"),
            Option("input", "an input of workflow_dispatch; may be repeated", "NAME=VALUE", "list"),
            Option("secret", "a secret, from the environment or given; may be repeated", "NAME[=VALUE]", "list"),
            Option("job", "this job and what it needs", "ID"),
            Option("docker", "in a container of a local image, or of one built here", "IMAGE", "maybe"),
            Option("library", "the checkout of mlops-actions to use", "DIR"),
            Option(
                "from",
                "an earlier dry run's output: what GitHub keeps of it, and the event it sent; repeated",
                "DIR",
                "list",
            ),
            Option("list", "print what would run, and run nothing", kind="switch"),
        ),
        _dry_run,
        instead=_list,
    ),
)
