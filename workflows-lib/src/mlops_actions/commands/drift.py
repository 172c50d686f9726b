"""``mlops drift`` and ``mlops respond``."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.commands import reading, surroundings
from mlops_actions.commands.row import Command, Option, Stage
from mlops_actions.errors import CallError, Problem
from mlops_actions.options import Options
from mlops_actions.outcome import Outcome, Section

if TYPE_CHECKING:
    from mlops_actions.drift.performance import Asked
    from mlops_actions.drift.response import Wishes
    from mlops_actions.drift.settings import Settings
    from mlops_actions.github.api import Client
    from mlops_actions.github.carried import Carried
    from mlops_actions.github.context import Context

# pylint: disable=import-outside-toplevel


def _drift(options: Options) -> Stage:
    from mlops_actions.drift import check
    from mlops_actions.drift.request import DriftCheck

    reading.take_credentials(options)
    wishes = _wishes(options)
    paths = options.paths("data", "drift", "data")
    if not paths:
        raise CallError(options.missing("data", "drift", "data"))
    patterns = tuple(_fetched(each) for each in (paths.values() if isinstance(paths, dict) else paths))
    engine = options.one_of("engine", check.ENGINES, "drift", "engine", default="duckdb")
    master = options.text("master", "data", "master")
    settings = _drift_settings(options)

    performance = _performance(options)
    csv = reading.csv(options)

    def stage(out: Path) -> Outcome:
        reference = _reference(options, out)
        time_column = options.config.get("data", "time-column")
        asked = DriftCheck(reference, patterns, engine, master, settings, csv, time_column, performance)
        earlier = _earlier(options, wishes)
        outcome = check.check(asked, out)
        asks = _ask(options, wishes, outcome, out)
        outputs = {**outcome.outputs, "responds": "true" if asks else "false"}
        return replace(outcome, sections=(*outcome.sections, *_shown(earlier, outcome)), outputs=outputs)

    return stage


def _fetched(path: str) -> str:
    """A path; of `artifact:NAME` that of the folder where the workflow has put it."""
    from mlops_actions import location

    place = location.parse(path)
    return str(place.folder()) if place.kind == "artifact" else path


MAX_EVENT = 100
"""Characters of an event's name that GitHub takes."""


def _wishes(options: Options) -> Wishes | None:
    """What is to happen after the check; None where nothing is switched on. Raises CallError without a model's name."""
    event = options.text("retrain-event", "drift", "retrain-event")
    workflow = options.text("retrain-workflow", "drift", "retrain-workflow")
    open_issue = options.flag("open-issue", "drift", "open-issue")
    history = options.arguments.history is None and options.flag("history", "drift", "history")
    if not (event or workflow or open_issue or history):
        return None
    if event and workflow:
        raise CallError("a training is started by `retrain-event` or by `retrain-workflow`, and both are given")
    named = options.find("retrain-workflow", "drift", "retrain-workflow")
    if named is not None and workflow and not re.fullmatch(r"[\w.-]+\.ya?ml", workflow):
        raise CallError(named.problem(f"{workflow!r} is not the name of a file in .github/workflows, as `train.yml`"))
    if event and len(event) > MAX_EVENT:
        raise CallError(f"an event's name has at most {MAX_EVENT} characters, and `retrain-event` has {len(event):,}")
    model = options.config.get("model")
    if model is None:
        raise CallError(options.missing("model", "model"))
    from mlops_actions.drift.response import Wishes
    from mlops_actions.github import context

    return Wishes(
        model=model,
        open_issue=open_issue,
        labels=tuple(options.config.get("drift", "issue-labels") or ()),
        assignees=tuple(options.config.get("drift", "issue-assignees") or ()),
        close_after=options.config.get("drift", "close-after") or 1,
        retrain_event=event,
        retrain_workflow=workflow,
        cool_down=_duration(options.config.get("drift", "cool-down") or "24h"),
        history=history,
        run=context.from_env(os.environ).run_url,
    )


def _duration(text: str) -> timedelta:
    """`90m`, `24h` or `7d`, whose form the schema has held."""
    unit = {"m": "minutes", "h": "hours", "d": "days"}[text[-1]]
    return timedelta(**{unit: int(text[:-1])})


def _history_file(options: Options) -> Path | None:
    name = options.text("history") if options.arguments.history is not None else None
    return Path(name) if name else None


def _earlier(options: Options, wishes: Wishes | None) -> str | LookupError | None:
    """The checks before this one, where they are kept: in a file here, or on GitHub; or why not. Raises CallError."""
    if (file := _history_file(options)) is not None:
        from mlops_actions.drift import history  # here alone, since it takes 20 ms with what speaks to GitHub

        return history.read(file)
    if wishes is None or not wishes.history:
        return None
    try:
        return _stored_history(wishes.model)
    except LookupError as error:
        return error


def _shown(earlier: str | LookupError | None, outcome: Outcome) -> tuple[Section, ...]:
    """Earlier checks in the report and this one after them, the columns in its order."""
    if earlier is None:
        return ()
    from mlops_actions.drift import history
    from mlops_actions.outcome import Text

    if isinstance(earlier, LookupError):
        return (Section("Earlier checks", (Text(str(earlier)),)),)
    first = [str(each.where.column) for each in outcome.verdict.checks if history.is_of_column(each)]
    return (history.section(*history.parse(earlier), first=first, present=history.entry(outcome.verdict)),)


