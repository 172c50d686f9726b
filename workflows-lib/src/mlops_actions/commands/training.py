"""``mlops train``, and the champion that its model is held against."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.commands import reading, surroundings
from mlops_actions.commands.row import Command, Option, Stage
from mlops_actions.errors import CallError
from mlops_actions.options import Options

if TYPE_CHECKING:
    from mlops_actions.released import Released
    from mlops_actions.training.champion import Champion
    from mlops_actions.training.reason import Reason
    from mlops_actions.verdict import Where

# pylint: disable=import-outside-toplevel

CHAMPION = Path(".mlops/champion")
"""Where the champion of a release is unpacked, by a step that has a token and runs nothing."""


def _train(options: Options) -> Stage:
    from mlops_actions.training import gates, train

    reading.take_credentials(options)
    config = options.config
    contract = config.get("data", "contract")
    minutes = config.get("training", "timeout-minutes")
    request = train.Training(
        command=options.required("command", "training", "command"),
        model=config.get("training", "model") or "build/model",
        metrics=config.get("training", "metrics") or "build/metrics.json",
        importances=config.get("training", "importances") or "build/importances.json",
        name=config.get("model") or "model",
        data=options.paths("data", "data", "path"),
        contract=Path(contract) if contract else None,
        time_column=config.get("data", "time-column"),
        correlations=reading.correlations(options),
        csv=reading.csv(options),
        inputs=tuple(config.get("training", "inputs") or ()),
        gates=gates.configured(config),
        champion=_champion(options),
        reason=_reason(),
        allow_pickle=tuple(config.get("training", "allow-pickle") or ()),
        install_command=config.get("training", "install-command"),
        python_version=options.text("python-version", "training", "python-version"),
        platform=options.one_of("platform", train.PLATFORMS, "training", "platform", default="runner"),
        limit=minutes * 60 if minutes else None,
        index_url=options.text("index-url"),
        places={
            "data": _place(options, "data", "path"),
            **{key: _place(options, "training", key) for key in config.get("training") or ()},
        },
    )
    return surroundings.quoted(options, lambda out: train.train(request, out))


def _champion(options: Options) -> Champion | None:
    """What the new model is held against, where the configuration asks for it. Raises CallError where it is gone."""
    if options.config.get("training", "champion") is None:
        return None
    from mlops_actions.training.champion import Champion
    from mlops_actions.training.paired import Metric

    said: dict[str, Any] = options.config.get("training", "champion")
    found = champion_model(options)
    return Champion(
        command=said["command"],
        metric=Metric(said["metric"]),
        margin=said["margin"],
        model=found.folder,
        name=found.tag,
        absent=found.absent,
        expected=not found.looked and not surroundings.is_dry_run(),
        where=_place(options, "training", "champion"),
    )


def champion_model(options: Options) -> Released:
    """The champion's model: what a step before has found, else a path, an artifact, or what is released."""
    from mlops_actions import location, released

    if found := options.text("champion"):
        return released.kept(Path(found))
    text = options.config.get("training", "champion", "model")
    place = location.parse(text) if text else None
    if place is None or place.kind == "release":
        source = released.Source(surroundings.repository(), surroundings.client(), surroundings.dry_run_folders())
        name = options.config.get("model")
        if name is None:
            raise CallError(options.missing("model", "model"))
        return released.model_of(source, name, place.name if place else None, CHAMPION)
    folder = place.folder()
    folder = folder / "model" if (folder / "model").is_dir() else folder
    if not folder.is_dir():
        message = f"no such folder {str(folder)!r}, where the champion should be"
        raise CallError(options.config.problem(message, "training", "champion", "model"))
    return released.Released(folder, text or "")


def _reason() -> Reason | None:
    """The alarm that started this run, where one did."""
    from mlops_actions.github import context
    from mlops_actions.training import reason

    step = context.from_env(os.environ)
    return reason.read(step.event()) if step.event_name in {"repository_dispatch", "workflow_dispatch"} else None


def _place(options: Options, section: str, key: str) -> Where:
    from mlops_actions.verdict import Where

    if options.config.get(section, key) is None:
        return Where()
    position = options.config.where(section, key)
    return Where(file=options.config.name, line=position.line, character=position.column)


COMMANDS: tuple[Command, ...] = (
    Command(
        "train",
        "run the project's training command, gate and record the model",
        (
            reading.DATA,
            Option("python-version", "the Python to train on", "VERSION"),
            Option("platform", "where the command runs (runner)", "NAME"),
        ),
        _train,
    ),
)
