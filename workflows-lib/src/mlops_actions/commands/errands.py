"""``mlops needs`` and ``mlops locate``: what a workflow asks before it runs a stage."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from mlops_actions.commands import reading, training
from mlops_actions.commands.row import Errand, Option
from mlops_actions.errors import CallError, Problem
from mlops_actions.options import Options

if TYPE_CHECKING:
    from mlops_actions.data.contracts.servers import Place

# pylint: disable=import-outside-toplevel


def _needs(options: Options) -> None:
    """Tell the workflow which extras the data asks for. A wrong call is left for the stage to say, in full."""
    from mlops_actions.data import needs
    from mlops_actions.github import context, outputs

    stages: dict[str, Callable[[], list[Place]]] = {
        "validate": lambda: _validated(options),
        "drift": lambda: _compared(options),
        "train": lambda: needs.of_data(options.paths("data", "data", "path")),
    }
    (name,) = options.arguments.what or ("",)
    if name not in stages:
        raise CallError(Problem(f"the stage {name!r} reads no data", hint=f"There is: {', '.join(stages)}."))
    try:
        places = stages[name]()
    except CallError:
        places = []
    section = {"validate": "data", "drift": "drift"}.get(name)  # a training's data is always described here
    engine = options.text("engine", section, "engine", default="duckdb") or "" if section else "duckdb"
    named = list(options.config.get("data", "extras") or ())
    if name == "validate" and (reading.folder(options, "quarantine") or reading.folder(options, "accepted")):
        named.append(needs.PARTING)
    found = needs.extras(places, engine, named)
    step = context.from_env(os.environ)
    if step.output:
        outputs.append(step.output, {"extras": " ".join(found)})
    else:
        print(" ".join(found))


def _compared(options: Options) -> list[Place]:
    """What a drift check reads: the current data, and a reference that is not fetched from GitHub."""
    from mlops_actions import location
    from mlops_actions.data import needs

    text = options.text("reference", "drift", "reference")
    named = (text,) if text and location.parse(text).kind == "path" else ()
    return needs.of_data(options.paths("data", "drift", "data")) + needs.of_data(named)


def _validated(options: Options) -> list[Place]:
    from mlops_actions.data import needs

    data, server = reading.data_or_server(options)
    return needs.of_data(data) if data else needs.of_server(options.file("contract", "data", "contract"), server)


def _locate(options: Options) -> None:
    """Tell the workflow which artifact of this run to fetch, if any."""
    from mlops_actions import location
    from mlops_actions.github import context, outputs

    sections = {
        "reference": ("drift", "reference"),
        "model": ("release", "model"),
        "champion": ("training", "champion", "model"),
        "data": ("drift", "data"),
    }
    (name,) = options.arguments.what or ("",)
    if name not in sections:
        raise CallError(Problem(f"cannot locate {name!r}", hint=f"There is: {', '.join(sections)}."))
    # Of several paths none is an artifact, and only one can be fetched.
    text = next(iter(options.texts(name, *sections[name])), None)
    place = location.parse(text) if text else None
    artifact = place.name if place is not None and place.kind == "artifact" else ""
    found = {"artifact": artifact}
    if name == "champion":
        asked = options.config.get("training", "champion") is not None
        released = asked and (place is None or place.kind == "release")
        if released:
            training.champion_model(options)
        found["champion"] = str(training.CHAMPION) if released else ""
    step = context.from_env(os.environ)
    if step.output:
        outputs.append(step.output, found)
    else:
        print(next((each for each in found.values() if each), ""))


COMMANDS: tuple[Errand, ...] = (
    Errand(
        "needs",
        "say which extras a stage's data asks for (for the workflows)",
        (
            Option("what", "validate, drift or train", "STAGE", "arguments"),
            reading.REFERENCE,
            reading.CONTRACT,
            reading.DATA,
            reading.SERVER,
            reading.ENGINE,
            reading.QUARANTINE,
            reading.ACCEPTED,
        ),
        _needs,
    ),
    Errand(
        "locate",
        "say which artifact of this run holds what is looked for, and unpack a released champion (for the workflows)",
        (Option("what", "reference, data (of a drift check), model or champion", "WHAT", "arguments"),),
        _locate,
    ),
)