def _ask(options: Options, wishes: Wishes | None, outcome: Outcome, out: Path) -> bool:
    """Add the check to the file of its history, and write what is to happen now; whether anything is."""
    if file := _history_file(options):
        from mlops_actions.drift import history

        history.append(file, history.line(outcome.verdict))
    if wishes is None:
        return False
    from mlops_actions.drift import respond, response

    if requests := response.requests(outcome, wishes):
        respond.write(out, requests)
    return bool(requests)


def _stored_history(model: str) -> str:
    """The history of a model on GitHub. Raises LookupError that says why it cannot be read."""
    from mlops_actions.drift import history
    from mlops_actions.github.api import ApiError
    from mlops_actions.github.lines import BranchFile

    client = surroundings.client()
    if client is None:
        raise LookupError("Earlier checks are kept on GitHub, and are not read in a dry run.")
    try:
        text = BranchFile(client, surroundings.repository(), history.BRANCH, history.path_of(model)).read()
    except ApiError as error:
        raise LookupError(f"Earlier checks cannot be read: {error}.") from error
    if not text:
        absent = f"No earlier check stands on the branch {history.BRANCH}."
        raise LookupError(f"{absent} Where artifacts carry them, the page of the job Respond shows them.")
    return text


def _respond(options: Options) -> Stage:
    from mlops_actions.drift import respond
    from mlops_actions.github import context

    folder = Path(options.required("requests"))
    step = context.from_env(os.environ)
    client = surroundings.client()
    response = respond.Response(folder, step.repository, client, step.is_of_fork, _carried(options, step, client))
    return lambda out: respond.respond(response, out)


def _carried(options: Options, step: Context, client: Client | None) -> Carried | None:
    """The artifact that carries a history, where a workflow uploads it."""
    from mlops_actions.drift.keeping import artifact
    from mlops_actions.github.carried import Carried as Made

    if client is None or not (step.on_actions and step.workflow and step.branch):
        return None
    name = artifact(options.text("name", default="drift-check") or "drift-check")
    return Made(client, step.repository, name, step.workflow, step.branch)


def _drift_settings(options: Options) -> Settings:
    """Effects, thresholds and columns, as mlops.yaml says."""
    from mlops_actions.drift.decision import LEVEL
    from mlops_actions.drift.effects import Effect
    from mlops_actions.drift.pairs import MATERIAL
    from mlops_actions.drift.settings import Column
    from mlops_actions.drift.settings import Settings as Made
    from mlops_actions.drift.volume import FACTOR

    def place(message: str, *path: str | int, hint: str | None = None) -> Problem:
        return options.config.problem(message, "drift", *path, hint=hint)

    said: dict[str, Any] = options.config.get("drift") or {}
    columns: dict[str, dict[str, Any]] = said.get("columns") or {}
    return Made(
        effect=Effect(said.get("effect", Effect.TOTAL_VARIATION)),
        threshold=said.get("threshold"),
        columns={
            name: Column(each.get("threshold"), Effect(each["effect"]) if "effect" in each else None)
            for name, each in columns.items()
        },
        ignore=tuple(said.get("ignore") or ()),
        must_not_drift=tuple(said.get("must-not-drift") or ()),
        rows_factor=said.get("rows-factor", FACTOR),
        correlations=reading.correlations(options),
        threshold_correlation=said.get("threshold-correlation", MATERIAL),
        false_alarms=said.get("false-alarms", LEVEL),
        place=place,
    )


def _performance(options: Options) -> Asked | None:
    """The columns of predictions and labels, where the configuration names them. Raises CallError for half of it."""
    from mlops_actions.drift.performance import SMALLEST, Asked, Metric

    config = options.config
    prediction = config.get("drift", "prediction")
    if prediction is None:
        for key in ("label", "metric", "segments", "smallest-segment"):
            if config.get("drift", key) is not None:
                where = config.where("drift", key)
                message = f"`drift.{key}` is of no use without `drift.prediction`"
                hint = "Name the column of predictions."
                raise CallError(Problem(message, config.name, where.line, where.column, hint))
        return None
    metric = config.get("drift", "metric")
    return Asked(
        prediction,
        config.get("drift", "label"),
        Metric(metric) if metric else None,
        tuple(config.get("drift", "segments") or ()),
        config.get("drift", "smallest-segment") or SMALLEST,
    )


def _reference(options: Options, out: Path) -> Path | str:
    """The reference as a path here, or as an address of data: what was named, else the newest release's profile."""
    from mlops_actions import location

    text = options.text("reference", "drift", "reference")
    place = location.parse(text) if text else None
    if text and "://" in text:
        return text
    if place is not None and place.kind != "release":
        folder = place.folder()
        return folder / "profile.json" if place.kind == "artifact" else folder
    model = options.config.get("model")
    if place is None and model is None:
        raise CallError(options.missing("reference", "drift", "reference"))
    from mlops_actions import released  # which speaks HTTP

    source = released.Source(surroundings.repository(), surroundings.client(), surroundings.dry_run_folders())
    return released.profile(source, model, place.name if place else None, out / ".reference")


COMMANDS: tuple[Command, ...] = (
    Command(
        "drift",
        "hold current data against the training profile",
        (
            reading.REFERENCE,
            reading.DATA,
            reading.ENGINE,
            reading.MASTER,
            Option("history", "a file of earlier checks, a line each: shown, and this check is added", "FILE"),
        ),
        _drift,
    ),
    Command(
        "respond",
        "carry out on GitHub what a drift check asked for: an issue, a training, a line of history",
        (Option("requests", "the folder that `mlops drift` wrote", "DIR"),),
        _respond,
    ),
)
