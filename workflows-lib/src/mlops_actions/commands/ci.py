"""``mlops ci``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.commands import surroundings
from mlops_actions.commands.row import Command, Option, Stage
from mlops_actions.errors import CallError
from mlops_actions.options import Options

if TYPE_CHECKING:
    from mlops_actions.ci.steps import Commands

# pylint: disable=import-outside-toplevel


def _commands(options: Options) -> Commands:
    from mlops_actions.ci.steps import Commands

    names = ("install", "lint", "test")
    return Commands(*(options.text(f"{name}-command", "ci", f"{name}-command") for name in names))


def _ci_plan(options: Options) -> Stage:
    from mlops_actions.ci import plan

    versions, given = options.texts("python-versions", "ci", "python-versions"), options.find("python-versions")
    if given and not versions:
        hint = "Name a version, or leave it out: then the project's `requires-python` decides."
        raise CallError(given.problem("must not be empty", hint))
    request = plan.PlanRequest(
        python_versions=versions,
        commands=_commands(options),
        fail_fast=options.flag("fail-fast", "ci", "fail-fast"),
        dry_run=surroundings.is_dry_run(),
    )
    return lambda out: plan.plan(request, out)


def _ci_run(options: Options) -> Stage:
    from mlops_actions.ci import run

    request = run.RunRequest(
        python=options.required("python"),
        commands=_commands(options),
        echo=sys.stderr,
        index_url=options.text("index-url"),  # a secret, so there is no flag for it
    )
    return surroundings.quoted(options, lambda out: run.run(request, out))


def _ci_gate(options: Options) -> Stage:
    from mlops_actions.ci import gate

    request = gate.GateRequest(
        results=Path(options.required("results")),
        name=options.text("name", default="python-ci") or "python-ci",
        needs=options.text("needs"),
    )
    return lambda out: gate.gate(request, out)


_STEPS = tuple(
    Option(f"{name}-command", f"how to {name} the project", "COMMAND") for name in ("install", "lint", "test")
)


COMMANDS: tuple[Command, ...] = (
    Command(
        "ci plan",
        "choose the Python versions, and what each runs",
        (
            Option("python-versions", "a version; may be repeated", "VERSION", "list"),
            *_STEPS,
            Option("fail-fast", "cancel the other versions when one fails", kind="switch"),
        ),
        _ci_plan,
    ),
    Command(
        "ci run",
        "install, lint and test on one version",
        (Option("python", "the version", "VERSION"), *_STEPS),
        _ci_run,
    ),
    Command(
        "ci gate",
        "one verdict over all versions",
        (
            Option("results", "the folder of the versions' results", "DIR"),
            Option("name", "the prefix of their folders", "NAME"),
            Option("needs", "GitHub's `needs` context as JSON", "JSON"),
        ),
        _ci_gate,
    ),
)
